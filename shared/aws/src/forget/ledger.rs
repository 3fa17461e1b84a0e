use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use doorward_core::ports::StoreError;
use doorward_core::usage::Trust;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::{Counts, Forget};
use crate::attributes::{self, Attributes};
use crate::item::LedgerItem;
use crate::ledger_rows::LedgerRow;
use crate::rollup::Settled;
use crate::{passing, rollup, sdk_error};

/// How many writes are under way at a time.
const AT_ONCE: usize = 16;
/// How often a row is tried that others write to meanwhile: a claim is written a few times in its life.
const ATTEMPTS: usize = 10;
/// How long the rows of one page may take to be counted.
const TIME: Duration = Duration::from_secs(60);
/// What says no version is the first.
const AS_READ: &str = "#version = :was OR attribute_not_exists(#version)";

impl Forget {
    /// Every row of the ledger once: what names the caller is written anew and counted, or only counted up where `write`
    /// is not. Rows that cannot be read are told.
    pub(super) async fn rows(&self, write: bool, unreadable: &mut Vec<String>) -> Result<Counts, StoreError> {
        let (mut counts, mut start) = (Counts::default(), None);
        loop {
            let page = self.ledger.page(start.as_deref()).await?;
            unreadable
                .extend(page.unreadable.into_iter().map(|(id, error)| format!("the row `{id}`: {error}")));
            let naming = page.rows.into_iter().filter_map(|row| {
                let (_, calls) = self.pseudonym.rename_row(&row)?;
                counts.calls += calls;
                counts.blocks += usize::from(matches!(row, LedgerRow::Block(_)));
                Some(row)
            });
            let naming: Vec<LedgerRow> = naming.collect();
            if write {
                let over =
                    |row: &LedgerRow| row.expires().is_some_and(|expires| expires <= self.now.as_second());
                let (over, naming): (Vec<_>, Vec<_>) = naming.into_iter().partition(over);
                counts.markers += self.forget_rows(over, unreadable).await?;
                let renamed = self.rename_rows(naming).await?;
                counts.markers += self.count(renamed, unreadable).await?;
            }
            start = page.next;
            if start.is_none() {
                return Ok(counts);
            }
        }
    }

    /// The rows as they are now.
    async fn rename_rows(&self, rows: Vec<LedgerRow>) -> Result<Vec<LedgerRow>, StoreError> {
        let (mut writes, mut renamed) = (JoinSet::new(), Vec::new());
        for row in rows {
            if writes.len() >= AT_ONCE {
                renamed.extend(written(&mut writes).await?);
            }
            let forget = self.clone();
            writes.spawn(async move { forget.rename_row(row).await });
        }
        while !writes.is_empty() {
            renamed.extend(written(&mut writes).await?);
        }
        Ok(renamed)
    }

    /// Ends rows whose time is over and that the table still has: their markers may be gone before they are, and the
    /// roll-up would count a next version of them a second time. What it has not counted yet, it does not see any more.
    async fn forget_rows(
        &self,
        rows: Vec<LedgerRow>,
        unreadable: &mut Vec<String>,
    ) -> Result<usize, StoreError> {
        let marked =
            |row: &&LedgerRow| row.expires().is_some_and(|expires| !rollup::is_past(expires, self.now));
        let counted = self.count(rows.iter().filter(marked).cloned().collect(), unreadable).await?;
        for row in rows {
            let delete = self
                .client
                .delete_item()
                .table_name(&*self.ledger_table)
                .key("call", AttributeValue::S(row.id().to_owned()))
                .condition_expression(AS_READ)
                .expression_attribute_names("#version", "version")
                .expression_attribute_values(":was", AttributeValue::N(row.version().to_string()))
                .send()
                .await;
            // One that was written to since is met again.
            passing::held(delete.map(drop), |error| error.is_conditional_check_failed_exception())?;
        }
        Ok(counted)
    }

    /// Writes a row anew, whoever else writes to it; the row as it is then, or `None` where the table has forgotten it.
    pub(super) async fn rename_row(&self, mut row: LedgerRow) -> Result<Option<LedgerRow>, StoreError> {
        for _ in 0..ATTEMPTS {
            let Some((renamed, _)) = self.pseudonym.rename_row(&row) else { return Ok(Some(row)) };
            if self.swap(&row, &renamed).await? {
                return Ok(Some(renamed));
            }
            match self.row(row.id()).await? {
                Some(now) => row = now,
                None => return Ok(None),
            }
        }
        Err(StoreError(format!("the row `{}` changes whenever it is looked at", row.id())))
    }

    /// The row with this id, as it is now.
    pub(super) async fn row(&self, id: &str) -> Result<Option<LedgerRow>, StoreError> {
        let read = self
            .client
            .get_item()
            .table_name(&*self.ledger_table)
            .key("call", AttributeValue::S(id.to_owned()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| StoreError(sdk_error::brief(&error)))?;
        let row = read.item.map(LedgerRow::read).transpose();
        row.map_err(|error| StoreError(format!("the row `{id}` cannot be read: {error}")))
    }

    /// Puts `to` where `from` stands; `false` where it does not any more.
    async fn swap(&self, from: &LedgerRow, to: &LedgerRow) -> Result<bool, StoreError> {
        let version = AttributeValue::N(from.version().to_string());
        match (from, to) {
            (LedgerRow::Call(from), LedgerRow::Call(to)) => {
                let Change { expression, names, values } = change(from, to)?;
                let update = self
                    .client
                    .update_item()
                    .table_name(&*self.ledger_table)
                    .key("call", AttributeValue::S(from.call.clone()))
                    .update_expression(expression)
                    .condition_expression(AS_READ)
                    .set_expression_attribute_names(Some(names))
                    .set_expression_attribute_values(Some(values))
                    .expression_attribute_values(":was", version)
                    .send()
                    .await;
                passing::held(update.map(drop), |error| error.is_conditional_check_failed_exception())
            }
            (_, LedgerRow::Block(to)) => {
                let item =
                    to.write().map_err(|error| StoreError(format!("the block `{}`: {error}", to.id)))?;
                let put = self
                    .client
                    .put_item()
                    .table_name(&*self.ledger_table)
                    .set_item(Some(item))
                    .condition_expression(AS_READ)
                    .expression_attribute_names("#version", "version")
                    .expression_attribute_values(":was", version)
                    .send()
                    .await;
                passing::held(put.map(drop), |error| error.is_conditional_check_failed_exception())
            }
            (LedgerRow::Block(_), LedgerRow::Call(_)) => Ok(false),
        }
    }

    /// Counts rows as the roll-up would; how many markers moved.
    pub(super) async fn count(
        &self,
        rows: Vec<LedgerRow>,
        unreadable: &mut Vec<String>,
    ) -> Result<usize, StoreError> {
        let mut entries = Vec::new();
        for row in &rows {
            match rollup::of_row(row) {
                Ok(entry) => entries.push(entry),
                Err(error) => unreadable.push(format!("the row `{}`: {error}", row.id())),
            }
        }
        if entries.is_empty() {
            return Ok(0);
        }
        let settled = self.roll_up.settle(entries, Trust::Ledger, Instant::now() + TIME).await;
        let Settled { moved, left, cause, refused } = settled;
        unreadable.extend(refused.into_iter().map(|(id, cause)| format!("the row `{id}`: {cause}")));
        match cause.filter(|_| !left.is_empty()) {
            Some(cause) => Err(cause),
            None if left.is_empty() => Ok(moved),
            None => Err(StoreError("rows are not counted in time".to_owned())),
        }
    }
}

async fn written(
    writes: &mut JoinSet<Result<Option<LedgerRow>, StoreError>>,
) -> Result<Option<LedgerRow>, StoreError> {
    match writes.join_next().await {
        None => Ok(None),
        Some(ended) => ended.unwrap_or_else(|_| Err(StoreError("a write was cut off".to_owned()))),
    }
}

struct Change {
    expression: String,
    names: std::collections::HashMap<String, String>,
    values: Attributes,
}

/// The update that makes `to` of `from`; attributes that are in both alike, or in neither, are left alone.
fn change(from: &LedgerItem, to: &LedgerItem) -> Result<Change, StoreError> {
    let write = |item: &LedgerItem| {
        attributes::write(item).map_err(|_| StoreError("the call cannot be written as a row".to_owned()))
    };
    let (from, to) = (write(from)?, write(to)?);
    let mut change = Change {
        expression: String::new(),
        names: [("#version".to_owned(), "version".to_owned())].into(),
        values: Attributes::new(),
    };
    let (mut sets, mut removes) = (Vec::new(), Vec::new());
    for name in from.keys().filter(|name| !to.contains_key(*name)) {
        removes.push(format!("#{name}"));
        change.names.insert(format!("#{name}"), name.clone());
    }
    for (name, value) in to.into_iter().filter(|(name, value)| from.get(name) != Some(value)) {
        sets.push(format!("#{name} = :{name}"));
        change.values.insert(format!(":{name}"), value);
        change.names.insert(format!("#{name}"), name);
    }
    change.expression = format!("SET {}", sets.join(", "));
    if !removes.is_empty() {
        change.expression.push_str(&format!(" REMOVE {}", removes.join(", ")));
    }
    Ok(change)
}
