use std::time::Duration;

use serde_json::json;

use super::*;

fn kinesis(shards: u32) -> Kinesis {
    let stream = KinesisStream { name: "orders".to_owned(), shards };
    Kinesis::new("eu-central-1", "123456789012", &[stream]).unwrap()
}

fn record(key: &str, data: &str) -> NewRecord {
    NewRecord { data: data.into(), partition_key: key.to_owned(), explicit_hash_key: None }
}

#[tokio::test(start_paused = true)]
async fn a_record_is_delivered_as_lambda_does() {
    let kinesis = kinesis(1);
    let (shard, sequence) = kinesis.put("orders", record("schlüssel", "Hello, this is a test.")).unwrap();
    let [shard_of_it] = kinesis.shards("orders").unwrap().try_into().unwrap_or_else(|_| panic!());
    let (records, next) = shard_of_it.read(0, 10);
    let [(id, event)] = records.as_slice() else { panic!("{records:?}") };
    assert_eq!((id, next, sequence.len()), (&sequence, 1, 56));
    let arrived = event["kinesis"]["approximateArrivalTimestamp"].as_f64().unwrap();
    assert!(arrived > 1_700_000_000.0);
    let expected = json!({
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": "schlüssel",
            "sequenceNumber": sequence,
            "data": "SGVsbG8sIHRoaXMgaXMgYSB0ZXN0Lg==",
            "approximateArrivalTimestamp": arrived,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": format!("{shard}:{sequence}"),
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": "arn:aws:iam::123456789012:role/lambda-role",
        "awsRegion": "eu-central-1",
        "eventSourceARN": "arn:aws:kinesis:eu-central-1:123456789012:stream/orders",
    });
    assert_eq!((shard.as_str(), event), ("shardId-000000000000", &expected));
}

#[tokio::test(start_paused = true)]
async fn records_are_kept_for_a_day_and_never_read_twice() {
    let kinesis = kinesis(1);
    let shard = kinesis.shards("orders").unwrap().remove(0);
    assert_eq!((shard.last(), shard.end()), (None, 0));
    for data in ["a", "b"] {
        kinesis.put("orders", record("k", data)).unwrap();
    }
    let (first, next) = shard.read(0, 1);
    assert_eq!((first.len(), next), (1, 1));
    tokio::time::advance(Duration::from_secs(86_400)).await;
    let (_, sequence) = kinesis.put("orders", record("k", "c")).unwrap();
    let (rest, next) = shard.read(next, 10);
    assert_eq!((rest.len(), next, shard.end()), (1, 3, 3));
    assert_eq!((rest[0].0.as_str(), shard.last()), (sequence.as_str(), Some(sequence.clone())));
    assert!(first[0].0 < sequence);
}

#[tokio::test]
async fn partition_keys_choose_the_shard() {
    let kinesis = kinesis(4);
    for (key, hash, shard) in [
        ("a", None, "shardId-000000000000"),
        ("b", None, "shardId-000000000002"),
        ("a", Some("340282366920938463463374607431768211455"), "shardId-000000000003"),
    ] {
        let record = NewRecord { explicit_hash_key: hash.map(str::to_owned), ..record(key, "x") };
        assert_eq!(kinesis.put("orders", record).unwrap().0, shard, "{key} {hash:?}");
    }
}

#[tokio::test]
async fn what_is_no_record_is_refused_and_takes_the_others_along() {
    let kinesis = kinesis(1);
    let large = "x".repeat(LARGEST_RECORD);
    for broken in [
        record("", "x"),
        record(&"k".repeat(257), "x"),
        record("k", &large),
        NewRecord { explicit_hash_key: Some("-1".to_owned()), ..record("k", "x") },
    ] {
        assert!(kinesis.put_all("orders", vec![record("k", "x"), broken]).is_err());
    }
    assert!(matches!(kinesis.put("nothing", record("k", "x")), Err(KinesisFault::NotFound(_))));
    kinesis.put("orders", record("k", &large[1..])).unwrap();
    assert_eq!(kinesis.shards("orders").unwrap()[0].end(), 1);
}

#[test]
fn a_stream_has_a_name_and_shards() {
    for (name, shards) in [("", 1), ("a b", 1), ("a", 0), ("a", 1001)] {
        let stream = KinesisStream { name: name.to_owned(), shards };
        assert!(Kinesis::new("r", "1", &[stream]).is_err(), "{name} {shards}");
    }
    assert!(Kinesis::new("r", "1", &[KinesisStream::new("a"), KinesisStream::new("a")]).is_err());
}
