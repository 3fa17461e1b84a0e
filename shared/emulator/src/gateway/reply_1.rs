//! A function's answer as an HTTP response, in payload format 1.0 and in that of a load balancer.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html#api-gateway-simple-proxy-for-lambda-output-format>
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html#respond-to-load-balancer>

use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde_json::{Map, Value};

use super::inbound::is_hop_by_hop;
use super::reply::{MalformedReply, Reply, body, headers, status};

/// What a REST API knows of an answer; it takes no other.
const REST_MEMBERS: [&str; 5] = ["statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"];

/// What a REST API does with a body that the function says is in base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoded {
    Decode,
    /// The caller gets the base64 text: it has not asked for a binary media type first.
    Keep,
}

/// Reads an answer to a REST API.
pub(super) fn read_rest(payload: &[u8], encoded: Encoded) -> Result<Reply, MalformedReply> {
    let mut members = members(payload)?;
    if members.keys().any(|name| !REST_MEMBERS.contains(&name.as_str())) {
        return Err(MalformedReply);
    }
    if let (Encoded::Keep, Some(Value::Bool(true))) = (encoded, members.get("isBase64Encoded")) {
        members.insert("isBase64Encoded".to_owned(), false.into());
    }
    read(&members, "application/json")
}

/// Reads an answer to an HTTP API's integration of payload format 1.0.
pub(super) fn read_http_api(payload: &[u8]) -> Result<Reply, MalformedReply> {
    read(&members(payload)?, "text/plain;charset=UTF-8")
}

/// Reads an answer to a load balancer: headers may stand only in the form that the target group is set to.
pub(super) fn read_alb(payload: &[u8], multi_value_headers: bool) -> Result<Reply, MalformedReply> {
    let members = members(payload)?;
    let other = if multi_value_headers { "headers" } else { "multiValueHeaders" };
    let is_given = |name: &str| members.get(name).is_some_and(|value| !value.is_null());
    let described = matches!(members.get("statusDescription"), None | Some(Value::Null | Value::String(_)));
    if is_given(other) || !described {
        return Err(MalformedReply);
    }
    let mut reply = read(&members, "application/octet-stream")?;
    if !is_given("headers") && !is_given("multiValueHeaders") {
        reply.headers.remove(header::CONTENT_TYPE);
    }
    Ok(reply)
}

fn members(payload: &[u8]) -> Result<Map<String, Value>, MalformedReply> {
    serde_json::from_slice(payload).map_err(|_| MalformedReply)
}

fn read(members: &Map<String, Value>, content_type: &'static str) -> Result<Reply, MalformedReply> {
    let mut merged = headers(members.get("headers"))?;
    // A name in both has the values of the second only.
    for (name, values) in multi_value_headers(members.get("multiValueHeaders"))? {
        merged.remove(&name);
        for value in values {
            merged.append(&name, value);
        }
    }
    merged.entry(header::CONTENT_TYPE).or_insert(HeaderValue::from_static(content_type));
    Ok(Reply {
        status: status(members.get("statusCode"))?,
        headers: merged,
        body: body(members.get("body"), members.get("isBase64Encoded"))?,
    })
}

/// Adds fields that stand with a list of values each.
pub(super) fn append_listed(headers: &mut HeaderMap, value: Option<&Value>) -> Result<(), MalformedReply> {
    for (name, values) in multi_value_headers(value)? {
        headers.extend(values.into_iter().map(|value| (name.clone(), value)));
    }
    Ok(())
}

fn multi_value_headers(value: Option<&Value>) -> Result<Vec<(HeaderName, Vec<HeaderValue>)>, MalformedReply> {
    let fields = match value {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Object(fields)) => fields,
        Some(_) => return Err(MalformedReply),
    };
    let text = |value: &Value| match value {
        Value::String(text) => text.parse().map_err(|_| MalformedReply),
        Value::Number(_) | Value::Bool(_) => value.to_string().parse().map_err(|_| MalformedReply),
        _ => Err(MalformedReply),
    };
    let field = |(name, values): (&String, &Value)| {
        let name: HeaderName = name.parse().map_err(|_| MalformedReply)?;
        let values = values.as_array().ok_or(MalformedReply)?.iter().map(text).collect::<Result<_, _>>()?;
        Ok((name, values))
    };
    let read = fields.iter().map(field).collect::<Result<Vec<_>, _>>()?;
    Ok(read.into_iter().filter(|(name, _)| !is_hop_by_hop(name)).collect())
}

/// Gives what a front has kept for itself another name.
pub(super) fn remapped(headers: HeaderMap, names: &[&str]) -> HeaderMap {
    let mut result = HeaderMap::with_capacity(headers.len());
    let mut latest = None;
    for (name, value) in headers {
        // A name is given once for all its values.
        latest = name.or(latest);
        let Some(name) = &latest else { continue };
        let renamed = names.contains(&name.as_str()).then(|| format!("x-amzn-remapped-{name}"));
        let name =
            renamed.and_then(|renamed| renamed.parse::<HeaderName>().ok()).unwrap_or_else(|| name.clone());
        result.append(name, value);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Status, then headers sorted, then the body, a line each.
    #[track_caller]
    fn check(reply: Result<Reply, MalformedReply>, expected: &[&str]) {
        let reply = reply.unwrap();
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

    const BOTH: &[u8] = br#"{"statusCode":201,"headers":{"X-A":"1","X-B":2},
        "multiValueHeaders":{"x-a":["2","3"],"Set-Cookie":["a=1","b=2"]},"body":"hi"}"#;

    #[test]
    fn headers_of_both_forms_are_merged() {
        let lines = ["set-cookie: a=1", "set-cookie: b=2", "x-a: 2", "x-a: 3", "x-b: 2", "hi"];
        let expected = [&["201", "content-type: application/json"], &lines[..]].concat();
        check(read_rest(BOTH, Encoded::Decode), &expected);
        let expected = [&["201", "content-type: text/plain;charset=UTF-8"], &lines[..]].concat();
        check(read_http_api(BOTH), &expected);
    }

    #[test]
    fn base64_is_taken_out_where_the_caller_asks_for_it() {
        let payload = br#"{"statusCode":200,"body":"aGk=","isBase64Encoded":true}"#;
        check(read_rest(payload, Encoded::Decode), &["200", "content-type: application/json", "hi"]);
        check(read_rest(payload, Encoded::Keep), &["200", "content-type: application/json", "aGk="]);
        let broken = br#"{"statusCode":200,"body":"?","isBase64Encoded":true}"#;
        assert_eq!(read_rest(broken, Encoded::Decode), Err(MalformedReply));
    }

    #[test]
    fn a_rest_api_takes_nothing_else() {
        for payload in [
            "",
            "null",
            r#""hi""#,
            r#"{"message":"hi"}"#,
            r#"{"statusCode":200,"cookies":["a=1"]}"#,
            r#"{"statusCode":200,"body":{}}"#,
            r#"{"statusCode":200,"headers":{"a":["b"]}}"#,
            r#"{"statusCode":200,"multiValueHeaders":{"a":"b"}}"#,
            r#"{"statusCode":200,"multiValueHeaders":{"a":[{}]}}"#,
            r#"{"statusCode":99}"#,
            r#"{"statusCode":200,"isBase64Encoded":"true","body":""}"#,
        ] {
            assert_eq!(read_rest(payload.as_bytes(), Encoded::Decode), Err(MalformedReply), "{payload}");
        }
    }

    #[test]
    fn a_load_balancer_takes_headers_in_its_own_form_only() {
        let single = br#"{"statusCode":200,"statusDescription":"200 OK","headers":{"A":"b"},"body":"x"}"#;
        let several = br#"{"statusCode":200,"multiValueHeaders":{"A":["b","c"]},"body":"x"}"#;
        check(read_alb(single, false), &["200", "a: b", "content-type: application/octet-stream", "x"]);
        check(
            read_alb(several, true),
            &["200", "a: b", "a: c", "content-type: application/octet-stream", "x"],
        );
        check(read_alb(br#"{"statusCode":204}"#, true), &["204", ""]);
        for (payload, multi_value_headers) in [
            (&single[..], true),
            (several, false),
            (br#"{"statusCode":200,"statusDescription":7}"#, false),
            (br#"{"body":"x"}"#, false),
        ] {
            assert_eq!(read_alb(payload, multi_value_headers), Err(MalformedReply));
        }
    }

    #[test]
    fn some_headers_get_another_name() {
        let mut headers = HeaderMap::new();
        headers.insert("www-authenticate", HeaderValue::from_static("Bearer"));
        headers.append("set-cookie", HeaderValue::from_static("a=1"));
        headers.append("set-cookie", HeaderValue::from_static("b=2"));
        let headers = remapped(headers, &["www-authenticate"]);
        assert_eq!(headers["x-amzn-remapped-www-authenticate"], "Bearer");
        assert!(!headers.contains_key("www-authenticate"));
        assert_eq!(headers.get_all("set-cookie").iter().collect::<Vec<_>>(), ["a=1", "b=2"]);
    }
}
