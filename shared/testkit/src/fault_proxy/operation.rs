#![expect(clippy::indexing_slicing, reason = "a JSON value that lacks a member is null")]

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::Fault;
use crate::http1::HttpMessage;

/// A request as rules see it.
#[derive(Debug, Clone)]
pub struct Asked {
    /// `UpdateItem`, …; for the Invoke API of Lambda `Invoke`, for anything else its path.
    pub operation: String,
    /// Which one of this operation it is through this proxy, from 1.
    pub nth: usize,
    /// Its input; `Null` where it is no JSON.
    pub body: Value,
    /// What all attempts of one operation of the SDK's have in common (`amz-sdk-invocation-id`).
    pub invocation: Option<String>,
}

impl Asked {
    /// The table that is asked.
    #[must_use]
    pub fn table(&self) -> &str {
        self.body["TableName"].as_str().unwrap_or_default()
    }
}

/// A request that came through, and what became of it.
#[derive(Debug, Clone)]
pub struct Operation {
    /// What was asked.
    pub asked: Asked,
    /// The fault that it met.
    pub fault: Option<Fault>,
    /// Status of the store's own answer; `None` where it was not, or not yet, asked.
    pub status: Option<u16>,
    /// What it costs in write units: as the store says, else estimated by the size of what the store sent back.
    pub write_units: f64,
}

impl Operation {
    /// Whether it was carried out while its caller could not know.
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        self.status == Some(200) && self.fault.as_ref().is_some_and(Fault::commits)
    }
}

/// How many of `operations`, in their order, were carried out while their caller did not hear of it: they met a fault,
/// or were sent again, because the store was slower than the caller waits.
#[must_use]
pub fn ambiguous<'o>(operations: impl DoubleEndedIterator<Item = &'o Operation>) -> usize {
    let mut later: HashSet<&str> = HashSet::new();
    let unheard = operations.rev().filter(|one| {
        let is_sent_again = one.asked.invocation.as_deref().is_some_and(|id| !later.insert(id));
        one.is_ambiguous() || (is_sent_again && one.status == Some(200))
    });
    unheard.count()
}

/// What `request` asks for.
pub(super) fn name(request: &HttpMessage) -> String {
    if let Some(target) = request.field("x-amz-target") {
        return target.rsplit('.').next().unwrap_or_default().to_owned();
    }
    let path = request.request_line().1;
    if path.ends_with("/invocations") { "Invoke".to_owned() } else { path.to_owned() }
}

const WRITES: [&str; 5] = ["PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem"];

/// The same request, asked what it costs where it writes.
pub(super) fn priced(mut request: HttpMessage, asked: &Asked) -> HttpMessage {
    if WRITES.contains(&asked.operation.as_str())
        && let Value::Object(mut body) = asked.body.clone()
    {
        body.insert("ReturnConsumedCapacity".to_owned(), "TOTAL".into());
        request.body = Value::Object(body).to_string().into_bytes();
    }
    request
}

/// The write units that an answer of the store stands for. A condition that does not hold costs what the item is
/// large, at least one ("Read/write capacity mode", Amazon DynamoDB Developer Guide).
pub(super) fn write_units(asked: &Asked, answer: &HttpMessage) -> f64 {
    if !WRITES.contains(&asked.operation.as_str()) {
        return 0.0;
    }
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let units = |capacity: &Value| capacity["CapacityUnits"].as_f64().unwrap_or_default();
    match &body["ConsumedCapacity"] {
        Value::Array(tables) => tables.iter().map(units).sum(),
        capacity @ Value::Object(_) => units(capacity),
        _ => {
            let refused = body["__type"].as_str().unwrap_or_default();
            let unconditional = !refused.ends_with("ConditionalCheckFailedException")
                && !refused.ends_with("TransactionCanceledException");
            if answer.status() != 200 && unconditional {
                return 0.0;
            }
            body["Item"].as_object().map_or(1.0, |item| kilobytes(size(item)))
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "an item has 400 KB at most")]
fn kilobytes(bytes: usize) -> f64 {
    bytes.div_ceil(1024).max(1) as f64
}

/// The size of an item in DynamoDB's JSON: names and texts by their bytes, numbers by about half their digits
/// ("DynamoDB item sizes and formats", Amazon DynamoDB Developer Guide).
fn size(item: &Map<String, Value>) -> usize {
    item.iter().map(|(name, value)| name.len() + value_size(value)).sum()
}

fn value_size(value: &Value) -> usize {
    let Some((kind, value)) = value.as_object().and_then(|typed| typed.iter().next()) else { return 1 };
    match (kind.as_str(), value) {
        ("S", Value::String(text)) => text.len(),
        ("B", Value::String(base64)) => base64.len() * 3 / 4,
        ("N", Value::String(digits)) => digits.len().div_ceil(2) + 1,
        ("L", Value::Array(values)) => 3 + values.iter().map(|value| 1 + value_size(value)).sum::<usize>(),
        ("M", Value::Object(members)) => 3 + members.len() + size(members),
        ("SS" | "NS" | "BS", Value::Array(values)) => {
            values.iter().map(|value| value.as_str().map_or(1, str::len)).sum()
        }
        _ => 1,
    }
}
