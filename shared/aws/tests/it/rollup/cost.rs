//! What a roll-up asks of the store, and what it costs in write units: the numbers of the architecture page.

use doorward_aws::{Block, LedgerItem};

use super::ledger::{aggregates, call, deliver_all, expected, put, stream};
use crate::sample;
use crate::store::{Store, TABLE};

#[track_caller]
fn check(store: &Store, asked: [(&str, usize); 3], write_units: f64) {
    let operations = store.proxy.take();
    for (name, times) in asked {
        let count = operations.iter().filter(|one| one.asked.operation == name).count();
        assert_eq!(count, times, "{name}");
    }
    assert_eq!(operations.len(), asked.iter().map(|(_, times)| times).sum::<usize>());
    let units: f64 = operations.iter().map(|one| one.write_units).sum();
    assert!((units - write_units).abs() < 0.5, "{units} write units");
}

#[tokio::test]
async fn one_call_costs_a_marker_and_three_rows() {
    let store = Store::start().await;
    put(&store, &call("a", 1, "alice"));
    deliver_all(&store, &stream(&store)).await;
    check(&store, [("GetItem", 1), ("BatchGetItem", 1), ("TransactWriteItems", 1)], 8.0);
}

#[tokio::test]
async fn what_was_counted_costs_reads_alone() {
    let store = Store::start().await;
    let calls: Vec<LedgerItem> = (0..100).map(|id| call(&format!("c-{id}"), 1, "alice")).collect();
    calls.iter().for_each(|call| put(&store, call));
    let records = stream(&store);
    deliver_all(&store, &records).await;
    // Two transactions: 97 markers beside three rows, and the other three.
    check(&store, [("GetItem", 1), ("BatchGetItem", 1), ("TransactWriteItems", 2)], 2.0 * 100.0 + 2.0 * 6.0);
    deliver_all(&store, &records).await;
    check(&store, [("GetItem", 1), ("BatchGetItem", 1), ("TransactWriteItems", 0)], 0.0);
    assert_eq!(aggregates(&store), expected(&calls));
}

#[tokio::test]
async fn a_hundred_calls_of_ten_groups_share_their_rows() {
    let store = Store::start().await;
    let calls: Vec<LedgerItem> =
        (0..100).map(|id| call(&format!("c-{id}"), 1, &format!("caller-{}", id % 10))).collect();
    calls.iter().for_each(|call| put(&store, call));
    deliver_all(&store, &stream(&store)).await;
    check(&store, [("GetItem", 1), ("BatchGetItem", 1), ("TransactWriteItems", 2)], 2.0 * 100.0 + 2.0 * 33.0);
}

#[tokio::test]
async fn a_block_of_a_hundred_calls_costs_as_much_as_its_groups() {
    let store = Store::start().await;
    let block = Block {
        id: "block#s-1#1".into(),
        version: 1,
        at: sample::now(),
        expires: None,
        calls: (0..100).map(|id| call(&format!("c-{id}"), 1, "alice")).collect(),
    };
    block.put(&store.clients, TABLE).await.unwrap();
    store.asked();
    deliver_all(&store, &stream(&store)).await;
    check(&store, [("GetItem", 1), ("BatchGetItem", 1), ("TransactWriteItems", 1)], 8.0);
    assert_eq!(aggregates(&store), expected(&block.calls));
}
