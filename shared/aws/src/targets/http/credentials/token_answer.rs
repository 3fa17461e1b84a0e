use http::HeaderValue;
use serde::Deserialize;
use serde_json::Value;

use super::secret_value;

/// For how long a token serves whose issuer does not say (RFC 6749 section 5.1 only recommends that it does), in seconds.
const UNSAID: u64 = 60;
/// However long an issuer says that it serves, in seconds: a day.
const LONGEST: u64 = 24 * 60 * 60;

/// What a token endpoint gave.
pub(super) struct Granted {
    /// `Bearer …`.
    pub(super) value: HeaderValue,
    /// For how long, in seconds.
    pub(super) seconds: u64,
}

/// Why it gave nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Denied {
    /// It does not take the client's secret.
    Client,
    /// Something else, lowercase.
    Other(String),
}

/// RFC 6749 section 5.1.
#[derive(Deserialize)]
struct Success {
    access_token: String,
    token_type: String,
    expires_in: Option<Value>,
}

/// RFC 6749 section 5.2.
#[derive(Deserialize)]
struct Failure {
    error: String,
}

/// Reads the answer of a token endpoint. Nothing of it is quoted but the word of a refusal.
pub(super) fn read(status: u16, body: &[u8]) -> Result<Granted, Denied> {
    if status != 200 {
        let failure: Option<Failure> = serde_json::from_slice(body).ok();
        return Err(match failure.as_ref().and_then(|failure| word(&failure.error)) {
            Some("invalid_client") => Denied::Client,
            _ if status == 401 => Denied::Client,
            Some(word) => Denied::Other(format!("the token endpoint refused: `{word}`")),
            None => Denied::Other(format!("the token endpoint answered {status}")),
        });
    }
    let unreadable =
        |cause: &str| Denied::Other(format!("the token endpoint's answer cannot be used: {cause}"));
    let success: Success =
        serde_json::from_slice(body).map_err(|_| unreadable("it is not that of RFC 6749 section 5.1"))?;
    if !success.token_type.eq_ignore_ascii_case("bearer") {
        return Err(unreadable("its token is of another type than `Bearer`"));
    }
    let seconds =
        seconds(success.expires_in).ok_or_else(|| unreadable("`expires_in` is no number of seconds"))?;
    if seconds == 0 {
        return Err(unreadable("its token has already expired"));
    }
    // RFC 6750 section 2.1: visible ASCII characters, and no blanks.
    let token = success.access_token.into_bytes();
    let is_token = !token.is_empty() && token.iter().all(|byte| matches!(byte, b'!'..=b'~'));
    let value = is_token.then(|| secret_value([b"Bearer ", token.as_slice()].concat())).flatten();
    let value = value.ok_or_else(|| unreadable("its token is none of RFC 6750 section 2.1"))?;
    Ok(Granted { value, seconds: seconds.min(LONGEST) })
}

/// Some issuers write the number as a text.
fn seconds(stated: Option<Value>) -> Option<u64> {
    match stated {
        None | Some(Value::Null) => Some(UNSAID),
        Some(Value::String(text)) => text.parse().ok(),
        Some(Value::Number(number)) => number.as_u64().or_else(|| whole(number.as_f64()?)),
        Some(_) => None,
    }
}

/// `3600.0`, and what is larger than any number of seconds that counts.
fn whole(number: f64) -> Option<u64> {
    if !number.is_finite() || number < 0.0 {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is bounded just before")]
    Some(number.min(LONGEST as f64) as u64)
}

/// A word of RFC 6749 section 5.2, or one that an issuer adds to them.
fn word(text: &str) -> Option<&str> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
    ((1..=64).contains(&text.len()) && text.bytes().all(plain)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(status: u16, body: &str, expected: Result<u64, &str>) {
        match (read(status, body.as_bytes()), expected) {
            (Ok(granted), Ok(seconds)) => {
                assert_eq!(granted.value, "Bearer plainly-fake");
                assert_eq!(granted.seconds, seconds, "{body}");
            }
            (Err(Denied::Client), Err(cause)) => assert_eq!(cause, "client", "{body}"),
            (Err(Denied::Other(found)), Err(cause)) => assert!(found.contains(cause), "{body}: {found}"),
            (Ok(_), Err(cause)) => panic!("{body} is taken and not refused: {cause}"),
            (Err(denied), Ok(_)) => panic!("{body} is refused: {denied:?}"),
        }
    }

    #[test]
    fn a_token_serves_for_as_long_as_its_issuer_says() {
        let with = |expires: &str| {
            format!(r#"{{"access_token":"plainly-fake","token_type":"bearer","expires_in":{expires}}}"#)
        };
        check(200, &with("3600"), Ok(3600));
        check(200, &with("\"3600\""), Ok(3600));
        check(200, &with("3600.0"), Ok(3600));
        check(200, &with("null"), Ok(60));
        check(200, r#"{"access_token":"plainly-fake","token_type":"Bearer"}"#, Ok(60));
        for absurd in ["99999999999", "18446744073709551616", "1e300"] {
            check(200, &with(absurd), Ok(24 * 60 * 60));
        }
        check(200, &with("0"), Err("already expired"));
        for broken in ["-1", "\"soon\"", "true", "[]", "{}"] {
            check(200, &with(broken), Err("`expires_in`"));
        }
    }

    #[test]
    fn anything_else_is_no_token() {
        check(200, "", Err("RFC 6749"));
        check(200, "[]", Err("RFC 6749"));
        check(200, r#"{"access_token":"a"}"#, Err("RFC 6749"));
        check(200, r#"{"access_token":"a","token_type":"mac"}"#, Err("another type"));
        for token in ["", "a b", "a\\r\\nx: y", "é"] {
            let body = format!(r#"{{"access_token":"{token}","token_type":"Bearer"}}"#);
            check(200, &body, Err("RFC 6750"));
        }
        check(401, r#"{"error":"invalid_client"}"#, Err("client"));
        check(400, r#"{"error":"invalid_client"}"#, Err("client"));
        check(401, "", Err("client"));
        check(400, r#"{"error":"invalid_scope","error_description":"card 4111"}"#, Err("`invalid_scope`"));
        check(400, r#"{"error":"card 4111"}"#, Err("answered 400"));
        check(503, "busy", Err("answered 503"));
        check(302, "", Err("answered 302"));
    }
}
