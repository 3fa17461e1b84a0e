//! A ledger whose stream is read as Lambda reads it, and what its aggregates are to be.

use std::collections::BTreeMap;
use std::time::Duration;

use doorward_aws::{LedgerItem, RollUp, RolledUp};
use doorward_core::usage::{Contribution, Counted, Group, Row, Sums};
use doorward_events::dynamodb::{BrokenStreamRecord, StreamRecord, read_stream};
use serde_json::{Map, Value, json};

use crate::sample;
use crate::store::{Store, TABLE};

pub(crate) const AT: &str = "2026-11-24T12:30:00Z";
pub(crate) const EXPIRES: i64 = 1_800_000_000;

/// A row of the ledger.
pub(crate) fn call(id: &str, version: u64, caller: &str) -> LedgerItem {
    let item = json!({
        "call": id, "version": version, "at": AT, "caller": caller, "action": "createOrder", "target": "orders",
        "plan": "free", "plan_version": "0a1b2c3d4e5f", "outcome": "admitted", "units": 2, "bytes_in": 10,
        "bytes_out": 20, "duration_us": 30, "front": "http-api:a1b2c3", "request_id": id, "expires": EXPIRES,
    });
    serde_json::from_value(item).unwrap()
}

/// A value in DynamoDB's JSON, without members that are `null`.
pub(crate) fn typed(value: Value) -> Value {
    match value {
        Value::Null => json!({ "NULL": true }),
        Value::Bool(value) => json!({ "BOOL": value }),
        Value::Number(number) => json!({ "N": number.to_string() }),
        Value::String(text) => json!({ "S": text }),
        Value::Array(values) => json!({ "L": values.into_iter().map(typed).collect::<Vec<_>>() }),
        Value::Object(members) => json!({ "M": attributes(members) }),
    }
}

fn attributes(members: Map<String, Value>) -> Map<String, Value> {
    let stated = members.into_iter().filter(|(_, value)| !value.is_null());
    stated.map(|(name, value)| (name, typed(value))).collect()
}

pub(crate) fn put(store: &Store, item: &LedgerItem) {
    let Value::Object(members) = serde_json::to_value(item).unwrap() else { panic!("no object") };
    store.put(&format!("{TABLE}-ledger"), Value::Object(attributes(members)));
}

/// Everything that the ledger's stream holds, in Lambda's form.
pub(crate) fn stream(store: &Store) -> Vec<Value> {
    let database = &store.database;
    let table = json!({ "TableName": format!("{TABLE}-ledger") });
    let table = database.describe_table(serde_json::from_value(table).unwrap()).unwrap();
    let arn = serde_json::to_value(table).unwrap()["Table"]["LatestStreamArn"].as_str().unwrap().to_owned();
    let described = json!({ "StreamArn": arn });
    let described = database.describe_stream(serde_json::from_value(described).unwrap()).unwrap();
    let mut records = Vec::new();
    for shard in described.stream_description.shards {
        let from =
            json!({ "StreamArn": arn, "ShardId": shard.shard_id, "ShardIteratorType": "TRIM_HORIZON" });
        let from = database.get_shard_iterator(serde_json::from_value(from).unwrap()).unwrap();
        let mut iterator = from.shard_iterator;
        while let Some(at) = iterator {
            let page = json!({ "ShardIterator": at });
            let page = database.get_records(serde_json::from_value(page).unwrap()).unwrap();
            if page.records.is_empty() {
                break;
            }
            records.extend(page.records.iter().map(|record| serde_json::to_value(record).unwrap()));
            iterator = page.next_shard_iterator;
        }
    }
    for record in &mut records {
        record["eventSourceARN"] = arn.clone().into();
    }
    records
}

pub(crate) fn read(records: &[Value]) -> Vec<Result<StreamRecord, BrokenStreamRecord>> {
    read_stream(&serde_json::to_vec(&json!({ "Records": records })).unwrap()).unwrap()
}

/// Hands `records` over as one invocation.
pub(crate) async fn deliver(store: &Store, records: &[Value]) -> RolledUp {
    let roll_up = RollUp::new(&store.clients, TABLE);
    roll_up.roll_up(read(records), sample::now(), Duration::from_secs(20)).await
}

/// Hands `records` over until nothing is to come again.
pub(crate) async fn deliver_all(store: &Store, records: &[Value]) {
    for _ in 0..20 {
        let done = deliver(store, records).await;
        assert_eq!(done.uncountable, Vec::<String>::new());
        if done.again.is_empty() {
            return;
        }
    }
    panic!("records keep coming again");
}

pub(crate) fn state_items(store: &Store) -> Vec<Value> {
    let mut items = Vec::new();
    let mut start = Value::Null;
    loop {
        let mut scan = json!({ "TableName": format!("{TABLE}-state") });
        if !start.is_null() {
            scan["ExclusiveStartKey"] = start;
        }
        let page = store.database.scan(serde_json::from_value(scan).unwrap()).unwrap();
        let page = serde_json::to_value(page).unwrap();
        items.extend(page["Items"].as_array().unwrap().iter().cloned());
        start = page["LastEvaluatedKey"].clone();
        if start.is_null() {
            return items;
        }
    }
}

/// The sums in the table; rows that came to nothing are left out.
pub(crate) fn aggregates(store: &Store) -> BTreeMap<Row, Sums> {
    let mut rows: BTreeMap<Row, Sums> = BTreeMap::new();
    for item in state_items(store) {
        let owner = item["owner"]["S"].as_str().unwrap();
        if Row::is_owner(owner) {
            let (row, _) =
                Row::read(owner, item["item"]["S"].as_str().unwrap(), item["group"]["S"].as_str()).unwrap();
            let sum = |name: &str| item[name]["N"].as_str().map_or(0, |sum| sum.parse().unwrap());
            *rows.entry(row).or_default() += Sums::from_named(sum);
        }
    }
    rows.retain(|_, sums| !sums.is_zero());
    rows
}

/// What the aggregates of these calls are.
pub(crate) fn expected<'a>(calls: impl IntoIterator<Item = &'a LedgerItem>) -> BTreeMap<Row, Sums> {
    let counted = |item: &LedgerItem| {
        let item = item.clone();
        Some(Counted {
            at: item.at,
            group: Group {
                caller: item.caller?,
                action: item.action,
                target: item.target,
                purpose: item.purpose,
                outcome: item.outcome,
                plan: item.plan,
                plan_version: item.plan_version,
            },
            units: item.units,
            bytes_in: item.bytes_in,
            bytes_out: item.bytes_out,
            duration_us: item.duration_us,
        })
    };
    Contribution::of(calls.into_iter().filter_map(counted)).unwrap().rows()
}
