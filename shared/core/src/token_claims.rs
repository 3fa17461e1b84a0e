//! Claims: what a token must say to count, what tokens must hold besides, and what policies may read of them.

use std::collections::BTreeMap;

use doorward_config::{Config, Issuer, Route, TokenKind};
use doorward_model::entity_type::{CERTIFICATE, ROLE};
use doorward_model::{AuthFault, Claims};
use doorward_policy::TokenShape;
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::identify::{certificates, iam};

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

/// Whether the token has all of the scopes `needed`: those of `scope` (RFC 8693 section 4.2), or of `scp` where there is
/// none.
pub(crate) fn has_scopes(claims: &Map<String, Value>, needed: &[String]) -> Result<bool, AuthFault> {
    if needed.is_empty() {
        return Ok(true);
    }
    let granted: Vec<&str> = match (claims.get("scope"), claims.get("scp")) {
        (None, None) => Vec::new(),
        (Some(Value::String(text)), _) | (None, Some(Value::String(text))) => text.split(' ').collect(),
        (Some(_), _) => return Err(missing("scope")),
        (None, Some(Value::Array(values))) => {
            let values: Option<Vec<&str>> = values.iter().map(Value::as_str).collect();
            values.ok_or_else(|| missing("scp"))?
        }
        (None, Some(_)) => return Err(missing("scp")),
    };
    Ok(needed.iter().all(|scope| granted.contains(&scope.as_str())))
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

/// What policies read of the tokens that a route accepts; nothing where none of its issuers declares a claim.
pub(crate) fn token(config: &Config, route: &Route) -> Option<TokenShape> {
    let issuers = || route.issuers().filter_map(|name| config.issuer(name));
    let all: Vec<Claims> = issuers().map(|issuer| issuer.claims.clone()).collect();
    let claims = joined(&all);
    let principals = issuers().map(|issuer| issuer.principal.type_name.clone()).collect();
    (!claims.is_empty()).then_some(TokenShape { claims, principals, required: route.needs_token() })
}

/// The attributes that credentials give to principals, by principal type.
pub(crate) fn attributes_by_type(config: &Config) -> BTreeMap<String, Claims> {
    let mut by_type: BTreeMap<&str, Vec<Claims>> = BTreeMap::new();
    for issuer in &config.issuers {
        let named = |(name, _): &(&String, &_)| issuer.principal.attributes.contains(name);
        let own = issuer.claims.iter().filter(named).map(|(name, claim)| (name.clone(), *claim)).collect();
        by_type.entry(&issuer.principal.type_name).or_default().push(own);
    }
    if let Some(iam) = &config.iam {
        by_type.insert(ROLE, vec![iam::role_attributes()]);
        by_type.insert(&iam.user_type, vec![iam::user_attributes()]);
    }
    if config.certificates.is_some() {
        by_type.insert(CERTIFICATE, vec![certificates::attributes()]);
    }
    let joined = by_type.into_iter().map(|(name, all)| (name.to_owned(), joined(&all)));
    joined.filter(|(_, claims)| !claims.is_empty()).collect()
}

/// The claims of all together: one is required only where all of them require it. A checked configuration declares a
/// name with one type.
fn joined(all: &[Claims]) -> Claims {
    let mut joined = Claims::new();
    for (name, claim) in all.iter().flatten() {
        joined.entry(name.clone()).or_insert(*claim);
    }
    for (name, claim) in &mut joined {
        claim.required = all.iter().all(|claims| claims.get(name).is_some_and(|own| own.required));
    }
    joined
}

#[cfg(test)]
mod tests {
    use doorward_model::{Claim, ClaimType};

    use super::*;

    /// `a!` is a required claim.
    fn claims(names: &str) -> Claims {
        let claim = |name: &str| {
            let required = name.ends_with('!');
            (name.trim_end_matches('!').to_owned(), Claim { ty: ClaimType::Text, required })
        };
        names.split_whitespace().map(claim).collect()
    }

    #[track_caller]
    fn check(all: &[&str], expected: &str) {
        let all: Vec<Claims> = all.iter().map(|names| claims(names)).collect();
        assert_eq!(joined(&all), claims(expected));
    }

    #[test]
    fn a_claim_is_required_where_all_require_it() {
        check(&[], "");
        check(&["a! b"], "a! b");
        check(&["a! b! c", "a! b d!"], "a! b c d");
        check(&["a!", ""], "a");
        check(&["", "a!"], "a");
        check(&["a!", "a!", "a!"], "a!");
        check(&["a!", "b", "a!"], "a b");
    }
}
