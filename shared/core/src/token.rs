//! A bearer token, read by our own hand (RFC 7515, 7519, 8725): the library only checks the signature.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward_config::{Algorithm, Issuer};
use doorward_model::{AuthFault, parse_json};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::keys::Key;

/// The largest token that is looked at, in bytes. API Gateway's own bound for all headers is 10,240.
const MAX_TOKEN: usize = 8 * 1024;

/// A token that was taken apart and proves nothing yet.
#[derive(Debug)]
pub(crate) struct Unverified<'a> {
    signed: &'a str,
    signature: &'a str,
    algorithm: Algorithm,
    kid: Option<String>,
    claims: Map<String, Value>,
}

impl<'a> Unverified<'a> {
    /// Takes `token` apart. What it says of its own key (`jwk`, `jku`, `x5u`, `x5c`) is never looked at.
    pub(crate) fn read(token: &'a str) -> Result<Self, AuthFault> {
        if token.len() > MAX_TOKEN {
            return Err(AuthFault::TooLarge(MAX_TOKEN));
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(AuthFault::NotAToken)?;
        let (header, claims) = signed.split_once('.').ok_or(AuthFault::NotAToken)?;
        if claims.contains('.') || header.is_empty() || claims.is_empty() {
            return Err(AuthFault::NotAToken);
        }
        let header = object(header, "header")?;
        // No extension is understood, so none may be critical; `b64` counts only when it is critical (RFC 7797).
        if header.contains_key("crit") || header.contains_key("b64") {
            return Err(AuthFault::Critical);
        }
        let named = header.get("alg").and_then(Value::as_str).ok_or(AuthFault::Algorithm)?;
        let known = Algorithm::ALL.into_iter().find(|algorithm| algorithm.word() == named);
        let kid = match header.get("kid") {
            None => None,
            Some(Value::String(kid)) => Some(kid.clone()),
            Some(_) => return Err(AuthFault::NotJson("header")),
        };
        Ok(Self {
            signed,
            signature,
            algorithm: known.ok_or(AuthFault::Algorithm)?,
            kid,
            claims: object(claims, "payload")?,
        })
    }

    /// Who says to have issued it.
    pub(crate) fn issuer(&self) -> Option<&str> {
        self.claims.get("iss").and_then(Value::as_str)
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub(crate) fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The claims, once the signature verifies with `key` and they hold for `issuer` at `now`.
    pub(crate) fn verify(
        self,
        key: &Key,
        issuer: &Issuer,
        now: Timestamp,
    ) -> Result<Map<String, Value>, AuthFault> {
        let verified = jsonwebtoken::crypto::verify(
            self.signature,
            self.signed.as_bytes(),
            &key.key,
            library_name(self.algorithm),
        );
        if !matches!(verified, Ok(true)) {
            return Err(AuthFault::Signature);
        }
        check_claims(&self.claims, issuer, now)?;
        Ok(self.claims)
    }
}

fn check_claims(claims: &Map<String, Value>, issuer: &Issuer, now: Timestamp) -> Result<(), AuthFault> {
    if claims.get("iss").and_then(Value::as_str) != Some(&issuer.issuer) {
        return Err(AuthFault::Issuer);
    }
    let accepted =
        |value: &Value| value.as_str().is_some_and(|text| issuer.audiences.iter().any(|a| a == text));
    let audience = match claims.get("aud") {
        Some(Value::Array(values)) => values.iter().all(Value::is_string) && values.iter().any(accepted),
        Some(value) => accepted(value),
        None => false,
    };
    if !audience {
        return Err(AuthFault::Audience);
    }
    let now = now.as_duration().as_secs_f64();
    let leeway = issuer.leeway.as_secs_f64();
    if now >= time(claims, "exp")?.ok_or(AuthFault::Claim("exp".to_owned()))? + leeway {
        return Err(AuthFault::Expired);
    }
    for name in ["nbf", "iat"] {
        if time(claims, name)?.is_some_and(|at| at > now + leeway) {
            return Err(AuthFault::NotYetValid);
        }
    }
    Ok(())
}

/// A NumericDate (RFC 7519 section 2).
fn time(claims: &Map<String, Value>, name: &str) -> Result<Option<f64>, AuthFault> {
    match claims.get(name) {
        None => Ok(None),
        Some(Value::Number(number)) => Ok(number.as_f64().filter(|at| at.is_finite())),
        Some(_) => Err(AuthFault::Claim(name.to_owned())),
    }
}

fn object(part: &str, what: &'static str) -> Result<Map<String, Value>, AuthFault> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| AuthFault::NotAToken)?;
    match parse_json(&bytes, 16) {
        Ok(Value::Object(members)) => Ok(members),
        _ => Err(AuthFault::NotJson(what)),
    }
}

fn library_name(algorithm: Algorithm) -> jsonwebtoken::Algorithm {
    match algorithm {
        Algorithm::RS256 => jsonwebtoken::Algorithm::RS256,
        Algorithm::RS384 => jsonwebtoken::Algorithm::RS384,
        Algorithm::RS512 => jsonwebtoken::Algorithm::RS512,
        Algorithm::PS256 => jsonwebtoken::Algorithm::PS256,
        Algorithm::PS384 => jsonwebtoken::Algorithm::PS384,
        Algorithm::PS512 => jsonwebtoken::Algorithm::PS512,
        Algorithm::ES256 => jsonwebtoken::Algorithm::ES256,
        Algorithm::ES384 => jsonwebtoken::Algorithm::ES384,
        Algorithm::EdDSA => jsonwebtoken::Algorithm::EdDSA,
    }
}
