//! Records of a stream in the form of <https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html>.

use doorward_events::EnvelopeError;
use doorward_events::dynamodb::{BrokenStreamRecord, StreamChange, StreamFault, StreamRecord, read_stream};
use doorward_model::{Item, ItemValue};
use serde_json::{Value, json};

fn record() -> Value {
    json!({
        "eventID": "c4ca4238a0b923820dcc509a6f75849b",
        "eventName": "MODIFY",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "dynamodb": {
            "ApproximateCreationDateTime": 1_479_499_740.25,
            "Keys": { "Id": { "N": "101" } },
            "NewImage": { "Message": { "S": "New item!" }, "Id": { "N": "101" } },
            "OldImage": { "Message": { "S": "Old" }, "Id": { "N": "101" } },
            "SequenceNumber": "4421584500000000017450439091",
            "SizeBytes": 26,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
        "eventSourceARN": "arn:aws:dynamodb:us-east-1:123456789012:table/shop-ledger/stream/2024-06-10T19:26:16.525",
    })
}

fn read(records: Value) -> Vec<Result<StreamRecord, BrokenStreamRecord>> {
    read_stream(&serde_json::to_vec(&json!({ "Records": records })).unwrap()).unwrap()
}

fn item<const N: usize>(members: [(&str, ItemValue); N]) -> Item {
    members.map(|(name, value)| (name.to_owned(), value)).into()
}

fn number(text: &str) -> ItemValue {
    ItemValue::Number(text.to_owned())
}

fn text(text: &str) -> ItemValue {
    ItemValue::Text(text.to_owned())
}

#[test]
fn a_documented_record_is_read() {
    let expected = StreamRecord {
        event_id: "c4ca4238a0b923820dcc509a6f75849b".into(),
        sequence: "4421584500000000017450439091".into(),
        table: "shop-ledger".into(),
        at: Some("2016-11-18T20:09:00.25Z".parse().unwrap()),
        keys: item([("Id", number("101"))]),
        change: StreamChange::Modify {
            old: Some(item([("Message", text("Old")), ("Id", number("101"))])),
            new: Some(item([("Message", text("New item!")), ("Id", number("101"))])),
        },
    };
    assert_eq!(read(json!([record()])), [Ok(expected)]);
}

#[test]
fn every_type_of_attribute_is_read() {
    let mut one = record();
    one["eventName"] = "INSERT".into();
    one["dynamodb"]["NewImage"] = json!({
        "n": { "N": "-1.5E+10" }, "b": { "B": "aGk=" }, "t": { "BOOL": true }, "z": { "NULL": true },
        "l": { "L": [{ "S": "x" }] }, "m": { "M": { "x": { "N": "1" } } }, "ss": { "SS": ["x"] },
        "ns": { "NS": ["1"] }, "bs": { "BS": ["aGk="] },
    });
    let read = read(json!([one])).remove(0).unwrap();
    let StreamChange::Insert { new: Some(new) } = read.change else { panic!("{read:?}") };
    let hi = || ItemValue::Binary(b"hi".to_vec());
    let expected = item([
        ("n", number("-1.5E+10")),
        ("b", hi()),
        ("t", ItemValue::Bool(true)),
        ("z", ItemValue::Null),
        ("l", ItemValue::List(vec![text("x")])),
        ("m", ItemValue::Record(item([("x", number("1"))]))),
        ("ss", ItemValue::List(vec![text("x")])),
        ("ns", ItemValue::List(vec![number("1")])),
        ("bs", ItemValue::List(vec![hi()])),
    ]);
    assert_eq!(new, expected);
}

#[test]
fn removals_by_the_time_to_live_are_told_from_others() {
    #[track_caller]
    fn check(identity: Value, by_expiry: bool) {
        let mut one = record();
        one["eventName"] = "REMOVE".into();
        one["userIdentity"] = identity;
        let read = read(json!([one])).remove(0).unwrap();
        let StreamChange::Remove { expired, old: Some(_) } = read.change else { panic!("{read:?}") };
        assert_eq!(expired, by_expiry);
    }
    check(json!({ "type": "Service", "principalId": "dynamodb.amazonaws.com" }), true);
    check(json!({ "Type": "Service", "PrincipalId": "dynamodb.amazonaws.com" }), true);
    check(json!({ "type": "Service", "principalId": "replication.dynamodb.amazonaws.com" }), false);
    check(Value::Null, false);
    check(json!("Service"), false);
}

#[test]
fn a_broken_record_leaves_the_others_alone() {
    #[track_caller]
    fn check(change: impl FnOnce(&mut Value), fault: StreamFault) {
        let mut broken = record();
        change(&mut broken);
        let read = read(json!([record(), broken, record()]));
        let sequence = read[1].as_ref().unwrap_err().sequence.clone();
        assert_eq!(read[1], Err(BrokenStreamRecord { index: 1, sequence: sequence.clone(), fault }));
        assert_eq!(sequence.is_none(), fault == StreamFault::Member("dynamodb.SequenceNumber"));
        assert!(read[0].is_ok() && read[0] == read[2]);
    }
    use StreamFault::Member;
    check(|one| one["eventSource"] = "aws:s3".into(), StreamFault::Source);
    check(|one| one["eventID"] = json!(7), Member("eventID"));
    check(|one| one["eventName"] = "UPSERT".into(), Member("eventName"));
    check(|one| one["eventSourceARN"] = "arn:aws:dynamodb:x:y:table/shop".into(), Member("eventSourceARN"));
    check(
        |one| one["eventSourceARN"] = "arn:aws:sqs:x:y:table/shop/stream/z".into(),
        Member("eventSourceARN"),
    );
    check(|one| drop(one["dynamodb"].as_object_mut().unwrap().remove("Keys")), Member("Keys"));
    for sequence in [json!(null), json!(5), json!(""), json!("1\n2"), json!("-1"), json!("1".repeat(41))] {
        check(|one| one["dynamodb"]["SequenceNumber"] = sequence, Member("dynamodb.SequenceNumber"));
    }
    for value in [
        json!(1),
        json!({}),
        json!({ "S": 1 }),
        json!({ "S": "x", "N": "1" }),
        json!({ "N": "NaN" }),
        json!({ "N": "1".repeat(65) }),
        json!({ "B": "%" }),
        json!({ "X": "x" }),
        json!({ "L": [1] }),
        json!({ "M": { "x": 1 } }),
        json!({ "SS": [1] }),
        json!({ "NULL": false }),
    ] {
        check(|one| one["dynamodb"]["NewImage"]["Message"] = value, Member("NewImage"));
    }
}

#[test]
fn what_is_no_list_of_records_is_refused() {
    #[track_caller]
    fn check(event: &str, message: &str) {
        let error: EnvelopeError = read_stream(event.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
    check("", "the event cannot be read: not a JSON text (line 1, column 0)");
    check("[]", "the event is unknown: it has none of the forms that this function reads");
    check(r#"{"Records":1}"#, "the event is unknown: it has none of the forms that this function reads");
    check(r#"{"Records":[]}"#, "the event is unknown: it holds no record");
    check(r#"{"Records":[1]}"#, "the event is unknown: its records come from no source that is read");
}

#[test]
fn an_item_as_deep_as_an_item_can_be_is_read() {
    let deep = (0..31).fold(json!({ "S": "x" }), |inner, _| json!({ "M": { "x": inner } }));
    let mut one = record();
    one["dynamodb"]["NewImage"]["deep"] = deep;
    assert!(read(json!([one]))[0].is_ok());
}
