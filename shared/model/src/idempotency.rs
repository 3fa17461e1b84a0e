use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;

use crate::{CallId, EntityName};

/// What is kept of a call that its caller gave an `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header).
#[derive(Debug, Clone, PartialEq)]
pub struct IdempotencyRecord {
    /// The hash of caller, route and key, in hexadecimal: no two callers share one.
    pub id: String,
    /// The call that took the key last. With [`Self::at`] it tells the tries apart.
    pub call: CallId,
    /// Who called.
    pub caller: EntityName,
    /// The hash of what was asked for, in hexadecimal: method, path, query, media type and body.
    pub fingerprint: String,
    /// When the key was taken.
    pub at: Timestamp,
    /// When the platform ends the invocation that took it; `None` where it sets no end.
    pub until: Option<Timestamp>,
    /// When the key is new again.
    pub window_ends: Timestamp,
    /// What came of the call.
    pub state: IdempotencyState,
}

/// What came of a call that was given a key.
#[derive(Debug, Clone, PartialEq)]
pub enum IdempotencyState {
    /// No end is known: it is under way, or was cut off half-way.
    InProgress,
    /// It was answered so, and so are its repetitions.
    Answered(StoredAnswer),
    /// It was answered, and the answer is larger than can be kept.
    NotKept,
    /// It never reached its target, or ended so that it may run again.
    Released,
}

/// An answer as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredAnswer {
    /// The status.
    pub status: StatusCode,
    /// The fields of the target's answer.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

impl StoredAnswer {
    /// Bytes of body, field names and field values.
    #[must_use]
    pub fn size(&self) -> usize {
        let fields = self.headers.iter().map(|(name, value)| name.as_str().len() + value.len());
        self.body.len() + fields.sum::<usize>()
    }
}

impl IdempotencyRecord {
    /// Whether `other` was written by the same try of the same call.
    #[must_use]
    pub fn is_same_try(&self, other: &Self) -> bool {
        (&self.id, &self.call, self.at) == (&other.id, &other.call, other.at)
    }
}

/// Why a call is not run under its `Idempotency-Key`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdempotencyFault {
    /// The route asks for one.
    #[error("there is no `idempotency-key`, which the route requires")]
    Missing,
    /// The field holds no single key. The text says why.
    #[error("the `idempotency-key` is none: {0}")]
    Malformed(&'static str),
    /// The key was given to another request before.
    #[error("the key was given to another request: call {0}")]
    Reused(CallId),
    /// The first call with this key is under way.
    #[error("the first call is under way: {0}")]
    InProgress(CallId),
    /// The first call with this key was cut off half-way, so that its target may have done what it asked for.
    #[error("the first call was cut off half-way: {0}")]
    Unknown(CallId),
    /// The first call was answered, and its answer could not be kept.
    #[error("the answer to the first call is larger than can be kept: {0}")]
    NotKept(CallId),
}

impl IdempotencyFault {
    /// The status for the caller: section 2.7 of the draft.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Missing | Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::Reused(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::InProgress(_) | Self::Unknown(_) | Self::NotKept(_) => StatusCode::CONFLICT,
        }
    }

    /// The stable word that programs compare.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing => "missing-idempotency-key",
            Self::Malformed(_) => "malformed-idempotency-key",
            Self::Reused(_) => "idempotency-key-reused",
            Self::InProgress(_) => "call-in-progress",
            Self::Unknown(_) => "outcome-unknown",
            Self::NotKept(_) => "answer-not-kept",
        }
    }

    /// Whether the request itself is at fault, rather than what came of the one before it.
    #[must_use]
    pub fn is_of_request(&self) -> bool {
        matches!(self, Self::Missing | Self::Malformed(_) | Self::Reused(_))
    }

    /// The call that was made first with the key.
    #[must_use]
    pub fn first(&self) -> Option<&CallId> {
        match self {
            Self::Missing | Self::Malformed(_) => None,
            Self::Reused(call) | Self::InProgress(call) | Self::Unknown(call) | Self::NotKept(call) => {
                Some(call)
            }
        }
    }
}
