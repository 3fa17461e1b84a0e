//! The dispatcher's answer to an HTTP front, in the form that the front takes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorward_model::ReplyForm;
use http::header::SET_COOKIE;
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value};

use crate::{body, fields};

/// The longest answer to a synchronous invocation, in bytes of JSON: the "6 MB" of the AWS Lambda quotas page. Lambda's
/// own error names 6,291,556 bytes, a hundred more than 6 MiB, which no documentation promises: the lower value holds.
pub const MAX_ANSWER_BYTES: usize = 6 * 1024 * 1024;

/// The longest answer that a load balancer takes, in bytes of JSON (Elastic Load Balancing guide, "Lambda functions as
/// targets": 1 MB).
const MAX_ALB_ANSWER_BYTES: usize = 1024 * 1024;

/// The longest message that a WebSocket API sends, in bytes ("Quotas for configuring and running a WebSocket API in API
/// Gateway": message payload size, 128 KB).
const MAX_SOCKET_BYTES: usize = 128 * 1024;

/// The longest answer that is streamed, in bytes (AWS Lambda guide, "Response streaming for Lambda functions": 200 MB).
pub const MAX_STREAM_BYTES: usize = 200 * 1024 * 1024;

/// The longest head of an answer that is streamed, in bytes with what ends it: the metadata must stand in the first 16 KB (API
/// Gateway guide, "Set up a Lambda proxy integration with payload response streaming").
pub(crate) const MAX_STREAM_HEAD_BYTES: usize = 16 * 1024;

/// What ends the head of an answer that is streamed.
const END_OF_HEAD: [u8; 8] = [0; 8];

/// Below this, in bytes, a text fits however it is escaped, and stays readable.
const LONG_TEXT: usize = 512 * 1024;

/// The longest answer in `form`, in bytes of JSON: API Gateway's own 10 MB bind nowhere.
#[must_use]
pub fn max_answer_bytes(form: ReplyForm) -> usize {
    match form {
        ReplyForm::V2 | ReplyForm::V1 | ReplyForm::Socket => MAX_ANSWER_BYTES,
        ReplyForm::AlbSingle | ReplyForm::AlbMulti => MAX_ALB_ANSWER_BYTES,
        ReplyForm::Streamed => MAX_STREAM_BYTES,
    }
}

/// Why an answer cannot be written in a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnfitAnswer {
    /// One value a field is all that the form holds, and no list can stand for several `Set-Cookie` (RFC 6265 section 3).
    #[error(
        "it sets more than one cookie, and this load balancer takes one value of each header: enable \
         `lambda.multi_value_headers.enabled` on its target group"
    )]
    Cookies,
    /// A WebSocket API sends texts only ("Working with binary media types for WebSocket APIs", API Gateway guide).
    #[error("it is no text, and a WebSocket API sends nothing else")]
    Binary,
    /// Longer than the front takes.
    #[error("it is {bytes} bytes long as JSON, more than the {limit} that the front can carry")]
    TooLarge {
        /// Its length.
        bytes: usize,
        /// The longest one.
        limit: usize,
    },
}

/// Whether an answer can be written in `form` and carried, with `room` bytes left.
///
/// # Errors
/// [`UnfitAnswer`] says why not.
pub fn fits(
    form: ReplyForm,
    status: StatusCode,
    headers: &HeaderMap,
    bytes: &[u8],
    room: usize,
) -> Result<(), UnfitAnswer> {
    if form == ReplyForm::Socket && bytes.len() > MAX_SOCKET_BYTES {
        return Err(UnfitAnswer::TooLarge { bytes: bytes.len(), limit: MAX_SOCKET_BYTES });
    }
    let (len, limit) = match form {
        ReplyForm::Streamed => (stream_head(status, headers).len(), MAX_STREAM_HEAD_BYTES),
        _ => (encoded_len(form, status, headers, bytes)?, max_answer_bytes(form)),
    };
    let len = len.saturating_add(room);
    if len > limit { Err(UnfitAnswer::TooLarge { bytes: len, limit }) } else { Ok(()) }
}

/// Writes an answer. Hop-by-hop fields and lengths are left to the front. A text is written as text; where the front
/// decodes base64 whatever it is set to, a long one whose JSON escapes, which can be six times as long as its bytes, would
/// be longer than base64 is not. A REST API decodes base64 only of the media types that it is told are binary.
///
/// | form | several values of one field | `Set-Cookie` |
/// |---|---|---|
/// | 2.0 | one list | `cookies` |
/// | 1.0, WebSocket | `multiValueHeaders` | `multiValueHeaders` |
/// | load balancer | one list | one only |
/// | load balancer, multi-value | `multiValueHeaders` | `multiValueHeaders` |
/// | streamed | as 2.0 here; see [`stream_head`] | `cookies` |
///
/// # Errors
/// [`UnfitAnswer::Cookies`] and [`UnfitAnswer::Binary`].
pub fn encode(
    form: ReplyForm,
    status: StatusCode,
    headers: &HeaderMap,
    bytes: &[u8],
) -> Result<Value, UnfitAnswer> {
    let Layout { mut members, payload } = Layout::of(form, status, headers, bytes)?;
    match payload {
        Payload::Absent => {}
        Payload::Text(text) => drop(members.insert("body".to_owned(), text.into())),
        Payload::Base64(bytes) => drop(members.insert("body".to_owned(), STANDARD.encode(bytes).into())),
    }
    Ok(members.into())
}

/// The head of an answer that is streamed: `statusCode`, `headers` and `cookies` as JSON, and the eight NULs behind which the payload
/// goes as it is, with the content type [`STREAM_TYPE`] ("Set up a Lambda proxy integration with payload response streaming", API
/// Gateway guide; function URLs take the same).
#[must_use]
pub fn stream_head(status: StatusCode, headers: &HeaderMap) -> Vec<u8> {
    let mut members = Map::new();
    members.insert("statusCode".to_owned(), status.as_u16().into());
    write_joined(fields::end_to_end(headers), &mut members);
    let mut head = Value::Object(members).to_string().into_bytes();
    head.extend(END_OF_HEAD);
    head
}

/// The content type of an answer that begins with a [`stream_head`].
pub const STREAM_TYPE: &str = "application/vnd.awslambda.http-integration-response";

/// The length in bytes of what [`encode`] writes of the same arguments, as compact JSON text; nothing of the payload
/// is copied for it.
///
/// # Errors
/// As [`encode`].
pub fn encoded_len(
    form: ReplyForm,
    status: StatusCode,
    headers: &HeaderMap,
    bytes: &[u8],
) -> Result<usize, UnfitAnswer> {
    let Layout { members, payload } = Layout::of(form, status, headers, bytes)?;
    let member = |len: usize| r#","body":"""#.len().saturating_add(len);
    let payload = match payload {
        Payload::Absent => 0,
        Payload::Text(text) => member(escaped_len(text)),
        Payload::Base64(bytes) => member(base64_len(bytes)),
    };
    Ok(Value::Object(members).to_string().len().saturating_add(payload))
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
    fn of(
        form: ReplyForm,
        status: StatusCode,
        headers: &HeaderMap,
        bytes: &'a [u8],
    ) -> Result<Self, UnfitAnswer> {
        let headers = fields::end_to_end(headers);
        let payload = Payload::of(form, bytes, &headers)?;
        let mut members = Map::new();
        members.insert("statusCode".to_owned(), status.as_u16().into());
        if matches!(form, ReplyForm::AlbSingle | ReplyForm::AlbMulti) {
            let reason = status.canonical_reason().unwrap_or("Unknown");
            members.insert("statusDescription".to_owned(), format!("{} {reason}", status.as_u16()).into());
        }
        write_headers(form, headers, &mut members)?;
        members.insert("isBase64Encoded".to_owned(), matches!(payload, Payload::Base64(_)).into());
        Ok(Self { members, payload })
    }
}

fn write_headers(
    form: ReplyForm,
    mut headers: HeaderMap,
    members: &mut Map<String, Value>,
) -> Result<(), UnfitAnswer> {
    let mut put = |name: &str, value: Value| drop(members.insert(name.to_owned(), value));
    match form {
        ReplyForm::V2 | ReplyForm::Streamed => write_joined(headers, members),
        ReplyForm::V1 | ReplyForm::Socket => {
            // API Gateway merges both members: a field stands in one of them.
            let is_single = |headers: &HeaderMap, name| {
                name != SET_COOKIE && headers.get_all(&name).iter().take(2).count() == 1
            };
            let names: Vec<_> = headers.keys().cloned().collect();
            let mut several = HeaderMap::new();
            for name in names {
                if !is_single(&headers, name.clone()) {
                    several.extend(headers.get_all(&name).iter().map(|value| (name.clone(), value.clone())));
                    headers.remove(&name);
                }
            }
            put("headers", fields::joined(&headers).into());
            if !several.is_empty() {
                put("multiValueHeaders", fields::listed(&several).into());
            }
        }
        ReplyForm::AlbSingle => {
            if headers.get_all(SET_COOKIE).iter().take(2).count() > 1 {
                return Err(UnfitAnswer::Cookies);
            }
            put("headers", fields::joined(&headers).into());
        }
        ReplyForm::AlbMulti => put("multiValueHeaders", fields::listed(&headers).into()),
    }
    Ok(())
}

/// One list a field, but for cookies, which stand by themselves.
fn write_joined(mut headers: HeaderMap, members: &mut Map<String, Value>) {
    let cookies: Vec<String> = headers.get_all(SET_COOKIE).iter().map(fields::text).collect();
    headers.remove(SET_COOKIE);
    members.insert("headers".to_owned(), fields::joined(&headers).into());
    if !cookies.is_empty() {
        members.insert("cookies".to_owned(), cookies.into());
    }
}

impl<'a> Payload<'a> {
    fn of(form: ReplyForm, bytes: &'a [u8], headers: &HeaderMap) -> Result<Self, UnfitAnswer> {
        if bytes.is_empty() {
            return Ok(Self::Absent);
        }
        if form == ReplyForm::Socket {
            return std::str::from_utf8(bytes).map(Self::Text).map_err(|_| UnfitAnswer::Binary);
        }
        let readable = |text: &&str| {
            form == ReplyForm::V1 || bytes.len() < LONG_TEXT || escaped_len(text) <= base64_len(bytes)
        };
        let text = body::as_text(bytes, headers).filter(readable);
        Ok(text.map_or(Self::Base64(bytes), Self::Text))
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
    fn check_in(form: ReplyForm, status: u16, pairs: &[(&str, &str)], bytes: &[u8], expected: Value) {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            fields::append(&mut headers, name, value).unwrap();
        }
        let status = StatusCode::from_u16(status).unwrap();
        let answer = encode(form, status, &headers, bytes).unwrap();
        assert_eq!(answer, expected);
        let json = serde_json::to_vec(&answer).unwrap();
        assert_eq!(encoded_len(form, status, &headers, bytes), Ok(json.len()));
    }

    #[track_caller]
    fn check(status: u16, pairs: &[(&str, &str)], bytes: &[u8], expected: Value) {
        check_in(ReplyForm::V2, status, pairs, bytes, expected);
    }

    const FIELDS: [(&str, &str); 5] = [
        ("content-type", "text/plain"),
        ("vary", "a"),
        ("vary", "b"),
        ("set-cookie", "a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT"),
        ("content-length", "9"),
    ];

    #[test]
    fn payload_format_one_has_every_field_once() {
        let cookie = "a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT";
        check_in(
            ReplyForm::V1,
            201,
            &FIELDS,
            b"x",
            json!({
                "statusCode": 201,
                "headers": {"content-type": "text/plain"},
                "multiValueHeaders": {"vary": ["a", "b"], "set-cookie": [cookie]},
                "body": "x",
                "isBase64Encoded": false,
            }),
        );
        let bare = json!({"statusCode": 204, "headers": {}, "isBase64Encoded": false});
        check_in(ReplyForm::V1, 204, &[], b"", bare);
        // A REST API would hand base64 on as it is, where it is not told that the media type is binary.
        let long = "\n".repeat(LONG_TEXT);
        let answer = encode(ReplyForm::V1, StatusCode::OK, &HeaderMap::new(), long.as_bytes()).unwrap();
        assert_eq!((&answer["body"], &answer["isBase64Encoded"]), (&json!(long), &json!(false)));
    }

    #[test]
    fn a_load_balancer_has_one_value_or_all() {
        let cookie = "a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT";
        check_in(
            ReplyForm::AlbSingle,
            404,
            &FIELDS,
            b"\xff",
            json!({
                "statusCode": 404,
                "statusDescription": "404 Not Found",
                "headers": {"content-type": "text/plain", "vary": "a, b", "set-cookie": cookie},
                "body": "/w==",
                "isBase64Encoded": true,
            }),
        );
        check_in(
            ReplyForm::AlbMulti,
            599,
            &FIELDS,
            b"",
            json!({
                "statusCode": 599,
                "statusDescription": "599 Unknown",
                "multiValueHeaders": {"content-type": ["text/plain"], "vary": ["a", "b"], "set-cookie": [cookie]},
                "isBase64Encoded": false,
            }),
        );
    }

    #[test]
    fn an_answer_that_a_front_cannot_carry_says_what_to_do() {
        let cookies = HeaderMap::from_iter(
            ["a=1", "b=2"].map(|cookie| (SET_COOKIE, http::HeaderValue::from_static(cookie))),
        );
        let (ok, none) = (StatusCode::OK, HeaderMap::new());
        assert_eq!(fits(ReplyForm::AlbSingle, ok, &cookies, b"", 0), Err(UnfitAnswer::Cookies));
        assert_eq!(encode(ReplyForm::AlbSingle, ok, &cookies, b""), Err(UnfitAnswer::Cookies));
        assert!(UnfitAnswer::Cookies.to_string().contains("lambda.multi_value_headers.enabled"));
        for form in [ReplyForm::AlbMulti, ReplyForm::V1, ReplyForm::V2] {
            assert_eq!(fits(form, ok, &cookies, b"", 0), Ok(()));
        }
        let mb = vec![b'a'; 1024 * 1024];
        for (form, fitting) in [
            (ReplyForm::AlbSingle, false),
            (ReplyForm::AlbMulti, false),
            (ReplyForm::V1, true),
            (ReplyForm::V2, true),
        ] {
            assert_eq!(fits(form, ok, &none, &mb, 0).is_ok(), fitting, "{form:?}");
            assert!(fits(form, ok, &none, &mb, max_answer_bytes(form)).is_err(), "{form:?}");
            assert!(fits(form, ok, &none, &mb[..1000 * 1000], 1024).is_ok(), "{form:?}");
        }
    }

    #[test]
    fn a_connection_carries_texts_of_the_length_of_a_message() {
        let (ok, none) = (StatusCode::OK, HeaderMap::new());
        check_in(
            ReplyForm::Socket,
            403,
            &[("content-type", "image/png")],
            "{\"code\":\"n\u{f6}\"}".as_bytes(),
            json!({
                "statusCode": 403, "headers": {"content-type": "image/png"}, "body": "{\"code\":\"n\u{f6}\"}",
                "isBase64Encoded": false,
            }),
        );
        assert_eq!(encode(ReplyForm::Socket, ok, &none, b"\xff"), Err(UnfitAnswer::Binary));
        assert_eq!(fits(ReplyForm::Socket, ok, &none, b"\xff", 0), Err(UnfitAnswer::Binary));
        let longest = vec![b'"'; MAX_SOCKET_BYTES];
        assert_eq!(fits(ReplyForm::Socket, ok, &none, &longest, 0), Ok(()));
        let longer = [&longest[..], b"a"].concat();
        let too_large = UnfitAnswer::TooLarge { bytes: MAX_SOCKET_BYTES + 1, limit: MAX_SOCKET_BYTES };
        assert_eq!(fits(ReplyForm::Socket, ok, &none, &longer, 0), Err(too_large));
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
                for form in [ReplyForm::V2, ReplyForm::V1, ReplyForm::AlbSingle, ReplyForm::AlbMulti] {
                    let answer = encode(form, StatusCode::OK, headers, &payload).unwrap();
                    let json = serde_json::to_vec(&answer).unwrap();
                    assert_eq!(encoded_len(form, StatusCode::OK, headers, &payload), Ok(json.len()));
                }
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
