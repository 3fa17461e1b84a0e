//! A small OpenID Connect issuer: a key per issuer, its published key set, and tokens on request.

use std::collections::BTreeMap;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use jiff::Timestamp;
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Map, Value, json};

use crate::EmulatorError;
use crate::options::IssuerSpec;
use crate::token_query;

/// What a token says, beside `iss`, `aud`, `sub`, `iat` and `exp` as the issuer sets them.
#[derive(Debug, Clone)]
pub struct TokenRequest {
    /// `sub`.
    pub subject: String,
    /// Further claims; one of the names above replaces the issuer's own value.
    pub claims: Map<String, Value>,
    /// `aud`; the issuer's audience where `None`.
    pub audience: Option<String>,
    /// `iat`, in whole seconds.
    pub issued_at: Timestamp,
    /// `exp`, in whole seconds.
    pub expires_at: Timestamp,
}

pub(crate) struct Issuer {
    spec: IssuerSpec,
    key: EncodingKey,
    key_id: String,
    key_set: Value,
}

impl Issuer {
    /// A new issuer with a fresh P-256 key.
    pub(crate) fn new(spec: IssuerSpec) -> Result<Self, EmulatorError> {
        let failed = || EmulatorError::Signing(spec.name.clone());
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(|_| failed())?;
        let document = pair.to_pkcs8v1().map_err(|_| failed())?;
        let key = EncodingKey::from_ec_der(document.as_ref());
        let mut public = Jwk::from_encoding_key(&key, Algorithm::ES256).map_err(|_| failed())?;
        let key_id = public.thumbprint(ThumbprintHash::SHA256).map_err(|_| failed())?;
        public.common.key_id = Some(key_id.clone());
        public.common.public_key_use = Some(jsonwebtoken::jwk::PublicKeyUse::Signature);
        let key_set = json!({ "keys": [public] });
        Ok(Self { spec, key, key_id, key_set })
    }

    /// A signed token in the compact form of RFC 7515.
    pub(crate) fn issue(&self, request: TokenRequest) -> Result<String, EmulatorError> {
        let mut claims = Map::new();
        claims.insert("iss".into(), json!(self.spec.issuer));
        claims.insert("sub".into(), json!(request.subject));
        claims.insert("aud".into(), json!(request.audience.unwrap_or_else(|| self.spec.audience.clone())));
        claims.insert("iat".into(), json!(request.issued_at.as_second()));
        claims.insert("exp".into(), json!(request.expires_at.as_second()));
        claims.extend(request.claims);
        let header = json!({ "alg": "ES256", "typ": "JWT", "kid": self.key_id });
        self.sign_raw(&header.to_string(), &Value::Object(claims).to_string())
    }

    /// The issuer's ES256 signature over any header and any claims, however wrong they are.
    pub(crate) fn sign_raw(&self, header: &str, claims: &str) -> Result<String, EmulatorError> {
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &self.key, Algorithm::ES256)
            .map_err(|_| EmulatorError::Signing(self.spec.name.clone()))?;
        Ok(format!("{message}.{signature}"))
    }
}

/// All issuers of an emulator, by name.
pub(crate) struct Issuers {
    by_name: BTreeMap<String, Issuer>,
    origin: String,
}

impl Issuers {
    /// `origin` is the scheme and authority under which [`router`] is reached.
    pub(crate) fn new(specs: Vec<IssuerSpec>, origin: String) -> Result<Self, EmulatorError> {
        let named = |spec: IssuerSpec| Ok((spec.name.clone(), Issuer::new(spec)?));
        let by_name = specs.into_iter().map(named).collect::<Result<_, EmulatorError>>()?;
        Ok(Self { by_name, origin })
    }

    pub(crate) fn get(&self, name: &str) -> Result<&Issuer, EmulatorError> {
        self.by_name.get(name).ok_or_else(|| EmulatorError::UnknownIssuer(name.to_owned()))
    }

    pub(crate) fn jwks_url(&self, name: &str) -> Result<String, EmulatorError> {
        self.get(name).map(|_| format!("{}/{name}/.well-known/jwks.json", self.origin))
    }

    pub(crate) fn token_url(&self, name: &str) -> Result<String, EmulatorError> {
        self.get(name).map(|_| format!("{}/{name}/token", self.origin))
    }

    /// The URL of every issuer's key set, by the variable in which functions find it.
    pub(crate) fn environment(&self) -> Vec<(String, String)> {
        let variable = |(name, issuer): (&String, &Issuer)| {
            self.jwks_url(name).ok().map(|url| (issuer.spec.variable.clone(), url))
        };
        self.by_name.iter().filter_map(variable).collect()
    }

    /// OpenID Connect Discovery 1.0 metadata, without the endpoints of interactive log-in, which is not served.
    fn discovery(&self, name: &str) -> Result<Value, EmulatorError> {
        Ok(json!({
            "issuer": self.get(name)?.spec.issuer,
            "jwks_uri": self.jwks_url(name)?,
            "id_token_signing_alg_values_supported": ["ES256"],
            "subject_types_supported": ["public"],
        }))
    }
}

/// Serves `/<name>/.well-known/jwks.json` and `/<name>/.well-known/openid-configuration`, and tokens for whoever
/// develops on this machine at `/<name>/token?sub=alice&groups=customers,buyers&claims={"tenant":"acme"}`.
pub(crate) fn router(issuers: std::sync::Arc<Issuers>) -> axum::Router {
    axum::Router::new()
        .route("/{name}/.well-known/jwks.json", get(key_set))
        .route("/{name}/.well-known/openid-configuration", get(discovery))
        .route("/{name}/token", get(token))
        .with_state(issuers)
}

async fn key_set(State(issuers): State<std::sync::Arc<Issuers>>, Path(name): Path<String>) -> Response {
    document(issuers.get(&name).map(|issuer| issuer.key_set.clone()))
}

async fn discovery(State(issuers): State<std::sync::Arc<Issuers>>, Path(name): Path<String>) -> Response {
    document(issuers.discovery(&name))
}

/// A token that is good for an hour, as text.
async fn token(
    State(issuers): State<std::sync::Arc<Issuers>>,
    Path(name): Path<String>,
    Query(query): Query<Vec<(String, String)>>,
) -> Response {
    let not_found = |error: EmulatorError| (StatusCode::NOT_FOUND, error.to_string()).into_response();
    let issuer = match issuers.get(&name) {
        Ok(issuer) => issuer,
        Err(error) => return not_found(error),
    };
    let request = match token_query::read(query, issuer.spec.groups.as_deref(), Timestamp::now()) {
        Ok(request) => request,
        Err(error) => return (StatusCode::BAD_REQUEST, format!("{error}\n")).into_response(),
    };
    issuer.issue(request).map_or_else(not_found, IntoResponse::into_response)
}

fn document(found: Result<Value, EmulatorError>) -> Response {
    match found {
        Ok(document) => Json(document).into_response(),
        Err(error) => (StatusCode::NOT_FOUND, error.to_string()).into_response(),
    }
}
