//! CloudEvents in requests: each is a call of its own.

use std::sync::Arc;

use doorward_core::{Answer, ApiKey, ApiKeyRecord, Bundle, Door, RANDOM_BYTES, Rules};
use doorward_model::{Body, Call, EntityName, Inbound, Message, Outcome, Reply, TargetFault};
use doorward_testkit::{World, http};
use http::{HeaderMap, Method, StatusCode};
use serde_json::{Value, json};

use crate::compressed::{answer, bomb, gzip};
use crate::shop::{json_body, now};

const CONFIG: &str = r#"
fronts = ["function-url:shopurl"]
[door]
name = "shop"
table = "doorward"
[api_keys]
prefix = "shop"
[[targets]]
name = "orders"
lambda = "orders"
[[targets]]
name = "audit"
http = "https://audit.example"
[[targets]]
name = "later"
lambda = "later"
invocation = "async"
[[targets]]
name = "queue"
sqs = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"
[[plans]]
name = "scarce"
limits = [{ name = "events", quota = "2/day" }]
[[routes]]
id = "shopEvents"
match = "POST /events/{shop}"
auth = ["api-key"]
cloudevents = { batch = 6, extensions = ["tenant"], origins = ["sender.example"] }
context = { headers = ["x-shop"] }
[[events]]
id = "orderPlaced"
source = "cloudevents"
match = { route = "shopEvents", event = "com.example.order.*" }
target = "orders"
contract = "contracts/order.schema.json"
[[events]]
id = "orderKept"
source = "cloudevents"
match = { route = "shopEvents", event = "com.example.kept", source = "/shop/*" }
target = "orders"
on_deny = "quarantine"
contract = "contracts/order.schema.json"
[[events]]
id = "audited"
source = "cloudevents"
match = { route = "shopEvents", event = "com.example.audit", tenant = "7" }
target = "audit"
[[events]]
id = "delayed"
source = "cloudevents"
match = { route = "shopEvents", event = "com.example.later" }
target = "later"
[[events]]
id = "queued"
source = "cloudevents"
match = { route = "shopEvents", event = "com.example.queued" }
target = "queue"
[[events]]
id = "scarce"
source = "cloudevents"
match = { route = "shopEvents", event = "com.example.scarce" }
target = "orders"
plan = "scarce"
"#;

const POLICIES: &str = r#"
permit (principal is Client, action in Action::"http", resource);
forbid (principal, action in [Action::"orderPlaced", Action::"orderKept"], resource)
when { context.input.total > 1000 };
forbid (principal, action == Action::"orderPlaced", resource)
when { context.claimed has subject && context.claimed.subject == "denied" && context.request.path == "/events/tea" };
"#;

const SCHEMA: &str = r#"{ "type": "object", "required": ["total"], "additionalProperties": false,
  "properties": { "total": { "type": "integer" } } }"#;

struct Events {
    world: World,
    keys: [ApiKey; 2],
}

impl Events {
    fn new() -> Self {
        Self::of(CONFIG)
    }

    fn last_code(&self) -> Option<&'static str> {
        self.world.lines.calls().pop().unwrap().code
    }

    fn of(config: &str) -> Self {
        let files = [("events.cedar", POLICIES), ("contracts/order.schema.json", SCHEMA)];
        let world = World::new(config, &files, now()).unwrap_or_else(|faults| panic!("{faults}"));
        let keys = [1, 2].map(|byte| ApiKey::generate("shop", &[byte; RANDOM_BYTES]));
        for (key, owner) in keys.iter().zip(["warehouse", "till"]) {
            world.api_keys.put(ApiKeyRecord {
                hash: key.hash(),
                id: key.hash().id(),
                owner: owner.to_owned(),
                plan: None,
                groups: Vec::new(),
                created: now(),
                expires: None,
                revoked: None,
                note: None,
            });
        }
        Self { world, keys }
    }

    async fn send_as(&self, sender: usize, headers: &[(&str, &str)], body: &str) -> Reply {
        self.send_to("/events/tea", sender, headers, body).await
    }

    async fn send_to(&self, path: &str, sender: usize, headers: &[(&str, &str)], body: &str) -> Reply {
        self.serve(self.request(path, sender, headers, body)).await
    }

    fn request(&self, path: &str, sender: usize, headers: &[(&str, &str)], body: &str) -> Inbound {
        let id = format!("r{}", self.world.lines.calls().len());
        let headers = [&[("x-api-key", self.keys[sender].expose())], headers].concat();
        http(&id, Method::POST, path, &headers, body, self.world.now())
    }

    async fn serve(&self, inbound: Inbound) -> Reply {
        match self.world.door.serve(inbound).await {
            Answer::Http(reply) => reply,
            Answer::Event(answer) => panic!("{answer:?}"),
        }
    }

    async fn send(&self, headers: &[(&str, &str)], body: &str) -> Reply {
        self.send_as(0, headers, body).await
    }

    async fn structured(&self, event: &Value) -> Reply {
        self.send(&[STRUCTURED], &event.to_string()).await
    }

    /// The answer to a batch: its status, and what is told of each event.
    async fn batch(&self, events: &[String]) -> (u16, Vec<String>) {
        told(self.send(&[BATCH], &format!("[ {} ]", events.join(" , "))).await).await
    }

    /// By what quarantine keeps events.
    fn kept(&self) -> Vec<String> {
        self.world.quarantine.items().into_keys().collect()
    }

    /// How the calls ended that the ledger holds.
    fn ended(&self) -> Vec<(String, Outcome)> {
        self.rows().into_iter().map(|call| (call.action.unwrap(), call.outcome)).collect()
    }

    /// The calls that the ledger holds, be it with others in a block.
    fn rows(&self) -> Vec<Call> {
        let ledger = &self.world.ledger;
        let rows = ledger.rows().into_values().map(|row| row.call);
        rows.chain(ledger.blocks().into_values().flatten()).collect()
    }
}

const STRUCTURED: (&str, &str) = ("content-type", "application/cloudevents+json; charset=UTF-8");
const BATCH: (&str, &str) = ("content-type", "application/cloudevents-batch+json");

/// `id status code` of each event.
async fn told(reply: Reply) -> (u16, Vec<String>) {
    let status = reply.status.as_u16();
    if status == 204 {
        return (status, Vec::new());
    }
    let body = json_body(reply).await;
    let events = body["events"].as_array().unwrap_or_else(|| panic!("{body}"));
    let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let line = |event: &Value| format!("{} {} {}", word(&event["id"]), event["status"], word(&event["code"]));
    (status, events.iter().map(line).collect())
}

fn event(id: &str, of_type: &str, more: Value) -> Value {
    let mut event = json!({
        "specversion": "1.0", "id": id, "source": "/shop/1", "type": format!("com.example.{of_type}"), "data": { "total": 5 },
    });
    for (name, value) in more.as_object().unwrap() {
        event[name] = value.clone();
    }
    event
}

fn text(id: &str, of_type: &str, more: Value) -> String {
    event(id, of_type, more).to_string()
}

#[tokio::test]
async fn one_event_is_answered_as_any_request() {
    let events = Events::new();
    let reply = events.structured(&event("1", "order.placed", json!({}))).await;
    assert_eq!(reply.status, 200);
    let id = reply.headers["x-request-id"].to_str().unwrap().to_owned();
    assert!(id.starts_with("cloudevents-"), "{id}");
    let row = events.world.ledger.rows()[&id].call.clone();
    assert_eq!(row.caller, Some(EntityName::new("Client", "warehouse")));
    assert_eq!((row.action.as_deref(), row.outcome), (Some("orderPlaced"), Outcome::Admitted));
    assert_eq!(row.decision.unwrap().policies.len(), 1);

    let denied = event("2", "order.placed", json!({ "data": { "total": 2000 } }));
    let reply = events.structured(&denied).await;
    assert_eq!((reply.status.as_u16(), json_body(reply).await["code"].as_str()), (403, Some("forbidden")));
    let faulty = event("3", "order.placed", json!({ "data": { "total": "5" } }));
    assert_eq!(events.structured(&faulty).await.status, 422);
    let unknown = event("4", "nothing", json!({}));
    assert_eq!(events.structured(&unknown).await.status, 404);
    assert_eq!(events.world.targets.sent(), ["orders orderPlaced"]);
}

#[tokio::test]
async fn an_event_in_header_fields_is_the_request() {
    let events = Events::new();
    let fields = [
        ("ce-specversion", "1.0"),
        ("ce-id", "1"),
        ("ce-source", "/shop/1"),
        ("ce-type", "com.example.order.placed"),
        ("content-type", "application/json"),
    ];
    assert_eq!(events.send(&fields, r#"{"total": 5}"#).await.status, 200);
    assert_eq!(events.world.targets.invoked(), [r#"POST /events/tea {"total": 5}"#]);
    let denied = [&fields[..], &[("ce-subject", "den%69ed")]].concat();
    assert_eq!(events.send(&denied, r#"{"total": 5}"#).await.status, 403);
    let twice = [&fields[..], &[("ce-id", "2")]].concat();
    assert_eq!(events.send(&twice, r#"{"total": 5}"#).await.status, 400);
    assert_eq!(events.send(&fields[..4], r#"{"total": 5}"#).await.status, 400);
    assert_eq!(events.send(&fields[1..], r#"{"total": 5}"#).await.status, 400);
    // It was here before.
    assert_eq!(events.send(&fields, r#"{"total": 5}"#).await.status, 204);
    assert!(events.world.targets.invoked().is_empty());
}

/// In header fields an event is a request as any other, and may be compressed as one.
#[tokio::test]
async fn an_event_in_header_fields_becomes_no_more_than_a_request_may() {
    let events = Events::new();
    let fields = [
        ("ce-specversion", "1.0"),
        ("ce-source", "/shop/1"),
        ("ce-type", "com.example.audit"),
        ("ce-tenant", "7"),
        ("content-encoding", "gzip"),
    ];
    let packed = |id: &str, body: Vec<u8>| {
        let mut inbound = events.request("/events/tea", 0, &[&fields[..], &[("ce-id", id)]].concat(), "");
        let Message::Http(request) = &mut inbound.message else { panic!("a request") };
        request.body = body.into();
        events.serve(inbound)
    };
    assert_eq!(packed("1", gzip(b"{}")).await.status, 200);
    assert_eq!(packed("2", bomb()).await.status, 413);
    assert_eq!(events.world.targets.sent().len(), 1);
    events.world.targets.respond(|| answer(bomb()));
    assert_eq!(packed("3", gzip(b"{}")).await.status, 502);
    assert_eq!(events.last_code(), Some("target-unreadable"));
}

#[tokio::test]
async fn each_event_of_a_batch_is_decided_by_itself_and_passes_as_it_was_written() {
    let events = Events::new();
    let odd = r#"{ "specversion":"1.0","id":"1", "source":"/shop/1","type":"com.example.order.placed","data":{"total": 5e0} }"#;
    // A number that this contract does not take is told apart from one that is written oddly.
    let odd = odd.replace("5e0", "5");
    let sent = [
        odd.clone(),
        text("2", "order.placed", json!({ "data": { "total": 2000 } })),
        text("3", "audit", json!({ "tenant": 7, "data": "as\u{e4} it is" })),
        text("4", "order.placed", json!({ "subject": "ä/€" })),
        r#"{"specversion":"1.0","id":"5","id":"5"}"#.to_owned(),
        "7".to_owned(),
    ];
    let (status, told) = events.batch(&sent).await;
    assert_eq!(status, 207);
    assert_eq!(
        told,
        ["1 200 -", "2 403 forbidden", "3 200 -", "4 200 -", "- 400 duplicate-key", "- 400 malformed-event",]
    );
    let mut went = events.world.targets.invoked();
    went.sort();
    let audit = format!("POST /events/tea [{}]", sent[2]);
    assert_eq!(went, [format!("POST /events/tea [{odd},{}]", sent[3]), audit]);
    let admitted = events.ended().into_iter().filter(|(_, outcome)| *outcome == Outcome::Admitted).count();
    assert_eq!(admitted, 3);
}

#[tokio::test]
async fn an_event_is_one_call_however_often_it_comes() {
    let events = Events::new();
    let one = text("1", "order.placed", json!({}));
    assert_eq!(events.batch(&[one.clone(), one.clone(), one.clone()]).await, (204, vec![]));
    assert_eq!(events.batch(&[text("2", "order.placed", json!({})), one.clone()]).await.0, 204);
    assert_eq!(events.send(&[STRUCTURED], &one).await.status, 204);
    let bodies = events.world.targets.invoked();
    assert_eq!(bodies.len(), 2, "{bodies:?}");
    assert_eq!(events.world.lines.calls().iter().filter(|call| call.outcome == Outcome::Repeated).count(), 4);
    assert_eq!(events.ended().len(), 2);
    // What another calls its events is another's matter, and so is what goes to another place.
    assert_eq!(events.send_as(1, &[STRUCTURED], &one).await.status, 200);
    assert_eq!(events.send_to("/events/coffee", 0, &[STRUCTURED], &one).await.status, 200);
    assert_eq!(events.ended().len(), 4);
}

#[tokio::test]
async fn what_was_refused_is_decided_anew() {
    let events = Events::new();
    let denied = text("1", "order.placed", json!({ "data": { "total": 2000 } }));
    let twice = [denied.clone(), denied];
    assert_eq!(events.batch(&twice).await, (403, vec!["1 403 forbidden".to_owned(); 2]));
    assert_eq!(events.structured(&event("1", "order.placed", json!({}))).await.status, 200);
}

#[tokio::test]
async fn the_status_says_whether_sending_again_can_help() {
    let events = Events::new();
    let (one, two) = (text("1", "order.placed", json!({})), text("2", "audit", json!({ "tenant": "7" })));
    events.world.targets.respond_at(|address| match address.contains("audit") {
        true => Ok(Reply { status: StatusCode::OK, headers: HeaderMap::new(), body: Body::Empty }),
        false => Err(TargetFault::TimedOut),
    });
    let batch = format!("[{one},{two}]");
    let reply = events.send(&[BATCH], &batch).await;
    assert_eq!(reply.headers["retry-after"], "1");
    assert_eq!(reply.headers["content-type"], "application/problem+json");
    assert_eq!(told(reply).await, (503, vec!["1 504 target-timeout".to_owned(), "2 200 -".to_owned()]));
    // What is done is not done again.
    events.world.targets.answer(200, "{}");
    let _ = events.world.targets.went();
    assert_eq!(told(events.send(&[BATCH], &batch).await).await.0, 204);
    assert_eq!(events.world.targets.went(), ["orders"]);
    // A target that turns an event down for good.
    events.world.targets.answer(422, "{}");
    let refused = text("3", "order.placed", json!({}));
    assert_eq!(
        events.batch(std::slice::from_ref(&refused)).await,
        (422, vec!["3 422 target-failed".to_owned()])
    );
    let (status, told) = events.batch(&[refused.clone(), one.clone()]).await;
    assert_eq!((status, told), (207, vec!["3 422 target-failed".to_owned(), "1 204 -".to_owned()]));
    events.world.targets.answer(200, "{}");
    assert_eq!(events.batch(&[refused]).await.0, 204);
}

#[tokio::test]
async fn each_event_takes_from_limits() {
    let events = Events::new();
    let sent: Vec<String> = (0..3).map(|id| text(&id.to_string(), "scarce", json!({}))).collect();
    let reply = events.send(&[BATCH], &format!("[{}]", sent[..1].join(","))).await;
    assert_eq!(reply.status, 204);
    assert_eq!(reply.headers["ratelimit-policy"], "\"events\";q=2;w=86400");
    assert!(reply.headers["ratelimit"].to_str().unwrap().starts_with("\"events\";r=1;t="));
    let events = Events::new();
    let reply = events.send(&[BATCH], &format!("[{}]", sent.join(","))).await;
    assert!(reply.headers["ratelimit"].to_str().unwrap().starts_with("\"events\";r=0;t="));
    assert!(reply.headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap() > 1);
    let (status, told) = told(reply).await;
    assert_eq!(status, 429);
    assert_eq!(told.iter().filter(|line| line.ends_with("429 quota-exceeded")).count(), 1);
    assert_eq!(told.iter().filter(|line| line.ends_with("200 -")).count(), 2);
}

#[tokio::test]
async fn what_a_rule_keeps_is_in_quarantine() {
    let events = Events::new();
    let over = json!({ "data": { "total": 2000 } });
    let broken = json!({ "time": "yesterday" });
    let (status, told) = events
        .batch(&[text("1", "kept", over), text("2", "kept", broken), text("3", "kept", json!({}))])
        .await;
    assert_eq!(
        (status, &told[..2]),
        (207, &["1 403 forbidden".to_owned(), "2 400 malformed-event".to_owned()][..])
    );
    let kept = events.world.quarantine.items();
    assert_eq!(kept.len(), 2);
    assert!(kept.values().all(|call| call.action.as_deref() == Some("orderKept")));
    assert_eq!(events.rows().iter().filter(|call| call.quarantined).count(), 2);
    // Other rules have theirs sent again.
    events.structured(&event("4", "order.placed", json!({ "data": { "total": 2000 } }))).await;
    assert_eq!(events.world.quarantine.items().len(), 2);
}

#[tokio::test]
async fn an_event_that_is_refused_again_is_kept_once() {
    let events = Events::new();
    let over = text("1", "kept", json!({ "data": { "total": 2000 } }));
    for _ in 0..2 {
        assert_eq!(events.send(&[STRUCTURED], &over).await.status, 403);
        assert_eq!(events.batch(std::slice::from_ref(&over)).await.0, 403);
    }
    let [id] = events.kept().try_into().unwrap();
    assert!(id.starts_with("cloudevents-"), "{id}");
    let refused: Vec<_> = events.world.lines.calls().into_iter().filter(|call| call.quarantined).collect();
    assert_eq!(refused.len(), 4);
    assert!(
        refused.iter().all(|call| call.id.as_str() != id && call.kept_as.as_ref().unwrap().as_str() == id)
    );
    // What has no reading is known by its bytes: it may say the `source` and `id` of another.
    let broken = text("1", "kept", json!({ "time": "yesterday" }));
    let fields = [
        ("ce-specversion", "1.0"),
        ("ce-id", "1"),
        ("ce-source", "/shop/1"),
        ("ce-type", "com.example.kept"),
        ("ce-time", "yesterday"),
    ];
    for _ in 0..2 {
        assert_eq!(events.send(&[STRUCTURED], &broken).await.status, 400);
        assert_eq!(events.send(&fields, "a").await.status, 400);
        assert_eq!(events.send(&fields, "b").await.status, 400);
    }
    assert_eq!(events.kept().len(), 4);
    // Another's event is another's.
    assert_eq!(events.send_as(1, &[STRUCTURED], &over).await.status, 403);
    assert_eq!(events.kept().len(), 5);
}

#[tokio::test]
async fn what_is_kept_takes_from_limits_and_nothing_is_kept_beyond_them() {
    let config =
        CONFIG.replace("on_deny = \"quarantine\"\n", "on_deny = \"quarantine\"\nplan = \"scarce\"\n");
    let events = Events::of(&config);
    let over = |id: &str| text(id, "kept", json!({ "data": { "total": 2000 } }));
    let broken = text("2", "kept", json!({ "time": "yesterday" }));
    let reply = events.send(&[BATCH], &format!("[{},{broken}]", over("1"))).await;
    assert_eq!(reply.headers["ratelimit"].to_str().unwrap().split(";t=").next().unwrap(), "\"events\";r=0");
    assert_eq!(
        told(reply).await,
        (207, vec!["1 403 forbidden".to_owned(), "2 400 malformed-event".to_owned()])
    );
    assert_eq!(events.kept().len(), 2);
    for id in ["1", "3"] {
        let found = events.batch(&[over(id)]).await;
        assert_eq!(found, (429, vec![format!("{id} 429 quota-exceeded")]));
    }
    assert_eq!(events.structured(&serde_json::from_str(&broken).unwrap()).await.status, 429);
    assert_eq!(events.kept().len(), 2);
    let units: u64 = events.rows().iter().map(|call| call.units).sum();
    assert_eq!(units, 2);
}

#[tokio::test]
async fn refused_events_of_a_batch_share_a_row() {
    let events = Events::new();
    let over = |id: u8| text(&id.to_string(), "order.placed", json!({ "data": { "total": 2000 } }));
    let mut sent: Vec<String> = (0..5).map(over).collect();
    sent.push(text("9", "order.placed", json!({})));
    assert_eq!(events.batch(&sent).await.0, 207);
    assert_eq!(events.ended().len(), 6);
    let blocks = events.world.ledger.blocks();
    assert_eq!(blocks.into_values().map(|calls| calls.len()).collect::<Vec<_>>(), [5]);
    // They are written before they are answered, or stand in the log.
    events.world.ledger.switch.away(true);
    assert_eq!(events.batch(&sent[..5]).await.0, 403);
    assert_eq!(events.world.lines.kept().len(), 5);
}

#[tokio::test]
async fn a_target_says_which_events_of_a_batch_it_took() {
    let events = Events::new();
    let sent = ["1", "2"].map(|id| text(id, "order.placed", json!({})));
    let list = r#"{"events":[{"id":"1","source":"/shop/1","status":503},{"id":"2","source":"/shop/1","status":204}]}"#;
    events.world.targets.answer(207, list);
    let told = events.batch(&sent).await;
    assert_eq!(told, (503, vec!["1 503 target-failed".to_owned(), "2 204 -".to_owned()]));
    // What was taken is not sent again, and a list of more than was sent is none.
    let _ = events.world.targets.invoked();
    let told = events.batch(&sent).await;
    assert_eq!(told, (503, vec!["1 502 target-unreadable".to_owned(), "2 204 -".to_owned()]));
    assert_eq!(events.world.targets.invoked(), [format!("POST /events/tea [{}]", sent[0])]);
    events.world.targets.answer(200, r#"{"batchItemFailures":[{"itemIdentifier":"3"}]}"#);
    let more = ["3", "4"].map(|id| text(id, "order.placed", json!({})));
    let told = events.batch(&more).await;
    assert_eq!(told, (503, vec!["3 502 target-failed".to_owned(), "4 200 -".to_owned()]));
}

#[tokio::test]
async fn what_is_released_goes_through_the_door_as_its_sender() {
    let events = Events::new();
    let over = event("1", "kept", json!({ "data": { "total": 2000 } }));
    assert_eq!(events.structured(&over).await.status, 403);
    let id = events.kept().pop().unwrap();
    let release = async |id: &str| events.world.door.release(id, "i2", now()).await.unwrap();
    assert_eq!(release(&id).await.unwrap().outcome, Outcome::Denied);
    assert_eq!(release("another").await, None);
    let fields = [
        ("ce-specversion", "1.0"),
        ("ce-id", "2"),
        ("ce-source", "/shop/1"),
        ("ce-type", "com.example.kept"),
        ("content-type", "application/json"),
        ("x-shop", "tea"),
    ];
    let reply = events.send(&fields, r#"{"total": 2000}"#).await;
    assert_eq!(reply.status, 403);
    let id = events.kept().into_iter().find(|kept| *kept != id).unwrap();
    assert_eq!(release(&id).await.unwrap().outcome, Outcome::Denied);
    assert_eq!(events.kept().len(), 2, "what is refused again is the same event");
    // By the policies of then, as whoever sent it.
    let permit = "permit (principal == Client::\"warehouse\", action == Action::\"orderKept\", resource)\n\
                  when { context.request.headers has \"x-shop\" && context.request.headers[\"x-shop\"] == \"tea\" };";
    let files = [("events.cedar", permit), ("contracts/order.schema.json", SCHEMA)];
    let files = files.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
    let bundle = Bundle { config: ("doorward.toml".to_owned(), CONFIG.to_owned()), files };
    let rules = Rules::compile(&bundle, |_| None).unwrap_or_else(|faults| panic!("{faults}"));
    let door = Door::new(Arc::new(rules), events.world.ports.clone());
    let released = door.release(&id, "i2", now()).await.unwrap().unwrap();
    assert_eq!(released.outcome, Outcome::Admitted);
    assert_eq!(released.call.as_str(), id);
    assert_eq!(door.release(&id, "i2", now()).await.unwrap().unwrap().outcome, Outcome::Repeated);
    assert_eq!(events.world.targets.invoked(), ["POST /events/tea {\"total\": 2000}"]);
    let callers: Vec<_> = events.world.lines.calls().into_iter().filter_map(|call| call.caller).collect();
    assert_eq!(callers, vec![EntityName::new("Client", "warehouse"); 6]);
    events.world.quarantine.switch.away(true);
    assert!(events.world.door.release(&id, "i3", now()).await.is_err());
}

#[tokio::test]
async fn what_is_kept_of_a_request_is_its_event_and_what_policies_read() {
    let config = CONFIG
        .replace(r#"headers = ["x-shop"]"#, r#"headers = ["x-shop", "content-type"], query = ["page"]"#);
    let events = Events::of(&config);
    let over = json!({ "data": { "total": 2000 } });
    let headers = [BATCH, ("authorization", "Bearer secret"), ("x-shop", "tea")];
    let path = "/events/tea?access_token=secret&page=2&p%61ge2=secret";
    let body = format!("[{}]", text("1", "kept", over));
    assert_eq!(events.send_to(path, 0, &headers, &body).await.status, 403);
    let kept = events.world.quarantine.records();
    let [(id, record)] = kept.iter().collect::<Vec<_>>().try_into().unwrap();
    let written = record.to_string();
    assert!(!written.contains("secret") && !written.contains(events.keys[0].expose()), "{written}");
    assert_eq!(record["query"], "page=2");
    // It has one media type, and is read again.
    let released = events.world.door.release(id, "i2", now()).await.unwrap().unwrap();
    assert_eq!(released.outcome, Outcome::Denied);
    assert_eq!(events.last_code(), Some("forbidden"));
}

#[tokio::test]
async fn no_more_of_a_batch_is_kept_than_is_served() {
    let events = Events::new();
    let many = format!("[{}1]", "1,".repeat(200_000));
    let refused = events.send(&[BATCH], &many).await;
    assert_eq!((refused.status.as_u16(), events.last_code()), (413, Some("too-many-events")));
    for broken in ["[1,", "[1]x", "{\"a\":1}", "[1 2]", "["] {
        assert_eq!(events.send(&[BATCH], broken).await.status, 400, "{broken}");
    }
}

#[tokio::test]
async fn data_is_no_attribute_of_a_field() {
    let events = Events::new();
    let fields = [
        ("ce-specversion", "1.0"),
        ("ce-id", "2"),
        ("ce-source", "/shop/1"),
        ("ce-type", "com.example.kept"),
        ("ce-data", "{}"),
        ("content-type", "application/json"),
    ];
    assert_eq!(events.send(&fields, r#"{"total": 1}"#).await.status, 400);
}

#[tokio::test]
async fn an_event_that_cannot_be_kept_comes_again() {
    let events = Events::new();
    events.world.quarantine.switch.away(true);
    let over = text("1", "kept", json!({ "data": { "total": 2000 } }));
    let (status, told) = events.batch(&[over]).await;
    assert_eq!((status, told), (503, vec!["1 503 store-unavailable".to_owned()]));
}

#[tokio::test]
async fn an_asynchronous_function_is_sent_each_event_by_itself() {
    let events = Events::new();
    events.world.targets.answer(202, "");
    let sent = [text("1", "later", json!({})), text("2", "later", json!({}))];
    assert_eq!(events.batch(&sent).await.0, 204);
    let mut went = events.world.targets.invoked();
    went.sort();
    assert_eq!(went, sent.map(|event| format!("POST /events/tea [{event}]")));
}

#[tokio::test]
async fn a_service_is_sent_each_event_in_the_json_format() {
    let events = Events::new();
    events.world.targets.answer(202, r#"{"messageId":"m-1"}"#);
    let queued = text("1", "queued", json!({}));
    let reply = events.send(&[STRUCTURED], &queued).await;
    assert_eq!((reply.status.as_u16(), json_body(reply).await), (202, json!({ "messageId": "m-1" })));
    assert_eq!(events.world.targets.invoked(), [format!("com.example.queued {queued}")]);
    let fields = [
        ("ce-specversion", "1.0"),
        ("ce-id", "2"),
        ("ce-source", "/shop/1"),
        ("ce-type", "com.example.queued"),
        ("ce-tenant", "7"),
        ("content-type", "application/json"),
    ];
    assert_eq!(events.send(&fields, r#"{"total": 5}"#).await.status, 202);
    let [sent] = events.world.targets.invoked().try_into().unwrap();
    let sent: Value = serde_json::from_str(sent.strip_prefix("com.example.queued ").unwrap()).unwrap();
    let attributes = json!({ "specversion": "1.0", "tenant": "7", "datacontenttype": "application/json" });
    let mut expected = event("2", "queued", attributes);
    expected["data"] = json!({ "total": 5 });
    assert_eq!(sent, expected);
    // Each of a batch by itself, with its own end.
    let failing = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    events.world.targets.respond_at(move |_| {
        match failing.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
            1 => Err(TargetFault::TimedOut),
            _ => Ok(Reply { status: StatusCode::ACCEPTED, headers: HeaderMap::new(), body: Body::Empty }),
        }
    });
    let batch = ["1", "3", "4", "5"].map(|id| text(id, "queued", json!({})));
    let (status, told) = events.batch(&batch).await;
    assert_eq!((status, &told[..2]), (503, &["1 204 -".to_owned(), "3 202 -".to_owned()][..]));
    assert_eq!(told[2..], ["4 504 target-timeout", "5 202 -"]);
    assert_eq!(events.world.targets.invoked().len(), 3);
    assert_eq!(events.batch(&batch).await.0, 204);
    assert_eq!(events.world.targets.invoked(), [format!("com.example.queued {}", batch[2])]);
}

#[tokio::test]
async fn requests_that_bring_no_events_are_refused_whole() {
    let events = Events::new();
    let good = text("1", "order.placed", json!({}));
    let seven = format!("[{}]", [good.as_str(); 7].join(","));
    for (headers, body, status, code) in [
        (vec![], good.as_str(), 400, "malformed-event"),
        (vec![("content-type", "application/json")], &good, 400, "malformed-event"),
        (vec![("content-type", "application/cloudevents+xml")], &good, 415, "unsupported-media-type"),
        (vec![("content-type", "application/cloudevents-batch+avro")], &good, 415, "unsupported-media-type"),
        (vec![("content-type", "application/cloudevents")], &good, 415, "unsupported-media-type"),
        (
            vec![("content-type", "application/cloudevents+json; charset=utf-16")],
            &good,
            415,
            "unsupported-media-type",
        ),
        (vec![STRUCTURED, ("content-encoding", "gzip")], &good, 415, "unsupported-media-type"),
        (vec![STRUCTURED, BATCH], &good, 400, "malformed-header"),
        (vec![STRUCTURED], "[]", 400, "malformed-event"),
        (vec![STRUCTURED], "{", 400, "malformed-json"),
        (vec![STRUCTURED], "", 400, "malformed-json"),
        (vec![BATCH], &good, 400, "malformed-event"),
        (vec![BATCH], "[{]", 400, "malformed-json"),
        (vec![BATCH], "[{},]", 400, "malformed-json"),
        (vec![BATCH], &seven, 413, "too-many-events"),
    ] {
        let reply = events.send(&headers, body).await;
        let found = (reply.status.as_u16(), json_body(reply).await["code"].as_str().unwrap().to_owned());
        assert_eq!(found, (status, code.to_owned()), "{headers:?} {body}");
    }
    assert_eq!(events.batch(&[]).await.0, 204);
    assert!(events.world.targets.sent().is_empty());
}

#[tokio::test]
async fn a_sender_must_be_proven_once_for_all_events() {
    let events = Events::new();
    let body = format!("[{}]", text("1", "order.placed", json!({})));
    let inbound = http("r1", Method::POST, "/events/tea", &[BATCH], &body, now());
    let Answer::Http(reply) = events.world.door.serve(inbound).await else { panic!("an event's answer") };
    assert_eq!(reply.status, 401);
    assert!(events.world.ledger.rows().is_empty());
    assert_eq!(events.world.lines.calls().len(), 1);
    // The authorizer leaves it to the dispatcher, which has the body.
    let headers = [BATCH, ("x-api-key", events.keys[0].expose())];
    let inbound = http("r2", Method::POST, "/events/tea", &headers, "", now());
    let admission = events.world.door.admit(inbound).await;
    assert_eq!(admission.refusal, Some(doorward_model::Refusal::NeedsBody));
    let looks = events.world.api_keys.switch.calls();
    let many: Vec<String> = (0..6).map(|id| text(&id.to_string(), "order.placed", json!({}))).collect();
    assert_eq!(events.batch(&many).await.0, 204);
    assert!(events.world.api_keys.switch.calls() <= looks + 1);
}

#[tokio::test]
async fn who_asks_beforehand_is_answered_where_the_route_knows_its_origin() {
    let events = Events::new();
    let ask = async |path: &str, headers: &[(&str, &str)]| {
        let inbound = http("r1", Method::OPTIONS, path, headers, "", now());
        match events.world.door.serve(inbound).await {
            Answer::Http(reply) => reply,
            Answer::Event(answer) => panic!("{answer:?}"),
        }
    };
    let known = ("webhook-request-origin", "Sender.example");
    let reply = ask("/events/tea", &[known, ("webhook-request-rate", "120")]).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.headers["webhook-allowed-origin"], "Sender.example");
    assert_eq!(reply.headers["webhook-allowed-rate"], "*");
    assert_eq!(reply.headers["allow"], "POST");
    for (path, headers) in [
        ("/events/tea", vec![("webhook-request-origin", "other.example")]),
        ("/events/tea", vec![known, known]),
        ("/events/tea", vec![]),
        ("/elsewhere", vec![known]),
    ] {
        let reply = ask(path, &headers).await;
        assert!(
            reply.status.is_client_error() && !reply.headers.contains_key("webhook-allowed-origin"),
            "{path}"
        );
    }
}
