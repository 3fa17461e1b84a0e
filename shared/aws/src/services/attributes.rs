//! What goes along with a message, beside its payload.

use doorward_core::ports::{Forward, ForwardMessage};

use super::payload::is_xml;

/// What the door vouches for, by name, and the trace to carry on: each a text that is not empty and that XML 1.0 can hold. At
/// most eight of the ten attributes that a message may have.
pub(super) fn of(forward: &Forward<'_>) -> Vec<(&'static str, String)> {
    let call = forward.call;
    let media = match forward.message {
        ForwardMessage::CloudEvent { .. } => Some("application/cloudevents+json".to_owned()),
        ForwardMessage::Http { .. } | ForwardMessage::Invoke { .. } | ForwardMessage::Event { .. } => None,
    };
    let named = [
        // As structured mode names what a CloudEvent is written in.
        ("content-type", media),
        ("doorward-call", Some(call.id.as_str().to_owned())),
        ("doorward-caller", Some(forward.principal.name.to_string())),
        ("doorward-action", call.action.clone()),
        ("doorward-plan", call.plan.clone()),
        ("doorward-purpose", call.purpose.clone()),
        ("doorward-connection", call.connection.as_ref().map(|connection| connection.id.clone())),
        ("traceparent", forward.trace.traceparent.clone().filter(|text| is_traceparent(text))),
    ];
    let legal = |text: &String| !text.is_empty() && text.chars().all(is_xml);
    named.into_iter().filter_map(|(name, value)| Some((name, value.filter(legal)?))).collect()
}

/// As many bytes as a message's size counts for them, each with the type `String`.
pub(super) fn size(attributes: &[(&'static str, String)]) -> usize {
    attributes.iter().map(|(name, value)| name.len() + "String".len() + value.len()).sum()
}

/// The trace header of X-Ray, if services take it: at most 256 characters of ASCII.
pub(super) fn xray<'a>(forward: &Forward<'a>) -> Option<&'a str> {
    let header = forward.trace.xray.as_deref()?;
    let visible = header.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    (visible && (1..=256).contains(&header.len())).then_some(header)
}

/// A caller may write anything there. Later versions of Trace Context may write more at the end.
fn is_traceparent(text: &str) -> bool {
    (55..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}
