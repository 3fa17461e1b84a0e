use async_trait::async_trait;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::types::AttributeValue;
use doorward_core::ports::{Quarantine, StoreError};
use doorward_model::{Call, EventRecord, Violation};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::attributes;
use crate::item::{LedgerItem, cut};
use crate::{AwsClients, sdk_error};

/// The partition of `<table>-state` that holds them all.
pub(crate) const OWNER: &str = "quarantine";
/// Larger records are kept by reference only, in bytes of JSON: an item has 400 KB.
const LARGEST_RECORD: usize = 64 * 1024;

/// Denied and broken events in `<table>-state`, an item each, with the reason.
#[derive(Debug, Clone)]
pub struct DynamoQuarantine {
    client: aws_sdk_dynamodb::Client,
    table: String,
}

/// One event in quarantine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QuarantineItem {
    /// The partition: always `quarantine`.
    owner: String,
    /// The call's id, by which the ledger explains it.
    #[serde(rename = "item")]
    pub call: String,
    /// When it came in.
    pub at: Timestamp,
    /// The refusal's stable word.
    pub code: Option<String>,
    /// Why, for operators.
    pub cause: Option<String>,
    /// Ids of the policies that determined it, at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<String>,
    /// Where it broke its contract, at most 20 places.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub violations: Vec<Violation>,
    /// The event rule's id, where one matched.
    pub action: Option<String>,
    /// The source as a principal: `EventSource::"receipts"`.
    pub caller: Option<String>,
    /// The kind of source: `s3`.
    pub source: String,
    /// The source's own type: `ObjectCreated:Put`.
    pub event_type: String,
    /// The thing that sent it: the bucket's name.
    pub sender: String,
    /// The AWS region in which it happened.
    pub region: String,
    /// When it happened, as the source says.
    pub happened: Option<Timestamp>,
    /// The record in the source's own form, as JSON text; `None` when it is larger than 64 KB.
    pub record: Option<String>,
    /// Its length, in bytes of JSON.
    pub record_bytes: u64,
    /// When the table may forget it, in seconds since the epoch.
    pub expires: i64,
}

impl DynamoQuarantine {
    /// The quarantine in the tables that begin with `table`.
    #[must_use]
    pub fn new(clients: &AwsClients, table: &str) -> Self {
        Self { client: clients.dynamodb.clone(), table: format!("{table}-state") }
    }

    /// The event of the call with this id.
    ///
    /// # Errors
    /// [`StoreError`] when the table does not answer, or the item is none of ours.
    pub async fn get(&self, call: &str) -> Result<Option<QuarantineItem>, StoreError> {
        let read = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("owner", AttributeValue::S(OWNER.to_owned()))
            .key("item", AttributeValue::S(call.to_owned()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| StoreError(sdk_error::brief(&error)))?;
        read.item.map(attributes::read).transpose().map_err(|_| unreadable())
    }

    /// At most `most` events, in the order of their ids.
    ///
    /// # Errors
    /// [`StoreError`] when the table does not answer, or an item is none of ours.
    pub async fn list(&self, most: usize) -> Result<Vec<QuarantineItem>, StoreError> {
        let mut items = Vec::new();
        let mut start = None;
        loop {
            let page = self
                .client
                .query()
                .table_name(&self.table)
                .key_condition_expression("#owner = :owner")
                .expression_attribute_names("#owner", "owner")
                .expression_attribute_values(":owner", AttributeValue::S(OWNER.to_owned()))
                .consistent_read(true)
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(|error| StoreError(sdk_error::brief(&error)))?;
            for item in page.items.unwrap_or_default() {
                if items.len() == most {
                    return Ok(items);
                }
                items.push(attributes::read(item).map_err(|_| unreadable())?);
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(items);
            }
        }
    }
}

#[async_trait]
impl Quarantine for DynamoQuarantine {
    async fn keep(&self, call: &Call, record: &EventRecord, expires: Timestamp) -> Result<(), StoreError> {
        let item = QuarantineItem::of(call, record, expires);
        let item = attributes::write(&item)
            .map_err(|_| StoreError("the event cannot be kept as an item".to_owned()))?;
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(#owner)")
            .expression_attribute_names("#owner", "owner")
            .send()
            .await;
        match put {
            Ok(_) => Ok(()),
            // The first reason stands.
            Err(SdkError::ServiceError(error)) if error.err().is_conditional_check_failed_exception() => {
                Ok(())
            }
            Err(error) => Err(StoreError(sdk_error::brief(&error))),
        }
    }
}

impl QuarantineItem {
    fn of(call: &Call, event: &EventRecord, expires: Timestamp) -> Self {
        let LedgerItem { call, at, code, cause, policies, violations, action, caller, .. } =
            LedgerItem::of(call);
        let record = event.record.to_string();
        Self {
            owner: OWNER.to_owned(),
            call,
            at,
            code,
            cause,
            policies,
            violations,
            action,
            caller,
            source: event.source.word().to_owned(),
            event_type: cut(&event.event_type),
            sender: event.sender.clone(),
            region: cut(&event.region),
            happened: event.happened,
            record_bytes: record.len() as u64,
            record: (record.len() <= LARGEST_RECORD).then_some(record),
            expires: expires.as_second(),
        }
    }
}

fn unreadable() -> StoreError {
    StoreError("an item of the quarantine cannot be read".to_owned())
}
