use bytes::Bytes;
use doorward_config::TargetKind;
use doorward_model::{HttpRequest, TargetFault};
use http::{HeaderMap, HeaderName};

use super::event::CloudEvent;
use super::read::Mode;
use super::{binary, json_format};
use crate::send::IDEMPOTENCY_KEY;

/// Fields that speak of the whole body, of which a target may be sent a part (RFC 9530, and what was before it), and those that
/// sign it.
const OF_THE_BODY: [&str; 11] = [
    "content-digest",
    "repr-digest",
    "digest",
    "content-md5",
    "signature",
    "signature-input",
    "stripe-signature",
    "webhook-signature",
    "x-hub-signature",
    "x-hub-signature-256",
    "x-signature",
];

/// The request as targets are sent it. Beside events in their own format, the fields of binary mode say nothing that was looked
/// at ("Metadata Headers", section 3.2.2, lets senders repeat them there), so that no target may go by them.
pub(super) fn cleaned(request: &HttpRequest, mode: Mode) -> HttpRequest {
    let mut cleaned = request.clone();
    if mode == Mode::Binary {
        return cleaned;
    }
    let stated: Vec<HeaderName> =
        cleaned.headers.keys().filter(|name| name.as_str().starts_with(binary::PREFIX)).cloned().collect();
    remove(&mut cleaned.headers, &stated);
    if mode == Mode::Batch {
        // Another batch goes by another key, or by none.
        let of_the_body = OF_THE_BODY.map(HeaderName::from_static);
        remove(&mut cleaned.headers, &of_the_body);
        cleaned.headers.remove(IDEMPOTENCY_KEY);
    }
    cleaned
}

/// What a service is sent of the event that `request` brings, or is.
///
/// # Errors
/// [`TargetFault::Unfit`] for what has no text.
pub(crate) fn text(event: &CloudEvent, request: &HttpRequest) -> Result<String, TargetFault> {
    json_format::write(event, &request.body).ok_or(TargetFault::Unfit("it is no UTF-8 text"))
}

/// Whether a target takes messages, which have no header fields.
pub(crate) fn takes_messages(kind: &TargetKind) -> bool {
    !matches!(kind, TargetKind::Lambda(_) | TargetKind::Http(_))
}

/// Whether a target keeps the order of what it is sent.
pub(super) fn keeps_order(kind: &TargetKind) -> bool {
    match kind {
        TargetKind::Sqs(queue) => queue.group.is_some(),
        TargetKind::Sns(topic) => topic.group.is_some(),
        _ => false,
    }
}

/// The request with these events of its batch, each as its sender wrote it.
pub(super) fn batch<'e>(
    cleaned: &HttpRequest,
    events: impl IntoIterator<Item = &'e CloudEvent>,
) -> HttpRequest {
    let texts: Vec<&[u8]> = events.into_iter().filter_map(|event| event.text.as_deref()).collect();
    let mut body = Vec::with_capacity(texts.iter().map(|text| text.len() + 1).sum::<usize>() + 2);
    body.push(b'[');
    body.extend(texts.join(&b','));
    body.push(b']');
    HttpRequest { body: Bytes::from(body), ..cleaned.clone() }
}

fn remove(headers: &mut HeaderMap, names: &[HeaderName]) {
    for name in names {
        headers.remove(name);
    }
}
