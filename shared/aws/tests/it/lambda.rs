use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use doorward_aws::LambdaTargets;
use doorward_config::{LambdaTarget, Target, TargetKind};
use doorward_core::ports::{Forward, ForwardMessage, Targets};
use doorward_model::{
    Body, CanonicalPath, EntityName, EventKind, EventRecord, PathForm, Principal, Reply, TargetFault, Trace,
};
use serde_json::{Value, json};

use crate::loopback::{self, Nobody};
use crate::sample;

const XRAY: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

/// What the Invoke API was asked.
struct Invocation {
    path: String,
    headers: HeaderMap,
    event: Value,
}

type Seen = Arc<Mutex<Vec<Invocation>>>;

struct Fixture {
    targets: LambdaTargets,
    seen: Seen,
}

impl Fixture {
    async fn start() -> Self {
        let seen = Seen::default();
        let app = Router::new().fallback(invoke).with_state(Arc::clone(&seen));
        let targets = LambdaTargets::new(&loopback::clients(loopback::serve(app).await));
        Self { targets, seen }
    }

    fn take(&self) -> Vec<Invocation> {
        std::mem::take(&mut *self.seen.lock().unwrap())
    }
}

/// Answers as the Invoke API does, by the function's name.
async fn invoke(
    State(seen): State<Seen>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = uri.path().to_owned();
    let event = serde_json::from_slice(&body).unwrap();
    seen.lock().unwrap().push(Invocation { path: path.clone(), headers, event });
    let error = |status: u16, code: &'static str| {
        (StatusCode::from_u16(status).unwrap(), [("x-amzn-errortype", code)], r#"{"Message":"m"}"#)
            .into_response()
    };
    let failed = |body: &'static str| ([("x-amz-function-error", "Unhandled")], body).into_response();
    match path.split('/').nth(3).unwrap() {
        "missing" => error(404, "ResourceNotFoundException"),
        "busy" => error(429, "TooManyRequestsException"),
        "broken" => error(500, "ServiceException"),
        "failing" => failed(r#"{"errorType":"KeyError","errorMessage":"card 4111"}"#),
        "slow" => {
            failed(r#"{"errorType":"Sandbox.Timedout","errorMessage":"Task timed out after 3.00 seconds"}"#)
        }
        "stuck" => std::future::pending().await,
        "odd" => "no JSON".into_response(),
        "huge" => format!("\"{}\"", "x".repeat(8 * 1024 * 1024)).into_response(),
        _ => r#"{"statusCode":201,"headers":{"x-order":"42"},"body":"made"}"#.into_response(),
    }
}

fn target(lambda: &str) -> Target {
    Target::new("orders", TargetKind::Lambda(LambdaTarget::default()), lambda)
}

async fn send_http(targets: &LambdaTargets, lambda: &str, within: Duration) -> Result<Reply, TargetFault> {
    let (call, request) = (sample::call("c-1"), sample::request());
    let principal = Principal { name: EntityName::new("User", "alice"), ..Principal::anonymous() };
    let trace = Trace { traceparent: None, xray: Some(XRAY.into()) };
    let path = CanonicalPath::parse("/orders", PathForm::Decoded).unwrap();
    let message = ForwardMessage::Http {
        request: &request,
        route_key: "POST /orders",
        path: &path,
        parameters: &[],
        withheld: &[],
        rewrite: None,
    };
    let forward = Forward { call: &call, principal: &principal, trace: &trace, message };
    let target = target(lambda);
    targets.send(&target, &target.endpoints[0], forward, within).await
}

#[tokio::test]
async fn a_request_reaches_its_function_in_payload_format_two() {
    let fixture = Fixture::start().await;
    let reply = send_http(&fixture.targets, "orders", Duration::from_secs(5)).await.unwrap();
    assert_eq!(reply.status, 201);
    assert_eq!(reply.headers["x-order"], "42");
    assert!(matches!(reply.body, Body::Full(bytes) if bytes == "made"));
    let seen = fixture.take();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].path, "/2015-03-31/functions/orders/invocations");
    assert_eq!(seen[0].headers["x-amz-invocation-type"], "RequestResponse");
    assert_eq!(seen[0].headers["x-amzn-trace-id"], XRAY);
    assert_eq!(seen[0].event["version"], "2.0");
    assert_eq!(seen[0].event["routeKey"], "POST /orders");
    assert_eq!(seen[0].event["requestContext"]["authorizer"]["lambda"]["callerId"], "alice");
}

#[tokio::test]
async fn qualifiers_and_arns_are_kept() {
    let fixture = Fixture::start().await;
    for function in ["orders:live", "arn:aws:lambda:eu-central-1:111122223333:function:orders:7"] {
        send_http(&fixture.targets, function, Duration::from_secs(5)).await.unwrap();
        let seen = fixture.take();
        let encoded = function.replace(':', "%3A");
        assert_eq!(seen[0].path, format!("/2015-03-31/functions/{encoded}/invocations"));
    }
}

#[tokio::test]
async fn an_event_reaches_its_function_in_its_own_envelope() {
    let fixture = Fixture::start().await;
    let call = sample::call("e-1");
    let record = EventRecord {
        source: EventKind::S3,
        event_type: "ObjectCreated:Put".into(),
        region: "eu-central-1".into(),
        account: None,
        sender: "receipts".into(),
        happened: None,
        attributes: std::collections::BTreeMap::new(),
        record: json!({ "eventSource": "aws:s3", "s3": { "object": { "key": "inbox/1.pdf" } } }),
        fault: None,
    };
    let principal = Principal { name: EntityName::new("EventSource", "receipts"), ..Principal::anonymous() };
    let message = ForwardMessage::Event { record: &record };
    let forward = Forward { call: &call, principal: &principal, trace: &Trace::default(), message };
    let target = target("receipts");
    let sent = fixture.targets.send(&target, &target.endpoints[0], forward, Duration::from_secs(5));
    let reply = sent.await.unwrap();
    assert_eq!(reply.status, 200);
    let seen = fixture.take();
    assert_eq!(seen[0].event, json!({ "Records": [record.record] }));
    assert!(!seen[0].headers.contains_key("x-amzn-trace-id"));
}

#[tokio::test]
async fn every_failure_has_its_kind_and_none_is_tried_twice() {
    let fixture = Fixture::start().await;
    let unreachable = |cause: &str| TargetFault::Unreachable(cause.into());
    for (function, expected) in [
        ("missing", unreachable("ResourceNotFoundException")),
        ("busy", unreachable("TooManyRequestsException")),
        ("broken", unreachable("ServiceException")),
        ("failing", TargetFault::Failed("KeyError".into())),
        ("slow", TargetFault::TimedOut),
    ] {
        let fault = send_http(&fixture.targets, function, Duration::from_secs(5)).await.unwrap_err();
        assert_eq!(fault, expected, "{function}");
        assert_eq!(fixture.take().len(), 1, "{function}");
    }
    for function in ["odd", "huge"] {
        let fault = send_http(&fixture.targets, function, Duration::from_secs(5)).await.unwrap_err();
        assert!(matches!(fault, TargetFault::Unreadable(_)), "{function}: {fault}");
    }
}

#[tokio::test]
async fn a_function_that_does_not_answer_is_given_up() {
    let fixture = Fixture::start().await;
    let fault = send_http(&fixture.targets, "stuck", Duration::from_millis(200)).await.unwrap_err();
    assert_eq!(fault, TargetFault::TimedOut);
}

#[tokio::test]
async fn a_function_host_that_is_not_there_cannot_be_reached() {
    let nobody = Nobody::new();
    let targets = LambdaTargets::new(&loopback::clients(nobody.address()));
    let fault = send_http(&targets, "orders", Duration::from_secs(5)).await.unwrap_err();
    assert_eq!(fault, TargetFault::Unreachable("cannot be reached".into()));
}
