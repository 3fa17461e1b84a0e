//! The verification of a token beside the bare check of its signature by the same library, in one run:
//! `cargo bench -p doorward-core --bench verify`.
//!
//! `door` is all that happens to a token once its issuer's keys are here: its size and form, the rules of its header, the
//! choice of issuer and key, the signature, the claims. `signature` is `jsonwebtoken`'s `crypto::verify` alone.
#![expect(clippy::unwrap_used, reason = "a bench that cannot go on ends")]

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use doorward_config::{Algorithm, Config};
use doorward_core::ports;
use doorward_model::AuthFault;
use doorward_testkit::{SigningKey, numeric_date};
use jiff::Timestamp;
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::Jwk;
use serde_json::{Map, Value, json};

#[path = "../src/fresh.rs"]
#[expect(dead_code, reason = "the key set is here and never fetched")]
mod fresh;

#[path = "../src/keys.rs"]
#[expect(dead_code, reason = "the key set is here and never fetched")]
mod keys;

#[path = "../src/token.rs"]
mod token;

#[path = "../src/token_claims.rs"]
#[expect(dead_code, reason = "the door reads scopes and attributes after a token is verified")]
mod token_claims;

use keys::KeySet;
use token::Unverified;

const CONFIG: &str = r#"
[door]
name = "bench"
table = "bench"

[[issuers]]
name = "main"
issuer = "https://id.example/"
audiences = ["api"]
algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]
claims = { tenant = { type = "String", required = true } }
principal = { type = "User", id = "sub", groups = "groups" }
"#;

/// A door that accepts tokens of one issuer, which has a key of each kind.
struct Bench {
    config: Config,
    keys: Vec<SigningKey>,
    set: KeySet,
    now: Timestamp,
}

impl Bench {
    fn new() -> Self {
        let kinds = [Algorithm::RS256, Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA];
        let keys: Vec<SigningKey> =
            kinds.into_iter().map(|kind| SigningKey::new(kind.word(), kind)).collect();
        let jwks: Vec<Value> = keys.iter().map(SigningKey::jwk).collect();
        let set = KeySet::parse(json!({ "keys": jwks }).to_string().as_bytes()).unwrap();
        let config = doorward_config::parse("doorward.toml", CONFIG).unwrap();
        Self { config, keys, set, now: Timestamp::now() }
    }

    fn key(&self, algorithm: Algorithm) -> &SigningKey {
        let kind = match algorithm {
            Algorithm::ES256 | Algorithm::ES384 | Algorithm::EdDSA => algorithm,
            _ => Algorithm::RS256,
        };
        self.keys.iter().find(|key| key.kid() == kind.word()).unwrap()
    }

    /// A token such as identity providers make.
    fn token(&self, algorithm: Algorithm) -> String {
        let key = self.key(algorithm);
        let header = json!({ "alg": algorithm.word(), "typ": "JWT", "kid": key.kid() });
        let at = numeric_date(self.now);
        let claims = json!({
            "iss": "https://id.example/", "aud": "api", "sub": "1f3870be-274f-4c49-b3e3-1a0c6728957f",
            "groups": ["customers", "buyers"], "scope": "orders:read orders:write", "tenant": "acme",
            "iat": at, "nbf": at, "exp": at + 3600, "jti": "d1457496-1d5c-4f0e-8e2b-6c9d0f4f3a11",
        });
        key.sign(algorithm, header.to_string().as_bytes(), claims.to_string().as_bytes())
    }

    /// The way of a token through the door's `identify`.
    fn door(&self, token: &str) -> Result<Map<String, Value>, AuthFault> {
        let token = Unverified::read(token)?;
        let issuer = token_claims::issuer(self.config.issuers.iter(), token.claims());
        let issuer = issuer.ok_or(AuthFault::Issuer)?;
        if !issuer.algorithms.contains(&token.algorithm()) {
            return Err(AuthFault::Algorithm);
        }
        let key = self.set.find(token.kid(), token.algorithm()).ok_or(AuthFault::UnknownKey)?;
        let claims = token.verify(key, issuer, self.now)?;
        token_claims::declared(issuer, &claims)
    }
}

fn verify(criterion: &mut Criterion) {
    let bench = Bench::new();
    for algorithm in Algorithm::ALL {
        let token = bench.token(algorithm);
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let jwk: Jwk = serde_json::from_value(bench.key(algorithm).jwk()).unwrap();
        let key = DecodingKey::from_jwk(&jwk).unwrap();
        let named = algorithm.word().parse().unwrap();
        let bare = |signed: &str| jsonwebtoken::crypto::verify(signature, signed.as_bytes(), &key, named);
        // What is timed is a verification that tells a good token from one that was altered.
        let altered = format!("{signed}A");
        assert!(bare(signed).unwrap() && !bare(&altered).unwrap());
        assert_eq!(bench.door(&token).unwrap(), Map::from_iter([("tenant".to_owned(), json!("acme"))]));
        assert!(bench.door(&format!("{altered}.{signature}")).is_err());
        let mut group = criterion.benchmark_group(algorithm.word());
        group.warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
        group.bench_function("door", |bencher| bencher.iter(|| black_box(bench.door(black_box(&token)))));
        group.bench_function("signature", |bencher| bencher.iter(|| black_box(bare(black_box(signed)))));
        group.finish();
    }
}

criterion_group!(benches, verify);
criterion_main!(benches);
