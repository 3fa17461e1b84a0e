use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A `webhook-signature` of Standard Webhooks, by the key behind `whsec_`.
#[must_use]
pub fn standard_signature(key: &[u8], id: &str, time: i64, body: &str) -> String {
    format!("v1,{}", STANDARD.encode(hmac_sha256(key, &format!("{id}.{time}.{body}"))))
}

/// A `Stripe-Signature`.
#[must_use]
pub fn stripe_signature(secret: &[u8], time: i64, body: &str) -> String {
    format!("t={time},v1={}", hexadecimal(&hmac_sha256(secret, &format!("{time}.{body}"))))
}

/// An `X-Hub-Signature-256` of GitHub.
#[must_use]
pub fn github_signature(secret: &[u8], body: &str) -> String {
    format!("sha256={}", hexadecimal(&hmac_sha256(secret, body)))
}

fn hmac_sha256(key: &[u8], signed: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), signed.as_bytes()).as_ref().to_vec()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
