//! `GET /.doorward/usage`: what callers are told of their own plan, limits and usage.

use doorward_core::usage::{Bucket, Grain, Group, Sums};
use doorward_model::{Outcome, Reply};
use doorward_testkit::http;
use http::Method;
use serde_json::{Value, json};

use crate::shop::{GOOD_ORDER, Shop, json_body};

const LIMITS: &str = r#"limits = [{ rate = "5/s", burst = 10 }, { quota = "1000/day" }]"#;

async fn ask(shop: &Shop, id: &str, subject: &str) -> Reply {
    let token = format!("Bearer {}", shop.token(subject, &["customers"]));
    let headers = [("authorization", token.as_str())];
    shop.ask(http(id, Method::GET, "/.doorward/usage", &headers, "", shop.world.now())).await
}

fn used(shop: &Shop, caller: &str, action: &str, outcome: Outcome, calls: i64) {
    let group = Group {
        caller: caller.into(),
        action: Some(action.into()),
        target: Some("orders".into()),
        purpose: Some("checkout".into()),
        outcome,
        plan: Some("default".into()),
        plan_version: None,
    };
    let month = Bucket::holding(Grain::Month, shop.world.now());
    shop.world.aggregates.put(month, group, Sums { calls, units: calls, ..Sums::default() });
}

#[tokio::test]
async fn who_was_assigned_a_plan_just_now_is_told_of_it() {
    let shop = Shop::new();
    let plan = async |id| json_body(ask(&shop, id, "alice").await).await["plan"].clone();
    assert_eq!(plan("u1").await, "default");
    shop.world.limits.assign("User::\"alice\"", Some("partner"));
    assert_eq!(plan("u2").await, "partner");
}

#[tokio::test]
async fn a_caller_learns_of_plan_limits_and_usage_and_of_nobody_elses() {
    let shop = Shop::new();
    used(&shop, "User::\"alice\"", "createOrder", Outcome::Admitted, 7);
    used(&shop, "User::\"bob\"", "createOrder", Outcome::Admitted, 99);
    for n in 0..3 {
        assert_eq!(shop.ask(shop.order(&format!("call-{n}"), GOOD_ORDER)).await.status, 201);
    }
    let before = (shop.world.ledger.rows().len(), shop.world.limits.switch.calls());
    let reply = ask(&shop, "u1", "alice").await;
    assert_eq!((reply.status.as_u16(), reply.headers["cache-control"].to_str().unwrap()), (200, "no-store"));
    assert_eq!(reply.headers["x-request-id"], "u1");
    let body = json_body(reply).await;
    assert_eq!((&body["caller"], &body["plan"]), (&json!("User::\"alice\""), &json!("default")));
    assert!(body["plan_version"].is_string());
    let limit = |place: usize| {
        let limit = &body["limits"][place];
        ["name", "kind", "mode", "by", "limit", "remaining"].map(|member| limit[member].clone())
    };
    assert_eq!(
        limit(0),
        ["default-rate-per-second", "rate", "hard", "caller"]
            .map(Value::from)
            .into_iter()
            .chain([json!(5), json!(7)])
            .collect::<Vec<_>>()[..]
    );
    assert_eq!(
        limit(1),
        ["default-quota-per-day", "quota", "hard", "caller"]
            .map(Value::from)
            .into_iter()
            .chain([json!(1000), json!(997)])
            .collect::<Vec<_>>()[..]
    );
    let line = json!({ "action": "createOrder", "purpose": "checkout", "outcome": "admitted", "calls": 7, "units": 7 });
    assert_eq!(body["usage"], json!({ "period": "2026-11", "calls": [line] }));
    let after = (shop.world.ledger.rows().len(), shop.world.limits.switch.calls());
    assert_eq!((after.0, after.1 - before.1), (before.0, 2), "it is no call: its plan and levels are read");
    let line = shop.last_line();
    assert_eq!((line.action.as_deref(), line.outcome), (Some("doorward.usage"), Outcome::Admitted));
}

#[tokio::test]
async fn who_is_not_proven_hears_nothing() {
    let shop = Shop::new();
    let now = shop.world.now();
    for headers in [vec![], vec![("authorization", "Bearer x.y.z")]] {
        let reply = shop.ask(http("u1", Method::GET, "/.doorward/usage", &headers, "", now)).await;
        assert_eq!(reply.status, 401);
        assert!(reply.headers.contains_key("www-authenticate"));
    }
    let post = shop.ask(http("u2", Method::POST, "/.doorward/usage", &[], "", now)).await;
    assert_eq!(post.status, 404);
}

#[tokio::test]
async fn questions_are_few_and_do_not_count_as_calls() {
    let shop = Shop::new();
    for n in 0..5 {
        assert_eq!(ask(&shop, &format!("u{n}"), "alice").await.status, 200);
    }
    let reply = ask(&shop, "u6", "alice").await;
    assert_eq!((reply.status.as_u16(), reply.headers["retry-after"].to_str().unwrap()), (429, "1"));
    assert_eq!(ask(&shop, "u7", "bob").await.status, 200, "each caller has questions of their own");
    assert_eq!(shop.ask(shop.order("call-1", GOOD_ORDER)).await.status, 201);
}

#[tokio::test]
async fn an_assigned_plan_and_leased_and_local_limits_are_told_and_those_of_one_action_are_not() {
    let shop = Shop::with(|config| {
        let limits = r#"limits = [
            { quota = "100/day", mode = "leased" }, { quota = "50/hour", mode = "local" },
            { quota = "7/day", by = ["caller", "action"], name = "each" },
            { quota = "8/day", for = { action = "createOrder" }, name = "orders" },
        ]"#;
        config.replace(LIMITS, limits)
    });
    assert_eq!(shop.ask(shop.order("call-1", GOOD_ORDER)).await.status, 201);
    let body = json_body(ask(&shop, "u1", "alice").await).await;
    let told = |body: &Value| -> Vec<(String, u64)> {
        let limits = body["limits"].as_array().unwrap().iter();
        limits
            .map(|limit| (limit["mode"].as_str().unwrap().to_owned(), limit["remaining"].as_u64().unwrap()))
            .collect()
    };
    assert_eq!(told(&body), [("leased".to_owned(), 99), ("local".to_owned(), 49)]);
    shop.world.limits.assign("User::\"alice\"", Some("partner"));
    assert_eq!(shop.ask(shop.order("call-2", GOOD_ORDER)).await.status, 201);
    let body = json_body(ask(&shop, "u2", "alice").await).await;
    assert_eq!(body["plan"], "partner");
}

#[tokio::test]
async fn while_a_store_is_away_nothing_is_made_up() {
    let shop = Shop::new();
    shop.world.aggregates.switch.away(true);
    assert_eq!(ask(&shop, "u1", "alice").await.status, 503);
    shop.world.aggregates.switch.away(false);
    shop.world.limits.switch.away(true);
    assert_eq!(ask(&shop, "u2", "alice").await.status, 503);
}
