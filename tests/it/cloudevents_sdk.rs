//! Events that the CloudEvents SDK for Python writes pass the door, and the SDK reads what comes out.

use doorward_tests::tools::Tools;
use serde_json::{Value, json};

use crate::cloudevents::Fixture;

/// Sends an event in binary mode, one in structured mode and a batch of two; prints the answers. The SDK knows no batches, so that
/// one is an array of what it writes.
const SEND: &str = r#"
import json, sys, urllib.error, urllib.request
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

asked = json.load(sys.stdin)

def event(id, source="/shop/1"):
    attributes = {"id": id, "source": source, "type": "com.example.order.placed", "subject": 'Ä "1" 50%',
        "datacontenttype": "application/json", "tenant": "7"}
    return CloudEvent(attributes, {"total": 5, "note": "ü"})

def post(headers, body):
    headers = dict(headers, authorization=asked["token"])
    request = urllib.request.Request(asked["url"], data=body, headers=headers, method="POST")
    try:
        with urllib.request.urlopen(request) as answer:
            return [answer.status, answer.read().decode()]
    except urllib.error.HTTPError as answer:
        return [answer.code, answer.read().decode()]

binary, structured = to_binary_event(event("1")), to_structured_event(event("2"))
batch = b"[" + b", ".join(to_structured_event(one).body for one in [event("3"), event("4", "/elsewhere")]) + b"]"
print(json.dumps([
    post(binary.headers, binary.body),
    post(structured.headers, structured.body),
    post({"content-type": "application/cloudevents-batch+json"}, batch),
]))
"#;

/// Prints what events the requests bring that a target was sent.
const READ: &str = r#"
import json, sys
from cloudevents.core.bindings.http import HTTPMessage, from_http_event

def events(request):
    headers, body = dict(request["headers"]), request["body"].encode()
    if headers["content-type"] == "application/cloudevents-batch+json":
        headers = {"content-type": "application/cloudevents+json"}
        return [from_http_event(HTTPMessage(headers, json.dumps(one).encode())) for one in json.loads(body)]
    return [from_http_event(HTTPMessage(headers, body))]

def told(event):
    return [event.get_id(), event.get_source(), event.get_type(), event.get_subject(), event.get_extension("tenant"),
        event.get_data()]

print(json.dumps([[told(event) for event in events(request)] for request in json.load(sys.stdin)]))
"#;

#[test]
fn the_python_sdk_sends_and_reads_events_through_the_door() {
    let tools = Tools::install().unwrap();
    let fixture = Fixture::open();
    let url = format!("{}/events", fixture.door.http_api());
    let token = fixture.door.bearer("alice", "customers");
    let answers = tools.script(SEND, &json!({ "url": url, "token": token }));
    let answers = answers.as_array().unwrap();
    let statuses: Vec<&Value> = answers.iter().map(|answer| &answer[0]).collect();
    assert_eq!(statuses, [200, 200, 207], "{answers:?}");
    let batch: Value = serde_json::from_str(answers[2][1].as_str().unwrap()).unwrap();
    let expected = json!([
        { "id": "3", "source": "/shop/1", "status": 200, "code": null },
        { "id": "4", "source": "/elsewhere", "status": 403, "code": "forbidden" },
    ]);
    assert_eq!(batch["events"], expected);
    let requests = fixture.server.requests();
    let seen: Vec<Value> = requests
        .iter()
        .map(|request| json!({ "headers": request.fields, "body": String::from_utf8_lossy(&request.body) }))
        .collect();
    let read = tools.script(READ, &json!(seen));
    let event = |id: &str| {
        let data = json!({ "total": 5, "note": "ü" });
        json!([id, "/shop/1", "com.example.order.placed", "Ä \"1\" 50%", "7", data])
    };
    assert_eq!(read, json!([[event("1")], [event("2")], [event("3")]]));
}
