use doorward_model::{Body, CanonicalPath, Inbound, Message, Reply};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde_json::json;

use crate::rules::Rules;

/// `GET /.doorward/health`: that the door runs, and with which bundle. It says nothing of stores or targets, touches
/// none of them, and asks for no credentials.
pub(crate) fn answer(rules: &Rules, inbound: &Inbound) -> Option<Reply> {
    let Message::Http(request) = &inbound.message else { return None };
    let path = CanonicalPath::parse(&request.path, request.path_form).ok()?;
    if path.as_str() != "/.doorward/health" || request.method != Method::GET {
        return None;
    }
    if !rules.config().fronts.contains(&inbound.front) {
        return None;
    }
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let body = json!({ "status": "ok", "door": rules.config().door.name, "bundle": rules.digest() });
    Some(Reply { status: StatusCode::OK, headers, body: Body::from(body.to_string().into_bytes()) })
}
