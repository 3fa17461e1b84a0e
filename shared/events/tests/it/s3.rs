use crate::samples::{self, read, s3_event, s3_record, with};
use aws_lambda_events::s3::S3Event;
use doorward_events::records::{Openings, envelope};
use doorward_events::s3::{self, BrokenRecord, RecordFault, S3Sample};
use doorward_events::{Entrance, Envelope, EnvelopeError, UnknownEvent};
use doorward_model::{EventRecord, Inbound, Message};
use serde_json::{Value, json};

#[track_caller]
fn records(records: &[Value]) -> Vec<Result<Inbound, BrokenRecord>> {
    match read(&s3_event(records)) {
        Ok(Entrance::Records(batch)) => batch.records,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn one(record: Value) -> Inbound {
    let mut read = records(&[record]);
    assert_eq!(read.len(), 1);
    read.remove(0).unwrap()
}

#[track_caller]
fn event(inbound: &Inbound) -> &EventRecord {
    match &inbound.message {
        Message::Event(event) => event,
        Message::Http(_) => panic!("a request"),
    }
}

#[test]
fn a_notification_is_read_whole() {
    let inbound = one(s3_record());
    assert_eq!(inbound.front.to_string(), "bucket:receipts");
    assert_eq!(inbound.invocation, samples::REQUEST_ID);
    assert_eq!(inbound.gateway_request.as_deref(), Some("C3D13FE58DE4C810"));
    assert_eq!(inbound.trace.xray.as_deref(), Some(samples::XRAY));
    let event = event(&inbound);
    assert_eq!(event.event_type, "ObjectCreated:Put");
    assert_eq!(event.sender, "bucket:receipts");
    assert_eq!(event.region, "eu-central-1");
    assert_eq!(event.account, None);
    assert_eq!(event.happened, Some("2026-11-24T22:59:59.123Z".parse().unwrap()));
    let expected = json!({
        "bucket": "receipts",
        "key": "inbox/Happy Face+é.jpg",
        "size": 1024,
        "version": "096fKKXTRTtl3on89fVO.nfljtsv6qko",
        "owner": "A3NL1KOZZKExample",
        "user": "AWS:AIDAINPONIXQXHT3IKHL2"
    });
    assert_eq!(serde_json::to_value(&event.attributes).unwrap(), expected);
    assert_eq!(*event.record, s3_record());
    assert_eq!(envelope(&[event]), s3_event(&[s3_record()]));
}

#[test]
fn what_a_removal_lacks_is_absent() {
    let removal = json!({
        "eventName": "s3:ObjectRemoved:Delete",
        "s3": {"object": {"size": null, "eTag": null, "versionId": null}}
    });
    let inbound = one(with(s3_record(), removal));
    assert_eq!(event(&inbound).event_type, "ObjectRemoved:Delete");
    assert_eq!(event(&inbound).attributes.keys().collect::<Vec<_>>(), ["bucket", "key", "owner", "user"]);
}

fn id(patch: Value) -> String {
    one(with(s3_record(), patch)).call.as_str().to_owned()
}

#[test]
fn the_same_notification_has_the_same_id_and_another_has_another() {
    let first = id(json!({}));
    assert_eq!(first.len(), "s3-".len() + 32);
    assert!(first["s3-".len()..].bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)));
    assert_eq!(id(json!({})), first);
    // Delivered again, perhaps by another host and under another configuration: still the same.
    assert_eq!(id(json!({"responseElements": {"x-amz-id-2": "other", "x-amz-request-id": "other"}})), first);
    for other in [
        json!({"s3": {"object": {"sequencer": "0055AED6DCD90281E6"}}}),
        json!({"s3": {"object": {"sequencer": null}}}),
        json!({"s3": {"object": {"key": "inbox/other"}}}),
        json!({"s3": {"object": {"versionId": "2"}}}),
        json!({"s3": {"bucket": {"name": "other"}}}),
        json!({"eventName": "ObjectRemoved:Delete"}),
    ] {
        assert_ne!(id(other.clone()), first, "{other}");
    }
    let shifted = json!({"s3": {"bucket": {"name": "ab"}, "object": {"key": "c"}}});
    assert_ne!(id(json!({"s3": {"bucket": {"name": "a"}, "object": {"key": "bc"}}})), id(shifted));
}

#[test]
fn the_request_id_stands_in_for_a_sequencer() {
    let request = |id: &str| json!({"responseElements": {"x-amz-request-id": id}, "s3": {"object": {"sequencer": null}}});
    assert_eq!(id(request("A")), id(request("A")));
    assert_ne!(id(request("A")), id(request("B")));
    let key = with(request("A"), json!({"s3": {"object": {"key": "inbox/other"}}}));
    assert_ne!(id(with(request("A"), key)), id(request("A")));
    let sequenced = json!({"s3": {"object": {"sequencer": "A"}}});
    assert_ne!(id(request("A")), id(sequenced), "a sequencer is not a request id");
}

#[track_caller]
fn check_key(encoded: &str, expected: Option<&str>) {
    let record = with(s3_record(), json!({"s3": {"object": {"key": encoded}}}));
    match (records(&[record]).remove(0), expected) {
        (Ok(inbound), Some(key)) => assert_eq!(event(&inbound).attributes["key"], key),
        (Ok(inbound), None) => assert_eq!(event(&inbound).fault, Some(RecordFault::Key.to_string())),
        (other, _) => panic!("{encoded}: {other:?}"),
    }
}

#[test]
fn keys_are_form_decoded() {
    check_key("a+b", Some("a b"));
    check_key("a%20b", Some("a b"));
    check_key("a%2Bb", Some("a+b"));
    check_key("100%25", Some("100%"));
    check_key("a%252Fb", Some("a%2Fb"));
    check_key("%E6%97%A5%E6%9C%AC/x", Some("日本/x"));
    check_key("日本", Some("日本"));
    check_key("a%", None);
    check_key("a%2", None);
    check_key("a%zz", None);
    check_key("a%é", None);
    check_key("a%FF", None);
}

#[track_caller]
fn check_broken(patch: Value, fault: RecordFault) {
    let record = with(s3_record(), patch);
    let mut read = records(&[s3_record(), record.clone()]);
    assert_eq!(read.remove(1).unwrap_err(), BrokenRecord { index: 1, fault, record });
    assert!(read.remove(0).is_ok(), "its neighbour is not affected");
}

#[test]
fn a_broken_record_does_not_break_its_neighbours() {
    check_broken(json!({"eventSource": "aws:sqs"}), RecordFault::Source);
    check_broken(json!({"eventSource": null}), RecordFault::Source);
    check_broken(json!({"s3": null}), RecordFault::Form);
    check_broken(json!({"s3": {"bucket": {"name": null}}}), RecordFault::Missing("s3.bucket.name"));
    check_broken(json!({"s3": {"bucket": {"name": ""}}}), RecordFault::Missing("s3.bucket.name"));
    check_broken(json!({"s3": {"bucket": {"name": 5}}}), RecordFault::Form);
    for name in ["a b", "*", "a/b", "receipts\n", "é"] {
        check_broken(
            json!({"eventName": null, "s3": {"bucket": {"name": name}}}),
            RecordFault::Missing("eventName"),
        );
    }
    let mut read = records(&[json!("text"), s3_record()]);
    assert_eq!(
        read.remove(0).unwrap_err(),
        BrokenRecord { index: 0, fault: RecordFault::Source, record: json!("text") }
    );
}

#[track_caller]
fn check_kept(patch: Value, event_type: &str, region: &str, fault: RecordFault) {
    let record = with(s3_record(), patch);
    let mut read = records(&[s3_record(), record.clone()]);
    let inbound = read.remove(1).unwrap();
    assert_eq!(inbound.front.to_string(), "bucket:receipts");
    assert_eq!(
        (inbound.invocation.as_str(), inbound.gateway_request.as_deref()),
        (samples::REQUEST_ID, None)
    );
    let kept = event(&inbound);
    assert_eq!(kept.fault, Some(fault.to_string()));
    assert_eq!((kept.event_type.as_str(), kept.region.as_str()), (event_type, region));
    assert_eq!((kept.sender.as_str(), kept.happened), ("bucket:receipts", None));
    assert_eq!(serde_json::to_value(&kept.attributes).unwrap(), json!({"bucket": "receipts"}));
    assert_eq!(*kept.record, record);
    assert_eq!(event(&read.remove(0).unwrap()).fault, None, "its neighbour is not affected");
}

#[test]
fn a_broken_record_of_a_known_bucket_was_lost() {
    let (put, region) = ("ObjectCreated:Put", "eu-central-1");
    check_kept(json!({"s3": {"object": {"size": "big"}}}), put, region, RecordFault::Form);
    check_kept(json!({"s3": {"object": null}}), put, region, RecordFault::Form);
    check_kept(json!({"eventTime": "yesterday"}), put, region, RecordFault::Form);
    check_kept(json!({"eventName": 5}), "", region, RecordFault::Form);
    check_kept(json!({"awsRegion": {"a": "b"}, "eventName": "s3:X"}), "X", "", RecordFault::Form);
    check_kept(json!({"s3": {"object": {"key": null}}}), put, region, RecordFault::Missing("s3.object.key"));
    check_kept(json!({"s3": {"object": {"key": "a%zz"}}}), put, region, RecordFault::Key);
    check_kept(json!({"eventName": null}), "", region, RecordFault::Missing("eventName"));
    check_kept(json!({"awsRegion": null}), put, "", RecordFault::Missing("awsRegion"));
    check_kept(
        json!({"responseElements": null, "s3": {"object": {"sequencer": null}}}),
        put,
        region,
        RecordFault::Identity,
    );
}

#[test]
fn a_broken_record_comes_again_as_the_same_call() {
    let ids = |request_id: &str| -> Vec<String> {
        let broken = with(s3_record(), json!({"eventName": null}));
        let payload = s3_event(&[broken.clone(), broken]).to_string();
        let envelope = Envelope { request_id, ..samples::envelope(payload.as_bytes()) };
        match doorward_events::read(&envelope, &Openings::new()) {
            Ok(Entrance::Records(records)) => {
                records.records.into_iter().map(|record| record.unwrap().call.as_str().to_owned()).collect()
            }
            other => panic!("{other:?}"),
        }
    };
    let first = ids("1");
    assert_eq!(ids("1"), first, "Lambda retries with the same request id");
    assert_ne!(first[0], first[1]);
    for id in &first {
        assert_eq!(id.len(), "s3-".len() + 32);
        assert!(!ids("2").contains(id));
    }
}

#[test]
fn the_prefix_of_the_event_name_made_two_calls_of_one() {
    assert_eq!(
        id(json!({"eventName": "s3:ObjectCreated:Put"})),
        id(json!({"eventName": "ObjectCreated:Put"}))
    );
}

#[test]
fn events_without_a_record_of_s3_are_unknown() {
    assert_eq!(read(&s3_event(&[])).unwrap_err(), EnvelopeError::Unknown(UnknownEvent::NoRecords));
    let queue = json!({"messageId": "1", "eventSource": "aws:sqs", "body": "{}"});
    let topic = json!({"EventSource": "aws:sns", "Sns": {}});
    for records in [vec![queue.clone()], vec![topic.clone()], vec![queue, topic], vec![json!(1)]] {
        assert_eq!(read(&s3_event(&records)).unwrap_err(), EnvelopeError::Unknown(UnknownEvent::Source));
    }
}

fn made_up() -> S3Sample<'static> {
    S3Sample {
        bucket: "receipts",
        key: "inbox/Größe + 100%.pdf",
        size: 2048,
        version: None,
        event: "ObjectCreated:Put",
        sequencer: "0066",
        time: "2026-11-24T23:00:00Z".parse().unwrap(),
        region: "eu-central-1",
        account: "123456789012",
    }
}

#[test]
fn a_made_up_event_reads_like_a_real_one() {
    let sample = s3::sample(&made_up());
    let typed: S3Event = serde_json::from_value(sample.clone()).unwrap();
    assert_eq!(typed.records[0].s3.object.key.as_deref(), Some("inbox/Gr%C3%B6%C3%9Fe+%2B+100%25.pdf"));
    let inbound = one(sample["Records"][0].clone());
    let event = event(&inbound);
    assert_eq!(event.attributes["key"], made_up().key);
    assert_eq!(event.attributes["size"], 2048);
    assert_eq!(event.attributes["user"], "AWS:123456789012");
    assert_eq!(event.happened, Some(made_up().time));
    let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let real = with(s3_record(), json!({"glacierEventData": null, "s3": {"object": {"versionId": null}}}));
    assert_eq!(names(&event.record), names(&real));
    for member in ["s3", "responseElements", "requestParameters", "userIdentity"] {
        assert_eq!(names(&event.record[member]), names(&real[member]));
    }
    assert_eq!(names(&event.record["s3"]["object"]), names(&real["s3"]["object"]));
}

#[test]
fn a_made_up_event_repeats_unless_its_sequencer_is_new() {
    let id = |made_up: &S3Sample<'_>| one(s3::sample(made_up)["Records"][0].clone()).call;
    assert_eq!(id(&made_up()), id(&made_up()));
    assert_ne!(id(&made_up()), id(&S3Sample { sequencer: "0067", ..made_up() }));
    let removal = S3Sample { event: "ObjectRemoved:Delete", version: Some("v2"), ..made_up() };
    let inbound = one(s3::sample(&removal)["Records"][0].clone());
    assert_eq!(
        event(&inbound).attributes.keys().collect::<Vec<_>>(),
        ["bucket", "key", "owner", "user", "version"]
    );
}
