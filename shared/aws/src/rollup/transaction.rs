use std::collections::BTreeMap;

use aws_sdk_dynamodb::error::{BuildError, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, Put, TransactWriteItem, Update};
use doorward_core::usage::{Batch, Mark, Row, Step, Sums, Trust};

use super::marker;
use crate::attributes::Attributes;
use crate::sdk_error;

/// The most writes of one transaction
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>).
pub(super) const MOST_WRITES: usize = 100;

/// What became of a batch.
#[derive(Debug, PartialEq)]
pub(super) enum Sent {
    /// All of it is written.
    Applied,
    /// Nothing is: a marker is not as it was read.
    Moved,
    /// Nothing is: others write to these rows, or, where there are none, to a marker, or the table takes no more.
    Busy(Vec<Row>),
    /// Nothing is, and nothing of the kind ever will be.
    Refused(String),
    /// Nobody knows; the markers do.
    Unknown(String),
}

/// Which of a row's items are written to, where it is not the first.
pub(super) type Spread = BTreeMap<Row, u8>;

/// Writes a batch whole or not at all. The SDK gives the transaction a token of its own, by which DynamoDB knows it again
/// when it is sent again.
pub(super) async fn send(
    client: &aws_sdk_dynamodb::Client,
    table: &str,
    batch: &Batch,
    spread: &Spread,
    trust: Trust,
) -> Sent {
    let writes = match writes(table, batch, spread, trust) {
        Ok(Some(writes)) => writes,
        Ok(None) | Err(_) => return Sent::Refused("a marker cannot be written as an item".to_owned()),
    };
    // In the order of the writes, so that a reason is found again.
    let before_rows = writes.len() - batch.rows.len();
    match client.transact_write_items().set_transact_items(Some(writes)).send().await {
        Ok(_) => Sent::Applied,
        Err(SdkError::ServiceError(error)) => match error.into_err() {
            TransactWriteItemsError::TransactionCanceledException(cancelled) => {
                let reasons = cancelled.cancellation_reasons.unwrap_or_default();
                let codes = || reasons.iter().map(|reason| reason.code.as_deref().unwrap_or("None"));
                if codes().any(|code| code == "ConditionalCheckFailed") {
                    return Sent::Moved;
                }
                if let Some(other) = codes().find(|code| !PASSING.contains(code)) {
                    return Sent::Refused(other.to_owned());
                }
                let contended = codes().skip(before_rows).zip(batch.rows.keys());
                let contended = contended.filter(|(code, _)| *code == "TransactionConflict");
                Sent::Busy(contended.map(|(_, row)| row.clone()).collect())
            }
            error => match sdk_error::code(&error).as_str() {
                code @ "ValidationException" => Sent::Refused(code.to_owned()),
                "ProvisionedThroughputExceededException" | "ThrottlingException" => Sent::Busy(Vec::new()),
                code => Sent::Unknown(code.to_owned()),
            },
        },
        Err(error) => Sent::Unknown(sdk_error::brief(&error)),
    }
}

/// Reasons that may be gone a moment later, and that of items that are not to blame.
const PASSING: [&str; 5] = [
    "None",
    "TransactionConflict",
    "ProvisionedThroughputExceeded",
    "ThrottlingError",
    "RequestLimitExceeded",
];

fn writes(
    table: &str,
    batch: &Batch,
    spread: &Spread,
    trust: Trust,
) -> Result<Option<Vec<TransactWriteItem>>, BuildError> {
    let mut writes = Vec::new();
    for step in &batch.steps {
        let Some(put) = put(table, step, trust)? else { return Ok(None) };
        writes.push(TransactWriteItem::builder().put(put).build());
    }
    for (id, version) in batch.guards() {
        let check = ConditionCheck::builder()
            .table_name(table)
            .set_key(Some(marker::key(id, 0)))
            .condition_expression("#version = :version")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":version", number(version))
            .build()?;
        writes.push(TransactWriteItem::builder().condition_check(check).build());
    }
    for (row, sums) in &batch.rows {
        let spread = spread.get(row).copied().unwrap_or_default();
        writes.push(TransactWriteItem::builder().update(add(table, row, spread, *sums)?).build());
    }
    Ok(Some(writes))
}

/// The marker in the place of the one that was read.
fn put(table: &str, step: &Step, trust: Trust) -> Result<Option<Put>, BuildError> {
    let Some(item) = marker::item(step) else { return Ok(None) };
    let put = Put::builder().table_name(table).set_item(Some(item));
    let put = match (&step.seen, trust) {
        (None, _) => put
            .condition_expression("attribute_not_exists(#owner)")
            .expression_attribute_names("#owner", "owner"),
        // Its version only grows, so it says all.
        (Some(seen), Trust::Marks) => put
            .condition_expression("#version = :version")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":version", number(seen.version)),
        // A version that is written again says nothing.
        (Some(seen), Trust::Ledger) => {
            let Some(Same { condition, names, values }) = same(seen) else { return Ok(None) };
            put.condition_expression(condition)
                .set_expression_attribute_names(Some(names))
                .set_expression_attribute_values(Some(values))
        }
    };
    put.build().map(Some)
}

struct Same {
    condition: String,
    names: std::collections::HashMap<String, String>,
    values: Attributes,
}

/// That a marker says exactly this.
fn same(seen: &Mark) -> Option<Same> {
    let content = marker::content(seen)?;
    let mut conditions: Vec<String> = content.keys().map(|name| format!("#{name} = :{name}")).collect();
    conditions.sort();
    Some(Same {
        condition: conditions.join(" AND "),
        names: content.keys().map(|name| (format!("#{name}"), name.clone())).collect(),
        values: content.into_iter().map(|(name, value)| (format!(":{name}"), value)).collect(),
    })
}

/// The write that adds `sums` to one of a row's items.
pub(super) fn add(table: &str, row: &Row, spread: u8, sums: Sums) -> Result<Update, BuildError> {
    let mut update = Update::builder()
        .table_name(table)
        .key("owner", AttributeValue::S(row.owner()))
        .key("item", AttributeValue::S(row.item(spread)));
    let mut adds = Vec::new();
    for (name, sum) in sums.named().into_iter().filter(|(_, sum)| *sum != 0) {
        adds.push(format!("#{name} :{name}"));
        update = update
            .expression_attribute_names(format!("#{name}"), name)
            .expression_attribute_values(format!(":{name}"), number(sum));
    }
    let mut expression = format!("ADD {}", adds.join(", "));
    if let Some(group) = row.group_attribute() {
        expression.push_str(" SET #group = :group");
        update = update
            .expression_attribute_names("#group", "group")
            .expression_attribute_values(":group", AttributeValue::S(group));
    }
    update.update_expression(expression).build()
}

pub(super) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}
