use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::types::AttributeValue;
use doorward_core::ports::StoreError;
use doorward_core::usage::{Marks, Row, Sums};

use super::{RollUp, marker};
use crate::attributes::Attributes;
use crate::sdk_error;

/// Every marker and every sum in the state, as they were read: not all at one moment.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) marks: HashMap<String, Marks>,
    pub(super) rows: BTreeMap<Row, Held>,
    /// Items among them that cannot be read.
    pub(super) unreadable: Vec<String>,
}

/// What the items of a row hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Held {
    /// All of them together.
    pub(super) sums: Sums,
    /// The first of them, where it is there; a sum that it does not have is `None`.
    pub(super) first: [Option<i64>; 5],
}

impl RollUp {
    pub(super) async fn state(&self) -> Result<State, StoreError> {
        let mut state = State::default();
        let mut start = None;
        loop {
            let page = self
                .client
                .scan()
                .table_name(&*self.state)
                .consistent_read(true)
                .filter_expression("begins_with(#owner, :rows) OR begins_with(#owner, :markers)")
                .expression_attribute_names("#owner", "owner")
                .expression_attribute_values(":rows", AttributeValue::S(Row::PREFIX.to_owned()))
                .expression_attribute_values(":markers", AttributeValue::S(marker::PREFIX.to_owned()))
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(|error| StoreError(sdk_error::brief(&error)))?;
            for item in page.items.unwrap_or_default() {
                if let Err(place) = state.take(&item) {
                    state.unreadable.push(place);
                }
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(state);
            }
        }
    }

    /// Adds `sums` to the first item of a row, if it is still as it was read.
    pub(super) async fn correct(&self, row: &Row, held: &Held, sums: Sums) -> Result<(), StoreError> {
        let mut conditions = Vec::new();
        let mut adds = Vec::new();
        let mut update = self
            .client
            .update_item()
            .table_name(&*self.state)
            .key("owner", AttributeValue::S(row.owner()))
            .key("item", AttributeValue::S(row.item(0)));
        for ((name, sum), first) in sums.named().into_iter().zip(held.first) {
            update = update
                .expression_attribute_names(format!("#{name}"), name)
                .expression_attribute_values(format!(":{name}"), AttributeValue::N(sum.to_string()));
            adds.push(format!("#{name} :{name}"));
            match first {
                None => conditions.push(format!("attribute_not_exists(#{name})")),
                Some(first) => {
                    conditions.push(format!("#{name} = :was_{name}"));
                    update = update.expression_attribute_values(
                        format!(":was_{name}"),
                        AttributeValue::N(first.to_string()),
                    );
                }
            }
        }
        let mut expression = format!("ADD {}", adds.join(", "));
        if let Some(group) = row.group_attribute() {
            expression.push_str(" SET #group = :group");
            update = update
                .expression_attribute_names("#group", "group")
                .expression_attribute_values(":group", AttributeValue::S(group));
        }
        let sent =
            update.update_expression(expression).condition_expression(conditions.join(" AND ")).send().await;
        match sent {
            Ok(_) => Ok(()),
            // Somebody else, or this very write, whose answer was lost: the next look shows it.
            Err(SdkError::ServiceError(error)) if error.err().is_conditional_check_failed_exception() => {
                Ok(())
            }
            Err(error) => Err(StoreError(sdk_error::brief(&error))),
        }
    }
}

impl State {
    /// Takes up an item; its place where it cannot be read.
    fn take(&mut self, item: &Attributes) -> Result<(), String> {
        let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).map(String::as_str);
        let (owner, name) = (text("owner").unwrap_or_default(), text("item").unwrap_or_default());
        let place = || format!("{owner} / {name}");
        if !Row::is_owner(owner) {
            // Others may keep marks of their own beside those of the roll-up.
            let Some((id, part)) = marker::place(item) else { return Ok(()) };
            let mark = marker::read(item).ok_or_else(place)?;
            self.marks.entry(id).or_default().insert(part, mark);
            return Ok(());
        }
        let (row, spread) = Row::read(owner, name, text("group")).map_err(|_| place())?;
        let mut sums = Vec::new();
        for (name, _) in Sums::default().named() {
            let sum = item.get(name).map(|value| value.as_n().ok().and_then(|sum| sum.parse::<i64>().ok()));
            sums.push((name, sum.map_or(Some(None), |sum| sum.map(Some)).ok_or_else(place)?));
        }
        let held = self.rows.entry(row).or_default();
        held.sums += Sums::from_named(|wanted| {
            sums.iter().find(|(name, _)| *name == wanted).and_then(|(_, sum)| *sum).unwrap_or_default()
        });
        if spread == 0 {
            for (first, (_, sum)) in held.first.iter_mut().zip(sums) {
                *first = sum;
            }
        }
        Ok(())
    }
}
