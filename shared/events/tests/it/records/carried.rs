//! Events within messages.

use doorward_events::records::envelope;
use doorward_model::{EventKind, EventRecord, Inbound};
use serde_json::{Value, json};

use super::{batch, bus_event, calls, event, message, notification, records, told};
use crate::samples::{s3_event, s3_record, with};

const QUEUE: &str = "queue:my-queue";

fn in_queue(body: &Value) -> Value {
    records(&[with(message(), json!({ "body": body.to_string() }))])
}

/// A notification as it stands in a message of a queue.
fn in_topic(message: &Value) -> Value {
    with(notification()["Sns"].clone(), json!({ "Message": message.to_string() }))
}

fn kinds(calls: &[Inbound]) -> Vec<EventKind> {
    calls.iter().map(|call| event(call).kind()).collect()
}

#[test]
fn a_bucket_s_event_in_a_queue_is_the_queue_s_word_and_claims_the_rest() {
    let sent = in_queue(&s3_event(&[s3_record()]));
    let read = calls(&sent, &[(QUEUE, 1)]);
    let record = event(&read[0]);
    assert_eq!(
        (record.source, record.kind(), record.own_type()),
        (EventKind::Sqs, EventKind::S3, "ObjectCreated:Put")
    );
    assert_eq!((record.sender.as_str(), record.event_type.as_str()), (QUEUE, "Message"));
    assert_eq!(record.attributes["queue"], "my-queue");
    let claims = told(&record.claims);
    assert_eq!(claims["bucket"], "receipts");
    assert_eq!(claims["key"], "inbox/Happy Face+é.jpg");
    assert_eq!((&claims["type"], &claims["region"]), (&json!("ObjectCreated:Put"), &json!("eu-central-1")));
    assert!(record.said("queue").is_none(), "rules are about the event within");
    assert_eq!(record.said("bucket").as_deref(), Some("receipts"));
    assert_eq!(envelope(&[record]), sent);
    // Who only claims to be a bucket is told apart from it.
    let direct = calls(&s3_event(&[s3_record()]), &[]);
    assert_ne!(read[0].call, direct[0].call);
    assert_eq!(calls(&with(sent.clone(), json!({})), &[(QUEUE, 2)])[0].call, read[0].call);
}

#[test]
fn messages_are_opened_only_where_that_is_declared_and_only_so_deep() {
    let body = in_topic(&s3_event(&[s3_record()]));
    let sent = in_queue(&body);
    assert_eq!(kinds(&calls(&sent, &[])), [EventKind::Sqs]);
    assert_eq!(kinds(&calls(&sent, &[("queue:other", 2)])), [EventKind::Sqs]);
    assert_eq!(kinds(&calls(&sent, &[(QUEUE, 1)])), [EventKind::Sns]);
    let read = calls(&sent, &[(QUEUE, 2)]);
    assert_eq!(kinds(&read), [EventKind::S3]);
    let through = &event(&read[0]).carried.as_ref().unwrap().through;
    assert_eq!(through.iter().map(ToString::to_string).collect::<Vec<_>>(), ["topic:sns-lambda"]);
    assert_eq!(
        kinds(&calls(&records(&[with(notification(), json!({ "Sns": body }))]), &[("topic:sns-lambda", 1)])),
        [EventKind::S3]
    );
    assert_eq!(kinds(&calls(&in_queue(&bus_event()), &[(QUEUE, 1)])), [EventKind::EventBridge]);
    let claims = told(&event(&calls(&in_queue(&bus_event()), &[(QUEUE, 1)])[0]).claims);
    assert_eq!((&claims["source"], &claims["account"]), (&json!("shop.orders"), &json!("111122223333")));
    assert!(claims.get("by_aws").is_none());
}

#[test]
fn each_event_of_a_message_is_a_call_and_what_goes_on_is_what_may() {
    let second =
        with(s3_record(), json!({ "s3": { "object": { "key": "inbox/b.pdf", "sequencer": "02" } } }));
    let both = s3_event(&[s3_record(), second.clone()]);
    for body in [both.clone(), in_topic(&both)] {
        let sent = in_queue(&body);
        let read = calls(&sent, &[(QUEUE, 2)]);
        assert_eq!(read.len(), 2);
        let of = |places: &[usize]| {
            let records: Vec<&EventRecord> = places.iter().map(|place| event(&read[*place])).collect();
            envelope(&records)
        };
        assert_eq!(of(&[0, 1]), sent);
        let narrowed = of(&[1]);
        let body: Value = serde_json::from_str(narrowed["Records"][0]["body"].as_str().unwrap()).unwrap();
        let inner = match body.get("Message") {
            Some(message) => serde_json::from_str(message.as_str().unwrap()).unwrap(),
            None => body,
        };
        assert_eq!(inner, s3_event(std::slice::from_ref(&second)));
        assert_eq!(narrowed["Records"][0]["md5OfBody"], Value::Null);
        assert_eq!(narrowed["Records"][0]["messageId"], sent["Records"][0]["messageId"]);
    }
}

#[test]
fn what_carries_nothing_that_is_read_is_broken_and_a_test_is_nothing_to_do() {
    for body in [
        json!("hello"),
        json!([]),
        json!({}),
        json!({ "Records": [] }),
        json!({ "Records": [{ "eventSource": "aws:kinesis" }] }),
        json!({ "Records": [s3_record(), { "eventSource": "aws:s3" }] }),
        with(bus_event(), json!({ "id": null })),
        json!({ "TopicArn": "arn:aws:sns:us-east-1:123456789012:t", "Type": "SubscriptionConfirmation" }),
    ] {
        let read = calls(&in_queue(&body), &[(QUEUE, 2)]);
        assert_eq!((read.len(), event(&read[0]).fault.is_some()), (1, true), "{body}");
        assert_eq!(event(&read[0]).sender, QUEUE);
    }
    let broken = with(message(), json!({ "body": "{\"Records\": [" }));
    assert!(event(&calls(&records(&[broken]), &[(QUEUE, 1)])[0]).fault.is_some());
}

#[test]
fn a_test_event_of_s3_is_done_and_what_only_looks_like_one_is_broken() {
    let test = json!({
        "Service": "Amazon S3", "Event": "s3:TestEvent", "Time": "2014-10-13T15:57:02.089Z",
        "Bucket": "receipts", "RequestId": "5582815E1AEA5ADF", "HostId": "8cLeGAmw098X"
    });
    let read = batch(&in_queue(&test), &[(QUEUE, 1)]);
    assert!(read.records.is_empty());
    let [told] = read.tests.try_into().unwrap();
    assert_eq!(
        (told.bucket.to_string().as_str(), told.through),
        ("bucket:receipts", Some(QUEUE.parse().unwrap()))
    );
    // Beside others, which are calls all the same.
    let body = |body: &Value| with(message(), json!({ "body": body.to_string() }));
    let both = records(&[body(&test), body(&json!({ "Records": [s3_record()] }))]);
    let read = batch(&both, &[(QUEUE, 1)]);
    assert_eq!((read.records.len(), read.tests.len()), (1, 1));

    for odd in
        [json!({ "HostId": null }), json!({ "more": 1 }), json!({ "Service": "x" }), json!({ "Time": "x" })]
    {
        let read = calls(&in_queue(&with(test.clone(), odd)), &[(QUEUE, 1)]);
        assert!(event(&read[0]).fault.as_ref().unwrap().contains("s3:TestEvent"), "{read:?}");
    }
    // A queue whose messages are not opened hands over what it was sent.
    assert_eq!(calls(&in_queue(&test), &[]).len(), 1);
}
