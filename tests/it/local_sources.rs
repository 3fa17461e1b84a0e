//! A queue, a stream and tables that are pinned, and what a local door makes of them and of what targets name.

use doorward_tests::http;
use doorward_tests::local_door::{LocalDoor, dynamodb};
use serde_json::{Value, json};

use crate::check::project;

/// What comes in by the queue, the stream or a table goes into another queue.
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

[[events]]
id = "changed"
source = "dynamodb"
match = { table = "*" }
target = "copies"
purpose = "bookkeeping"

[[mappings]]
front = "queue:inbox"
batch_size = 50
batching_window = "1s"
visibility_timeout = "1s"
maximum_receives = 2

[[mappings]]
front = "table:orders"
batch_size = 1

[[targets]]
name = "news"
sns = "arn:aws:sns:us-east-1:123456789012:news"
"#;

const POLICIES: &str = r#"
permit (principal, action in [Action::"noteSent", Action::"clicked", Action::"changed"], resource);
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
            let fronts = r#"fronts = ["queue:inbox", "stream:clicks", "table:orders", "table:visits", "#;
            let changed = text.replacen("fronts = [", fronts, 1);
            assert_ne!(changed, text);
            changed + EVENTS
        }),
        ("receipts.cedar", &|text| text + POLICIES),
    ]);
    let door = LocalDoor::open(folder.path(), &["--table", "visits=page,at:N"]);
    let absent = json!([{ "service": "SNS", "variable": "AWS_ENDPOINT_URL_SNS", "targets": ["news"] }]);
    assert_eq!(door.absent(), &absent);

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
    // Twice it was handed over, and once from here: its count goes on in the dead-letter queue.
    assert_eq!(letter["Attributes"]["ApproximateReceiveCount"], "3");
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

    let put = |table: &str, item: Value| {
        let answer = dynamodb(door.dynamodb(), "PutItem", &json!({ "TableName": table, "Item": item }));
        assert_eq!(answer.status, 200, "{answer:?}");
        let copy = next(&door, "copies");
        let change: Value = serde_json::from_str(copy["Body"].as_str().unwrap()).unwrap();
        let [record] = change["Records"].as_array().unwrap().as_slice() else { panic!("{change}") };
        assert_eq!(record["dynamodb"]["NewImage"], item);
        (record["eventName"].clone(), record["dynamodb"]["OldImage"].clone())
    };
    let order = |total: &str| json!({ "id": { "S": "1001" }, "total": { "N": total } });
    assert_eq!(put("orders", order("12")), (json!("INSERT"), Value::Null));
    assert_eq!(put("orders", order("13")), (json!("MODIFY"), order("12")));
    let visit = json!({ "page": { "S": "/" }, "at": { "N": "7" } });
    assert_eq!(put("visits", visit).0, "INSERT");
}
