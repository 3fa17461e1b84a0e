use bytes::Bytes;
use doorward_contract::Schema;
use doorward_model::{HttpRequest, InvocationType, MalformedFault, Refusal, parse_json_located};
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use serde_json::Value;

/// The deepest JSON text that is taken.
const DEEPEST: usize = 64;

/// The largest event that is taken for later, in bytes ("Lambda quotas", AWS Lambda guide: 1 MB).
const LARGEST_EVENT: usize = 1024 * 1024;

/// The largest payload of an invocation of this type, where a request may have `max_body` bytes.
pub(crate) fn bound(kind: InvocationType, max_body: usize) -> usize {
    match kind {
        InvocationType::Event => max_body.min(LARGEST_EVENT),
        InvocationType::RequestResponse | InvocationType::DryRun => max_body,
    }
}

/// What the function is sent: the payload as it came, and `{}` for none, which is what Lambda makes of it.
pub(crate) fn sent(request: &HttpRequest) -> Bytes {
    if request.body.is_empty() { Bytes::from_static(b"{}") } else { request.body.clone() }
}

/// Holds the payload against its schema; what policies read of it.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check(request: &HttpRequest, schema: Option<&Schema>) -> Result<Option<Value>, Refusal> {
    if !is_json(&request.headers) {
        return Err(Refusal::UnsupportedMediaType);
    }
    let value = parse_json_located(&sent(request), DEEPEST).map_err(|located| {
        let json = match schema {
            Some(schema) => schema.malformed(located),
            None => located.fault.into(),
        };
        Refusal::Malformed(MalformedFault::Json(json))
    })?;
    let Some(schema) = schema else { return Ok(None) };
    let violations = schema.violations(&value);
    if violations.is_empty() { Ok(Some(value)) } else { Err(Refusal::Contract(violations)) }
}

/// SDKs say `application/octet-stream` of a payload, or nothing; others may say that it is JSON.
fn is_json(headers: &HeaderMap) -> bool {
    let plain = headers.get_all(CONTENT_ENCODING).iter().all(|coding| coding == "identity");
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let essence = match (types.next(), types.next()) {
        (None, _) => return plain,
        (Some(_), Some(_)) => return false,
        (Some(one), None) => one.to_str().unwrap_or_default().split(';').next().unwrap_or_default(),
    };
    let essence = essence.trim_matches([' ', '\t']).to_ascii_lowercase();
    let known = [
        "application/json",
        "application/octet-stream",
        "application/x-amz-json-1.0",
        "application/x-amz-json-1.1",
    ];
    plain && (known.contains(&essence.as_str()) || essence.ends_with("+json"))
}
