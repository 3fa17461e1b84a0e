//! The ledger summed up here, and the aggregates that the roll-up keeps of it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Fleet;
use super::ledger::recorded;

/// Calls and units by caller, action, target, purpose, outcome, plan and its version.
pub(crate) type Sums = BTreeMap<Vec<Option<String>>, (u64, u64)>;

impl Fleet {
    /// Every item of this table.
    pub(crate) async fn scan(&self, table: &str) -> Vec<Value> {
        let (mut items, mut start) = (Vec::new(), Value::Null);
        loop {
            let mut input = json!({ "TableName": table, "ConsistentRead": true });
            if !start.is_null() {
                input["ExclusiveStartKey"] = start;
            }
            let mut page = self.ask("Scan", &input).await;
            items.append(page["Items"].as_array_mut().unwrap());
            start = page["LastEvaluatedKey"].take();
            if start.is_null() {
                return items;
            }
        }
    }

    /// What the ledger's calls add up to.
    pub(crate) async fn ledger_sums(&self) -> Sums {
        let mut sums = Sums::new();
        for row in self.scan("doorward-ledger").await {
            for call in recorded(&row) {
                add(&mut sums, call.group, 1, call.units);
            }
        }
        sums
    }

    /// What the aggregates say of hours, days and months, once everything that the stream holds is counted.
    pub(crate) async fn aggregates(&self) -> [Sums; 3] {
        self.emulator.streams_idle().await;
        let mut sums = [Sums::new(), Sums::new(), Sums::new()];
        for item in self.scan("doorward-state").await {
            let owner = item["owner"]["S"].as_str().unwrap();
            let Some(bucket) = owner.strip_prefix("usage#").and_then(|rest| rest.split('#').next()) else {
                continue;
            };
            let kind = match bucket.len() {
                13 => 0,
                10 => 1,
                7 => 2,
                _ => panic!("{item}"),
            };
            let key = item["item"]["S"].as_str().unwrap();
            // What spreads a row over items stands behind it.
            let key = &key[..=key.rfind(']').unwrap()];
            let group = serde_json::from_str(key).unwrap();
            add(&mut sums[kind], group, number(&item["calls"]), number(&item["units"]));
        }
        for sums in &mut sums {
            sums.retain(|_, sum| *sum != (0, 0));
        }
        sums
    }
}

fn add(sums: &mut Sums, group: Vec<Option<String>>, calls: u64, units: u64) {
    let sum = sums.entry(group).or_default();
    sum.0 += calls;
    sum.1 += units;
}

/// A sum to which nothing was added is not there.
fn number(value: &Value) -> u64 {
    value["N"].as_str().map_or(0, |number| number.parse().unwrap())
}
