use std::borrow::Cow;

use doorward_core::ports::{Forward, ForwardMessage};
use doorward_events::records::envelope;
use doorward_model::{TargetFault, parse_json};
use serde_json::Value;

/// The deepest JSON text that is sent on. EventBridge reads 1,000 levels, as deep as no other service.
const MAX_DEPTH: usize = 64;

/// What is sent: the body of a request or of an invocation as it came, a CloudEvent in its JSON format, or an event record in its source's own envelope.
///
/// # Errors
/// [`TargetFault::Unfit`] for a body that is no UTF-8.
pub(super) fn text<'a>(forward: &Forward<'a>) -> Result<Cow<'a, str>, TargetFault> {
    match forward.message {
        ForwardMessage::Http { request, .. } => std::str::from_utf8(&request.body)
            .map(Cow::Borrowed)
            .map_err(|_| TargetFault::Unfit("it is no UTF-8 text")),
        ForwardMessage::Invoke { payload, .. } => std::str::from_utf8(payload)
            .map(Cow::Borrowed)
            .map_err(|_| TargetFault::Unfit("it is no UTF-8 text")),
        ForwardMessage::CloudEvent { text, .. } => Ok(Cow::Borrowed(text)),
        ForwardMessage::Event { records } => Ok(Cow::Owned(envelope(records).to_string())),
    }
}

/// As [`text`], for services that take messages of at least one character of those that XML 1.0 has ("SendMessage", SQS API
/// reference).
///
/// # Errors
/// [`TargetFault::Unfit`] for any other.
pub(super) fn message<'a>(forward: &Forward<'a>) -> Result<Cow<'a, str>, TargetFault> {
    let text = text(forward)?;
    if text.is_empty() {
        return Err(TargetFault::Unfit("it is empty"));
    }
    if !text.chars().all(is_xml) {
        return Err(TargetFault::Unfit("it has control characters"));
    }
    Ok(text)
}

/// As [`text`], for services that take JSON: `{}` for no body at all.
///
/// # Errors
/// [`TargetFault::Unfit`] for what is no JSON text.
pub(super) fn json<'a>(forward: &Forward<'a>) -> Result<(Cow<'a, str>, Value), TargetFault> {
    let text = match text(forward)? {
        text if text.is_empty() => Cow::Borrowed("{}"),
        text => text,
    };
    let value = parse_json(text.as_bytes(), MAX_DEPTH);
    let value = value.map_err(|_| TargetFault::Unfit("it is no JSON text that every reader reads alike"))?;
    Ok((text, value))
}

/// `Char` of XML 1.0.
pub(super) fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}
