//! A small OpenID Connect issuer: a key per issuer, its published key set, and tokens on request.

mod signing_key;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use self::signing_key::SigningKey;
use crate::EmulatorError;
use crate::options::{IssuerSpec, TokenShape};
use crate::token_query;

/// What a token says, beside `iss`, `aud`, `sub`, `iat`, `exp` and whatever else its issuer sets.
#[derive(Debug, Clone)]
pub struct TokenRequest {
    /// `sub`.
    pub subject: String,
    /// Further claims; one of the names above replaces the issuer's own value.
    pub claims: Map<String, Value>,
    /// `aud`, or `client_id` of a Cognito token; the issuer's audience where `None`.
    pub audience: Option<String>,
    /// `iat`, in whole seconds.
    pub issued_at: Timestamp,
    /// `exp`, in whole seconds.
    pub expires_at: Timestamp,
}

pub(crate) struct Issuer {
    spec: IssuerSpec,
    keys: Mutex<Keys>,
}

/// The key that signs, and those before it whose tokens are still good.
struct Keys {
    current: SigningKey,
    retiring: Vec<SigningKey>,
}

impl Issuer {
    /// A new issuer with a fresh key.
    pub(crate) fn new(spec: IssuerSpec) -> Result<Self, EmulatorError> {
        let current = fresh_key(&spec)?;
        Ok(Self { spec, keys: Mutex::new(Keys { current, retiring: Vec::new() }) })
    }

    /// A signed token in the compact form of RFC 7515.
    pub(crate) fn issue(&self, request: TokenRequest) -> Result<String, EmulatorError> {
        let keys = self.keys();
        let header = json!({ "alg": keys.current.algorithm(), "typ": self.spec.tokens.media_type(), "kid": keys.current.id });
        let claims = match self.spec.tokens {
            TokenShape::Standard => standard_claims(&self.spec, request),
            TokenShape::AccessToken => access_token_claims(&self.spec, request),
            TokenShape::Cognito => cognito_claims(&self.spec, request),
        };
        self.sign(&keys.current, &header.to_string(), &Value::Object(claims).to_string())
    }

    /// The issuer's signature over any header and any claims, however wrong they are.
    pub(crate) fn sign_raw(&self, header: &str, claims: &str) -> Result<String, EmulatorError> {
        self.sign(&self.keys().current, header, claims)
    }

    /// A new key signs from now on; the one before stays in the key set. The new key's id.
    pub(crate) fn rotate(&self) -> Result<String, EmulatorError> {
        let fresh = fresh_key(&self.spec)?;
        let id = fresh.id.clone();
        let mut keys = self.keys();
        let before = std::mem::replace(&mut keys.current, fresh);
        keys.retiring.push(before);
        Ok(id)
    }

    /// Takes all keys but the one that signs out of the key set. Their ids.
    pub(crate) fn retire(&self) -> Vec<String> {
        self.keys().retiring.drain(..).map(|key| key.id).collect()
    }

    /// The claim that lists groups.
    fn groups_claim(&self) -> Option<&str> {
        match self.spec.tokens {
            TokenShape::Standard | TokenShape::AccessToken => self.spec.groups.as_deref(),
            TokenShape::Cognito => Some("cognito:groups"),
        }
    }

    fn key_set(&self) -> Value {
        let keys = self.keys();
        let public: Vec<&Value> =
            std::iter::once(&keys.current).chain(&keys.retiring).map(|key| &key.public).collect();
        json!({ "keys": public })
    }

    fn keys(&self) -> MutexGuard<'_, Keys> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sign(&self, key: &SigningKey, header: &str, claims: &str) -> Result<String, EmulatorError> {
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signed = key.sign(message.as_bytes());
        let signature = signed.map_err(|_| EmulatorError::Signing(self.spec.name.clone()))?;
        Ok(format!("{message}.{signature}"))
    }
}

fn fresh_key(spec: &IssuerSpec) -> Result<SigningKey, EmulatorError> {
    SigningKey::fresh(spec.algorithm).map_err(|_| EmulatorError::Signing(spec.name.clone()))
}

fn standard_claims(spec: &IssuerSpec, request: TokenRequest) -> Map<String, Value> {
    let mut claims = Map::new();
    claims.insert("iss".into(), json!(spec.issuer));
    claims.insert("sub".into(), json!(request.subject));
    claims.insert("aud".into(), json!(request.audience.unwrap_or_else(|| spec.audience.clone())));
    claims.insert("iat".into(), json!(request.issued_at.as_second()));
    claims.insert("exp".into(), json!(request.expires_at.as_second()));
    claims.extend(request.claims);
    claims
}

impl TokenShape {
    /// What `typ` says, without `application/`.
    fn media_type(self) -> &'static str {
        match self {
            Self::Standard | Self::Cognito => "JWT",
            Self::AccessToken => "at+jwt",
        }
    }
}

/// What RFC 9068 (section 2.2) requires beside; the client is called as its subject where no claim says otherwise.
fn access_token_claims(spec: &IssuerSpec, mut request: TokenRequest) -> Map<String, Value> {
    let client = json!(request.subject);
    request.claims.entry("client_id").or_insert(client);
    request.claims.entry("jti").or_insert_with(|| json!(Uuid::new_v4().to_string()));
    standard_claims(spec, request)
}

/// What a user pool's access token says.
/// <https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html>
fn cognito_claims(spec: &IssuerSpec, request: TokenRequest) -> Map<String, Value> {
    let mut claims = Map::new();
    claims.insert("sub".into(), json!(request.subject));
    claims.insert("iss".into(), json!(spec.issuer));
    claims.insert("version".into(), json!(2));
    claims.insert("client_id".into(), json!(request.audience.unwrap_or_else(|| spec.audience.clone())));
    claims.insert("token_use".into(), json!("access"));
    claims.insert("scope".into(), json!("openid"));
    claims.insert("auth_time".into(), json!(request.issued_at.as_second()));
    claims.insert("iat".into(), json!(request.issued_at.as_second()));
    claims.insert("exp".into(), json!(request.expires_at.as_second()));
    claims.insert("jti".into(), json!(Uuid::new_v4().to_string()));
    claims.insert("username".into(), json!(request.subject));
    claims.extend(request.claims);
    claims
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
            "id_token_signing_alg_values_supported": [self.get(name)?.keys().current.algorithm()],
            "subject_types_supported": ["public"],
        }))
    }
}

/// Serves `/<name>/.well-known/jwks.json` and `/<name>/.well-known/openid-configuration`, and tokens for whoever
/// develops on this machine at `/<name>/token?sub=alice&groups=customers,buyers&claims={"tenant":"acme"}`. A key is
/// rotated by `POST /<name>/rotate`, which lets the one before it stay in the set until `POST /<name>/retire`.
pub(crate) fn router(issuers: Arc<Issuers>) -> axum::Router {
    axum::Router::new()
        .route("/{name}/.well-known/jwks.json", get(key_set))
        .route("/{name}/.well-known/openid-configuration", get(discovery))
        .route("/{name}/token", get(token))
        .route("/{name}/rotate", post(rotate))
        .route("/{name}/retire", post(retire))
        .with_state(issuers)
}

async fn key_set(State(issuers): State<Arc<Issuers>>, Path(name): Path<String>) -> Response {
    document(issuers.get(&name).map(Issuer::key_set))
}

async fn discovery(State(issuers): State<Arc<Issuers>>, Path(name): Path<String>) -> Response {
    document(issuers.discovery(&name))
}

async fn rotate(State(issuers): State<Arc<Issuers>>, Path(name): Path<String>) -> Response {
    document(issuers.get(&name).and_then(Issuer::rotate).map(|key| json!({ "kid": key })))
}

async fn retire(State(issuers): State<Arc<Issuers>>, Path(name): Path<String>) -> Response {
    document(issuers.get(&name).map(|issuer| json!({ "retired": issuer.retire() })))
}

/// A token that is good for an hour, as text.
async fn token(
    State(issuers): State<Arc<Issuers>>,
    Path(name): Path<String>,
    Query(query): Query<Vec<(String, String)>>,
) -> Response {
    let not_found = |error: EmulatorError| (StatusCode::NOT_FOUND, error.to_string()).into_response();
    let issuer = match issuers.get(&name) {
        Ok(issuer) => issuer,
        Err(error) => return not_found(error),
    };
    let request = match token_query::read(query, issuer.groups_claim(), Timestamp::now()) {
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
