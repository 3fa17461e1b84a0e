use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, FORWARDED, HOST};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value};

use crate::proven;

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

/// The fields as a JSON object with a list of values each.
pub(crate) fn listed(headers: &HeaderMap) -> Map<String, Value> {
    headers
        .keys()
        .map(|name| {
            let values: Vec<String> = headers.get_all(name).iter().map(text).collect();
            (name.as_str().to_owned(), Value::from(values))
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
    retained(headers, |name| {
        let is_named = options.iter().any(|option| option == name.as_str());
        !HOP_BY_HOP.contains(&name.as_str()) && name != CONTENT_LENGTH && !is_named
    })
}

/// What goes on of the fields of a target's answer, whatever kind of target it is: [`end_to_end`], and of those none by which the
/// door or the front before it speaks. `x-amzn-errortype` is no such field: by it an API of Smithy's protocol `restJson1` names
/// its own errors ("Handling Lambda errors with an API Gateway API", Lambda guide).
pub(crate) fn of_answer(headers: &HeaderMap) -> HeaderMap {
    retained(&end_to_end(headers), |name| {
        let name = name.as_str();
        !SAID_BY_DOOR.iter().any(|prefix| name.starts_with(prefix)) && !SAID_BY_FRONT.contains(&name)
    })
}

/// What the door states, what API Gateway does (`apigw-requestid`), and fields that a REST API or function URL took from an
/// answer and gave another name.
const SAID_BY_DOOR: [&str; 3] = ["x-doorward-", "apigw-", "x-amzn-remapped-"];

/// The request and its trace, as fronts name them: those of the target are others.
const SAID_BY_FRONT: [&str; 3] = ["x-amz-apigw-id", "x-amzn-requestid", "x-amzn-trace-id"];

/// Under these names load balancers state what mutual TLS showed. A caller can write them on any front, so whoever
/// reads one knows that the front states it, and reads it before it is taken off here.
const MTLS: &str = "x-amzn-mtls-";

/// All that the door reads of a caller's fields, so that nothing is judged that is not sent on, and nothing sent on
/// that was not judged: [`end_to_end`], and of those the ones whose names are letters, digits and dashes. Servers with
/// CGI-like variables write the dash as `_` (RFC 3875 section 4.1.18), and some of them any other character, so a target
/// could read `content_type` or `content.type` in the place of the `content-type` that was checked. nginx leaves such
/// fields out by default too (`underscores_in_headers`, `ignore_invalid_headers`).
pub(crate) fn received(headers: &HeaderMap) -> HeaderMap {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    retained(&end_to_end(headers), |name| {
        name.as_str().bytes().all(plain) && !name.as_str().starts_with(MTLS)
    })
}

/// What a target is sent of the fields that were [`received`]: none that only the door or AWS may state, none under which
/// a proxy states who calls, and none that is `withheld`.
pub(crate) fn for_target(headers: &HeaderMap, withheld: &[HeaderName]) -> HeaderMap {
    let is_reserved = |name: &HeaderName| RESERVED.iter().any(|prefix| name.as_str().starts_with(prefix));
    retained(headers, |name| !is_reserved(name) && !proven::is_proof(name) && !withheld.contains(name))
}

/// `Connection` and what RFC 9110 section 7.6.1 and RFC 2616 section 13.5.1 list beside it, and what asks for HTTP/2 on the
/// same connection (RFC 7540 section 3.2.1, which RFC 9113 took back).
const HOP_BY_HOP: [&str; 12] = [
    "http2-settings",
    "connection",
    "proxy-connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authentication-info",
    "proxy-authorization",
    "te",
    "trailer",
    "trailers",
    "transfer-encoding",
    "upgrade",
];

/// Names under which the door and AWS state an identity.
const RESERVED: [&str; 3] = ["x-doorward-", "x-amzn-", "x-amz-"];

/// The fields that `Connection` names, without those that stay whatever it names.
fn connection_options(headers: &HeaderMap) -> Vec<String> {
    let lines: Vec<String> = headers.get_all(http::header::CONNECTION).iter().map(text).collect();
    let options = lines.iter().flat_map(|line| line.split(','));
    options.map(|option| option.trim().to_ascii_lowercase()).filter(|option| !is_kept(option)).collect()
}

/// What a body is, and what the front states of the caller: by naming these in `Connection`, a caller could have a
/// target take a body for another media type, or a call for one that came from within.
fn is_kept(name: &str) -> bool {
    [CONTENT_TYPE, CONTENT_ENCODING, HOST, FORWARDED].iter().any(|kept| kept == name)
        || name.starts_with("x-forwarded-")
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
        let headers = for_target(&received(&fields(pairs)), &[]);
        let mut names: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, kept);
    }

    #[test]
    fn a_target_never_takes_a_callers_word_for_a_proxys_proof() {
        for name in [
            "SSL-Client-Verify",
            "ssl-client-cert",
            "ssl_client_verify",
            "X-SSL-Client-S-DN",
            "x.ssl.client.cert",
            "X-Client-Cert",
            "X-Client-Verify",
            "X-Forwarded-Client-Cert",
            "Remote-User",
            "X-Remote-User",
            "x_remote_user",
            "X-Forwarded-User",
            "X-Forwarded-Email",
            "X-Forwarded-Groups",
            "X-Auth-Request-User",
            "X-WebAuth-User",
            "X-Amzn-Oidc-Data",
            "HTTP2-Settings",
            "Upgrade",
        ] {
            check(&[(name, "root"), ("accept", "a")], &["accept"]);
        }
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
            &[("Connection", "X-One,\tx-two "), ("x-one", "1"), ("X-Two", "2"), ("x-three", "3")],
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
    fn no_target_speaks_for_the_door_or_its_front() {
        let kept = |name: &str| !of_answer(&fields(&[(name, "x")])).is_empty();
        for name in [
            "X-Doorward-Caller",
            "Apigw-Requestid",
            "X-Amz-Apigw-Id",
            "X-Amzn-RequestId",
            "X-Amzn-Trace-Id",
            "X-Amzn-Remapped-WWW-Authenticate",
            "Proxy-Authenticate",
            "Proxy-Authentication-Info",
            "Connection",
        ] {
            assert!(!kept(name), "{name}");
        }
        for name in
            ["X-Amzn-ErrorType", "X-Amz-Meta-A", "RateLimit", "X-RateLimit-Limit", "Retry-After", "ETag"]
        {
            assert!(kept(name), "{name}");
        }
    }

    #[test]
    fn a_twin_with_an_underscore_reached_the_target_beside_the_checked_field() {
        for name in [
            "content_type",
            "Content_Encoding",
            "x_forwarded_for",
            "x-forwarded_for",
            "transfer_encoding",
            "idempotency_key",
            "x_amzn_trace_id",
            "x.doorward.caller",
            "content.type",
            "x!one",
        ] {
            check(&[("Content-Type", "application/json"), (name, "x")], &["content-type"]);
            check(&[(name, "x")], &[]);
        }
    }

    #[test]
    fn connection_took_off_what_the_front_states() {
        check(
            &[
                ("Connection", "X-Forwarded-For, forwarded, host"),
                ("x-forwarded-for", "1.2.3.4"),
                ("host", "a"),
            ],
            &["host", "x-forwarded-for"],
        );
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
