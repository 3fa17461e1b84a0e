use aws_sdk_dynamodb::types::AttributeValue;
use doorward_core::ports::StoreError;

use crate::attributes;
use crate::block::{self, Block};
use crate::item::LedgerItem;
use crate::ledger_rows::LedgerRow;
use crate::{AwsClients, sdk_error};

/// Reads `<table>-ledger` for operators.
#[derive(Debug, Clone)]
pub struct LedgerReader {
    client: aws_sdk_dynamodb::Client,
    table: String,
}

/// Some of the ledger's items, in no order.
#[derive(Debug, Clone, PartialEq)]
pub struct LedgerPage {
    /// What one read of at most 1 MB holds, the calls of blocks among them.
    pub items: Vec<LedgerItem>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<String>,
}

impl LedgerReader {
    /// The ledger among the tables that begin with `table`.
    #[must_use]
    pub fn new(clients: &AwsClients, table: &str) -> Self {
        Self { client: clients.dynamodb.clone(), table: format!("{table}-ledger") }
    }

    /// The call with this id, as it is now.
    ///
    /// # Errors
    /// [`StoreError`] when the table does not answer, or the row is none of ours.
    pub async fn get(&self, call: &str) -> Result<Option<LedgerItem>, StoreError> {
        let read = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("call", AttributeValue::S(call.to_owned()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| StoreError(sdk_error::brief(&error)))?;
        read.item.map(attributes::read).transpose().map_err(|_| unreadable())
    }

    /// The call that has one of these ids, wherever it stands in a block. Reads the whole table: nothing says which block
    /// holds a call.
    ///
    /// # Errors
    /// [`StoreError`] when the table does not answer, or the call is in no block that can be read and some cannot.
    pub async fn find_in_blocks(&self, ids: &[String]) -> Result<Option<LedgerItem>, StoreError> {
        let scan = self.client.scan().table_name(&self.table).consistent_read(true);
        let scan = scan
            .filter_expression("begins_with(#call, :block)")
            .expression_attribute_names("#call", "call")
            .expression_attribute_values(":block", AttributeValue::S(block::PREFIX.to_owned()));
        let mut items = scan.into_paginator().items().send();
        let mut unread = false;
        while let Some(item) = items.next().await {
            let item = item.map_err(|error| StoreError(sdk_error::brief(&error)))?;
            let Ok(block) = Block::read(item) else {
                unread = true;
                continue;
            };
            if let Some(found) = block.calls.into_iter().find(|item| ids.contains(&item.call)) {
                return Ok(Some(found));
            }
        }
        if unread { Err(unreadable()) } else { Ok(None) }
    }

    /// The items from `start` on, which is [`LedgerPage::next`] of the page before, or `None` for the first.
    ///
    /// # Errors
    /// [`StoreError`] when the table does not answer, or a row is none of ours.
    pub async fn page(&self, start: Option<&str>) -> Result<LedgerPage, StoreError> {
        let mut scan = self.client.scan().table_name(&self.table);
        if let Some(start) = start {
            scan = scan.exclusive_start_key("call", AttributeValue::S(start.to_owned()));
        }
        let page = scan.send().await.map_err(|error| StoreError(sdk_error::brief(&error)))?;
        let rows = page.items.unwrap_or_default().into_iter().map(LedgerRow::read);
        let rows = rows.collect::<Result<Vec<_>, _>>().map_err(|_| unreadable())?;
        Ok(LedgerPage {
            items: rows.into_iter().flat_map(LedgerRow::into_calls).collect(),
            next: page.last_evaluated_key.and_then(|key| key.get("call")?.as_s().ok().cloned()),
        })
    }
}

fn unreadable() -> StoreError {
    StoreError("a row of the ledger cannot be read".to_owned())
}
