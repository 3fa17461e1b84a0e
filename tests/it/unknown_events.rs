//! Events that nobody can read, or whose source is not pinned, at the real functions: kept once, shown, released and dropped.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use doorward_tests::http::{Answer, send};
use doorward_tests::local_door::LocalDoor;
use doorward_tests::{binaries, workspace};
use serde_json::{Value, json};

fn invoke(door: &LocalDoor, payload: &str) -> Answer {
    send(door.lambda(), "POST", "/2015-03-31/functions/dispatcher/invocations", &[], payload.as_bytes())
}

/// What `doorward quarantine` says, and its exit code.
pub(crate) fn quarantine(door: &LocalDoor, project: &Path, arguments: &[&str]) -> (Option<i32>, Value) {
    let output = Command::new(binaries::path("doorward"))
        .arg("quarantine")
        .args(arguments)
        .args(["--format", "json", "--dynamodb-url", door.dynamodb(), "--path"])
        .arg(project)
        .output()
        .unwrap();
    let told = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    (output.status.code(), told)
}

#[test]
fn what_nobody_reads_is_kept_once_and_stays_until_it_is_dropped() {
    let (project, door) = (workspace::root(), LocalDoor::open(workspace::root(), &[]));
    let test = r#"{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2014-10-13T15:57:02.089Z","Bucket":"mallory","RequestId":"R","HostId":"H"}"#;
    let payloads = [
        "{}",
        "[]",
        "null",
        r#"{"Records":[]}"#,
        // One record, which names no bucket.
        r#"{"Records":[{"eventSource":"aws:s3"}]}"#,
        r#"{"Records":[{"eventSource":"aws:sqs","body":"x"}]}"#,
        r#"{"a":1,"a":2}"#,
        test,
    ];
    // As often as Lambda tries an asynchronous invocation.
    for _ in 0..3 {
        for payload in payloads {
            let answer = invoke(&door, payload);
            assert_eq!(answer.status, 200, "{payload}: {answer:?}");
            assert_eq!(answer.header("x-amz-function-error"), None, "{payload}: {answer:?}");
        }
    }
    let (_, told) = quarantine(&door, project, &["list"]);
    let events = told["events"].as_array().unwrap();
    assert_eq!(events.len(), payloads.len(), "{told}");
    let answer = invoke(&door, "{}").json();
    let id = answer["quarantined"].as_str().unwrap();
    assert_eq!(answer["code"], "unknown-event");
    let (_, foreign) = quarantine(&door, project, &["list", "--code", "unknown-front"]);
    assert_eq!(foreign["events"].as_array().unwrap().len(), 1, "a test event of a bucket that may not send");

    let (code, shown) = quarantine(&door, project, &["show", id]);
    assert_eq!((code, &shown["record"], &shown["sender"]), (Some(0), &json!("{}"), &json!("unknown")));
    let lines = door.lines(id);
    let line = lines.iter().find(|line| line["event"] == "unread").unwrap();
    assert_eq!((&line["code"], &line["quarantined"]), (&json!("unknown-event"), &json!(true)), "{line}");

    // It goes through the door again, and is still none.
    let (code, told) = quarantine(&door, project, &["release", id, "--lambda-url", door.lambda()]);
    assert_eq!((code, &told["released"]), (Some(2), &json!("unknown")), "{told}");
    assert_eq!(quarantine(&door, project, &["drop", id]).0, Some(0));
    let (_, told) = quarantine(&door, project, &["list"]);
    assert_eq!(told["events"].as_array().unwrap().len(), payloads.len() - 1);
}

#[test]
fn a_test_event_of_a_pinned_bucket_is_done() {
    let door = LocalDoor::open(workspace::root(), &[]);
    let test = r#"{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2014-10-13T15:57:02.089Z","Bucket":"receipts","RequestId":"R","HostId":"H"}"#;
    let answer = invoke(&door, test);
    assert_eq!((answer.header("x-amz-function-error"), answer.body.as_str()), (None, "null"), "{answer:?}");
    let (_, told) = quarantine(&door, workspace::root(), &["list"]);
    assert_eq!(told["events"], json!([]));
}

#[test]
fn what_a_request_may_have_caused_fails_and_is_not_kept() {
    let door = LocalDoor::open(workspace::root(), &[]);
    for payload in [
        r#"{"requestContext":{}}"#,
        r#"{"version":"3.0","requestContext":{"http":{"method":"GET"}}}"#,
        r#"{"version":"2.0","type":"REQUEST","routeArn":"arn:aws:execute-api:us-east-1:123456789012:shop/$default/GET/"}"#,
    ] {
        let answer = invoke(&door, payload);
        assert_eq!(answer.header("x-amz-function-error"), Some("Unhandled"), "{payload}: {answer:?}");
        assert_eq!(answer.json()["errorType"], "Doorward.UnknownEvent", "{payload}");
    }
    let (_, told) = quarantine(&door, workspace::root(), &["list"]);
    assert_eq!(told["events"], json!([]));
}

#[test]
fn the_configuration_may_have_what_nobody_reads_fail() {
    let project = tempfile::tempdir().unwrap();
    crate::check::copy(&workspace::root().join("policies"), project.path());
    let config = project.path().join("doorward.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replacen("[door]\n", "[door]\nunknown_events = \"fail\"\n", 1)).unwrap();
    let door = LocalDoor::open(project.path(), &[]);
    let answer = invoke(&door, "{}");
    assert_eq!(answer.header("x-amz-function-error"), Some("Unhandled"), "{answer:?}");
    assert_eq!(answer.json()["errorType"], "Doorward.UnknownEvent");
    let (_, told) = quarantine(&door, project.path(), &["list"]);
    assert_eq!(told["events"], json!([]));
}

#[test]
fn an_event_of_a_source_that_is_pinned_later_is_served_when_it_is_released() {
    let project = tempfile::tempdir().unwrap();
    crate::check::copy(&workspace::root().join("policies"), project.path());
    let config = project.path().join("doorward.toml");
    let pinned = std::fs::read_to_string(&config).unwrap();
    let unpinned = pinned.replace("\"bus:123456789012\", ", "");
    assert_ne!(pinned, unpinned);
    std::fs::write(&config, unpinned).unwrap();
    let door = LocalDoor::open(project.path(), &[]);
    let event = json!({
        "version": "0", "id": "17793124-05d4-b198-2fde-7ededc63b103", "detail-type": "StockChanged",
        "source": "warehouse.stock", "account": "123456789012", "time": "2026-11-24T12:00:00Z",
        "region": "us-east-1", "resources": [], "detail": {}
    });
    for _ in 0..2 {
        let answer = invoke(&door, &event.to_string());
        assert_eq!(answer.header("x-amz-function-error"), None, "{answer:?}");
    }
    let (_, told) = quarantine(&door, project.path(), &["list"]);
    let [kept] = told["events"].as_array().unwrap().as_slice() else { panic!("one event: {told}") };
    assert_eq!((&kept["code"], &kept["sender"]), (&json!("unknown-front"), &json!("bus:123456789012")));
    let id = kept["call"].as_str().unwrap();
    let release = ["release", id, "--lambda-url", door.lambda()];
    let (code, told) = quarantine(&door, project.path(), &release);
    assert_eq!((code, &told["released"]), (Some(2), &json!("refused")), "{told}");

    std::fs::write(&config, pinned).unwrap();
    let published = Command::new(binaries::path("doorward"))
        .args(["bundle", "publish"])
        .arg(project.path())
        .args(["--dynamodb-url", door.dynamodb()])
        .output()
        .unwrap();
    assert!(published.status.success(), "{published:?}");
    // The running door looks for it once in its refresh interval, two seconds.
    let mut told = (None, Value::Null);
    for _ in 0..40 {
        told = quarantine(&door, project.path(), &release);
        if told.0 == Some(0) {
            break;
        }
        std::thread::sleep(Duration::from_millis(250));
    }
    assert_eq!((told.0, &told.1["released"]), (Some(0), &json!("taken")), "{told:?}");
    let (_, told) = quarantine(&door, project.path(), &["list"]);
    assert_eq!(told["events"], json!([]));
    assert_eq!(door.ledger(id)["outcome"]["S"], "admitted");
}

/// A queue whose messages are opened, one envelope deep.
#[test]
fn what_cannot_be_opened_is_kept_and_its_neighbours_are_served() {
    let door = LocalDoor::open(workspace::root(), &[]);
    let message = |id: &str, body: &str| {
        json!({
            "messageId": id, "receiptHandle": "h", "body": body, "attributes": { "SenderId": "AIDA" },
            "messageAttributes": {}, "eventSource": "aws:sqs", "awsRegion": "us-east-1",
            "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:uploads"
        })
    };
    let upload = |key: &str| {
        json!({ "Records": [{
            "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1",
            "eventTime": "2026-11-24T12:00:00.000Z", "eventName": "ObjectCreated:Put",
            "userIdentity": { "principalId": "AWS:AIDA" }, "requestParameters": { "sourceIPAddress": "192.0.2.1" },
            "responseElements": { "x-amz-request-id": "R", "x-amz-id-2": "I" },
            "s3": {
                "s3SchemaVersion": "1.0", "configurationId": "c",
                "bucket": { "name": "receipts", "ownerIdentity": { "principalId": "O" }, "arn": "arn:aws:s3:::receipts" },
                "object": { "key": key, "size": 10, "eTag": "e", "sequencer": "0C" }
            }
        }] })
        .to_string()
    };
    let deeper = json!({
        "Type": "Notification", "MessageId": "n", "TopicArn": "arn:aws:sns:us-east-1:123456789012:uploads",
        "Message": upload("inbox/deep.pdf"), "Timestamp": "2026-11-24T12:00:00.000Z"
    });
    let mut nameless = message("5", "{}");
    nameless.as_object_mut().unwrap().remove("messageId");
    let event = json!({ "Records": [
        message("1", &upload("inbox/a.pdf")),
        message("2", &deeper.to_string()),
        message("3", r#"{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"receipts"}"#),
        message("4", "no JSON"),
        nameless,
        message("6", &upload("inbox/b.pdf")),
    ] });
    for _ in 0..2 {
        let answer = invoke(&door, &event.to_string());
        assert_eq!(answer.json(), json!({ "batchItemFailures": [] }), "{answer:?}");
    }
    let (_, told) = quarantine(&door, workspace::root(), &["list"]);
    let kept = told["events"].as_array().unwrap();
    assert_eq!(kept.len(), 4, "{told}");
    assert!(kept.iter().all(|item| item["code"] == "malformed-request"), "{told}");
    let deeper = kept.iter().filter(|item| item["cause"].to_string().contains("nested too deep"));
    assert_eq!(deeper.count(), 1, "{told}");
}
