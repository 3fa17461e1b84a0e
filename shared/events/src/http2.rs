use bytes::Bytes;
use doorward_model::{
    CallId, Front, FrontKind, FrontVerified, HttpRequest, Inbound, Message, PathForm, ReplyForm, Trace,
};
use http::header::COOKIE;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::{Map, Value};

use crate::envelope::Envelope;
use crate::fault::MalformedRequest;
use crate::fields::{self, FieldFault, MAX_FIELDS};
use crate::members::Members;

/// Whether a document is a request in payload format 2.0, as HTTP APIs and function URLs send it.
pub(crate) fn recognises(document: &Map<String, Value>) -> bool {
    let context = document.get("requestContext").and_then(Value::as_object);
    document.get("version").is_some_and(|version| version == "2.0")
        && context.is_some_and(|context| context.contains_key("http"))
}

/// Reads a request in payload format 2.0 ("Create AWS Lambda proxy integrations for HTTP APIs", API Gateway guide).
pub(crate) fn read(
    envelope: &Envelope<'_>,
    document: Map<String, Value>,
) -> Result<Inbound, MalformedRequest> {
    let mut document = Members::of(document);
    let mut context = document.object("requestContext")?;
    let mut http = context.object("http")?;
    let host = context.text("domainName")?;
    let front = front(context.text("apiId")?, &host);
    let stage = context.optional_text("stage")?;
    let method = Method::from_bytes(http.text("method")?.as_bytes()).map_err(|_| MalformedRequest::Method)?;
    let (path, path_form) = path(&front, document.text("rawPath")?, stage.as_deref());
    let headers = headers(document.pairs("headers")?, &document.texts("cookies")?)?;
    // The documentation's own samples say `"sourceIp": "IP"`: no address then, and all such calls count as one.
    let source_ip = http.optional_text("sourceIp")?.and_then(|address| address.parse().ok());
    let request = HttpRequest {
        method,
        path,
        path_form,
        query: document.optional_text("rawQueryString")?.unwrap_or_default(),
        body: body(&mut document)?,
        source_ip,
        host,
        headers,
        stage: None,
        socket: None,
        verified: FrontVerified::default(),
        reply: ReplyForm::V2,
    };
    Ok(Inbound {
        front,
        call: CallId::new(envelope.request_id),
        invocation: envelope.request_id.to_owned(),
        gateway_request: context.optional_text("requestId")?,
        deadline: envelope.deadline,
        trace: trace(envelope, &request.headers),
        message: Message::Http(request),
    })
}

/// Function URLs live under a domain of their own, named by their id; anything else with this payload is an HTTP
/// API, which may have a custom domain.
fn front(id: String, domain: &str) -> Front {
    let region = domain
        .strip_prefix(id.as_str())
        .and_then(|rest| rest.strip_prefix(".lambda-url."))
        .and_then(|rest| rest.strip_suffix(".on.aws"));
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_url = region.is_some_and(|region| !region.is_empty() && region.bytes().all(plain));
    Front { kind: if is_url { FrontKind::FunctionUrl } else { FrontKind::HttpApi }, id }
}

/// HTTP APIs decode `rawPath` and put the name of a named stage before it; function URLs do neither.
fn path(front: &Front, raw: String, stage: Option<&str>) -> (String, PathForm) {
    if front.kind == FrontKind::FunctionUrl {
        return (raw, PathForm::Encoded);
    }
    let named = stage.filter(|stage| !stage.is_empty() && *stage != "$default");
    let rest = named.and_then(|stage| raw.strip_prefix('/')?.strip_prefix(stage));
    let path = match rest {
        Some("") => "/".to_owned(),
        Some(rest) if rest.starts_with('/') => rest.to_owned(),
        _ => raw,
    };
    (path, PathForm::Decoded)
}

fn headers(pairs: Vec<(String, String)>, cookies: &[String]) -> Result<HeaderMap, MalformedRequest> {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        fields::append(&mut headers, &name, &value)?;
    }
    if !cookies.is_empty() {
        // Where a front leaves the field in place as well, it says the same.
        headers.remove(COOKIE);
        fields::append(&mut headers, COOKIE.as_str(), &cookies.join("; "))?;
    }
    Ok(fields::received(&headers))
}

fn body(document: &mut Members) -> Result<Bytes, MalformedRequest> {
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
