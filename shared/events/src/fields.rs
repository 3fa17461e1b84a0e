use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value};

/// Header fields that are read from one message. API Gateway passes on 10 KB of them, which hold fewer; and
/// `HeaderMap` panics beyond 32768.
pub(crate) const MAX_FIELDS: usize = 4096;

/// Why a pair of texts is no header field.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum FieldFault {
    Name,
    Value(HeaderName),
    TooMany,
}

/// Adds one field as a front or a target wrote it.
pub(crate) fn append(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), FieldFault> {
    if headers.len() >= MAX_FIELDS {
        return Err(FieldFault::TooMany);
    }
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| FieldFault::Name)?;
    match HeaderValue::from_bytes(value.as_bytes()) {
        Ok(value) => {
            headers.append(name, value);
            Ok(())
        }
        Err(_) => Err(FieldFault::Value(name)),
    }
}

/// The fields as a JSON object: several values of one field as one list (RFC 9110 section 5.3).
pub(crate) fn joined(headers: &HeaderMap) -> Map<String, Value> {
    headers
        .keys()
        .map(|name| {
            let values: Vec<String> = headers.get_all(name).iter().map(text).collect();
            (name.as_str().to_owned(), Value::from(values.join(", ")))
        })
        .collect()
}

/// A value as text: UTF-8, or else every byte as its ISO-8859-1 character, so that nothing is lost.
pub(crate) fn text(value: &HeaderValue) -> String {
    match std::str::from_utf8(value.as_bytes()) {
        Ok(text) => text.to_owned(),
        Err(_) => value.as_bytes().iter().copied().map(char::from).collect(),
    }
}

/// Takes the `Cookie` fields out, split as payload format 2.0 has them.
pub(crate) fn take_cookies(headers: &mut HeaderMap) -> Vec<String> {
    let cookies: Vec<String> = headers.get_all(COOKIE).iter().map(text).collect();
    headers.remove(COOKIE);
    let pairs = cookies.iter().flat_map(|line| line.split(';'));
    pairs.map(str::trim).filter(|pair| !pair.is_empty()).map(str::to_owned).collect()
}

/// The fields that go beyond one connection: without hop-by-hop fields (RFC 9110 section 7.6.1), those that
/// `Connection` names, and lengths, which the next sender computes.
pub(crate) fn end_to_end(headers: &HeaderMap) -> HeaderMap {
    let options = connection_options(headers);
    let keep = |name: &HeaderName| {
        let name = dashed(name);
        !HOP_BY_HOP.contains(&name.as_str()) && name != CONTENT_LENGTH.as_str() && !options.contains(&name)
    };
    retained(headers, keep)
}

/// What a target is sent of a caller's fields: [`end_to_end`], without what only the door or AWS may say.
pub(crate) fn for_target(headers: &HeaderMap) -> HeaderMap {
    let keep = |name: &HeaderName| {
        let name = dashed(name);
        !RESERVED.iter().any(|prefix| name.starts_with(prefix))
    };
    retained(&end_to_end(headers), keep)
}

/// `Connection` and what RFC 9110 section 7.6.1 and RFC 2616 section 13.5.1 list beside it.
const HOP_BY_HOP: [&str; 10] = [
    "connection",
    "proxy-connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "trailers",
    "transfer-encoding",
    "upgrade",
];

/// Names under which the door and AWS state an identity.
const RESERVED: [&str; 3] = ["x-doorward-", "x-amzn-", "x-amz-"];

/// Servers with CGI-like variables read `x_amzn_a` and `x-amzn-a` as one field, so both count as the latter.
fn dashed(name: &HeaderName) -> String {
    name.as_str().replace('_', "-")
}

/// The fields that `Connection` names. Two stay whatever it names: a caller could otherwise have the door check a
/// body as one media type and the target read it as another.
fn connection_options(headers: &HeaderMap) -> Vec<String> {
    let lines: Vec<String> = headers.get_all(http::header::CONNECTION).iter().map(text).collect();
    let options = lines.iter().flat_map(|line| line.split(','));
    options
        .map(|option| option.trim().to_ascii_lowercase().replace('_', "-"))
        .filter(|option| option != CONTENT_TYPE.as_str() && option != CONTENT_ENCODING.as_str())
        .collect()
}

fn retained(headers: &HeaderMap, keep: impl Fn(&HeaderName) -> bool) -> HeaderMap {
    headers.iter().filter(|(name, _)| keep(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            append(&mut headers, name, value).unwrap();
        }
        headers
    }

    #[track_caller]
    fn check(pairs: &[(&str, &str)], kept: &[&str]) {
        let headers = for_target(&fields(pairs));
        let mut names: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, kept);
    }

    #[test]
    fn a_target_never_sees_what_a_caller_may_not_say() {
        check(&[("Accept", "a"), ("X-Request-Id", "b")], &["accept", "x-request-id"]);
        check(&[("Connection", "close"), ("Keep-Alive", "5"), ("Proxy-Connection", "x")], &[]);
        check(
            &[("TE", "trailers"), ("Trailer", "x"), ("Upgrade", "h2c"), ("Transfer-Encoding", "chunked")],
            &[],
        );
        check(&[("Proxy-Authorization", "x"), ("Content-Length", "3"), ("transfer_encoding", "x")], &[]);
        check(
            &[("Connection", "X-One, x_two"), ("x-one", "1"), ("X-Two", "2"), ("x-three", "3")],
            &["x-three"],
        );
        check(&[("Connection", "a"), ("Connection", "b"), ("a", "1"), ("b", "2")], &[]);
        check(
            &[("Connection", "content-type, accept"), ("content-type", "x"), ("accept", "y")],
            &["content-type"],
        );
        check(
            &[("X-Doorward-Caller", "root"), ("x_doorward_caller", "root"), ("x-doorward_caller", "root")],
            &[],
        );
        check(&[("X-Amzn-Oidc-Identity", "root"), ("X_Amzn_Trace_Id", "x"), ("X-Amz-Date", "x")], &[]);
        check(&[("X-Amazing", "x"), ("X-Forwarded-For", "1.2.3.4")], &["x-amazing", "x-forwarded-for"]);
    }

    #[test]
    fn values_of_one_field_become_one_list() {
        let headers = fields(&[("accept", "a"), ("Accept", "b"), ("x", "é")]);
        assert_eq!(Value::Object(joined(&headers)), serde_json::json!({"accept": "a, b", "x": "é"}));
        let latin = HeaderValue::from_bytes(b"caf\xe9").unwrap();
        assert_eq!(text(&latin), "café");
    }

    #[test]
    fn what_is_no_field_is_told_apart() {
        let mut headers = HeaderMap::new();
        assert_eq!(append(&mut headers, "a b", "x"), Err(FieldFault::Name));
        assert_eq!(append(&mut headers, "", "x"), Err(FieldFault::Name));
        let name = HeaderName::from_static("x-a");
        for value in ["a\r\nb: c", "a\0", "\u{7f}"] {
            assert_eq!(append(&mut headers, "X-A", value), Err(FieldFault::Value(name.clone())));
        }
        for number in 0..MAX_FIELDS {
            append(&mut headers, "x", &number.to_string()).unwrap();
        }
        assert_eq!(append(&mut headers, "x", "y"), Err(FieldFault::TooMany));
    }

    #[test]
    fn cookies_leave_the_headers_one_by_one() {
        let mut headers = fields(&[("Cookie", "a=1; b=2"), ("cookie", "c=3;;"), ("x", "y")]);
        assert_eq!(take_cookies(&mut headers), ["a=1", "b=2", "c=3"]);
        assert_eq!(headers.len(), 1);
    }
}
