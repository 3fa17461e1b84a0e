//! A large batch of a queue at the real dispatcher.

use std::collections::HashSet;

use doorward_tests::http::send;
use doorward_tests::local_door::LocalDoor;
use doorward_tests::workspace;
use serde_json::{Value, json};

const RECORDS: usize = 1000;
const DENIED: usize = 500;

fn message(nth: usize, amount: u64) -> Value {
    let body = json!({ "order": format!("o-{nth}"), "amount": amount }).to_string();
    json!({
        "messageId": format!("large-{nth}"), "receiptHandle": "h", "body": body,
        "attributes": { "SenderId": "AIDA" }, "messageAttributes": {}, "eventSource": "aws:sqs",
        "awsRegion": "us-east-1", "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:payments"
    })
}

#[test]
fn of_a_thousand_records_one_is_denied_and_comes_again() {
    let door = LocalDoor::open(workspace::root(), &[]);
    let invoke = |records: Vec<Value>| {
        let payload = json!({ "Records": records }).to_string();
        let path = "/2015-03-31/functions/dispatcher/invocations";
        send(door.lambda(), "POST", path, &[], payload.as_bytes())
    };
    let amount = |nth| if nth == DENIED { 100_001 } else { 100 };
    let records: Vec<Value> = (0..RECORDS).map(|nth| message(nth, amount(nth))).collect();
    let denied = format!("large-{DENIED}");
    // Again, as if the first answers had been lost.
    for _ in 0..2 {
        let mut left = records.clone();
        // What there is no time for comes back, and is delivered again: how much that is, is the machine's to say.
        while left.len() > 1 {
            let answer = invoke(left.clone()).json();
            let failed = answer["batchItemFailures"].as_array().unwrap();
            let failed: HashSet<&str> =
                failed.iter().map(|failure| failure["itemIdentifier"].as_str().unwrap()).collect();
            assert!(failed.contains(denied.as_str()) && failed.len() < left.len(), "{answer}");
            left.retain(|record| failed.contains(record["messageId"].as_str().unwrap()));
            assert_eq!(left.len(), failed.len(), "{answer}");
        }
    }
    // It never ran, so that it is decided anew: here as who mended the policy would have it.
    let answer = invoke(vec![message(DENIED, 100)]);
    assert_eq!(answer.json(), json!({ "batchItemFailures": [] }), "{answer:?}");
}
