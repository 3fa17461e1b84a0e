//! `doorward emit` into a local door.

use std::process::Command;

use doorward_tests::local_door::LocalDoor;
use doorward_tests::{binaries, workspace};
use serde_json::{Value, json};

/// What `doorward emit` says, and its exit code.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) code: Option<i32>,
    pub(crate) told: Value,
}

impl Sent {
    /// How each call that the event became ended, in the order of the words.
    pub(crate) fn outcomes(&self) -> Vec<&str> {
        let mut outcomes: Vec<&str> =
            self.calls().iter().map(|call| call["outcome"].as_str().unwrap()).collect();
        outcomes.sort_unstable();
        outcomes
    }

    pub(crate) fn calls(&self) -> &[Value] {
        self.told["calls"].as_array().unwrap_or_else(|| panic!("{self:?}"))
    }

    /// The id of its only call.
    pub(crate) fn call(&self) -> &str {
        let [call] = self.calls() else { panic!("one call: {self:?}") };
        call["call_id"].as_str().unwrap()
    }
}

/// Emits into the door whose Lambda answers at `url`.
pub(crate) fn emit_to(url: &str, arguments: &[&str]) -> Sent {
    let output = Command::new(binaries::path("doorward"))
        .args(["emit", "--format", "json", "--lambda-url", url])
        .args(arguments)
        .output()
        .unwrap();
    let told = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    Sent { code: output.status.code(), told }
}

pub(crate) fn emit(door: &LocalDoor, arguments: &[&str]) -> Sent {
    emit_to(door.lambda(), arguments)
}

#[test]
fn an_emitted_event_goes_through_the_door_once() {
    let door = LocalDoor::open(workspace::root(), &[]);
    let s3 = |key: &str| emit(&door, &["s3", "--bucket", "receipts", "--key", key, "--sequencer", "0A"]);
    let first = s3("inbox/a b+c.pdf");
    assert_eq!((first.code, first.outcomes()), (Some(0), vec!["admitted"]), "{first:?}");
    let again = s3("inbox/a b+c.pdf");
    assert_eq!((again.code, again.outcomes()), (Some(0), vec!["repeated"]), "{again:?}");
    assert_eq!(door.ledger(first.call())["outcome"]["S"], "admitted");

    let denied = s3("inbox/a.exe");
    assert_eq!((denied.code, denied.outcomes()), (Some(2), vec!["denied"]), "{denied:?}");
    let key = json!({ "owner": { "S": "quarantine" }, "item": { "S": denied.call() } });
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
    let sent = emit(&door, &["file", file.path().to_str().unwrap()]);
    assert_eq!(sent.code, Some(2), "{sent:?}");
    let mut calls = sent.calls().to_vec();
    calls.sort_by_key(|call| call["outcome"].to_string());
    let ends: Vec<_> = calls.iter().map(|call| (call["outcome"].clone(), call["code"].clone())).collect();
    assert_eq!(ends, [(json!("admitted"), json!(null)), (json!("invalid"), json!("malformed-request"))]);
    let key = json!({ "owner": { "S": "quarantine" }, "item": { "S": calls[1]["call_id"] } });
    assert!(door.item("doorward-state", &key)["cause"]["S"].is_string());
}
