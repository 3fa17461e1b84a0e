use doorward_model::{Front, FrontKind, FrontVerified, HttpRequest, Inbound, PathForm, ReplyForm};
use http::HeaderMap;
use http::header::COOKIE;
use serde_json::{Map, Value};

use crate::envelope::Envelope;
use crate::fault::MalformedRequest;
use crate::members::Members;
use crate::{fields, request, verified};

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
    // HTTP APIs decode `rawPath` and put the name of a named stage before it; function URLs do neither.
    let (path_form, stage) = match front.kind {
        FrontKind::FunctionUrl => (PathForm::Encoded, None),
        _ => (PathForm::Decoded, request::named_stage(stage)),
    };
    let verified = verified(front.kind, &mut context)?;
    // The documentation's own samples say `"sourceIp": "IP"`: no address then, and all such calls count as one.
    let source_ip = http.optional_text("sourceIp")?.and_then(|address| address.parse().ok());
    let request = HttpRequest {
        method: request::method(&http.text("method")?)?,
        path: document.text("rawPath")?,
        path_form,
        query: query(&mut document)?,
        headers: headers(document.pairs("headers")?, &document.texts("cookies")?)?,
        body: request::body(&mut document)?,
        source_ip,
        host,
        stage,
        socket: None,
        verified,
        reply: ReplyForm::V2,
    };
    request::through_gateway(envelope, front, context, request)
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

/// A function URL verifies signatures only.
fn verified(kind: FrontKind, context: &mut Members) -> Result<FrontVerified, MalformedRequest> {
    let mut verified = FrontVerified::default();
    if let Some(mut authorizer) = context.optional_object("authorizer")? {
        verified.iam = verified::iam_of_authorizer(&mut authorizer)?;
        if kind == FrontKind::HttpApi {
            verified.claims = verified::jwt_claims(&mut authorizer)?;
        }
    }
    if kind == FrontKind::HttpApi
        && let Some(mut authentication) = context.optional_object("authentication")?
    {
        verified.certificate = verified::certificate(&mut authentication)?;
    }
    Ok(verified)
}

/// No request line holds a control character, escaped ones aside (RFC 3986 section 2): a query that does was never sent.
fn query(document: &mut Members) -> Result<String, MalformedRequest> {
    let query = document.optional_text("rawQueryString")?.unwrap_or_default();
    if query.contains(char::is_control) { Err(MalformedRequest::Query) } else { Ok(query) }
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
