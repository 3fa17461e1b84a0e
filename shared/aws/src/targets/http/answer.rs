use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use doorward_config::HttpTarget;
use doorward_events::target::http::answer_fields;
use doorward_model::{Body, BodyError, Reply, TargetFault};
use futures_core::Stream;
use http::{Response, StatusCode};
use hyper::body::{Body as _, Incoming};
use tokio::time::{Instant, Sleep, sleep_until};

/// The most bytes in the fields of an answer.
pub(super) const LARGEST_HEAD: usize = 64 * 1024;

/// What the caller is answered of what a server answered: the status and the fields that go on, and a body that is passed
/// on as it comes, compressed or not, up to the target's `max_answer` and until `deadline`.
pub(super) fn reply(
    server: &HttpTarget,
    answer: Response<Incoming>,
    deadline: Instant,
) -> Result<Reply, TargetFault> {
    let (head, body) = answer.into_parts();
    // Interim answers are passed over by hyper; 101 would begin another protocol, and 407 is a proxy's to give.
    if head.status.as_u16() < 200 || head.status == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
        return Err(TargetFault::Unreadable(format!("its status is {}", head.status.as_u16())));
    }
    // hyper bounds what it waits for, and takes a head that comes at once as it is.
    if head.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum::<usize>()
        > LARGEST_HEAD
    {
        return Err(TargetFault::Unreadable("its head is too large".to_owned()));
    }
    let most = server.max_answer;
    let body = match body.size_hint().exact() {
        Some(0) => Body::Empty,
        Some(bytes) if bytes > most as u64 => {
            return Err(TargetFault::TooLarge(format!("it is larger than {most} bytes")));
        }
        _ => Body::Stream(Box::pin(AnswerBody {
            incoming: Some(body),
            left: most,
            most,
            deadline: Box::pin(sleep_until(deadline)),
        })),
    };
    let mut headers = answer_fields(&head.headers, server.credentials.is_some());
    for name in &server.answer_headers.remove {
        headers.remove(name);
    }
    for (name, value) in &server.answer_headers.set {
        headers.insert(name, value.clone());
    }
    Ok(Reply { status: head.status, headers, body })
}

/// The body of an answer while it comes in. Its first fault ends it, and the connection with it.
struct AnswerBody {
    incoming: Option<Incoming>,
    left: usize,
    most: usize,
    deadline: Pin<Box<Sleep>>,
}

impl AnswerBody {
    fn end(&mut self, fault: BodyError) -> Poll<Option<Result<Bytes, BodyError>>> {
        self.incoming = None;
        Poll::Ready(Some(Err(fault)))
    }
}

impl Stream for AnswerBody {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let this = &mut *self;
            let Some(incoming) = &mut this.incoming else { return Poll::Ready(None) };
            // A server that always has one more byte is late all the same.
            if this.deadline.as_mut().poll(context).is_ready() {
                return this.end(BodyError::TimedOut);
            }
            let frame = match Pin::new(incoming).poll_frame(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => {
                    this.incoming = None;
                    return Poll::Ready(None);
                }
                Poll::Ready(Some(Err(_))) => {
                    return this.end(BodyError::Cut("the server broke it off".to_owned()));
                }
                Poll::Ready(Some(Ok(frame))) => frame,
            };
            // Trailers are fields that nobody has checked: they stay behind (RFC 9110 section 6.5.1).
            let Ok(bytes) = frame.into_data() else { continue };
            match this.left.checked_sub(bytes.len()) {
                None => return this.end(BodyError::TooLarge { limit: this.most }),
                Some(left) => this.left = left,
            }
            if !bytes.is_empty() {
                return Poll::Ready(Some(Ok(bytes)));
            }
        }
    }
}
