//! Records of event sources other than S3's own notifications: one call per record, or per event that a message carries.
//!
//! Their forms are read by structures of our own: `aws_lambda_events` decodes and copies every payload, and refuses whole
//! events for members that no decision needs. The integration tests hold what is read here against its types.

mod attributes;
mod carried;
mod dynamodb;
mod eventbridge;
mod fault;
mod kinesis;
mod read;
mod sns;
mod sqs;
mod write;

pub use fault::ShapeFault;
pub use write::{envelope, item_failures};

pub(crate) use read::{Context, read_all, read_one};

use std::collections::BTreeMap;

use doorward_model::{BatchOrder, Front, Inbound};
use serde_json::{Map, Value};

use crate::s3::{BrokenRecord, TestEvent};

/// Whose messages are opened to the events that they carry, and how many messages may be within each other: 1 where an
/// event stands in a message itself, 2 where it stands in a message within it. Others are left closed.
pub type Openings = BTreeMap<Front, usize>;

/// What one invocation brings.
#[derive(Debug)]
pub struct RecordBatch {
    /// The records, in order; those that have no reading and no sender to keep them for beside those that have.
    pub records: Vec<Result<Inbound, BrokenRecord>>,
    /// S3's test events among the messages that are opened: they are done, and no calls.
    pub tests: Vec<TestEvent>,
    /// What its source takes for an answer.
    pub answer: BatchAnswer,
}

/// What a source takes for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchAnswer {
    /// Whether the invocation failed: all of it comes again, or nothing.
    Whole,
    /// Which of its records failed: `batchItemFailures`.
    Items(BatchOrder),
}

/// What is told of one record.
pub(crate) struct Reading {
    pub(crate) front: Front,
    /// The ARN of it, as pins have it.
    pub(crate) arn: Option<String>,
    pub(crate) kind: doorward_model::EventKind,
    pub(crate) event_type: String,
    pub(crate) region: String,
    pub(crate) account: Option<String>,
    pub(crate) happened: Option<jiff::Timestamp>,
    pub(crate) attributes: BTreeMap<String, Value>,
    pub(crate) claims: BTreeMap<String, Value>,
    pub(crate) payload: doorward_model::EventPayload,
    pub(crate) item: Option<String>,
    /// What tells it from every other record of its source.
    pub(crate) identity: Vec<String>,
    /// The trace that its service carries along.
    pub(crate) trace: doorward_model::Trace,
}

/// The text at `pointer`, which is not empty.
fn text<'v>(value: &'v Value, pointer: &'static str) -> Result<&'v str, ShapeFault> {
    optional_text(value, pointer)?.ok_or(ShapeFault::Missing(pointer))
}

/// The text at `pointer`; nothing where it is absent, `null` or empty.
fn optional_text<'v>(value: &'v Value, pointer: &'static str) -> Result<Option<&'v str>, ShapeFault> {
    match value.pointer(pointer) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
        Some(_) => Err(ShapeFault::Member(pointer)),
    }
}

/// Members that are there, as attributes or claims.
fn told<const N: usize>(members: [(&str, Option<Value>); N]) -> BTreeMap<String, Value> {
    members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// Whether a document is an event of EventBridge.
pub(crate) fn is_bus_event(document: &Map<String, Value>) -> bool {
    ["detail-type", "source", "detail", "account"].into_iter().all(|name| document.contains_key(name))
}
