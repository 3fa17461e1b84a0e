//! The dispatcher's answer to HTTP APIs and function URLs: payload format 2.0.

use http::header::SET_COOKIE;
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value};

use crate::{body, fields};

/// Writes an answer. Several values of one field become one list, `Set-Cookie` fields become `cookies`, and
/// hop-by-hop fields and lengths are left to the front.
#[must_use]
pub fn encode(status: StatusCode, headers: &HeaderMap, bytes: &[u8]) -> Value {
    let mut headers = fields::end_to_end(headers);
    let cookies: Vec<String> = headers.get_all(SET_COOKIE).iter().map(fields::text).collect();
    headers.remove(SET_COOKIE);
    let (text, is_base64) = body::encode(bytes, &headers);
    let mut answer = Map::new();
    answer.insert("statusCode".to_owned(), status.as_u16().into());
    answer.insert("headers".to_owned(), fields::joined(&headers).into());
    if !cookies.is_empty() {
        answer.insert("cookies".to_owned(), cookies.into());
    }
    if let Some(text) = text {
        answer.insert("body".to_owned(), text.into());
    }
    answer.insert("isBase64Encoded".to_owned(), is_base64.into());
    answer.into()
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
        assert_eq!(encode(StatusCode::from_u16(status).unwrap(), &headers, bytes), expected);
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
}
