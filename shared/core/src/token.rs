//! A bearer token, read by our own hand (RFC 7515, 7519, 8725): the library only checks the signature.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward_config::{Algorithm, Issuer, TokenKind};
use doorward_model::{AuthFault, parse_json};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::keys::Key;
use crate::token_claims;

/// The largest token that is looked at, in bytes. API Gateway's own bound for all headers is 10,240.
const MAX_TOKEN: usize = 8 * 1024;

/// The longest `kid` that is looked for, in bytes.
const MAX_KID: usize = 256;

/// A token that was taken apart and proves nothing yet.
#[derive(Debug)]
pub(crate) struct Unverified<'a> {
    signed: &'a str,
    signature: &'a str,
    algorithm: Algorithm,
    is_access_token: bool,
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
        // Only its form: what it is worth, the key tells.
        URL_SAFE_NO_PAD.decode(signature).map_err(|_| AuthFault::NotAToken)?;
        let header = object(header, "header")?;
        // No extension is understood, so none may be critical; `b64` counts only when it is critical (RFC 7797).
        if header.contains_key("crit") || header.contains_key("b64") {
            return Err(AuthFault::Critical);
        }
        let algorithm = header.get("alg").and_then(Value::as_str).and_then(Algorithm::named);
        let is_access_token = is_access_token(header.get("typ"))?;
        // A JWT in a JWT (RFC 7519 section 5.2): the inner one is nothing that was asked for.
        if header.get("cty").and_then(Value::as_str).is_some_and(|cty| cty.eq_ignore_ascii_case("jwt")) {
            return Err(AuthFault::Type);
        }
        Ok(Self {
            signed,
            signature,
            algorithm: algorithm.ok_or(AuthFault::Algorithm)?,
            is_access_token,
            kid: key_id(header.get("kid"))?,
            claims: object(claims, "payload")?,
        })
    }

    /// What it says, which nothing proves yet.
    pub(crate) fn claims(&self) -> &Map<String, Value> {
        &self.claims
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
        if issuer.tokens == TokenKind::AccessToken && !self.is_access_token {
            return Err(AuthFault::Type);
        }
        token_claims::check(&self.claims, issuer, now)?;
        Ok(self.claims)
    }
}

/// Whether `typ` says `at+jwt` (RFC 9068 section 2.1). Anything but that and `JWT` names another kind of token, which proves
/// something else than who calls: `logout+jwt`, `dpop+jwt`, `secevent+jwt` (RFC 8725 section 3.11).
fn is_access_token(typ: Option<&Value>) -> Result<bool, AuthFault> {
    let Some(typ) = typ else { return Ok(false) };
    let full = typ.as_str().ok_or(AuthFault::Type)?.to_ascii_lowercase();
    // RFC 7515 section 4.1.9: a name without a slash stands for `application/` and the name.
    match full.strip_prefix("application/").unwrap_or(&full) {
        // RFC 7515 section 4.1.9: any JWS in this form.
        "jwt" | "jose" => Ok(false),
        "at+jwt" => Ok(true),
        _ => Err(AuthFault::Type),
    }
}

fn key_id(kid: Option<&Value>) -> Result<Option<String>, AuthFault> {
    match kid {
        None => Ok(None),
        Some(Value::String(kid)) if kid.len() <= MAX_KID => Ok(Some(kid.clone())),
        Some(_) => Err(AuthFault::KeyId),
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
