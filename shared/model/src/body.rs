use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;

/// A payload: in memory, or a stream that is passed on without being gathered.
#[derive(Default)]
pub enum Body {
    /// No payload.
    #[default]
    Empty,
    /// The whole payload.
    Full(Bytes),
    /// Chunks in order; the first error ends the stream.
    Stream(Pin<Box<dyn Stream<Item = Result<Bytes, BodyError>> + Send>>),
}

/// Why a body could not be read to its end.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// More bytes than the stated bound.
    #[error("the body is larger than {limit} bytes")]
    TooLarge {
        /// The bound, in bytes.
        limit: usize,
    },
    /// Its end did not come in time.
    #[error("the body did not come in time")]
    TimedOut,
    /// The sender stopped before the end.
    #[error("the body ended early: {0}")]
    Cut(String),
    /// The sender ran and failed before the end: what it calls its error.
    #[error("the body ended early: the target failed: {0}")]
    Failed(String),
    /// What the sender sent is no body.
    #[error("the body cannot be read: {0}")]
    Unreadable(String),
    /// It is compressed, and would become too large.
    #[error("the body is not passed on: {0}")]
    Inflates(String),
}

impl Body {
    /// Gathers the body, at most `limit` bytes of it.
    ///
    /// # Errors
    /// [`BodyError::TooLarge`] as soon as more than `limit` bytes are there, else whatever its sender ended it with.
    pub async fn collect(self, limit: usize) -> Result<Bytes, BodyError> {
        match self {
            Self::Empty => Ok(Bytes::new()),
            Self::Full(bytes) if bytes.len() <= limit => Ok(bytes),
            Self::Full(_) => Err(BodyError::TooLarge { limit }),
            Self::Stream(mut stream) => {
                let mut gathered = BytesMut::new();
                while let Some(chunk) = std::future::poll_fn(|cx| stream.as_mut().poll_next(cx)).await {
                    let chunk = chunk?;
                    if gathered.len() + chunk.len() > limit {
                        return Err(BodyError::TooLarge { limit });
                    }
                    gathered.extend_from_slice(&chunk);
                }
                Ok(gathered.freeze())
            }
        }
    }

    /// The body; `told` hears how a stream ended, and is dropped with one that is not read to its end.
    #[must_use]
    pub fn on_end(self, told: impl FnOnce(Result<(), &BodyError>) + Send + Unpin + 'static) -> Self {
        match self {
            Self::Stream(stream) => Self::Stream(Box::pin(Watched { stream, told: Some(told) })),
            whole => whole,
        }
    }

    /// The length in bytes where it is known before reading.
    #[must_use]
    pub fn len_hint(&self) -> Option<usize> {
        match self {
            Self::Empty => Some(0),
            Self::Full(bytes) => Some(bytes.len()),
            Self::Stream(_) => None,
        }
    }
}

struct Watched<F> {
    stream: Pin<Box<dyn Stream<Item = Result<Bytes, BodyError>> + Send>>,
    told: Option<F>,
}

impl<F: FnOnce(Result<(), &BodyError>) + Unpin> Stream for Watched<F> {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = self.stream.as_mut().poll_next(context);
        let end = match &next {
            Poll::Ready(None) => Ok(()),
            Poll::Ready(Some(Err(fault))) => Err(fault),
            Poll::Ready(Some(Ok(_))) | Poll::Pending => return next,
        };
        if let Some(told) = self.told.take() {
            told(end);
        }
        next
    }
}

impl std::fmt::Debug for Body {
    /// Sizes only: a payload is never printed.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.len_hint() {
            Some(len) => write!(f, "Body({len} bytes)"),
            None => f.write_str("Body(stream)"),
        }
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        if bytes.is_empty() { Self::Empty } else { Self::Full(bytes.into()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Chunks(Vec<Result<Bytes, BodyError>>);
    impl Stream for Chunks {
        type Item = Result<Bytes, BodyError>;
        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            Poll::Ready((!self.0.is_empty()).then(|| self.0.remove(0)))
        }
    }

    fn collect(body: Body, limit: usize) -> Result<Bytes, BodyError> {
        let mut future = Box::pin(body.collect(limit));
        match future.as_mut().poll(&mut Context::from_waker(std::task::Waker::noop())) {
            Poll::Ready(result) => result,
            Poll::Pending => panic!("a body in memory is never pending"),
        }
    }

    #[test]
    fn a_stream_is_bounded_while_it_is_read() {
        let chunks = || Body::Stream(Box::pin(Chunks(vec![Ok("abc".into()), Ok("def".into())])));
        assert_eq!(collect(chunks(), 6).unwrap(), "abcdef");
        assert!(matches!(collect(chunks(), 5), Err(BodyError::TooLarge { limit: 5 })));
        let cut = Body::Stream(Box::pin(Chunks(vec![Ok("abc".into()), Err(BodyError::Cut("reset".into()))])));
        assert!(matches!(collect(cut, 100), Err(BodyError::Cut(_))));
    }

    #[test]
    fn who_watches_a_stream_hears_of_its_end_once() {
        let ended = |chunks: Vec<Result<Bytes, BodyError>>| {
            let ends = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
            let noted = std::sync::Arc::clone(&ends);
            let body = Body::Stream(Box::pin(Chunks(chunks)))
                .on_end(move |end| noted.lock().unwrap().push(end.map_err(ToString::to_string)));
            let _ = collect(body, 100);
            std::sync::Arc::try_unwrap(ends).unwrap().into_inner().unwrap()
        };
        assert_eq!(ended(vec![Ok("abc".into())]), [Ok(())]);
        let cut = vec![Ok("abc".into()), Err(BodyError::Cut("reset".into()))];
        assert_eq!(ended(cut), [Err("the body ended early: reset".to_owned())]);
        // One that is left says nothing.
        let unread = Body::Stream(Box::pin(Chunks(Vec::new()))).on_end(|_| panic!("nobody read it"));
        drop(unread);
    }

    #[test]
    fn debug_does_not_print_a_payload() {
        assert_eq!(format!("{:?}", Body::from(b"secret".to_vec())), "Body(6 bytes)");
    }
}
