use aws_lambda_events::kinesis::KinesisEvent;
use doorward_events::records::envelope;
use doorward_model::{EventKind, EventPayload};
use serde_json::{Value, json};

use super::{IN_ORDER, batch, call, calls, event, records, shard_record, told};
use crate::samples::with;

#[test]
fn a_record_is_read_whole_and_its_key_is_the_producers_word() {
    let sent = records(&[shard_record()]);
    let read = call(&sent);
    let record = event(&read);
    assert_eq!((record.source, record.sender.as_str()), (EventKind::Kinesis, "stream:lambda-stream"));
    assert_eq!(
        told(&record.attributes),
        json!({ "stream": "lambda-stream", "shard": "shardId-000000000006" })
    );
    assert_eq!(told(&record.claims), json!({ "partition_key": "1" }));
    assert_eq!(record.payload, EventPayload::Text("Hello, this is a test.".to_owned()));
    assert_eq!(record.item.as_deref(), Some("49590338271490256608559692538361571095921575989136588898"));
    assert_eq!(record.happened, Some("2018-12-17T22:10:50.987Z".parse().unwrap()));
    assert_eq!(envelope(&[record]), sent);
    assert_eq!(batch(&sent, &[]).answer, IN_ORDER);
    let typed: KinesisEvent = serde_json::from_value(sent).unwrap();
    assert_eq!(&*typed.records[0].kinesis.data, b"Hello, this is a test.");
}

#[test]
fn odd_records_are_records_all_the_same() {
    let of = |patch| event(&call(&records(&[with(shard_record(), patch)]))).payload.clone();
    assert_eq!(of(json!({ "kinesis": { "data": "" } })), EventPayload::Absent);
    assert_eq!(of(json!({ "kinesis": { "data": "//79" } })), EventPayload::Binary(3));
    assert_eq!(
        of(json!({ "kinesis": { "data": "8J+mgA==", "encryptionType": "KMS" } })),
        EventPayload::Text("\u{1f980}".into())
    );
    assert_eq!(
        of(json!({ "kinesis": { "partitionKey": "schlüssel", "approximateArrivalTimestamp": null } }))
            .len_hint(),
        22
    );
}

#[test]
fn a_record_that_a_fan_out_consumer_reads_is_that_of_its_stream() {
    let arn = shard_record()["eventSourceARN"].as_str().unwrap().to_owned();
    let of = |arn: String| call(&records(&[with(shard_record(), json!({ "eventSourceARN": arn }))]));
    let own = of(arn.clone());
    let consumer = of(format!("{arn}/consumer/c:1700000000"));
    assert_eq!(event(&consumer).sender, "stream:lambda-stream");
    assert_eq!((&own.call, &event(&own).arn), (&consumer.call, &event(&consumer).arn));
    assert_eq!(event(&own).arn.as_ref(), Some(&arn));
}

#[test]
fn pipes_hand_records_over_without_anything_around_them() {
    let Value::Object(mut flat) = shard_record() else { panic!() };
    let Some(Value::Object(own)) = flat.remove("kinesis") else { panic!() };
    flat.extend(own);
    let sent = json!([flat]);
    let read = call(&sent);
    assert_eq!(event(&read).payload, EventPayload::Text("Hello, this is a test.".to_owned()));
    assert_eq!(envelope(&[event(&read)]), sent);
    assert_eq!(batch(&sent, &[]).answer, IN_ORDER);
    assert_eq!(call(&sent).call, call(&records(&[shard_record()])).call);
    assert_eq!(batch(&json!([super::message()]), &[]).answer, super::BY_ITEM);
}

#[test]
fn a_broken_record_is_kept_for_its_stream() {
    for broken in [
        json!({ "kinesis": { "data": "not base64" } }),
        json!({ "kinesis": { "data": null } }),
        json!({ "kinesis": { "partitionKey": null } }),
        json!({ "kinesis": { "sequenceNumber": "" } }),
        json!({ "eventID": null }),
    ] {
        let read = calls(&records(&[shard_record(), with(shard_record(), broken.clone())]), &[]);
        assert!(event(&read[1]).fault.is_some(), "{broken}");
        assert_eq!(event(&read[1]).sender, "stream:lambda-stream");
    }
}
