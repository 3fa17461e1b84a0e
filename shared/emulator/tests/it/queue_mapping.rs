//! A queue mapped to a function.

use std::time::Duration;

use doorward_emulator::{DeadLetters, Emulator, EmulatorError, Queue, QueueMapping};
use serde_json::{Value, json};

use crate::probe::texts;
use crate::sqs::{served, url, with};

fn got(emulator: &Emulator) -> Vec<String> {
    let lines = emulator.logs().find("probe gets");
    let texts = texts(&lines).into_iter().filter_map(|line| line.strip_prefix("probe gets "));
    texts.filter(|text| !text.starts_with("from ")).map(str::to_owned).collect()
}

fn mapping(queue: &str) -> QueueMapping {
    QueueMapping { report_batch_item_failures: true, ..QueueMapping::new(queue, "probe") }
}

#[tokio::test]
async fn a_function_gets_messages_as_lambda_hands_them_over() {
    let emulator = Emulator::start(with(vec![Queue::new("orders")], vec![mapping("orders")])).await.unwrap();
    let sent = served(
        &emulator,
        "SendMessage",
        json!({
            "QueueUrl": url(&emulator, "orders"),
            "MessageBody": "hello",
            "MessageAttributes": {
                "timestamp": { "DataType": "Number", "StringValue": "1493147359900" },
                "blob": { "DataType": "Binary.kind", "BinaryValue": "AP8=" },
            },
        }),
    )
    .await;
    emulator.queues_idle().await;
    let lines = emulator.logs().find("probe gets from ");
    let event = texts(&lines)[0].strip_prefix("probe gets from ").unwrap().to_owned();
    let event: Value = serde_json::from_str(&event).unwrap();
    let expected = json!({
        "messageId": sent["MessageId"],
        "receiptHandle": event["receiptHandle"],
        "body": "hello",
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": event["attributes"]["SentTimestamp"],
            "SenderId": "123456789012",
            "ApproximateFirstReceiveTimestamp": event["attributes"]["ApproximateFirstReceiveTimestamp"],
        },
        "messageAttributes": {
            "timestamp": {
                "stringValue": "1493147359900", "stringListValues": [], "binaryListValues": [], "dataType": "Number",
            },
            "blob": {
                "binaryValue": "AP8=", "stringListValues": [], "binaryListValues": [], "dataType": "Binary.kind",
            },
        },
        "md5OfBody": "5d41402abc4b2a76b9719d911017c592",
        "md5OfMessageAttributes": sent["MD5OfMessageAttributes"],
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:orders",
        "awsRegion": "eu-central-1",
    });
    assert_eq!(event, expected);
    for time in ["SentTimestamp", "ApproximateFirstReceiveTimestamp"] {
        assert_eq!(event["attributes"][time].as_str().unwrap().len(), 13);
    }
    emulator.shutdown().await;
}

#[tokio::test]
async fn what_fails_for_good_is_a_dead_letter() {
    let second = Duration::from_secs(1);
    for (dead, name) in [("dead", "orders"), ("dead.fifo", "orders.fifo")] {
        let queue = Queue {
            visibility_timeout: second,
            content_based_deduplication: name.ends_with(".fifo"),
            dead_letters: Some(DeadLetters { queue: dead.to_owned(), maximum_receives: 2 }),
            ..Queue::new(name)
        };
        let options = with(vec![Queue::new(dead), queue], vec![mapping(name)]);
        let emulator = Emulator::start(options).await.unwrap();
        for body in ["good", "report"] {
            let mut message = json!({ "QueueUrl": url(&emulator, name), "MessageBody": body });
            if name.ends_with(".fifo") {
                message["MessageGroupId"] = json!(body);
            }
            served(&emulator, "SendMessage", message).await;
        }
        emulator.queues_idle().await;
        let words: Vec<String> = got(&emulator).join(" ").split(' ').map(str::to_owned).collect();
        let times = |word: &str| words.iter().filter(|seen| *seen == word).count();
        assert_eq!((times("good"), times("report")), (1, 2), "{words:?}");
        let asked = json!({ "QueueUrl": url(&emulator, dead), "AttributeNames": ["All"] });
        let letter = served(&emulator, "ReceiveMessage", asked).await;
        let letter = &letter["Messages"][0];
        assert_eq!(
            (&letter["Body"], &letter["Attributes"]["ApproximateReceiveCount"]),
            (&json!("report"), &json!("3"))
        );
        assert_eq!(emulator.logs().find("messages stay in the queue").len(), 2);
        emulator.shutdown().await;
    }
}

#[tokio::test]
async fn a_mapping_is_one_that_lambda_takes() {
    let refused = |queue: &'static str, change: fn(&mut QueueMapping)| async move {
        let mut mapping = mapping(queue);
        change(&mut mapping);
        let queues = vec![Queue::new("orders"), Queue::new("orders.fifo")];
        Emulator::start(with(queues, vec![mapping])).await.map(drop).unwrap_err()
    };
    assert!(matches!(refused("nothing", |_| {}).await, EmulatorError::NoQueue(name) if name == "nothing"));
    let error = refused("orders", |mapping| mapping.function = "nobody".to_owned()).await;
    assert!(matches!(error, EmulatorError::UnknownFunction(name) if name == "nobody"));
    for (queue, change, reason) in [
        ("orders", (|mapping| mapping.batch_size = 11) as fn(&mut QueueMapping), "batch size"),
        ("orders", |mapping| mapping.batch_size = 0, "batch size"),
        ("orders", |mapping| mapping.batching_window = Duration::from_secs(301), "batching window"),
        ("orders", |mapping| mapping.maximum_concurrency = Some(1), "maximum concurrency"),
        ("orders.fifo", |mapping| mapping.batching_window = Duration::from_secs(1), "batching window"),
    ] {
        let error = refused(queue, change).await;
        assert!(error.to_string().contains(reason), "{error}");
    }
    for queues in [vec![Queue::new("a b")], vec![Queue::new("a"), Queue::new("a")]] {
        assert!(matches!(Emulator::start(with(queues, Vec::new())).await, Err(EmulatorError::Queue { .. })));
    }
}
