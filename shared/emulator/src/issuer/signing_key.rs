//! The keys of an issuer.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256,
    RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::options::SigningAlgorithm;

/// A key that signs, with its public half as it is published.
pub(super) struct SigningKey {
    algorithm: SigningAlgorithm,
    pair: Pair,
    /// Thumbprint of the public key (RFC 7638).
    pub(super) id: String,
    /// JSON Web Key (RFC 7517).
    pub(super) public: Value,
}

enum Pair {
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
}

/// The cryptographic library could not make a key or a signature.
#[derive(Debug)]
pub(super) struct KeyFailure;

impl From<Unspecified> for KeyFailure {
    fn from(_: Unspecified) -> Self {
        Self
    }
}

impl SigningKey {
    /// A fresh key for `algorithm`; one of RSA has 2048 bits.
    pub(super) fn fresh(algorithm: SigningAlgorithm) -> Result<Self, KeyFailure> {
        let (pair, required) = match algorithm {
            SigningAlgorithm::Es256 => ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING, "P-256")?,
            SigningAlgorithm::Es384 => ecdsa(&ECDSA_P384_SHA384_FIXED_SIGNING, "P-384")?,
            SigningAlgorithm::EdDsa => ed25519()?,
            SigningAlgorithm::Rs256 => rsa(&RSA_PKCS1_SHA256)?,
            SigningAlgorithm::Rs384 => rsa(&RSA_PKCS1_SHA384)?,
            SigningAlgorithm::Rs512 => rsa(&RSA_PKCS1_SHA512)?,
            SigningAlgorithm::Ps256 => rsa(&RSA_PSS_SHA256)?,
            SigningAlgorithm::Ps384 => rsa(&RSA_PSS_SHA384)?,
            SigningAlgorithm::Ps512 => rsa(&RSA_PSS_SHA512)?,
        };
        let id = thumbprint(&required);
        let told = [("use", "sig"), ("alg", algorithm.word()), ("kid", &id)];
        let public = required.into_iter().chain(told.map(|(name, value)| (name, value.to_owned())));
        let public = public.map(|(name, value)| (name.to_owned(), Value::String(value))).collect();
        Ok(Self { algorithm, pair, id, public: Value::Object(public) })
    }

    /// Value of `alg`.
    pub(super) fn algorithm(&self) -> &'static str {
        self.algorithm.word()
    }

    /// The signature over `message`, in base64url.
    pub(super) fn sign(&self, message: &[u8]) -> Result<String, KeyFailure> {
        let random = SystemRandom::new();
        Ok(match &self.pair {
            Pair::Ecdsa(pair) => URL_SAFE_NO_PAD.encode(pair.sign(&random, message)?),
            Pair::Ed25519(pair) => URL_SAFE_NO_PAD.encode(pair.sign(message)),
            Pair::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &random, message, &mut signature)?;
                URL_SAFE_NO_PAD.encode(signature)
            }
        })
    }
}

/// What a JSON Web Key must have, in the order of the names (RFC 7518 section 6, RFC 8037 section 2).
type Required = BTreeMap<&'static str, String>;

/// A pair, and what its public half is made of.
type Made = Result<(Pair, Required), KeyFailure>;

fn ecdsa(algorithm: &'static EcdsaSigningAlgorithm, curve: &str) -> Made {
    let pair = EcdsaKeyPair::generate(algorithm)?;
    // An uncompressed point: 4, then both coordinates (SEC 1, 2.3.3).
    let coordinates = pair.public_key().as_ref().get(1..).ok_or(KeyFailure)?;
    let (x, y) = coordinates.split_at(coordinates.len() / 2);
    let required = [
        ("kty", "EC".to_owned()),
        ("crv", curve.to_owned()),
        ("x", URL_SAFE_NO_PAD.encode(x)),
        ("y", URL_SAFE_NO_PAD.encode(y)),
    ];
    Ok((Pair::Ecdsa(pair), required.into()))
}

fn ed25519() -> Made {
    let pair = Ed25519KeyPair::generate()?;
    let x = URL_SAFE_NO_PAD.encode(pair.public_key());
    let required = [("kty", "OKP".to_owned()), ("crv", "Ed25519".to_owned()), ("x", x)];
    Ok((Pair::Ed25519(pair), required.into()))
}

fn rsa(encoding: &'static dyn RsaEncoding) -> Made {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048)?;
    let public = pair.public_key();
    let n = URL_SAFE_NO_PAD.encode(public.modulus().big_endian_without_leading_zero());
    let e = URL_SAFE_NO_PAD.encode(public.exponent().big_endian_without_leading_zero());
    Ok((Pair::Rsa(pair, encoding), [("kty", "RSA".to_owned()), ("n", n), ("e", e)].into()))
}

fn thumbprint(required: &Required) -> String {
    let text = json!(required).to_string();
    URL_SAFE_NO_PAD.encode(digest(&SHA256, text.as_bytes()))
}
