//! An answer that passes on while it comes in: the call is open until its end.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use doorward_model::{Body, BodyError, Call, Refusal, Reply, Stage};
use futures_util::{Stream, StreamExt, stream};
use http::{HeaderMap, StatusCode};
use tokio::sync::mpsc;

use crate::check_response::{Answered, broken_off};
use crate::claim::RESERVE;
use crate::door::Door;
use crate::reserve::Tab;

/// The longest stream where the platform sets no end: as long as a function runs.
const LONGEST: Duration = Duration::from_secs(15 * 60);

type Chunks = Pin<Box<dyn Stream<Item = Result<Bytes, BodyError>> + Send>>;

/// How a stream ended.
enum End {
    Whole,
    Broken(BodyError),
    /// Nobody takes it any more.
    Left,
}

impl Door {
    /// How long an answer may take to its end, if it passes on while it comes in.
    pub(crate) fn time_for_stream(&self, call: &Call) -> Duration {
        call.time_left(self.ports.clock.now(), RESERVE).unwrap_or(LONGEST)
    }

    /// The answer, whose body passes on while it comes in. The call is recorded when the body is at its end, and the body
    /// does not end before that: a sandbox is frozen as soon as it has answered.
    ///
    /// One that cannot be recorded ends as one that is broken off, since what is not recorded is not answered. Until then
    /// the ledger knows of the call that it began.
    pub(crate) fn pass_on(self: &Arc<Self>, answered: Answered, tab: Tab, mut call: Call) -> Reply {
        let Reply { status, headers, body } = answered.into_reply();
        let Body::Stream(chunks) = body else { return Reply { status, headers, body } };
        let door = Arc::clone(self);
        let (sender, receiver) = mpsc::channel(1);
        call.status = Some(status.as_u16());
        self.enter(&mut call, Stage::Stream);
        tokio::spawn(async move {
            let end = door.copy(chunks, &sender, &mut call).await;
            if let Err(broken) = door.end_stream(end, status, tab, call).await {
                // Whoever does not take it any more does not take this either.
                let _ = sender.send(Err(broken)).await;
            }
        });
        let body = stream::unfold(receiver, async |mut receiver| Some((receiver.recv().await?, receiver)));
        Reply { status, headers, body: Body::Stream(Box::pin(body)) }
    }

    /// Hands on what comes, as fast as it is taken, for as long as the platform lets this invocation run.
    async fn copy(
        &self,
        mut chunks: Chunks,
        sender: &mpsc::Sender<Result<Bytes, BodyError>>,
        call: &mut Call,
    ) -> End {
        let time = self.time_for_stream(call);
        let bytes = &mut call.bytes_out;
        let copied = tokio::time::timeout(time, async {
            while let Some(chunk) = chunks.next().await {
                match chunk {
                    Ok(chunk) => {
                        let len = chunk.len() as u64;
                        if sender.send(Ok(chunk)).await.is_err() {
                            return End::Left;
                        }
                        *bytes += len;
                    }
                    Err(broken) => return End::Broken(broken),
                }
            }
            End::Whole
        });
        copied.await.unwrap_or(End::Broken(BodyError::TimedOut))
    }

    /// Records the call, and says why the body is to end as one that is broken off.
    async fn end_stream(
        &self,
        end: End,
        status: StatusCode,
        tab: Tab,
        mut call: Call,
    ) -> Result<(), BodyError> {
        let (outcome, broken) = match end {
            End::Broken(error) => {
                let broken = BodyError::Cut(error.to_string());
                (Err(Refusal::Target(broken_off(error))), Some(broken))
            }
            End::Whole | End::Left => {
                if matches!(end, End::Left) {
                    call.cause = Some("nobody took the answer to its end".to_owned());
                }
                (Ok(Answered::of(Reply { status, headers: HeaderMap::new(), body: Body::Empty })), None)
            }
        };
        let recorded = self.record(outcome, None, tab, &mut call).await;
        // What the caller was told when it began.
        call.status = Some(status.as_u16());
        call.finish(self.ports.clock.now());
        self.ports.journal.write(&call);
        match (broken, recorded) {
            (Some(broken), _) => Err(broken),
            (None, Err(_)) => Err(BodyError::Cut("it is not recorded".to_owned())),
            (None, Ok(_)) => Ok(()),
        }
    }
}
