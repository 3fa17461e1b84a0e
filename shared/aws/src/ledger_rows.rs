use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use doorward_core::ports::StoreError;

use crate::attributes::{self, Attributes};
use crate::block::{Block, BlockError};
use crate::item::LedgerItem;
use crate::{AwsClients, sdk_error};

/// One row of the ledger.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "most are calls")]
pub enum LedgerRow {
    /// A call's own.
    Call(LedgerItem),
    /// That of many calls.
    Block(Block),
}

/// Why an item is no row of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    /// It says that it is a block.
    #[error(transparent)]
    Block(#[from] BlockError),
    /// It is no call.
    #[error("it does not have the form of a call")]
    Call,
}

impl LedgerRow {
    /// The row that `item` is.
    pub(crate) fn read(item: Attributes) -> Result<Self, RowError> {
        let is_block = item.get("call").and_then(|id| id.as_s().ok()).is_some_and(|id| Block::is_id(id));
        if is_block {
            return Ok(Self::Block(Block::read(item)?));
        }
        attributes::read(item).map(Self::Call).map_err(|_| RowError::Call)
    }

    /// Its key.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Call(item) => &item.call,
            Self::Block(block) => &block.id,
        }
    }

    /// How often it was written.
    #[must_use]
    pub fn version(&self) -> u64 {
        match self {
            Self::Call(item) => item.version,
            Self::Block(block) => block.version,
        }
    }

    /// When the table may forget it, in seconds since the epoch.
    #[must_use]
    pub fn expires(&self) -> Option<i64> {
        match self {
            Self::Call(item) => item.expires,
            Self::Block(block) => block.expires,
        }
    }

    /// Its calls.
    #[must_use]
    pub fn calls(&self) -> &[LedgerItem] {
        match self {
            Self::Call(item) => std::slice::from_ref(item),
            Self::Block(block) => &block.calls,
        }
    }

    /// Its calls, taken out of it.
    #[must_use]
    pub fn into_calls(self) -> Vec<LedgerItem> {
        match self {
            Self::Call(item) => vec![item],
            Self::Block(block) => block.calls,
        }
    }
}

/// Reads every row of `<table>-ledger`, page by page.
#[derive(Debug, Clone)]
pub struct LedgerRows {
    client: aws_sdk_dynamodb::Client,
    table: Arc<str>,
}

/// What one read of at most 1 MB holds.
#[derive(Debug, Clone, PartialEq)]
pub struct RowPage {
    /// The rows, in no order.
    pub rows: Vec<LedgerRow>,
    /// The ids of items that are no rows, and why.
    pub unreadable: Vec<(String, RowError)>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<String>,
}

impl LedgerRows {
    /// The ledger among the tables that begin with `table`.
    #[must_use]
    pub fn new(clients: &AwsClients, table: &str) -> Self {
        Self { client: clients.dynamodb.clone(), table: format!("{table}-ledger").into() }
    }

    /// The rows from `start` on, which is [`RowPage::next`] of the page before, or `None` for the first. What was written
    /// before this is asked is read.
    ///
    /// # Errors
    /// [`StoreError`] when the table does not answer.
    pub async fn page(&self, start: Option<&str>) -> Result<RowPage, StoreError> {
        let mut scan = self.client.scan().table_name(&*self.table).consistent_read(true);
        if let Some(start) = start {
            scan = scan.exclusive_start_key("call", AttributeValue::S(start.to_owned()));
        }
        let page = scan.send().await.map_err(|error| StoreError(sdk_error::brief(&error)))?;
        let mut read = RowPage { rows: Vec::new(), unreadable: Vec::new(), next: None };
        for item in page.items.unwrap_or_default() {
            let id = item.get("call").and_then(|id| id.as_s().ok()).cloned().unwrap_or_default();
            match LedgerRow::read(item) {
                Ok(row) => read.rows.push(row),
                Err(error) => read.unreadable.push((id, error)),
            }
        }
        read.next = page.last_evaluated_key.and_then(|key| key.get("call")?.as_s().ok().cloned());
        Ok(read)
    }
}
