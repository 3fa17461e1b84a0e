use std::collections::{BTreeMap, BTreeSet};

use doorward_model::{EventKind, EventRecord};
use serde_json::{Value, json};

use super::*;

/// What a server was sent: the head's fields by their names, and the body.
fn request(server: &Server) -> (BTreeMap<String, String>, String) {
    let requests = server.requests();
    let [request] = requests.as_slice() else { panic!("{requests:?}") };
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let field = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned()));
    (head.lines().filter_map(field).collect(), body.to_owned())
}

/// Sends `body`, is answered `good`, and reads what was sent as JSON.
async fn exchange(target: &Target, good: &str, body: &str) -> (Reply, BTreeMap<String, String>, Value) {
    let server = scripted::serve(Script::answer(200, &[], good)).await;
    let reply = send(&targets(&server), target, body.as_bytes(), LONG).await.unwrap();
    let (head, sent) = request(&server);
    (reply, head, serde_json::from_str(&sent).unwrap())
}

#[track_caller]
fn assert_accepted(reply: &Reply, receipt: &Value) {
    assert_eq!(reply.status, 202);
    assert_eq!(reply.headers["content-type"], "application/json");
    assert_eq!(serde_json::from_str::<Value>(text(reply)).unwrap(), *receipt);
}

#[track_caller]
fn assert_asked(head: &BTreeMap<String, String>, content_type: &str, target: Option<&str>, service: &str) {
    assert_eq!(head["content-type"], content_type);
    assert_eq!(head.get("x-amz-target").map(String::as_str), target);
    let scope = format!("/eu-west-1/{service}/aws4_request");
    assert!(head["authorization"].contains(&scope), "{}", head["authorization"]);
}

#[tokio::test]
async fn a_queue_gets_a_message() {
    let (reply, head, sent) = exchange(&queue(), r#"{"MessageId":"m-1"}"#, "héllo").await;
    assert_accepted(&reply, &json!({ "messageId": "m-1" }));
    assert_asked(&head, "application/x-amz-json-1.0", Some("AmazonSQS.SendMessage"), "sqs");
    let text = |text: &str| json!({ "DataType": "String", "StringValue": text });
    let expected = json!({
        "QueueUrl": QUEUE,
        "MessageBody": "héllo",
        "MessageAttributes": {
            "doorward-call": text("c-1"),
            "doorward-caller": text("User::\"alice\""),
            "doorward-action": text("createOrder"),
            "doorward-plan": text("free"),
            "doorward-purpose": text("checkout"),
            "traceparent": text(TRACEPARENT),
        },
        "MessageSystemAttributes": { "AWSTraceHeader": text(XRAY) },
    });
    assert_eq!(sent, expected);
}

#[tokio::test]
async fn a_fifo_queue_gets_a_group_and_knows_the_call_again() {
    for (group, expected) in
        [(MessageGroup::Caller, "User::\"alice\""), (MessageGroup::Named("orders".to_owned()), "orders")]
    {
        let target = target(TargetKind::Sqs(SqsTarget { group: Some(group) }), &format!("{QUEUE}.fifo"));
        let (_, _, sent) = exchange(&target, r#"{"MessageId":"m-1"}"#, "x").await;
        assert_eq!(
            (&sent["MessageGroupId"], &sent["MessageDeduplicationId"]),
            (&json!(expected), &json!("c-1"))
        );
    }
}

#[tokio::test]
async fn a_queue_is_asked_for_at_its_own_host_unless_a_variable_says_where() {
    let server = scripted::serve(Script::answer(200, &[], r#"{"MessageId":"m-1"}"#)).await;
    let lookup = |name: &str| match name {
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("test".to_owned()),
        "AWS_REGION" => Some("eu-central-1".to_owned()),
        _ => None,
    };
    let targets = ServiceTargets::new(&AwsClients::from_variables(lookup).unwrap());
    let url = format!("http://{}/000000000000/orders", server.address());
    let kind = TargetKind::Sqs(SqsTarget { group: None });
    send(&targets, &Target::new("orders", kind, url), b"x", LONG).await.unwrap();
    let (head, _) = request(&server);
    assert!(head["authorization"].contains("/eu-central-1/sqs/aws4_request"), "{}", head["authorization"]);
}

#[tokio::test]
async fn what_a_caller_wrote_into_a_trace_goes_no_further_unless_it_is_one() {
    let server = scripted::serve(Script::answer(200, &[], r#"{"MessageId":"m-1"}"#)).await;
    let trace = Trace { traceparent: Some("x\u{1}".repeat(60)), xray: Some("x".repeat(257)) };
    let mut call = call();
    (call.plan, call.purpose) = (None, Some(String::new()));
    send_as(&targets(&server), &queue(), &call, "a\u{7}é", &trace, b"x", LONG).await.unwrap();
    let sent: Value = serde_json::from_str(&request(&server).1).unwrap();
    let names: BTreeSet<&str> =
        sent["MessageAttributes"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, BTreeSet::from(["doorward-action", "doorward-call", "doorward-caller"]));
    assert_eq!(sent["MessageAttributes"]["doorward-caller"]["StringValue"], "User::\"a\\u{7}é\"");
    assert!(sent.get("MessageSystemAttributes").is_none());
}

#[tokio::test]
async fn a_topic_gets_a_message() {
    let (target, good) = every_target()[1].clone();
    let server = scripted::serve(Script::answer(200, &[], good)).await;
    let reply = send(&targets(&server), &target, "a=b&c é+\n".as_bytes(), LONG).await.unwrap();
    assert_accepted(&reply, &json!({ "messageId": "m-1" }));
    let (head, body) = request(&server);
    assert_asked(&head, "application/x-www-form-urlencoded; charset=utf-8", None, "sns");
    assert_eq!(head["x-amzn-trace-id"], XRAY);
    let expected = [
        "Action=Publish",
        "Version=2010-03-31",
        "TopicArn=arn%3Aaws%3Asns%3Aeu-west-1%3A123456789012%3Aorders",
        "Message=a%3Db%26c%20%C3%A9%2B%0A",
        "Subject=New%20order",
        "MessageAttributes.entry.1.Name=doorward-call",
        "MessageAttributes.entry.1.Value.DataType=String",
        "MessageAttributes.entry.1.Value.StringValue=c-1",
        "MessageAttributes.entry.2.Name=doorward-caller",
    ];
    let members: Vec<&str> = body.split('&').collect();
    assert_eq!(members[..expected.len()], expected);
    assert_eq!(members.len(), 5 + 6 * 3);
}

#[tokio::test]
async fn a_fifo_topic_gets_a_group_too() {
    let (_, good) = every_target()[1].clone();
    let server = scripted::serve(Script::answer(200, &[], good)).await;
    let kind = SnsTarget { group: Some(MessageGroup::Caller), subject: None };
    let target = target(TargetKind::Sns(kind), "arn:aws:sns:eu-west-1:123456789012:orders.fifo");
    send(&targets(&server), &target, b"x", LONG).await.unwrap();
    let (_, body) = request(&server);
    assert!(body.ends_with("&MessageGroupId=User%3A%3A%22alice%22&MessageDeduplicationId=c-1"), "{body}");
    assert!(!body.contains("Subject"), "{body}");
}

#[tokio::test]
async fn a_bus_gets_an_event_whose_detail_is_the_payload_unchanged() {
    let (target, good) = every_target()[2].clone();
    let (reply, head, sent) = exchange(&target, good, "{ \"a\": 1.50 }").await;
    assert_accepted(&reply, &json!({ "eventId": "e-1" }));
    assert_asked(&head, "application/x-amz-json-1.1", Some("AWSEvents.PutEvents"), "events");
    let expected = json!({ "Entries": [{
        "EventBusName": "shop",
        "Source": "doorward.shop",
        "DetailType": "createOrder",
        "Detail": "{ \"a\": 1.50 }",
        "Resources": [
            "doorward-call=c-1",
            "doorward-caller=User::\"alice\"",
            "doorward-action=createOrder",
            "doorward-plan=free",
            "doorward-purpose=checkout",
            format!("traceparent={TRACEPARENT}"),
        ],
        "Time": sample::now().as_second(),
        "TraceHeader": XRAY,
    }] });
    assert_eq!(sent, expected);
}

#[tokio::test]
async fn a_state_machine_is_started_under_a_name_that_follows_from_the_call() {
    let (target, good) = every_target()[3].clone();
    let (reply, head, sent) = exchange(&target, good, "").await;
    assert_accepted(&reply, &json!({ "executionArn": "arn:x", "startDate": "2026-11-26T13:00:00.5Z" }));
    assert_asked(&head, "application/x-amz-json-1.0", Some("AWSStepFunctions.StartExecution"), "states");
    let expected = json!({ "stateMachineArn": MACHINE, "name": "c-1", "input": "{}", "traceHeader": XRAY });
    assert_eq!(sent, expected);
}

#[tokio::test]
async fn a_state_machine_that_is_waited_for_answers_its_output() {
    let (target, good) = every_target()[4].clone();
    let (reply, head, sent) = exchange(&target, good, "[1]").await;
    assert_eq!((reply.status.as_u16(), text(&reply)), (200, "{\"a\":1.50}"));
    assert_eq!(reply.headers["content-type"], "application/json");
    assert_asked(&head, "application/x-amz-json-1.0", Some("AWSStepFunctions.StartSyncExecution"), "states");
    assert_eq!(sent["input"], "[1]");
}

#[tokio::test]
async fn an_event_record_goes_in_its_own_envelope() {
    let record = EventRecord::new(
        EventKind::S3,
        &"bucket:receipts".parse().unwrap(),
        "ObjectCreated:Put",
        "eu-central-1",
        json!({ "eventSource": "aws:s3", "s3": { "object": { "key": "inbox/1.pdf" } } }),
    );
    let principal = Principal { name: EntityName::new("EventSource", "receipts"), ..Principal::anonymous() };
    let call = call();
    for (target, good) in every_target() {
        let server = scripted::serve(Script::answer(200, &[], good)).await;
        let message = ForwardMessage::Event { records: &[&record] };
        let forward =
            Forward { call: &call, principal: &principal, trace: &Trace::default(), message, stream: None };
        let reply = targets(&server).send(&target, &target.endpoints[0], forward, LONG).await.unwrap();
        assert!(reply.status.is_success());
        let (_, body) = request(&server);
        let envelope = json!({ "Records": [record.record] });
        let sent = match &target.kind {
            TargetKind::Sns(_) => {
                let message = body.split('&').find_map(|member| member.strip_prefix("Message=")).unwrap();
                percent_encoding::percent_decode_str(message).decode_utf8().unwrap().into_owned()
            }
            _ => {
                let body: Value = serde_json::from_str(&body).unwrap();
                let places = [&body["MessageBody"], &body["Entries"][0]["Detail"], &body["input"]];
                places.into_iter().find_map(Value::as_str).unwrap().to_owned()
            }
        };
        assert_eq!(serde_json::from_str::<Value>(&sent).unwrap(), envelope, "{}", target.kind.word());
    }
}

/// What each service is sent of a CloudEvent.
async fn cloud_event(target: &Target, good: &str, event_type: &str) -> Result<(Value, String), TargetFault> {
    let server = scripted::serve(Script::answer(200, &[], good)).await;
    let (call, trace) = (call(), Trace::default());
    let principal = Principal { name: EntityName::new("User", "alice"), ..Principal::anonymous() };
    let message = ForwardMessage::CloudEvent { text: CLOUD_EVENT, event_type };
    let forward = Forward { call: &call, principal: &principal, trace: &trace, message, stream: None };
    targets(&server).send(target, &target.endpoints[0], forward, LONG).await?;
    let (_, body) = request(&server);
    Ok((serde_json::from_str(&body).unwrap_or_default(), body))
}

const CLOUD_EVENT: &str = r#"{"specversion":"1.0","id":"1","source":"aws.s3","type":"com.example.placed"}"#;

#[tokio::test]
async fn a_cloud_event_is_a_message_in_its_json_format() {
    let [(queue, received), (topic, published), (_, put), (machine, started), _] = every_target();
    let (sent, _) = cloud_event(&queue, received, "com.example.placed").await.unwrap();
    assert_eq!(sent["MessageBody"], CLOUD_EVENT);
    let media = json!({ "DataType": "String", "StringValue": "application/cloudevents+json" });
    assert_eq!(sent["MessageAttributes"]["content-type"], media);
    let (_, sent) = cloud_event(&topic, published, "com.example.placed").await.unwrap();
    assert!(sent.contains("application%2Fcloudevents%2Bjson"), "{sent}");
    let (sent, _) = cloud_event(&machine, started, "com.example.placed").await.unwrap();
    assert_eq!(sent["input"], CLOUD_EVENT);
    // Who sends an event never says which source of the bus it is.
    let (sent, _) = cloud_event(&bus(), put, "com.example.placed").await.unwrap();
    let entry = &sent["Entries"][0];
    let told = ["Source", "DetailType", "Detail"].map(|name| entry[name].as_str().unwrap());
    assert_eq!(told, ["doorward.shop", "com.example.placed", CLOUD_EVENT]);
    let kind =
        EventBridgeTarget { source: "doorward.shop".to_owned(), detail_type: Some("placed".to_owned()) };
    let named = super::target(TargetKind::EventBridge(kind), "shop");
    let (sent, _) = cloud_event(&named, put, "com.example.placed").await.unwrap();
    assert_eq!(sent["Entries"][0]["DetailType"], "placed");
    let long = cloud_event(&bus(), put, &"x".repeat(129)).await;
    assert!(matches!(long, Err(TargetFault::Unfit(_))), "{long:?}");
}
