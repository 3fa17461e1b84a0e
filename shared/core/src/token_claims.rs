//! Claims: what a token must say to count, and what tokens must hold besides.

use doorward_config::{Issuer, Scopes, TokenKind};
use doorward_model::AuthFault;
use jiff::Timestamp;
use serde_json::{Map, Value};

/// The claims that are read of tokens, whatever an issuer's own rules read of theirs.
pub(crate) const READ: [&str; 12] =
    ["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "client_id", "token_use", "scope", "scp", "events"];

/// Whether the claims of a token that `issuer` signed, or that a front of its verified, hold at `now`.
///
/// # Errors
/// The first that does not.
pub(crate) fn check(claims: &Map<String, Value>, issuer: &Issuer, now: Timestamp) -> Result<(), AuthFault> {
    if claims.get("iss").and_then(Value::as_str) != Some(&issuer.issuer) {
        return Err(AuthFault::Issuer);
    }
    // A security event token (RFC 8417), such as that of a log-out: its subject is spoken of, and does not speak.
    if claims.get("events").is_some_and(Value::is_object) {
        return Err(AuthFault::Type);
    }
    match issuer.tokens {
        TokenKind::Jwt if !is_of_kind(claims, issuer) => return Err(missing("token_use")),
        TokenKind::Jwt => check_audience(claims, issuer)?,
        TokenKind::AccessToken => {
            check_audience(claims, issuer)?;
            for name in ["sub", "client_id", "jti"] {
                text(claims, name)?;
            }
            time(claims, "iat")?.ok_or_else(|| missing("iat"))?;
        }
        TokenKind::Cognito => {
            if text(claims, "token_use")? != "access" {
                return Err(missing("token_use"));
            }
            let client = text(claims, "client_id")?;
            if !issuer.audiences.iter().any(|accepted| accepted == client) {
                return Err(AuthFault::Audience);
            }
            // A token that is bound to a resource names it, and is for nobody else.
            if claims.contains_key("aud") {
                check_audience(claims, issuer)?;
            }
        }
    }
    check_times(claims, issuer, now)
}

/// Whether the claims are those of a token that `issuer` takes, where another issuer of its URL takes others: access tokens of
/// Amazon Cognito say that they are some
/// (<https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html>).
fn is_of_kind(claims: &Map<String, Value>, issuer: &Issuer) -> bool {
    let is_access = claims.get("token_use").and_then(Value::as_str) == Some("access");
    match issuer.tokens {
        TokenKind::Cognito => is_access,
        TokenKind::Jwt => !(is_access && issuer.leaves_access_tokens),
        TokenKind::AccessToken => true,
    }
}

/// The issuer whose token the claims are of, among `issuers` of the URL that they name: where none takes their kind, the first,
/// which refuses them.
pub(crate) fn issuer<'i>(
    issuers: impl Iterator<Item = &'i Issuer>,
    claims: &Map<String, Value>,
) -> Option<&'i Issuer> {
    let named = claims.get("iss").and_then(Value::as_str)?;
    let mut first = None;
    for issuer in issuers.filter(|issuer| issuer.issuer == named) {
        if is_of_kind(claims, issuer) {
            return Some(issuer);
        }
        first = first.or(Some(issuer));
    }
    first
}

fn check_audience(claims: &Map<String, Value>, issuer: &Issuer) -> Result<(), AuthFault> {
    let accepted =
        |value: &Value| value.as_str().is_some_and(|text| issuer.audiences.iter().any(|a| a == text));
    let is_ours = match claims.get("aud") {
        Some(Value::Array(values)) => values.iter().all(Value::is_string) && values.iter().any(accepted),
        Some(value) => accepted(value),
        None => false,
    };
    if is_ours { Ok(()) } else { Err(AuthFault::Audience) }
}

fn check_times(claims: &Map<String, Value>, issuer: &Issuer, now: Timestamp) -> Result<(), AuthFault> {
    let now = now.as_duration().as_secs_f64();
    let leeway = issuer.leeway.as_secs_f64();
    if now >= time(claims, "exp")?.ok_or_else(|| missing("exp"))? + leeway {
        return Err(AuthFault::Expired);
    }
    for name in ["nbf", "iat"] {
        if time(claims, name)?.is_some_and(|at| at > now + leeway) {
            return Err(AuthFault::NotYetValid);
        }
    }
    Ok(())
}

fn missing(name: &str) -> AuthFault {
    AuthFault::Claim(name.to_owned())
}

fn text<'c>(claims: &'c Map<String, Value>, name: &str) -> Result<&'c str, AuthFault> {
    claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).ok_or_else(|| missing(name))
}

/// A NumericDate (RFC 7519 section 2) of the years 1970 to 9999: a number beyond them is a mistake, and no token that
/// holds for ever.
fn time(claims: &Map<String, Value>, name: &str) -> Result<Option<f64>, AuthFault> {
    const LAST: f64 = 253_402_300_799.0;
    let Some(value) = claims.get(name) else { return Ok(None) };
    let at = value.as_f64().filter(|at| (0.0..=LAST).contains(at));
    at.map(Some).ok_or_else(|| missing(name))
}

/// Whether the token has the scopes that are `needed`, by its `scope` (RFC 8693 section 4.2), or of `scp` where there is
/// none. Some issuers give a list of them for the text of the RFC.
pub(crate) fn has_scopes(claims: &Map<String, Value>, needed: &Scopes) -> Result<bool, AuthFault> {
    if needed.is_empty() {
        return Ok(true);
    }
    let granted: Vec<&str> = match (claims.get("scope"), claims.get("scp")) {
        (None, None) => Vec::new(),
        (Some(Value::String(text)), _) | (None, Some(Value::String(text))) => text.split(' ').collect(),
        (Some(Value::Array(values)), _) => texts(values).ok_or_else(|| missing("scope"))?,
        (Some(_), _) => return Err(missing("scope")),
        (None, Some(Value::Array(values))) => texts(values).ok_or_else(|| missing("scp"))?,
        (None, Some(_)) => return Err(missing("scp")),
    };
    Ok(needed.are_held_by(&granted))
}

fn texts(values: &[Value]) -> Option<Vec<&str>> {
    values.iter().map(Value::as_str).collect()
}

/// The declared ones of a token's claims, each of its declared type. What is not declared goes no further.
///
/// # Errors
/// The first claim that is required and missing, or of another type: it is never guessed what it may have meant.
pub(crate) fn declared(
    issuer: &Issuer,
    claims: &Map<String, Value>,
) -> Result<Map<String, Value>, AuthFault> {
    let mut read = Map::new();
    for (name, claim) in &issuer.claims {
        match claims.get(name) {
            None if !claim.required => {}
            Some(value) if claim.ty.admits(value) => {
                read.insert(name.clone(), value.clone());
            }
            _ => return Err(AuthFault::Claim(name.clone())),
        }
    }
    Ok(read)
}

/// Those of the declared claims that are attributes of the principal.
pub(crate) fn attributes(issuer: &Issuer, declared: &Map<String, Value>) -> Map<String, Value> {
    let names = issuer.principal.attributes.iter();
    names.filter_map(|name| Some((name.clone(), declared.get(name)?.clone()))).collect()
}
