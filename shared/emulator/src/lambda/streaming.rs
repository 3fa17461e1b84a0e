//! Invocations whose answer is taken while it comes in.
//! <https://docs.aws.amazon.com/lambda/latest/api/API_InvokeWithResponseStream.html>

use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{Stream, stream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::{Answer, AtCapacity, Invocation, InvokeFault, Lambda, SYNCHRONOUS_LIMIT, within};

/// Most chunks that wait for who takes them.
const WAITING: usize = 16;

/// The payload while it comes in; an answer that is an error ends it.
pub(crate) type Chunks = Pin<Box<dyn Stream<Item = Result<Bytes, Answer>> + Send>>;

/// What an invocation came to as far as that is known when its answer begins.
pub(crate) enum StreamedAnswer {
    /// The function has begun to answer.
    Begun(Chunks),
    /// It failed before, or does not stream.
    Whole(Answer),
}

type Running = JoinHandle<Result<Answer, InvokeFault>>;

impl Lambda {
    /// Invokes `function` and waits until its answer begins.
    pub(crate) async fn invoke_streaming(
        self: &Arc<Self>,
        function: &str,
        mut invocation: Invocation,
    ) -> Result<StreamedAnswer, InvokeFault> {
        within(SYNCHRONOUS_LIMIT, &invocation)?;
        let (sender, mut chunks) = mpsc::channel(WAITING);
        invocation.stream = Some(sender);
        let (lambda, function) = (Arc::clone(self), function.to_owned());
        let running =
            tokio::spawn(async move { lambda.run(&function, invocation, AtCapacity::Throttle).await });
        match chunks.recv().await {
            Some(first) => Ok(StreamedAnswer::Begun(Box::pin(passing(first, chunks, running)))),
            None => ended(running).await.map(StreamedAnswer::Whole),
        }
    }
}

enum State {
    First(Bytes, mpsc::Receiver<Bytes>, Running),
    Rest(mpsc::Receiver<Bytes>, Running),
    Over,
}

fn passing(
    first: Bytes,
    chunks: mpsc::Receiver<Bytes>,
    running: Running,
) -> impl Stream<Item = Result<Bytes, Answer>> {
    stream::unfold(State::First(first, chunks, running), async |state| match state {
        State::First(first, chunks, running) => Some((Ok(first), State::Rest(chunks, running))),
        State::Rest(mut chunks, running) => match chunks.recv().await {
            Some(chunk) => Some((Ok(chunk), State::Rest(chunks, running))),
            None => match ended(running).await {
                Ok(answer) if !answer.is_error => None,
                Ok(answer) => Some((Err(answer), State::Over)),
                Err(fault) => {
                    Some((Err(Answer::lambda_error("Unavailable", &fault.to_string())), State::Over))
                }
            },
        },
        State::Over => None,
    })
}

async fn ended(running: Running) -> Result<Answer, InvokeFault> {
    let closing = |_| Err(InvokeFault::Unavailable("the emulator is shutting down".to_owned()));
    running.await.unwrap_or_else(closing)
}
