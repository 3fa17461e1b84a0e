//! Queues, topics, buses and state machines behind the real dispatcher, in a cloud that we did not write.

use std::path::Path;

use doorward_tests::http::{self, Answer};
use doorward_tests::local_door::LocalDoor;
use doorward_tests::ministack::Ministack;
use doorward_tests::tools::Tools;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use tempfile::TempDir;

const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// The services of a cloud, asked as their API references say.
struct Cloud {
    stack: Ministack,
}

impl Cloud {
    fn start() -> Self {
        Self { stack: Ministack::start(&Tools::install().unwrap()).unwrap() }
    }

    fn post(&self, service: &str, fields: &[(&str, &str)], body: &str) -> Answer {
        let signature = format!(
            "AWS4-HMAC-SHA256 Credential=test/20261124/us-east-1/{service}/aws4_request, \
             SignedHeaders=host, Signature=0"
        );
        let mut headers = vec![("authorization", signature.as_str()), ("x-amz-date", "20261124T000000Z")];
        headers.extend(fields);
        let answer = http::send(&self.stack.endpoint(), "POST", "/", &headers, body.as_bytes());
        assert_eq!(answer.status, 200, "{body}: {answer:?}");
        answer
    }

    fn json(&self, service: &str, operation: &str, input: &Value) -> Value {
        let content_type = ("content-type", "application/x-amz-json-1.0");
        self.post(service, &[content_type, ("x-amz-target", operation)], &input.to_string()).json()
    }

    fn sns(&self, operation: &str, members: &[(&str, &str)]) {
        let mut form = format!("Action={operation}&Version=2010-03-31");
        for (name, value) in members {
            form.push_str(&format!("&{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)));
        }
        self.post("sns", &[("content-type", "application/x-www-form-urlencoded")], &form);
    }

    /// Makes a queue; its URL.
    fn queue(&self, name: &str) -> String {
        let attributes = if name.ends_with(".fifo") { json!({ "FifoQueue": "true" }) } else { json!({}) };
        let made = self.json(
            "sqs",
            "AmazonSQS.CreateQueue",
            &json!({ "QueueName": name, "Attributes": attributes }),
        );
        made["QueueUrl"].as_str().unwrap().to_owned()
    }

    /// The messages in a queue, as many as there are to be.
    fn receive(&self, queue: &str, count: usize) -> Vec<Value> {
        let input = json!({
            "QueueUrl": queue, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 5,
            "MessageAttributeNames": ["All"], "MessageSystemAttributeNames": ["All"],
        });
        let mut messages = Vec::new();
        while messages.len() < count {
            let received = self.json("sqs", "AmazonSQS.ReceiveMessage", &input);
            let Some(more) = received["Messages"].as_array().filter(|more| !more.is_empty()) else { break };
            messages.extend(more.iter().cloned());
        }
        assert_eq!(messages.len(), count, "{messages:#?}");
        messages
    }

    /// Makes a state machine; its ARN.
    fn machine(&self, name: &str, kind: &str, state: &Value) -> String {
        let definition = json!({ "StartAt": "Only", "States": { "Only": state } }).to_string();
        let input = json!({
            "name": name, "type": kind, "definition": definition, "roleArn": "arn:aws:iam::000000000000:role/test",
        });
        let made = self.json("states", "AWSStepFunctions.CreateStateMachine", &input);
        made["stateMachineArn"].as_str().unwrap().to_owned()
    }
}

/// What an entity's name is in attributes.
const ALICE: &str = "User::\"alice\"";

/// A project whose routes `POST /NAME` go to these targets, each its name and its keys.
pub(crate) fn project(targets: &[(&str, String)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut text = r#"
[door]
name = "relay"
table = "doorward"
fronts = ["http-api:shop"]
purposes = ["checkout"]

[[issuers]]
name = "main"
issuer = "https://id.shop.example/"
jwks = "https://id.shop.example/.well-known/jwks.json"
audiences = ["shop-api"]
algorithms = ["ES256"]
principal = { type = "User", id = "sub", groups = "groups" }

[[plans]]
name = "default"
limits = [{ rate = "100/s", burst = 100 }]
"#
    .to_owned();
    for (name, keys) in targets {
        text.push_str(&format!("\n[[targets]]\nname = \"{name}\"\ntimeout = \"10s\"\n{keys}\n"));
        text.push_str(&format!(
            "\n[[routes]]\nid = \"{name}Order\"\nmatch = \"POST /{name}\"\ntarget = \"{name}\"\n\
             auth = [\"main\"]\npurpose = \"checkout\"\n"
        ));
    }
    std::fs::write(folder.path().join("doorward.toml"), text).unwrap();
    let policy = "@id(\"customers\")\npermit (principal in Group::\"customers\", action, resource);\n";
    std::fs::write(folder.path().join("relay.cedar"), policy).unwrap();
    folder
}

fn open(project: &Path, cloud: &Cloud) -> LocalDoor {
    let endpoint = cloud.stack.endpoint();
    let names = ["SQS", "SNS", "EVENTBRIDGE", "SFN"].map(|service| format!("AWS_ENDPOINT_URL_{service}"));
    let variables: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), endpoint.as_str())).collect();
    LocalDoor::open_with(project, &[], &variables)
}

fn post(door: &LocalDoor, bearer: &str, name: &str, body: &[u8]) -> Answer {
    let headers =
        [("authorization", bearer), ("content-type", "application/json"), ("traceparent", TRACEPARENT)];
    http::send(door.http_api(), "POST", &format!("/{name}"), &headers, body)
}

/// The call of an answer, as the ledger knows it too.
fn recorded(door: &LocalDoor, answer: &Answer, outcome: &str) -> String {
    let id = answer.header("x-request-id").unwrap_or_else(|| panic!("{answer:?}")).to_owned();
    let item = door.ledger(&id);
    assert_eq!(item["outcome"]["S"], outcome, "{answer:?}: {item}");
    id
}

#[track_caller]
fn assert_attested(attributes: &Value, value: &str, call: &str, action: &str) {
    for (name, expected) in [
        ("doorward-call", call),
        ("doorward-caller", ALICE),
        ("doorward-action", action),
        ("doorward-plan", "default"),
        ("doorward-purpose", "checkout"),
        ("traceparent", TRACEPARENT),
    ] {
        assert_eq!(attributes[name][value], expected, "{name}: {attributes}");
    }
}

const ORDER: &str = "{\"item\": \"thé\",\t\"total\": 1.50}";

/// Services of a cloud, each behind a target of a door.
struct Shop {
    door: LocalDoor,
    cloud: Cloud,
    _folder: TempDir,
    alice: String,
    plain: String,
    fifo: String,
    /// Where the messages of the topic go, and the events of the bus.
    heard: String,
    seen: String,
}

impl Shop {
    fn open() -> Self {
        let cloud = Cloud::start();
        let (plain, fifo) = (cloud.queue("orders"), cloud.queue("orders.fifo"));
        let (heard, seen) = (cloud.queue("heard"), cloud.queue("seen"));
        cloud.sns("CreateTopic", &[("Name", "orders")]);
        let queue = arn("sqs", "heard");
        cloud.sns(
            "Subscribe",
            &[("TopicArn", &arn("sns", "orders")), ("Protocol", "sqs"), ("Endpoint", &queue)],
        );
        cloud.json("events", "AWSEvents.CreateEventBus", &json!({ "Name": "shop" }));
        let pattern = json!({ "source": ["doorward.relay"] }).to_string();
        let rule = json!({ "Name": "all", "EventBusName": "shop", "EventPattern": pattern });
        cloud.json("events", "AWSEvents.PutRule", &rule);
        let to_queue = json!([{ "Id": "1", "Arn": arn("sqs", "seen") }]);
        let rule = json!({ "Rule": "all", "EventBusName": "shop", "Targets": to_queue });
        cloud.json("events", "AWSEvents.PutTargets", &rule);

        let folder = project(&targets(&cloud, &plain, &fifo));
        let door = open(folder.path(), &cloud);
        let alice = door.bearer("alice", "customers");
        Self { door, cloud, _folder: folder, alice, plain, fifo, heard, seen }
    }

    /// The id of the call by which a target took the order, and what was answered.
    #[track_caller]
    fn accepted(&self, name: &str) -> (String, Value) {
        let answer = post(&self.door, &self.alice, name, ORDER.as_bytes());
        assert_eq!(answer.status, 202, "{name}: {answer:?}");
        assert_eq!(answer.header("content-type"), Some("application/json"), "{name}");
        (recorded(&self.door, &answer, "admitted"), answer.json())
    }
}

fn arn(service: &str, name: &str) -> String {
    format!("arn:aws:{service}:us-east-1:000000000000:{name}")
}

fn targets(cloud: &Cloud, plain: &str, fifo: &str) -> [(&'static str, String); 9] {
    let pass = json!({ "Type": "Pass", "End": true });
    let fail = json!({ "Type": "Fail", "Error": "Shop.NoStock", "Cause": "card 4111" });
    [
        ("queue", format!("sqs = \"{plain}\"")),
        ("fifo", format!("sqs = \"{fifo}\"\ngroup = \"caller\"")),
        ("gone", format!("sqs = \"{plain}-gone\"")),
        ("topic", format!("sns = \"{}\"\nsubject = \"New order\"", arn("sns", "orders"))),
        ("bus", "eventbridge = \"shop\"\nsource = \"doorward.relay\"".to_owned()),
        ("machine", format!("stepfunctions = \"{}\"", cloud.machine("ship", "STANDARD", &pass))),
        (
            "quick",
            format!(
                "stepfunctions = \"{}\"\ninvocation = \"sync\"",
                cloud.machine("quick", "EXPRESS", &pass)
            ),
        ),
        (
            "failing",
            format!("stepfunctions = \"{}\"\ninvocation = \"sync\"", cloud.machine("no", "EXPRESS", &fail)),
        ),
        ("later", "lambda = \"orders\"\ninvocation = \"async\"".to_owned()),
    ]
}

#[test]
fn messages_events_and_executions_reach_the_services_that_they_are_for() {
    let shop = Shop::open();
    queues_take_messages_with_who_sent_them(&shop);
    topics_hand_them_on(&shop);
    buses_take_them_as_the_detail_of_events(&shop);
    machines_run_by_them(&shop);
    what_a_service_does_not_take_is_refused(&shop);
}

fn queues_take_messages_with_who_sent_them(shop: &Shop) {
    let (call, receipt) = shop.accepted("queue");
    let [message] = shop.cloud.receive(&shop.plain, 1).try_into().unwrap();
    assert_eq!((&message["MessageId"], &message["Body"]), (&receipt["messageId"], &json!(ORDER)));
    assert_attested(&message["MessageAttributes"], "StringValue", &call, "queueOrder");

    let (first, _) = shop.accepted("fifo");
    let (second, _) = shop.accepted("fifo");
    for (message, call) in shop.cloud.receive(&shop.fifo, 2).iter().zip([&first, &second]) {
        assert_eq!(message["Attributes"]["MessageGroupId"], ALICE);
        assert_attested(&message["MessageAttributes"], "StringValue", call, "fifoOrder");
    }
}

fn topics_hand_them_on(shop: &Shop) {
    let (call, receipt) = shop.accepted("topic");
    let [message] = shop.cloud.receive(&shop.heard, 1).try_into().unwrap();
    let notice: Value = serde_json::from_str(message["Body"].as_str().unwrap()).unwrap();
    assert_eq!((&notice["MessageId"], &notice["Message"]), (&receipt["messageId"], &json!(ORDER)));
    assert_eq!(notice["Subject"], "New order");
    assert_attested(&notice["MessageAttributes"], "Value", &call, "topicOrder");
}

fn buses_take_them_as_the_detail_of_events(shop: &Shop) {
    let (call, receipt) = shop.accepted("bus");
    let [message] = shop.cloud.receive(&shop.seen, 1).try_into().unwrap();
    let event: Value = serde_json::from_str(message["Body"].as_str().unwrap()).unwrap();
    assert_eq!(event["id"], receipt["eventId"]);
    assert_eq!(event["detail"], json!({ "item": "thé", "total": 1.5 }), "nothing was added");
    assert_eq!((&event["source"], &event["detail-type"]), (&json!("doorward.relay"), &json!("busOrder")));
    let resources = event["resources"].as_array().unwrap();
    for resource in [format!("doorward-call={call}"), format!("doorward-caller={ALICE}")] {
        assert!(resources.contains(&json!(resource)), "{resource}: {resources:?}");
    }
}

fn machines_run_by_them(shop: &Shop) {
    let (_, receipt) = shop.accepted("machine");
    let started = json!({ "executionArn": receipt["executionArn"] });
    let execution = shop.cloud.json("states", "AWSStepFunctions.DescribeExecution", &started);
    assert_eq!(execution["input"], ORDER);

    let answer = post(&shop.door, &shop.alice, "quick", ORDER.as_bytes());
    assert_eq!((answer.status, answer.json()), (200, json!({ "item": "thé", "total": 1.5 })));
    let answer = post(&shop.door, &shop.alice, "failing", ORDER.as_bytes());
    assert_eq!((answer.status, &answer.json()["code"]), (502, &json!("target-failed")));
    assert!(!answer.body.contains("4111") && !answer.body.contains("NoStock"), "{answer:?}");
    let (call, receipt) = shop.accepted("later");
    assert_eq!(receipt, json!({ "call": call }));
}

fn what_a_service_does_not_take_is_refused(shop: &Shop) {
    let answer = post(&shop.door, &shop.alice, "gone", ORDER.as_bytes());
    assert_eq!((answer.status, &answer.json()["code"]), (503, &json!("target-unavailable")));
    for (name, body) in
        [("queue", b"".as_slice()), ("queue", b"\xff"), ("bus", b"[1]"), ("machine", b"{\"a\":")]
    {
        let answer = post(&shop.door, &shop.alice, name, body);
        assert_eq!((answer.status, &answer.json()["code"]), (422, &json!("unfit-payload")), "{name}");
    }
    let stranger = shop.door.bearer("mallory", "strangers");
    assert_eq!(post(&shop.door, &stranger, "queue", ORDER.as_bytes()).status, 403);
    let attributes = json!({ "QueueUrl": shop.plain, "AttributeNames": ["All"] });
    let left = shop.cloud.json("sqs", "AmazonSQS.GetQueueAttributes", &attributes);
    assert_eq!(left["Attributes"]["ApproximateNumberOfMessages"], "0", "{left}");
}

#[test]
fn a_local_door_sends_nothing_to_the_cloud_unless_it_is_told_where_that_is() {
    let queue = "https://sqs.us-east-1.amazonaws.com/123456789012/orders";
    let topic = "arn:aws:sns:us-east-1:123456789012:orders";
    let machine = "arn:aws:states:us-east-1:123456789012:stateMachine:ship";
    let folder = project(&[
        ("queue", format!("sqs = \"{queue}\"")),
        ("topic", format!("sns = \"{topic}\"")),
        ("bus", "eventbridge = \"shop\"\nsource = \"doorward.relay\"".to_owned()),
        ("machine", format!("stepfunctions = \"{machine}\"")),
    ]);
    let door = LocalDoor::open(folder.path(), &[]);
    let alice = door.bearer("alice", "customers");
    for name in ["topic", "bus", "machine"] {
        let answer = post(&door, &alice, name, b"{}");
        assert_eq!((answer.status, &answer.json()["code"]), (503, &json!("target-unavailable")), "{name}");
    }
    // A target's queue is one of this door's own.
    let answer = post(&door, &alice, "queue", b"{}");
    assert_eq!(answer.status, 202, "{answer:?}");
    let asked = json!({ "QueueUrl": queue, "WaitTimeSeconds": 20 }).to_string();
    let fields =
        [("content-type", "application/x-amz-json-1.0"), ("x-amz-target", "AmazonSQS.ReceiveMessage")];
    let received = http::send(door.sqs(), "POST", "/", &fields, asked.as_bytes()).json();
    let message = &received["Messages"][0];
    assert_eq!((&message["Body"], &message["MessageId"]), (&json!("{}"), &answer.json()["messageId"]));
}
