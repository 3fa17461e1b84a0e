use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};

/// A body member that is not the canonical, padded base64 of RFC 4648 section 4.
#[derive(Debug)]
pub(crate) struct NotBase64;

/// The bytes behind `body` and `isBase64Encoded`.
pub(crate) fn decode(body: Option<String>, is_base64: bool) -> Result<Bytes, NotBase64> {
    let text = body.unwrap_or_default();
    if is_base64 {
        return STANDARD.decode(text).map(Bytes::from).map_err(|_| NotBase64);
    }
    Ok(Bytes::from(text))
}

/// `body` and `isBase64Encoded` for some bytes: as text when they are UTF-8 and their headers call them a text.
pub(crate) fn encode(bytes: &[u8], headers: &HeaderMap) -> (Option<String>, bool) {
    if bytes.is_empty() {
        return (None, false);
    }
    match as_text(bytes, headers) {
        Some(text) => (Some(text.to_owned()), false),
        None => (Some(STANDARD.encode(bytes)), true),
    }
}

/// The bytes as the text that they are, if their headers call them one.
pub(crate) fn as_text<'a>(bytes: &'a [u8], headers: &HeaderMap) -> Option<&'a str> {
    std::str::from_utf8(bytes).ok().filter(|_| is_text(headers))
}

fn is_text(headers: &HeaderMap) -> bool {
    if headers.contains_key(CONTENT_ENCODING) {
        return false;
    }
    let Some(media_type) = headers.get(CONTENT_TYPE) else { return true };
    let media_type = media_type.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    let media_type = media_type.trim().to_ascii_lowercase();
    media_type.starts_with("text/")
        || media_type.ends_with("+json")
        || media_type.ends_with("+xml")
        || matches!(
            media_type.as_str(),
            "application/json"
                | "application/xml"
                | "application/javascript"
                | "application/yaml"
                | "application/x-www-form-urlencoded"
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    #[track_caller]
    fn check(bytes: &[u8], headers: &[(HeaderName, &'static str)], expected: (Option<&str>, bool)) {
        let headers = headers.iter().cloned().map(|(n, v)| (n, HeaderValue::from_static(v))).collect();
        let (text, is_base64) = encode(bytes, &headers);
        assert_eq!((text.as_deref(), is_base64), expected);
        assert_eq!(decode(text, is_base64).unwrap(), bytes);
    }

    #[test]
    fn bytes_travel_as_text_only_when_they_are_one() {
        check(b"", &[], (None, false));
        check(b"{}", &[], (Some("{}"), false));
        check(b"{}", &[(CONTENT_TYPE, "Application/JSON; charset=utf-8")], (Some("{}"), false));
        check(b"{}", &[(CONTENT_TYPE, "application/problem+json")], (Some("{}"), false));
        check("é".as_bytes(), &[(CONTENT_TYPE, "text/plain")], (Some("é"), false));
        check(b"\xff\x00", &[(CONTENT_TYPE, "text/plain")], (Some("/wA="), true));
        check(b"png", &[(CONTENT_TYPE, "image/png")], (Some("cG5n"), true));
        check(b"gz", &[(CONTENT_TYPE, "text/plain"), (CONTENT_ENCODING, "gzip")], (Some("Z3o="), true));
    }

    #[test]
    fn base64_is_read_strictly() {
        for text in ["cG5n\n", "cG5", "cG5n=", "cG-_", "cH==", "*"] {
            assert!(decode(Some(text.to_owned()), true).is_err(), "{text}");
        }
        assert_eq!(decode(Some("cG5n".to_owned()), true).unwrap(), "png");
        assert_eq!(decode(None, true).unwrap(), "");
    }
}
