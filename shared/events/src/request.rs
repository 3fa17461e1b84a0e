//! What the HTTP forms have in common.

use bytes::Bytes;
use doorward_model::{CallId, Front, HttpRequest, Inbound, Message, Trace};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use jiff::Timestamp;

use crate::envelope::Envelope;
use crate::fault::MalformedRequest;
use crate::fields::{self, FieldFault, MAX_FIELDS};
use crate::members::Members;

/// The call that `request` is.
pub(crate) fn inbound(envelope: &Envelope<'_>, front: Front, request: HttpRequest) -> Inbound {
    Inbound {
        front,
        call: CallId::new(envelope.request_id),
        invocation: envelope.request_id.to_owned(),
        gateway_request: None,
        received: None,
        deadline: envelope.deadline,
        trace: trace(envelope, &request.headers),
        message: Message::Http(request),
    }
}

/// As [`inbound`], with what the gateway's request `context` says of it.
pub(crate) fn through_gateway(
    envelope: &Envelope<'_>,
    front: Front,
    mut context: Members,
    request: HttpRequest,
) -> Result<Inbound, MalformedRequest> {
    let gateway_request = context.optional_text("requestId")?;
    let received = received(&mut context);
    Ok(Inbound { gateway_request, received, ..inbound(envelope, front, request) })
}

/// When the front took the request: `requestTimeEpoch` of payload format 1.0 and WebSocket APIs, `timeEpoch` of 2.0, in
/// milliseconds.
fn received(context: &mut Members) -> Option<Timestamp> {
    let milliseconds =
        ["requestTimeEpoch", "timeEpoch"].into_iter().find_map(|name| context.optional_integer(name));
    milliseconds.and_then(|milliseconds| Timestamp::from_millisecond(milliseconds).ok())
}

pub(crate) fn method(text: &str) -> Result<Method, MalformedRequest> {
    Method::from_bytes(text.as_bytes()).map_err(|_| MalformedRequest::Method)
}

/// The stage of an HTTP API as its events name it, where it stands before the path: `$default` does not.
pub(crate) fn named_stage(stage: Option<String>) -> Option<String> {
    stage.filter(|stage| !stage.is_empty() && stage != "$default")
}

/// The fields of `headers`, or those of `multiValueHeaders` where they are there: the first then holds one value of
/// each name, and may name nothing else.
pub(crate) fn headers(document: &mut Members) -> Result<HeaderMap, MalformedRequest> {
    let single = document.pairs("headers")?;
    let multi = document.optional_lists("multiValueHeaders")?;
    let mut headers = HeaderMap::new();
    let Some(multi) = multi else {
        for (name, value) in single {
            fields::append(&mut headers, &name, &value)?;
        }
        return Ok(headers);
    };
    for (name, values) in multi {
        for value in values {
            fields::append(&mut headers, &name, &value)?;
        }
    }
    for (name, _) in single {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| MalformedRequest::HeaderName)?;
        if !headers.contains_key(&name) {
            return Err(MalformedRequest::Lacking { single: "headers", multi: "multiValueHeaders" });
        }
    }
    Ok(headers)
}

pub(crate) fn body(document: &mut Members) -> Result<Bytes, MalformedRequest> {
    let is_base64 = document.flag("isBase64Encoded")?;
    let body = document.optional_text("body")?;
    crate::body::decode(body, is_base64).map_err(|_| MalformedRequest::Base64)
}

fn trace(envelope: &Envelope<'_>, headers: &HeaderMap) -> Trace {
    const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
    const XRAY: HeaderName = HeaderName::from_static("x-amzn-trace-id");
    let text = |value: &HeaderValue| value.to_str().ok().map(str::to_owned);
    Trace {
        traceparent: headers.get(TRACEPARENT).and_then(text),
        xray: envelope.xray.map(str::to_owned).or_else(|| headers.get(XRAY).and_then(text)),
    }
}

impl From<FieldFault> for MalformedRequest {
    fn from(fault: FieldFault) -> Self {
        match fault {
            FieldFault::Name => Self::HeaderName,
            FieldFault::Value(_) => Self::HeaderValue,
            FieldFault::TooMany => Self::TooManyHeaders(MAX_FIELDS),
        }
    }
}
