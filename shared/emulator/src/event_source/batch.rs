//! Records of an invocation.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::lambda::SYNCHRONOUS_LIMIT;

/// What the records of one invocation may take of its payload, in bytes.
pub(super) const MOST_BYTES: usize = SYNCHRONOUS_LIMIT - 1024;

/// A record, as the function gets it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Record {
    /// By which the function says that it failed: a stream's sequence number, a queue's message id.
    pub(super) id: String,
    pub(super) value: Value,
}

impl Record {
    /// What it takes of a payload, with the comma behind it.
    pub(super) fn size(&self) -> usize {
        self.value.to_string().len() + 1
    }
}

/// The event of an invocation.
pub(super) fn event(records: &[Record]) -> Bytes {
    let records: Vec<_> = records.iter().map(|record| &record.value).collect();
    Bytes::from(json!({ "Records": records }).to_string())
}

/// Batches that fit into an invocation's payload each. A record alone always fits: an item has 400 KB, a Kinesis record
/// 1 MiB, and so a message, whose text becomes twice as long in JSON at most.
pub(super) fn within_payload(records: Vec<Record>) -> Vec<Vec<Record>> {
    let mut batches: Vec<Vec<Record>> = Vec::new();
    let mut bytes = usize::MAX;
    for record in records {
        let own = record.size();
        if bytes.saturating_add(own) > MOST_BYTES {
            batches.push(Vec::new());
            bytes = 0;
        }
        bytes += own;
        if let Some(batch) = batches.last_mut() {
            batch.push(record);
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_fit_into_a_payload() {
        let record = |bytes: usize| Record { id: String::new(), value: json!("x".repeat(bytes)) };
        let sizes =
            |records: Vec<Record>| -> Vec<usize> { within_payload(records).iter().map(Vec::len).collect() };
        assert_eq!(sizes(Vec::new()), [0; 0]);
        assert_eq!(sizes(vec![record(10); 1000]), [1000]);
        assert_eq!(sizes(vec![record(2 * 1024 * 1024); 5]), [2, 2, 1]);
    }
}
