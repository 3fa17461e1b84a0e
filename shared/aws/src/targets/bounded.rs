use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use doorward_core::ports::StreamTime;
use doorward_events::reply::{MAX_ANSWER_BYTES, MAX_STREAM_BYTES};
use doorward_model::BodyError;
use futures_core::Stream;
use tokio::time::{Instant, Sleep, sleep, sleep_until};

/// How long the body of an answer is waited for, and how long it may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Until when its end must be there.
    end: Instant,
    /// The longest pause of one that passes on while it comes in.
    pause: Option<Duration>,
    /// The most bytes.
    pub(crate) most: usize,
}

impl Bounds {
    /// Those of an answer that is asked for now: the whole of it must come `within`, or, where it may pass on while it comes in,
    /// as `stream` says. `most` is what the configuration says of its length.
    pub(crate) fn new(within: Duration, stream: Option<StreamTime>, most: Option<usize>) -> Self {
        let default = if stream.is_some() { MAX_STREAM_BYTES } else { MAX_ANSWER_BYTES };
        Self {
            end: Instant::now() + stream.map_or(within, |stream| stream.whole),
            pause: stream.map(|stream| stream.pause),
            most: most.unwrap_or(default),
        }
    }
}

/// A body while it comes in. Its first fault ends it.
pub(crate) struct BoundedBody<S> {
    chunks: Option<S>,
    bounds: Bounds,
    left: usize,
    end: Pin<Box<Sleep>>,
    /// Since when nothing came: a pause in which nobody asked for more is not the sender's.
    pause: Option<Pin<Box<Sleep>>>,
}

impl<S> BoundedBody<S> {
    pub(crate) fn new(chunks: S, bounds: Bounds) -> Self {
        let end = Box::pin(sleep_until(bounds.end));
        Self { chunks: Some(chunks), bounds, left: bounds.most, end, pause: None }
    }

    fn fail(&mut self, fault: BodyError) -> Poll<Option<Result<Bytes, BodyError>>> {
        self.chunks = None;
        Poll::Ready(Some(Err(fault)))
    }

    fn is_late(&mut self, context: &mut Context<'_>) -> bool {
        let Some(longest) = self.bounds.pause else { return false };
        let pause = self.pause.get_or_insert_with(|| Box::pin(sleep(longest)));
        pause.as_mut().poll(context).is_ready()
    }
}

impl<S: Stream<Item = Result<Bytes, BodyError>> + Unpin> Stream for BoundedBody<S> {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            let Some(chunks) = &mut this.chunks else { return Poll::Ready(None) };
            // A sender that always has one more byte is late all the same.
            if this.end.as_mut().poll(context).is_ready() {
                return this.fail(BodyError::TimedOut);
            }
            let chunk = match Pin::new(chunks).poll_next(context) {
                Poll::Pending if this.is_late(context) => return this.fail(BodyError::TimedOut),
                polled => ready!(polled),
            };
            this.pause = None;
            let bytes = match chunk {
                None => {
                    this.chunks = None;
                    return Poll::Ready(None);
                }
                Some(Err(fault)) => return this.fail(fault),
                Some(Ok(bytes)) => bytes,
            };
            match this.left.checked_sub(bytes.len()) {
                None => return this.fail(BodyError::TooLarge { limit: this.bounds.most }),
                Some(left) => this.left = left,
            }
            if !bytes.is_empty() {
                return Poll::Ready(Some(Ok(bytes)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::{StreamExt, stream};

    use super::*;

    /// Chunks that come so many seconds after the one before.
    fn chunks(pauses: &'static [u64]) -> Pin<Box<dyn Stream<Item = Result<Bytes, BodyError>>>> {
        Box::pin(stream::iter(pauses).then(async |pause| {
            sleep(Duration::from_secs(*pause)).await;
            Ok::<_, Infallible>(Bytes::from_static(b"abc")).map_err(|never| match never {})
        }))
    }

    /// A stream that may pause for five seconds, whatever was left for its head.
    fn streamed_for(seconds: u64) -> Option<StreamTime> {
        Some(StreamTime { whole: Duration::from_secs(seconds), pause: Duration::from_secs(5) })
    }

    #[track_caller]
    fn check(came: Vec<Result<Bytes, BodyError>>, whole: usize, fault: Option<&str>) {
        let last = came.last().and_then(|last| last.as_ref().err()).map(ToString::to_string);
        assert_eq!(came.iter().filter(|chunk| chunk.is_ok()).count(), whole);
        assert_eq!(last.as_deref(), fault);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_may_take_long_as_long_as_it_goes_on() {
        let seconds = Duration::from_secs;
        let late = Some("the body did not come in time");
        let gathered = Bounds::new(seconds(5), None, None);
        check(BoundedBody::new(chunks(&[2, 2, 2]), gathered).collect().await, 2, late);
        let streamed = Bounds::new(seconds(1), streamed_for(60), None);
        check(BoundedBody::new(chunks(&[4, 4, 4, 4]), streamed).collect().await, 4, None);
        let streamed = Bounds::new(seconds(1), streamed_for(60), None);
        check(BoundedBody::new(chunks(&[4, 6, 4]), streamed).collect().await, 1, late);
        let streamed = Bounds::new(seconds(1), streamed_for(10), None);
        check(BoundedBody::new(chunks(&[4, 4, 4]), streamed).collect().await, 2, late);
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_a_stream_slowly_does_not_make_its_sender_late() {
        let streamed = Bounds::new(Duration::from_secs(1), streamed_for(60), None);
        let mut body = BoundedBody::new(chunks(&[0, 1, 1]), streamed);
        for _ in 0..3 {
            assert!(body.next().await.is_some_and(|chunk| chunk.is_ok()));
            sleep(Duration::from_secs(15)).await;
        }
        assert!(body.next().await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_has_a_bound() {
        let streamed = Bounds::new(Duration::from_secs(1), streamed_for(60), Some(8));
        let fault = Some("the body is larger than 8 bytes");
        check(BoundedBody::new(chunks(&[0, 0, 0]), streamed).collect().await, 2, fault);
        assert_eq!(Bounds::new(Duration::ZERO, None, None).most, MAX_ANSWER_BYTES);
        assert_eq!(Bounds::new(Duration::ZERO, streamed_for(0), None).most, MAX_STREAM_BYTES);
    }
}
