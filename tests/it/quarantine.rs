//! `doorward quarantine` of what a policy denied: shown, released when the policy lets it, and dropped.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use doorward_tests::binaries;
use doorward_tests::local_door::LocalDoor;
use serde_json::{Value, json};

use crate::check::project;
use crate::emit::{Sent, emit};
use crate::unknown_events::quarantine;

/// A message of the demo's queue, whose payments are at most 100,000.
fn ask(door: &LocalDoor, id: &str, amount: &str) -> Sent {
    let body = json!({ "order": id, "amount": amount.parse::<u64>().unwrap() }).to_string();
    emit(door, &["sqs", "--queue", "payments", "--id", id, "--body", &body])
}

/// The demo, which keeps what it denies of the queue.
fn keeping() -> tempfile::TempDir {
    let keeps = |text: String| {
        let kept = text.replacen("on_deny = \"fail\"", "on_deny = \"quarantine\"", 1);
        assert_ne!(text, kept);
        kept
    };
    project(&[("doorward.toml", &keeps)])
}

fn listed(door: &LocalDoor, project: &Path) -> Vec<Value> {
    let (code, told) =
        quarantine(door, project, &["list", "--action", "paymentAsked", "--code", "forbidden"]);
    assert_eq!(code, Some(0), "{told}");
    told["events"].as_array().unwrap().clone()
}

/// What people are told.
fn shown(door: &LocalDoor, project: &Path, call: &str) -> String {
    let output = Command::new(binaries::path("doorward"))
        .args(["quarantine", "show", call, "--dynamodb-url", door.dynamodb(), "--path"])
        .arg(project)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn handled(door: &LocalDoor, message: &str) -> usize {
    door.lines(message).iter().filter(|line| line["event"] == "message-handled").count()
}

#[test]
fn a_denied_message_is_carried_out_once_when_the_policy_lets_it() {
    let project = keeping();
    let project = project.path();
    let door = LocalDoor::open(project, &[]);
    let denied = ask(&door, "large", "250000");
    // Its queue is done with it: it is kept.
    assert_eq!(
        (denied.code, &denied.told["answer"]["batchItemFailures"]),
        (Some(2), &json!([])),
        "{denied:?}"
    );
    assert_eq!(denied.outcomes(), ["denied"]);
    let call = denied.call();
    let [kept] = listed(&door, project).try_into().unwrap();
    assert_eq!((&kept["call"], &kept["sender"]), (&json!(call), &json!("queue:payments")));

    let (code, told) = quarantine(&door, project, &["show", call]);
    assert_eq!(
        (code, &told["code"], &told["source"]),
        (Some(0), &json!("forbidden"), &json!("sqs")),
        "{told}"
    );
    let message = told["record"]["messageId"].as_str().unwrap();
    assert!(told["record"]["body"].as_str().unwrap().contains("250000"), "{told}");
    let text = shown(&door, project, call);
    for words in ["forbidden", "no policy permits it", "250000", message] {
        assert!(text.contains(words), "{words}: {text}");
    }

    let release = ["release", call, "--lambda-url", door.lambda()];
    let (code, told) = quarantine(&door, project, &release);
    assert_eq!((code, &told["released"]), (Some(2), &json!("refused")), "{told}");
    assert_eq!((listed(&door, project).len(), handled(&door, message)), (1, 0));

    permit_the_large_one(&door, project);
    let mut told = (None, Value::Null);
    // The running door looks for the bundle once in its refresh interval, two seconds.
    for _ in 0..40 {
        told = quarantine(&door, project, &release);
        if told.0 == Some(0) {
            break;
        }
        std::thread::sleep(Duration::from_millis(250));
    }
    assert_eq!((told.0, &told.1["released"]), (Some(0), &json!("taken")), "{told:?}");
    assert_eq!(door.ledger(call)["outcome"]["S"], "admitted");
    assert_eq!(listed(&door, project), Vec::<Value>::new());

    // It is out: nothing is there to be released again, and when its queue hands it over again it is a repetition.
    assert_eq!(quarantine(&door, project, &release).0, Some(1));
    let again = ask(&door, "large", "250000");
    assert_eq!((again.code, again.outcomes()), (Some(0), vec!["repeated"]), "{again:?}");
    assert_eq!(again.call(), call);
    assert_eq!(handled(&door, message), 1);
}

fn permit_the_large_one(door: &LocalDoor, project: &Path) {
    let permit = r#"
@id("this-large-one-is-made")
permit (principal == EventSource::"queue:payments", action == Action::"paymentAsked", resource)
when { context.input.order == "large" };
"#;
    std::fs::write(project.join("large.cedar"), permit).unwrap();
    let published = Command::new(binaries::path("doorward"))
        .args(["bundle", "publish"])
        .arg(project)
        .args(["--dynamodb-url", door.dynamodb()])
        .output()
        .unwrap();
    assert!(published.status.success(), "{published:?}");
}

#[test]
fn what_is_dropped_is_gone_and_its_call_stays_recorded() {
    let project = keeping();
    let project = project.path();
    let door = LocalDoor::open(project, &[]);
    let (first, second) = (ask(&door, "first", "250000"), ask(&door, "second", "250000"));
    let (code, told) = quarantine(&door, project, &["drop", first.call()]);
    assert_eq!((code, &told["dropped"]), (Some(0), &json!(true)), "{told}");
    let [kept] = listed(&door, project).try_into().unwrap();
    assert_eq!(kept["call"], second.call());
    for verb in [&["show"][..], &["drop"], &["release", "--lambda-url", door.lambda()]] {
        let (code, told) = quarantine(&door, project, &[verb, &[first.call()]].concat());
        assert_eq!(code, Some(1), "{verb:?}: {told}");
        assert!(told["error"].as_str().unwrap().contains("is in quarantine"), "{told}");
    }
    assert_eq!(door.ledger(first.call())["outcome"]["S"], "denied");
}
