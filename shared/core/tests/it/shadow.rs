//! The candidate set beside the policies in force, and decisions that are recorded.

use std::time::Duration;

use doorward_model::{Call, DecisionRecord, Effect, Outcome};
use doorward_testkit::{World, http, s3};
use http::Method;
use jiff::ToSpan;
use serde_json::{Value, json};

use crate::shop::{GOOD_ORDER, Shop, now};

/// An order between what the policies in force and what the candidates permit to a customer.
const LARGE_ORDER: &str = r#"{"items":[{"sku":"TEA-1","quantity":2}],"total":75000,"note":"S3CR3T"}"#;

#[track_caller]
fn check_shadow(call: &Call, expected: Option<(Effect, &[&str])>) {
    let found = call.shadow.as_ref().map(|note| (note.effect, note.policies.clone()));
    let expected = expected
        .map(|(effect, policies)| (effect, policies.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>()));
    assert_eq!(found, expected);
}

#[tokio::test]
async fn a_difference_is_noted_and_never_enforced() {
    let shop = Shop::new();
    assert_eq!(shop.ask(shop.order("c1", LARGE_ORDER)).await.status, 201);
    check_shadow(&shop.last_line(), Some((Effect::Deny, &[])));
    check_shadow(&shop.world.ledger.rows()["c1"].call, Some((Effect::Deny, &[])));
    let line = serde_json::to_value(shop.last_line()).unwrap();
    assert_eq!(line["shadow"], json!({ "effect": "deny", "policies": [], "errors": [] }));
    assert_eq!(shop.ask(shop.order("c2", GOOD_ORDER)).await.status, 201);
    check_shadow(&shop.last_line(), None);
    assert_eq!(serde_json::to_value(shop.last_line()).unwrap().get("shadow"), None);
    assert_eq!(shop.world.ledger.switch.calls(), 2, "a difference costs no further write");
}

/// The shop with other candidates.
fn with_candidates(text: &str) -> Shop {
    Shop::with_files(|config| config, &[("candidate/shop.cedar", text)])
}

#[tokio::test]
async fn a_refusal_that_the_candidates_would_not_give_is_noted_in_the_authorizer_too() {
    let shop = with_candidates("@id(\"open\") permit(principal, action, resource);");
    let order = |id: &str| {
        let token = format!("Bearer {}", shop.token("mallory", &[]));
        http(id, Method::POST, "/orders", &[("authorization", token.as_str())], "", shop.world.now())
    };
    let refusal = shop.world.door.admit(order("c1")).await.refusal.unwrap();
    assert_eq!(refusal.outcome(), Outcome::Denied);
    check_shadow(&shop.last_line(), Some((Effect::Allow, &["open"])));
    check_shadow(&shop.world.ledger.rows()["c1"].call, Some((Effect::Allow, &["open"])));
    let receipt = s3("e1", "inbox/a.exe", 10, shop.world.now());
    shop.world.door.serve(receipt).await;
    check_shadow(&shop.last_line(), Some((Effect::Allow, &["open"])));
}

#[tokio::test]
async fn what_depends_on_the_body_is_left_open_without_one() {
    let shop = Shop::new();
    assert!(shop.world.door.admit(shop.order("c1", LARGE_ORDER)).await.refusal.is_none());
    check_shadow(&shop.last_line(), None);
}

#[track_caller]
fn check_faults(config: &str, files: &[(&str, &str)], expected: &[&str]) {
    let faults = World::new(config, files, now()).map(drop).unwrap_err();
    assert_eq!(faults.lines().filter(|line| !line.starts_with("  ")).collect::<Vec<_>>(), expected);
}

#[test]
fn candidates_that_are_faulty_or_missing_are_faults() {
    let config = "[door]\nname = 'd'\ntable = 't'\n[shadow]\npolicies = 'next'\n";
    check_faults(config, &[("nextdoor.cedar", "")], &["doorward.toml:5:12: no policy is below `next`"]);
    check_faults(
        config,
        &[("a.cedar", "permit(principal, action);"), ("next/a.cedar", "permit(principal, action);")],
        &[
            "a.cedar:1:25: this policy is missing the `resource` variable in the scope",
            "next/a.cedar:1:25: this policy is missing the `resource` variable in the scope",
        ],
    );
}

#[test]
fn ids_of_candidates_clash_with_none_in_force_whatever_else_is_wrong() {
    let policy = "@id(\"a\") permit(principal, action, resource);";
    let files = [("a.cedar", policy), ("next/a.cedar", policy)];
    let config = "[door]\nname = 'd'\n[shadow]\npolicies = 'next'\n";
    check_faults(config, &files, &["doorward.toml:1:1: missing key `table` in `[door]`"]);
    let broken = "[door\nname = 'd'\n[shadow]\npolicies = 'next'\n";
    let faults = World::new(broken, &files, now()).map(drop).unwrap_err();
    assert_eq!(faults.lines().count(), 1, "{faults}");
}

fn recording() -> Shop {
    Shop::with(|config| config.replace("refresh", "record_decisions = \"7d\"\nrefresh"))
}

fn records(shop: &Shop) -> Vec<DecisionRecord> {
    shop.world.decisions.records().into_iter().map(|(record, _)| record).collect()
}

#[tokio::test]
async fn decisions_are_recorded_only_where_the_configuration_says_so() {
    let shop = Shop::new();
    shop.ask(shop.order("c1", GOOD_ORDER)).await;
    assert_eq!(shop.world.decisions.switch.calls(), 0);
    let shop = recording();
    shop.ask(shop.order("c1", GOOD_ORDER)).await;
    assert_eq!(shop.world.decisions.switch.calls(), 1, "one write a call");
    assert_eq!(shop.world.ledger.switch.calls(), 1);
}

#[tokio::test]
async fn a_record_holds_what_policies_read_and_nothing_else() {
    let shop = recording();
    shop.ask(shop.order("c1", LARGE_ORDER)).await;
    let (record, expires) = shop.world.decisions.records().remove(0);
    assert_eq!(expires, now() + (7 * 24).hours());
    assert_eq!((record.call.as_str(), record.at), ("c1", now()));
    assert_eq!(record.bundle, shop.world.door.rules().digest());
    assert_eq!(record.decision.policies, ["customers-order-up-to-1000"]);
    assert_eq!(record.facts.purpose(), Some("checkout"));
    let context = json!({
        "input": { "total": 75000 },
        "now": { "__extn": { "fn": "datetime", "arg": "2026-11-24T12:00:00.000Z" } },
        "trust": "verified",
        "purpose": "checkout",
    });
    assert_eq!(Value::Object(record.facts.context.clone()), context);
    let text = serde_json::to_string(&record).unwrap();
    for secret in ["S3CR3T", "TEA-1", "Bearer", "192.0.2.1", "iss"] {
        assert!(!text.contains(secret), "{secret} stands in {text}");
    }
    assert!(text.contains(r#"{"type":"Group","id":"customers"}"#), "{text}");
}

#[tokio::test]
async fn every_decision_of_the_dispatcher_is_recorded_once() {
    let shop = recording();
    shop.ask(shop.order("c1", r#"{"items":[]}"#)).await;
    let receipt = |id: &str, key: &str| s3(id, key, 10, shop.world.now());
    shop.world.door.serve(receipt("e1", "inbox/a.pdf")).await;
    shop.world.door.serve(receipt("e1", "inbox/a.pdf")).await;
    shop.world.door.serve(receipt("e2", "inbox/a.exe")).await;
    let found: Vec<_> = records(&shop)
        .iter()
        .map(|record| (record.call.to_string(), record.decision.effect, record.facts.input_unknown))
        .collect();
    let expected = [("c1", Effect::Allow, true), ("e1", Effect::Allow, false), ("e2", Effect::Deny, false)];
    assert_eq!(found, expected.map(|(id, effect, unknown)| (id.to_owned(), effect, unknown)));
    assert_eq!(records(&shop)[2].cause.as_deref(), Some("no policy permits it"));
    let admitted = shop.world.door.admit(shop.order("c2", "")).await;
    assert!(admitted.refusal.is_none());
    shop.ask(http("c3", Method::POST, "/orders", &[], "", shop.world.now())).await;
    assert_eq!(records(&shop).len(), 3, "neither the authorizer's nor what was refused before");
}

#[tokio::test]
async fn a_call_does_not_depend_on_its_record() {
    let shop = recording();
    shop.world.decisions.switch.away(true);
    assert_eq!(shop.ask(shop.order("c1", GOOD_ORDER)).await.status, 201);
    assert_eq!(shop.last_line().unrecorded, Some("store-away"));
    let complaints = shop.world.lines.complaints();
    assert_eq!(complaints, ["the decision is not recorded: the store is away: switched off"]);
    shop.world.decisions.switch.away(false);
    shop.world.decisions.largest.store(10, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(shop.ask(shop.order("c2", GOOD_ORDER)).await.status, 201);
    assert_eq!(shop.last_line().unrecorded, Some("too-large"));
    assert_eq!(shop.world.lines.complaints().len(), 1);
    assert!(records(&shop).is_empty());
}

#[tokio::test]
async fn a_record_that_hangs_is_given_up_before_the_platform_ends_the_call() {
    let shop = recording();
    shop.world.decisions.switch.hang(true);
    let mut order = shop.order("c1", GOOD_ORDER);
    order.deadline = shop.world.now() + Duration::from_millis(600);
    assert_eq!(shop.ask(order).await.status, 201);
    assert_eq!(shop.last_line().unrecorded, Some("store-away"));
}
