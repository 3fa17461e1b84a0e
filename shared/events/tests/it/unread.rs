//! What has no reading: which of it is kept, as what, and what its source is told.

use doorward_events::{Envelope, EnvelopeError, UnknownEvent, unread};
use doorward_model::{UnreadEvent, UnreadReason};
use serde_json::{Value, json};

use crate::samples::{envelope, with};

/// What is kept of a payload that has no reading.
#[track_caller]
fn kept(payload: &str) -> Option<UnreadEvent> {
    let envelope = envelope(payload.as_bytes());
    let error = doorward_events::read(&envelope, &[].into()).unwrap_err();
    unread::of_invocation(&envelope, &error)
}

#[test]
fn what_is_no_request_is_kept_as_it_came() {
    for payload in [
        "null",
        "{}",
        "[]",
        "7",
        r#""text""#,
        r#"{"Records":[]}"#,
        r#"{"Records":{}}"#,
        r#"{"Records":[{"eventSource":"aws:ses"}]}"#,
        r#"{"Records":[{"eventSource":"aws:sqs","body":"no queue"}]}"#,
        r#"{"detail-type":"t","source":"s","detail":{},"account":""}"#,
        r#"{"window":{},"Records":[]}"#,
        r#"{"a":1,"a":2}"#,
        r#"{"doorward":{"release":7}}"#,
        r#"{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"receipts"}"#,
    ] {
        let event = kept(payload).unwrap_or_else(|| panic!("{payload}"));
        assert_eq!((event.payload.as_str(), event.bytes), (payload, payload.len() as u64));
        assert_eq!(event.reason, UnreadReason::Shape);
        assert_eq!(event.id.as_str(), format!("unknown-{}", &event.digest["sha256:".len()..][..32]));
        assert!(!event.cause.is_empty());
    }
    let deep = format!("{}{}", "[".repeat(300), "]".repeat(300));
    assert_eq!(kept(&deep).unwrap().payload, deep);
}

#[test]
fn the_same_payload_has_one_id_and_no_other_has_it() {
    let read = |payload: &str, request_id| {
        let envelope = Envelope { request_id, ..envelope(payload.as_bytes()) };
        unread::of_invocation(&envelope, &EnvelopeError::Unknown(UnknownEvent::Form)).unwrap().id
    };
    assert_eq!(read("{}", "a"), read("{}", "b"), "another invocation");
    assert_ne!(read("{}", "a"), read("{ }", "a"));
}

#[test]
fn what_a_request_may_have_caused_is_not_kept() {
    let arn = "arn:aws:execute-api:us-east-1:123456789012:shop/$default/GET/";
    for payload in [
        json!({ "requestContext": {} }).to_string(),
        json!({ "requestContext": null, "Records": [] }).to_string(),
        json!({ "version": "3.0", "requestContext": { "http": { "method": "GET" } } }).to_string(),
        json!({ "type": "REQUEST", "routeArn": arn }).to_string(),
        json!({ "type": "OTHER", "methodArn": arn }).to_string(),
        // Too deep, and with a member that stands twice.
        format!(r#"{{"a":1,"a":{}{},"requestContext":{{}}}}"#, "[".repeat(300), "]".repeat(300)),
        r#"{"request\u0043ontext":1,"request\u0043ontext":2}"#.to_owned(),
    ] {
        assert_eq!(kept(&payload), None, "{payload}");
    }
    let large = "x".repeat(doorward_events::MAX_EVENT_BYTES + 1);
    assert_eq!(kept(&large), None, "Lambda hands over none of this size");
}

#[test]
fn its_source_is_told_that_nothing_failed() {
    let event = kept(r#"{"Records":[]}"#).unwrap();
    let told = unread::kept(&event, false);
    assert_eq!(told["quarantined"], event.id.as_str());
    assert_eq!((&told["code"], &told["cause"]), (&json!("unknown-event"), &json!(event.cause)));
    assert!(told.get("batchItemFailures").is_none() && told.get("state").is_none());
    assert_eq!(unread::kept(&event, true)["state"], json!({}), "a window wants a state");
}

fn test_event() -> Value {
    json!({
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": "2014-10-13T15:57:02.089Z",
        "Bucket": "receipts",
        "RequestId": "5582815E1AEA5ADF",
        "HostId": "8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3eKxsPzbB9wrR+YstdA6Knx4Ip8EXAMPLE"
    })
}

#[test]
fn what_only_looks_like_a_test_event_is_unknown() {
    use doorward_events::Entrance;
    let read = |event: &Value| crate::samples::read(event);
    let Ok(Entrance::Test(test)) = read(&test_event()) else { panic!("it is one") };
    assert_eq!((test.bucket.to_string().as_str(), test.through), ("bucket:receipts", None));
    for odd in [
        json!({ "Service": "Elsewhere" }),
        json!({ "Event": "s3:Other" }),
        json!({ "Time": "yesterday" }),
        json!({ "Bucket": "" }),
        json!({ "Bucket": 7 }),
        json!({ "Bucket": "a bucket" }),
        json!({ "RequestId": null }),
        json!({ "HostId": null }),
        json!({ "Records": [] }),
        json!({ "more": "x" }),
    ] {
        let event = with(test_event(), odd);
        assert!(matches!(read(&event), Err(EnvelopeError::Unknown(_))), "{event}");
    }
    let mut less = test_event();
    less.as_object_mut().unwrap().remove("HostId");
    assert!(matches!(read(&less), Err(EnvelopeError::Unknown(_))));
}
