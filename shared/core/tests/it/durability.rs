use std::time::Duration;

use doorward_model::Outcome;
use doorward_testkit::s3;

use crate::shop::{GOOD_ORDER, Shop, json_body};

/// The shop whose orders are recorded so; a block holds three calls.
fn shop(durability: &str, on_store_failure: &str) -> Shop {
    let route = format!(
        "id = \"createOrder\"\ndurability = \"{durability}\"\non_store_failure = \"{on_store_failure}\""
    );
    Shop::with(|config| {
        config.replace("id = \"createOrder\"", &route).replace("[door]\n", "[door]\nbatch = 3\n")
    })
}

/// The status of an order.
async fn order(shop: &Shop, id: &str) -> u16 {
    shop.ask(shop.order(id, GOOD_ORDER)).await.status.as_u16()
}

/// The ids of the calls of each block.
fn blocks(shop: &Shop) -> Vec<Vec<String>> {
    let blocks = shop.world.ledger.blocks();
    blocks.into_values().map(|calls| calls.iter().map(|call| call.id.to_string()).collect()).collect()
}

fn kept(shop: &Shop) -> Vec<String> {
    shop.world.lines.kept().into_iter().map(|(_, call)| call.id.to_string()).collect()
}

#[tokio::test]
async fn each_durability_has_its_price_in_writes() {
    for (durability, writes) in [("intent", 2 * 6), ("before-answer", 6), ("batched", 2)] {
        let shop = shop(durability, "deny");
        for call in 0..6 {
            assert_eq!(order(&shop, &format!("c{call}")).await, 201);
        }
        assert_eq!(shop.world.ledger.switch.calls(), writes, "{durability}");
        assert_eq!(shop.world.limits.switch.calls(), 6, "{durability}");
    }
}

#[tokio::test]
async fn an_intent_is_written_before_the_target_is_called() {
    let shop = shop("intent", "deny");
    shop.world.ledger.switch.away(true);
    assert_eq!(order(&shop, "c1").await, 503);
    assert!(shop.world.targets.sent().is_empty() && shop.world.limits.switch.calls() == 0);
    shop.world.ledger.switch.away(false);
    assert_eq!(order(&shop, "c2").await, 201);
    assert_eq!(shop.world.ledger.rows()["c2"].call.outcome, Outcome::Admitted);
}

#[tokio::test]
async fn a_call_that_is_cut_off_is_known_by_its_intent() {
    let shop = shop("intent", "deny");
    // What is dropped half-way is what a killed sandbox leaves.
    shop.world.limits.switch.hang(true);
    let call = shop.world.door.serve(shop.order("c1", GOOD_ORDER));
    assert!(tokio::time::timeout(Duration::from_millis(50), call).await.is_err());
    assert_eq!(shop.world.ledger.rows()["c1"].call.outcome, Outcome::Unresolved);
}

#[tokio::test]
async fn calls_are_written_by_the_one_that_fills_the_block() {
    let shop = shop("batched", "deny");
    order(&shop, "c1").await;
    // A refusal of a known caller counts as well, and consumed nothing.
    assert_eq!(shop.ask(shop.order("c2", "{}")).await.status, 422);
    assert!(shop.world.ledger.blocks().is_empty());
    order(&shop, "c3").await;
    assert_eq!(blocks(&shop), [["c1", "c2", "c3"]]);
    let block = shop.world.ledger.blocks().into_values().next().unwrap();
    assert_eq!(block.iter().map(|call| call.units).collect::<Vec<_>>(), [1, 0, 1]);
    order(&shop, "c4").await;
    assert_eq!(shop.world.ledger.switch.calls(), 1);
    shop.world.door.close().await;
    assert_eq!(blocks(&shop), [vec!["c1", "c2", "c3"], vec!["c4"]]);
    assert!(shop.world.ledger.rows().is_empty() && kept(&shop).is_empty());
}

#[tokio::test]
async fn what_waits_for_too_long_is_written_at_the_end_of_any_call() {
    let shop = shop("batched", "deny");
    order(&shop, "c1").await;
    shop.world.clock.advance(Duration::from_secs(29));
    shop.world.door.serve(s3("e1", "inbox/a.pdf", 1, shop.world.now())).await;
    assert!(shop.world.ledger.blocks().is_empty());
    shop.world.clock.advance(Duration::from_secs(1));
    shop.world.door.serve(s3("e2", "inbox/b.pdf", 1, shop.world.now())).await;
    assert_eq!(blocks(&shop), [["c1"]]);
}

#[tokio::test]
async fn no_more_are_answered_than_a_block_holds_while_the_ledger_is_away() {
    let shop = shop("batched", "deny");
    shop.world.ledger.switch.away(true);
    let mut statuses = Vec::new();
    for call in 1..=5 {
        statuses.push(order(&shop, &format!("c{call}")).await);
    }
    assert_eq!(statuses, [201, 201, 503, 503, 503]);
    shop.world.ledger.switch.away(false);
    assert_eq!(order(&shop, "c6").await, 201);
    assert_eq!(blocks(&shop), [["c1", "c2", "c6"]]);
}

#[tokio::test]
async fn a_block_whose_answer_is_lost_is_written_once_and_loses_nothing() {
    let shop = shop("batched", "deny");
    order(&shop, "c1").await;
    order(&shop, "c2").await;
    shop.world.ledger.deafen(true);
    assert_eq!(order(&shop, "c3").await, 503);
    shop.world.ledger.deafen(false);
    // The block is there with the call that heard nothing; what came since goes into the next.
    assert_eq!(order(&shop, "c4").await, 201);
    assert_eq!(blocks(&shop), [vec!["c1", "c2", "c3"], vec!["c4"]]);
}

#[tokio::test]
async fn concurrent_calls_are_written_once_each() {
    let shop = shop("batched", "deny");
    let ids: Vec<String> = (0..50).map(|call| format!("c{call}")).collect();
    let statuses = futures_util::future::join_all(ids.iter().map(|id| order(&shop, id))).await;
    shop.world.door.close().await;
    let mut written = blocks(&shop).concat();
    written.sort();
    let mut expected = ids;
    expected.sort();
    assert_eq!(written, expected);
    // The burst of the plan is 10.
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 10);
}

#[tokio::test]
async fn a_call_that_ends_after_the_sandbox_was_told_to_end_waits_for_no_other() {
    let shop = shop("batched", "deny");
    shop.world.door.close().await;
    order(&shop, "c1").await;
    assert_eq!(blocks(&shop), [["c1"]]);
    // What the ledger does not take is not answered, since nobody is left to write it later.
    shop.world.ledger.switch.away(true);
    assert_eq!(order(&shop, "c2").await, 503);
}

#[tokio::test]
async fn a_sandbox_that_ends_while_the_ledger_is_away_leaves_its_block_in_the_log() {
    let shop = shop("batched", "deny");
    order(&shop, "c1").await;
    order(&shop, "c2").await;
    shop.world.ledger.switch.away(true);
    shop.world.door.close().await;
    assert_eq!(kept(&shop), ["c1", "c2"]);
    assert!(shop.world.lines.kept().iter().all(|(id, _)| id.starts_with("block#") && id.ends_with("#0")));
    // Nothing of it is left to be written twice.
    shop.world.ledger.switch.away(false);
    shop.world.door.close().await;
    assert!(shop.world.ledger.blocks().is_empty());
}

#[tokio::test]
async fn a_call_goes_on_without_limits_and_ledger_where_its_route_says_so() {
    for durability in ["intent", "before-answer", "batched"] {
        let shop = shop(durability, "allow-and-journal");
        shop.world.limits.switch.away(true);
        shop.world.ledger.switch.away(true);
        for call in ["c1", "c2", "c3", "c4"] {
            assert_eq!(order(&shop, call).await, 201, "{durability}");
        }
        shop.world.door.close().await;
        assert_eq!(kept(&shop), ["c1", "c2", "c3", "c4"], "{durability}");
        let calls = shop.world.lines.kept();
        assert!(calls.iter().all(|(_, call)| (call.outcome, call.units) == (Outcome::Admitted, 1)));
        assert!(shop.world.ledger.rows().is_empty() && shop.world.ledger.blocks().is_empty());
    }
}

#[tokio::test]
async fn limits_alone_may_be_away() {
    let shop = shop("before-answer", "allow-and-journal");
    shop.world.limits.switch.away(true);
    assert_eq!(order(&shop, "c1").await, 201);
    assert_eq!(shop.world.ledger.rows()["c1"].call.units, 1);
    assert!(kept(&shop).is_empty() && !shop.last_line().journaled);
}

/// A caller who crowds an item of limits must not get by without them.
#[tokio::test]
async fn limits_that_are_crowded_are_not_away() {
    let shop = shop("before-answer", "allow-and-journal");
    shop.world.limits.contend(true);
    assert_eq!(order(&shop, "c1").await, 503);
    assert_eq!(shop.world.ledger.rows()["c1"].call.units, 0);
    shop.world.limits.contend(false);
    assert_eq!(order(&shop, "c2").await, 201);
}

#[tokio::test]
async fn the_ledger_alone_may_be_away() {
    let shop = shop("before-answer", "allow-and-journal");
    shop.world.ledger.switch.away(true);
    assert_eq!(order(&shop, "c1").await, 201);
    assert!(shop.last_line().journaled);
    // Refusals of known callers are kept alike; those of strangers cost a line anyway.
    assert_eq!(shop.ask(shop.order("c2", "{}")).await.status, 422);
    let mut stranger = shop.order("c3", GOOD_ORDER);
    if let doorward_model::Message::Http(request) = &mut stranger.message {
        request.headers.remove("authorization");
    }
    assert_eq!(shop.ask(stranger).await.status, 401);
    assert_eq!(kept(&shop), ["c1", "c2"]);
}

#[tokio::test]
async fn stores_that_hang_leave_time_for_the_target() {
    let shop = shop("intent", "allow-and-journal");
    shop.world.limits.switch.hang(true);
    shop.world.ledger.switch.hang(true);
    assert_eq!(order(&shop, "c1").await, 201);
    assert_eq!(kept(&shop), ["c1"]);
}

#[tokio::test]
async fn what_cannot_be_kept_anywhere_is_refused() {
    for durability in ["intent", "before-answer"] {
        let shop = shop(durability, "allow-and-journal");
        shop.world.ledger.switch.away(true);
        shop.world.lines.fill(true);
        let reply = shop.ask(shop.order("c1", GOOD_ORDER)).await;
        assert_eq!(reply.status, 503);
        assert_eq!(json_body(reply).await["code"], "store-unavailable");
        assert_eq!(shop.last_line().outcome, Outcome::Unavailable);
    }
}
