//! What contracts see of an event.

use std::borrow::Cow;

use doorward_model::{EventPayload, EventRecord, LocatedJsonFault, parse_json_located};
use serde_json::Value;

/// Nesting in the payload of a message.
const MAX_DEPTH: usize = 64;

/// The payload of a record: what it tells beside its envelope. Contracts describe it, and policies read it as
/// `context.input`.
///
/// # Errors
/// Why a message holds no JSON value.
pub(crate) fn of(record: &EventRecord) -> Result<Cow<'_, Value>, PayloadFault> {
    read(&record.payload, Some(&record.record))
}

/// A payload, of a `record` where it is one of its members.
pub(crate) fn read<'a>(
    payload: &'a EventPayload,
    record: Option<&'a Value>,
) -> Result<Cow<'a, Value>, PayloadFault> {
    match payload {
        EventPayload::Json(value) => Ok(Cow::Borrowed(value)),
        EventPayload::At(pointer) => {
            record.and_then(|record| record.pointer(pointer)).map(Cow::Borrowed).ok_or(PayloadFault::Absent)
        }
        EventPayload::Text(text) => {
            Ok(Cow::Owned(parse_json_located(text.as_bytes(), MAX_DEPTH).map_err(PayloadFault::NotJson)?))
        }
        EventPayload::Binary(_) => Err(PayloadFault::Binary),
        EventPayload::Absent => Err(PayloadFault::Absent),
    }
}

/// Why a contract cannot be held against a payload.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PayloadFault {
    #[error("there is no payload")]
    Absent,
    #[error("the payload is no text")]
    Binary,
    #[error("the payload is no JSON value: {}", .0.fault)]
    NotJson(LocatedJsonFault),
}
