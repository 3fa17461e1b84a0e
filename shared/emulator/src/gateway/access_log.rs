//! One line per request of a front, in the place of an API Gateway access log.

use std::time::Instant;

use http::StatusCode;
use serde::Serialize;

use super::inbound::Inbound;
use super::reply::Reply;
use crate::logs::Logs;

/// How the authorizer's part went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum AuthorizerOutcome {
    /// The gateway refused without asking.
    MissingIdentitySource,
    /// The gateway decided by an earlier answer.
    CacheHit,
    Allow,
    Deny,
    Error,
}

/// What is known of a request by the time it has been answered.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Trail {
    /// `None` where no route matched.
    pub(super) route_key: Option<String>,
    /// `None` where no authorizer stands before the route.
    pub(super) authorizer: Option<AuthorizerOutcome>,
    /// Why the authorizer's answer is an error.
    pub(super) authorizer_error: Option<String>,
    /// Lambda's request id of the authorizer, where it was called.
    pub(super) authorizer_request_id: Option<String>,
    /// Lambda's request id of the integration, where it was called.
    pub(super) integration_request_id: Option<String>,
    /// Why the integration's answer is an error.
    pub(super) integration_error: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AccessLine<'a> {
    request_id: &'a str,
    front: &'a str,
    method: &'a str,
    path: &'a str,
    status: u16,
    /// Milliseconds.
    latency: u64,
    #[serde(flatten)]
    trail: &'a Trail,
}

/// What was asked for, and how that ended.
pub(super) struct Asked<'a> {
    /// The method; the type of the event, where it comes by a connection.
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) status: StatusCode,
}

/// Writes the line. The query is left out: it may carry what is secret.
pub(super) fn record(
    logs: &Logs,
    front: &'static str,
    request_id: &str,
    inbound: &Inbound,
    reply: &Reply,
    trail: &Trail,
    started: Instant,
) {
    let asked = Asked { method: &inbound.method, path: &inbound.path, status: reply.status };
    record_call(logs, front, request_id, &asked, trail, started);
}

/// As [`record`], of what is no request.
pub(super) fn record_call(
    logs: &Logs,
    front: &'static str,
    request_id: &str,
    asked: &Asked<'_>,
    trail: &Trail,
    started: Instant,
) {
    let line = AccessLine {
        request_id,
        front,
        method: asked.method,
        path: asked.path,
        status: asked.status.as_u16(),
        latency: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        trail,
    };
    // A structure of texts and numbers always serializes.
    logs.record(front, Some(request_id), serde_json::to_string(&line).unwrap_or_default());
}
