//! What an invocation is answered.

use doorward_config::TargetKind;
use doorward_model::{Body, InvocationType, Reply, error_name};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};

const FUNCTION_ERROR: HeaderName = HeaderName::from_static("x-amz-function-error");
/// What goes on of a function's answer beside its payload.
const OF_LAMBDA: [HeaderName; 3] = [
    FUNCTION_ERROR,
    HeaderName::from_static("x-amz-executed-version"),
    HeaderName::from_static("x-amz-log-result"),
];

/// The answer to the caller, and the name of the function's error where that is the answer.
pub(crate) fn outcome(kind: InvocationType, target: &TargetKind, reply: Reply) -> (Reply, Option<String>) {
    if kind == InvocationType::Event {
        return (empty(StatusCode::ACCEPTED), None);
    }
    let mut headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
    match target {
        TargetKind::Lambda(_) => {
            let error = function_error(&reply);
            for name in OF_LAMBDA {
                if let Some(value) = reply.headers.get(&name) {
                    headers.insert(name, value.clone());
                }
            }
            (Reply { status: StatusCode::OK, headers, body: reply.body }, error)
        }
        _ if reply.status.is_success() => (Reply { status: StatusCode::OK, headers, body: reply.body }, None),
        // A server that turns the payload down is a function that fails.
        _ => {
            let status = reply.status.as_u16();
            let error = format!("Http.{status}");
            let told = json!({ "errorType": error, "errorMessage": format!("the target answered {status}") });
            headers.insert(FUNCTION_ERROR, HeaderValue::from_static("Unhandled"));
            let body = Body::from(told.to_string().into_bytes());
            (Reply { status: StatusCode::OK, headers, body }, Some(error))
        }
    }
}

/// The name of the error that a function answers with; `None` where it answers with none.
pub(crate) fn function_error(reply: &Reply) -> Option<String> {
    reply.headers.get(FUNCTION_ERROR)?;
    let payload: &[u8] = if let Body::Full(bytes) = &reply.body { bytes } else { &[] };
    let told: Option<Value> = serde_json::from_slice(payload).ok();
    let kind = told.as_ref().and_then(|told| told.get("errorType")?.as_str());
    Some(error_name(kind))
}

/// The answer to who only asks whether they may, and may.
pub(crate) fn dry_run() -> Reply {
    empty(StatusCode::NO_CONTENT)
}

fn empty(status: StatusCode) -> Reply {
    Reply { status, headers: HeaderMap::new(), body: Body::Empty }
}
