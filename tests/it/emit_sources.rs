//! `doorward emit` of every source, into the real dispatcher: what each verb sends is read as what its service sends, decided and
//! recorded, and the exit status says how it ended.

use std::path::Path;
use std::process::Command;

use doorward_testkit::http1::HttpMessage;
use doorward_testkit::unruly_server::{Conduct, UnrulyServer};
use doorward_tests::binaries;
use doorward_tests::local_door::LocalDoor;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::emit::{Sent, emit, emit_to};

const FRONTS: &str = r#"
fronts = ["bucket:receipts", "queue:payments", "queue:orders.fifo", "queue:uploads", "queue:deep", "queue:told", "queue:buses",
  "queue:late", "topic:news", "topic:uploads", "bus:123456789012", "bus:210987654321", "schedule:nightly",
  "schedule:default/nightly", "table:carts", "stream:clicks"]
[door]
name = "d"
table = "doorward"
[[targets]]
name = "worker"
lambda = "worker"
"#;

/// A rule, its source, what else it says, and when its event is permitted.
const RULES: [(&str, &str, &str, &str); 14] = [
    ("uploaded", "s3", "match = { bucket = \"receipts\" }", "context.event.key like \"*.pdf\""),
    (
        "uploadQueued",
        "s3",
        "through = [\"queue:uploads\"]\nmatch = { bucket = \"receipts\" }",
        "context.claimed.key like \"*.pdf\" && context.event has sender && context.event.sender == \"AIDASHOP\"",
    ),
    (
        "uploadTold",
        "s3",
        "through = [\"topic:uploads\"]\nmatch = { bucket = \"receipts\" }",
        "context.claimed.key like \"*.pdf\"",
    ),
    (
        "uploadToldAndQueued",
        "s3",
        "through = [\"queue:deep\", \"topic:uploads\"]\nmatch = { bucket = \"receipts\" }",
        "context.claimed.key like \"*.pdf\"",
    ),
    (
        "asked",
        "sqs",
        "match = { queue = \"payments\" }\ncontract = \"n.json\"\nattributes = [\"tenant\", \"size\"]\non_deny = \"fail\"",
        "context.input.n < 100 && !(context.claimed.attributes has tenant && context.claimed.attributes.tenant == \"iron\") && \
         !(context.event has sender && context.event.sender == \"AIDAMALLORY\")",
    ),
    (
        "ordered",
        "sqs",
        "match = { queue = \"orders.fifo\", group = \"*\" }\ncontract = \"n.json\"\non_deny = \"fail\"",
        "context.input.n < 100 && context.claimed has group && context.claimed.group == \"7\"",
    ),
    (
        "told",
        "sns",
        "match = { topic = \"news\" }\nattributes = [\"tenant\"]",
        "context.claimed has subject && context.claimed.subject == \"hot\" && context.claimed.attributes has tenant",
    ),
    (
        "toldQueued",
        "sns",
        "through = [\"queue:told\"]\nmatch = { topic = \"news\" }",
        "context.claimed has subject && context.claimed.subject == \"hot\"",
    ),
    (
        "changed",
        "eventbridge",
        "match = { source = \"shop.*\", event = \"Changed\" }",
        "context.event has account && context.event.account == \"123456789012\" && context.claimed.resources.contains(\"arn:aws:s3:::a\")",
    ),
    (
        "changeQueued",
        "eventbridge",
        "through = [\"queue:buses\"]\nmatch = { source = \"shop.*\" }\ncontract = \"n.json\"",
        "context.input.n < 100",
    ),
    ("struck", "schedule", "match = { schedule = \"*\" }\ncontract = \"object.json\"", "true"),
    (
        "struckQueued",
        "schedule",
        "through = [\"queue:late\"]\nmatch = { schedule = \"*\" }\ncontract = \"object.json\"",
        "true",
    ),
    (
        "cartChanged",
        "dynamodb",
        "match = { table = \"carts\" }\ncontract = \"image.json\"",
        "context.event.type != \"REMOVE\" || (context.event has user && context.event.user == \"dynamodb.amazonaws.com\")",
    ),
    (
        "clicked",
        "kinesis",
        "match = { stream = \"clicks\" }\ncontract = \"n.json\"\non_deny = \"fail\"",
        "context.input.n < 100 && context.claimed.partition_key == \"k\"",
    ),
];

const FILES: [(&str, &str); 3] = [
    ("n.json", r#"{ "type": "object", "required": ["n"], "properties": { "n": { "type": "integer" } } }"#),
    ("object.json", r#"{ "type": "object", "maxProperties": 0 }"#),
    // The key stands in the images, as in every record of a table.
    (
        "image.json",
        r#"{ "type": "object", "required": ["Keys"], "properties": {
            "NewImage": { "type": "object", "required": ["id"] }, "OldImage": { "type": "object", "required": ["id"] } } }"#,
    ),
];

fn write_project(folder: &Path) {
    let (mut config, mut policies) = (FRONTS.to_owned(), String::new());
    for (id, source, rule, condition) in RULES {
        config += &format!("[[events]]\nid = \"{id}\"\nsource = \"{source}\"\ntarget = \"worker\"\n{rule}\n");
        policies +=
            &format!("permit (principal, action == Action::\"{id}\", resource) when {{ {condition} }};\n");
    }
    let written = [("doorward.toml", config.as_str()), ("own.cedar", policies.as_str())];
    for (name, text) in written.into_iter().chain(FILES) {
        std::fs::write(folder.join(name), text).unwrap();
    }
}

struct Door(LocalDoor);

impl Door {
    /// What is emitted becomes calls of `action` that end so, as the ledger says as well; the exit status tells it.
    #[track_caller]
    fn check(&self, arguments: &[&str], action: &str, outcomes: &[&str]) -> Sent {
        let sent = emit(&self.0, arguments);
        assert_eq!(sent.outcomes(), outcomes, "{arguments:?}: {sent:?}");
        let refused = outcomes.iter().any(|outcome| !["admitted", "repeated"].contains(outcome));
        assert_eq!(sent.code, Some(if refused { 2 } else { 0 }), "{arguments:?}: {sent:?}");
        for call in sent.calls() {
            assert_eq!(call["action"], action, "{sent:?}");
            let row = self.0.ledger(call["call_id"].as_str().unwrap());
            if call["outcome"] != "repeated" {
                assert_eq!(row["outcome"]["S"], call["outcome"], "{sent:?}");
            }
        }
        sent
    }

    /// Nothing is sent of what makes no sense.
    #[track_caller]
    fn refused(&self, arguments: &[&str], message: &str) {
        let sent = emit(&self.0, arguments);
        assert_eq!(sent.code, Some(3), "{arguments:?}: {sent:?}");
        assert!(sent.told["error"].as_str().unwrap().contains(message), "{sent:?}");
    }
}

/// As many failures of single records as there are, beside the answer's own form.
fn failures(sent: &Sent) -> usize {
    sent.told["answer"]["batchItemFailures"].as_array().unwrap_or_else(|| panic!("{sent:?}")).len()
}

#[test]
fn every_source_is_sent_as_its_service_sends_it() {
    let project = tempfile::tempdir().unwrap();
    write_project(project.path());
    let door = Door(LocalDoor::open(project.path(), &[]));
    buckets(&door);
    queues(&door);
    queues_in_order(&door);
    topics(&door);
    buses(&door);
    schedules(&door);
    tables(&door);
    streams(&door);
    files(&door, project.path());
}

fn buckets(door: &Door) {
    let upload = |key, more: &[&'static str]| [&["s3", "--bucket", "receipts", "--key", key], more].concat();
    let queue = ["--through", "sqs:uploads", "--sender", "AIDASHOP"];
    let topic = ["--through", "sns:uploads"];
    let both = ["--through", "sns:uploads", "--through", "sqs:deep"];
    for (action, way) in [
        ("uploaded", &[][..]),
        ("uploadQueued", &queue),
        ("uploadTold", &topic),
        ("uploadToldAndQueued", &both),
    ] {
        let sent = door.check(&upload("a b+c.pdf", way), action, &["admitted"]);
        // Only queues wait for the answer.
        assert_eq!(sent.told["answer"].is_null(), !way.join(" ").contains("sqs:"), "{sent:?}");
        door.check(&upload("a.exe", way), action, &["denied"]);
    }
    let three = upload("b.pdf", &["--through", "queue:uploads", "--sender", "AIDASHOP", "--count", "3"]);
    door.check(&three, "uploadQueued", &["admitted"; 3]);
    door.check(&upload("c.pdf", &["--through", "sqs:uploads"]), "uploadQueued", &["denied"]);
    door.refused(&upload("a.pdf", &["--count", "2"]), "only queues and streams");
    door.refused(&upload("a.pdf", &["--sender", "A"]), "only messages of a queue");
    door.refused(&upload("a.pdf", &["--through", "sqs:a", "--through", "sns:b"]), "no event takes that way");
    door.refused(&upload("a.pdf", &["--through", "sqs:orders.fifo"]), "S3 sends to no FIFO queue");
    door.refused(&upload("a.pdf", &["--through", "uploads"]), "uploads");
}

fn queues(door: &Door) {
    let ask = |more: &[&'static str]| [&["sqs", "--queue", "payments"], more].concat();
    let one = ask(&["--body", r#"{"n":1}"#, "--id", "one", "--sender", "AIDASHOP", "--receives", "2"]);
    door.check(&one, "asked", &["admitted"]);
    door.check(&one, "asked", &["repeated"]);
    let bodies = ["--body", r#"{"n":1}"#, "--body", r#"{"n":500}"#, "--body", "pay me"];
    let sent = door.check(&ask(&bodies), "asked", &["admitted", "denied", "invalid"]);
    assert_eq!(failures(&sent), 2, "{sent:?}");
    let body = ["--body", r#"{"n":1}"#];
    let ten = door.check(&ask(&[&body[..], &["--count", "10"]].concat()), "asked", &["admitted"; 10]);
    assert_eq!(failures(&ten), 0, "{ten:?}");
    let piped = [&body[..], &["--count", "2", "--pipe"]].concat();
    let piped = door.check(&ask(&piped), "asked", &["admitted"; 2]);
    assert_eq!(failures(&piped), 0, "{piped:?}");
    for (attributes, outcome) in [
        (["--attribute", "tenant=gold", "--attribute", "size:Number=3"], "admitted"),
        (["--attribute", "tenant=iron", "--attribute", "raw:Binary=AAE="], "denied"),
    ] {
        door.check(&ask(&[&body[..], &attributes].concat()), "asked", &[outcome]);
    }
    door.check(&ask(&[&body[..], &["--sender", "AIDAMALLORY"]].concat()), "asked", &["denied"]);
    for odd in ["tenant", "=a", "size:Number=x", "raw:Binary=?", "a:Bool=true"] {
        door.refused(&["sqs", "--queue", "payments", "--body", "{}", "--attribute", odd], odd);
    }
}

fn queues_in_order(door: &Door) {
    let order = |more: &[&'static str]| [&["sqs", "--queue", "orders.fifo"], more].concat();
    let bodies = ["--body", r#"{"n":1}"#, "--body", r#"{"n":500}"#, "--body", r#"{"n":3}"#];
    let group = ["--group", "7"];
    door.check(&order(&[&bodies[..2], &group].concat()), "ordered", &["admitted"]);
    let sent = emit(&door.0, &order(&[&bodies[..], &group].concat()));
    // Everything behind what failed comes again.
    assert_eq!((sent.code, failures(&sent)), (Some(2), 2), "{sent:?}");
    assert!(sent.outcomes().contains(&"admitted") && sent.outcomes().contains(&"denied"), "{sent:?}");
    door.check(&order(&bodies[..2]), "ordered", &["denied"]);
}

fn topics(door: &Door) {
    let tell = |more: &[&'static str]| [&["sns", "--topic", "news", "--message", "hello"], more].concat();
    let hot = ["--subject", "hot", "--attribute", "tenant=gold"];
    door.check(&tell(&hot), "told", &["admitted"]);
    door.check(&tell(&hot[..2]), "told", &["denied"]);
    let queue = ["--through", "sqs:told"];
    door.check(&tell(&[&hot[..], &queue].concat()), "toldQueued", &["admitted"]);
    door.check(&tell(&queue), "toldQueued", &["denied"]);
    door.check(&tell(&[&hot[..], &queue, &["--count", "2"]].concat()), "toldQueued", &["admitted"; 2]);
    door.refused(&tell(&["--through", "sns:uploads"]), "no topic's notifications");
    door.refused(&["sns", "--topic", "a.fifo", "--message", "a"], "a FIFO topic sends to queues alone");
}

fn buses(door: &Door) {
    let change = |more: &[&'static str]| {
        [&["eventbridge", "--source", "shop.stock", "--type", "Changed", "--detail", r#"{"n":1}"#], more]
            .concat()
    };
    let about = ["--resource", "arn:aws:s3:::a"];
    door.check(&change(&about), "changed", &["admitted"]);
    door.check(&change(&[&about[..], &["--account", "210987654321"]].concat()), "changed", &["denied"]);
    let sent =
        door.check(&change(&["--through", "sqs:buses", "--count", "2"]), "changeQueued", &["admitted"; 2]);
    assert_eq!(failures(&sent), 0);
    // From where nothing may come, and what nobody can read: kept, and no call of a rule's.
    let foreign = emit(&door.0, &change(&["--account", "999999999999"]));
    assert_eq!(foreign.code, Some(2), "{foreign:?}");
    door.refused(&change(&["--through", "sqs:buses", "--count", "0"]), "0");
}

fn schedules(door: &Door) {
    for name in ["nightly", "default/nightly"] {
        door.check(&["schedule", "--name", name], "struck", &["admitted"]);
        door.check(&["schedule", "--name", name, "--through", "sqs:late"], "struckQueued", &["admitted"]);
    }
    door.check(&["schedule", "--name", "nightly", "--detail", r#"{"n":1}"#], "struck", &["invalid"]);
}

fn tables(door: &Door) {
    let cart =
        |more: &[&'static str]| [&["dynamodb", "--table", "carts", "--keys", r#"{"id":"7"}"#], more].concat();
    let (new, old) = (["--new", r#"{"items":3}"#], ["--old", r#"{"items":2}"#]);
    door.check(&cart(&new), "cartChanged", &["admitted"]);
    door.check(&cart(&[&["--event", "MODIFY"], &new[..], &old].concat()), "cartChanged", &["admitted"]);
    door.check(&cart(&[&["--event", "REMOVE"], &old[..]].concat()), "cartChanged", &["denied"]);
    door.check(&cart(&[&["--ttl"], &old[..]].concat()), "cartChanged", &["admitted"]);
    let piped = door.check(&cart(&["--count", "3", "--pipe", "--ttl"]), "cartChanged", &["admitted"; 3]);
    assert_eq!(failures(&piped), 0);
    door.refused(&cart(&["--event", "REMOVE", "--new", "{}"]), "no `--new`");
    door.refused(&cart(&["--event", "MODIFY", "--ttl"]), "`REMOVE`");
    door.refused(&cart(&old), "no `--old`");
    door.refused(&cart(&["--new", r#"{"id":"8"}"#]), "another `id`");
    door.refused(&cart(&["--new", "[]"]), "no JSON object");
    door.refused(&cart(&["--event", "PUT"]), "PUT");
}

fn streams(door: &Door) {
    let click =
        |more: &[&'static str]| [&["kinesis", "--stream", "clicks", "--partition-key", "k"], more].concat();
    let data = ["--data", r#"{"n":1}"#, "--data", r#"{"n":500}"#];
    door.check(&click(&data[..2]), "clicked", &["admitted"]);
    for pipe in [&[][..], &["--pipe"]] {
        let sent = door.check(&click(&[&data[..], pipe].concat()), "clicked", &["admitted", "denied"]);
        assert_eq!(failures(&sent), 1, "{sent:?}");
    }
    door.check(&click(&[&data[..2], &["--count", "5"]].concat()), "clicked", &["admitted"; 5]);
}

fn files(door: &Door, folder: &Path) {
    let file = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (n, filling) = (r#"{"n":1,"filling":"#, "x".repeat(700 * 1024));
    let body = format!("{n}{}}}", json!(filling));
    let message = |id: &str, body: &str| {
        json!({
            "messageId": id, "receiptHandle": "h", "body": body, "attributes": { "SenderId": "AIDASHOP" },
            "messageAttributes": {}, "eventSource": "aws:sqs", "awsRegion": "us-east-1",
            "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:payments"
        })
    };
    let records =
        |count: usize| -> Value { (0..count).map(|nth| message(&format!("f-{nth}"), &body)).collect() };
    // More than an asynchronous invocation may have.
    let large = file("large.json", &json!({ "Records": records(3) }).to_string());
    door.check(&["file", &large], "asked", &["admitted"; 3]);
    let too_large = file("too-large.json", &json!({ "Records": records(9) }).to_string());
    door.refused(&["file", &too_large], "6 MiB");
    let handed_over = json!({ "Records": [{ "eventSource": "aws:s3", "filling": [filling, filling] }] });
    door.refused(
        &["file", &file("s3.json", &handed_over.to_string())],
        "1 MiB that Lambda takes asynchronously",
    );
    door.refused(&["file", &file("none.json", "{")], "no JSON");

    let sent = emit(&door.0, &["file", &file("unread.json", "{}")]);
    assert_eq!((sent.code, &sent.calls()[0]["event"]), (Some(2), &json!("unread")), "{sent:?}");
    let nowhere = folder.join("nowhere.json");
    assert_eq!(emit(&door.0, &["file", nowhere.to_str().unwrap()]).code, Some(1));
}

/// A deployed door writes what became of an event to its log, which is not at hand.
#[test]
fn what_is_not_known_is_not_called_refused() {
    let runtime = Runtime::new().unwrap();
    let lambda = |request: &HttpMessage| {
        let awaited = request.field("x-amz-invocation-type") != Some("Event");
        Conduct::Answer(match (request.start.contains("/invocations"), awaited) {
            (true, false) => HttpMessage::answer(202, "").with("x-amzn-requestid", "r-1"),
            (true, true) => {
                let failures = r#"{"batchItemFailures":[{"itemIdentifier":"1"}]}"#;
                HttpMessage::answer(200, failures).with("x-amzn-requestid", "r-2")
            }
            (false, _) => HttpMessage::answer(404, "{}"),
        })
    };
    let server = runtime.block_on(UnrulyServer::start(lambda));
    let url = format!("http://{}", server.address());
    let upload = ["s3", "--bucket", "receipts", "--key", "a.pdf"];
    let sent = emit_to(&url, &upload);
    assert_eq!((sent.code, &sent.told["end"]), (Some(0), &json!("unknown")), "{sent:?}");
    let said = Command::new(binaries::path("doorward"))
        .args(["emit", "--lambda-url", &url])
        .args(upload)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&said.stdout);
    assert!(text.contains("sent; outcome not known from here"), "{text}");
    // The answer says that a record failed, wherever the log is.
    let sent = emit_to(&url, &["sqs", "--queue", "payments", "--body", "{}"]);
    assert_eq!((sent.code, &sent.told["end"]), (Some(2), &json!("refused")), "{sent:?}");
    let free = doorward_tests::free_address().unwrap();
    assert_eq!(emit_to(&format!("http://{free}"), &upload).code, Some(1));
}
