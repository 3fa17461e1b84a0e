use std::collections::BTreeMap;

use doorward_aws::UsageReader;
use doorward_core::usage::{Bucket, Group, Row, Sums};
use doorward_model::Outcome;
use serde_json::json;

use crate::store::{Store, TABLE};

fn row(bucket: &str, caller: &str, action: Option<&str>) -> Row {
    let group = Group {
        caller: caller.to_owned(),
        action: action.map(str::to_owned),
        target: None,
        purpose: None,
        outcome: Outcome::Admitted,
        plan: None,
        plan_version: None,
    };
    Row { bucket: bucket.parse().unwrap(), group }
}

fn put(store: &Store, row: &Row, spread: u8, sums: &[(&str, i64)]) {
    let mut item = json!({ "owner": { "S": row.owner() }, "item": { "S": row.item(spread) } });
    for (name, value) in sums {
        item[name] = json!({ "N": value.to_string() });
    }
    if let Some(group) = row.group_attribute() {
        item["group"] = json!({ "S": group });
    }
    store.put("shop-state", item);
}

#[tokio::test]
async fn the_items_of_a_row_and_all_shards_are_summed_up() {
    let store = Store::start().await;
    let reader = UsageReader::new(&store.clients, TABLE);
    let mut expected = BTreeMap::new();
    // Enough callers to be in every shard; one of them with a group too long for a key.
    for nth in 0..100 {
        let action = if nth == 7 { "x".repeat(2_000) } else { "list".to_owned() };
        let row = row("2026-11", &format!("User::\"{nth}\""), Some(&action));
        put(&store, &row, 0, &[("calls", 1), ("units", nth)]);
        put(&store, &row, 3, &[("calls", 2), ("bytes_in", 5), ("bytes_out", 6), ("duration_us", 7)]);
        expected.insert(row.group, Sums { calls: 3, units: nth, bytes_in: 5, bytes_out: 6, duration_us: 7 });
    }
    put(&store, &row("2026-11-24", "User::\"0\"", None), 0, &[("calls", 9)]);
    store.asked();
    let bucket: Bucket = "2026-11".parse().unwrap();
    assert_eq!(reader.bucket(bucket).await.unwrap(), expected);
    assert_eq!(store.asked(), ["Query"; 16]);
    assert_eq!(reader.bucket("2026-12".parse().unwrap()).await.unwrap(), BTreeMap::new());
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_not_left_out() {
    let store = Store::start().await;
    let reader = UsageReader::new(&store.clients, TABLE);
    let good = row("2026-11", "User::\"alice\"", None);
    store.put("shop-state", json!({ "owner": { "S": good.owner() }, "item": { "S": "odd" } }));
    let error = reader.bucket(good.bucket).await.unwrap_err().to_string();
    assert_eq!(error, format!("the store is away: a row of `{}` cannot be read", good.owner()));
}
