//! The Invoke API over HTTP, and the way back to the logs for other processes.
//! <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>

use std::sync::Arc;

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};

use super::environment::VERSION;
use super::event_stream;
use super::invocation::new_trace;
use super::{Answer, Invocation, InvokeFault, Lambda, SYNCHRONOUS_LIMIT};

/// Bytes of a client context, in base64, and of a log's end.
const LONGEST_CONTEXT: usize = 3583;
const LOG_TAIL: usize = 4096;

pub(crate) fn router(lambda: Arc<Lambda>) -> axum::Router {
    axum::Router::new()
        .route("/2015-03-31/functions/{function}/invocations", post(invoke))
        .route("/2021-11-15/functions/{function}/response-streaming-invocations", post(invoke_streaming))
        .route("/_doorward/logs", get(logs))
        .route("/_doorward/away/{region}", put(region_away).delete(region_back))
        .with_state(lambda)
}

async fn invoke(
    State(lambda): State<Arc<Lambda>>,
    Path(function): Path<String>,
    Query(version): Query<VersionQuery>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let outcome = match received(&lambda, &headers, body).await {
        Ok(invocation) => {
            let id = invocation.id.clone();
            let kind = header(&headers, "x-amz-invocation-type").unwrap_or("RequestResponse");
            let outcome = dispatch(&lambda, function_name(&function), kind, invocation).await;
            outcome.map(|mut response| {
                if kind == "RequestResponse" {
                    let version = version.qualifier.as_deref().or(qualifier(&function)).unwrap_or(VERSION);
                    insert(&mut response, "x-amz-executed-version", version);
                    if header(&headers, "x-amz-log-type") == Some("Tail") {
                        insert(&mut response, "x-amz-log-result", &log_tail(&lambda, &id));
                    }
                }
                (id, response)
            })
        }
        Err(fault) => Err(fault),
    };
    match outcome {
        Ok((id, response)) => ([("x-amzn-requestid", id)], response).into_response(),
        Err(fault) => fault.into_response(),
    }
}

/// <https://docs.aws.amazon.com/lambda/latest/api/API_InvokeWithResponseStream.html>
async fn invoke_streaming(
    State(lambda): State<Arc<Lambda>>,
    Path(function): Path<String>,
    Query(version): Query<VersionQuery>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let invocation = match received(&lambda, &headers, body).await {
        Ok(invocation) => invocation,
        Err(fault) => return fault.into_response(),
    };
    let id = invocation.id.clone();
    match lambda.invoke_streaming(function_name(&function), invocation).await {
        Err(fault) => fault.into_response(),
        Ok(answer) => {
            let mut response = event_stream::response(answer);
            let version = version.qualifier.as_deref().or(qualifier(&function)).unwrap_or(VERSION);
            insert(&mut response, "x-amz-executed-version", version);
            insert(&mut response, "x-amzn-requestid", &id);
            response
        }
    }
}

/// The invocation that a request asks for.
async fn received(lambda: &Lambda, headers: &HeaderMap, body: Body) -> Result<Invocation, InvokeFault> {
    if let Some(region) = lambda.regions.away_for(headers) {
        return Err(InvokeFault::RegionAway(region));
    }
    match to_bytes(body, SYNCHRONOUS_LIMIT).await {
        Ok(body) => read_invocation(headers, body),
        Err(_) => Err(InvokeFault::TooLarge { limit: SYNCHRONOUS_LIMIT }),
    }
}

async fn dispatch(
    lambda: &Arc<Lambda>,
    function: &str,
    kind: &str,
    invocation: Invocation,
) -> Result<Response, InvokeFault> {
    match kind {
        "RequestResponse" => lambda.invoke(function, invocation).await.map(IntoResponse::into_response),
        "Event" => {
            lambda.invoke_later(function, invocation)?;
            Ok(StatusCode::ACCEPTED.into_response())
        }
        "DryRun" => lambda.require(function).map(|_| StatusCode::NO_CONTENT.into_response()),
        other => Err(InvokeFault::InvocationType(other.to_owned())),
    }
}

/// The name in `NAME`, `NAME:QUALIFIER`, `ACCOUNT:function:NAME` and a full ARN. There is one version only, so
/// that a qualifier makes no difference.
fn function_name(reference: &str) -> &str {
    let name = reference.rsplit_once("function:").map_or(reference, |(_, name)| name);
    name.split(':').next().unwrap_or_default()
}

/// What stands behind the name. There is one version only, which goes by the name that it is asked for by.
fn qualifier(reference: &str) -> Option<&str> {
    let name = reference.rsplit_once("function:").map_or(reference, |(_, name)| name);
    name.split_once(':').map(|(_, qualifier)| qualifier)
}

#[derive(Deserialize)]
struct VersionQuery {
    #[serde(rename = "Qualifier")]
    qualifier: Option<String>,
}

/// The last 4 KB of what the function printed, in base64 ("Invoke", AWS Lambda API reference: `LogType`).
fn log_tail(lambda: &Lambda, id: &str) -> String {
    let lines = lambda.world.logs.find(id);
    let own = lines.into_iter().filter(|line| line.request_id.as_deref() == Some(id));
    let text: String = own.map(|line| format!("{}\n", line.text)).collect();
    let tail = text.as_bytes().get(text.len().saturating_sub(LOG_TAIL)..).unwrap_or_default();
    STANDARD.encode(tail)
}

fn insert(response: &mut Response, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

fn read_invocation(headers: &HeaderMap, body: Bytes) -> Result<Invocation, InvokeFault> {
    let body = if body.is_empty() { Bytes::from_static(b"{}") } else { body };
    serde_json::from_slice::<IgnoredAny>(&body).map_err(|error| InvokeFault::NotJson(error.to_string()))?;
    let trace = header(headers, "x-amzn-trace-id").map_or_else(|| new_trace(Timestamp::now()), str::to_owned);
    let client_context = header(headers, "x-amz-client-context").map(client_context).transpose()?;
    Ok(Invocation { client_context, ..Invocation::new(body, trace) })
}

fn client_context(text: &str) -> Result<String, InvokeFault> {
    let bytes = STANDARD.decode(text).ok().filter(|_| text.len() <= LONGEST_CONTEXT);
    let context = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    context
        .filter(|context| serde_json::from_str::<Map<String, Value>>(context).is_ok())
        .ok_or(InvokeFault::ClientContext)
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", http::HeaderValue::from_static("application/json"));
        if self.is_error {
            headers.insert("x-amz-function-error", http::HeaderValue::from_static("Unhandled"));
        }
        (headers, self.payload).into_response()
    }
}

impl IntoResponse for InvokeFault {
    fn into_response(self) -> Response {
        let (status, kind) = match self {
            Self::NotFound(_) => (StatusCode::NOT_FOUND, "ResourceNotFoundException"),
            Self::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "RequestTooLargeException"),
            Self::NotJson(_) | Self::ClientContext => {
                (StatusCode::BAD_REQUEST, "InvalidRequestContentException")
            }
            Self::InvocationType(_) => (StatusCode::BAD_REQUEST, "InvalidParameterValueException"),
            Self::Throttled => (StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException"),
            Self::Unavailable(_) => (StatusCode::INTERNAL_SERVER_ERROR, "ServiceException"),
            // "Common errors" of AWS's APIs.
            Self::RegionAway(_) => (StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable"),
        };
        ([("x-amzn-errortype", kind)], (status, Json(self.body()))).into_response()
    }
}

impl InvokeFault {
    fn body(&self) -> Value {
        let message = self.to_string();
        match self {
            Self::Throttled => json!({
                "Reason": "ReservedFunctionConcurrentInvocationsExceeded",
                "Type": "User",
                "message": message,
            }),
            Self::Unavailable(_) | Self::RegionAway(_) => json!({ "Type": "Service", "Message": message }),
            _ => json!({ "Type": "User", "Message": message }),
        }
    }
}

#[derive(Deserialize)]
struct LogQuery {
    id: String,
}

async fn logs(State(lambda): State<Arc<Lambda>>, Query(query): Query<LogQuery>) -> Response {
    Json(lambda.world.logs.find(&query.id)).into_response()
}

async fn region_away(State(lambda): State<Arc<Lambda>>, Path(region): Path<String>) -> StatusCode {
    lambda.set_region_away(&region, true);
    StatusCode::NO_CONTENT
}

async fn region_back(State(lambda): State<Arc<Lambda>>, Path(region): Path<String>) -> StatusCode {
    lambda.set_region_away(&region, false);
    StatusCode::NO_CONTENT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(reference: &str, name: &str) {
        assert_eq!(function_name(reference), name);
    }

    #[test]
    fn finds_the_name_in_every_form_of_reference() {
        check("orders", "orders");
        check("orders:live", "orders");
        check("123456789012:function:orders", "orders");
        check("arn:aws:lambda:eu-central-1:123456789012:function:orders", "orders");
        check("arn:aws:lambda:eu-central-1:123456789012:function:orders:$LATEST", "orders");
        check("", "");
    }
}
