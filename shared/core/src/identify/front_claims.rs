//! Callers whose token the front verified already: the JWT authorizer of an HTTP API, the Cognito authorizer of a REST API.
//!
//! Where the configuration says that a front does so (`verified_by`), what it says of a token counts and the request's own
//! `authorization` is not looked at. The other order would be less safe, and less alike: a caller could choose by the
//! header who to be, beside the token that the front let in (which may stand in another field, or without `Bearer`), and a
//! call would depend on keys that a door in a private network cannot read. A token that the front verified and that does
//! not hold here is refused; there is no second try with the header. A call of any other front, and one of which the front
//! says nothing, proves itself by its signature as ever.

use doorward_config::Issuer;
use doorward_model::{AuthFault, ClaimType, FrontClaims, ListForm, parse_json};
use jiff::Timestamp;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use crate::find::HttpCall;
use crate::token_claims;

/// What the front says that it verified, and the issuer of this route who trusts it to.
pub(super) fn of_call<'c>(http: &HttpCall<'c>) -> Option<(&'c FrontClaims, &'c Issuer)> {
    let claims = http.request.verified.claims.as_ref()?;
    let trusts = |issuer: &&Issuer| issuer.verified_by.contains(http.front);
    Some((claims, token_claims::issuer(http.rules.issuers.iter().filter(trusts), &claims.claims)?))
}

/// The claims as the token had them, as far as the front's texts still tell. A text that may as well have been a list is
/// refused where it is to be one thing or the other; that `7` was a number, or that a member of a list held the separator,
/// no text tells.
pub(super) fn read(front: &FrontClaims, issuer: &Issuer) -> Result<Map<String, Value>, AuthFault> {
    // A security event token; of its `events`, fronts give a text.
    if front.claims.get("events").is_some_and(may_be_object) {
        return Err(AuthFault::Type);
    }
    let mut claims = Map::new();
    for (name, value) in &front.claims {
        let read = match value {
            Value::String(text) => read_text(name, text, front.lists, issuer),
            typed => Some(typed.clone()),
        };
        claims.insert(name.clone(), read.ok_or_else(|| AuthFault::Claim(name.clone()))?);
    }
    Ok(claims)
}

/// Whether an object may have been there: fronts write JSON, or Go's form of a map.
fn may_be_object(value: &Value) -> bool {
    value.as_str().is_none_or(|text| text.trim_start().starts_with('{') || text.starts_with("map["))
}

fn read_text(name: &str, text: &str, form: ListForm, issuer: &Issuer) -> Option<Value> {
    if matches!(name, "exp" | "nbf" | "iat") {
        return number(text).or_else(|| date(text));
    }
    if name == issuer.principal.id {
        return (!may_be_list(text, form)).then(|| Value::from(text));
    }
    if let Some(claim) = issuer.claims.get(name) {
        return read_as(claim.ty, text, form);
    }
    // The text of RFC 8693 has spaces, and commas in it are no separators.
    let is_scope_list = name == "scope" && form == ListForm::Bracketed;
    if is_scope_list || matches!(name, "aud" | "scp") || issuer.principal.groups.as_deref() == Some(name) {
        return text_or_list(text, form);
    }
    Some(Value::from(text))
}

fn read_as(ty: ClaimType, text: &str, form: ListForm) -> Option<Value> {
    match ty {
        // A comma is too usual in a text to be taken for more.
        ClaimType::Text if form == ListForm::Bracketed && may_be_list(text, form) => None,
        ClaimType::Text | ClaimType::Address => Some(Value::from(text)),
        ClaimType::Long | ClaimType::Decimal => number(text),
        ClaimType::Bool => match text {
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            _ => None,
        },
        ClaimType::Instant => Some(number(text).or_else(|| date(text)).unwrap_or_else(|| Value::from(text))),
        ClaimType::Texts => Some(list(text, form)?.into_iter().map(Value::from).collect()),
        ClaimType::Longs => list(text, form)?.into_iter().map(number).collect(),
    }
}

fn text_or_list(text: &str, form: ListForm) -> Option<Value> {
    if may_be_list(text, form) {
        Some(list(text, form)?.into_iter().map(Value::from).collect())
    } else {
        Some(Value::from(text))
    }
}

fn may_be_list(text: &str, form: ListForm) -> bool {
    match form {
        ListForm::Bracketed => text.starts_with('[') || text.ends_with(']'),
        ListForm::Commas => text.contains(','),
    }
}

/// The members of a list, if the text is that of one list only.
fn list(text: &str, form: ListForm) -> Option<Vec<&str>> {
    let (inner, separator) = match form {
        ListForm::Bracketed => (text.strip_prefix('[')?.strip_suffix(']')?, ' '),
        ListForm::Commas => (text, ','),
    };
    if inner.is_empty() && form == ListForm::Bracketed {
        return Some(Vec::new());
    }
    let is_member = |member: &&str| {
        !member.is_empty()
            && member.trim() == *member
            && !(form == ListForm::Bracketed && member.contains(['[', ']']))
    };
    let members: Vec<&str> = inner.split(separator).collect();
    members.iter().all(is_member).then_some(members)
}

/// A number as JSON writes it.
fn number(text: &str) -> Option<Value> {
    let is_part = |byte: u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
    let written = text.bytes().all(is_part).then(|| parse_json(text.as_bytes(), 1));
    written?.ok().filter(Value::is_number)
}

/// A time as the Cognito authorizer of a REST API writes `exp` and `iat`: `Wed May 18 12:31:07 UTC 2022`.
fn date(text: &str) -> Option<Value> {
    let written = strtime::parse("%a %b %d %H:%M:%S UTC %Y", text).ok()?.to_datetime().ok()?;
    let at: Timestamp = TimeZone::UTC.to_timestamp(written).ok()?;
    Some(Value::from(at.as_second()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(form: ListForm, ty: ClaimType, text: &str, expected: Option<Value>) {
        assert_eq!(read_as(ty, text, form), expected, "{text}");
    }

    #[test]
    fn a_text_is_read_as_the_declared_type_or_not_at_all() {
        use ListForm::{Bracketed, Commas};
        for form in [Bracketed, Commas] {
            check(form, ClaimType::Text, "acme", Some(json!("acme")));
            check(form, ClaimType::Long, "7", Some(json!(7)));
            check(form, ClaimType::Long, "-7", Some(json!(-7)));
            check(form, ClaimType::Decimal, "1.25", Some(json!(1.25)));
            for none in ["", " 7", "7 ", "0x7", "NaN", "1e999", "seven", "[7]", "-", "07"] {
                check(form, ClaimType::Long, none, None);
            }
            check(form, ClaimType::Bool, "true", Some(json!(true)));
            check(form, ClaimType::Bool, "True", None);
            check(form, ClaimType::Instant, "1700000000", Some(json!(1_700_000_000)));
            check(form, ClaimType::Instant, "Wed May 18 12:31:07 UTC 2022", Some(json!(1_652_877_067)));
            check(form, ClaimType::Address, "10.0.0.1", Some(json!("10.0.0.1")));
        }
        check(Bracketed, ClaimType::Text, "[a b]", None);
        check(Commas, ClaimType::Text, "Doe, Jane", Some(json!("Doe, Jane")));
        check(Bracketed, ClaimType::Longs, "[1 2]", Some(json!([1, 2])));
        check(Commas, ClaimType::Longs, "1,x", None);
    }

    #[test]
    fn a_list_has_one_reading_or_none() {
        use ListForm::{Bracketed, Commas};
        let texts = ClaimType::Texts;
        check(Bracketed, texts, "[]", Some(json!([])));
        check(Bracketed, texts, "[a]", Some(json!(["a"])));
        check(Bracketed, texts, "[a b,c]", Some(json!(["a", "b,c"])));
        for none in ["", "a", "[a", "a]", "[a  b]", "[ a]", "[a ]", "[a [b c]]", "[a\tb\t]"] {
            check(Bracketed, texts, none, None);
        }
        check(Commas, texts, "a", Some(json!(["a"])));
        check(Commas, texts, "a,b c", Some(json!(["a", "b c"])));
        for none in ["", ",", "a,", ",a", "a,,b", "a, b"] {
            check(Commas, texts, none, None);
        }
    }

    #[test]
    fn dates_are_those_of_the_gateway_only() {
        assert_eq!(date("Wed Feb 01 09:08:04 UTC 2023"), Some(json!(1_675_242_484)));
        for none in [
            "Thu Feb 01 09:08:04 UTC 2023",
            "Wed Feb 01 09:08:04 CET 2023",
            "Wed Feb 31 09:08:04 UTC 2023",
            "2023-02-01T09:08:04Z",
            "",
        ] {
            assert_eq!(date(none), None, "{none}");
        }
    }
}
