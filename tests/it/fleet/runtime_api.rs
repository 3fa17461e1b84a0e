//! The Lambda Runtime API as one process sees it, for as many invocations at once as it asks for.
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use doorward_testkit::fault_proxy::Hook;
use doorward_testkit::http1::HttpMessage;
use jiff::Timestamp;
use serde_json::Value;
use std::sync::Arc;
use tokio::io::BufReader;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot, watch};

/// What is between the head and the body of an answer that comes as a stream.
const END_OF_HEAD: &[u8] = &[0; 8];

/// What came of an invocation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    /// The function returned this.
    Returned(Value),
    /// It returned an error.
    Failed(Value),
    /// It returned a part, and said that there is an end missing.
    BrokenOff,
    /// Its process ended before it answered, or its time was over.
    Lost,
}

impl Answer {
    /// The status of an HTTP answer.
    pub(crate) fn status(&self) -> Option<u64> {
        let Self::Returned(reply) = self else { return None };
        reply["statusCode"].as_u64()
    }
}

/// One invocation on its way to the process.
pub(super) struct Delivery {
    pub(super) id: String,
    pub(super) payload: Vec<u8>,
    pub(super) timeout: Duration,
    pub(super) answer: oneshot::Sender<Answer>,
}

/// What the listener of one process knows.
pub(super) struct RuntimeApi {
    state: Mutex<State>,
    arrived: Notify,
    /// Whether the process has asked for work.
    pub(super) ready: watch::Sender<bool>,
    /// How many chunks of answers have come.
    pub(super) chunks: watch::Sender<usize>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Delivery>,
    taken: HashMap<String, (oneshot::Sender<Answer>, Instant)>,
    ended: bool,
    /// Runs when the next answer is there.
    at_answer: Option<Hook>,
}

impl RuntimeApi {
    pub(super) async fn listen() -> (Arc<Self>, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (state, arrived) = (Mutex::default(), Notify::new());
        let api = Arc::new(Self {
            state,
            arrived,
            ready: watch::Sender::new(false),
            chunks: watch::Sender::new(0),
        });
        let serving = Arc::downgrade(&api);
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let Some(api) = serving.upgrade() else { return };
                tokio::spawn(api.serve(connection));
            }
        });
        (api, address)
    }

    pub(super) fn deliver(&self, delivery: Delivery) {
        let mut state = self.state();
        // Dropped, it says that it is lost.
        if !state.ended {
            state.waiting.push_back(delivery);
            self.arrived.notify_one();
        }
    }

    pub(super) fn at_answer(&self, hook: Hook) {
        self.state().at_answer = Some(hook);
    }

    /// The process has ended: nothing that it has not answered will be.
    pub(super) fn end(&self) {
        let mut state = self.state();
        state.ended = true;
        state.waiting.clear();
        state.taken.clear();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn serve(self: Arc<Self>, connection: TcpStream) {
        let mut connection = BufReader::new(connection);
        let came = |_: &[u8]| self.chunks.send_modify(|chunks| *chunks += 1);
        while let Ok(Some(request)) = HttpMessage::read_as_it_comes(&mut connection, came).await {
            let path: Vec<&str> = request.request_line().1.split('/').skip(2).collect();
            let answer = match path.as_slice() {
                ["runtime", "invocation", "next"] => self.next().await,
                ["runtime", "invocation", id, kind] => {
                    let said = said(&request.body);
                    let said = match *kind {
                        "response" if request.field("lambda-runtime-function-error-type").is_some() => {
                            Answer::BrokenOff
                        }
                        "response" => Answer::Returned(said),
                        _ => Answer::Failed(said),
                    };
                    self.answered(id, said);
                    HttpMessage::answer(202, "{}")
                }
                ["extension", "register"] => {
                    let function =
                        r#"{"functionName":"dispatcher","functionVersion":"$LATEST","handler":"bootstrap"}"#;
                    HttpMessage::answer(200, function).with("lambda-extension-identifier", "extension")
                }
                // Extensions inside the process hear of nothing but its invocations, which nobody here does.
                ["extension", "event", "next"] => std::future::pending().await,
                _ => HttpMessage::answer(404, "{}"),
            };
            if answer.write(&mut connection).await.is_err() {
                return;
            }
        }
    }

    async fn next(&self) -> HttpMessage {
        self.ready.send_replace(true);
        loop {
            if let Some(next) = self.take() {
                return next;
            }
            self.arrived.notified().await;
        }
    }

    fn take(&self) -> Option<HttpMessage> {
        let mut state = self.state();
        let Delivery { id, payload, timeout, answer } = state.waiting.pop_front()?;
        if !state.waiting.is_empty() {
            self.arrived.notify_one();
        }
        state.taken.insert(id.clone(), (answer, Instant::now() + timeout));
        let deadline = Timestamp::now().as_millisecond() + i64::try_from(timeout.as_millis()).unwrap();
        Some(
            HttpMessage::answer(200, payload)
                .with("lambda-runtime-aws-request-id", id)
                .with("lambda-runtime-deadline-ms", deadline.to_string())
                .with(
                    "lambda-runtime-invoked-function-arn",
                    "arn:aws:lambda:us-east-1:123456789012:function:dispatcher",
                ),
        )
    }

    fn answered(&self, id: &str, answer: Answer) {
        let mut state = self.state();
        // Dropped, it says that it is lost.
        if let Some((waiting, ends)) = state.taken.remove(id)
            && Instant::now() < ends
        {
            let _ = waiting.send(answer);
        }
        if let Some(hook) = state.at_answer.take() {
            hook();
        }
    }
}

/// What an answer says: JSON, or the head and the body of one that came as a stream.
fn said(answer: &[u8]) -> Value {
    let end = answer.windows(END_OF_HEAD.len()).position(|bytes| bytes == END_OF_HEAD);
    let Some(end) = end else { return serde_json::from_slice(answer).unwrap_or_default() };
    let mut head: Value = serde_json::from_slice(&answer[..end]).unwrap();
    head["body"] = String::from_utf8_lossy(&answer[end + END_OF_HEAD.len()..]).into();
    head
}
