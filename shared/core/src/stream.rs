//! An answer that passes on while it comes in: the call is open until its end.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use doorward_model::{Body, BodyError, Call, Refusal, Reply, Stage};
use futures_util::{Stream, StreamExt, stream};
use http::{HeaderMap, StatusCode};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use crate::check_response::{Answered, broken_off};
use crate::claim::RESERVE;
use crate::door::Door;
use crate::reserve::Tab;

/// The longest stream where the platform sets no end: as long as a function runs.
const LONGEST: Duration = Duration::from_secs(15 * 60);

type Chunks = Pin<Box<dyn Stream<Item = Result<Bytes, BodyError>> + Send>>;

/// What is kept of the platform's time to give back what was not used, to record and to answer.
const KEPT: Duration = RESERVE.saturating_mul(2);

/// A chunk, or the end. A sender that goes without an end leaves a body that broke off.
type Part = Option<Result<Bytes, BodyError>>;

/// How a stream ended.
enum End {
    Whole,
    Broken(BodyError),
    /// Whoever takes it was too slow.
    Slow,
    /// Nobody takes it any more.
    Left,
    /// The sandbox ends.
    Closing,
}

impl Door {
    /// How long an answer may take to its end, if it passes on while it comes in.
    pub(crate) fn time_for_stream(&self, call: &Call) -> Duration {
        call.time_left(self.ports.clock.now(), KEPT).unwrap_or(LONGEST)
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
        let mut open = self.closing.open_stream();
        tokio::spawn(async move {
            let end = tokio::select! {
                biased;
                end = door.copy(chunks, &sender, &mut call) => end,
                () = open.closing() => End::Closing,
            };
            let last = door.end_stream(end, status, tab, call).await.err().map(Err);
            // Who is slow finds it broken off.
            let _ = sender.try_send(last);
            drop(open);
        });
        Reply { status, headers, body: Body::Stream(Box::pin(parts(receiver))) }
    }

    /// Hands on what comes, as fast as it is taken, for as long as the platform lets this invocation run.
    async fn copy(&self, mut chunks: Chunks, sender: &mpsc::Sender<Part>, call: &mut Call) -> End {
        let deadline = Instant::now() + self.time_for_stream(call);
        loop {
            let next = tokio::select! {
                biased;
                () = sender.closed() => return End::Left,
                next = timeout_at(deadline, chunks.next()) => next,
            };
            let chunk = match next {
                Err(_) => return End::Broken(BodyError::TimedOut),
                Ok(None) => break,
                Ok(Some(Err(broken))) => return End::Broken(broken),
                Ok(Some(Ok(chunk))) => chunk,
            };
            let bytes = chunk.len() as u64;
            match timeout_at(deadline, sender.send(Some(Ok(chunk)))).await {
                Err(_) => return End::Slow,
                Ok(Err(_)) => return End::Left,
                Ok(Ok(())) => call.bytes_out += bytes,
            }
        }
        // The last one is on its way until there is room for the end.
        match timeout_at(deadline, sender.reserve()).await {
            Err(_) => End::Slow,
            Ok(Err(_)) => End::Left,
            Ok(Ok(_)) => End::Whole,
        }
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
            // The target did its part.
            End::Whole | End::Left | End::Slow | End::Closing => {
                let cause = match end {
                    End::Left => Some("nobody took the answer to its end"),
                    End::Slow => Some("the answer was not taken in time"),
                    End::Closing => Some("the platform ended this sandbox"),
                    End::Whole | End::Broken(_) => None,
                };
                call.cause = cause.map(str::to_owned);
                let broken = cause.map(|cause| BodyError::Cut(cause.to_owned()));
                (Ok(Answered::of(Reply { status, headers: HeaderMap::new(), body: Body::Empty })), broken)
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

/// The body of what comes through `receiver`.
fn parts(receiver: mpsc::Receiver<Part>) -> impl Stream<Item = Result<Bytes, BodyError>> {
    stream::unfold(Some(receiver), async |receiver| {
        let mut receiver = receiver?;
        match receiver.recv().await {
            Some(Some(Ok(chunk))) => Some((Ok(chunk), Some(receiver))),
            Some(Some(Err(broken))) => Some((Err(broken), None)),
            Some(None) => None,
            None => Some((Err(BodyError::Cut("the door broke it off".to_owned())), None)),
        }
    })
}
