use bytes::Bytes;
use doorward_model::{Body, Reply, TargetFault, parse_json};
use http::header::{CONTENT_TYPE, SET_COOKIE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Map, Value};

use crate::envelope::{MAX_DEPTH, MAX_EVENT_BYTES};
use crate::fields::{self, FieldFault, MAX_FIELDS};

/// Reads what a target answered: an object with `statusCode` is an answer in payload format 2.0, any other JSON
/// value is the body of a 200 (API Gateway guide, "Lambda function response for format 2.0"). `multiValueHeaders` is
/// no part of that format and is ignored, as API Gateway does.
///
/// # Errors
/// [`TargetFault::Unreadable`] for anything that a front would have to guess at.
pub fn decode(payload: &[u8]) -> Result<Reply, TargetFault> {
    match document(payload)? {
        Value::Object(mut answer) if answer.contains_key("statusCode") => Ok(Reply {
            status: status(answer.remove("statusCode"))?,
            headers: headers(answer.remove("headers"), answer.remove("cookies"))?,
            body: body(&mut answer)?,
        }),
        _ => Ok(Reply {
            status: StatusCode::OK,
            headers: HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]),
            body: Body::Full(Bytes::copy_from_slice(payload)),
        }),
    }
}

pub(super) fn document(payload: &[u8]) -> Result<Value, TargetFault> {
    if payload.len() > MAX_EVENT_BYTES {
        return Err(unreadable(format!("more than {MAX_EVENT_BYTES} bytes")));
    }
    parse_json(payload, MAX_DEPTH).map_err(|fault| unreadable(fault.to_string()))
}

/// The statuses that end an exchange: an interim response (RFC 9110 section 15.2) does not, and what is above 599 is of no
/// class ("invalid", section 15).
const STATUSES: std::ops::RangeInclusive<u16> = 200..=599;

/// Whether a target may answer so: 407 is a proxy's to say (RFC 9110 section 15.5.8).
#[must_use]
pub fn is_status(code: u16) -> bool {
    STATUSES.contains(&code) && code != StatusCode::PROXY_AUTHENTICATION_REQUIRED.as_u16()
}

/// A whole number, or the three digits of one as a text: so the functions answer that AWS's own blueprints begin with
/// (`microservice-http-endpoint`), and API Gateway takes it.
pub(super) fn status(value: Option<Value>) -> Result<StatusCode, TargetFault> {
    let code = match &value {
        Some(Value::Number(number)) => number.as_u64().and_then(|code| u16::try_from(code).ok()),
        Some(Value::String(text)) if text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit()) => {
            text.parse().ok()
        }
        _ => None,
    };
    code.filter(|code| is_status(*code))
        .and_then(|code| StatusCode::from_u16(code).ok())
        .ok_or_else(|| unreadable("`statusCode` is not a whole number from 200 to 599, without 407"))
}

pub(super) fn headers(fields: Option<Value>, cookies: Option<Value>) -> Result<HeaderMap, TargetFault> {
    let mut headers = HeaderMap::new();
    match fields {
        None | Some(Value::Null) => {}
        Some(Value::Object(map)) => {
            for (name, value) in map {
                fields::append(&mut headers, &name, &text(value)?).map_err(field_fault)?;
            }
        }
        Some(_) => return Err(unreadable("`headers` is not an object")),
    }
    match cookies {
        None | Some(Value::Null) => {}
        Some(Value::Array(cookies)) => {
            for cookie in cookies {
                let cookie = cookie.as_str().ok_or_else(|| unreadable("a cookie is not a text"))?;
                fields::append(&mut headers, SET_COOKIE.as_str(), cookie).map_err(field_fault)?;
            }
        }
        Some(_) => return Err(unreadable("`cookies` is not a list")),
    }
    Ok(fields::of_answer(&headers))
}

/// Functions in languages without static types send numbers and flags; API Gateway takes them.
pub(super) fn text(value: Value) -> Result<String, TargetFault> {
    match value {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(flag) => Ok(flag.to_string()),
        _ => Err(unreadable("a header's value is not a text")),
    }
}

pub(super) fn body(answer: &mut Map<String, Value>) -> Result<Body, TargetFault> {
    let is_base64 = match answer.remove("isBase64Encoded") {
        None | Some(Value::Null) => false,
        Some(Value::Bool(flag)) => flag,
        Some(_) => return Err(unreadable("`isBase64Encoded` is neither true nor false")),
    };
    let text = match answer.remove("body") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text),
        Some(_) => return Err(unreadable("`body` is not a text")),
    };
    let bytes = crate::body::decode(text, is_base64).map_err(|_| unreadable("`body` is not base64"))?;
    Ok(if bytes.is_empty() { Body::Empty } else { Body::Full(bytes) })
}

pub(super) fn field_fault(fault: FieldFault) -> TargetFault {
    match fault {
        FieldFault::Name => unreadable("a header's name is not a token"),
        FieldFault::Value(name) => {
            unreadable(format!("the value of the header `{name}` holds control characters"))
        }
        FieldFault::TooMany => unreadable(format!("more than {MAX_FIELDS} header fields")),
    }
}

pub(super) fn unreadable(reason: impl Into<String>) -> TargetFault {
    TargetFault::Unreadable(reason.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(payload: &str, status: u16, headers: &[(&str, &str)], body: &str) {
        let reply = decode(payload.as_bytes()).unwrap();
        assert_eq!(reply.status, status);
        let found: Vec<_> = reply.headers.iter().map(|(n, v)| (n.as_str(), v.to_str().unwrap())).collect();
        assert_eq!(found, headers);
        let bytes = match reply.body {
            Body::Full(bytes) => bytes,
            Body::Empty => Bytes::new(),
            Body::Stream(_) => panic!("an answer in memory"),
        };
        assert_eq!(bytes, body);
    }

    #[test]
    fn answers_are_read_as_api_gateway_reads_them() {
        let json = [("content-type", "application/json")];
        check(r#"{"statusCode":201}"#, 201, &[], "");
        check(r#"{"statusCode":"404","body":"x"}"#, 404, &[], "x");
        check(r#"{"statusCode":599,"body":"é","headers":null,"cookies":null}"#, 599, &[], "é");
        check(r#"{"statusCode":200,"body":"cG5n","isBase64Encoded":true}"#, 200, &[], "png");
        check(
            r#"{"statusCode":200,"headers":{"X-N":5,"Content-Length":"3","Transfer-Encoding":"chunked"},
                "multiValueHeaders":{},"cookies":["a=1","b=2"],"body":"x"}"#,
            200,
            &[("x-n", "5"), ("set-cookie", "a=1"), ("set-cookie", "b=2")],
            "x",
        );
        check(r#"{"message":"hi"}"#, 200, &json, r#"{"message":"hi"}"#);
        check("[1]", 200, &json, "[1]");
        check("\"hi\"", 200, &json, "\"hi\"");
        check("null", 200, &json, "null");
    }

    #[track_caller]
    fn check_unreadable(payload: &str, reason: &str) {
        let fault = decode(payload.as_bytes()).unwrap_err();
        assert!(fault.to_string().contains(reason), "{payload}: {fault}");
    }

    #[test]
    fn an_answer_that_needs_guessing_is_unreadable() {
        check_unreadable("", "JSON");
        check_unreadable("{", "JSON");
        check_unreadable(r#"{"statusCode":200,"statusCode":500}"#, "twice");
        for status in
            ["\"20\"", "\"0200\"", "\"+20\"", "\"2e2\"", "\" 200\"", "\"199\"", "\"407\"", "\"OK\"", "407"]
        {
            check_unreadable(&format!("{{\"statusCode\":{status}}}"), "`statusCode`");
        }
        for status in ["null", "200.0", "2e2", "99", "101", "600", "999", "1000", "-1", "{}"] {
            check_unreadable(&format!("{{\"statusCode\":{status}}}"), "`statusCode`");
        }
        check_unreadable(r#"{"statusCode":18446744073709551616}"#, "kept exactly");
        check_unreadable(r#"{"statusCode":200,"headers":[]}"#, "`headers`");
        check_unreadable(r#"{"statusCode":200,"headers":{"x":null}}"#, "not a text");
        check_unreadable(r#"{"statusCode":200,"headers":{"x":["a"]}}"#, "not a text");
        check_unreadable(r#"{"statusCode":200,"headers":{"a b":"x"}}"#, "not a token");
        for value in ["a\\r\\nb", "a\\n", "\\u0000"] {
            check_unreadable(&format!(r#"{{"statusCode":200,"headers":{{"x":"{value}"}}}}"#), "`x`");
        }
        check_unreadable(r#"{"statusCode":200,"cookies":"a=1"}"#, "`cookies`");
        check_unreadable(r#"{"statusCode":200,"cookies":[1]}"#, "cookie");
        check_unreadable(r#"{"statusCode":200,"cookies":["a\r\nb"]}"#, "`set-cookie`");
        check_unreadable(r#"{"statusCode":200,"body":{}}"#, "`body`");
        check_unreadable(r#"{"statusCode":200,"body":"*","isBase64Encoded":true}"#, "base64");
        check_unreadable(r#"{"statusCode":200,"isBase64Encoded":"true"}"#, "`isBase64Encoded`");
        check_unreadable(&"[".repeat(100_000), "deeper");
    }
}
