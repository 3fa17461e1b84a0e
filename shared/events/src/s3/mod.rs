//! S3 event notifications ("Event message structure", S3 guide): one call per record.

mod record;
mod sample;
mod test;

pub(crate) use record::Reading;
pub use record::{BrokenRecord, RecordFault};
pub(crate) use sample::record as sample_record;
pub use sample::{S3Sample, sample};
pub use test::TestEvent;
pub(crate) use test::{is_called_test, read as read_test};

use doorward_model::Inbound;
use serde_json::Value;

use crate::envelope::Envelope;

pub(crate) const SOURCE: &str = "aws:s3";

/// Reads the records of a notification.
pub(crate) fn read(envelope: &Envelope<'_>, records: Vec<Value>) -> Vec<Result<Inbound, BrokenRecord>> {
    records.into_iter().enumerate().map(|(index, value)| record::read(envelope, index, value)).collect()
}

fn comes_from_s3(record: &Value) -> bool {
    record.get("eventSource").is_some_and(|source| source == SOURCE)
}
