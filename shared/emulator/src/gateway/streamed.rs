//! A function's answer that is passed on while it comes in.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode-lambda.html>

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt as _, stream};
use http::header;
use serde_json::{Map, Value};

use super::access_log::Trail;
use super::integration::IntegrationFault;
use super::reply::{MalformedReply, Reply, cookies, headers, status};
use super::reply_1::append_listed;
use crate::lambda::{Chunks, Invocation, Lambda, StreamedAnswer};

use std::sync::Arc;

/// The longest head of an answer, without what ends it.
const LONGEST_HEAD: usize = 16 * 1024;
/// What ends it.
const END: [u8; 8] = [0; 8];

/// A reply of which the head is there, and what comes of its body.
pub(super) struct Streamed {
    pub(super) reply: Reply,
    rest: Option<Chunks>,
}

impl Streamed {
    /// The reply as it goes out. A caller finds the connection cut where the function fails in the middle of its answer.
    pub(super) fn respond(self) -> Response {
        let Some(rest) = self.rest else { return self.reply.into_response() };
        let begun = stream::iter([Ok(self.reply.body.clone())]);
        let rest = rest.map(|chunk| chunk.map_err(|answer| answer.error_message().unwrap_or_default()));
        let body = begun.chain(rest).map(|chunk| chunk.map_err(std::io::Error::other));
        let (head, _) = Reply { body: Bytes::new(), ..self.reply }.into_response().into_parts();
        let mut response = Response::from_parts(head, Body::from_stream(body));
        response.headers_mut().remove(header::CONTENT_LENGTH);
        response
    }
}

impl From<Reply> for Streamed {
    fn from(reply: Reply) -> Self {
        Self { reply, rest: None }
    }
}

/// Why there is no answer that can be passed on.
pub(super) enum StreamFault {
    Integration(IntegrationFault),
    Malformed,
}

/// Invokes `function` with `event` and waits for the head of its answer. What became of it is written to `trail`.
pub(super) async fn integrate_streaming(
    lambda: &Arc<Lambda>,
    function: &str,
    event: Bytes,
    trace: String,
    trail: &mut Trail,
) -> Result<Streamed, StreamFault> {
    let invocation = Invocation::new(event, trace);
    trail.integration_request_id = Some(invocation.id.clone());
    let failed = |trail: &mut Trail, message: Option<String>| {
        trail.integration_error = Some(message.unwrap_or_default());
        StreamFault::Integration(IntegrationFault::Failed)
    };
    let mut chunks = match lambda.invoke_streaming(function, invocation).await {
        Ok(StreamedAnswer::Begun(chunks)) => chunks,
        Ok(StreamedAnswer::Whole(answer)) if answer.is_error => {
            return Err(failed(trail, answer.error_message()));
        }
        Ok(StreamedAnswer::Whole(_)) => {
            trail.integration_error = Some("the function does not stream its answer".to_owned());
            return Err(StreamFault::Malformed);
        }
        Err(fault) => {
            trail.integration_error = Some(fault.to_string());
            return Err(StreamFault::Integration(IntegrationFault::Refused(fault)));
        }
    };
    let mut begun = BytesMut::new();
    loop {
        if let Some(end) = begun.windows(END.len()).position(|bytes| bytes == END) {
            let head = begun.split_to(end);
            let body = begun.split_off(END.len()).freeze();
            let reply = read(&head, body).map_err(|_| {
                trail.integration_error = Some("the head of the answer cannot be read".to_owned());
                StreamFault::Malformed
            })?;
            return Ok(Streamed { reply, rest: Some(chunks) });
        }
        if begun.len() > LONGEST_HEAD + END.len() {
            trail.integration_error = Some("the head of the answer has no end within 16 KB".to_owned());
            return Err(StreamFault::Malformed);
        }
        match chunks.next().await {
            Some(Ok(chunk)) => begun.extend_from_slice(&chunk),
            Some(Err(answer)) => return Err(failed(trail, answer.error_message())),
            None => {
                trail.integration_error = Some("the answer ends within its head".to_owned());
                return Err(StreamFault::Malformed);
            }
        }
    }
}

fn read(head: &[u8], body: Bytes) -> Result<Reply, MalformedReply> {
    let members: Map<String, Value> = serde_json::from_slice(head).map_err(|_| MalformedReply)?;
    let mut headers = headers(members.get("headers"))?;
    append_listed(&mut headers, members.get("multiValueHeaders"))?;
    for cookie in cookies(members.get("cookies"))? {
        headers.append(header::SET_COOKIE, cookie);
    }
    Ok(Reply { status: status(members.get("statusCode"))?, headers, body })
}
