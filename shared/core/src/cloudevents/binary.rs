//! Binary mode of the HTTP protocol binding, 1.0.2 (section 3.1): attributes are header fields, data the body.

use doorward_model::{CloudEventFault as Fault, EventPayload, HttpRequest};
use http::header::CONTENT_TYPE;

use super::event::{Attributes, CloudEvent};
use super::json_format;

/// What stands before the names of attributes.
pub(super) const PREFIX: &str = "ce-";

/// Reads the event that the request is.
pub(super) fn event(request: &HttpRequest) -> CloudEvent {
    let mut attributes = Attributes::default();
    for name in request.headers.keys() {
        let Some(own) = name.as_str().strip_prefix(PREFIX) else { continue };
        // They are the media type and the body of the request, and nothing else.
        if ["datacontenttype", "data"].contains(&own) {
            attributes.fail(Fault::Twice);
        }
        for value in request.headers.get_all(name) {
            match value.to_str().ok().and_then(decode) {
                Some(text) => attributes.take(own, text),
                None => attributes.fail(Fault::Encoding),
            }
        }
    }
    let mut medias = request.headers.get_all(CONTENT_TYPE).iter();
    let media = medias.next().and_then(|media| media.to_str().ok()).map(str::to_owned);
    if let Some(media) = &media {
        attributes.take("datacontenttype", media.clone());
    }
    if medias.next().is_some() {
        attributes.fail(Fault::Twice);
    }
    attributes.finish(data(request, media.as_deref()), None)
}

/// Without a media type nothing says that bytes are JSON.
fn data(request: &HttpRequest, media: Option<&str>) -> EventPayload {
    match (request.body.is_empty(), media) {
        (true, _) => EventPayload::Absent,
        (false, None) => EventPayload::Binary(request.body.len()),
        (false, Some(_)) => json_format::bytes_of(request.body.to_vec(), media),
    }
}

/// The text of a field (section 3.1.3.2): unquoted where it is quoted, then percent-decoded once. `None` for a percent sign
/// without two digits, and for bytes that are no UTF-8.
fn decode(field: &str) -> Option<String> {
    let unquoted = match field.strip_prefix('"') {
        Some(rest) => unquote(rest)?,
        None => field.to_owned(),
    };
    let mut bytes = Vec::with_capacity(unquoted.len());
    let mut rest = unquoted.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let ([high, low], behind) = rest.split_first_chunk::<2>().map(|(pair, behind)| (*pair, behind))?;
        let digit = |digit: u8| char::from(digit).to_digit(16);
        bytes.push(u8::try_from(digit(high)? * 16 + digit(low)?).ok()?);
        rest = behind;
    }
    String::from_utf8(bytes).ok()
}

/// What stands between quotation marks (RFC 9110 section 5.6.4), the first of which is taken off.
fn unquote(rest: &str) -> Option<String> {
    let mut text = String::with_capacity(rest.len());
    let mut rest = rest.chars();
    loop {
        match rest.next()? {
            '"' => return rest.next().is_none().then_some(text),
            '\\' => text.push(rest.next()?),
            other => text.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_decoded_once() {
        for (field, text) in [
            ("plain", "plain"),
            ("a%20b", "a b"),
            ("Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀"),
            ("%2525", "%25"),
            ("%41%2f", "A/"),
            ("\"a b\"", "a b"),
            ("\"a\\\"b%20c\"", "a\"b c"),
            ("a \"b\"", "a \"b\""),
            ("", ""),
        ] {
            assert_eq!(decode(field).as_deref(), Some(text), "{field}");
        }
        for field in ["%", "%4", "a%zz", "%C0%A0", "%ff", "\"a", "\"a\"b", "\"a\\"] {
            assert_eq!(decode(field), None, "{field}");
        }
    }
}
