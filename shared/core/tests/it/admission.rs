use doorward_model::Outcome;
use doorward_testkit::http;
use http::Method;

use crate::shop::Shop;

async fn admit(shop: &Shop, method: Method, path: &str, groups: &[&str]) -> Option<&'static str> {
    let field = format!("Bearer {}", shop.token("alice", groups));
    let inbound = http("a1", method, path, &[("authorization", field.as_str())], "", shop.world.now());
    shop.world.door.admit(inbound).await.refusal.map(|refusal| refusal.code())
}

#[tokio::test]
async fn what_depends_on_the_body_is_left_to_the_dispatcher_and_nothing_else_is() {
    let shop = Shop::new();
    assert_eq!(admit(&shop, Method::POST, "/orders", &["customers"]).await, None);
    assert_eq!(admit(&shop, Method::POST, "/orders", &["buyers"]).await, None);
    assert_eq!(admit(&shop, Method::POST, "/orders", &[]).await, Some("forbidden"));
    assert_eq!(admit(&shop, Method::POST, "/orders", &["customers", "suspended"]).await, Some("forbidden"));
    assert_eq!(admit(&shop, Method::GET, "/orders/1001", &[]).await, None);
    assert_eq!(admit(&shop, Method::GET, "/orders/1002", &[]).await, Some("forbidden"));
    assert_eq!(admit(&shop, Method::GET, "/nowhere", &[]).await, Some("not-found"));
}

#[tokio::test]
async fn a_refusal_of_a_known_caller_is_recorded_and_a_pass_is_the_dispatchers_to_record() {
    let shop = Shop::new();
    admit(&shop, Method::GET, "/orders/1001", &[]).await;
    assert!(shop.world.ledger.rows().is_empty());
    assert_eq!(shop.last_line().outcome, Outcome::Passed);
    admit(&shop, Method::GET, "/orders/1002", &[]).await;
    assert_eq!(shop.world.ledger.rows()["a1"].call.outcome, Outcome::Denied);
    assert!(shop.world.targets.sent().is_empty());
    assert_eq!(shop.world.limits.switch.calls(), 0);
}
