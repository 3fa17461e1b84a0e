//! A function's answer as an HTTP response, in payload format 2.0; and what the other forms share with it.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html#http-api-develop-integrations-lambda.response>

use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Map, Value};

use super::inbound::is_hop_by_hop;

/// A response before its front has added its own headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// The function's answer is no response.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct MalformedReply;

impl Reply {
    /// A response that a front makes itself.
    pub(super) fn json(status: StatusCode, body: &str) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Self { status, headers, body: Bytes::copy_from_slice(body.as_bytes()) }
    }

    /// Reads a function's answer. One that has no `statusCode` is the body of a 200 itself; `content_type` is
    /// what one that has a `statusCode` gets where it names no type.
    pub(super) fn read(payload: &[u8], content_type: &'static str) -> Result<Self, MalformedReply> {
        let answer: Value = serde_json::from_slice(payload).map_err(|_| MalformedReply)?;
        match answer {
            Value::Object(members) if members.contains_key("statusCode") => declared(&members, content_type),
            Value::String(text) => Ok(Self::json(StatusCode::OK, &text)),
            other => Ok(Self::json(StatusCode::OK, &other.to_string())),
        }
    }
}

fn declared(members: &Map<String, Value>, content_type: &'static str) -> Result<Reply, MalformedReply> {
    let mut headers = headers(members.get("headers"))?;
    for cookie in cookies(members.get("cookies"))? {
        headers.append(header::SET_COOKIE, cookie);
    }
    headers.entry(header::CONTENT_TYPE).or_insert(HeaderValue::from_static(content_type));
    let body = body(members.get("body"), members.get("isBase64Encoded"))?;
    Ok(Reply { status: status(members.get("statusCode"))?, headers, body })
}

pub(super) fn status(value: Option<&Value>) -> Result<StatusCode, MalformedReply> {
    let code = match value {
        Some(Value::Number(number)) => number.as_u64(),
        Some(Value::String(text)) => text.parse().ok(),
        _ => None,
    };
    let code = code.filter(|code| (200..600).contains(code)).and_then(|code| u16::try_from(code).ok());
    code.and_then(|code| StatusCode::from_u16(code).ok()).ok_or(MalformedReply)
}

pub(super) fn headers(value: Option<&Value>) -> Result<HeaderMap, MalformedReply> {
    let mut headers = HeaderMap::new();
    let fields = match value {
        None | Some(Value::Null) => return Ok(headers),
        Some(Value::Object(fields)) => fields,
        Some(_) => return Err(MalformedReply),
    };
    for (name, value) in fields {
        let name: HeaderName = name.parse().map_err(|_| MalformedReply)?;
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            _ => return Err(MalformedReply),
        };
        if !is_hop_by_hop(&name) {
            headers.insert(name, text.parse().map_err(|_| MalformedReply)?);
        }
    }
    Ok(headers)
}

pub(super) fn cookies(value: Option<&Value>) -> Result<Vec<HeaderValue>, MalformedReply> {
    let cookie =
        |cookie: &Value| cookie.as_str().and_then(|cookie| cookie.parse().ok()).ok_or(MalformedReply);
    match value {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(cookies)) => cookies.iter().map(cookie).collect(),
        Some(_) => Err(MalformedReply),
    }
}

pub(super) fn body(value: Option<&Value>, encoded: Option<&Value>) -> Result<Bytes, MalformedReply> {
    let text = match value {
        None | Some(Value::Null) => return Ok(Bytes::new()),
        Some(Value::String(text)) => text,
        Some(_) => return Err(MalformedReply),
    };
    match encoded {
        None | Some(Value::Null | Value::Bool(false)) => Ok(Bytes::copy_from_slice(text.as_bytes())),
        Some(Value::Bool(true)) => STANDARD.decode(text).map(Bytes::from).map_err(|_| MalformedReply),
        Some(_) => Err(MalformedReply),
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        (self.status, self.headers, self.body).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "text/plain;charset=UTF-8";

    /// Status, then headers sorted, then the body, a line each.
    #[track_caller]
    fn check(payload: &str, expected: &[&str]) {
        let reply = Reply::read(payload.as_bytes(), TEXT).unwrap();
        let mut lines: Vec<String> = reply
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        lines.sort();
        lines.insert(0, reply.status.as_u16().to_string());
        lines.push(String::from_utf8(reply.body.to_vec()).unwrap());
        assert_eq!(lines, expected);
    }

    #[test]
    fn an_answer_with_a_status_is_a_response() {
        check(
            r#"{"statusCode":201,"headers":{"X-Count":3,"Content-Type":"application/json"},
                "multiValueHeaders":{"X-Not":["a"]},"cookies":["a=1","b=2"],"body":"{}"}"#,
            &[
                "201",
                "content-type: application/json",
                "set-cookie: a=1",
                "set-cookie: b=2",
                "x-count: 3",
                "{}",
            ],
        );
        check(
            r#"{"statusCode":"204","headers":null,"body":null}"#,
            &["204", "content-type: text/plain;charset=UTF-8", ""],
        );
        check(
            r#"{"statusCode":200,"body":"aGk=","isBase64Encoded":true}"#,
            &["200", "content-type: text/plain;charset=UTF-8", "hi"],
        );
    }

    #[test]
    fn an_answer_without_a_status_is_the_body() {
        check(r#"{"message":"hi"}"#, &["200", "content-type: application/json", r#"{"message":"hi"}"#]);
        check(r#""hi""#, &["200", "content-type: application/json", "hi"]);
        check("null", &["200", "content-type: application/json", "null"]);
    }

    #[test]
    fn headers_of_the_connection_are_dropped() {
        check(
            r#"{"statusCode":200,"headers":{"Connection":"close","Transfer-Encoding":"chunked","Content-Type":"a/b"}}"#,
            &["200", "content-type: a/b", ""],
        );
    }

    #[test]
    fn anything_else_is_malformed() {
        for payload in [
            "",
            r#"{"statusCode":99}"#,
            r#"{"statusCode":101}"#,
            r#"{"statusCode":600}"#,
            r#"{"statusCode":null}"#,
            r#"{"statusCode":200,"body":{}}"#,
            r#"{"statusCode":200,"body":"?","isBase64Encoded":true}"#,
            r#"{"statusCode":200,"headers":{"a b":"c"}}"#,
            r#"{"statusCode":200,"headers":{"a":["c"]}}"#,
            r#"{"statusCode":200,"headers":{"a":"c\nd"}}"#,
            r#"{"statusCode":200,"cookies":"a=1"}"#,
        ] {
            assert_eq!(Reply::read(payload.as_bytes(), TEXT), Err(MalformedReply), "{payload}");
        }
    }
}
