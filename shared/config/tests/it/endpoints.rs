//! Where targets are, and which of their endpoints a call goes to.

use std::time::Duration;

use doorward_config::{Balance, Invocation, LambdaTarget, PayloadForm, Target, TargetKind};
use expect_test::expect;

use crate::shop::{SHOP, check};

pub(crate) const ORDERS: &str = "lambda = \"orders\"";

/// The target `orders`, with `keys` in the place of its function.
#[track_caller]
pub(crate) fn target(keys: &str) -> Target {
    let config = doorward_config::parse("doorward.toml", &SHOP.replace(ORDERS, keys));
    config.unwrap_or_else(|faults| panic!("{faults}")).target("orders").unwrap().clone()
}

#[test]
fn a_function_may_be_at_several_places() {
    let target = target(
        r#"lambda = [
            { function = "orders:live", weight = 95 },
            { function = "orders:canary", weight = 0, callers = ['Group::"beta"'] },
            { function = "arn:aws:lambda:us-east-1:123456789012:function:orders:live", backup = true },
        ]
        balance = "sticky"
        invocation = "async"
        payload = "1.0"
        health = { faults = 2, pause = "30s" }
        retry = { attempts = 4, budget = "5%", attempt_timeout = "1s", statuses = [503] }"#,
    );
    assert_eq!(
        target.kind,
        TargetKind::Lambda(LambdaTarget {
            invocation: Invocation::Async,
            payload: PayloadForm::V1,
            stream: false,
        })
    );
    let endpoints: Vec<_> = target
        .endpoints
        .iter()
        .map(|e| (e.address.as_str(), e.region.as_deref(), e.weight, e.backup, e.callers.len()))
        .collect();
    assert_eq!(
        endpoints,
        [
            ("orders:live", None, 95, false, 0),
            ("orders:canary", None, 0, false, 1),
            ("arn:aws:lambda:us-east-1:123456789012:function:orders:live", Some("us-east-1"), 1, true, 0),
        ]
    );
    let (health, retry) = (target.health.unwrap(), target.retry.unwrap());
    assert_eq!(
        (health.faults.get(), health.pause, health.longest_pause),
        (2, Duration::from_secs(30), Duration::from_secs(300))
    );
    assert_eq!(
        (retry.attempts.get(), retry.budget, retry.attempt_timeout),
        (4, 5, Some(Duration::from_secs(1)))
    );
    assert_eq!(
        (target.balance, retry.statuses),
        (Balance::Sticky, vec![http::StatusCode::SERVICE_UNAVAILABLE])
    );
}

#[test]
fn a_single_place_is_called_whatever_it_does_unless_it_is_said_otherwise() {
    assert_eq!(target("http = \"https://a.example\"").health, None);
    assert!(target("http = \"https://a.example\"\nhealth = { faults = 3 }").health.is_some());
    let two = "http = [\"https://a.example\", \"https://b.example/v1/\"]";
    assert!(target(two).health.is_some() && target(two).retry.is_some());
    assert_eq!(target(two).endpoints[1].address, "https://b.example/v1");
    let off = target(&format!("{two}\nhealth = false\nretry = false"));
    assert_eq!((off.health, off.retry), (None, None));
}

#[test]
fn a_target_is_one_thing() {
    check(
        ORDERS,
        "lambda = \"orders\"\nhttp = \"https://a.example\"",
        expect![[r#"
        doorward.toml:20:8: a target is one thing, and `http` is a second one
          hint: declare two targets"#]],
    );
    check(
        ORDERS,
        "lambda = \"orders\"\nnetworks = [\"10.0.0.0/8\"]",
        expect![[r#"
            doorward.toml:20:1: unknown key `networks` in `[[targets]]`
              hint: expected `name`, `timeout`, `lambda`, `http`, `sqs`, `sns`, `eventbridge`, `stepfunctions`, `invocation`, `payload`, `stream`, `balance`, `health` or `retry`"#]],
    );
    check(
        ORDERS,
        "lambda = \"orders\"\nbalance = \"sticky\"",
        expect![[r#"
        doorward.toml:20:11: there is nothing to balance
          hint: list several endpoints, or leave `balance` out"#]],
    );
}

#[test]
fn endpoints_that_cannot_be_meant_are_told() {
    check(
        ORDERS,
        "lambda = []",
        expect!["doorward.toml:19:10: expected at least one endpoint for all callers that is no backup"],
    );
    check(
        ORDERS,
        "lambda = [\"orders\", \"orders\"]",
        expect!["doorward.toml:19:21: a second endpoint is `orders`"],
    );
    check(
        ORDERS,
        "lambda = [{ function = \"orders\", backup = true }]",
        expect!["doorward.toml:19:10: expected at least one endpoint for all callers that is no backup"],
    );
    check(
        ORDERS,
        "lambda = [\"a\", { function = \"b\", weight = 0 }]",
        expect![[r#"
        doorward.toml:19:43: an endpoint of no weight is called by nobody
          hint: name its `callers`, or leave the endpoint out"#]],
    );
    check(
        ORDERS,
        "lambda = [\"a\", { function = \"b\", callers = [\"beta\"] }]",
        expect![[r#"
        doorward.toml:19:45: `beta` is no caller
          hint: write the entity as policies do: `Group::"beta"`, `User::"alice"`"#]],
    );
    check(
        ORDERS,
        "lambda = [{ url = \"https://a.example\" }]",
        expect![[r#"
        doorward.toml:19:11: missing key `function` in an endpoint
        doorward.toml:19:13: unknown key `url` in an endpoint
          hint: expected `function`, `weight`, `backup` or `callers`"#]],
    );
}

#[test]
fn no_try_takes_longer_than_the_call() {
    let with = |keys: &str| format!("http = \"https://a.example\"\n{keys}");
    check(
        ORDERS,
        &with("retry = { attempt_timeout = \"6s\" }"),
        expect![[r#"
        doorward.toml:20:29: a try may not take longer than the whole call, which has the target's `timeout`
          hint: make it shorter, or `timeout` longer (`5s` where it is not set)"#]],
    );
    let both = "lambda = \"orders\"\ntimeout = \"5s\"";
    let longer = with("timeout = \"1s\"\nretry = { attempt_timeout = \"1001ms\" }");
    check(
        both,
        &longer,
        expect![[r#"
        doorward.toml:21:29: a try may not take longer than the whole call, which has the target's `timeout`
          hint: make it shorter, or `timeout` longer (`5s` where it is not set)"#]],
    );
    assert!(target(&with("retry = { attempt_timeout = \"5s\" }")).retry.is_some());
}

#[test]
fn health_and_retries_are_bounded() {
    let with = |keys: &str| format!("http = [\"https://a.example\", \"https://b.example\"]\n{keys}");
    check(ORDERS, &with("health = true"), expect!["doorward.toml:20:10: expected a table, or `false`"]);
    check(
        ORDERS,
        &with("health = { pause = \"10s\", longest_pause = \"1s\", pauses = 3 }"),
        expect![[r#"
            doorward.toml:20:43: the longest pause is shorter than the first one
            doorward.toml:20:49: unknown key `pauses` in `health`
              hint: did you mean `pause`?"#]],
    );
    check(
        ORDERS,
        &with("retry = { attempts = 0, budget = \"200%\", statuses = [404] }"),
        expect![[r#"
        doorward.toml:20:22: `0` is not between 1 and 10
        doorward.toml:20:34: `200%` is no share of the calls
          hint: write whole percents from `0%` to `100%`: `20%`
        doorward.toml:20:54: `404` is not between 500 and 599"#]],
    );
}
