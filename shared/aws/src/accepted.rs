use doorward_model::{Body, Reply};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::Value;

/// What is answered where a target only took the message on: 202, and by what name its service knows it.
pub(crate) fn accepted(receipt: &Value) -> Reply {
    json(StatusCode::ACCEPTED, receipt.to_string())
}

/// An answer that is a JSON text.
pub(crate) fn json(status: StatusCode, text: String) -> Reply {
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
    Reply { status, headers, body: Body::Full(text.into()) }
}
