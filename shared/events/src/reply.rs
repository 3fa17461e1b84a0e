//! The dispatcher's answer to HTTP APIs and function URLs: payload format 2.0.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::SET_COOKIE;
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value};

use crate::{body, fields};

/// The longest answer to a synchronous invocation, in bytes of JSON: the "6 MB" of the AWS Lambda quotas page. Lambda's
/// own error names 6,291,556 bytes, a hundred more than 6 MiB, which no documentation promises: the lower value holds.
pub const MAX_ANSWER_BYTES: usize = 6 * 1024 * 1024;

/// Below this, in bytes, a text fits however it is escaped, and stays readable.
const LONG_TEXT: usize = 512 * 1024;

/// Writes an answer. Several values of one field become one list, `Set-Cookie` fields become `cookies`, and
/// hop-by-hop fields and lengths are left to the front. A text is written as text, but for a long one whose JSON escapes,
/// which can be six times as long as its bytes, would be longer than base64.
#[must_use]
pub fn encode(status: StatusCode, headers: &HeaderMap, bytes: &[u8]) -> Value {
    let Layout { mut members, payload } = Layout::of(status, headers, bytes);
    match payload {
        Payload::Absent => {}
        Payload::Text(text) => drop(members.insert("body".to_owned(), text.into())),
        Payload::Base64(bytes) => drop(members.insert("body".to_owned(), STANDARD.encode(bytes).into())),
    }
    members.into()
}

/// The length in bytes of what [`encode`] writes of the same arguments, as compact JSON text; nothing of the payload
/// is copied for it.
#[must_use]
pub fn encoded_len(status: StatusCode, headers: &HeaderMap, bytes: &[u8]) -> usize {
    let Layout { members, payload } = Layout::of(status, headers, bytes);
    let member = |len: usize| r#","body":"""#.len().saturating_add(len);
    let payload = match payload {
        Payload::Absent => 0,
        Payload::Text(text) => member(escaped_len(text)),
        Payload::Base64(bytes) => member(base64_len(bytes)),
    };
    Value::Object(members).to_string().len().saturating_add(payload)
}

/// An answer before its payload is written.
struct Layout<'a> {
    /// All members but `body`.
    members: Map<String, Value>,
    payload: Payload<'a>,
}

/// The form in which `body` is written.
enum Payload<'a> {
    Absent,
    Text(&'a str),
    Base64(&'a [u8]),
}

impl<'a> Layout<'a> {
    fn of(status: StatusCode, headers: &HeaderMap, bytes: &'a [u8]) -> Self {
        let mut headers = fields::end_to_end(headers);
        let cookies: Vec<String> = headers.get_all(SET_COOKIE).iter().map(fields::text).collect();
        headers.remove(SET_COOKIE);
        let payload = Payload::of(bytes, &headers);
        let mut members = Map::new();
        members.insert("statusCode".to_owned(), status.as_u16().into());
        members.insert("headers".to_owned(), fields::joined(&headers).into());
        if !cookies.is_empty() {
            members.insert("cookies".to_owned(), cookies.into());
        }
        members.insert("isBase64Encoded".to_owned(), matches!(payload, Payload::Base64(_)).into());
        Self { members, payload }
    }
}

impl<'a> Payload<'a> {
    fn of(bytes: &'a [u8], headers: &HeaderMap) -> Self {
        if bytes.is_empty() {
            return Self::Absent;
        }
        let readable = |text: &&str| bytes.len() < LONG_TEXT || escaped_len(text) <= base64_len(bytes);
        let text = body::as_text(bytes, headers).filter(readable);
        text.map_or(Self::Base64(bytes), Self::Text)
    }
}

/// The length of a text inside a JSON text, without its quotation marks, as `serde_json` escapes it: only what RFC 8259
/// section 7 requires, in the short form where there is one.
fn escaped_len(text: &str) -> usize {
    let len = |byte: u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0C => 2,
        0x00..0x20 => 6,
        _ => 1,
    };
    text.bytes().map(len).fold(0, usize::saturating_add)
}

/// The length of padded base64 (RFC 4648 section 4).
fn base64_len(bytes: &[u8]) -> usize {
    bytes.len().div_ceil(3).saturating_mul(4)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(status: u16, pairs: &[(&str, &str)], bytes: &[u8], expected: Value) {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            fields::append(&mut headers, name, value).unwrap();
        }
        let status = StatusCode::from_u16(status).unwrap();
        let answer = encode(status, &headers, bytes);
        assert_eq!(answer, expected);
        let json = serde_json::to_vec(&answer).unwrap();
        assert_eq!(encoded_len(status, &headers, bytes), json.len());
    }

    #[test]
    fn an_answer_has_payload_format_two() {
        check(204, &[], b"", json!({"statusCode": 204, "headers": {}, "isBase64Encoded": false}));
        check(
            200,
            &[("content-type", "application/json"), ("vary", "a"), ("vary", "b"), ("content-length", "9")],
            b"{\"a\":\"\xc3\xa9\"}",
            json!({
                "statusCode": 200,
                "headers": {"content-type": "application/json", "vary": "a, b"},
                "body": "{\"a\":\"é\"}",
                "isBase64Encoded": false,
            }),
        );
        check(
            200,
            &[("set-cookie", "a=1; Path=/"), ("set-cookie", "b=2"), ("connection", "close")],
            b"\x00\xff",
            json!({
                "statusCode": 200,
                "headers": {},
                "cookies": ["a=1; Path=/", "b=2"],
                "body": "AP8=",
                "isBase64Encoded": true,
            }),
        );
    }

    #[test]
    fn a_text_grew_sixfold_in_its_escapes() {
        let text = [("content-type", "text/plain")];
        let headers = json!({"content-type": "text/plain"});
        let check = |bytes: &[u8], body: &str, is_base64: bool| {
            let answer =
                json!({"statusCode": 200, "headers": headers, "body": body, "isBase64Encoded": is_base64});
            check(200, &text, bytes, answer);
        };
        let long = vec![b'\n'; 3 * LONG_TEXT];
        check(&long, &STANDARD.encode(&long), true);
        let long = "a".repeat(LONG_TEXT);
        check(long.as_bytes(), &long, false);
        check(b"\n\n\n", "\n\n\n", false);
        check(b"a\n\"\\\t b c d e f", "a\n\"\\\t b c d e f", false);
    }

    #[test]
    fn the_length_of_an_answer_is_that_of_its_json() {
        let every: String = (0..0x250).filter_map(char::from_u32).collect();
        let payloads = [every.as_bytes(), b"\x7f", "\u{2028}é😀/<".as_bytes(), b"\xff\xfe", b"a", b""];
        let headers = HeaderMap::from_iter([
            (SET_COOKIE, http::HeaderValue::from_static("a=\"1\"")),
            (http::header::VARY, http::HeaderValue::from_bytes(b"caf\xe9\t\"").unwrap()),
        ]);
        for payload in payloads.into_iter().flat_map(|bytes| [bytes.to_vec(), bytes.repeat(100)]) {
            for headers in [&headers, &HeaderMap::new()] {
                let json = serde_json::to_vec(&encode(StatusCode::OK, headers, &payload)).unwrap();
                assert_eq!(encoded_len(StatusCode::OK, headers, &payload), json.len());
            }
        }
    }

    #[test]
    fn every_escape_is_counted_as_serde_json_writes_it() {
        for character in (0..0x3000).filter_map(char::from_u32) {
            let text = character.to_string();
            assert_eq!(escaped_len(&text) + 2, serde_json::to_vec(&text).unwrap().len(), "{character:?}");
        }
    }
}
