use aws_lambda_events::sqs::SqsEvent;
use doorward_events::records::{BatchAnswer, envelope};
use doorward_model::{BatchOrder, EventKind, EventPayload};
use serde_json::json;

use super::{BY_ITEM, batch, call, calls, event, message, records, told};
use crate::samples::with;

#[test]
fn a_message_is_read_whole_and_what_its_sender_says_stands_apart() {
    let sent = records(&[message()]);
    let read = call(&sent);
    assert_eq!(read.front.to_string(), "queue:my-queue");
    let record = event(&read);
    assert_eq!((record.source, record.event_type.as_str()), (EventKind::Sqs, "Message"));
    assert_eq!((record.region.as_str(), record.account.as_deref()), ("us-east-2", Some("123456789012")));
    assert_eq!(record.sender, "queue:my-queue");
    assert_eq!(record.happened, Some("2018-12-17T21:37:29.183Z".parse().unwrap()));
    let attested = json!({ "queue": "my-queue", "sender": "AIDAIENQZJOLO23YVJ4VO", "receives": 2 });
    assert_eq!(told(&record.attributes), attested);
    let claims = json!({ "attributes": { "myAttribute": "myValue" }, "attribute_names": ["myAttribute"] });
    assert_eq!(told(&record.claims), claims);
    assert_eq!(record.payload, EventPayload::Text("{\"order\": \"1001\", \"amount\": 12}".to_owned()));
    assert_eq!(record.item.as_deref(), Some("059f36b4-87a3-44ab-83d2-661975830a7d"));
    assert_eq!(envelope(&[record]), sent);
    // As the types of the crate that functions are written with read it.
    let typed: SqsEvent = serde_json::from_value(sent).unwrap();
    assert_eq!(typed.records[0].message_id, record.item);
    assert_eq!(batch(&records(&[message()]), &[]).answer, BY_ITEM);
}

#[test]
fn a_message_of_a_fifo_queue_says_its_group() {
    let fifo = json!({
        "attributes": {
            "SequenceNumber": "18849496460467696128",
            "MessageGroupId": "1",
            "MessageDeduplicationId": "1",
            "AWSTraceHeader": "Root=1-5759e988-bd862e3fe1be46a994272793"
        },
        "eventSourceARN": "arn:aws:sqs:us-east-2:123456789012:fifo.fifo"
    });
    let sent = records(&[with(message(), fifo)]);
    let read = call(&sent);
    assert_eq!(read.front.to_string(), "queue:fifo.fifo");
    let claims = told(&event(&read).claims);
    assert_eq!((&claims["group"], &claims["deduplication"]), (&json!("1"), &json!("1")));
    assert_eq!(read.trace.xray.as_deref(), Some("Root=1-5759e988-bd862e3fe1be46a994272793"));
    assert_eq!(batch(&sent, &[]).answer, BatchAnswer::Items(BatchOrder::Fifo));
}

#[test]
fn odd_messages_are_messages_all_the_same() {
    for odd in [
        json!({ "body": null }),
        json!({ "body": "" }),
        json!({ "attributes": null }),
        json!({ "messageAttributes": null }),
        json!({ "messageAttributes": { "b": { "binaryValue": "aGk=", "dataType": "Binary", "stringListValues": null } } }),
        json!({ "body": "schöne Grüße, \u{1f980}" }),
        json!({ "added": { "by": "a later version" } }),
    ] {
        let sent = records(&[with(message(), odd.clone())]);
        let read = call(&sent);
        assert_eq!(event(&read).fault, None, "{odd}");
        assert_eq!(envelope(&[event(&read)]), sent, "{odd}");
    }
}

#[test]
fn a_message_has_the_same_id_however_often_it_comes() {
    let id = |patch| call(&records(&[with(message(), patch)])).call;
    let first = id(json!({}));
    assert_eq!(id(json!({ "receiptHandle": "x", "attributes": { "ApproximateReceiveCount": "9" } })), first);
    for other in [
        json!({ "messageId": "059f36b4-87a3-44ab-83d2-661975830a7e" }),
        json!({ "eventSourceARN": "arn:aws:sqs:us-east-2:123456789012:other" }),
        json!({ "eventSourceARN": "arn:aws:sqs:us-east-2:210987654321:my-queue" }),
    ] {
        assert_ne!(id(other.clone()), first, "{other}");
    }
}

#[test]
fn a_broken_message_is_kept_for_its_queue_beside_good_ones() {
    for (broken, item) in [
        (json!({ "messageId": null }), None),
        (json!({ "messageId": 7 }), None),
        (json!({ "eventSourceARN": null }), Some("059f36b4-87a3-44ab-83d2-661975830a7d")),
        (
            json!({ "eventSourceARN": "arn:aws:sqs:us-east-2:x:my-queue" }),
            Some("059f36b4-87a3-44ab-83d2-661975830a7d"),
        ),
        (json!({ "eventSource": "aws:kinesis" }), Some("059f36b4-87a3-44ab-83d2-661975830a7d")),
        (
            json!({ "attributes": { "SentTimestamp": "yesterday" } }),
            Some("059f36b4-87a3-44ab-83d2-661975830a7d"),
        ),
        (json!({ "body": { "not": "a text" } }), Some("059f36b4-87a3-44ab-83d2-661975830a7d")),
        (json!({ "messageAttributes": [] }), Some("059f36b4-87a3-44ab-83d2-661975830a7d")),
    ] {
        let good = with(message(), json!({ "messageId": "other" }));
        let read = calls(&records(&[good, with(message(), broken.clone())]), &[]);
        assert_eq!(event(&read[0]).fault, None);
        let kept = event(&read[1]);
        assert!(kept.fault.is_some(), "{broken}");
        assert_eq!((kept.sender.as_str(), kept.item.as_deref()), ("queue:my-queue", item), "{broken}");
        assert_ne!(read[0].call, read[1].call);
    }
}

#[test]
fn attributes_are_claimed_as_they_are_written_and_bytes_by_their_name_alone() {
    let claims = |attributes: &serde_json::Value| {
        let mut message = message();
        message["messageAttributes"] = attributes.clone();
        told(&event(&call(&records(&[message]))).claims)
    };
    let of_all = claims(&json!({
        "tenant": { "stringValue": "gold", "dataType": "String" },
        "n": { "stringValue": "12345678901234567890.000001", "dataType": "Number" },
        "custom": { "stringValue": "7", "dataType": "Number.int" },
        "empty": { "stringValue": "", "dataType": "String" },
        "bytes": { "binaryValue": "AAEC", "dataType": "Binary.png" },
        "odd": { "dataType": "Elsewhere" },
    }));
    let texts = json!({ "tenant": "gold", "n": "12345678901234567890.000001", "custom": "7", "empty": "" });
    assert_eq!(of_all["attributes"], texts);
    let mut names: Vec<&str> =
        of_all["attribute_names"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["bytes", "custom", "empty", "n", "odd", "tenant"]);
    for none in [json!({}), json!(null)] {
        assert_eq!(claims(&none), json!({ "attributes": {}, "attribute_names": [] }));
    }
    for broken in [
        json!([]),
        json!({ "a": "text" }),
        json!({ "a": {} }),
        json!({ "a": { "dataType": 7, "stringValue": "x" } }),
        json!({ "a": { "dataType": "String" } }),
        json!({ "a": { "dataType": "Number", "stringValue": 7 } }),
    ] {
        let mut message = message();
        message["messageAttributes"] = broken;
        let read = call(&records(&[message.clone()]));
        assert!(event(&read).fault.as_ref().unwrap().contains("/messageAttributes"), "{message}");
    }
}
