//! S3 event notifications ("Event message structure", S3 guide): one call per record.

mod record;
mod sample;

pub(crate) use record::Reading;
pub use record::{BrokenRecord, RecordFault};
pub use sample::{S3Sample, sample};

use doorward_model::Inbound;
use serde_json::{Map, Value};

use crate::envelope::Envelope;

pub(crate) const SOURCE: &str = "aws:s3";

/// Whether a document is what S3 sends when notifications are configured.
pub(crate) fn is_test(document: &Map<String, Value>) -> bool {
    document.get("Event").is_some_and(|event| event == "s3:TestEvent")
        && document.get("Service").is_some_and(|service| service == "Amazon S3")
}

/// Reads the records of a notification.
pub(crate) fn read(envelope: &Envelope<'_>, records: Vec<Value>) -> Vec<Result<Inbound, BrokenRecord>> {
    records.into_iter().enumerate().map(|(index, value)| record::read(envelope, index, value)).collect()
}

fn comes_from_s3(record: &Value) -> bool {
    record.get("eventSource").is_some_and(|source| source == SOURCE)
}
