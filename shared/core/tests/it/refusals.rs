use doorward_model::{Outcome, Stage, TargetFault};
use doorward_testkit::http;
use http::{HeaderMap, Method};
use serde_json::json;

use crate::shop::{GOOD_ORDER, Shop, json_body};

/// One call by `alice` and the answer's status, code, and the stage that refused.
#[track_caller]
fn check(
    shop: &Shop,
    method: Method,
    path: &str,
    groups: &[&str],
    body: &str,
    expected: (u16, &str, Option<Stage>),
) {
    let token = format!("Bearer {}", shop.token("alice", groups));
    let headers = [("authorization", token.as_str()), ("content-type", "application/json")];
    let inbound = http("c1", method, path, &headers, body, shop.world.now());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let (status, body) = runtime.block_on(async {
        let reply = shop.ask(inbound).await;
        (reply.status.as_u16(), json_body(reply).await)
    });
    let code = body.get("code").and_then(|code| code.as_str()).unwrap_or("");
    let line = shop.last_line();
    assert_eq!((status, code, line.refused_at), expected, "{body}\n{line:?}");
    assert_eq!(line.status, Some(status));
    if status >= 400 {
        assert_eq!(body["request_id"], "c1");
        assert_eq!(line.code, Some(code));
    }
}

#[test]
fn each_refusal_has_its_status_its_code_and_its_stage() {
    let customers = &["customers"];
    let shop = Shop::new();
    check(&shop, Method::POST, "/orders", customers, GOOD_ORDER, (201, "", None));
    check(&shop, Method::GET, "/nowhere", customers, "", (404, "not-found", Some(Stage::Find)));
    check(&shop, Method::PUT, "/orders", customers, "", (405, "method-not-allowed", Some(Stage::Find)));
    for path in ["/orders/%2e%2e", "/orders%2F1001", "/orders//1001", "/orders/1%00", "/orders/%25%32%46"] {
        check(&shop, Method::GET, path, customers, "", (400, "ambiguous-path", Some(Stage::Find)));
    }
    let large = format!(r#"{{"note":"{}"}}"#, "x".repeat(1024 * 1024));
    check(&shop, Method::POST, "/orders", customers, &large, (413, "payload-too-large", Some(Stage::Screen)));
    let permit = Some(Stage::Permit);
    check(&shop, Method::POST, "/orders", &[], GOOD_ORDER, (403, "forbidden", permit));
    let dear = r#"{"items":[{"sku":"TEA-1","quantity":2}],"total":100001}"#;
    check(&shop, Method::POST, "/orders", customers, dear, (403, "forbidden", permit));
    check(&shop, Method::POST, "/orders", &["buyers"], dear, (201, "", None));
    check(&shop, Method::POST, "/orders", &["buyers", "suspended"], dear, (403, "forbidden", permit));
    check(&shop, Method::GET, "/orders/1002", customers, "", (403, "forbidden", permit));
    check(&shop, Method::POST, "/orders", customers, r#"{"items":[]}"#, (422, "contract-violation", permit));
    check(
        &shop,
        Method::POST,
        "/orders",
        customers,
        r#"{"total":1,"total":2}"#,
        (400, "duplicate-key", permit),
    );
    check(&shop, Method::POST, "/orders", customers, "{", (400, "malformed-json", permit));
}

#[test]
fn who_may_not_call_does_not_learn_of_the_contract() {
    let shop = Shop::new();
    check(&shop, Method::POST, "/orders", &[], r#"{"items":[]}"#, (403, "forbidden", Some(Stage::Permit)));
    check(
        &shop,
        Method::POST,
        "/orders",
        &["suspended", "customers"],
        "{",
        (403, "forbidden", Some(Stage::Permit)),
    );
}

#[test]
fn a_target_that_fails_is_told_from_one_that_is_slow_or_away_or_broken() {
    let shop = Shop::new();
    let order = |expected| check(&shop, Method::POST, "/orders", &["buyers"], GOOD_ORDER, expected);
    shop.world.targets.fail(TargetFault::Failed("Runtime.ExitError".into()));
    order((502, "target-failed", Some(Stage::Send)));
    shop.world.targets.fail(TargetFault::TimedOut);
    order((504, "target-timeout", Some(Stage::Send)));
    shop.world.targets.fail(TargetFault::Unreachable("throttled".into()));
    order((503, "target-unavailable", Some(Stage::Send)));
    shop.world.targets.answer(201, r#"{"id":7}"#);
    order((502, "broken-answer", Some(Stage::CheckResponse)));
    shop.world.targets.answer(500, "{}");
    order((502, "broken-answer", Some(Stage::CheckResponse)));
}

#[tokio::test]
async fn an_answer_that_the_front_cannot_carry_is_not_recorded_as_admitted() {
    let shop = Shop::with(|config| config.replace("purpose = \"checkout\"", "check_answers = \"off\""));
    shop.world.targets.answer(201, Box::leak("x".repeat(doorward_testkit::MAX_ANSWER + 1).into_boxed_str()));
    let reply = shop.ask(shop.order("c1", GOOD_ORDER)).await;
    assert_eq!(
        (reply.status.as_u16(), json_body(reply).await["code"].clone()),
        (502, json!("target-unreadable"))
    );
    assert_eq!(shop.world.ledger.rows()["c1"].call.outcome, Outcome::TargetFailed);
}

#[tokio::test]
async fn an_answer_that_breaks_off_says_how() {
    type Broken = fn() -> doorward_model::BodyError;
    let faults: [(Broken, u16, &str); 3] = [
        (|| doorward_model::BodyError::TimedOut, 504, "target-timeout"),
        (|| doorward_model::BodyError::Cut("reset".into()), 502, "target-reset"),
        (|| doorward_model::BodyError::TooLarge { limit: 9 }, 502, "target-unreadable"),
    ];
    for (broken, status, code) in faults {
        let shop = Shop::new();
        shop.world.targets.respond(move || {
            let chunks = futures_util::stream::iter([Ok("{".into()), Err(broken())]);
            let body = doorward_model::Body::Stream(Box::pin(chunks));
            Ok(doorward_model::Reply { status: http::StatusCode::CREATED, headers: HeaderMap::new(), body })
        });
        let reply = shop.ask(shop.order("c1", GOOD_ORDER)).await;
        assert_eq!((reply.status.as_u16(), json_body(reply).await["code"].clone()), (status, json!(code)));
        assert_eq!(shop.world.ledger.rows()["c1"].call.outcome, Outcome::TargetFailed);
    }
}

#[tokio::test]
async fn an_answer_that_is_compressed_cannot_be_checked() {
    for (mode, status) in [("enforce", 502), ("report", 201), ("off", 201)] {
        let mode = format!("check_answers = \"{mode}\"");
        let shop = Shop::with(|config| config.replace("purpose = \"checkout\"", &mode));
        shop.world.targets.respond(|| {
            let headers = HeaderMap::from_iter([
                (http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/json")),
                (http::header::CONTENT_ENCODING, http::HeaderValue::from_static("gzip")),
            ]);
            // Whoever does not look at its coding takes it for what the contract asks for.
            let body = doorward_model::Body::from(br#"{"id":"7","status":"placed","total":4200}"#.to_vec());
            Ok(doorward_model::Reply { status: http::StatusCode::CREATED, headers, body })
        });
        assert_eq!(shop.ask(shop.order("c1", GOOD_ORDER)).await.status, status, "{mode}");
        let places: Vec<String> =
            shop.last_line().violations.into_iter().map(|fault| fault.pointer).collect();
        let expected: &[&str] = if mode.contains("off") { &[] } else { &["/content-encoding"] };
        assert_eq!(places, expected, "{mode}");
    }
}

#[tokio::test]
async fn a_contract_fault_names_the_place_and_never_the_value() {
    let shop = Shop::new();
    let body = r#"{"items":[{"sku":"hunter2","quantity":0}],"total":"hunter2"}"#;
    let reply = shop.ask(shop.order("c1", body)).await;
    assert_eq!(reply.headers["content-type"], "application/problem+json");
    let problem = json_body(reply).await;
    let mut places: Vec<_> =
        problem["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect();
    places.sort_unstable();
    assert_eq!(places, ["/items/0/quantity", "/items/0/sku", "/total"]);
    assert!(!problem.to_string().contains("hunter2"), "{problem}");
    let line = serde_json::to_string(&shop.last_line()).unwrap();
    assert!(!line.contains("hunter2"), "{line}");
    assert_eq!(shop.world.ledger.rows()["c1"].call.outcome, Outcome::Invalid);
}

#[tokio::test]
async fn a_refusal_says_what_the_rfcs_ask_for() {
    let shop = Shop::new();
    let now = shop.world.now();
    let reply = shop.ask(http("c1", Method::DELETE, "/orders", &[], "", now)).await;
    assert_eq!(reply.headers["allow"], "POST");
    let reply = shop.ask(http("c2", Method::GET, "/orders/1001", &[], "", now)).await;
    assert_eq!(reply.headers["www-authenticate"], r#"Bearer realm="shop""#);
    let bad = [("authorization", "Bearer a.b.c")];
    let reply = shop.ask(http("c3", Method::GET, "/orders/1001", &bad, "", now)).await;
    assert_eq!(reply.headers["www-authenticate"], r#"Bearer realm="shop", error="invalid_token""#);
    assert_eq!(reply.headers["x-request-id"], "c3");
}

#[tokio::test]
async fn a_rate_binds_after_its_burst_and_says_when_to_come_back() {
    let shop = Shop::new();
    for n in 0..10 {
        let reply = shop.ask(shop.order(&format!("c{n}"), GOOD_ORDER)).await;
        assert_eq!(reply.status, 201);
        let left = format!(r#""default-rate-per-second";r={};"#, 9 - n);
        let told = reply.headers["ratelimit"].to_str().unwrap();
        assert!(told.starts_with(&left), "{told}");
    }
    let reply = shop.ask(shop.order("c10", GOOD_ORDER)).await;
    assert_eq!(reply.status, 429);
    assert_eq!(reply.headers["retry-after"], "1");
    assert_eq!(
        reply.headers["ratelimit-policy"],
        r#""default-rate-per-second";q=5;w=1, "default-quota-per-day";q=1000;w=86400"#
    );
    assert_eq!(json_body(reply).await["code"], "rate-limited");
    let line = shop.last_line();
    assert_eq!((line.outcome, line.bound.as_deref()), (Outcome::Throttled, Some("default-rate-per-second")));
    assert_eq!(shop.world.targets.sent().len(), 10);
    assert_eq!(shop.world.ledger.rows().len(), 11);
}

#[tokio::test]
async fn a_front_that_is_not_pinned_gets_no_further() {
    let shop = Shop::new();
    let mut inbound = shop.order("c1", GOOD_ORDER);
    inbound.front.id = "forged".into();
    let reply = shop.ask(inbound).await;
    assert_eq!(
        (reply.status.as_u16(), json_body(reply).await["code"].clone()),
        (403, json!("unknown-front"))
    );
    assert!(shop.world.targets.sent().is_empty());
    assert!(shop.world.ledger.rows().is_empty(), "a stranger costs no write");
}

#[tokio::test]
async fn health_answers_without_credentials_and_without_stores() {
    let shop = Shop::new();
    let reply = shop.ask(http("c1", Method::GET, "/.doorward/health", &[], "", shop.world.now())).await;
    assert_eq!(reply.status, 200);
    assert_eq!(json_body(reply).await["status"], "ok");
    assert_eq!(shop.world.limits.switch.calls() + shop.world.ledger.switch.calls(), 0);
}

#[tokio::test]
async fn a_flood_from_one_address_costs_no_signature_check() {
    let shop = Shop::with(|config| config.replace("refresh = \"30s\"", "refresh = \"30s\"\nscreen_rate = 3"));
    let now = shop.world.now();
    // Well formed, so that only the signature tells, for which the keys would be fetched.
    let stranger = doorward_testkit::TestIssuer::new("k1");
    let field = format!("Bearer {}", stranger.token(&shop.claims("alice", &[], json!({}))));
    let bad = [("authorization", field.as_str())];
    let mut statuses = Vec::new();
    for _ in 0..5 {
        statuses.push(shop.ask(http("c", Method::GET, "/orders/1001", &bad, "", now)).await.status.as_u16());
    }
    assert_eq!(statuses, [401, 401, 401, 429, 429]);
    let stages: Vec<_> = shop.world.lines.calls().iter().map(|call| call.refused_at).collect();
    assert_eq!(stages[2..], [Some(Stage::Identify), Some(Stage::Screen), Some(Stage::Screen)]);
    let shop = Shop::with(|config| config.replace("refresh = \"30s\"", "refresh = \"30s\"\nscreen_rate = 3"));
    for (n, expected) in [401, 401, 401, 429].into_iter().enumerate() {
        let mut inbound = http(&n.to_string(), Method::GET, "/orders/1001", &bad, "", now);
        if let doorward_model::Message::Http(request) = &mut inbound.message {
            request.source_ip = None;
        }
        assert_eq!(shop.ask(inbound).await.status.as_u16(), expected, "callers without an address share one");
    }
}
