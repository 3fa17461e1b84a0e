//! The Invoke API over HTTP, and the way back to the logs for other processes.
//! <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>

use std::sync::Arc;

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::environment::VERSION;
use super::invocation::new_trace;
use super::{Answer, Invocation, InvokeFault, Lambda, SYNCHRONOUS_LIMIT};

pub(crate) fn router(lambda: Arc<Lambda>) -> axum::Router {
    axum::Router::new()
        .route("/2015-03-31/functions/{function}/invocations", post(invoke))
        .route("/_doorward/logs", get(logs))
        .route("/_doorward/away/{region}", put(region_away).delete(region_back))
        .with_state(lambda)
}

async fn invoke(
    State(lambda): State<Arc<Lambda>>,
    Path(function): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    if let Some(region) = lambda.regions.away_for(&headers) {
        return InvokeFault::RegionAway(region).into_response();
    }
    let invocation = match to_bytes(body, SYNCHRONOUS_LIMIT).await {
        Ok(body) => read_invocation(&headers, body),
        Err(_) => Err(InvokeFault::TooLarge { limit: SYNCHRONOUS_LIMIT }),
    };
    let outcome = match invocation {
        Ok(invocation) => {
            let id = invocation.id.clone();
            let kind = header(&headers, "x-amz-invocation-type").unwrap_or("RequestResponse");
            dispatch(&lambda, function_name(&function), kind, invocation).await.map(|response| (id, response))
        }
        Err(fault) => Err(fault),
    };
    match outcome {
        Ok((id, response)) => ([("x-amzn-requestid", id)], response).into_response(),
        Err(fault) => fault.into_response(),
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

fn read_invocation(headers: &HeaderMap, body: Bytes) -> Result<Invocation, InvokeFault> {
    let body = if body.is_empty() { Bytes::from_static(b"{}") } else { body };
    serde_json::from_slice::<IgnoredAny>(&body).map_err(|error| InvokeFault::NotJson(error.to_string()))?;
    let trace = header(headers, "x-amzn-trace-id").map_or_else(|| new_trace(Timestamp::now()), str::to_owned);
    Ok(Invocation::new(body, trace))
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", http::HeaderValue::from_static("application/json"));
        headers.insert("x-amz-executed-version", http::HeaderValue::from_static(VERSION));
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
            Self::NotJson(_) => (StatusCode::BAD_REQUEST, "InvalidRequestContentException"),
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
