//! Queues, topics, buses and state machines, of which a server on loopback says what it is told to say.

mod faults;
mod sent;
mod unfit;

use std::time::Duration;

use axum::body::Bytes;
use doorward_aws::{AwsClients, ServiceTargets};
use doorward_config::{
    EventBridgeTarget, Invocation, MessageGroup, SnsTarget, SqsTarget, StepFunctionsTarget, Target,
    TargetKind,
};
use doorward_core::ports::{Forward, ForwardMessage, Targets};
use doorward_model::{
    Body, Call, CanonicalPath, EntityName, HttpRequest, PathForm, Principal, Reply, TargetFault, Trace,
};

use crate::sample;
use crate::scripted::{self, Script, Server};

const LONG: Duration = Duration::from_secs(5);
const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const XRAY: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1";
const QUEUE: &str = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders";
const MACHINE: &str = "arn:aws:states:eu-west-1:123456789012:stateMachine:ship";
const EXECUTION: &str = "arn:aws:states:eu-west-1:123456789012:execution:ship:c-1";

/// A target at an endpoint in `eu-west-1`; the clients are in `eu-central-1`.
fn target(kind: TargetKind, address: &str) -> Target {
    let mut target = Target::new("orders", kind, address);
    target.endpoints[0].region = Some("eu-west-1".to_owned());
    target
}

fn queue() -> Target {
    target(TargetKind::Sqs(SqsTarget { group: None }), QUEUE)
}

fn topic() -> Target {
    let kind = SnsTarget { group: None, subject: Some("New order".to_owned()) };
    target(TargetKind::Sns(kind), "arn:aws:sns:eu-west-1:123456789012:orders")
}

fn bus() -> Target {
    let kind = EventBridgeTarget { source: "doorward.shop".to_owned(), detail_type: None };
    target(TargetKind::EventBridge(kind), "shop")
}

fn machine(invocation: Invocation) -> Target {
    target(TargetKind::StepFunctions(StepFunctionsTarget { invocation }), MACHINE)
}

/// One of each kind, and what its service answers when all is well.
fn every_target() -> [(Target, &'static str); 5] {
    [
        (queue(), r#"{"MessageId":"m-1","MD5OfMessageBody":"x"}"#),
        (
            topic(),
            "<PublishResponse xmlns=\"https://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult>\
             <MessageId>m-1</MessageId></PublishResult></PublishResponse>",
        ),
        (bus(), r#"{"FailedEntryCount":0,"Entries":[{"EventId":"e-1"}]}"#),
        (machine(Invocation::Async), r#"{"executionArn":"arn:x","startDate":1795698000.5}"#),
        (machine(Invocation::Sync), r#"{"status":"SUCCEEDED","output":"{\"a\":1.50}"}"#),
    ]
}

/// Clients whose every service is at `server`.
fn targets(server: &Server) -> ServiceTargets {
    ServiceTargets::new(&crate::loopback::clients(server.address()))
}

fn call() -> Call {
    let mut call = sample::call("c-1");
    call.action = Some("createOrder".to_owned());
    call.plan = Some("free".to_owned());
    call.purpose = Some("checkout".to_owned());
    call
}

/// Sends a request with this body.
async fn send(
    targets: &ServiceTargets,
    target: &Target,
    body: &[u8],
    within: Duration,
) -> Result<Reply, TargetFault> {
    let trace = Trace { traceparent: Some(TRACEPARENT.into()), xray: Some(XRAY.into()) };
    send_as(targets, target, &call(), "alice", &trace, body, within).await
}

async fn send_as(
    targets: &ServiceTargets,
    target: &Target,
    call: &Call,
    caller: &str,
    trace: &Trace,
    body: &[u8],
    within: Duration,
) -> Result<Reply, TargetFault> {
    let request = HttpRequest { body: Bytes::copy_from_slice(body), ..sample::request() };
    let principal = Principal { name: EntityName::new("User", caller), ..Principal::anonymous() };
    let path = CanonicalPath::parse("/orders", PathForm::Decoded).unwrap();
    let message = ForwardMessage::Http {
        request: &request,
        route_key: "POST /orders",
        path: &path,
        parameters: &[],
        withheld: &[],
        rewrite: None,
    };
    let forward = Forward { call, principal: &principal, trace, message, stream: None };
    targets.send(target, &target.endpoints[0], forward, within).await
}

fn text(reply: &Reply) -> &str {
    let Body::Full(bytes) = &reply.body else { panic!("an answer in memory") };
    std::str::from_utf8(bytes).unwrap()
}
