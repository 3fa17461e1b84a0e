//! S3 event notifications ("Event message structure", S3 guide): one call per record.

mod identity;
mod record;
mod sample;

pub use record::{BrokenRecord, RecordFault};
pub use sample::{S3Sample, sample};

use doorward_model::Inbound;
use serde_json::{Map, Value, json};

use crate::envelope::Envelope;
use crate::fault::UnknownEvent;

const SOURCE: &str = "aws:s3";

/// Whether a document is what S3 sends when notifications are configured.
pub(crate) fn is_test(document: &Map<String, Value>) -> bool {
    document.get("Event").is_some_and(|event| event == "s3:TestEvent")
        && document.get("Service").is_some_and(|service| service == "Amazon S3")
}

/// Reads records of which at least one says that it comes from S3.
pub(crate) fn read(
    envelope: &Envelope<'_>,
    records: Vec<Value>,
) -> Result<Vec<Result<Inbound, BrokenRecord>>, UnknownEvent> {
    if records.is_empty() {
        return Err(UnknownEvent::NoRecords);
    }
    if !records.iter().any(comes_from_s3) {
        return Err(UnknownEvent::Source);
    }
    Ok(records.into_iter().enumerate().map(|(index, value)| record::read(envelope, index, value)).collect())
}

fn comes_from_s3(record: &Value) -> bool {
    record.get("eventSource").is_some_and(|source| source == SOURCE)
}

/// The event that a target receives for some records.
#[must_use]
pub fn envelope(records: &[&Value]) -> Value {
    json!({ "Records": records })
}
