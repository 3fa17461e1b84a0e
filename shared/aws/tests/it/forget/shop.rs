//! Tables that hold everything that a door keeps of a caller.

use std::collections::BTreeMap;
use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorward_aws::{
    Assigned, Assignments, Block, DynamoDecisions, DynamoIdempotency, Forget, Forgotten, LedgerItem,
    LedgerRow, Pseudonym, Switchboard, SwitchedOff,
};
use doorward_core::ports::{Decisions, IdempotencyStore as _};
use doorward_core::usage::{Bucket, Group, Row, Sums};
use doorward_model::{DecisionRecord, EntityName, IdempotencyRecord, IdempotencyState, StoredAnswer};
use flate2::read::ZlibDecoder;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};
use jiff::ToSpan;
use serde_json::{Value, json};

use crate::decisions::record;
use crate::idempotency::taken;
use crate::rollup::ledger::{aggregates, call, deliver_all, put, state_items, stream};
use crate::rollup::rebuild::wipe;
use crate::sample;
use crate::store::{Store, TABLE};

pub(super) const ID: &str = "alice-liddell";
pub(super) const ALICE: &str = "User::\"alice-liddell\"";
pub(super) const BOB: &str = "User::\"bob\"";
pub(super) const CAROL: &str = "User::\"carol\"";
const HOUR: i64 = 60 * 60;

pub(super) fn alice() -> EntityName {
    ALICE.parse().unwrap()
}

pub(super) fn pseudonym(chance: u8) -> Pseudonym {
    Pseudonym::new(&alice(), [chance; 8])
}

pub(super) fn forget(store: &Store, chance: u8) -> Forget {
    Forget::new(&store.clients, TABLE, pseudonym(chance), sample::now())
}

/// As the command does it, without archives.
pub(super) async fn forgotten(store: &Store, chance: u8) -> (Pseudonym, Forgotten) {
    let mut forget = forget(store, chance);
    let name = forget.begin().await.unwrap().clone();
    let done = forget.tables().await.unwrap();
    assert!(!done.left && done.unreadable.is_empty(), "{done:?}");
    forget.end().await.unwrap();
    (name, done)
}

pub(super) fn block(id: &str, expires: i64, calls: Vec<LedgerItem>) -> Block {
    Block { id: format!("block#{id}"), version: 1, at: sample::now(), expires: Some(expires), calls }
}

/// As many calls of the caller's as there are actions, and those of others between them: a row in several parts.
fn of_many_groups(id: &str, calls: usize) -> Vec<LedgerItem> {
    let one = |number: usize| LedgerItem {
        action: Some(format!("action-{:02}", number % 20)),
        ..call(&format!("{id}-{number}"), 1, [ALICE, BOB][number / 20 % 2])
    };
    (0..calls).map(one).collect()
}

/// Rows that the ledger has, and rows that it had: with their markers still, and without. Those that it had, or has for a
/// little longer.
pub(super) async fn ledger(store: &Store) -> Vec<LedgerRow> {
    let now = sample::now().as_second();
    let callers = [ALICE, BOB, CAROL];
    for number in 0..9 {
        put(store, &call(&format!("c-{number}"), 1, callers[number % 3]));
    }
    put(store, &LedgerItem { resource: Some(ALICE.into()), ..call("c-9", 1, BOB) });
    let three = (0..12).map(|number| call(&format!("b-{number}"), 1, callers[number % 3])).collect();
    let mut gone = vec![
        LedgerRow::Call(LedgerItem { expires: Some(now - HOUR), ..call("gone-1", 1, ALICE) }),
        LedgerRow::Call(LedgerItem { expires: Some(now - 90 * HOUR), ..call("past-1", 1, ALICE) }),
        // What the table has still, although its time is over.
        LedgerRow::Call(LedgerItem { expires: Some(now - HOUR), ..call("late-1", 1, ALICE) }),
        LedgerRow::Call(LedgerItem { expires: Some(now - 90 * HOUR), ..call("late-2", 1, ALICE) }),
    ];
    for row in &gone {
        put(store, &row.calls()[0]);
    }
    for block in [
        block("s#1", super::super::rollup::ledger::EXPIRES, three),
        block("s#2", super::super::rollup::ledger::EXPIRES, of_many_groups("m", 40)),
        block("s#3", now - HOUR, of_many_groups("g", 40)),
    ] {
        block.put(&store.clients, TABLE).await.unwrap();
        if block.id == "block#s#3" {
            gone.push(LedgerRow::Block(block));
        }
    }
    deliver_all(store, &stream(store)).await;
    for row in gone.iter().filter(|row| !row.id().starts_with("late")) {
        store.delete("ledger", json!({ "call": { "S": row.id() } }));
    }
    wipe(store, |owner| ["applied#past-1", "applied#late-2"].contains(&owner));
    gone
}

/// What stands beside the sums.
pub(super) async fn beside(store: &Store) {
    let decisions = DynamoDecisions::new(&store.clients, TABLE);
    let of_alice = EntityName::new("User", ID);
    let with = |call: &str, principal: &EntityName, owner: &EntityName| {
        let mut record: DecisionRecord = record(call, 0, "getOrder");
        record.facts.principal = principal.clone();
        let owner = json!({ "__entity": { "type": owner.type_name, "id": owner.id } });
        record.facts.given =
            vec![json!({ "uid": { "type": "Order", "id": "42" }, "attrs": { "owner": owner } })];
        record
    };
    let bob = EntityName::new("User", "bob");
    for record in [with("d-1", &of_alice, &bob), with("d-2", &bob, &of_alice), with("d-3", &bob, &bob)] {
        decisions.keep(&record, sample::now() + 24.hours()).await.unwrap();
    }
    let text = |text: &str| json!({ "S": text });
    for (id, caller) in [("q-1", ALICE), ("q-2", BOB)] {
        let record = json!({ "user": caller }).to_string();
        store.put(
            "shop-state",
            json!({
                "owner": text("quarantine"), "item": text(id), "at": text("2026-11-24T12:00:00Z"), "caller": text(caller),
                "source": text("s3"), "event_type": text("ObjectCreated:Put"), "sender": text("receipts"),
                "region": text("eu-west-1"), "record": text(&record), "record_bytes": { "N": "30" },
                "cause": text(caller), "expires": { "N": "1800000000" },
            }),
        );
    }
    let keys = DynamoIdempotency::new(&store.clients, TABLE);
    let answered = |caller: &EntityName| {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("text/plain"))]);
        IdempotencyState::Answered(StoredAnswer {
            status: StatusCode::OK,
            headers,
            body: caller.to_string().into(),
        })
    };
    for (id, caller, state) in [
        ("answered", &of_alice, answered(&of_alice)),
        ("in-progress", &of_alice, IdempotencyState::InProgress),
        ("of-bob", &bob, answered(&bob)),
    ] {
        let record = IdempotencyRecord { id: id.into(), caller: caller.clone(), state, ..taken(id) };
        keys.put(&record, None).await.unwrap();
    }
    let assignments = Assignments::new(&store.clients, TABLE);
    for (hours, plan) in [(1, Some("partner")), (2, None), (3, Some("free"))] {
        let by = Some(format!("contract of {ID}"));
        let change = Assigned { at: sample::now() + hours.hours(), plan: plan.map(str::to_owned), by };
        assignments.assign(&alice(), &change).await.unwrap();
    }
    let tuple = format!("caller+action#{}", json!([ALICE, "getOrder"]));
    store.put(
        "shop-state",
        json!({ "owner": text(&tuple), "item": text("limits"), "expires": { "N": "1795700000" } }),
    );
    let off = SwitchedOff { key: format!("caller#{ALICE}"), since: sample::now(), reason: None };
    Switchboard::new(&store.clients, TABLE).off(&off).await.unwrap();
}

fn ledger_items(store: &Store) -> Vec<Value> {
    let scan = json!({ "TableName": format!("{TABLE}-ledger") });
    let page = store.database.scan(serde_json::from_value(scan).unwrap()).unwrap();
    let page = serde_json::to_value(page).unwrap();
    assert_eq!(page["LastEvaluatedKey"], Value::Null);
    page["Items"].as_array().unwrap().clone()
}

/// The text of an item, with that of what it holds compressed.
fn open(item: &Value) -> String {
    let mut text = item.to_string();
    for value in item.as_object().unwrap().values() {
        if let Some(packed) = value["B"].as_str() {
            let bytes = STANDARD.decode(packed).unwrap();
            let mut unpacked = String::new();
            match ZlibDecoder::new(bytes.as_slice()).read_to_string(&mut unpacked) {
                Ok(_) => text.push_str(&unpacked),
                // An answer is kept as it was.
                Err(_) => text.push_str(&String::from_utf8_lossy(&bytes)),
            }
        }
    }
    text
}

/// The keys of items that say the caller's id, wherever in them, but for those that are to stay.
pub(super) fn naming(store: &Store) -> Vec<String> {
    let stays = |item: &Value| item["item"]["S"] == "limits" || item["owner"]["S"] == "switches";
    let items = ledger_items(store).into_iter().chain(state_items(store));
    let naming = items.filter(|item| !stays(item) && open(item).contains(ID));
    naming.map(|item| format!("{} {} {}", item["call"]["S"], item["owner"]["S"], item["item"]["S"])).collect()
}

/// Aggregates with one caller under another name.
pub(super) fn renamed(rows: &BTreeMap<Row, Sums>, to: &Pseudonym) -> BTreeMap<Row, Sums> {
    let mut renamed: BTreeMap<Row, Sums> = BTreeMap::new();
    for (row, sums) in rows {
        let caller = if row.group.caller == ALICE { to.name().to_string() } else { row.group.caller.clone() };
        let group = Group { caller, ..row.group.clone() };
        *renamed.entry(Row { group, bucket: row.bucket }).or_default() += *sums;
    }
    renamed
}

/// What each hour, day and month holds, of all callers together.
pub(super) fn windows(store: &Store) -> BTreeMap<Bucket, Sums> {
    let mut windows: BTreeMap<Bucket, Sums> = BTreeMap::new();
    for (row, sums) in aggregates(store) {
        *windows.entry(row.bucket).or_default() += sums;
    }
    windows
}
