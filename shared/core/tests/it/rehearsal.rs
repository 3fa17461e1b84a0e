//! A rehearsal says what the live pipeline says of the same calls, up to the decision.

use doorward_config::parse_policy_sample;
use doorward_core::{Answer, Rehearsed};
use doorward_model::{Call, Inbound, Stage};
use doorward_testkit::{http, s3};
use http::Method;
use serde_json::{Value, json};

use crate::shop::{GOOD_ORDER, Shop};

/// The shop, with a route for everybody and a policy that cannot be evaluated.
fn shop() -> Shop {
    let route = "[[routes]]\nid = \"status\"\nmatch = \"GET /status\"\ntarget = \"orders\"\nauth = [\"main\", \"anonymous\"]\n\n[[events]]";
    let policies = "permit (principal, action == Action::\"status\", resource);
        permit (principal is Anonymous, action == Action::\"status\", resource) unless { context.request has source_ip && context.request.source_ip.isLoopback() };
        @id(\"erring\") forbid (principal, action == Action::\"getOrder\", resource) when { resource == Order::\"1002\" && resource.owner == resource.owner && 9223372036854775807 + context.request.path.size() > 0 };";
    let policies =
        policies.replace("context.request.path.size()", "(if context.request.path like \"*\" then 1 else 0)");
    Shop::with_files(|config| config.replacen("[[events]]", route, 1), &[("more.cedar", &policies)])
}

struct Sent {
    method: Method,
    target: &'static str,
    headers: &'static [(&'static str, &'static str)],
    body: String,
    caller: Option<(&'static str, &'static [&'static str])>,
}

impl Sent {
    fn new(method: Method, target: &'static str) -> Self {
        Self { method, target, headers: &[], body: String::new(), caller: None }
    }

    fn by(self, subject: &'static str, groups: &'static [&'static str]) -> Self {
        Self { caller: Some((subject, groups)), ..self }
    }

    fn order(body: &str) -> Self {
        let headers = &[("content-type", "application/json")];
        Self { headers, body: body.to_owned(), ..Self::new(Method::POST, "/orders") }
    }

    /// As it comes in by the front that the rehearsal takes, with a token.
    fn inbound(&self, shop: &Shop) -> Inbound {
        let token = self.caller.map(|(subject, groups)| format!("Bearer {}", shop.token(subject, groups)));
        let mut headers = self.headers.to_vec();
        headers.extend(token.iter().map(|token| ("authorization", token.as_str())));
        http("c1", self.method.clone(), self.target, &headers, &self.body, shop.world.now())
    }

    /// As a test states it.
    fn sample(&self) -> String {
        let (path, query) = self.target.split_once('?').unwrap_or((self.target, ""));
        let quoted = |text: &str| json!(text).to_string();
        let headers = self.headers.iter().map(|(name, value)| format!("{name} = {}", quoted(value)));
        let headers = headers.collect::<Vec<_>>().join(", ");
        let principal = self.caller.map(|(subject, groups)| {
            format!("principal = 'User::{}'\ngroups = {}\n", quoted(subject), json!(groups))
        });
        format!(
            "now = 2026-11-24T12:00:00Z\n{}request = {{ method = {}, path = {}, query = {}, headers = {{ {headers} }}, body = {}, source_ip = \"192.0.2.1\" }}",
            principal.unwrap_or_default(),
            quoted(self.method.as_str()),
            quoted(path),
            quoted(query),
            quoted(&self.body),
        )
    }
}

/// What both must agree on.
#[derive(Debug, PartialEq)]
struct Told {
    action: Option<String>,
    caller: Option<String>,
    resource: Option<String>,
    code: Option<&'static str>,
    cause: Option<String>,
    decision: Value,
    violations: Value,
}

fn live(call: &Call) -> Told {
    let refused = matches!(
        call.refused_at,
        Some(Stage::Find | Stage::Screen | Stage::Identify | Stage::CheckRequest | Stage::Permit)
    );
    Told {
        action: call.action.clone(),
        caller: call.caller.as_ref().map(ToString::to_string),
        resource: call.resource.as_ref().map(ToString::to_string),
        code: call.code.filter(|_| refused),
        cause: call.cause.clone().filter(|_| refused),
        decision: json!(call.decision),
        violations: if refused { json!(call.violations) } else { json!([]) },
    }
}

fn told(rehearsed: &Rehearsed) -> Told {
    let violations = rehearsed.refusal.as_ref().map_or(json!([]), |refusal| json!(refusal.violations()));
    Told {
        action: rehearsed.action.clone(),
        caller: rehearsed.caller.as_ref().map(ToString::to_string),
        resource: rehearsed.resource.as_ref().map(ToString::to_string),
        code: rehearsed.refusal.as_ref().map(doorward_model::Refusal::code),
        cause: rehearsed.refusal.as_ref().and_then(doorward_model::Refusal::cause),
        decision: json!(rehearsed.decision.as_ref().map(|decision| &decision.note)),
        violations,
    }
}

#[tokio::test]
async fn requests_are_rehearsed_as_they_are_served() {
    use Method as M;
    let alice = |sent: Sent| sent.by("alice", &["customers"]);
    let large = format!("{{\"note\":\"{}\"}}", "x".repeat(1024 * 1024));
    let cases: Vec<(Sent, Option<&str>)> = vec![
        (alice(Sent::order(GOOD_ORDER)), None),
        (Sent::order(GOOD_ORDER).by("carol", &["buyers"]), None),
        (Sent::order(GOOD_ORDER).by("carol", &["buyers", "suspended"]), Some("forbidden")),
        (Sent::order(GOOD_ORDER).by("eve", &[]), Some("forbidden")),
        (Sent::order(GOOD_ORDER), Some("missing-credentials")),
        (alice(Sent::order(&GOOD_ORDER.replace("4200", "100001"))), Some("forbidden")),
        (alice(Sent::order(&GOOD_ORDER.replace("4200", "\"much\""))), Some("contract-violation")),
        (Sent::order(&GOOD_ORDER.replace("4200", "\"much\"")).by("eve", &[]), Some("forbidden")),
        (alice(Sent::order("{\"items\":")), Some("malformed-json")),
        (alice(Sent::order("{\"total\":1,\"total\":2}")), Some("duplicate-key")),
        (alice(Sent::order(&large)), Some("payload-too-large")),
        (
            alice(Sent { headers: &[("content-type", "text/plain")], ..Sent::order(GOOD_ORDER) }),
            Some("unsupported-media-type"),
        ),
        (alice(Sent::new(M::GET, "/orders/1001")), None),
        (alice(Sent::new(M::GET, "/orders/1001/")), None),
        (alice(Sent::new(M::GET, "/orders/100%31?a=%31")), None),
        (alice(Sent::new(M::GET, "/orders/1002")), Some("forbidden")),
        (Sent::new(M::GET, "/orders/1002").by("bob", &[]), Some("forbidden")),
        (alice(Sent::new(M::GET, "/orders/77")), Some("forbidden")),
        (alice(Sent::new(M::GET, "/orders/abc")), Some("forbidden")),
        (alice(Sent::new(M::GET, "/orders%2F1001")), Some("ambiguous-path")),
        (alice(Sent::new(M::DELETE, "/orders")), Some("method-not-allowed")),
        (alice(Sent::new(M::GET, "/nowhere")), Some("not-found")),
        (Sent::new(M::GET, "/status"), None),
        (Sent::new(M::GET, "/status").by("alice", &["suspended"]), Some("forbidden")),
    ];
    for (sent, code) in cases {
        let shop = shop();
        let reply = shop.ask(sent.inbound(&shop)).await;
        let line = shop.last_line();
        let sample = sent.sample();
        let parsed =
            parse_policy_sample("sample.toml", &sample).unwrap_or_else(|faults| panic!("{faults}\n{sample}"));
        let rules = shop.world.door.rules();
        let rehearsed =
            rules.rehearse(&parsed, &|_| panic!("no event")).unwrap_or_else(|faults| panic!("{faults}"));
        assert_eq!(told(&rehearsed), live(&line), "{reply:?}\n{sample}");
        assert_eq!(told(&rehearsed).code, code, "{sample}");
        if let (Some(explanation), Some(decision)) = (&rehearsed.explanation, &rehearsed.decision) {
            assert_eq!(explanation.decision, *decision);
        }
    }
}

#[tokio::test]
async fn events_are_rehearsed_as_they_are_served() {
    for (key, size, code) in [
        ("inbox/a.pdf", 1000, None),
        ("inbox/a.exe", 1000, Some("forbidden")),
        ("inbox/a.pdf", 5_000_001, Some("forbidden")),
        ("outbox/a.pdf", 1000, Some("not-found")),
    ] {
        let shop = shop();
        let record = || s3("e1", key, size, shop.world.now());
        assert!(matches!(shop.world.door.serve(record()).await, Answer::Event(_)));
        let sample =
            format!("event = {{ source = \"s3\", bucket = \"receipts\", key = \"{key}\", size = {size} }}");
        let sample = parse_policy_sample("sample.toml", &sample).unwrap();
        let rehearsed = shop.world.door.rules().rehearse(&sample, &|_| Ok(record())).unwrap();
        assert_eq!(told(&rehearsed), live(&shop.last_line()), "{key}");
        assert_eq!(told(&rehearsed).code, code, "{key}");
    }
}

#[tokio::test]
async fn a_front_that_is_not_pinned_may_not_send_in_a_rehearsal_either() {
    let shop = shop();
    let mut forged = s3("e1", "inbox/a.pdf", 1000, shop.world.now());
    forged.front.id = "mallory".into();
    let sample = parse_policy_sample("s", "event_file = \"a.sample.json\"").unwrap();
    let forged = std::cell::Cell::new(Some(forged));
    let rehearsed = shop.world.door.rules().rehearse(&sample, &|_| Ok(forged.take().unwrap())).unwrap();
    assert_eq!(told(&rehearsed).code, Some("unknown-front"));

    let read = |front: &str| {
        let text = format!(
            "principal = 'User::\"alice\"'\nrequest = {{ method = \"GET\", path = \"/orders/1001/\"{front} }}"
        );
        let sample = parse_policy_sample("s", &text).unwrap();
        move |shop: &Shop| {
            told(&shop.world.door.rules().rehearse(&sample, &|_| panic!("no event")).unwrap()).code
        }
    };
    assert_eq!(read(", front = \"http-api:forged\"")(&shop), Some("unknown-front"));
    assert_eq!(read(", front = \"http-api:shop\"")(&shop), Some("ambiguous-path"), "its path was decoded");
    assert_eq!(read(", front = \"function-url:shopurl\"")(&shop), None);
    let unpinned = Shop::with(|config| config.replace("\"http-api:shop\", \"function-url:shopurl\", ", ""));
    assert_eq!(read("")(&unpinned), None, "the deployment pins them");
}

#[tokio::test]
async fn a_loaded_resource_is_rehearsed_as_it_is_served() {
    let resource = r#"resource = { type = "Order", id = "path.id" }"#;
    for (item, code) in [
        ("owner = \"alice\"", None),
        ("owner = \"bob\"", Some("forbidden")),
        ("owner = 1", Some("forbidden")),
        ("", Some("forbidden")),
    ] {
        let change =
            |config: String| config.replace(resource, &resource.replace(" }", ", load = \"table\" }"));
        let shop = Shop::with_files(change, &[("entities.json", "[]")]);
        let sent = Sent::new(Method::GET, "/orders/7").by("alice", &[]);
        let mut text = sent.sample();
        if !item.is_empty() {
            text.push_str(&format!("\nitem = {{ {item} }}"));
        }
        let sample = parse_policy_sample("s", &text).unwrap();
        if let Some(item) = &sample.item {
            shop.world.entities.put("Order", "7", item.value.clone());
        }
        shop.ask(sent.inbound(&shop)).await;
        let rehearsed = shop.world.door.rules().rehearse(&sample, &|_| panic!("no event")).unwrap();
        assert_eq!(told(&rehearsed), live(&shop.last_line()), "{item}");
        assert_eq!(told(&rehearsed).code, code, "{item}");
    }
}
