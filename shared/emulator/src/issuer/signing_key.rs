//! The keys of an issuer.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// A key that signs, with its public half as it is published.
pub(super) struct SigningKey {
    pair: Pair,
    /// Thumbprint of the public key (RFC 7638).
    pub(super) id: String,
    /// JSON Web Key (RFC 7517).
    pub(super) public: Value,
}

enum Pair {
    Es256(EcdsaKeyPair),
    Rs256(RsaKeyPair),
}

/// The cryptographic library could not make a key or a signature.
#[derive(Debug)]
pub(super) struct KeyFailure;

impl SigningKey {
    /// A fresh P-256 key for ES256.
    pub(super) fn es256() -> Result<Self, KeyFailure> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(|_| KeyFailure)?;
        let point = pair.public_key().as_ref();
        // An uncompressed point: 4, then both coordinates (SEC 1, 2.3.3).
        let (x, y) = point.get(1..33).zip(point.get(33..)).ok_or(KeyFailure)?;
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        let id = thumbprint(&format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#));
        let public =
            json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y, "use": "sig", "alg": "ES256", "kid": id });
        Ok(Self { pair: Pair::Es256(pair), id, public })
    }

    /// A fresh RSA key of 2048 bits for RS256.
    pub(super) fn rs256() -> Result<Self, KeyFailure> {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyFailure)?;
        let public = pair.public_key();
        let n = URL_SAFE_NO_PAD.encode(public.modulus().big_endian_without_leading_zero());
        let e = URL_SAFE_NO_PAD.encode(public.exponent().big_endian_without_leading_zero());
        let id = thumbprint(&format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#));
        let public = json!({ "kty": "RSA", "n": n, "e": e, "use": "sig", "alg": "RS256", "kid": id });
        Ok(Self { pair: Pair::Rs256(pair), id, public })
    }

    /// Value of `alg`.
    pub(super) fn algorithm(&self) -> &'static str {
        match self.pair {
            Pair::Es256(_) => "ES256",
            Pair::Rs256(_) => "RS256",
        }
    }

    /// The signature over `message`, in base64url.
    pub(super) fn sign(&self, message: &[u8]) -> Result<String, KeyFailure> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Es256(pair) => {
                let signature = pair.sign(&random, message).map_err(|_| KeyFailure)?;
                Ok(URL_SAFE_NO_PAD.encode(signature.as_ref()))
            }
            Pair::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).map_err(|_| KeyFailure)?;
                Ok(URL_SAFE_NO_PAD.encode(signature))
            }
        }
    }
}

/// `members` are the required ones in the order of their names.
fn thumbprint(members: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, members.as_bytes()))
}
