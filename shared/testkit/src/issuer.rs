use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Value, json};

/// An issuer with one real ES256 key, which signs whatever header and claims a test gives it.
pub struct TestIssuer {
    kid: String,
    key: EcdsaKeyPair,
}

impl TestIssuer {
    /// An issuer with a fresh key named `kid`.
    ///
    /// # Panics
    /// When the machine gives no randomness.
    #[must_use]
    pub fn new(kid: &str) -> Self {
        #[expect(clippy::expect_used, reason = "a test without randomness cannot go on")]
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("randomness");
        Self { kid: kid.to_owned(), key }
    }

    /// Its public key set.
    #[must_use]
    pub fn jwks(&self) -> String {
        json!({ "keys": [self.jwk()] }).to_string()
    }

    /// Its public key.
    #[must_use]
    pub fn jwk(&self) -> Value {
        // An uncompressed point: 0x04, then 32 bytes each of x and y.
        let point = self.key.public_key().as_ref();
        let part = |from: usize| URL_SAFE_NO_PAD.encode(point.get(from..from + 32).unwrap_or_default());
        json!({ "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": self.kid, "x": part(1), "y": part(33) })
    }

    /// A token with the usual header.
    #[must_use]
    pub fn token(&self, claims: &Value) -> String {
        self.sign(&json!({ "alg": "ES256", "typ": "JWT", "kid": self.kid }).to_string(), &claims.to_string())
    }

    /// A token of exactly these texts, honestly signed with ES256 whatever the header says.
    ///
    /// # Panics
    /// When the machine gives no randomness.
    #[must_use]
    pub fn sign(&self, header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        #[expect(clippy::expect_used, reason = "a test without randomness cannot go on")]
        let signature = self.key.sign(&SystemRandom::new(), signed.as_bytes()).expect("randomness");
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// Whole seconds since the epoch, as tokens write times.
#[must_use]
pub fn numeric_date(at: Timestamp) -> i64 {
    at.as_second()
}
