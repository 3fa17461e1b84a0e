//! A table's stream mapped to a function.

use std::time::Duration;

use doorward_emulator::{Emulator, EmulatorError, Options, Queue, StartingPosition, StreamMapping};
use http::Method;
use serde_json::json;

use crate::client::send;
use crate::dynamodb::ask;
use crate::probe::{function, options, texts};

fn with(mapping: StreamMapping) -> Options {
    let table = |name: &str, streamed: bool| {
        let mut table = json!({
            "TableName": format!("${{table}}-{name}"),
            "AttributeDefinitions": [{ "AttributeName": "pk", "AttributeType": "S" }],
            "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
            "BillingMode": "PAY_PER_REQUEST",
        });
        if streamed {
            table["StreamSpecification"] = json!({ "StreamEnabled": true, "StreamViewType": "NEW_IMAGE" });
        }
        table
    };
    Options {
        tables: json!([table("ledger", true), table("state", false)]).to_string(),
        event_sources: vec![mapping],
        ..options(vec![function("probe")])
    }
}

fn mapping() -> StreamMapping {
    StreamMapping { report_batch_item_failures: true, ..StreamMapping::new("shop-ledger", "probe") }
}

async fn put(emulator: &Emulator, key: &str, what: &str) {
    let item = json!({ "pk": { "S": key }, "do": { "S": what } });
    let answer = ask(emulator, "PutItem", json!({ "TableName": "shop-ledger", "Item": item })).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

/// What the function got, one line an invocation.
fn got(emulator: &Emulator) -> Vec<String> {
    let lines = emulator.logs().find("probe gets");
    let texts = texts(&lines).into_iter().filter_map(|line| line.strip_prefix("probe gets "));
    texts.filter(|text| !text.starts_with("from ")).map(str::to_owned).collect()
}

#[tokio::test]
async fn records_come_in_order_and_once() {
    let mapping = StreamMapping { batch_size: 3, ..mapping() };
    let emulator = Emulator::start(with(mapping)).await.unwrap();
    for number in 0..7 {
        put(&emulator, &number.to_string(), "").await;
    }
    emulator.streams_idle().await;
    let got = got(&emulator);
    assert_eq!(got.join(" "), "0 1 2 3 4 5 6");
    assert!(got.iter().all(|batch| batch.split(' ').count() <= 3), "{got:?}");
    let lines = emulator.logs().find("probe gets from");
    let arn = "probe gets from arn:aws:dynamodb:eu-central-1:123456789012:table/shop-ledger/stream/";
    assert!(texts(&lines).iter().all(|line| line.starts_with(arn)), "{lines:?}");
    emulator.shutdown().await;
}

#[tokio::test]
async fn records_are_gathered_for_the_window() {
    let mapping = StreamMapping { batch_size: 2, batching_window: Duration::from_secs(3600), ..mapping() };
    let emulator = Emulator::start(with(mapping)).await.unwrap();
    for key in ["a", "b", "c", "d"] {
        put(&emulator, key, "").await;
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    emulator.streams_idle().await;
    assert_eq!(got(&emulator), ["a b", "c d"]);
    emulator.shutdown().await;
}

#[tokio::test]
async fn what_fails_for_good_is_given_up_with_a_line() {
    for (what, bisect) in [("fail", true), ("report", false)] {
        let mapping = StreamMapping {
            batching_window: Duration::from_secs(1),
            maximum_retry_attempts: Some(1),
            bisect_batch_on_function_error: bisect,
            ..mapping()
        };
        let emulator = Emulator::start(with(mapping)).await.unwrap();
        for (key, what) in [("a", ""), ("b", what), ("c", "")] {
            put(&emulator, key, what).await;
        }
        emulator.streams_idle().await;
        let lines = emulator.logs().find("records are given up");
        let [line] = lines.as_slice() else { panic!("{lines:?}") };
        assert_eq!(line.source, "event-source-mapping");
        let line: serde_json::Value = serde_json::from_str(&line.text).unwrap();
        let given_up = &line["DDBStreamBatchInfo"]["batchSize"];
        let got = got(&emulator).concat();
        assert!(got.contains('a') && got.contains('c'), "{got}");
        // What is reported takes those behind it along; halves find the one.
        assert_eq!(*given_up, if bisect { 1 } else { 2 }, "{line}");
        emulator.shutdown().await;
    }
}

#[tokio::test]
async fn a_queue_is_told_of_what_is_given_up() {
    let mapping = StreamMapping {
        batching_window: Duration::from_secs(1),
        maximum_retry_attempts: Some(0),
        on_failure: Some("given-up".to_owned()),
        ..mapping()
    };
    let options = Options { queues: vec![Queue::new("given-up")], ..with(mapping) };
    let emulator = Emulator::start(options).await.unwrap();
    put(&emulator, "a", "").await;
    put(&emulator, "b", "fail").await;
    emulator.streams_idle().await;
    let headers = [("x-amz-target", "AmazonSQS.ReceiveMessage")];
    let input = json!({ "QueueUrl": emulator.queue_url("given-up") }).to_string();
    let told = send(Method::POST, emulator.sqs_url().unwrap(), &headers, input).await.json();
    let record = told["Messages"][0]["Body"].as_str().unwrap();
    let record: serde_json::Value = serde_json::from_str(record).unwrap();
    assert_eq!(record["responseContext"]["functionError"], "Unhandled");
    assert_eq!(record["requestContext"]["approximateInvokeCount"], 1);
    let info = record["DDBStreamBatchInfo"].as_object().unwrap();
    let names: Vec<&str> = info.keys().map(String::as_str).collect();
    let expected = [
        "shardId",
        "startSequenceNumber",
        "endSequenceNumber",
        "approximateArrivalOfFirstRecord",
        "approximateArrivalOfLastRecord",
        "batchSize",
        "streamArn",
    ];
    assert_eq!(names, expected);
    assert!(info.values().all(|value| !value.is_null()), "{info:?}");
    let arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-ledger/stream/";
    assert!(info["streamArn"].as_str().unwrap().starts_with(arn));
    emulator.shutdown().await;
}

#[tokio::test]
async fn the_newest_records_alone_are_read_where_that_is_asked() {
    let mapping = StreamMapping { starting_position: StartingPosition::Latest, ..mapping() };
    let emulator = Emulator::start(with(mapping)).await.unwrap();
    emulator.streams_idle().await;
    put(&emulator, "a", "").await;
    emulator.streams_idle().await;
    assert_eq!(got(&emulator), ["a"]);
    emulator.shutdown().await;
}

#[tokio::test]
async fn a_mapping_needs_a_stream_and_a_function() {
    let start = |mapping| async { Emulator::start(with(mapping)).await.map(drop) };
    let error = start(StreamMapping::new("shop-state", "probe")).await.unwrap_err();
    assert!(matches!(error, EmulatorError::NoStream(table) if table == "shop-state"));
    let error = start(StreamMapping::new("shop-ledger", "nobody")).await.unwrap_err();
    assert!(matches!(error, EmulatorError::UnknownFunction(name) if name == "nobody"));
}
