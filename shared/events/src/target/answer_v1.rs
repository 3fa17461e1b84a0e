use doorward_model::{Reply, TargetFault};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use super::answer::{body, document, field_fault, status, text, unreadable};
use crate::fields;

/// Reads what a target answered in payload format 1.0 ("Output format of a Lambda function for proxy integration", API
/// Gateway guide): an object with `statusCode`, and nothing is taken for one that is none. The values of `headers` come after
/// those of `multiValueHeaders`; a pair that is in both counts once. `cookies` is no part of that format and is ignored, as
/// API Gateway does.
///
/// # Errors
/// [`TargetFault::Unreadable`] for anything that a front would have to guess at.
pub fn decode_v1(payload: &[u8]) -> Result<Reply, TargetFault> {
    let Value::Object(mut answer) = document(payload)? else {
        return Err(unreadable("it is not an object"));
    };
    Ok(Reply {
        status: status(answer.remove("statusCode"))?,
        headers: headers(answer.remove("headers"), answer.remove("multiValueHeaders"))?,
        body: body(&mut answer)?,
    })
}

fn headers(single: Option<Value>, listed: Option<Value>) -> Result<HeaderMap, TargetFault> {
    let mut headers = HeaderMap::new();
    match listed {
        None | Some(Value::Null) => {}
        Some(Value::Object(lists)) => {
            for (name, values) in lists {
                let Value::Array(values) = values else {
                    return Err(unreadable("the values of a header are not a list"));
                };
                for value in values {
                    fields::append(&mut headers, &name, &text(value)?).map_err(field_fault)?;
                }
            }
        }
        Some(_) => return Err(unreadable("`multiValueHeaders` is not an object")),
    }
    match single {
        None | Some(Value::Null) => {}
        Some(Value::Object(members)) => {
            for (name, value) in members {
                let value = text(value)?;
                if !has(&headers, &name, &value) {
                    fields::append(&mut headers, &name, &value).map_err(field_fault)?;
                }
            }
        }
        Some(_) => return Err(unreadable("`headers` is not an object")),
    }
    Ok(fields::of_answer(&headers))
}

fn has(headers: &HeaderMap, name: &str, value: &str) -> bool {
    let (Ok(name), Ok(value)) =
        (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value.as_bytes()))
    else {
        return false;
    };
    headers.get_all(name).iter().any(|other| other == value)
}

#[cfg(test)]
mod tests {
    use doorward_model::Body;

    use super::*;

    #[track_caller]
    fn check(payload: &str, status: u16, headers: &[(&str, &str)], body: &str) {
        let reply = decode_v1(payload.as_bytes()).unwrap();
        assert_eq!(reply.status, status);
        let found: Vec<_> = reply.headers.iter().map(|(n, v)| (n.as_str(), v.to_str().unwrap())).collect();
        assert_eq!(found, headers);
        let bytes = match reply.body {
            Body::Full(bytes) => bytes,
            Body::Empty => bytes::Bytes::new(),
            Body::Stream(_) => panic!("an answer in memory"),
        };
        assert_eq!(bytes, body);
    }

    #[test]
    fn both_lists_of_headers_become_one() {
        check(r#"{"statusCode":204}"#, 204, &[], "");
        check(r#"{"statusCode":"204"}"#, 204, &[], "");
        check(r#"{"statusCode":200,"headers":null,"multiValueHeaders":null,"body":null}"#, 200, &[], "");
        check(r#"{"statusCode":200,"headers":{"X-N":5},"body":"x"}"#, 200, &[("x-n", "5")], "x");
        check(r#"{"statusCode":200,"body":"cG5n","isBase64Encoded":true}"#, 200, &[], "png");
        check(
            r#"{"statusCode":200,"headers":{"Set-Cookie":"b=2","Connection":"x"},
                "multiValueHeaders":{"set-cookie":["a=1","b=2"],"x-two":["1","2"]},"cookies":["c=3"]}"#,
            200,
            &[("set-cookie", "a=1"), ("set-cookie", "b=2"), ("x-two", "1"), ("x-two", "2")],
            "",
        );
        check(
            r#"{"statusCode":200,"headers":{"x-a":"3"},"multiValueHeaders":{"X-A":["1"]}}"#,
            200,
            &[("x-a", "1"), ("x-a", "3")],
            "",
        );
    }

    #[track_caller]
    fn check_unreadable(payload: &str, reason: &str) {
        let fault = decode_v1(payload.as_bytes()).unwrap_err();
        assert!(fault.to_string().contains(reason), "{payload}: {fault}");
    }

    #[test]
    fn nothing_is_inferred() {
        check_unreadable("", "JSON");
        check_unreadable("[1]", "not an object");
        check_unreadable(r#"{"message":"hi"}"#, "`statusCode`");
        check_unreadable(r#"{"statusCode":"2000"}"#, "`statusCode`");
        check_unreadable(r#"{"statusCode":200,"multiValueHeaders":[]}"#, "`multiValueHeaders`");
        check_unreadable(r#"{"statusCode":200,"multiValueHeaders":{"x":"a"}}"#, "not a list");
        check_unreadable(r#"{"statusCode":200,"multiValueHeaders":{"x":[["a"]]}}"#, "not a text");
        check_unreadable(r#"{"statusCode":200,"multiValueHeaders":{"x":["a\r\nb"]}}"#, "`x`");
        check_unreadable(r#"{"statusCode":200,"headers":{"a b":"x"}}"#, "not a token");
        check_unreadable(r#"{"statusCode":200,"headers":"x"}"#, "`headers`");
        check_unreadable(r#"{"statusCode":200,"body":{}}"#, "`body`");
        check_unreadable(r#"{"statusCode":200,"isBase64Encoded":true,"body":"*"}"#, "base64");
    }
}
