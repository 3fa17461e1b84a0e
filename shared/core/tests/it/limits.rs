//! Limits by whatever tells calls apart, in their three modes, and what is given back or charged.

use std::time::Duration;

use doorward_model::{Call, Outcome, TargetFault};
use doorward_testkit::s3;

use crate::shop::{GOOD_ORDER, Shop, json_body};

const LIMITS: &str = r#"limits = [{ rate = "5/s", burst = 10 }, { quota = "1000/day" }]"#;
const ALICE: &str = "caller#User::\"alice\"";
const DAY: &str = "2026-11-24";

/// The shop with these limits of its plan, and more of its plan behind them, or of the door at the end.
#[track_caller]
fn shop(limits: &str, more: &str) -> Shop {
    Shop::with(|config| {
        assert!(config.contains(LIMITS));
        let (of_plan, of_door) = if more.starts_with('[') { ("", more) } else { (more, "") };
        format!("{}\n{of_door}", config.replace(LIMITS, &format!("{limits}\n{of_plan}")))
    })
}

impl Shop {
    /// Alice's order; its status.
    async fn place(&self, n: usize) -> u16 {
        self.ask(self.order(&format!("call-{n}"), GOOD_ORDER)).await.status.as_u16()
    }

    /// What each of so many orders is answered.
    async fn place_all(&self, count: usize) -> Vec<u16> {
        let mut answers = Vec::new();
        for n in 0..count {
            answers.push(self.place(self.world.lines.calls().len() + n).await);
        }
        answers
    }

    fn used(&self, scope: &str, name: &str) -> u64 {
        self.world.limits.used(scope, name, DAY)
    }

    fn row(&self, id: &str) -> Call {
        self.world.ledger.rows().remove(id).unwrap().call
    }

    fn store_calls(&self) -> usize {
        self.world.limits.switch.calls()
    }
}

#[tokio::test]
async fn every_limit_of_every_scope_holds_and_who_is_refused_takes_from_none() {
    let door = "[[limits]]\nname = \"orders\"\nquota = \"3/day\"\nby = \"action\"";
    let shop = shop(r#"limits = [{ quota = "5/day" }]"#, door);
    assert_eq!(shop.place_all(5).await, [201, 201, 201, 429, 429]);
    assert_eq!(shop.last_line().bound.as_deref(), Some("orders"));
    assert_eq!(shop.last_line().outcome, Outcome::OverQuota);
    assert_eq!(shop.used("action#createOrder", "orders"), 3);
    assert_eq!(shop.used(ALICE, "default-quota-per-day"), 3, "what was taken before the refusal went back");
}

#[tokio::test]
async fn limits_count_by_claims_and_groups_and_addresses_and_overrides_say_otherwise() {
    let shop = shop(
        r#"limits = [
            { quota = "9/day", by = "group", for = { group = ["customers"] }, name = "groups" },
            { quota = "1/day", by = ["caller", "action"], name = "each",
              overrides = [{ match = { group = "customers" }, quota = "2/day" }] },
        ]"#,
        "",
    );
    assert_eq!(shop.place_all(3).await, [201, 201, 429]);
    assert_eq!(shop.last_line().bound.as_deref(), Some("each"));
    assert_eq!(shop.used("group#customers", "groups"), 2);
    assert_eq!(shop.used(r#"caller+action#["User::\"alice\"","createOrder"]"#, "each"), 2);
}

#[tokio::test]
async fn a_local_limit_costs_the_store_nothing_but_to_know_the_plan() {
    let shop =
        shop(r#"limits = [{ quota = "3/day", mode = "local" }, { rate = "100/s", mode = "local" }]"#, "");
    assert_eq!(shop.place_all(4).await, [201, 201, 201, 429]);
    assert_eq!(shop.store_calls(), 1, "the caller's plan, once in the refresh interval");
    shop.world.clock.advance(Duration::from_secs(31));
    assert_eq!(shop.place(50).await, 429);
    assert_eq!(shop.store_calls(), 2);
}

#[tokio::test]
async fn a_leased_quota_costs_few_writes_and_gives_every_unit() {
    let shop = shop(r#"limits = [{ quota = "1000/day", mode = "leased" }]"#, "");
    let mut admitted = 0;
    for n in 0..1_200 {
        admitted += usize::from(shop.place(n).await == 201);
        shop.world.clock.advance(Duration::from_millis(10));
    }
    assert_eq!(admitted, 1_000, "one sandbox loses nothing");
    assert_eq!(shop.used(ALICE, "default-quota-per-day"), 1_000);
    let calls = shop.store_calls();
    assert!(calls < 120, "{calls} store calls for 1,000 calls, the last hundred of them one by one");
}

#[tokio::test]
async fn a_steady_caller_costs_a_write_in_five_seconds() {
    let shop = shop(
        r#"limits = [{ quota = "10000000/day", mode = "leased" }, { rate = "1000/s", burst = 10000, mode = "leased" }]"#,
        "",
    );
    let mut settled = 0;
    for n in 0..3_000 {
        if n == 1_000 {
            settled = shop.store_calls();
        }
        assert_eq!(shop.place(n).await, 201);
        shop.world.clock.advance(Duration::from_millis(10));
    }
    let calls = shop.store_calls() - settled;
    assert!(calls <= 5, "{calls} writes in 20 seconds at 100 calls a second");
}

#[tokio::test]
async fn what_is_left_of_a_block_is_handed_in_at_the_end_and_lost_where_there_is_none() {
    let shop = shop(r#"limits = [{ quota = "1600/day", mode = "leased" }]"#, "");
    for n in 0..20 {
        assert_eq!(shop.place(n).await, 201);
        shop.world.clock.advance(Duration::from_millis(10));
    }
    let taken = shop.used(ALICE, "default-quota-per-day");
    assert!(taken > 20 && taken <= 100, "{taken}");
    shop.world.door.close().await;
    assert_eq!(shop.used(ALICE, "default-quota-per-day"), 20);
    shop.world.door.close().await;
    assert_eq!(shop.used(ALICE, "default-quota-per-day"), 20, "it is handed in once");
}

#[tokio::test]
async fn a_block_is_not_spent_after_its_term_nor_in_another_window() {
    let shop = shop(r#"limits = [{ quota = "1600/day", mode = "leased" }]"#, "");
    for n in 0..20 {
        assert_eq!(shop.place(n).await, 201);
    }
    let taken = shop.used(ALICE, "default-quota-per-day");
    assert!(taken > 20);
    shop.world.clock.advance(Duration::from_secs(11));
    assert_eq!(shop.place(20).await, 201);
    assert!(shop.used(ALICE, "default-quota-per-day") > taken, "the rest is lost, and never given twice");
    shop.world.clock.advance(Duration::from_secs(12 * 60 * 60));
    assert_eq!(shop.place(21).await, 201);
    assert!(shop.world.limits.used(ALICE, "default-quota-per-day", "2026-11-25") >= 1);
}

#[tokio::test]
async fn who_finds_a_leased_limit_empty_does_not_ask_at_every_call() {
    let shop = shop(r#"limits = [{ quota = "3/day", mode = "leased" }]"#, "");
    assert_eq!(shop.place_all(3).await, [201, 201, 201]);
    let before = shop.store_calls();
    for n in 10..1_010 {
        assert_eq!(shop.place(n).await, 429);
        shop.world.clock.advance(Duration::from_millis(10));
    }
    let asked = shop.store_calls() - before;
    assert!(asked <= 14, "{asked} in ten seconds");
    assert_eq!(shop.last_line().bound.as_deref(), Some("default-quota-per-day"));
}

#[tokio::test]
async fn what_a_plan_refunds_goes_back_to_its_quotas_and_is_not_billed() {
    for mode in ["hard", "leased", "local"] {
        let limits = format!(r#"limits = [{{ quota = "2/day", mode = "{mode}" }}]"#);
        let shop = shop(&limits, r#"refund = ["target-failed"]"#);
        shop.world.targets.fail(TargetFault::Failed("it threw".into()));
        for n in 0..5 {
            assert_eq!(shop.place(n).await, 502, "{mode}");
        }
        assert_eq!((shop.row("call-4").outcome, shop.row("call-4").units), (Outcome::TargetFailed, 0));
        shop.world.targets.answer(201, r#"{"id":"7","status":"placed","total":4200}"#);
        assert_eq!(shop.place_all(3).await, [201, 201, 429], "{mode}");
    }
}

#[tokio::test]
async fn without_a_refund_a_failed_call_has_consumed_what_it_took() {
    let shop = shop(r#"limits = [{ quota = "2/day" }]"#, "");
    shop.world.targets.fail(TargetFault::Failed("it threw".into()));
    assert_eq!(shop.place_all(3).await, [502, 502, 429]);
    let units: Vec<u64> = shop.world.ledger.rows().values().map(|row| row.call.units).collect();
    assert_eq!(units.iter().sum::<u64>(), 2);
    assert_eq!(shop.used(ALICE, "default-quota-per-day"), 2);
}

#[tokio::test]
async fn refused_calls_consume_nothing_unless_the_plan_charges_for_them() {
    for (charge, consumed) in [("", 0), (r#"charge = ["invalid"]"#, 1), (r#"charge = ["denied"]"#, 0)] {
        let shop = shop(r#"limits = [{ quota = "5/day" }]"#, charge);
        let reply = shop.ask(shop.order("call-1", r#"{"items":[]}"#)).await;
        assert_eq!(reply.status, 422, "{charge}");
        assert_eq!(shop.used(ALICE, "default-quota-per-day"), consumed, "{charge}");
        assert_eq!(shop.row("call-1").units, consumed, "{charge}");
    }
}

#[tokio::test]
async fn a_charge_beyond_the_limit_leaves_the_refusal_as_it_is() {
    let shop = shop(r#"limits = [{ quota = "1/day" }]"#, r#"charge = ["invalid"]"#);
    for n in 0..3 {
        let reply = shop.ask(shop.order(&format!("call-{n}"), r#"{"items":[]}"#)).await;
        assert_eq!(reply.status, 422);
    }
    assert_eq!(shop.used(ALICE, "default-quota-per-day"), 1);
    assert_eq!([0, 1, 2].map(|n| shop.row(&format!("call-{n}")).units), [1, 0, 0]);
    assert_eq!(shop.place(9).await, 429, "what was charged for is gone");
}

#[tokio::test]
async fn what_is_switched_off_is_refused_within_the_refresh_interval() {
    for key in ["action#createOrder", "target#orders", ALICE] {
        let shop = shop(r#"limits = [{ quota = "50/day" }]"#, "");
        assert_eq!(shop.place(0).await, 201);
        shop.world.switches.set("action#getOrder", true);
        shop.world.switches.set("caller#User::\"bob\"", true);
        shop.world.switches.set(key, true);
        shop.world.clock.advance(Duration::from_secs(30));
        assert_eq!(shop.place(1).await, 201, "{key}: what is known is not older than that");
        shop.world.clock.advance(Duration::from_millis(1));
        let reply = shop.ask(shop.order("call-2", GOOD_ORDER)).await;
        assert_eq!(
            (reply.status.as_u16(), reply.headers["retry-after"].to_str().unwrap()),
            (429, "30"),
            "{key}"
        );
        assert_eq!(json_body(reply).await["code"], "rate-limited");
        assert!(shop.last_line().bound.unwrap().starts_with("switch-"), "{key}");
        assert_eq!(shop.used(ALICE, "default-quota-per-day"), 2, "{key}");
        shop.world.switches.set(key, false);
        shop.world.clock.advance(Duration::from_secs(31));
        assert_eq!(shop.place(3).await, 201, "{key}");
    }
}

#[tokio::test]
async fn while_switches_cannot_be_read_what_is_known_serves_as_long_again() {
    let shop = shop(r#"limits = [{ quota = "50/day" }]"#, "");
    assert_eq!(shop.place(0).await, 201);
    shop.world.switches.switch.away(true);
    shop.world.clock.advance(Duration::from_secs(60));
    assert_eq!(shop.place(1).await, 201);
    shop.world.clock.advance(Duration::from_secs(1));
    assert_eq!(shop.place(2).await, 503, "nobody knows what is switched off");
    shop.world.switches.switch.away(false);
    assert_eq!(shop.place(3).await, 201);
    assert_eq!(shop.world.switches.switch.calls(), 4);
}

#[tokio::test]
async fn who_is_assigned_a_plan_is_on_it_from_the_next_call_on() {
    let shop = shop(r#"limits = [{ quota = "2/day" }]"#, "");
    assert_eq!(shop.place_all(3).await, [201, 201, 429]);
    shop.world.limits.assign("User::\"alice\"", Some("partner"));
    let before = shop.store_calls();
    assert_eq!(shop.place(10).await, 201);
    assert_eq!(shop.store_calls() - before, 2, "the first guess shows it");
    let line = shop.last_line();
    assert_eq!((line.plan.as_deref(), line.limits.len()), (Some("partner"), 2));
    assert_ne!(line.plan_version, shop.row("call-0").plan_version);
    assert_eq!(shop.place(11).await, 201);
    assert_eq!(shop.store_calls() - before, 3);
    shop.world.limits.assign("User::\"alice\"", None);
    assert_eq!(shop.place(12).await, 429);
    shop.world.limits.assign("User::\"alice\"", Some("gone"));
    assert_eq!(shop.place(13).await, 503, "a plan that nobody knows is no way around limits");
    assert!(shop.world.lines.complaints().last().unwrap().contains("`gone`"));
}

#[tokio::test]
async fn calls_at_once_share_one_block() {
    let shop = shop(r#"limits = [{ quota = "1000/day", mode = "leased" }]"#, "");
    for n in 0..50 {
        assert_eq!(shop.place(n).await, 201);
    }
    shop.world.clock.advance(Duration::from_secs(11));
    let before = shop.store_calls();
    let calls = (100..150).map(|n| shop.place(n));
    let answers = futures_util::future::join_all(calls).await;
    assert!(answers.iter().all(|status| *status == 201));
    assert!(shop.store_calls() - before <= 8, "{}", shop.store_calls() - before);
    shop.world.door.close().await;
    assert_eq!(shop.used(ALICE, "default-quota-per-day") % 1_000, shop.used(ALICE, "default-quota-per-day"));
}

#[tokio::test]
async fn an_event_is_held_to_the_limits_of_its_target_too() {
    let shop = shop(
        r#"limits = [{ quota = "9/day" }]"#,
        "[[limits]]\nname = \"receipts\"\nquota = \"1/day\"\nby = \"target\"\nfor = { target = \"receipts\" }",
    );
    let record = |name: &str| s3(name, &format!("inbox/{name}.pdf"), 1000, shop.world.now());
    shop.world.door.serve(record("a")).await;
    assert_eq!(shop.last_line().outcome, Outcome::Admitted);
    shop.world.door.serve(record("b")).await;
    assert_eq!(
        (shop.last_line().outcome, shop.last_line().bound.as_deref()),
        (Outcome::OverQuota, Some("receipts"))
    );
    assert_eq!(shop.used("target#receipts", "receipts"), 1);
}
