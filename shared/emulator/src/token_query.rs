use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use crate::issuer::TokenRequest;

/// How long a token of the token endpoint is good.
const TOKEN_LIFE: SignedDuration = SignedDuration::from_hours(1);

/// Why a query is answered with no token.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenQueryError {
    #[error("unknown parameter `{0}`: expected `sub`, `groups` or `claims`")]
    Unknown(String),
    #[error("the parameter `{0}` stands twice")]
    Twice(String),
    #[error("the parameter `sub` is missing: `?sub=alice`")]
    NoSubject,
    #[error("`claims` is not a JSON object, such as `{{\"tenant\":\"acme\"}}`")]
    NoObject,
    #[error("this issuer's tokens list no groups: `principal` in its configuration names no `groups`")]
    NoGroups,
}

/// The token that `?sub=alice&groups=customers,buyers&claims={"tenant":"acme"}` asks for at `now`; `groups` is the claim
/// that lists groups. What `claims` says replaces all else.
pub(crate) fn read(
    query: Vec<(String, String)>,
    groups: Option<&str>,
    now: Timestamp,
) -> Result<TokenRequest, TokenQueryError> {
    let (mut subject, mut listed, mut further) = (None, None, None);
    for (name, value) in query {
        let known = match name.as_str() {
            "sub" => &mut subject,
            "groups" => &mut listed,
            "claims" => &mut further,
            _ => return Err(TokenQueryError::Unknown(name)),
        };
        if known.replace(value).is_some() {
            return Err(TokenQueryError::Twice(name));
        }
    }
    let mut claims = Map::new();
    match (groups, listed) {
        (Some(claim), listed) => {
            let listed = listed.unwrap_or_default();
            let names: Vec<&str> = listed.split(',').filter(|group| !group.is_empty()).collect();
            claims.insert(claim.to_owned(), json!(names));
        }
        (None, Some(_)) => return Err(TokenQueryError::NoGroups),
        (None, None) => {}
    }
    if let Some(text) = further {
        let further: Map<String, Value> =
            serde_json::from_str(&text).map_err(|_| TokenQueryError::NoObject)?;
        claims.extend(further);
    }
    Ok(TokenRequest {
        subject: subject.ok_or(TokenQueryError::NoSubject)?,
        claims,
        audience: None,
        issued_at: now,
        expires_at: now.saturating_add(TOKEN_LIFE).unwrap_or(Timestamp::MAX),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(query: &[(&str, &str)], groups: Option<&str>) -> Result<TokenRequest, TokenQueryError> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        read(query.iter().map(owned).collect(), groups, Timestamp::UNIX_EPOCH)
    }

    #[track_caller]
    fn check(query: &[(&str, &str)], groups: Option<&str>, expected: Value) {
        let request = asked(query, groups).unwrap();
        assert_eq!((request.subject.as_str(), Value::Object(request.claims)), ("a", expected));
        assert_eq!(request.expires_at.as_second(), 3600);
    }

    #[track_caller]
    fn check_refused(query: &[(&str, &str)], groups: Option<&str>, expected: TokenQueryError) {
        assert_eq!(asked(query, groups).unwrap_err(), expected);
    }

    #[test]
    fn a_token_says_what_the_query_says() {
        check(&[("sub", "a")], None, json!({}));
        check(&[("sub", "a")], Some("groups"), json!({ "groups": [] }));
        check(&[("sub", "a"), ("groups", "x,,y")], Some("roles"), json!({ "roles": ["x", "y"] }));
        let claims = ("claims", r#"{"tenant":"acme","n":7,"aud":"elsewhere"}"#);
        check(&[claims, ("sub", "a")], None, json!({ "tenant": "acme", "n": 7, "aud": "elsewhere" }));
        check(&[("sub", "a"), ("claims", r#"{"roles":null}"#)], Some("roles"), json!({ "roles": null }));
    }

    #[test]
    fn nothing_of_a_query_is_dropped_silently() {
        check_refused(&[("sub", "a"), ("tenant", "x")], None, TokenQueryError::Unknown("tenant".into()));
        check_refused(&[("sub", "a"), ("sub", "b")], None, TokenQueryError::Twice("sub".into()));
        check_refused(&[("groups", "x")], Some("groups"), TokenQueryError::NoSubject);
        check_refused(&[("sub", "a"), ("groups", "x")], None, TokenQueryError::NoGroups);
        for claims in ["", "[]", "7", "{", "{} {}"] {
            check_refused(&[("sub", "a"), ("claims", claims)], None, TokenQueryError::NoObject);
        }
    }
}
