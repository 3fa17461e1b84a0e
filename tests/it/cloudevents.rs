//! CloudEvents through the real processes: from a sender over a local door's API to a server.

use std::process::Command;

use doorward_testkit::http1::HttpMessage;
use doorward_testkit::unruly_server::{Conduct, UnrulyServer};
use doorward_tests::binaries;
use doorward_tests::http::{Answer, send};
use doorward_tests::local_door::LocalDoor;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::check::project;

const POLICY: &str = r#"
@id("customers-place-orders")
permit (principal in Group::"customers", action == Action::"orderPlaced", resource)
when { context.claimed.source like "/shop/*" };
"#;

/// A local door with a route of events, whose target is a server.
pub(crate) struct Fixture {
    _runtime: Runtime,
    pub(crate) server: UnrulyServer,
    project: tempfile::TempDir,
    pub(crate) door: LocalDoor,
}

impl Fixture {
    pub(crate) fn open() -> Self {
        let runtime = Runtime::new().unwrap();
        let answer = |_: &HttpMessage| Conduct::Answer(HttpMessage::answer(200, "{}"));
        let server = runtime.block_on(UnrulyServer::start(answer));
        let keys = format!(
            r#"
[[targets]]
name = "sink"
http = "http://{}"
networks = ["127.0.0.0/8"]

[[routes]]
id = "shopEvents"
match = "POST /events"
auth = ["main"]
cloudevents = {{ extensions = ["tenant"], origins = ["sender.example"] }}

[[events]]
id = "orderPlaced"
source = "cloudevents"
match = {{ route = "shopEvents", event = "com.example.order.*" }}
target = "sink"
on_deny = "quarantine"
"#,
            server.address()
        );
        let project =
            project(&[("doorward.toml", &|text| text + &keys), ("orders.cedar", &|text| text + POLICY)]);
        let door = LocalDoor::open(project.path(), &[]);
        Self { _runtime: runtime, server, project, door }
    }

    fn send(&self, headers: &[(&str, &str)], body: &str) -> Answer {
        let token = self.door.bearer("alice", "customers");
        let headers = [&[("authorization", token.as_str())], headers].concat();
        send(self.door.http_api(), "POST", "/events", &headers, body.as_bytes())
    }

    /// What `doorward quarantine` says, and its exit code.
    fn quarantine(&self, arguments: &[&str]) -> (Option<i32>, Value) {
        let output = Command::new(binaries::path("doorward"))
            .arg("quarantine")
            .args(arguments)
            .args(["--format", "json", "--dynamodb-url", self.door.dynamodb(), "--path"])
            .arg(self.project.path())
            .output()
            .unwrap();
        let told = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
        (output.status.code(), told)
    }

    fn emit(&self, event_type: &str, arguments: &[&str]) -> (Option<i32>, Value) {
        let url = format!("{}/events", self.door.http_api());
        let header = format!("authorization: {}", self.door.bearer("alice", "customers"));
        let output = Command::new(binaries::path("doorward"))
            .args([
                "emit",
                "--format",
                "json",
                "cloudevents",
                "--url",
                &url,
                "--header",
                &header,
                "--type",
                event_type,
            ])
            .args(["--source", "/shop/1"])
            .args(arguments)
            .output()
            .unwrap();
        let told = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
        (output.status.code(), told)
    }
}

fn event(id: &str, source: &str) -> String {
    format!(
        r#"{{ "specversion" : "1.0", "id": "{id}", "source": "{source}", "type": "com.example.order.placed", "data": 1.50 }}"#
    )
}

const PLACED: &str = "com.example.order.placed";
const BATCH: (&str, &str) = ("content-type", "application/cloudevents-batch+json");

#[test]
fn a_batch_passes_without_what_is_denied_and_what_was_there() {
    let fixture = Fixture::open();
    let events =
        [event("1", "/shop/1"), event("2", "/elsewhere"), event("3", "/shop/1"), event("1", "/shop/1")];
    let answer = fixture.send(&[BATCH, ("ce-type", "another")], &format!("[{}]", events.join(",\n")));
    assert_eq!(answer.status, 207, "{answer:?}");
    let told = answer.json()["events"].clone();
    let statuses: Vec<&Value> = told.as_array().unwrap().iter().map(|event| &event["status"]).collect();
    assert_eq!(statuses, [200, 403, 200, 200], "{told}");
    let seen = fixture.server.requests();
    let request = seen.last().unwrap();
    assert_eq!(String::from_utf8_lossy(&request.body), format!("[{},{}]", events[0], events[2]));
    assert_eq!(request.start, "POST /events HTTP/1.1");
    assert_eq!(request.field("content-type"), Some(BATCH.1));
    assert_eq!(request.field("ce-type"), None);
    assert_eq!(request.field("x-doorward-caller"), None);
    // Again, of which nothing is new but what was denied.
    let again = fixture.send(&[BATCH], &format!("[{}]", [&*events[0], &*events[2]].join(",")));
    assert_eq!(again.status, 204, "{again:?}");
    assert_eq!(fixture.server.requests().len(), 1);
}

#[test]
fn one_event_passes_in_the_mode_in_which_it_came() {
    let fixture = Fixture::open();
    let structured =
        fixture.send(&[("content-type", "application/cloudevents+json")], &event("1", "/shop/1"));
    assert_eq!((structured.status, structured.body.as_str()), (200, "{}"), "{structured:?}");
    let row = fixture.door.ledger(structured.header("x-request-id").unwrap());
    assert_eq!(
        (row["outcome"]["S"].as_str(), row["caller"]["S"].as_str()),
        (Some("admitted"), Some("User::\"alice\""))
    );
    let fields = [
        ("content-type", "text/plain"),
        ("ce-specversion", "1.0"),
        ("ce-id", "2"),
        ("ce-source", "/shop/1"),
        ("ce-type", "com.example.order.placed"),
        ("ce-subject", "%C3%84"),
    ];
    assert_eq!(fixture.send(&fields, "as it is").status, 200);
    let seen = fixture.server.requests();
    assert_eq!(String::from_utf8_lossy(&seen[0].body), event("1", "/shop/1"));
    let request = &seen[1];
    assert_eq!((request.field("ce-subject"), &request.body[..]), (Some("%C3%84"), &b"as it is"[..]));

    let denied = fixture.send(&[("content-type", "application/cloudevents+json")], &event("3", "/elsewhere"));
    assert_eq!((denied.status, denied.json()["code"].as_str()), (403, Some("forbidden")), "{denied:?}");
    let request = denied.header("x-request-id").unwrap();
    // Another request with the same event is denied alike, and nothing more is kept.
    let again = fixture.send(&[BATCH], &format!("[{}]", event("3", "/elsewhere")));
    assert_eq!(again.status, 403, "{again:?}");
    let (_, listed) = fixture.quarantine(&["list"]);
    let [item] = listed["events"].as_array().unwrap().as_slice() else { panic!("{listed}") };
    assert_eq!(item["refused"], request, "{item}");
    let id = item["call"].as_str().unwrap();
    assert!(id.starts_with("cloudevents-"), "{item}");
    let key = json!({ "owner": { "S": "quarantine" }, "item": { "S": id } });
    let kept = fixture.door.item("doorward-state", &key);
    assert_eq!(
        (kept["source"]["S"].as_str(), kept["reference"]["S"].as_str()),
        (Some("cloudevents"), Some("3")),
        "{kept}"
    );
    assert!(!kept.to_string().contains("Bearer"), "{kept}");
    // The policies are as they were.
    let (code, told) = fixture.quarantine(&["release", id, "--lambda-url", fixture.door.lambda()]);
    assert_eq!((code, &told["released"]), (Some(2), &json!("refused")), "{told}");
    let kept = fixture.door.item("doorward-state", &key);
    assert_eq!((&kept["released"], &kept["code"]["S"]), (&Value::Null, &json!("forbidden")), "{kept}");
}

#[test]
fn emitted_events_go_through_the_door() {
    let fixture = Fixture::open();
    let (code, told) = fixture.emit(PLACED, &["--id", "1", "--data", r#"{"total": 5}"#, "--subject", "Ä 1"]);
    assert_eq!((code, &told["status"]), (Some(0), &json!(200)), "{told}");
    let binary = ["--mode", "binary", "--id", "1", "--subject", "Ä 1", "--set", "tenant=7 %"];
    let (code, told) = fixture.emit(PLACED, &binary);
    // It is the same event.
    assert_eq!((code, &told["status"]), (Some(0), &json!(204)), "{told}");
    let (code, told) =
        fixture.emit(PLACED, &["--mode", "binary", "--id", "2", "--subject", "Ä 1", "--set", "tenant=7 %"]);
    assert_eq!((code, &told["status"]), (Some(0), &json!(200)), "{told}");
    let (code, told) = fixture.emit(PLACED, &["--mode", "batch", "--count", "3", "--id", "3"]);
    assert_eq!((code, &told["status"]), (Some(0), &json!(204)), "{told}");
    let (code, told) = fixture.emit("com.example.unknown", &["--mode", "batch", "--count", "2"]);
    assert_eq!((code, &told["status"]), (Some(2), &json!(404)), "{told}");
    let seen = fixture.server.requests();
    assert_eq!(seen.len(), 3);
    assert_eq!(seen[1].field("ce-subject"), Some("%C3%84%201"));
    let batch: Value = serde_json::from_slice(&seen[2].body).unwrap();
    assert_eq!(
        batch.as_array().unwrap().iter().map(|event| event["id"].clone()).collect::<Vec<_>>(),
        ["3-1", "3-2", "3-3"]
    );
}

#[test]
fn a_sender_asks_beforehand() {
    let fixture = Fixture::open();
    let ask = |origin| {
        let headers = [("webhook-request-origin", origin), ("webhook-request-rate", "10")];
        send(fixture.door.http_api(), "OPTIONS", "/events", &headers, b"")
    };
    let known = ask("sender.example");
    assert_eq!(
        (known.status, known.header("webhook-allowed-origin")),
        (200, Some("sender.example")),
        "{known:?}"
    );
    let other = ask("other.example");
    assert_eq!((other.status, other.header("webhook-allowed-origin")), (405, None), "{other:?}");
}
