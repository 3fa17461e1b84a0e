use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::{Json, Router};
use doorward_aws::{Block, LedgerItem, RollUp, RolledUp};
use doorward_core::usage::Row;
use doorward_testkit::fault_proxy::{Fault, rules};
use serde_json::{Value, json};

use super::ledger::{aggregates, call, deliver, deliver_all, expected, put, read, state_items, stream};
use crate::faults::each;
use crate::store::{Store, TABLE};
use crate::{loopback, sample};

/// As `deliver`, for a function whose time is over after its first round.
async fn deliver_once(store: &Store, records: &[Value]) -> RolledUp {
    RollUp::new(&store.clients, TABLE).roll_up(read(records), sample::now(), Duration::ZERO).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_every_fault_a_call_is_counted_once_or_comes_again() {
    for operation in ["TransactWriteItems", "BatchGetItem", "GetItem"] {
        each(operation, |case| async move {
            let calls = ["a", "b"].map(|id| call(id, 1, "alice"));
            calls.iter().for_each(|call| put(&case.store, call));
            let records = stream(&case.store);
            case.begin();
            let done = case.answer(deliver_once(&case.store, &records)).await;
            case.end().await;
            assert_eq!(done.uncountable, Vec::<String>::new(), "{}", case.name);
            let counted = aggregates(&case.store);
            if done.again.is_empty() {
                assert_eq!(counted, expected(&calls), "{}", case.name);
            } else {
                assert!(counted.is_empty() || counted == expected(&calls), "{}", case.name);
            }
            deliver_all(&case.store, &records).await;
            assert_eq!(aggregates(&case.store), expected(&calls), "{}", case.name);
        })
        .await;
    }
}

/// A block in several parts, and calls in several transactions.
fn many() -> (Block, Vec<LedgerItem>) {
    let of = |id: String, caller: usize| call(&id, 1, &format!("caller-{caller}"));
    let block = Block {
        id: "block#s-1#1".into(),
        version: 1,
        at: sample::now(),
        expires: None,
        calls: (0..60).map(|number| of(format!("b-{number}"), number)).collect(),
    };
    (block, (0..150).map(|number| of(format!("c-{number}"), number % 20)).collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_roll_up_that_is_cut_off_between_transactions_goes_on_where_it_was() {
    let (block, calls) = many();
    let source = Store::start().await;
    block.put(&source.clients, TABLE).await.unwrap();
    calls.iter().for_each(|call| put(&source, call));
    let records = stream(&source);
    for fault in [Fault::ResetBeforeCommit, Fault::ResetAfterCommit] {
        for cut in 1..10 {
            let store = Store::start().await;
            let (fault, mut met) = (fault.clone(), 0);
            store.proxy.rule(rules::always(
                move |asked| {
                    met += usize::from(asked.operation == "TransactWriteItems");
                    asked.operation == "TransactWriteItems" && met >= cut
                },
                fault,
            ));
            let done = deliver_once(&store, &records).await;
            store.proxy.clear();
            assert!(!done.again.is_empty(), "cut {cut}");
            deliver_all(&store, &records).await;
            assert_eq!(aggregates(&store), expected(block.calls.iter().chain(&calls)), "cut {cut}");
        }
    }
}

#[tokio::test]
async fn a_row_that_others_write_to_gets_another_item() {
    let store = Store::start().await;
    put(&store, &call("a", 1, "alice"));
    // The SDK's own three attempts, on the row of the month: the last of the three.
    store.proxy.rule(rules::next(rules::is("TransactWriteItems"), vec![Fault::Conflict; 3]));
    deliver_all(&store, &stream(&store)).await;
    assert_eq!(aggregates(&store), expected([&call("a", 1, "alice")]));
    // The proxy's conflict names the first write, the marker, which has no other place to go.
    assert!(spread(&store).iter().all(|spread| *spread == 0));

    let conflicts = Arc::new(AtomicUsize::new(0));
    let met = Arc::clone(&conflicts);
    let app = Router::new().fallback(move |headers: HeaderMap, body: Bytes| {
        let met = Arc::clone(&met);
        let body = serde_json::from_slice(&body).unwrap();
        async move { answer_with_a_conflict(&headers, &body, &met) }
    });
    let clients = loopback::clients(loopback::serve(app).await);
    let roll_up = RollUp::new(&clients, TABLE);
    let done = roll_up.roll_up(read(&stream(&store)), sample::now(), Duration::from_secs(20)).await;
    assert_eq!((done.again.len(), conflicts.load(Ordering::SeqCst)), (0, 4));
}

/// Three times the hour's row is in another's transaction; the fourth time it must have another key than before.
fn answer_with_a_conflict(
    headers: &HeaderMap,
    body: &Value,
    met: &AtomicUsize,
) -> (axum::http::StatusCode, Json<Value>) {
    use axum::http::StatusCode;
    if !headers["x-amz-target"].to_str().unwrap().ends_with("TransactWriteItems") {
        return (StatusCode::OK, Json(json!({ "Responses": {} })));
    }
    let writes = body["TransactItems"].as_array().unwrap();
    let key = |index: usize| writes[index]["Update"]["Key"]["item"]["S"].as_str().unwrap().to_owned();
    if met.fetch_add(1, Ordering::SeqCst) < 3 {
        assert!(
            writes[1]["Update"]["Key"]["owner"]["S"].as_str().unwrap().starts_with("usage#2026-11-24T12#")
        );
        let reasons = ["None", "TransactionConflict", "None", "None"].map(|code| json!({ "Code": code }));
        let kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
        return (StatusCode::BAD_REQUEST, Json(json!({ "__type": kind, "CancellationReasons": reasons })));
    }
    assert!(key(1).starts_with(&format!("{}#", key(2))) && key(2) == key(3), "{} {}", key(1), key(2));
    (StatusCode::OK, Json(json!({})))
}

fn spread(store: &Store) -> Vec<u8> {
    let items = state_items(store);
    let rows = items.iter().filter(|item| Row::is_owner(item["owner"]["S"].as_str().unwrap()));
    let text = |item: &Value, name: &str| item[name]["S"].as_str().unwrap().to_owned();
    rows.map(|item| Row::read(&text(item, "owner"), &text(item, "item"), None).unwrap().1).collect()
}

#[tokio::test]
async fn a_transaction_that_is_sent_again_is_known_by_its_token() {
    let store = Store::start().await;
    put(&store, &call("a", 1, "alice"));
    store.fail_at("TransactWriteItems", Fault::ServerErrorAfterCommit);
    deliver_all(&store, &stream(&store)).await;
    let sent = store.proxy.take();
    let tokens: Vec<&Value> = sent
        .iter()
        .filter(|one| one.asked.operation == "TransactWriteItems")
        .map(|one| &one.asked.body["ClientRequestToken"])
        .collect();
    assert!(
        matches!(tokens.as_slice(), [first, second] if first.is_string() && first == second),
        "{tokens:?}"
    );
    assert_eq!(aggregates(&store), expected([&call("a", 1, "alice")]));
}

#[tokio::test]
async fn what_a_read_leaves_out_is_asked_for_again() {
    let asked = Arc::new(AtomicUsize::new(0));
    let met = Arc::clone(&asked);
    let app = Router::new().fallback(move |headers: HeaderMap, body: Bytes| {
        let met = Arc::clone(&met);
        let body: Value = serde_json::from_slice(&body).unwrap();
        async move {
            let target = headers["x-amz-target"].to_str().unwrap().rsplit('.').next().unwrap().to_owned();
            if target != "BatchGetItem" {
                return Json(json!({}));
            }
            let mut keys = body["RequestItems"]["shop-state"]["Keys"].as_array().unwrap().clone();
            met.fetch_add(1, Ordering::SeqCst);
            // One marker at a time, which says that its call is counted.
            let mut item = keys.remove(0);
            item["version"] = json!({ "N": "9" });
            let left = if keys.is_empty() { json!({}) } else { json!({ "shop-state": { "Keys": keys } }) };
            Json(json!({ "Responses": { "shop-state": [item] }, "UnprocessedKeys": left }))
        }
    });
    let store = Store::start().await;
    ["a", "b", "c"].iter().for_each(|id| put(&store, &call(id, 1, "alice")));
    let clients = loopback::clients(loopback::serve(app).await);
    let records = read(&stream(&store));
    let done = RollUp::new(&clients, TABLE).roll_up(records, sample::now(), Duration::from_secs(20)).await;
    assert_eq!((done, asked.load(Ordering::SeqCst)), (RolledUp::default(), 3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_roll_ups_of_the_same_records_count_them_once() {
    let (block, calls) = many();
    let store = Store::start().await;
    block.put(&store.clients, TABLE).await.unwrap();
    calls.iter().for_each(|call| put(&store, call));
    let records = stream(&store);
    let (one, other) = tokio::join!(deliver(&store, &records), deliver(&store, &records));
    assert_eq!((one.uncountable.len(), other.uncountable.len()), (0, 0));
    deliver_all(&store, &records).await;
    assert_eq!(aggregates(&store), expected(block.calls.iter().chain(&calls)));
}
