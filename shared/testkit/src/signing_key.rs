use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512,
    RsaEncoding, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward_config::Algorithm;
use serde_json::{Value, json};

/// A real key of any algorithm, made anew for each test, which signs whatever a test gives it.
pub struct SigningKey {
    kid: String,
    pair: Pair,
}

enum Pair {
    Rsa(Box<RsaKeyPair>),
    P256(EcdsaKeyPair),
    P384(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl SigningKey {
    /// A fresh key named `kid` of the kind that `algorithm` takes; RSA keys have 2048 bits.
    ///
    /// # Panics
    /// When the machine gives no randomness.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test without randomness cannot go on")]
    pub fn new(kid: &str, algorithm: Algorithm) -> Self {
        let ec = |kind| EcdsaKeyPair::generate(kind).expect("randomness");
        let pair = match algorithm {
            Algorithm::ES256 => Pair::P256(ec(&ECDSA_P256_SHA256_FIXED_SIGNING)),
            Algorithm::ES384 => Pair::P384(ec(&ECDSA_P384_SHA384_FIXED_SIGNING)),
            Algorithm::EdDSA => Pair::Ed25519(Ed25519KeyPair::generate().expect("randomness")),
            _ => Pair::Rsa(Box::new(RsaKeyPair::generate(KeySize::Rsa2048).expect("randomness"))),
        };
        Self { kid: kid.to_owned(), pair }
    }

    /// Its name.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Its public key as a JWK (RFC 7517) for any algorithm that it fits.
    #[must_use]
    pub fn jwk(&self) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        // An uncompressed point: 0x04, then x and y of one length.
        let point = |pair: &EcdsaKeyPair, curve: &str| {
            let point = pair.public_key().as_ref().get(1..).unwrap_or_default();
            let (x, y) = point.split_at(point.len() / 2);
            json!({ "kty": "EC", "crv": curve, "x": text(x), "y": text(y) })
        };
        let mut jwk = match &self.pair {
            Pair::Rsa(pair) => {
                // DER (RFC 8017 appendix A.1.1) ends with the modulus, and the exponent 65537 in five bytes.
                let der = pair.public_key().as_ref();
                let (rest, e) = der.split_at(der.len().saturating_sub(3));
                let n = rest.len().checked_sub(2 + pair.public_modulus_len()).and_then(|at| rest.get(at..));
                let n = n.and_then(|n| n.get(..pair.public_modulus_len())).unwrap_or_default();
                json!({ "kty": "RSA", "n": text(n), "e": text(e) })
            }
            Pair::P256(pair) => point(pair, "P-256"),
            Pair::P384(pair) => point(pair, "P-384"),
            Pair::Ed25519(pair) => {
                json!({ "kty": "OKP", "crv": "Ed25519", "x": text(pair.public_key().as_ref()) })
            }
        };
        if let Value::Object(members) = &mut jwk {
            members.insert("kid".to_owned(), json!(self.kid));
            members.insert("use".to_owned(), json!("sig"));
        }
        jwk
    }

    /// The bytes of its public key, which are nobody's secret.
    #[must_use]
    pub fn public_bytes(&self) -> &[u8] {
        match &self.pair {
            Pair::Rsa(pair) => pair.public_key().as_ref(),
            Pair::P256(pair) | Pair::P384(pair) => pair.public_key().as_ref(),
            Pair::Ed25519(pair) => pair.public_key().as_ref(),
        }
    }

    /// The signature over `message`: with the hash and the padding of `algorithm` where it is an RSA one, else as the key
    /// signs, whatever `algorithm` is.
    ///
    /// # Panics
    /// When the machine gives no randomness.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test without randomness cannot go on")]
    pub fn signature(&self, algorithm: Algorithm, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let encoding: &'static dyn RsaEncoding = match algorithm {
                    Algorithm::RS384 => &RSA_PKCS1_SHA384,
                    Algorithm::RS512 => &RSA_PKCS1_SHA512,
                    Algorithm::PS256 => &RSA_PSS_SHA256,
                    Algorithm::PS384 => &RSA_PSS_SHA384,
                    Algorithm::PS512 => &RSA_PSS_SHA512,
                    _ => &RSA_PKCS1_SHA256,
                };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(encoding, &random, message, &mut signature).expect("randomness");
                signature
            }
            Pair::P256(pair) | Pair::P384(pair) => {
                pair.sign(&random, message).expect("randomness").as_ref().to_vec()
            }
            Pair::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }

    /// A token of exactly these texts, honestly signed as `algorithm` has it, whatever the header says.
    #[must_use]
    pub fn sign(&self, algorithm: Algorithm, header: &[u8], claims: &[u8]) -> String {
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = self.signature(algorithm, signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// A token of these texts with a checksum under `secret` (HMAC of `bits`: 256, 384 or 512), as who knows only public keys
/// can make it.
#[must_use]
pub fn hmac_token(bits: usize, secret: &[u8], header: &str, claims: &str) -> String {
    let kind = match bits {
        256 => hmac::HMAC_SHA256,
        384 => hmac::HMAC_SHA384,
        _ => hmac::HMAC_SHA512,
    };
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let tag = hmac::sign(&hmac::Key::new(kind, secret), signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
}
