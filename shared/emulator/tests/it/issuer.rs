//! Tokens and the key sets that verify them.

use doorward_emulator::{
    Emulator, EmulatorError, IssuerSpec, Options, SigningAlgorithm, TokenRequest, TokenShape,
};
use http::Method;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, TokenData, Validation};
use serde_json::{Map, Value, json};

use crate::client::{get, send};
use crate::probe::options;

const ISSUER: &str = "https://id.example.com/";

fn spec(name: &str) -> IssuerSpec {
    IssuerSpec {
        name: name.to_owned(),
        variable: format!("KEYS_OF_{}", name.to_uppercase()),
        issuer: ISSUER.to_owned(),
        audience: "shop-api".to_owned(),
        groups: (name == "main").then(|| "roles".to_owned()),
        tokens: match name {
            "pool" => TokenShape::Cognito,
            "machines" => TokenShape::AccessToken,
            _ => TokenShape::Standard,
        },
        algorithm: if name == "pool" { SigningAlgorithm::Rs256 } else { SigningAlgorithm::Es256 },
    }
}

async fn start() -> Emulator {
    let issuers = ["main", "other-one", "pool", "machines"].map(spec).to_vec();
    let options = Options { issuers, ..options(Vec::new()) };
    Emulator::start(options).await.unwrap()
}

fn request(audience: Option<&str>) -> TokenRequest {
    TokenRequest {
        subject: "ada".to_owned(),
        claims: Map::from_iter([("groups".to_owned(), json!(["admins"]))]),
        audience: audience.map(str::to_owned),
        issued_at: "2026-11-24T00:00:00Z".parse().unwrap(),
        expires_at: "2026-11-25T00:00:00Z".parse().unwrap(),
    }
}

async fn verify(
    emulator: &Emulator,
    issuer: &str,
    token: &str,
) -> jsonwebtoken::errors::Result<TokenData<Value>> {
    let keys = get(&emulator.jwks_url(issuer).unwrap(), &[]).await.json();
    let keys: JwkSet = serde_json::from_value(keys).unwrap();
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_audience(&["shop-api"]);
    validation.set_issuer(&[ISSUER]);
    validation.validate_exp = false;
    jsonwebtoken::decode(token, &DecodingKey::from_jwk(&keys.keys[0]).unwrap(), &validation)
}

#[tokio::test]
async fn a_token_is_verified_by_its_issuers_key_set_only() {
    let emulator = start().await;
    let token = emulator.issue_token("main", request(None)).unwrap();
    let verified = verify(&emulator, "main", &token).await.unwrap();
    assert_eq!(
        verified.claims,
        json!({
            "iss": ISSUER, "aud": "shop-api", "sub": "ada", "groups": ["admins"],
            "iat": 1_795_478_400, "exp": 1_795_564_800,
        })
    );
    let keys = get(&emulator.jwks_url("main").unwrap(), &[]).await.json();
    assert_eq!(verified.header.kid.as_deref(), keys["keys"][0]["kid"].as_str());
    assert!(verify(&emulator, "other-one", &token).await.is_err());
    emulator.shutdown().await;
}

#[tokio::test]
async fn tokens_can_be_wrong_on_purpose() {
    let emulator = start().await;
    let elsewhere = emulator.issue_token("main", request(Some("elsewhere"))).unwrap();
    assert!(verify(&emulator, "main", &elsewhere).await.is_err());
    let claims = json!({ "iss": ISSUER, "aud": "shop-api", "exp": 1, "groups": 7 }).to_string();
    let odd = emulator.sign_raw("main", r#"{"alg":"ES256","crit":["x"]}"#, &claims).unwrap();
    assert_eq!(verify(&emulator, "main", &odd).await.unwrap().claims["groups"], 7);
    let unsigned = emulator.sign_raw("main", r#"{"alg":"none"}"#, &claims).unwrap();
    assert!(verify(&emulator, "main", &unsigned).await.is_err());
    assert!(matches!(emulator.issue_token("none", request(None)), Err(EmulatorError::UnknownIssuer(_))));
    emulator.shutdown().await;
}

#[tokio::test]
async fn discovery_leads_to_the_key_set() {
    let emulator = start().await;
    let jwks_url = emulator.jwks_url("main").unwrap();
    let url = jwks_url.replace("jwks.json", "openid-configuration");
    let document = get(&url, &[]).await.json();
    assert_eq!(document["issuer"], ISSUER);
    assert_eq!(document["jwks_uri"], jwks_url);
    assert_eq!(get(&url.replace("/main/", "/none/"), &[]).await.status, 404);
    emulator.shutdown().await;
}

#[tokio::test]
async fn the_token_endpoint_gives_what_is_asked_and_refuses_what_it_does_not_know() {
    let emulator = start().await;
    let ask = async |issuer: &str, query: &str| {
        get(&format!("{}?{query}", emulator.token_url(issuer).unwrap()), &[]).await
    };
    let token = ask("main", "sub=ada&groups=admins&claims=%7B%22tenant%22%3A%22acme%22%7D").await;
    assert_eq!(token.status, 200);
    let claims = verify(&emulator, "main", std::str::from_utf8(&token.body).unwrap()).await.unwrap().claims;
    assert_eq!((&claims["sub"], &claims["tenant"]), (&json!("ada"), &json!("acme")));
    assert_eq!((&claims["roles"], &claims["groups"]), (&json!(["admins"]), &json!(null)));
    for (issuer, query, word) in [
        ("main", "sub=ada&tenant=acme", "`tenant`"),
        ("main", "sub=ada&claims=acme", "`claims`"),
        ("main", "groups=admins", "`sub`"),
        ("other-one", "sub=ada&groups=admins", "`groups`"),
    ] {
        let refused = ask(issuer, query).await;
        assert_eq!(refused.status, 400, "{query}");
        assert!(String::from_utf8_lossy(&refused.body).contains(word), "{query}");
    }
    emulator.shutdown().await;
}

/// The ids of an issuer's published keys.
async fn key_ids(emulator: &Emulator, issuer: &str) -> Vec<String> {
    let keys = get(&emulator.jwks_url(issuer).unwrap(), &[]).await.json();
    let id = |key: &Value| key["kid"].as_str().unwrap().to_owned();
    keys["keys"].as_array().unwrap().iter().map(id).collect()
}

fn signed_with(token: &str) -> String {
    jsonwebtoken::decode_header(token).unwrap().kid.unwrap()
}

#[tokio::test]
async fn a_rotated_key_stays_in_the_set_until_it_is_retired() {
    let emulator = start().await;
    let before = signed_with(&emulator.issue_token("main", request(None)).unwrap());
    let command = |verb: &str| emulator.token_url("main").unwrap().replace("/token", verb);
    let rotated = send(Method::POST, &command("/rotate"), &[], "").await.json();
    let after = signed_with(&emulator.issue_token("main", request(None)).unwrap());
    assert_eq!(rotated, json!({ "kid": after }));
    assert_ne!(before, after);
    assert_eq!(key_ids(&emulator, "main").await, [after.clone(), before.clone()]);
    assert_eq!(key_ids(&emulator, "other-one").await.len(), 1);

    let retired = send(Method::POST, &command("/retire"), &[], "").await.json();
    assert_eq!(retired, json!({ "retired": [before] }));
    assert_eq!(key_ids(&emulator, "main").await, std::slice::from_ref(&after));
    assert_eq!(get(&command("/rotate"), &[]).await.status, 405);

    let latest = emulator.rotate_key("main").unwrap();
    assert_eq!(key_ids(&emulator, "main").await, [latest.clone(), after.clone()]);
    assert_eq!(emulator.retire_keys("main").unwrap(), [after]);
    assert_eq!(key_ids(&emulator, "main").await, [latest]);
    emulator.shutdown().await;
}

#[tokio::test]
async fn a_user_pools_token_has_the_shape_of_cognito() {
    let emulator = start().await;
    let url = format!("{}?sub=ada&groups=admins", emulator.token_url("pool").unwrap());
    let token = get(&url, &[]).await;
    let keys = get(&emulator.jwks_url("pool").unwrap(), &[]).await.json();
    let keys: JwkSet = serde_json::from_value(keys).unwrap();
    let mut validation = Validation::new(Algorithm::RS256);
    validation.validate_aud = false;
    let key = DecodingKey::from_jwk(&keys.keys[0]).unwrap();
    let TokenData { header, claims } =
        jsonwebtoken::decode::<Value>(token.text(), &key, &validation).unwrap();
    assert_eq!((header.alg, header.kid), (Algorithm::RS256, keys.keys[0].common.key_id.clone()));
    assert_eq!(claims.get("aud"), None);
    for (name, value) in [
        ("client_id", json!("shop-api")),
        ("token_use", json!("access")),
        ("cognito:groups", json!(["admins"])),
        ("scope", json!("openid")),
        ("username", json!("ada")),
        ("iss", json!(ISSUER)),
    ] {
        assert_eq!(claims[name], value, "{name}");
    }
    emulator.shutdown().await;
}

#[tokio::test]
async fn an_access_token_says_what_rfc_9068_requires() {
    let emulator = start().await;
    let issue = |claims: Value| {
        let claims = claims.as_object().unwrap().clone();
        emulator.issue_token("machines", TokenRequest { claims, ..request(None) }).unwrap()
    };
    let token = verify(&emulator, "machines", &issue(json!({}))).await.unwrap();
    assert_eq!(token.header.typ.as_deref(), Some("at+jwt"));
    for name in ["iss", "exp", "aud", "sub", "client_id", "iat", "jti"] {
        assert!(!token.claims[name].is_null(), "{name}: {}", token.claims);
    }
    let another = verify(&emulator, "machines", &issue(json!({ "client_id": "app" }))).await.unwrap();
    assert_eq!((&token.claims["client_id"], &another.claims["client_id"]), (&json!("ada"), &json!("app")));
    assert_ne!(token.claims["jti"], another.claims["jti"]);
    let usual = emulator.issue_token("main", request(None)).unwrap();
    let usual = verify(&emulator, "main", &usual).await.unwrap();
    assert_eq!((usual.header.typ.as_deref(), usual.claims.get("jti")), (Some("JWT"), None));
    emulator.shutdown().await;
}

#[tokio::test]
async fn an_issuer_signs_with_the_algorithm_that_it_is_set_to() {
    use SigningAlgorithm as Set;
    let algorithms = [
        (Set::Es256, Algorithm::ES256),
        (Set::Es384, Algorithm::ES384),
        (Set::EdDsa, Algorithm::EdDSA),
        (Set::Rs256, Algorithm::RS256),
        (Set::Rs384, Algorithm::RS384),
        (Set::Rs512, Algorithm::RS512),
        (Set::Ps256, Algorithm::PS256),
        (Set::Ps384, Algorithm::PS384),
        (Set::Ps512, Algorithm::PS512),
    ];
    let issuers = algorithms.map(|(algorithm, _)| IssuerSpec { algorithm, ..spec(algorithm.word()) });
    let options = Options { issuers: issuers.to_vec(), ..options(Vec::new()) };
    let emulator = Emulator::start(options).await.unwrap();
    for (set, algorithm) in algorithms {
        let word = set.word();
        let keys = get(&emulator.jwks_url(word).unwrap(), &[]).await.json();
        let keys: JwkSet = serde_json::from_value(keys).unwrap();
        let key = DecodingKey::from_jwk(&keys.keys[0]).unwrap();
        let mut validation = Validation::new(algorithm);
        validation.set_audience(&["shop-api"]);
        validation.validate_exp = false;
        let token = emulator.issue_token(word, request(None)).unwrap();
        let verified = jsonwebtoken::decode::<Value>(&token, &key, &validation).unwrap();
        assert_eq!(verified.claims["sub"], "ada", "{word}");
        // As others who check it reckon the id of the key, too (RFC 7638).
        let thumbprint = keys.keys[0].thumbprint(jsonwebtoken::jwk::ThumbprintHash::SHA256).unwrap();
        assert_eq!(verified.header.kid, Some(thumbprint), "{word}");
        let url = emulator.jwks_url(word).unwrap().replace("jwks.json", "openid-configuration");
        let document = get(&url, &[]).await.json();
        assert_eq!(document["id_token_signing_alg_values_supported"], json!([word]));
    }
    emulator.shutdown().await;
}
