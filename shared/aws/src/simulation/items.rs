//! The items of limits in the embedded store, behind a network that loses, delays and repeats.

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use doorward_core::ports::StoreError;
use dynoxide::Database;
use dynoxide::errors::DynoxideError;
use dynoxide::types::AttributeValue as Stored;

use crate::attributes::Attributes;
use crate::limit_items::{LimitItems, Updated};
use crate::limit_update::ItemUpdate;

const TABLE: &str = "sim-state";

/// What all sandboxes of a schedule share.
pub(super) struct Network {
    database: Database,
    state: Mutex<State>,
}

pub(super) struct State {
    pub(super) rng: fastrand::Rng,
    /// One in so many requests meets a fault; zero for none.
    pub(super) faults: u32,
    /// Sent, given up, and carried out later.
    late: Vec<(String, ItemUpdate)>,
    /// How many units may have been taken for nobody.
    pub(super) wasted: u64,
    /// Writes, and the write units that they cost.
    pub(super) writes: u64,
    pub(super) write_units: u64,
}

impl Network {
    pub(super) fn new(seed: u64, faults: u32) -> Arc<Self> {
        let database = Database::memory().unwrap();
        let tables = include_str!("../../../../infra/tables.json").replace("${table}", "sim");
        for mut table in serde_json::from_str::<Vec<serde_json::Value>>(&tables).unwrap() {
            table.as_object_mut().unwrap().remove("TimeToLiveSpecification");
            database.create_table(serde_json::from_value(table).unwrap()).unwrap();
        }
        let rng = fastrand::Rng::with_seed(seed);
        let state = State { rng, faults, late: Vec::new(), wasted: 0, writes: 0, write_units: 0 };
        Arc::new(Self { database, state: Mutex::new(state) })
    }

    pub(super) fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something that was given up is carried out after all.
    pub(super) fn deliver_late(&self) {
        let late = {
            let mut state = self.state();
            let count = state.late.len();
            if count == 0 {
                return;
            }
            let at = state.rng.usize(..count);
            state.late.swap_remove(at)
        };
        let taken = matches!(self.carry_out(&late.0, &late.1), Updated::Done(_));
        self.state().wasted += u64::from(taken) * most_taken(&late.1);
    }

    /// The item of a scope.
    pub(super) fn item(&self, scope: &str) -> Attributes {
        let request = serde_json::json!({ "TableName": TABLE, "Key": key(scope) });
        let answer = self.database.get_item(serde_json::from_value(request).unwrap()).unwrap();
        answer.item.map(attributes).unwrap_or_default()
    }

    fn carry_out(&self, scope: &str, update: &ItemUpdate) -> Updated {
        let request = dynoxide::actions::update_item::UpdateItemRequest {
            table_name: TABLE.to_owned(),
            key: serde_json::from_value(key(scope)).unwrap(),
            update_expression: Some(update.update.clone()),
            condition_expression: Some(update.condition.clone()),
            expression_attribute_names: Some(update.names.clone()),
            expression_attribute_values: Some(
                update.values.iter().map(|(name, value)| (name.clone(), stored(value))).collect(),
            ),
            return_values: Some("ALL_NEW".to_owned()),
            return_values_on_condition_check_failure: Some("ALL_OLD".to_owned()),
            ..Default::default()
        };
        let updated = match self.database.update_item(request) {
            Ok(done) => Updated::Done(done.attributes.map(attributes).unwrap_or_default()),
            Err(DynoxideError::ConditionalCheckFailedException(_, item)) => {
                Updated::Otherwise(item.map(attributes).unwrap_or_default())
            }
            Err(error) => panic!("{error:?} to {update:?}"),
        };
        let (Updated::Done(item) | Updated::Otherwise(item)) = &updated;
        let bytes: usize = item.iter().map(|(name, value)| name.len() + width(value)).sum();
        let mut state = self.state();
        state.writes += 1;
        state.write_units += (bytes as u64).div_ceil(1024).max(1);
        updated
    }
}

/// The items, as one sandbox reaches them.
pub(super) struct SimulatedItems(pub(super) Arc<Network>);

#[async_trait]
impl LimitItems for SimulatedItems {
    async fn update(&self, scope: &str, update: ItemUpdate) -> Result<Updated, StoreError> {
        others_first().await;
        let fault = {
            let mut state = self.0.state();
            let faults = state.faults;
            if faults > 0 && state.rng.u32(..faults) == 0 { Some(state.rng.u32(..5)) } else { None }
        };
        let away = || Err(StoreError("simulated".to_owned()));
        let lost = fault.is_some() && update.values.contains_key(":units");
        // What does not go back stays taken.
        self.0.state().wasted += u64::from(lost) * most_taken(&update);
        let answer = match fault {
            None => Ok(self.0.carry_out(scope, &update)),
            // Refused, or lost on the way.
            Some(0) => away(),
            // Carried out, and the answer is lost.
            Some(1) => {
                let taken = matches!(self.0.carry_out(scope, &update), Updated::Done(_));
                self.0.state().wasted += u64::from(taken) * most_taken(&update);
                away()
            }
            // Carried out once it was given up.
            Some(2) => {
                self.0.state().late.push((scope.to_owned(), update));
                away()
            }
            // The answer is lost and the SDK sends it again, if it may.
            Some(_) if !update.once => {
                let first = matches!(self.0.carry_out(scope, &update), Updated::Done(_));
                others_first().await;
                let second = self.0.carry_out(scope, &update);
                self.0.state().wasted += u64::from(first) * most_taken(&update);
                Ok(second)
            }
            Some(_) => Ok(self.0.carry_out(scope, &update)),
        };
        others_first().await;
        answer
    }

    async fn item(&self, scope: &str) -> Result<Attributes, StoreError> {
        others_first().await;
        Ok(self.0.item(scope))
    }
}

/// Lets whoever the schedule chooses go first.
async fn others_first() {
    let mut asked = false;
    poll_fn(|_| if std::mem::replace(&mut asked, true) { Poll::Ready(()) } else { Poll::Pending }).await;
}

/// The largest amount by which an update moves a quota.
fn most_taken(update: &ItemUpdate) -> u64 {
    let amounts = update.values.iter().filter(|(name, _)| name.starts_with(":by") || *name == ":units");
    let amounts = amounts.filter_map(|(_, value)| value.as_n().ok()?.parse::<u64>().ok());
    amounts.filter(|amount| *amount < 1_000_000).max().unwrap_or(0)
}

fn key(scope: &str) -> serde_json::Value {
    serde_json::json!({ "owner": { "S": scope }, "item": { "S": "limits" } })
}

fn width(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        // Two digits a byte, and one more byte.
        AttributeValue::N(number) => number.len().div_ceil(2) + 1,
        other => panic!("{other:?} is in no item of limits"),
    }
}

fn stored(value: &AttributeValue) -> Stored {
    match value {
        AttributeValue::S(text) => Stored::S(text.clone()),
        AttributeValue::N(number) => Stored::N(number.clone()),
        other => panic!("{other:?} is in no update of limits"),
    }
}

fn attributes(item: HashMap<String, Stored>) -> Attributes {
    item.into_iter()
        .map(|(name, value)| match value {
            Stored::S(text) => (name, AttributeValue::S(text)),
            Stored::N(number) => (name, AttributeValue::N(number)),
            other => panic!("{other:?} is in no item of limits"),
        })
        .collect()
}
