//! `doorward emit` into a local door.

use std::process::Command;

use doorward_tests::local_door::LocalDoor;
use doorward_tests::{binaries, workspace};
use serde_json::{Value, json};

/// The calls that one event became, as the door's own log says.
fn emit(door: &LocalDoor, arguments: &[&str]) -> Vec<Value> {
    let output = Command::new(binaries::path("doorward"))
        .args(["emit", "--format", "json", "--lambda-url", door.lambda()])
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    told["calls"].as_array().unwrap().clone()
}

#[test]
fn an_emitted_event_goes_through_the_door_once() {
    let door = LocalDoor::open(workspace::root(), &[]);
    let s3 = |key: &str| emit(&door, &["s3", "--bucket", "receipts", "--key", key, "--sequencer", "0A"]);
    let outcomes = |calls: &[Value]| calls.iter().map(|call| call["outcome"].clone()).collect::<Vec<_>>();
    let first = s3("inbox/a b+c.pdf");
    assert_eq!(outcomes(&first), [json!("admitted")], "{first:?}");
    assert_eq!(outcomes(&s3("inbox/a b+c.pdf")), [json!("repeated")]);
    assert_eq!(door.ledger(first[0]["call_id"].as_str().unwrap())["outcome"]["S"], "admitted");

    let denied = s3("inbox/a.exe");
    assert_eq!(outcomes(&denied), [json!("denied")]);
    let key = json!({ "owner": { "S": "quarantine" }, "item": { "S": denied[0]["call_id"] } });
    assert_eq!(door.item("doorward-state", &key)["code"]["S"], "forbidden");
}

#[test]
fn a_broken_record_is_kept_and_its_neighbours_are_served() {
    let door = LocalDoor::open(workspace::root(), &[]);
    let record = |key: &str| {
        json!({
            "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1",
            "eventTime": "2026-11-24T12:00:00.000Z", "eventName": "ObjectCreated:Put",
            "userIdentity": { "principalId": "AWS:AIDA" }, "requestParameters": { "sourceIPAddress": "192.0.2.1" },
            "responseElements": { "x-amz-request-id": "R", "x-amz-id-2": "I" },
            "s3": {
                "s3SchemaVersion": "1.0", "configurationId": "c",
                "bucket": { "name": "receipts", "ownerIdentity": { "principalId": "O" }, "arn": "arn:aws:s3:::receipts" },
                "object": { "key": key, "size": 10, "eTag": "e", "sequencer": "0B" }
            }
        })
    };
    let file = tempfile::NamedTempFile::new().unwrap();
    let event = json!({ "Records": [record("inbox/ok.pdf"), record("inbox/%zz.pdf")] });
    std::fs::write(file.path(), event.to_string()).unwrap();
    let mut calls = emit(&door, &["file", file.path().to_str().unwrap()]);
    calls.sort_by_key(|call| call["outcome"].to_string());
    let ends: Vec<_> = calls.iter().map(|call| (call["outcome"].clone(), call["code"].clone())).collect();
    assert_eq!(ends, [(json!("admitted"), json!(null)), (json!("invalid"), json!("malformed-request"))]);
    let key = json!({ "owner": { "S": "quarantine" }, "item": { "S": calls[1]["call_id"] } });
    assert!(door.item("doorward-state", &key)["cause"]["S"].is_string());
}
