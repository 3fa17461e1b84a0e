//! Events that are none of any form, as they are kept.

use std::collections::HashMap;

use doorward_model::{CallId, UnreadEvent, UnreadReason};
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::envelope::Envelope;
use crate::fault::EnvelopeError;

/// What the id of such an event begins with.
pub const PREFIX: &str = "unknown-";

/// The members that every front's requests and every API's questions have, one of them each: whoever may call a front may cause
/// such an invocation, so it never costs a write.
const OF_REQUESTS: [&str; 3] = ["requestContext", "methodArn", "routeArn"];

/// What there is to keep of an invocation that could not be read; `None` where a request may have caused it, or where it is
/// larger than Lambda hands over.
#[must_use]
pub fn of_invocation(envelope: &Envelope<'_>, error: &EnvelopeError) -> Option<UnreadEvent> {
    let is_event = match error {
        EnvelopeError::NotJson(_) | EnvelopeError::Unknown(_) => !is_of_request(envelope.payload),
        EnvelopeError::TooLarge { .. } | EnvelopeError::Malformed { .. } => false,
    };
    let payload = std::str::from_utf8(envelope.payload).ok().filter(|_| is_event)?;
    let cause = match error.hint() {
        Some(hint) => format!("{error}: {hint}"),
        None => error.to_string(),
    };
    Some(of_payload(envelope, payload.to_owned(), UnreadReason::Shape, cause))
}

/// An event of which `payload` is kept, which may be a part of what the envelope holds.
#[must_use]
pub fn of_payload(
    envelope: &Envelope<'_>,
    payload: String,
    reason: UnreadReason,
    cause: String,
) -> UnreadEvent {
    let hex: String = Sha256::digest(&payload).iter().map(|byte| format!("{byte:02x}")).collect();
    UnreadEvent {
        // As many bits as other ids have: who sends cannot make up an event that has the id of another.
        id: CallId::new(format!("{PREFIX}{}", hex.get(..32).unwrap_or_default())),
        invocation: envelope.request_id.to_owned(),
        deadline: envelope.deadline,
        reason,
        cause,
        bytes: payload.len() as u64,
        digest: format!("sha256:{hex}"),
        payload,
    }
}

/// What a source is told that waits for an answer, as a stream's mapping does: that the event is kept. It names no record as
/// failed, so that nothing comes again; to a stream `with_windows`, which wants a state, it hands an empty one.
#[must_use]
pub fn kept(event: &UnreadEvent, with_windows: bool) -> Value {
    let mut told = json!({ "quarantined": event.id, "code": event.reason.code(), "cause": event.cause });
    if let (Some(members), true) = (told.as_object_mut(), with_windows) {
        members.insert("state".to_owned(), json!({}));
    }
    told
}

/// Whether a request may have caused it. The payload may have a member twice or be too deep, so its top alone is looked at.
fn is_of_request(payload: &[u8]) -> bool {
    let members: Result<HashMap<String, IgnoredAny>, _> = serde_json::from_slice(payload);
    members.is_ok_and(|members| OF_REQUESTS.iter().any(|name| members.contains_key(*name)))
}
