use std::sync::Arc;

use doorward_core::{Answer, Bundle, Rules};
use doorward_model::{Call, Inbound, Reply};
use doorward_testkit::{TestIssuer, World, http, numeric_date};
use http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};

pub(crate) const JWKS: &str = "https://id.shop.example/.well-known/jwks.json";

/// The demo's configuration with its customers alone, with the refresh interval that these tests count with, and without
/// a gateway's cache.
fn config() -> String {
    let config = include_str!("../../../../policies/doorward.toml");
    let of_others = ["name = \"staff\"", "[iam]", "auth = [\"iam\"]", "match = \"$", "match = \"MESSAGE "];
    let own = config.split("\n\n").filter(|part| !of_others.iter().any(|words| part.contains(words)));
    let config = own.collect::<Vec<_>>().join("\n\n").replace(", \"staff\"", "");
    let line = |line: &str| match line {
        _ if line.starts_with("refresh = ") => "refresh = \"30s\"\n".to_owned(),
        _ if line.starts_with("cache = ") || line.starts_with("connections = ") => String::new(),
        _ => format!("{line}\n"),
    };
    config.lines().map(line).collect()
}

const FILES: [(&str, &str); 7] = [
    ("orders.cedar", include_str!("../../../../policies/orders.cedar")),
    ("receipts.cedar", include_str!("../../../../policies/receipts.cedar")),
    ("candidate/shop.cedar", include_str!("../../../../policies/candidate/shop.cedar")),
    ("shop.cedarschema", include_str!("../../../../policies/shop.cedarschema")),
    ("entities.json", include_str!("../../../../policies/entities.json")),
    ("contracts/shop.yaml", include_str!("../../../../policies/contracts/shop.yaml")),
    ("contracts/payment.schema.json", include_str!("../../../../policies/contracts/payment.schema.json")),
];

/// What governs the demo, and more files.
pub(crate) fn bundle(more: &[(&str, &str)]) -> Bundle {
    let files = FILES.iter().chain(more).map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    Bundle { config: ("doorward.toml".to_owned(), config()), files: files.collect() }
}

/// The digest of a sound bundle.
#[track_caller]
pub(crate) fn digest(bundle: &Bundle) -> String {
    Rules::compile(bundle, |_| None).unwrap_or_else(|faults| panic!("{faults}")).digest().to_owned()
}

/// What governs the demo, compiled.
pub(crate) fn rules() -> Arc<Rules> {
    Arc::new(Rules::compile(&bundle(&[]), |_| None).unwrap())
}

/// The demo's own door over stand-ins, with its issuer.
pub(crate) struct Shop {
    pub(crate) world: World,
    pub(crate) issuer: TestIssuer,
}

pub(crate) fn now() -> Timestamp {
    "2026-11-24T12:00:00Z".parse().unwrap()
}

impl Shop {
    pub(crate) fn new() -> Self {
        Self::with(|config| config)
    }

    /// The shop with its configuration changed.
    #[track_caller]
    pub(crate) fn with(change: impl FnOnce(String) -> String) -> Self {
        Self::with_files(change, &[])
    }

    /// The shop with its configuration changed, and more files.
    #[track_caller]
    pub(crate) fn with_files(change: impl FnOnce(String) -> String, more: &[(&str, &str)]) -> Self {
        let world = World::new(&change(config()), &[&FILES[..], more].concat(), now())
            .unwrap_or_else(|faults| panic!("{faults}"));
        let issuer = TestIssuer::new("k1");
        world.documents.put(JWKS, issuer.jwks());
        world.targets.answer(201, r#"{"id":"7","status":"placed","total":4200}"#);
        Self { world, issuer }
    }

    /// The claims of a good token; a `null` in `change` takes a claim away.
    pub(crate) fn claims(&self, subject: &str, groups: &[&str], change: Value) -> Value {
        let at = numeric_date(self.world.now());
        let mut claims = json!({
            "iss": "https://id.shop.example/", "aud": "shop-api", "sub": subject, "groups": groups,
            "iat": at - 10, "exp": at + 300,
        });
        for (name, value) in change.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        claims
    }

    pub(crate) fn token(&self, subject: &str, groups: &[&str]) -> String {
        self.issuer.token(&self.claims(subject, groups, json!({})))
    }

    /// `POST /orders` by a customer with this body.
    pub(crate) fn order(&self, id: &str, body: &str) -> Inbound {
        let token = format!("Bearer {}", self.token("alice", &["customers"]));
        let headers = [("authorization", token.as_str()), ("content-type", "application/json")];
        http(id, Method::POST, "/orders", &headers, body, self.world.now())
    }

    pub(crate) async fn ask(&self, inbound: Inbound) -> Reply {
        match self.world.door.serve(inbound).await {
            Answer::Http(reply) => reply,
            Answer::Event(answer) => panic!("an event's answer: {answer:?}"),
        }
    }

    pub(crate) fn last_line(&self) -> Call {
        self.world.lines.calls().pop().unwrap()
    }
}

pub(crate) const GOOD_ORDER: &str = r#"{"items":[{"sku":"TEA-1","quantity":2}],"total":4200}"#;

pub(crate) async fn json_body(reply: Reply) -> Value {
    serde_json::from_slice(&reply.body.collect(1 << 20).await.unwrap()).unwrap()
}
