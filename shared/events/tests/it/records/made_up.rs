//! Events that are made up, read as those of their sources.

use std::collections::BTreeMap;

use aws_lambda_events::kinesis::KinesisEvent;
use aws_lambda_events::sns::{SnsEvent, SnsMessage};
use aws_lambda_events::sqs::SqsEvent;
use doorward_events::{Sample, sample, sample_batch, sample_message};
use doorward_model::{EventKind, EventPayload, Inbound, RecordEnvelope};
use serde_json::{Value, json};

use super::{call, calls, event};

type Told = BTreeMap<String, Value>;

fn told(members: Value) -> Told {
    members.as_object().unwrap().clone().into_iter().collect()
}

fn of<'a>(kind: EventKind, told: &'a Told, payload: Option<&'a Value>, id: &'a str) -> Sample<'a> {
    let (time, region, account) = ("2026-11-24T12:00:00Z".parse().unwrap(), "eu-west-1", "123456789012");
    Sample { kind, event_type: None, told, payload, id, time, region, account }
}

fn ids(calls: &[Inbound]) -> Vec<&str> {
    calls.iter().map(|call| call.call.as_str()).collect()
}

#[test]
fn records_of_a_batch_are_told_apart_and_their_numbers_ascend() {
    for (kind, front, number) in [
        (EventKind::Sqs, json!({ "queue": "own.fifo" }), "/attributes/SequenceNumber"),
        (EventKind::DynamoDb, json!({ "table": "own" }), "/dynamodb/SequenceNumber"),
        (EventKind::Kinesis, json!({ "stream": "own" }), "/kinesis/sequenceNumber"),
    ] {
        let told = told(front);
        let samples = ["b", "a", "c"].map(|id| of(kind, &told, None, id));
        let batch = sample_batch(&samples, RecordEnvelope::Records);
        let numbers: Vec<&str> = batch["Records"]
            .as_array()
            .unwrap()
            .iter()
            .map(|record| record.pointer(number).unwrap().as_str().unwrap())
            .collect();
        assert!(numbers.is_sorted_by(|one, next| one < next), "{numbers:?}");
        let read = calls(&batch, &[]);
        let known: std::collections::BTreeSet<_> = ids(&read).into_iter().collect();
        assert_eq!(known.len(), 3, "{kind:?}");
        // Whoever hands them over, they are the same.
        let piped = sample_batch(&samples, RecordEnvelope::List);
        assert!(piped.is_array() && piped[0].get("kinesis").is_none(), "{piped}");
        assert_eq!(ids(&calls(&piped, &[])), ids(&read));
        assert_eq!(event(&calls(&piped, &[])[0]).envelope, RecordEnvelope::List);
    }
}

#[test]
fn what_a_source_sends_to_a_queue_or_topic_is_opened_to_it() {
    let queue = told(json!({ "queue": "inbox" }));
    let topic = told(json!({ "topic": "between" }));
    for (kind, own) in [
        (EventKind::S3, json!({ "bucket": "receipts", "key": "a b+é.pdf" })),
        (EventKind::Sns, json!({ "topic": "news", "subject": "hot", "attributes": { "tenant": "gold" } })),
        (EventKind::Sns, json!({ "topic": "news.fifo" })),
        (EventKind::EventBridge, json!({ "source": "shop.orders" })),
        (EventKind::Schedule, json!({ "schedule": "nightly" })),
        (EventKind::Schedule, json!({ "schedule": "default/nightly" })),
    ] {
        let own = told(own);
        let message = Value::from(sample_message(&of(kind, &own, None, "01")));
        let in_queue = sample(&of(EventKind::Sqs, &queue, Some(&message), "02"));
        let read = call_of(&in_queue, &[("queue:inbox", 1)]);
        assert_eq!((event(&read).kind(), &event(&read).fault), (kind, &None));
        if kind == EventKind::Schedule {
            assert_eq!(
                event(&read).payload,
                EventPayload::Json(json!({})),
                "as it is of the schedule itself"
            );
        }
        if kind == EventKind::Sns {
            let typed: SnsMessage = serde_json::from_str(message.as_str().unwrap()).unwrap();
            assert_eq!(typed.message_id.len(), 36);
            continue;
        }
        let in_topic = of(EventKind::Sns, &topic, Some(&message), "03");
        let read = call_of(&sample(&in_topic), &[("topic:between", 1)]);
        assert_eq!((event(&read).kind(), &event(&read).fault), (kind, &None));
        let notification = Value::from(sample_message(&in_topic));
        let in_both = sample(&of(EventKind::Sqs, &queue, Some(&notification), "04"));
        let read = call_of(&in_both, &[("queue:inbox", 2)]);
        assert_eq!((event(&read).kind(), &event(&read).fault), (kind, &None));
        let through = &event(&read).carried.as_ref().unwrap().through;
        assert_eq!(through.iter().map(ToString::to_string).collect::<Vec<_>>(), ["topic:between"]);
    }
    for kind in [EventKind::Sqs, EventKind::DynamoDb, EventKind::Kinesis, EventKind::CloudEvents] {
        assert_eq!(sample_message(&of(kind, &Told::new(), None, "01")), None);
    }
}

#[track_caller]
fn call_of(event: &Value, open: &[(&str, usize)]) -> Inbound {
    let mut read = calls(event, open);
    assert_eq!(read.len(), 1);
    read.remove(0)
}

#[test]
fn the_scheduler_s_detail_is_a_text_that_is_read_as_an_object() {
    let payload = json!({});
    for (schedule, detail) in [("nightly", json!({})), ("default/nightly", json!("{}"))] {
        let told = told(json!({ "schedule": schedule }));
        let sent = sample(&of(EventKind::Schedule, &told, Some(&payload), "01"));
        assert_eq!(sent["detail"], detail);
        let read = call(&sent);
        let record = event(&read);
        assert_eq!(record.attributes["schedule"], schedule);
        match schedule.contains('/') {
            true => assert_eq!(record.payload, EventPayload::Json(json!({}))),
            false => assert_eq!(record.payload, EventPayload::At("/detail")),
        }
    }
}

#[test]
fn a_table_says_that_it_removed_an_item_itself() {
    let told = told(json!({ "table": "carts", "user": "dynamodb.amazonaws.com" }));
    let images = json!({ "Keys": { "id": "7" }, "OldImage": { "id": "7", "items": 2 } });
    let removal =
        Sample { event_type: Some("REMOVE"), ..of(EventKind::DynamoDb, &told, Some(&images), "01") };
    let sent = sample(&removal);
    let record = &sent["Records"][0];
    assert_eq!(record["userIdentity"], json!({ "type": "Service", "principalId": "dynamodb.amazonaws.com" }));
    assert_eq!(record["dynamodb"]["OldImage"], json!({ "id": { "S": "7" }, "items": { "N": "2" } }));
    let read = call(&sent);
    assert_eq!(event(&read).attributes["user"], "dynamodb.amazonaws.com");
    let view = |event_type, images: &Value| {
        let change =
            Sample { event_type: Some(event_type), ..of(EventKind::DynamoDb, &told, Some(images), "01") };
        sample(&change)["Records"][0]["dynamodb"]["StreamViewType"].clone()
    };
    assert_eq!(view("REMOVE", &images), "NEW_AND_OLD_IMAGES");
    assert_eq!(view("MODIFY", &images), "OLD_IMAGE");
    assert_eq!(view("INSERT", &json!({ "Keys": { "id": "7" } })), "KEYS_ONLY");
}

#[test]
fn the_types_of_others_read_what_is_made_up() {
    let attributes = json!({ "tenant": "gold", "raw": { "type": "Binary", "value": "AAE=" } });
    let body = json!("hello");
    let queue = told(json!({ "queue": "own.fifo", "attributes": attributes, "group": "g" }));
    let sent: SqsEvent =
        serde_json::from_value(sample(&of(EventKind::Sqs, &queue, Some(&body), "01"))).unwrap();
    let message = &sent.records[0];
    // Of the text itself, by md5sum.
    assert_eq!(message.md5_of_body.as_deref(), Some("5d41402abc4b2a76b9719d911017c592"));
    assert!(message.md5_of_message_attributes.is_some());
    assert_eq!(message.message_attributes["tenant"].string_value.as_deref(), Some("gold"));
    assert_eq!(message.message_attributes["raw"].binary_value.as_ref().unwrap().0, [0, 1]);
    assert_eq!(message.attributes["MessageGroupId"], "g");

    let topic = told(json!({ "topic": "own", "attributes": attributes }));
    let sent: SnsEvent =
        serde_json::from_value(sample(&of(EventKind::Sns, &topic, Some(&body), "01"))).unwrap();
    assert_eq!(sent.records[0].sns.message_attributes["raw"].data_type, "Binary");

    let stream = told(json!({ "stream": "own" }));
    let sent: KinesisEvent =
        serde_json::from_value(sample(&of(EventKind::Kinesis, &stream, Some(&body), "01"))).unwrap();
    assert_eq!(&sent.records[0].kinesis.data.0[..], b"hello");
}
