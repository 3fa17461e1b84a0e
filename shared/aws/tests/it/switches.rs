use std::collections::HashSet;

use doorward_aws::DynamoSwitches;
use doorward_core::ports::Switches;
use serde_json::json;

use crate::store::{Store, TABLE};

#[tokio::test]
async fn everything_that_is_off_is_read_at_once() {
    let store = Store::start().await;
    let switches = DynamoSwitches::new(&store.clients, TABLE);
    assert_eq!(switches.off().await, Ok(HashSet::new()));
    let keys = ["caller#User::\"alice\"", "action#createOrder", "target#orders"];
    for key in keys {
        let item = json!({ "owner": { "S": "switches" }, "item": { "S": key }, "since": { "S": "2026-11-24T12:00:00Z" } });
        store.put("shop-state", item);
    }
    store.asked();
    assert_eq!(switches.off().await, Ok(keys.map(str::to_owned).into()));
    assert_eq!(store.asked(), ["Query"]);
}

#[tokio::test]
async fn as_many_as_there_are_are_read_page_by_page() {
    let store = Store::start().await;
    for n in 0..3_000 {
        let item = json!({
            "owner": { "S": "switches" },
            "item": { "S": format!("caller#User::\"{n}\"") },
            "reason": { "S": "x".repeat(500) },
        });
        store.put("shop-state", item);
    }
    let off = DynamoSwitches::new(&store.clients, TABLE).off().await.unwrap();
    assert_eq!(off.len(), 3_000);
    assert!(store.asked().len() > 1, "a page has a megabyte");
}
