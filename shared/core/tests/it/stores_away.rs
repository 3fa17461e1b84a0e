use doorward_core::{Answer, EventAnswer};
use doorward_model::Outcome;
use doorward_testkit::s3;

use crate::shop::{GOOD_ORDER, Shop, json_body};

#[tokio::test]
async fn without_limits_nothing_is_sent() {
    let shop = Shop::new();
    shop.world.limits.switch.away(true);
    let reply = shop.ask(shop.order("c1", GOOD_ORDER)).await;
    assert_eq!(reply.status, 503);
    assert_eq!(json_body(reply).await["code"], "store-unavailable");
    assert!(shop.world.targets.sent().is_empty());
    assert_eq!(shop.world.ledger.rows()["c1"].call.outcome, Outcome::Unavailable);
    assert_eq!(shop.world.lines.complaints().len(), 1);
}

#[tokio::test]
async fn an_admitted_call_that_cannot_be_recorded_is_not_answered_as_admitted() {
    let shop = Shop::new();
    shop.world.ledger.switch.away(true);
    let reply = shop.ask(shop.order("c1", GOOD_ORDER)).await;
    assert_eq!(reply.status, 503);
    assert_eq!(shop.last_line().outcome, Outcome::Unavailable);
}

#[tokio::test]
async fn a_refusal_stands_whether_it_can_be_recorded_or_not() {
    let shop = Shop::new();
    shop.world.ledger.switch.away(true);
    assert_eq!(shop.ask(shop.order("c1", "{}")).await.status, 422);
}

#[tokio::test]
async fn a_store_that_hangs_is_given_up_before_the_platform_ends_the_call() {
    let shop = Shop::new();
    shop.world.limits.switch.hang(true);
    shop.world.ledger.switch.hang(true);
    let mut inbound = shop.order("c1", GOOD_ORDER);
    inbound.deadline = shop.world.now() + std::time::Duration::from_millis(600);
    let reply = shop.ask(inbound).await;
    assert_eq!(
        (reply.status.as_u16(), json_body(reply).await["code"].clone()),
        (503, "store-unavailable".into())
    );
    assert_eq!(shop.last_line().outcome, Outcome::Unavailable);
}

#[tokio::test]
async fn an_event_comes_again_while_a_store_is_away() {
    let shop = Shop::with(|config| config.replace("on_deny = ", "plan = \"default\"\non_deny = "));
    let again = async |key: &str| {
        let answer = shop.world.door.serve(s3("e1", key, 1, shop.world.now())).await;
        assert!(matches!(answer, Answer::Event(EventAnswer::Again(_))), "{answer:?}");
    };
    shop.world.ledger.switch.away(true);
    again("inbox/a.pdf").await;
    again("inbox/a.exe").await;
    shop.world.ledger.switch.away(false);
    shop.world.quarantine.switch.away(true);
    again("inbox/a.exe").await;
    shop.world.limits.switch.away(true);
    again("inbox/a.pdf").await;
    assert!(shop.world.targets.sent().is_empty());
}
