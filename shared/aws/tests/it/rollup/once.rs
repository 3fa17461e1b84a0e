use doorward_aws::{Block, LedgerItem};
use doorward_model::Outcome;
use serde_json::json;

use super::ledger::{aggregates, call, deliver, deliver_all, expected, put, state_items, stream};
use crate::sample;
use crate::store::{Store, TABLE};

#[tokio::test]
async fn a_call_is_counted_once_however_often_it_comes() {
    let store = Store::start().await;
    let calls = ["a", "b"].map(|id| call(id, 1, "alice"));
    calls.iter().for_each(|call| put(&store, call));
    let records = stream(&store);
    for _ in 0..3 {
        let done = deliver(&store, &records).await;
        assert_eq!((done.again.len(), done.uncountable.len()), (0, 0));
        assert_eq!(aggregates(&store), expected(&calls));
    }
    let twice = [records.clone(), records].concat();
    deliver_all(&store, &twice).await;
    assert_eq!(aggregates(&store), expected(&calls));
}

#[tokio::test]
async fn what_a_call_became_takes_the_place_of_what_it_was_in_any_order() {
    let store = Store::start().await;
    let claimed = LedgerItem { outcome: Outcome::Unresolved, units: 0, ..call("a", 1, "alice") };
    let resolved = LedgerItem { at: "2026-12-01T00:00:00Z".parse().unwrap(), ..call("a", 2, "alice") };
    put(&store, &claimed);
    put(&store, &resolved);
    let records = stream(&store);
    assert_eq!(records.len(), 2);
    for order in [[0, 1, 1], [1, 0, 0], [1, 0, 1]] {
        let store = Store::start().await;
        for index in order {
            deliver_all(&store, &records[index..=index]).await;
        }
        assert_eq!(aggregates(&store), expected([&resolved]), "{order:?}");
    }
}

#[tokio::test]
async fn removals_are_no_calls() {
    let store = Store::start().await;
    let calls = ["a", "b"].map(|id| call(id, 1, "alice"));
    calls.iter().for_each(|call| put(&store, call));
    store.delete("ledger", json!({ "call": { "S": "a" } }));
    let mut records = stream(&store);
    records[2]["userIdentity"] = json!({ "type": "Service", "principalId": "dynamodb.amazonaws.com" });
    let done = deliver(&store, &records).await;
    assert_eq!((done.passed_over, done.moved), (1, 2));
    assert_eq!(aggregates(&store), expected(&calls));
}

#[tokio::test]
async fn nobody_pays_for_a_call_without_a_caller() {
    let store = Store::start().await;
    put(&store, &LedgerItem { caller: None, ..call("a", 1, "") });
    deliver_all(&store, &stream(&store)).await;
    assert_eq!(state_items(&store), Vec::<serde_json::Value>::new());
}

#[tokio::test]
async fn a_marker_goes_after_the_row_and_says_what_was_counted() {
    let store = Store::start().await;
    put(&store, &call("a", 1, "alice"));
    deliver_all(&store, &stream(&store)).await;
    let key = json!({ "owner": { "S": "applied#a" }, "item": { "S": "usage" } });
    let number = |number: u64| json!({ "N": number.to_string() });
    let expected = json!({
        "owner": { "S": "applied#a" }, "item": { "S": "usage" }, "version": number(1),
        "hour": { "S": "2026-11-24T12" },
        "group": { "S": r#"["alice","createOrder","orders",null,"admitted","free","0a1b2c3d4e5f"]"# },
        "calls": number(1), "units": number(2), "bytes_in": number(10), "bytes_out": number(20),
        "duration_us": number(30), "expires": number(1_800_000_000 + 172_800),
    });
    assert_eq!(store.item("state", key), Some(expected));
}

#[tokio::test]
async fn every_call_of_a_block_is_counted_once() {
    let store = Store::start().await;
    let mut calls: Vec<LedgerItem> =
        (0..70).map(|number| call(&format!("c-{number}"), 1, &format!("caller-{}", number % 50))).collect();
    calls.push(LedgerItem { caller: None, ..call("c-nobody", 1, "") });
    let block = Block {
        id: "block#s-1#1".into(),
        version: 1,
        at: sample::now(),
        expires: Some(super::ledger::EXPIRES),
        calls: [calls.clone(), calls[..3].to_vec()].concat(),
    };
    block.put(&store.clients, TABLE).await.unwrap();
    block.put(&store.clients, TABLE).await.unwrap();
    let records = stream(&store);
    assert_eq!(records.len(), 1);
    for _ in 0..2 {
        deliver_all(&store, &records).await;
        assert_eq!(aggregates(&store), expected(&calls));
    }
    let markers = state_items(&store).into_iter().filter(|item| item["owner"]["S"] == "applied#block#s-1#1");
    assert_eq!(markers.count(), 4, "50 groups of 16 a part");
}

#[tokio::test]
async fn a_caller_as_long_as_callers_get_is_counted() {
    let store = Store::start().await;
    let long = call("a", 1, &format!("User::\"{}\"", "\\\"".repeat(512)));
    put(&store, &long);
    put(&store, &call("b", 1, "alice"));
    deliver_all(&store, &stream(&store)).await;
    assert_eq!(aggregates(&store), expected([&long, &call("b", 1, "alice")]));
}

#[tokio::test]
async fn a_roll_up_that_is_asked_to_rest_has_its_records_come_again() {
    let store = Store::start().await;
    put(&store, &call("a", 1, "alice"));
    let roll_up = doorward_aws::RollUp::new(&store.clients, TABLE);
    let records = stream(&store);
    let run = || {
        let records = super::ledger::read(&records);
        let roll_up = roll_up.clone();
        async move { roll_up.roll_up(records, jiff::Timestamp::now(), std::time::Duration::from_secs(20)).await }
    };
    let pause = roll_up.pause().await.unwrap();
    let sequence = records[0]["dynamodb"]["SequenceNumber"].as_str().unwrap();
    assert_eq!(run().await.again, [sequence]);
    assert!(aggregates(&store).is_empty());
    pause.end().await.unwrap();
    assert_eq!(run().await.again, Vec::<String>::new());
    assert_eq!(aggregates(&store), expected([&call("a", 1, "alice")]));
}
