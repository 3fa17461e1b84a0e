use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use doorward_core::ports::StoreError;
use doorward_core::usage::{Cell, Contribution, Group, Mark, Step, Trust, pack};
use jiff::Timestamp;
use tokio::time::Instant;

use super::names;
use crate::attributes::Attributes;
use crate::rollup::transaction::{self, MOST_WRITES, Sent, Spread, number};
use crate::rollup::{RollUp, marker};
use crate::{passing, sdk_error};

/// How often a marker is tried that others write to.
const ROUNDS: u32 = 8;

/// A marker, and when the table may forget it, in seconds since the epoch.
struct Part {
    mark: Mark,
    expires: Option<i64>,
}

impl RollUp {
    /// Has the markers of a row that the ledger has no more say `to` where they name `from`, and moves the sums with
    /// them; how many did. They are one version further then, as the row would be.
    pub(crate) async fn rename_markers(
        &self,
        id: &str,
        from: &str,
        to: &str,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let mut moved = 0;
        for round in 1..=ROUNDS {
            let parts = self.parts(id).await?;
            let naming = parts.values().filter(|part| names(&part.mark.counted, from)).count();
            if naming == 0 {
                return Ok(moved);
            }
            if round > 1 {
                super::super::wait(round - 1, Instant::now() + std::time::Duration::from_secs(5)).await;
            }
            let done = match parts.get(&0) {
                Some(first) if first.expires.is_none_or(|expires| expires > now.as_second()) => {
                    self.step_on(id, &parts, first.mark.version, from, to).await?
                }
                // The table forgets them one by one, at any time.
                _ => self.forget_markers(id, &parts, from).await?,
            };
            if done {
                moved += naming;
            }
        }
        let left = self.parts(id).await?.values().any(|part| names(&part.mark.counted, from));
        if left {
            Err(StoreError(format!("the markers of `{id}` change whenever they are looked at")))
        } else {
            Ok(moved)
        }
    }

    /// Every marker of a row, as it is now.
    async fn parts(&self, id: &str) -> Result<BTreeMap<usize, Part>, StoreError> {
        let items = self
            .client
            .query()
            .table_name(&*self.state)
            .key_condition_expression("#owner = :owner")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":owner", AttributeValue::S(format!("{}{id}", marker::PREFIX)))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<Attributes>, _>>()
            .await
            .map_err(|error| StoreError(sdk_error::brief(&error)))?;
        let mut parts = BTreeMap::new();
        for item in items {
            let Some((_, part)) = marker::place(&item) else { continue };
            let unreadable = || StoreError(format!("a marker of `{id}` cannot be read"));
            let mark = marker::read(&item).ok_or_else(unreadable)?;
            let expires = item.get("expires").and_then(|value| value.as_n().ok()?.parse().ok());
            parts.insert(part, Part { mark, expires });
        }
        Ok(parts)
    }

    /// The first part, then those that say nothing of the caller, then those that do: where it is cut off, what is left
    /// to do is seen again. `false` where others got in between.
    async fn step_on(
        &self,
        id: &str,
        parts: &BTreeMap<usize, Part>,
        first: u64,
        from: &str,
        to: &str,
    ) -> Result<bool, StoreError> {
        let is_next =
            parts.values().any(|part| part.mark.version >= first && names(&part.mark.counted, from));
        let version = if is_next { first.saturating_add(1) } else { first };
        let steps = parts.iter().filter(|(_, part)| part.mark.version < version).map(|(number, part)| {
            let counted = renamed(&part.mark.counted, from, to);
            Step {
                id: id.to_owned(),
                part: *number,
                seen: Some(part.mark.clone()),
                rows: counted.minus(&part.mark.counted).rows(),
                mark: Mark { version, counted, ..part.mark },
                expires: part.expires.map(|expires| expires.saturating_sub(marker::GRACE)),
            }
        });
        let (first, others): (Vec<Step>, Vec<Step>) = steps.partition(|step| step.part == 0);
        // Those without rows come first of the others.
        for batch in pack(first, MOST_WRITES).into_iter().chain(pack(others, MOST_WRITES)) {
            match transaction::send(&self.client, &self.state, &batch, &Spread::new(), Trust::Marks).await {
                Sent::Applied => {}
                Sent::Moved | Sent::Busy(_) => return Ok(false),
                Sent::Refused(cause) | Sent::Unknown(cause) => return Err(StoreError(cause)),
            }
        }
        Ok(true)
    }

    /// Ends markers whose time is over: what they say is left to the sums alone.
    async fn forget_markers(
        &self,
        id: &str,
        parts: &BTreeMap<usize, Part>,
        from: &str,
    ) -> Result<bool, StoreError> {
        let mut done = true;
        for (part, known) in parts.iter().filter(|(_, part)| names(&part.mark.counted, from)) {
            let delete = self
                .client
                .delete_item()
                .table_name(&*self.state)
                .set_key(Some(marker::key(id, *part)))
                .condition_expression("#version = :version")
                .expression_attribute_names("#version", "version")
                .expression_attribute_values(":version", number(known.mark.version))
                .send()
                .await;
            done &= passing::held(delete.map(drop), |error| error.is_conditional_check_failed_exception())?;
        }
        Ok(done)
    }
}

fn renamed(counted: &Contribution, from: &str, to: &str) -> Contribution {
    let cells = counted.cells().map(|(cell, sums)| {
        if cell.group.caller != from {
            return (cell.clone(), sums);
        }
        let group = Group { caller: to.to_owned(), ..cell.group.clone() };
        (Cell { group, ..cell.clone() }, sums)
    });
    cells.collect()
}
