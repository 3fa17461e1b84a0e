//! Orders whose attributes are read from a table before the policies are asked.

use std::time::Duration;

use doorward_model::{Call, Effect, Item, ItemValue, Outcome, Reply};
use doorward_testkit::http;
use http::Method;

use crate::shop::{GOOD_ORDER, Shop, json_body};

const RESOURCE: &str = r#"resource = { type = "Order", id = "path.id" }"#;

/// The shop with orders that are read as `load` says, of which `1001` is alice's and `1002` bob's.
fn shop(load: &str) -> Shop {
    let change = |config: String| config.replace(RESOURCE, &RESOURCE.replace(" }", &format!(", {load} }}")));
    let shop = Shop::with_files(change, &[("entities.json", "[]")]);
    shop.world.entities.put("Order", "1001", owned_by("alice"));
    shop.world.entities.put("Order", "1002", owned_by("bob"));
    shop.world.targets.answer(200, r#"{"id":"1001","status":"shipped"}"#);
    shop
}

fn from_table() -> Shop {
    shop(r#"load = "table""#)
}

fn owned_by(owner: &str) -> Item {
    Item::from([("owner".to_owned(), ItemValue::Text(owner.to_owned()))])
}

fn read(shop: &Shop, order: &str) -> doorward_model::Inbound {
    let field = format!("Bearer {}", shop.token("alice", &[]));
    let headers = [("authorization", field.as_str())];
    http("c1", Method::GET, &format!("/orders/{order}"), &headers, "", shop.world.now())
}

async fn get(shop: &Shop, order: &str) -> Reply {
    shop.ask(read(shop, order)).await
}

/// The status of alice's reads, in order, and how often the store was asked for all of them.
async fn statuses(shop: &Shop, orders: &[&str]) -> (Vec<u16>, usize) {
    let before = shop.world.entities.switch.calls();
    let mut statuses = Vec::new();
    for order in orders {
        statuses.push(get(shop, order).await.status.as_u16());
    }
    (statuses, shop.world.entities.switch.calls() - before)
}

fn last_cause(shop: &Shop) -> (Call, String) {
    let line = shop.last_line();
    let cause = line.cause.clone().unwrap_or_default();
    (line, cause)
}

#[tokio::test]
async fn an_owner_is_known_from_the_item() {
    let shop = from_table();
    assert_eq!(statuses(&shop, &["1001"]).await, (vec![200], 1));
    assert_eq!(shop.last_line().decision.unwrap().policies, ["owners-read-their-orders"]);
    assert_eq!(statuses(&shop, &["1002"]).await, (vec![403], 1));
}

#[tokio::test]
async fn what_is_not_there_is_denied_as_what_is_anothers() {
    let shop = from_table();
    let (missing, others) = (get(&shop, "9999").await, get(&shop, "1002").await);
    assert_eq!((missing.status, &missing.headers), (others.status, &others.headers));
    assert_eq!(json_body(missing).await, json_body(others).await);
    get(&shop, "9999").await;
    let (line, cause) = last_cause(&shop);
    assert_eq!((line.outcome, cause.as_str()), (Outcome::Denied, "the resource is not there"));
    assert_eq!(line.decision.unwrap().effect, Effect::Deny);
    assert_eq!(shop.world.ledger.rows()["c1"].call.outcome, Outcome::Denied);
    assert!(shop.world.targets.sent().is_empty());
}

#[tokio::test]
async fn an_item_that_does_not_fit_is_denied_and_its_values_are_not_told() {
    let shop = from_table();
    let secret = ItemValue::Number("4711".to_owned());
    shop.world.entities.put("Order", "1001", Item::from([("owner".to_owned(), secret)]));
    let reply = get(&shop, "1001").await;
    assert_eq!((reply.status.as_u16(), &json_body(reply).await["code"]), (403, &"forbidden".into()));
    let (line, cause) = last_cause(&shop);
    assert!(cause.contains("the attribute `owner` must be the id of a `User`"), "{cause}");
    assert!(!serde_json::to_string(&line).unwrap().contains("4711"));
    shop.world.entities.put("Order", "1001", Item::new());
    assert_eq!(statuses(&shop, &["1001"]).await, (vec![403], 1));
    assert!(last_cause(&shop).1.contains("the attribute `owner` must be there"));
}

#[tokio::test]
async fn an_item_is_read_again_when_it_is_old() {
    let shop = from_table();
    assert_eq!(statuses(&shop, &["1001", "1001", "1002", "1001"]).await, (vec![200, 200, 403, 200], 2));
    shop.world.entities.put("Order", "1001", owned_by("bob"));
    shop.world.clock.advance(Duration::from_secs(29));
    assert_eq!(statuses(&shop, &["1001"]).await, (vec![200], 0), "`refresh` is 30 s");
    shop.world.clock.advance(Duration::from_secs(1));
    assert_eq!(statuses(&shop, &["1001", "1001"]).await, (vec![403, 403], 1));
}

#[tokio::test]
async fn a_route_says_how_old_an_item_may_be() {
    let shop = shop(r#"load = { table = "shop-orders", cache = "5s" }"#);
    assert_eq!(statuses(&shop, &["1001", "1001"]).await, (vec![200, 200], 1));
    shop.world.clock.advance(Duration::from_secs(5));
    assert_eq!(statuses(&shop, &["1001"]).await, (vec![200], 1));
    let always = self::shop(r#"load = { cache = "0s" }"#);
    assert_eq!(statuses(&always, &["1001", "1001", "1001"]).await, (vec![200; 3], 3));
}

#[tokio::test]
async fn what_is_not_there_is_asked_for_again_and_what_went_is_forgotten() {
    let shop = from_table();
    assert_eq!(statuses(&shop, &["7", "7"]).await, (vec![403, 403], 2));
    shop.world.entities.put("Order", "7", owned_by("alice"));
    assert_eq!(statuses(&shop, &["7", "7"]).await, (vec![200, 200], 1));
    shop.world.entities.remove("Order", "7");
    shop.world.clock.advance(Duration::from_secs(30));
    assert_eq!(statuses(&shop, &["7", "7"]).await, (vec![403, 403], 2));
}

#[tokio::test]
async fn without_the_store_nothing_is_decided() {
    let shop = from_table();
    assert_eq!(statuses(&shop, &["1001"]).await.0, [200]);
    shop.world.entities.switch.away(true);
    assert_eq!(statuses(&shop, &["1001"]).await, (vec![200], 0), "what is known is decided");
    let reply = get(&shop, "1002").await;
    assert_eq!(reply.status, 503);
    assert_eq!(reply.headers["retry-after"], "1");
    assert_eq!(json_body(reply).await["code"], "store-unavailable");
    assert_eq!(shop.last_line().outcome, Outcome::Unavailable);
    assert_eq!(shop.world.lines.complaints().len(), 1);
    shop.world.entities.switch.away(false);
    assert_eq!(statuses(&shop, &["1002"]).await, (vec![403], 1));
}

#[tokio::test]
async fn a_store_that_hangs_is_given_up_before_the_platform_ends_the_call() {
    let shop = from_table();
    shop.world.entities.switch.hang(true);
    let mut inbound = read(&shop, "1001");
    inbound.deadline = shop.world.now() + Duration::from_millis(600);
    assert_eq!(shop.ask(inbound).await.status, 503);
}

#[tokio::test]
async fn a_stranger_and_a_call_of_another_route_cost_no_read() {
    let shop = from_table();
    let now = shop.world.now();
    assert_eq!(shop.ask(http("c1", Method::GET, "/orders/1001", &[], "", now)).await.status, 401);
    let forged = [("authorization", "Bearer a.b.c")];
    assert_eq!(shop.ask(http("c2", Method::GET, "/orders/1001", &forged, "", now)).await.status, 401);
    shop.world.targets.answer(201, r#"{"id":"7","status":"placed","total":4200}"#);
    assert_eq!(shop.ask(shop.order("c3", GOOD_ORDER)).await.status, 201);
    assert_eq!(shop.world.entities.switch.calls(), 0);
}

#[tokio::test]
async fn an_authorizer_reads_the_same() {
    let shop = from_table();
    let mut codes = Vec::new();
    for order in ["1001", "1001", "1002", "9999"] {
        let refusal = shop.world.door.admit(read(&shop, order)).await.refusal;
        codes.push(refusal.map(|refusal| refusal.code()));
    }
    assert_eq!(codes, [None, None, Some("forbidden"), Some("forbidden")]);
    assert_eq!(shop.world.entities.switch.calls(), 3);
    shop.world.entities.switch.away(true);
    let refusal = shop.world.door.admit(read(&shop, "9999")).await.refusal.unwrap();
    assert_eq!(refusal.code(), "store-unavailable");
}

#[tokio::test]
async fn a_flood_of_ids_that_name_nothing_leaves_what_is_there_in_place() {
    let shop = shop(r#"load = { cache = "1h" }"#);
    assert_eq!(statuses(&shop, &["1001"]).await, (vec![200], 1));
    for id in 0..1200 {
        assert_eq!(get(&shop, &format!("x{id}")).await.status, 403);
        shop.world.clock.advance(Duration::from_millis(20));
    }
    assert_eq!(statuses(&shop, &["1001"]).await, (vec![200], 0));
}
