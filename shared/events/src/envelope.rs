use doorward_model::parse_json;
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::fault::{EnvelopeError, UnknownEvent};

/// The largest event that is read, in bytes: Lambda's 6 MB for a synchronous invocation, and room for its own
/// rounding (AWS Lambda quotas page).
pub const MAX_EVENT_BYTES: usize = 6 * 1024 * 1024 + 64 * 1024;

/// Nesting in an event or a target's answer; AWS's own events stay below ten levels, but for the images of items: an
/// attribute has at most 32, each of them two of JSON.
pub(crate) const MAX_DEPTH: usize = 2 * 32 + 8;

/// What Lambda handed over, and when.
#[derive(Debug, Clone, Copy)]
pub struct Envelope<'a> {
    /// The invocation's JSON.
    pub payload: &'a [u8],
    /// `Lambda-Runtime-Aws-Request-Id` of the invocation.
    pub request_id: &'a str,
    /// `Lambda-Runtime-Deadline-Ms` of the invocation.
    pub deadline: Timestamp,
    /// `Lambda-Runtime-Trace-Id` of the invocation.
    pub xray: Option<&'a str>,
}

impl<'a> Envelope<'a> {
    /// The envelope of an invocation that ends at `deadline_ms` milliseconds after the epoch.
    #[must_use]
    pub fn new(payload: &'a [u8], request_id: &'a str, deadline_ms: u64, xray: Option<&'a str>) -> Self {
        let deadline = i64::try_from(deadline_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
        Self { payload, request_id, deadline: deadline.unwrap_or(Timestamp::MAX), xray }
    }
}

impl Envelope<'_> {
    /// The payload as one unambiguous JSON object, read once: a large body is copied out of the text once only.
    pub(crate) fn document(&self) -> Result<Map<String, Value>, EnvelopeError> {
        match self.value()? {
            Value::Object(document) => Ok(document),
            _ => Err(UnknownEvent::Form.into()),
        }
    }

    /// The payload as one unambiguous JSON value.
    pub(crate) fn value(&self) -> Result<Value, EnvelopeError> {
        if self.payload.len() > MAX_EVENT_BYTES {
            return Err(EnvelopeError::TooLarge { bytes: self.payload.len() });
        }
        Ok(parse_json(self.payload, MAX_DEPTH)?)
    }
}
