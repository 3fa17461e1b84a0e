//! A queue and a stream that are pinned, and what a local door makes of them.

use doorward_tests::http;
use doorward_tests::local_door::LocalDoor;
use serde_json::{Value, json};

use crate::check::project;

/// What comes in by the queue or by the stream goes into another queue.
const EVENTS: &str = r#"
[[targets]]
name = "copies"
sqs = "https://sqs.us-east-1.amazonaws.com/123456789012/copies"

[[events]]
id = "noteSent"
source = "sqs"
match = { queue = "inbox" }
target = "copies"
on_deny = "fail"
purpose = "bookkeeping"

[[events]]
id = "clicked"
source = "kinesis"
match = { stream = "clicks" }
target = "copies"
purpose = "bookkeeping"
"#;

const POLICIES: &str = r#"
permit (principal, action in [Action::"noteSent", Action::"clicked"], resource);
forbid (principal, action == Action::"noteSent", resource)
when { context.claimed has group && context.claimed.group == "nobody" };
"#;

fn ask(url: &str, target: &str, input: &Value) -> Value {
    let headers = [("x-amz-target", target), ("content-type", "application/x-amz-json-1.0")];
    let answer = http::send(url, "POST", "/", &headers, input.to_string().as_bytes());
    assert_eq!(answer.status, 200, "{target} {answer:?}");
    answer.json()
}

fn queue(name: &str) -> String {
    format!("http://127.0.0.1/123456789012/{name}")
}

/// The next message of a queue, which is waited for.
fn next(door: &LocalDoor, name: &str) -> Value {
    let input = json!({
        "QueueUrl": queue(name), "WaitTimeSeconds": 20, "VisibilityTimeout": 600,
        "AttributeNames": ["All"], "MessageAttributeNames": ["All"],
    });
    // A door that has to start its functions first may take longer than one wait.
    for _ in 0..6 {
        let received = ask(door.sqs(), "AmazonSQS.ReceiveMessage", &input);
        if let Some(message) = received.pointer("/Messages/0") {
            return message.clone();
        }
    }
    panic!("nothing comes into `{name}`");
}

#[test]
fn what_is_permitted_passes_and_what_is_not_ends_as_a_dead_letter() {
    let folder = project(&[
        ("doorward.toml", &|text| {
            let fronts = r#"fronts = ["queue:inbox", "stream:clicks", "#;
            let changed = text.replacen("fronts = [", fronts, 1);
            assert_ne!(changed, text);
            changed + EVENTS
        }),
        ("receipts.cedar", &|text| text + POLICIES),
    ]);
    let door = LocalDoor::open(folder.path(), &[]);
    ask(door.sqs(), "AmazonSQS.CreateQueue", &json!({ "QueueName": "copies" }));

    let entries = json!([
        { "Id": "a", "MessageBody": "for everybody" },
        { "Id": "b", "MessageBody": "for nobody", "MessageGroupId": "nobody" },
    ]);
    let batch = json!({ "QueueUrl": queue("inbox"), "Entries": entries });
    ask(door.sqs(), "AmazonSQS.SendMessageBatch", &batch);
    let copy = next(&door, "copies");
    let body = copy["Body"].as_str().unwrap();
    assert!(body.contains("for everybody") && !body.contains("for nobody"), "{copy}");
    let letter = next(&door, "inbox-dlq");
    assert_eq!(letter["Body"], "for nobody");
    // Three times it was handed over, and once from here: its count goes on in the dead-letter queue.
    assert_eq!(letter["Attributes"]["ApproximateReceiveCount"], "4");
    let counts = json!({ "QueueUrl": queue("inbox"), "AttributeNames": ["All"] });
    let counts = ask(door.sqs(), "AmazonSQS.GetQueueAttributes", &counts);
    for count in ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"] {
        assert_eq!(counts["Attributes"][count], "0", "{counts}");
    }

    // `c2VlbiBpdA==` says `seen it`.
    let record = json!({ "StreamName": "clicks", "PartitionKey": "k", "Data": "c2VlbiBpdA==" });
    ask(door.kinesis(), "Kinesis_20131202.PutRecord", &record);
    let copy = next(&door, "copies");
    assert!(copy["Body"].as_str().unwrap().contains("c2VlbiBpdA=="), "{copy}");
}
