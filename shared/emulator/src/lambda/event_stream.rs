//! The answer of an invocation as a stream of events.
//! <https://smithy.io/2.0/aws/amazon-eventstream.html>

use std::convert::Infallible;

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use serde::Deserialize;
use serde_json::json;

use super::{Answer, Chunks, StreamedAnswer};

const MEDIA_TYPE: &str = "application/vnd.amazon.eventstream";

/// `PayloadChunk` for each chunk, and `InvokeComplete` at the end.
pub(super) fn response(answer: StreamedAnswer) -> Response {
    let chunks: Chunks = match answer {
        StreamedAnswer::Begun(chunks) => chunks,
        StreamedAnswer::Whole(answer) if answer.is_error => stream::iter([Err(answer)]).boxed(),
        StreamedAnswer::Whole(answer) => stream::iter([Ok(answer.payload)]).boxed(),
    };
    let mut response = Response::new(Body::from_stream(frames(chunks).map(Ok::<_, Infallible>)));
    response.headers_mut().insert("content-type", http::HeaderValue::from_static(MEDIA_TYPE));
    response
}

fn frames(chunks: Chunks) -> impl Stream<Item = Bytes> {
    stream::unfold(Some(chunks), async |chunks| {
        let mut chunks = chunks?;
        Some(match chunks.next().await {
            Some(Ok(chunk)) => (event("PayloadChunk", "application/octet-stream", chunk), Some(chunks)),
            Some(Err(answer)) => (complete(Some(&answer)), None),
            None => (complete(None), None),
        })
    })
}

fn complete(error: Option<&Answer>) -> Bytes {
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "camelCase", default)]
    struct Reported {
        error_type: Option<String>,
    }
    let end = error.map_or_else(
        || json!({}),
        |answer| {
            let reported: Reported = serde_json::from_slice(&answer.payload).unwrap_or_default();
            let details = String::from_utf8_lossy(&answer.payload);
            json!({ "ErrorCode": reported.error_type.as_deref().unwrap_or("Unhandled"), "ErrorDetails": details })
        },
    );
    event("InvokeComplete", "application/json", end.to_string().into())
}

fn event(kind: &'static str, content_type: &'static str, payload: Bytes) -> Bytes {
    let text = |value: &'static str| HeaderValue::String(value.into());
    let message = Message::new(payload)
        .add_header(Header::new(":message-type", text("event")))
        .add_header(Header::new(":event-type", text(kind)))
        .add_header(Header::new(":content-type", text(content_type)));
    let mut frame = Vec::new();
    // Only headers that are too long cannot be written.
    let _ = write_message_to(&message, &mut frame);
    frame.into()
}
