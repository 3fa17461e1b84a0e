use jiff::Timestamp;
use serde::Serialize;

use crate::CallId;

/// An event that is kept as a whole: nobody can say what its records are, or it comes from where nothing may come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnreadEvent {
    /// Follows from the payload alone, so that the same event is known when it comes again.
    #[serde(rename = "call_id")]
    pub id: CallId,
    /// Lambda's id of the invocation.
    #[serde(rename = "request_id")]
    pub invocation: String,
    /// When the platform ends the invocation; a time in the past sets no end.
    #[serde(skip)]
    pub deadline: Timestamp,
    /// What is unknown of it.
    #[serde(rename = "code", serialize_with = "as_code")]
    pub reason: UnreadReason,
    /// Why, for operators; nothing of the payload.
    pub cause: String,
    /// Its length, in bytes.
    #[serde(rename = "bytes_in")]
    pub bytes: u64,
    /// `sha256:` and the digest of the payload, in hexadecimal.
    pub digest: String,
    /// A JSON text, as it was handed over.
    #[serde(skip)]
    pub payload: String,
}

/// What is unknown of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnreadReason {
    /// What it is: it has none of the forms that are read.
    Shape,
    /// Its source: that is not pinned in the configuration.
    Source,
}

impl UnreadReason {
    /// The stable word: that of a refusal, where there is one.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Shape => "unknown-event",
            Self::Source => crate::Refusal::UnknownFront.code(),
        }
    }
}

fn as_code<S: serde::Serializer>(reason: &UnreadReason, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(reason.code())
}
