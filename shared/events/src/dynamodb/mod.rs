//! Records of a table's stream, as an event source mapping hands them to a function
//! (<https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html>).

mod attribute;
mod failures;
mod record;

pub(crate) use attribute::item;
pub use failures::batch_failures;
pub use record::{BrokenStreamRecord, StreamChange, StreamFault, StreamRecord};

use doorward_model::parse_json;
use serde_json::Value;

use crate::envelope::MAX_EVENT_BYTES;
use crate::fault::{EnvelopeError, UnknownEvent};

/// Nesting in such an event: an attribute has at most 32 levels, each of them two of JSON, within those of the record.
const MAX_DEPTH: usize = 2 * 32 + 8;

/// Reads the records of one invocation, in the order of the stream. Each stands for itself: what cannot be read is told
/// beside what can.
///
/// # Errors
/// [`EnvelopeError`] where the event is no list of records at all.
pub fn read_stream(payload: &[u8]) -> Result<Vec<Result<StreamRecord, BrokenStreamRecord>>, EnvelopeError> {
    if payload.len() > MAX_EVENT_BYTES {
        return Err(EnvelopeError::TooLarge { bytes: payload.len() });
    }
    let Value::Object(mut document) = parse_json(payload, MAX_DEPTH)? else {
        return Err(UnknownEvent::Form.into());
    };
    let Some(Value::Array(records)) = document.remove("Records") else {
        return Err(UnknownEvent::Form.into());
    };
    if records.is_empty() {
        return Err(UnknownEvent::NoRecords.into());
    }
    if !records.iter().any(record::is_of_stream) {
        return Err(UnknownEvent::Source.into());
    }
    Ok(records.into_iter().enumerate().map(|(index, value)| record::read(index, value)).collect())
}
