//! What comes by a connection of a WebSocket API: who calls, and that each message is decided about by itself.

use std::time::Duration;

use doorward_core::{ApiKey, ApiKeyRecord, RANDOM_BYTES};
use doorward_model::{IamCaller, Inbound, Message, Outcome, Reply, Stage, TargetFault, TrustLevel};
use doorward_testkit::{http, socket};
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::shop::{Shop, json_body};

const ROUTES: &str = r#"
[[routes]]
id = "connectShop"
match = "$connect"
target = "orders"
auth = ["main", "api-key"]

[[routes]]
id = "placeOrder"
match = "MESSAGE placeOrder"
target = "orders"
auth = ["main", "api-key", "iam"]
contract = "contracts/message.json"
purpose = "checkout"

[[routes]]
id = "readOrder"
match = "MESSAGE readOrder"
target = "orders"
auth = ["main"]
scopes = ["orders.read"]
contract = "contracts/message.json"

[[routes]]
id = "anyMessage"
match = "$default"
target = "orders"
auth = ["main", "anonymous"]

[[routes]]
id = "leaveShop"
match = "$disconnect"
target = "orders"
auth = ["main", "api-key"]

[iam]
accounts = ["123456789012"]
user_type = "IamUser"
"#;

const POLICIES: &str = r#"
@id("connect")
permit (principal, action in [Action::"connectShop", Action::"leaveShop"], resource);

@id("place")
permit (principal, action == Action::"placeOrder", resource)
when {
  context.request.event_type == "MESSAGE" && context.request.route_key == "placeOrder" &&
  context.request.connection_id like "c-*" && context.input.quantity <= 10
};

@id("not-from-old-connections")
forbid (principal, action == Action::"placeOrder", resource)
when { context.request has connected_at && context.now.durationSince(context.request.connected_at) > duration("1h") };

@id("read")
permit (principal in Group::"customers", action == Action::"readOrder", resource);

@id("not-mallory")
forbid (principal == User::"mallory", action == Action::"connectShop", resource);

@id("stranger")
permit (principal is Anonymous, action == Action::"anyMessage", resource);

@id("any")
permit (principal, action == Action::"anyMessage", resource)
when { context.request.route_key != "debug" };
"#;

const CONTRACT: &str = r#"{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "required": ["action", "quantity"],
  "additionalProperties": false,
  "properties": { "action": { "const": "placeOrder" }, "quantity": { "type": "integer", "minimum": 1, "maximum": 1000 } }
}"#;

const ORDER: &str = r#"{"action":"placeOrder","quantity":2}"#;

fn shop() -> Shop {
    shop_with(|config| config)
}

fn shop_with(change: impl FnOnce(String) -> String) -> Shop {
    let fronts = r#"fronts = ["http-api:shop", "websocket-api:sock", "websocket-api:other","#;
    let connections = "[authorizer]\nconnections = [\"websocket-api:sock\"]\n";
    let config = |config: String| {
        let config =
            config.replace(r#"fronts = ["http-api:shop","#, fronts).replace("[authorizer]\n", connections);
        change(config + ROUTES)
    };
    shop_of(config, POLICIES)
}

fn shop_of(config: impl FnOnce(String) -> String, policies: &str) -> Shop {
    let files = [("connections.cedar", policies), ("contracts/message.json", CONTRACT)];
    let shop = Shop::with_files(config, &files);
    shop.world.targets.answer(200, "{}");
    shop
}

/// What `sock` says of the connection `c-1`, which was opened at noon.
fn by(shop: &Shop, id: &str, route_key: &str, headers: &[(&str, &str)], body: &str) -> Inbound {
    let mut inbound = http(id, Method::POST, "/", headers, body, shop.world.now());
    inbound.front = "websocket-api:sock".parse().unwrap();
    change(&mut inbound, |request| {
        request.socket = Some(socket(route_key, "c-1", crate::shop::now()));
    });
    inbound
}

fn change(inbound: &mut Inbound, change: impl FnOnce(&mut doorward_model::HttpRequest)) {
    let Message::Http(request) = &mut inbound.message else { panic!("a request") };
    change(request);
}

/// What the authorizer has the gateway keep with the connection that these header fields open.
async fn opened(shop: &Shop, headers: &[(&str, &str)]) -> Option<String> {
    let mut question = by(shop, "q", "$connect", headers, "");
    change(&mut question, |request| request.method = Method::GET);
    let admission = shop.world.door.admit(question).await;
    assert_eq!(admission.refusal, None);
    admission.connection
}

async fn opened_by_token(shop: &Shop, change: Value) -> String {
    let token = shop.issuer.token(&shop.claims("alice", &["customers"], change));
    opened(shop, &[("authorization", &format!("Bearer {token}"))]).await.unwrap()
}

/// A message by a connection with which this is kept.
fn message(shop: &Shop, id: &str, route_key: &str, kept: Option<&str>, body: &str) -> Inbound {
    let mut inbound = by(shop, id, route_key, &[], body);
    change(&mut inbound, |request| request.verified.connection = kept.map(str::to_owned));
    inbound
}

/// Status, and the code of a refusal.
async fn told(reply: Reply) -> (u16, String) {
    let status = reply.status.as_u16();
    (status, json_body(reply).await["code"].as_str().unwrap_or_default().to_owned())
}

async fn ask(shop: &Shop, inbound: Inbound) -> (u16, String) {
    told(shop.ask(inbound).await).await
}

#[tokio::test]
async fn a_message_is_its_connections_callers_and_is_decided_about_by_itself() {
    let shop = shop();
    let kept = opened_by_token(&shop, json!({ "email": "alice@shop.example" })).await;
    assert!(!kept.contains("email"), "what no rule reads is not kept: {kept}");
    let asked = shop.world.documents.asked();

    assert_eq!(ask(&shop, message(&shop, "m1", "placeOrder", Some(&kept), ORDER)).await.0, 200);
    let line = shop.last_line();
    assert_eq!(line.caller.unwrap().to_string(), r#"User::"alice""#);
    assert_eq!((line.action.as_deref(), line.purpose.as_deref()), (Some("placeOrder"), Some("checkout")));
    assert_eq!(line.decision.unwrap().policies, ["place"]);
    let connection = line.connection.unwrap();
    assert_eq!((connection.id.as_str(), connection.message.as_deref()), ("c-1", Some("m-1")));
    assert_eq!(shop.world.ledger.rows()["m1"].call.outcome, Outcome::Admitted);
    assert_eq!(shop.world.targets.sent(), ["orders placeOrder"]);

    let too_many = r#"{"action":"placeOrder","quantity":11}"#;
    let refused = ask(&shop, message(&shop, "m2", "placeOrder", Some(&kept), too_many)).await;
    assert_eq!(refused, (403, "forbidden".to_owned()));
    assert_eq!(shop.world.ledger.rows()["m2"].call.outcome, Outcome::Denied);
    // The connection is no worse for it.
    assert_eq!(ask(&shop, message(&shop, "m3", "placeOrder", Some(&kept), ORDER)).await.0, 200);
    assert_eq!(shop.world.targets.sent(), ["orders placeOrder"; 2], "nothing went there of what was refused");
    assert_eq!(shop.world.documents.asked(), asked, "no key is needed for what is not verified again");
}

#[tokio::test]
async fn a_message_is_held_to_its_contract() {
    let shop = shop();
    let kept = opened_by_token(&shop, json!({ "scope": "orders.read" })).await;
    let strangers = opened_by_token(&shop, json!({ "scope": "orders.read", "groups": [] })).await;
    for (body, status) in [
        (r#"{"action":"placeOrder","quantity":0}"#, 422),
        (r#"{"action":"placeOrder"}"#, 422),
        ("[]", 422),
        (r#"{"action":"placeOrder","quantity":1,"quantity":2000}"#, 400),
        ("", 400),
        ("hello", 400),
        ("\"\u{0}\"", 400),
        (&"[".repeat(10_000), 400),
    ] {
        let told = ask(&shop, message(&shop, "m", "readOrder", Some(&kept), body)).await;
        assert_eq!(told.0, status, "{body}: {}", told.1);
        assert_eq!(
            ask(&shop, message(&shop, "m", "placeOrder", Some(&kept), body)).await.0,
            status,
            "{body}"
        );
        // Whom no policy lets in is told nothing of it.
        assert_eq!(
            ask(&shop, message(&shop, "m", "readOrder", Some(&strangers), body)).await.0,
            403,
            "{body}"
        );
        assert_eq!(shop.last_line().refused_at, Some(Stage::Permit), "{body}");
    }
    assert!(shop.world.targets.sent().is_empty());
    let long = "x".repeat(2 * 1024 * 1024);
    assert_eq!(ask(&shop, message(&shop, "m", "$default", Some(&kept), &long)).await.0, 413);
}

#[tokio::test]
async fn a_message_without_a_contract_has_one_reading_all_the_same() {
    let shop = shop();
    for (body, status) in [
        (r#"{"action":"setStock","action":"read"}"#, 400),
        (" \n{\"action\":1", 400),
        (r#"{"action":"read"}"#, 200),
        ("hello", 200),
        ("[1", 200),
    ] {
        let told = ask(&shop, message(&shop, "m", "$default", None, body)).await;
        assert_eq!(told.0, status, "{body}: {}", told.1);
    }
    assert_eq!(shop.world.targets.sent().len(), 3);
}

#[tokio::test]
async fn a_token_that_has_expired_since_proves_nobody() {
    let shop = shop();
    let kept = opened_by_token(&shop, json!({})).await;
    shop.world.clock.advance(Duration::from_secs(200));
    assert_eq!(ask(&shop, message(&shop, "m1", "placeOrder", Some(&kept), ORDER)).await.0, 200);
    shop.world.clock.advance(Duration::from_secs(200));
    for key in ["placeOrder", "$default"] {
        let refused = ask(&shop, message(&shop, "m2", key, Some(&kept), ORDER)).await;
        assert_eq!(refused, (401, "invalid-token".to_owned()), "{key}");
        assert_eq!(shop.last_line().cause.as_deref(), Some("the token has expired"));
    }
    assert_eq!(shop.world.targets.sent(), ["orders placeOrder"]);
    // Who leaves is who came.
    assert_eq!(ask(&shop, message(&shop, "m3", "$disconnect", Some(&kept), "")).await.0, 200);
    assert_eq!(shop.last_line().caller.unwrap().to_string(), r#"User::"alice""#);
    let early = opened_by_token(&shop, json!({})).await;
    let mut end = message(&shop, "m4", "$disconnect", Some(&early), "");
    change(&mut end, |request| request.socket.as_mut().unwrap().connected = None);
    assert_eq!(ask(&shop, end).await.0, 200);
    let mut end = message(&shop, "m5", "$disconnect", Some(&kept), "");
    change(&mut end, |request| request.socket.as_mut().unwrap().connected = None);
    assert_eq!(ask(&shop, end).await.0, 401, "of which is not said when it was opened");
}

#[tokio::test]
async fn policies_read_since_when_a_connection_is_open() {
    let shop = shop();
    let kept = opened_by_token(&shop, json!({ "exp": 4_000_000_000_i64 })).await;
    shop.world.clock.advance(Duration::from_secs(60 * 60));
    assert_eq!(ask(&shop, message(&shop, "m1", "placeOrder", Some(&kept), ORDER)).await.0, 200);
    shop.world.clock.advance(Duration::from_secs(1));
    assert_eq!(ask(&shop, message(&shop, "m2", "placeOrder", Some(&kept), ORDER)).await.0, 403);
    assert_eq!(shop.last_line().decision.unwrap().policies, ["not-from-old-connections"]);
}

#[tokio::test]
async fn scopes_bind_messages() {
    let shop = shop();
    let kept = opened_by_token(&shop, json!({ "scope": "orders.list" })).await;
    let refused = ask(&shop, message(&shop, "m1", "readOrder", Some(&kept), ORDER)).await;
    assert_eq!(refused, (403, "insufficient-scope".to_owned()));
    let kept = opened_by_token(&shop, json!({ "scope": "orders.read" })).await;
    assert_eq!(ask(&shop, message(&shop, "m2", "readOrder", Some(&kept), ORDER)).await.0, 200);
}

#[tokio::test]
async fn an_api_key_that_was_revoked_since_proves_nobody() {
    let shop = shop();
    let key = ApiKey::generate("shop", &[7; RANDOM_BYTES]);
    let record = ApiKeyRecord {
        hash: key.hash(),
        id: key.hash().id(),
        owner: "warehouse".to_owned(),
        plan: None,
        groups: vec!["buyers".to_owned()],
        created: shop.world.now(),
        expires: None,
        revoked: None,
        note: None,
    };
    shop.world.api_keys.put(record.clone());
    let kept = opened(&shop, &[("x-api-key", key.expose())]).await.unwrap();
    assert!(!kept.contains(key.expose()), "the key itself is not kept");
    assert_eq!(ask(&shop, message(&shop, "m1", "placeOrder", Some(&kept), ORDER)).await.0, 200);
    let line = shop.last_line();
    assert_eq!(line.caller.unwrap().to_string(), r#"Client::"warehouse""#);
    assert_eq!(line.trust, Some(TrustLevel::Attested), "the gateway kept whose key it was");
    assert_eq!(line.key_id, Some(key.hash().id()));
    shop.world.clock.advance(Duration::from_secs(31));
    shop.world.api_keys.put(ApiKeyRecord { revoked: Some(shop.world.now()), ..record });
    shop.world.clock.advance(Duration::from_secs(31));
    let refused = ask(&shop, message(&shop, "m2", "placeOrder", Some(&kept), ORDER)).await;
    assert_eq!(refused, (401, "invalid-key".to_owned()));
    assert_eq!(
        ask(&shop, message(&shop, "m3", "$disconnect", Some(&kept), "")).await.0,
        200,
        "it was good then"
    );
}

#[tokio::test]
async fn whose_signature_opened_a_connection_the_gateway_says() {
    let shop = shop();
    let signed = |arn: &str| {
        let mut inbound = message(&shop, "m1", "placeOrder", None, ORDER);
        let caller = IamCaller {
            arn: arn.to_owned(),
            account: "123456789012".to_owned(),
            organization: None,
            unique_id: None,
        };
        change(&mut inbound, |request| request.verified.iam = Some(caller));
        inbound
    };
    assert_eq!(ask(&shop, signed("arn:aws:iam::123456789012:user/ann")).await.0, 200);
    assert_eq!(shop.last_line().caller.unwrap().type_name, "IamUser");
    assert_eq!(ask(&shop, signed("arn:aws:iam::999999999999:user/ann")).await.0, 401);
}

#[tokio::test]
async fn nobody_says_who_opened_a_connection_but_its_own_authorizer() {
    let shop = shop();
    let kept = opened_by_token(&shop, json!({})).await;
    let said: Value = serde_json::from_str(&kept).unwrap();
    for (name, other) in [("door", "stop"), ("api", "other"), ("connection", "c-2")] {
        let mut said = said.clone();
        said[name] = json!(other);
        // Who has something said of them that is not for this door does not come as one who has nothing.
        for key in ["placeOrder", "$default"] {
            let refused = ask(&shop, message(&shop, "m", key, Some(&said.to_string()), ORDER)).await;
            assert_eq!(refused, (401, "invalid-token".to_owned()), "{name}");
        }
    }
    let mut elsewhere = said.clone();
    elsewhere["token"]["iss"] = json!("https://mallory.example/");
    assert_eq!(
        ask(&shop, message(&shop, "m", "placeOrder", Some(&elsewhere.to_string()), ORDER)).await.0,
        401
    );
    // Of another API, pinned as this one is, nobody said that our authorizer stands before it.
    for api in ["sock", "other"] {
        let mut said = said.clone();
        said["api"] = json!(api);
        let mut inbound = message(&shop, "m", "placeOrder", Some(&said.to_string()), ORDER);
        inbound.front = "websocket-api:other".parse().unwrap();
        assert_eq!(ask(&shop, inbound).await, (401, "missing-credentials".to_owned()), "{api}");
    }
    let mut unpinned = message(&shop, "m", "placeOrder", Some(&kept), ORDER);
    unpinned.front = "websocket-api:nobodys".parse().unwrap();
    assert_eq!(ask(&shop, unpinned).await.0, 403);
    // What a caller writes is a body. Header fields that no gateway hands over prove nobody, if there were any.
    let spoofed = json!({ "action": "placeOrder", "requestContext": { "authorizer": { "doorwardConnection1": kept } } });
    let refused = ask(&shop, message(&shop, "m", "placeOrder", None, &spoofed.to_string())).await;
    assert_eq!(refused, (401, "missing-credentials".to_owned()));
    assert!(shop.world.targets.sent().is_empty());
    assert_eq!(ask(&shop, message(&shop, "m", "$default", None, "hello")).await.0, 200);
    assert_eq!(shop.last_line().caller.unwrap().type_name, "Anonymous");
}

#[tokio::test]
async fn nothing_is_kept_where_no_message_would_go_by_it() {
    let shop = shop();
    let field = format!("Bearer {}", shop.token("alice", &["customers"]));
    let mut question = by(&shop, "q", "$connect", &[("authorization", &field)], "");
    question.front = "websocket-api:other".parse().unwrap();
    let admission = shop.world.door.admit(question).await;
    assert_eq!((admission.refusal, admission.connection), (None, None));
    // Whom the policies do not let in is not spoken of either.
    let field = format!("Bearer {}", shop.token("mallory", &["customers"]));
    let mut denied = by(&shop, "q", "$connect", &[("authorization", &field)], "");
    change(&mut denied, |request| request.method = Method::GET);
    let admission = shop.world.door.admit(denied).await;
    assert!(admission.refusal.is_some() && admission.connection.is_none());
}

#[tokio::test]
async fn a_route_key_that_no_route_has_goes_to_the_default_one() {
    let shop = shop();
    let kept = opened_by_token(&shop, json!({})).await;
    assert_eq!(ask(&shop, message(&shop, "m1", "unheardOf", Some(&kept), "{}")).await.0, 200);
    assert_eq!(shop.last_line().action.as_deref(), Some("anyMessage"));
    assert_eq!(ask(&shop, message(&shop, "m2", "debug", Some(&kept), "{}")).await.0, 403, "policies read it");
    let without = shop_with(|config| config.replace("match = \"$default\"", "match = \"MESSAGE any\""));
    let refused = ask(&without, message(&without, "m3", "unheardOf", Some(&kept), "{}")).await;
    assert_eq!(refused, (404, "not-found".to_owned()));
    assert_eq!(ask(&without, by(&without, "m4", "$default", &[], "{}")).await.0, 404);
    // Nothing of HTTP leads there.
    let order = http("h1", Method::POST, "/placeOrder", &[], ORDER, without.world.now());
    assert_eq!(ask(&without, order).await.0, 404);
}

#[tokio::test]
async fn the_end_of_a_connection_is_decided_about_and_recorded() {
    let shop = shop();
    let kept = opened_by_token(&shop, json!({})).await;
    assert_eq!(ask(&shop, message(&shop, "e1", "$disconnect", Some(&kept), "")).await.0, 200);
    assert_eq!(shop.last_line().action.as_deref(), Some("leaveShop"));
    assert_eq!(shop.world.targets.sent(), ["orders leaveShop"]);
    assert_eq!(shop.world.ledger.rows()["e1"].call.outcome, Outcome::Admitted);
    // Nobody is held back by a refusal: the target is not told, and that is all.
    let forbidden = POLICIES.replace(", Action::\"leaveShop\"", "");
    let fronts = r#"fronts = ["websocket-api:sock", "http-api:shop","#;
    let connections = "[authorizer]\nconnections = [\"websocket-api:sock\"]\n";
    let config = |config: String| {
        config.replace(r#"fronts = ["http-api:shop","#, fronts).replace("[authorizer]\n", connections)
            + ROUTES
    };
    let shop = shop_of(config, &forbidden);
    assert_eq!(ask(&shop, message(&shop, "e2", "$disconnect", Some(&kept), "")).await.0, 403);
    assert_eq!(shop.world.ledger.rows()["e2"].call.outcome, Outcome::Denied);
    assert!(shop.world.targets.sent().is_empty());
}

#[tokio::test]
async fn a_message_is_not_sent_twice() {
    let shop = shop_with(|config| {
        config.replacen("lambda = \"orders\"", "lambda = \"orders\"\nretry = { attempts = 3 }", 1)
    });
    let kept = opened_by_token(&shop, json!({})).await;
    shop.world.targets.fail(TargetFault::TimedOut);
    let refused = ask(&shop, message(&shop, "m1", "placeOrder", Some(&kept), ORDER)).await;
    assert_eq!((refused.0, shop.world.targets.went().len()), (504, 1));
    assert_eq!(shop.last_line().sent.unwrap().not_retried, Some("not-idempotent"));
    // API Gateway waits for 29 s.
    let mut inbound = message(&shop, "m2", "placeOrder", Some(&kept), ORDER);
    inbound.deadline = shop.world.now() + SignedDuration::from_mins(15);
    assert_eq!(ask(&shop, inbound).await.0, 504);
    assert!(shop.world.targets.within() <= Duration::from_secs(29));
}
