//! Local Kinesis streams over their API, and mapped to a function.

use std::time::Duration;

use doorward_emulator::{Emulator, EmulatorError, KinesisStream, Options, Queue, StreamMapping};
use http::Method;
use serde_json::{Value, json};

use crate::client::{Answer, send};
use crate::probe::{function, options, texts};

fn with(event_sources: Vec<StreamMapping>) -> Options {
    Options {
        kinesis_streams: vec![KinesisStream { name: "orders".to_owned(), shards: 2 }],
        queues: vec![Queue::new("given-up"), Queue::new("given-up.fifo")],
        event_sources,
        ..options(vec![function("probe")])
    }
}

fn mapping() -> StreamMapping {
    StreamMapping { report_batch_item_failures: true, ..StreamMapping::kinesis("orders", "probe") }
}

async fn ask(emulator: &Emulator, operation: &str, input: Value) -> Answer {
    let target = format!("Kinesis_20131202.{operation}");
    let headers = [("x-amz-target", target.as_str()), ("content-type", "application/x-amz-json-1.1")];
    send(Method::POST, emulator.kinesis_url().unwrap(), &headers, input.to_string()).await
}

async fn served(emulator: &Emulator, operation: &str, input: Value) -> Value {
    let answer = ask(emulator, operation, input).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// Both go to the first shard.
async fn put(emulator: &Emulator, keys: &[&str]) -> Value {
    let record = |key: &&str| json!({ "Data": "aGk=", "PartitionKey": key, "ExplicitHashKey": "0" });
    let records: Vec<Value> = keys.iter().map(record).collect();
    served(emulator, "PutRecords", json!({ "StreamName": "orders", "Records": records })).await
}

fn got(emulator: &Emulator) -> Vec<String> {
    let lines = emulator.logs().find("probe gets");
    let texts = texts(&lines).into_iter().filter_map(|line| line.strip_prefix("probe gets "));
    texts.filter(|text| !text.starts_with("from ")).map(str::to_owned).collect()
}

#[tokio::test]
async fn records_come_in_the_order_of_their_shard() {
    let emulator = Emulator::start(with(vec![mapping()])).await.unwrap();
    let arn = "arn:aws:kinesis:eu-central-1:123456789012:stream/orders";
    let record = json!({ "StreamARN": arn, "Data": "aGk=", "PartitionKey": "b" });
    let other = served(&emulator, "PutRecord", record).await;
    assert_eq!(other["ShardId"], "shardId-000000000001");
    let records = put(&emulator, &["x", "y", "z"]).await;
    assert_eq!(
        (&records["FailedRecordCount"], &records["Records"][2]["ShardId"]),
        (&json!(0), &json!("shardId-000000000000"))
    );
    emulator.streams_idle().await;
    let got = got(&emulator).join(" ");
    assert_eq!(got.replace('b', "").split_whitespace().collect::<Vec<_>>(), ["x", "y", "z"]);
    let lines = emulator.logs().find("\"partitionKey\":\"b\"");
    let event: Value = serde_json::from_str(lines[0].text.strip_prefix("probe gets from ").unwrap()).unwrap();
    assert_eq!(event["kinesis"]["sequenceNumber"], other["SequenceNumber"]);
    assert_eq!((&event["eventSourceARN"], &event["kinesis"]["data"]), (&json!(arn), &json!("aGk=")));
    emulator.shutdown().await;
}

#[tokio::test]
async fn a_queue_is_told_of_what_is_given_up() {
    for (broken, function_error) in [("report", json!(null)), ("fail", json!("Unhandled"))] {
        let mapping = StreamMapping {
            batching_window: Duration::from_secs(1),
            maximum_retry_attempts: Some(1),
            bisect_batch_on_function_error: true,
            on_failure: Some("given-up".to_owned()),
            ..mapping()
        };
        let emulator = Emulator::start(with(vec![mapping])).await.unwrap();
        let put = put(&emulator, &["a", broken]).await;
        emulator.streams_idle().await;
        let headers = [("x-amz-target", "AmazonSQS.ReceiveMessage")];
        let input = json!({ "QueueUrl": emulator.queue_url("given-up"), "MaxNumberOfMessages": 10 });
        let told = send(Method::POST, emulator.sqs_url().unwrap(), &headers, input.to_string()).await.json();
        let [message] = told["Messages"].as_array().unwrap().as_slice() else { panic!("{told}") };
        let record: Value = serde_json::from_str(message["Body"].as_str().unwrap()).unwrap();
        let info = &record["KinesisBatchInfo"];
        let sequence = &put["Records"][1]["SequenceNumber"];
        let arrived = info["approximateArrivalOfFirstRecord"].as_str().unwrap();
        assert!(arrived.starts_with("20") && arrived.ends_with('Z'), "{arrived}");
        let expected = json!({
            "version": "1.0",
            "timestamp": record["timestamp"],
            "responseContext": { "statusCode": 200, "executedVersion": "$LATEST", "functionError": function_error },
            "requestContext": {
                "functionArn": "arn:aws:lambda:eu-central-1:123456789012:function:probe",
                "condition": "RetryAttemptsExhausted",
                "approximateInvokeCount": 2,
                "requestId": record["requestContext"]["requestId"],
            },
            "KinesisBatchInfo": {
                "shardId": "shardId-000000000000",
                "startSequenceNumber": sequence,
                "endSequenceNumber": sequence,
                "approximateArrivalOfFirstRecord": arrived,
                "approximateArrivalOfLastRecord": arrived,
                "batchSize": 1,
                "streamArn": "arn:aws:kinesis:eu-central-1:123456789012:stream/orders",
            },
        });
        assert_eq!(record, expected);
        let id = record["requestContext"]["requestId"].as_str().unwrap();
        assert!(!emulator.logs().find(id).is_empty(), "it is an invocation's");
        emulator.shutdown().await;
    }
}

#[tokio::test]
async fn a_stream_tells_of_itself_and_refuses_what_is_none() {
    let emulator = Emulator::start(with(Vec::new())).await.unwrap();
    let named = json!({ "StreamName": "orders" });
    let summary = served(&emulator, "DescribeStreamSummary", named.clone()).await;
    assert_eq!(summary["StreamDescriptionSummary"]["OpenShardCount"], 2);
    let shards = served(&emulator, "ListShards", named).await;
    assert_eq!(
        shards["Shards"][1]["HashKeyRange"],
        json!({
            "StartingHashKey": "170141183460469231731687303715884105728",
            "EndingHashKey": "340282366920938463463374607431768211455",
        })
    );
    assert_eq!(served(&emulator, "ListStreams", json!({})).await["StreamNames"], json!(["orders"]));
    let record = json!({ "Data": "?", "PartitionKey": "a" });
    for (operation, input, kind) in [
        ("MakeTea", json!({}), "UnknownOperationException"),
        ("PutRecord", json!({ "StreamName": "orders" }), "SerializationException"),
        ("ListShards", json!({}), "InvalidArgumentException"),
        ("ListShards", json!({ "StreamName": "nothing" }), "ResourceNotFoundException"),
        (
            "ListShards",
            json!({ "StreamARN": "arn:aws:kinesis:r:1:stream/orders" }),
            "ResourceNotFoundException",
        ),
        ("PutRecords", json!({ "StreamName": "orders", "Records": [] }), "ValidationException"),
        ("PutRecords", json!({ "StreamName": "orders", "Records": [record] }), "SerializationException"),
    ] {
        let answer = ask(&emulator, operation, input.clone()).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["__type"]),
            (400, &json!(kind)),
            "{operation} {input}"
        );
    }
    emulator.shutdown().await;
}

#[tokio::test]
async fn a_mapping_needs_a_stream_and_a_standard_queue() {
    let start = |mapping| async { Emulator::start(with(vec![mapping])).await.map(drop).unwrap_err() };
    let error = start(StreamMapping::kinesis("nothing", "probe")).await;
    assert!(matches!(error, EmulatorError::NoKinesisStream(name) if name == "nothing"));
    for queue in ["nothing", "given-up.fifo"] {
        let error = start(StreamMapping { on_failure: Some(queue.to_owned()), ..mapping() }).await;
        assert!(matches!(error, EmulatorError::NoQueue(name) if name == queue));
    }
}
