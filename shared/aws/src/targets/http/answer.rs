use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use doorward_config::HttpTarget;
use doorward_events::target::http::answer_fields;
use doorward_events::target::is_status;
use doorward_model::{Body, BodyError, Reply, TargetFault};
use futures_core::Stream;
use http::header::TRANSFER_ENCODING;
use http::response::Parts;
use http::{Response, Version};
use hyper::body::{Body as _, Incoming};

use super::fault::body_fault;
use crate::targets::bounded::{BoundedBody, Bounds};

/// The most bytes in the fields of an answer.
pub(super) const LARGEST_HEAD: usize = 64 * 1024;

/// What the caller is answered of what a server answered: the status and the fields that go on, and a body that is passed
/// on as it comes, compressed or not, within `bounds`.
pub(super) fn reply(
    server: &HttpTarget,
    answer: Response<Incoming>,
    bounds: Bounds,
) -> Result<Reply, TargetFault> {
    let (head, body) = answer.into_parts();
    // Interim answers are passed over by hyper; 101 would begin another protocol, 407 is a proxy's to give, and callers may
    // treat what is above 599 as they like (RFC 9110 section 15).
    if !is_status(head.status.as_u16()) {
        return Err(TargetFault::Unreadable(format!("its status is {}", head.status.as_u16())));
    }
    if !is_decoded(&head) {
        return Err(TargetFault::Unreadable("its transfer coding is not `chunked` alone".to_owned()));
    }
    // hyper bounds what it waits for, and takes a head that comes at once as it is.
    if head.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum::<usize>()
        > LARGEST_HEAD
    {
        return Err(TargetFault::Unreadable("its head is too large".to_owned()));
    }
    let body = match body.size_hint().exact() {
        Some(0) => Body::Empty,
        Some(bytes) if bytes > bounds.most as u64 => {
            return Err(TargetFault::TooLarge(format!("it is larger than {} bytes", bounds.most)));
        }
        // One that breaks off takes the connection with it.
        _ => Body::Stream(Box::pin(BoundedBody::new(Data(body), bounds))),
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

/// Whether the body comes as it was meant: hyper takes off `chunked` where it is the last transfer coding and hands on all others
/// as if they were content (RFC 9112 sections 6.1 and 7). Before and after HTTP/1.1 there is none.
fn is_decoded(head: &Parts) -> bool {
    let mut codings = head.headers.get_all(TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => true,
        (Some(only), None) => {
            head.version == Version::HTTP_11 && only.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked")
        }
        (Some(_), Some(_)) => false,
    }
}

/// The data of a body. Trailers are fields that nobody has checked: they stay behind (RFC 9110 section 6.5.1).
struct Data(Incoming);

impl Stream for Data {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            return Poll::Ready(match ready!(Pin::new(&mut self.0).poll_frame(context)) {
                None => None,
                Some(Err(error)) => Some(Err(body_fault(&error))),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(bytes) => Some(Ok(bytes)),
                    Err(_) => continue,
                },
            });
        }
    }
}
