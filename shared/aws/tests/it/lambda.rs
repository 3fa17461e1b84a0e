use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use doorward_aws::LambdaTargets;
use doorward_config::{Endpoint, Invocation, LambdaTarget, PayloadForm, Target, TargetKind};
use doorward_core::ports::{Forward, ForwardMessage, Targets};
use doorward_model::{
    Body, CanonicalPath, EntityName, EventKind, EventRecord, HttpRequest, InvocationType, PathForm,
    Principal, Reply, TargetFault, Trace,
};
use serde_json::{Value, json};

use crate::loopback::{self, Nobody};
use crate::sample;
use crate::scripted::{self, Script};

const XRAY: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

/// What the Invoke API was asked.
struct Asked {
    path: String,
    query: Option<String>,
    headers: HeaderMap,
    event: Value,
}

type Seen = Arc<Mutex<Vec<Asked>>>;

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

    fn take(&self) -> Vec<Asked> {
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
    let headers_say_event = headers["x-amz-invocation-type"] == "Event";
    seen.lock().unwrap().push(Asked {
        path: path.clone(),
        query: uri.query().map(str::to_owned),
        headers,
        event,
    });
    let error = |status: u16, code: &'static str| {
        (StatusCode::from_u16(status).unwrap(), [("x-amzn-errortype", code)], r#"{"Message":"m"}"#)
            .into_response()
    };
    let failed = |body: &'static str| ([("x-amz-function-error", "Unhandled")], body).into_response();
    match path.split('/').nth(3).unwrap() {
        "missing" => error(404, "ResourceNotFoundException"),
        "busy" => error(429, "TooManyRequestsException"),
        "starting" => error(502, "EC2ThrottledException"),
        "large" => error(413, "RequestTooLargeException"),
        "broken" => error(500, "ServiceException"),
        "failing" => failed(r#"{"errorType":"KeyError","errorMessage":"card 4111"}"#),
        "slow" => {
            failed(r#"{"errorType":"Sandbox.Timedout","errorMessage":"Task timed out after 3.00 seconds"}"#)
        }
        "stuck" => std::future::pending().await,
        "odd" => "no JSON".into_response(),
        "later" if headers_say_event => StatusCode::ACCEPTED.into_response(),
        "huge" => format!("\"{}\"", "x".repeat(8 * 1024 * 1024)).into_response(),
        "listing" => r#"{"statusCode":200,"multiValueHeaders":{"x-order":["1","2"]}}"#.into_response(),
        "inferred" => r#"{"message":"hi"}"#.into_response(),
        _ => r#"{"statusCode":201,"headers":{"x-order":"42"},"body":"made"}"#.into_response(),
    }
}

fn target(lambda: &str) -> Target {
    Target::new("orders", TargetKind::Lambda(LambdaTarget::default()), lambda)
}

async fn send_http(targets: &LambdaTargets, lambda: &str, within: Duration) -> Result<Reply, TargetFault> {
    let target = target(lambda);
    send_body(targets, &target, &target.endpoints[0], sample::SECRET.as_bytes(), within).await
}

async fn send_body(
    targets: &LambdaTargets,
    target: &Target,
    endpoint: &Endpoint,
    body: &[u8],
    within: Duration,
) -> Result<Reply, TargetFault> {
    let call = sample::call("c-1");
    let request = HttpRequest { body: Bytes::copy_from_slice(body), ..sample::request() };
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
    let forward = Forward { call: &call, principal: &principal, trace: &trace, message, stream: None };
    targets.send(target, endpoint, forward, within).await
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
async fn an_endpoint_in_another_region_is_called_with_a_signature_for_it() {
    let fixture = Fixture::start().await;
    let target = target("orders");
    for (region, expected) in
        [(None, "eu-central-1"), (Some("us-west-2"), "us-west-2"), (None, "eu-central-1")]
    {
        let endpoint = Endpoint { region: region.map(str::to_owned), ..Endpoint::new("orders") };
        send_body(&fixture.targets, &target, &endpoint, b"{}", Duration::from_secs(5)).await.unwrap();
        let seen = fixture.take();
        let authorization = seen[0].headers["authorization"].to_str().unwrap();
        assert!(authorization.contains(&format!("/{expected}/lambda/aws4_request")), "{authorization}");
    }
}

#[tokio::test]
async fn a_function_that_is_not_waited_for_is_accepted() {
    let fixture = Fixture::start().await;
    let kind = LambdaTarget { invocation: Invocation::Async, ..LambdaTarget::default() };
    let target = Target::new("later", TargetKind::Lambda(kind), "later");
    let send = async |body: &[u8]| {
        send_body(&fixture.targets, &target, &target.endpoints[0], body, Duration::from_secs(5)).await
    };
    let reply = send(b"{}").await.unwrap();
    assert_eq!(reply.status, 202);
    assert_eq!(reply.headers["content-type"], "application/json");
    assert!(matches!(reply.body, Body::Full(bytes) if bytes == r#"{"call":"c-1"}"#));
    let seen = fixture.take();
    assert_eq!((seen.len(), &seen[0].event["version"]), (1, &json!("2.0")));

    let fault = send(&[b'x'; 1024 * 1024]).await.unwrap_err();
    assert_eq!(fault.code(), "unfit-payload");
    assert!(fixture.take().is_empty(), "nothing was sent");
}

#[tokio::test]
async fn payload_format_one_is_sent_and_read() {
    let fixture = Fixture::start().await;
    let kind = LambdaTarget { payload: PayloadForm::V1, ..LambdaTarget::default() };
    let send = async |function: &str| {
        let target = Target::new("old", TargetKind::Lambda(kind), function);
        send_body(&fixture.targets, &target, &target.endpoints[0], b"{}", Duration::from_secs(5)).await
    };
    let reply = send("listing").await.unwrap();
    assert_eq!(reply.status, 200);
    let values: Vec<_> = reply.headers.get_all("x-order").iter().collect();
    assert_eq!(values, ["1", "2"]);
    let seen = fixture.take();
    assert_eq!(seen[0].event["version"], "1.0");
    assert_eq!(seen[0].event["resource"], "/orders");
    assert_eq!(seen[0].event["requestContext"]["authorizer"]["callerId"], "alice");
    let fault = send("inferred").await.unwrap_err();
    assert!(matches!(fault, TargetFault::Unreadable(_)), "{fault}");
}

#[tokio::test]
async fn an_event_reaches_its_function_in_its_own_envelope() {
    let fixture = Fixture::start().await;
    let call = sample::call("e-1");
    let record = EventRecord::new(
        EventKind::S3,
        &"bucket:receipts".parse().unwrap(),
        "ObjectCreated:Put",
        "eu-central-1",
        json!({ "eventSource": "aws:s3", "s3": { "object": { "key": "inbox/1.pdf" } } }),
    );
    let principal = Principal { name: EntityName::new("EventSource", "receipts"), ..Principal::anonymous() };
    let message = ForwardMessage::Event { records: &[&record] };
    let forward =
        Forward { call: &call, principal: &principal, trace: &Trace::default(), message, stream: None };
    let target = target("receipts");
    let sent = fixture.targets.send(&target, &target.endpoints[0], forward, Duration::from_secs(5));
    let reply = sent.await.unwrap();
    assert_eq!(reply.status, 200);
    let seen = fixture.take();
    assert_eq!(seen[0].event, json!({ "Records": [record.record] }));
    assert!(!seen[0].headers.contains_key("x-amzn-trace-id"));
}

/// An invocation of `lambda` for `caller`, who says `said`.
async fn invoke_for(
    fixture: &Fixture,
    lambda: &str,
    caller: &str,
    said: Option<Value>,
    (kind, qualifier): (InvocationType, Option<&str>),
) -> Result<Reply, TargetFault> {
    let mut call = sample::call("c-1");
    call.action = Some("invokeOrders".to_owned());
    let principal = Principal { name: EntityName::new("User", caller), ..Principal::anonymous() };
    let said = said.map(|said| said.as_object().unwrap().clone());
    let message = ForwardMessage::Invoke {
        payload: &Bytes::from_static(b"[1,  2]"),
        kind,
        qualifier,
        client_context: said.as_ref(),
        log_tail: qualifier.is_some(),
    };
    let forward =
        Forward { call: &call, principal: &principal, trace: &Trace::default(), message, stream: None };
    let target = target(lambda);
    fixture.targets.send(&target, &target.endpoints[0], forward, Duration::from_secs(5)).await
}

/// The client context that the function was handed, and whether it is ASCII.
fn context(asked: &Asked) -> (Value, bool) {
    let text = STANDARD.decode(asked.headers["x-amz-client-context"].as_bytes()).unwrap();
    (serde_json::from_slice(&text).unwrap(), text.is_ascii())
}

#[tokio::test]
async fn an_invocation_is_passed_on_with_what_the_door_vouches_for() {
    let fixture = Fixture::start().await;
    let wait = (InvocationType::RequestResponse, None);
    let said = json!({ "client": { "app": "x" }, "custom": {
        "a": "Grüße", "x-doorward-caller": "User::\"root\"", "X-Doorward-Plan": "gold",
    } });
    let reply = invoke_for(&fixture, "orders", "jörg", Some(said), wait).await.unwrap();
    assert!(matches!(reply.body, Body::Full(bytes) if bytes.starts_with(b"{\"statusCode\":201")));
    let seen = fixture.take();
    assert_eq!((&seen[0].event, seen[0].query.as_deref()), (&json!([1, 2]), None));
    assert_eq!(seen[0].headers["x-amz-invocation-type"], "RequestResponse");
    assert!(!seen[0].headers.contains_key("x-amz-log-type"));
    let (said, is_ascii) = context(&seen[0]);
    assert!(is_ascii, "it becomes a header field of the runtime's");
    assert_eq!(said["client"], json!({ "app": "x" }));
    let custom = said["custom"].as_object().unwrap();
    assert_eq!((&custom["a"], &custom["x-doorward-caller"]), (&json!("Grüße"), &json!("User::\"jörg\"")));
    assert_eq!(
        (&custom["x-doorward-call"], &custom["x-doorward-action"]),
        (&json!("c-1"), &json!("invokeOrders"))
    );
    assert!(!custom.contains_key("X-Doorward-Plan"));

    let canary = (InvocationType::RequestResponse, Some("canary"));
    for (address, path) in [
        ("orders:live", "orders"),
        (
            "arn:aws:lambda:eu-central-1:111122223333:function:orders:7",
            "arn%3Aaws%3Alambda%3Aeu-central-1%3A111122223333%3Afunction%3Aorders",
        ),
    ] {
        invoke_for(&fixture, address, "ann", None, canary).await.unwrap();
        let seen = fixture.take();
        assert_eq!(seen[0].path, format!("/2015-03-31/functions/{path}/invocations"));
        assert_eq!(seen[0].query.as_deref(), Some("Qualifier=canary"));
        assert_eq!(seen[0].headers["x-amz-log-type"], "Tail");
    }

    let event = (InvocationType::Event, None);
    assert_eq!(invoke_for(&fixture, "later", "ann", None, event).await.unwrap().status, 202);
    assert_eq!(fixture.take()[0].headers["x-amz-invocation-type"], "Event");

    let long = json!({ "custom": { "a": "x".repeat(2600) } });
    let unfit = invoke_for(&fixture, "orders", "ann", Some(long), wait).await.unwrap_err();
    assert_eq!(unfit, TargetFault::Unfit("its client context is longer than a function takes"));
    assert!(fixture.take().is_empty());
}

#[tokio::test]
async fn the_error_of_a_function_that_is_invoked_is_its_answer() {
    let fixture = Fixture::start().await;
    let wait = (InvocationType::RequestResponse, None);
    let reply = invoke_for(&fixture, "failing", "ann", None, wait).await.unwrap();
    assert_eq!(reply.status, 200);
    assert_eq!(reply.headers["x-amz-function-error"], "Unhandled");
    assert!(matches!(reply.body, Body::Full(bytes) if bytes.ends_with(b"\"card 4111\"}")));
    let fault = invoke_for(&fixture, "missing", "ann", None, wait).await.unwrap_err();
    assert_eq!(fault, TargetFault::Unreachable("ResourceNotFoundException".into()));
    let fault = invoke_for(&fixture, "huge", "ann", None, wait).await.unwrap_err();
    assert!(matches!(fault, TargetFault::TooLarge(_)), "{fault}");
}

#[tokio::test]
async fn every_failure_has_its_kind_and_none_is_tried_twice() {
    let fixture = Fixture::start().await;
    let unreachable = |cause: &str| TargetFault::Unreachable(cause.into());
    for (function, expected) in [
        ("missing", unreachable("ResourceNotFoundException")),
        ("busy", unreachable("TooManyRequestsException")),
        ("starting", unreachable("EC2ThrottledException")),
        ("broken", TargetFault::Reset("ServiceException".into())),
        ("large", TargetFault::Unfit("its event is larger than Lambda takes")),
        ("failing", TargetFault::Failed("KeyError".into())),
        ("slow", TargetFault::TimedOut),
    ] {
        let fault = send_http(&fixture.targets, function, Duration::from_secs(5)).await.unwrap_err();
        assert_eq!(fault, expected, "{function}");
        assert_eq!(fixture.take().len(), 1, "{function}");
    }
    let fault = send_http(&fixture.targets, "odd", Duration::from_secs(5)).await.unwrap_err();
    assert!(matches!(fault, TargetFault::Unreadable(_)), "{fault}");
    let fault = send_http(&fixture.targets, "huge", Duration::from_secs(5)).await.unwrap_err();
    assert!(matches!(fault, TargetFault::TooLarge(_)), "{fault}");
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
    assert_eq!(fault, TargetFault::Unreachable("no connection".into()));
}

#[tokio::test]
async fn a_connection_that_ends_early_may_have_carried_the_call_out() {
    let cut = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"statusCode\":200";
    for script in
        [Script::Reset, Script::Close, Script::Answer(cut.to_vec()), Script::Answer(b"HTTP/1.1 2".to_vec())]
    {
        let server = scripted::serve(script.clone()).await;
        let targets = LambdaTargets::new(&loopback::clients(server.address()));
        let fault = send_http(&targets, "orders", Duration::from_secs(5)).await.unwrap_err();
        assert_eq!(fault, TargetFault::Reset("no whole answer".into()), "{script:?}");
        assert_eq!(server.requests().len(), 1, "{script:?}");
    }
}

#[tokio::test]
async fn what_is_no_answer_of_http_is_no_whole_answer() {
    let server = scripted::serve(Script::Answer(b"SSH-2.0-x\r\n\r\n".to_vec())).await;
    let targets = LambdaTargets::new(&loopback::clients(server.address()));
    let fault = send_http(&targets, "orders", Duration::from_secs(5)).await.unwrap_err();
    assert!(!fault.is_untouched(), "{fault}");
}
