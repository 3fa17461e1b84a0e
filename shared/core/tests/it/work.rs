use crate::shop::{GOOD_ORDER, Shop};

#[tokio::test]
async fn an_admitted_call_asks_each_store_once_and_fetches_nothing() {
    let shop = Shop::new();
    shop.world.door.prepare().await;
    for n in 1..=5 {
        assert_eq!(shop.ask(shop.order(&format!("c{n}"), GOOD_ORDER)).await.status, 201);
        assert_eq!(shop.world.limits.switch.calls(), n);
        assert_eq!(shop.world.ledger.switch.calls(), n);
    }
    assert_eq!(shop.world.documents.asked(), 1, "the keys, before the first call");
}

#[tokio::test]
async fn a_refused_stranger_costs_no_store_call() {
    let shop = Shop::new();
    let inbound =
        doorward_testkit::http("c1", http::Method::POST, "/orders", &[], GOOD_ORDER, shop.world.now());
    assert_eq!(shop.ask(inbound).await.status, 401);
    assert_eq!(shop.world.limits.switch.calls() + shop.world.ledger.switch.calls(), 0);
    assert_eq!(shop.world.lines.calls().len(), 1, "but a line");
}
