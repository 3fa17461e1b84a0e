use std::collections::HashSet;

use async_trait::async_trait;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use doorward_core::limit::nanoseconds;
use doorward_core::ports::{BatchedCall, CallBlock, Claim, Ledger, StoreError};
use doorward_model::{Call, CallId, Outcome};
use jiff::Timestamp;

use crate::attributes::{self, Attributes};
use crate::block::{Block, BlockError};
use crate::item::LedgerItem;
use crate::{AwsClients, sdk_error};

/// How often a claim is tried on a row that others change meanwhile.
const ATTEMPTS: usize = 3;

const ABSENT: &str = "attribute_not_exists(#call)";
const AS_CLAIMED: &str =
    "#outcome = :outcome AND #attempt = :attempt AND (#version = :was OR attribute_not_exists(#version))";
const AS_RECORDED: &str = "#outcome = :outcome AND attribute_not_exists(#attempt) AND (#version = :was OR attribute_not_exists(#version))";
const HELD: &str = "#holder = :holder AND #outcome = :unresolved";

/// The record of every call in `<table>-ledger`, keyed by the call's id.
///
/// Every write is conditional, so that a write which the SDK sends again after a time-out changes nothing: the row
/// that the second one finds names the try that wrote the first.
#[derive(Debug)]
pub struct DynamoLedger {
    client: aws_sdk_dynamodb::Client,
    table: String,
}

/// What a conditional write found.
pub(crate) enum Written {
    Yes,
    /// The row that broke the condition.
    Otherwise(Option<Attributes>),
}

impl DynamoLedger {
    /// The ledger among the tables that begin with `table`.
    #[must_use]
    pub fn new(clients: &AwsClients, table: &str) -> Self {
        Self { client: clients.dynamodb.clone(), table: format!("{table}-ledger") }
    }

    /// Puts `item` where no row is, or over the row `found`.
    pub(crate) async fn put(
        &self,
        item: &LedgerItem,
        found: Option<&LedgerItem>,
    ) -> Result<Written, StoreError> {
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(attributes::write(item).map_err(unwritable)?))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let put = match found {
            None => put.condition_expression(ABSENT).expression_attribute_names("#call", "call"),
            Some(row) => {
                let put = put
                    .expression_attribute_names("#outcome", "outcome")
                    .expression_attribute_names("#attempt", "attempt")
                    .expression_attribute_names("#version", "version")
                    .expression_attribute_values(":was", AttributeValue::N(row.version.to_string()))
                    .expression_attribute_values(":outcome", text(row.outcome.word()));
                match row.attempt {
                    None => put.condition_expression(AS_RECORDED),
                    Some(attempt) => put
                        .condition_expression(AS_CLAIMED)
                        .expression_attribute_values(":attempt", AttributeValue::N(attempt.to_string())),
                }
            }
        };
        match put.send().await {
            Ok(_) => Ok(Written::Yes),
            Err(SdkError::ServiceError(error)) => match error.into_err() {
                PutItemError::ConditionalCheckFailedException(failed) => Ok(Written::Otherwise(failed.item)),
                error => Err(StoreError(sdk_error::code(&error))),
            },
            Err(error) => Err(StoreError(sdk_error::brief(&error))),
        }
    }

    pub(crate) async fn put_absent(&self, item: Attributes) -> Result<Written, StoreError> {
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression(ABSENT)
            .expression_attribute_names("#call", "call")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match put.send().await {
            Ok(_) => Ok(Written::Yes),
            Err(SdkError::ServiceError(error)) => match error.into_err() {
                PutItemError::ConditionalCheckFailedException(failed) => Ok(Written::Otherwise(failed.item)),
                error => Err(StoreError(sdk_error::code(&error))),
            },
            Err(error) => Err(StoreError(sdk_error::brief(&error))),
        }
    }

    /// Lets a call whose event is in quarantine be tried again, be it because it was refused, or because the invocation that
    /// claimed it ended without a word of it; `false` where there is no such row.
    ///
    /// # Errors
    /// [`StoreError`] when the table does not answer.
    pub async fn release(&self, call: &str, now: Timestamp) -> Result<bool, StoreError> {
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("call", text(call))
            .update_expression("SET #released = :true, #version = #version + :one")
            .condition_expression("#quarantined = :true OR (#outcome = :unresolved AND #until < :now)")
            .expression_attribute_names("#released", "released")
            .expression_attribute_names("#quarantined", "quarantined")
            .expression_attribute_names("#version", "version")
            .expression_attribute_names("#outcome", "outcome")
            .expression_attribute_names("#until", "until")
            .expression_attribute_values(":unresolved", text(Outcome::Unresolved.word()))
            .expression_attribute_values(":now", AttributeValue::N(now.as_millisecond().to_string()))
            .expression_attribute_values(":true", AttributeValue::Bool(true))
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()));
        match update.send().await {
            Ok(_) => Ok(true),
            Err(SdkError::ServiceError(error)) if error.err().is_conditional_check_failed_exception() => {
                Ok(false)
            }
            Err(error) => Err(StoreError(sdk_error::brief(&error))),
        }
    }

    /// Sets what the call says now in the row that `call` holds.
    async fn set(&self, call: &Call) -> Result<Written, StoreError> {
        let mut members = attributes::write(&LedgerItem::of(call)).map_err(unwritable)?;
        // Whose call it is, the claim says; who was forgotten since is not named again.
        for settled in ["call", "version", "caller", "key_id", "resource", "gateway_request_id"] {
            members.remove(settled);
        }
        let mut update = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("call", text(call.id.as_str()))
            .condition_expression(HELD)
            .expression_attribute_names("#holder", "holder")
            .expression_attribute_names("#outcome", "outcome")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .expression_attribute_values(":holder", text(&holder(call)))
            .expression_attribute_values(":unresolved", text(Outcome::Unresolved.word()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let mut sets = vec!["#version = #version + :one".to_owned()];
        for (name, value) in members {
            sets.push(format!("#{name} = :to_{name}"));
            update = update
                .expression_attribute_values(format!(":to_{name}"), value)
                .expression_attribute_names(format!("#{name}"), name);
        }
        match update.update_expression(format!("SET {}", sets.join(", "))).send().await {
            Ok(_) => Ok(Written::Yes),
            Err(SdkError::ServiceError(error)) => match error.into_err() {
                UpdateItemError::ConditionalCheckFailedException(failed) => {
                    Ok(Written::Otherwise(failed.item))
                }
                error => Err(StoreError(sdk_error::code(&error))),
            },
            Err(error) => Err(StoreError(sdk_error::brief(&error))),
        }
    }
}

#[async_trait]
impl Ledger for DynamoLedger {
    async fn claim(&self, call: &Call, expires: Timestamp) -> Result<Claim, StoreError> {
        let mut found: Option<LedgerItem> = None;
        for _ in 0..ATTEMPTS {
            let attempt = found.as_ref().and_then(|row| row.attempt).unwrap_or_default() + 1;
            let item = LedgerItem {
                outcome: Outcome::Unresolved,
                // Of what it takes, only its end tells.
                units: 0,
                holder: Some(holder(call)),
                until: call.deadline.map(Timestamp::as_millisecond),
                attempt: Some(attempt),
                version: found.as_ref().map_or(1, |row| row.version.saturating_add(1)),
                expires: Some(expires.as_second()),
                ..LedgerItem::of(call)
            };
            let row = match self.put(&item, found.as_ref()).await? {
                Written::Yes => return Ok(Claim::Ours),
                Written::Otherwise(Some(row)) => read(row)?,
                // Expiry took the row between the two tries.
                Written::Otherwise(None) => {
                    found = None;
                    continue;
                }
            };
            if holds(call, &row) && row.outcome == Outcome::Unresolved {
                return Ok(Claim::Ours);
            }
            let may_be_tried_again = row.sent_back || row.outcome.may_be_tried_again();
            if !row.released && (row.quarantined || !may_be_tried_again) {
                let until = row.until.and_then(|until| Timestamp::from_millisecond(until).ok());
                return Ok(Claim::Taken { first: row.outcome, invocation: row.request_id, until });
            }
            found = Some(row);
        }
        Err(StoreError("the claim of this call is contended".to_owned()))
    }

    async fn resolve(&self, call: &Call) -> Result<(), StoreError> {
        match self.set(call).await? {
            Written::Yes => Ok(()),
            Written::Otherwise(row) => match row.map(read).transpose()? {
                Some(row) if holds(call, &row) => Ok(()),
                _ => Err(StoreError("the claim of this call is held by another".to_owned())),
            },
        }
    }

    async fn record(&self, call: &Call, expires: Timestamp) -> Result<(), StoreError> {
        let item = LedgerItem { expires: Some(expires.as_second()), ..LedgerItem::of(call) };
        match self.put(&item, None).await? {
            Written::Yes | Written::Otherwise(None) => Ok(()),
            Written::Otherwise(Some(row)) => {
                let row = read(row)?;
                // A claim whose answer was lost: only its end makes known what came of it.
                if holds(call, &row) && row.outcome == Outcome::Unresolved {
                    return self.resolve(call).await;
                }
                // Decided anew: what came of the event last is what stands. Whoever claimed it meanwhile knows better.
                if row.sent_back {
                    let item = LedgerItem { version: row.version.saturating_add(1), ..item };
                    self.put(&item, Some(&row)).await?;
                }
                Ok(())
            }
        }
    }

    async fn record_block(&self, given: &CallBlock<'_>) -> Result<HashSet<CallId>, StoreError> {
        let (count, item) = fitting(given.id, given.calls)?;
        let ids = given.calls.iter().take(count).map(|held| held.call.id.clone()).collect();
        match self.put_absent(item).await? {
            Written::Yes | Written::Otherwise(None) => Ok(ids),
            Written::Otherwise(Some(found)) => {
                let unreadable = |error: BlockError| StoreError(format!("a block that is there: {error}"));
                let found = Block::read(found).map_err(unreadable)?;
                Ok(found.calls.into_iter().map(|item| CallId::new(item.call)).collect())
            }
        }
    }
}

/// The block of `calls`, or of the first of them where all are too large for one item.
fn fitting(id: &str, calls: &[BatchedCall]) -> Result<(usize, Attributes), StoreError> {
    let mut count = calls.len();
    loop {
        let calls = calls.get(..count).unwrap_or_default();
        match block(id, calls).write() {
            Ok(item) => return Ok((count, item)),
            Err(BlockError::TooLarge) if count > 1 => count /= 2,
            Err(error) => return Err(StoreError(error.to_string())),
        }
    }
}

/// What the ledger holds of `calls`.
pub(crate) fn block(id: &str, calls: &[BatchedCall]) -> Block {
    let first = calls.iter().map(|held| held.call.at).min();
    let item = |held: &BatchedCall| LedgerItem {
        expires: Some(held.expires.as_second()),
        ..LedgerItem::of(&held.call)
    };
    Block {
        id: id.to_owned(),
        version: 1,
        at: first.unwrap_or(Timestamp::UNIX_EPOCH),
        // Until the last of them may be forgotten.
        expires: calls.iter().map(|held| held.expires.as_second()).max(),
        calls: calls.iter().map(item).collect(),
    }
}

/// One try of one invocation. A request id alone does not tell tries apart: an asynchronous invocation that Lambda
/// tries again keeps it (<https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html>).
pub(crate) fn holder(call: &Call) -> String {
    format!("{}@{}", call.invocation, nanoseconds(call.at))
}

fn holds(call: &Call, row: &LedgerItem) -> bool {
    row.holder.as_deref() == Some(holder(call).as_str())
}

pub(crate) fn read(row: Attributes) -> Result<LedgerItem, StoreError> {
    attributes::read(row).map_err(|_| StoreError("a row of the ledger cannot be read".to_owned()))
}

fn unwritable(_: serde_json::Error) -> StoreError {
    StoreError("the call cannot be written as a row".to_owned())
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}
