//! Senders who sign each request over its body: what the schemes have in common. A file for each of them says what it
//! puts into which header field.

mod delivery;
mod github;
mod standard;
mod stripe;

use std::time::Duration;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use doorward_config::{Webhook, WebhookScheme};
use doorward_model::entity_type::SENDER;
use doorward_model::{AuthFault, Call, EntityName, Principal, Refusal, Secret, TrustLevel, WebhookFault};
use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use serde_json::Map;

use self::delivery::Delivery;
use super::BodyGiven;
use crate::claim::RESERVE;
use crate::door::Door;
use crate::find::HttpCall;

/// What a request shows of its signature; none of it is believed yet.
#[derive(Debug)]
struct Shown<'h> {
    /// When it was signed, where the scheme signs that.
    at: Option<Timestamp>,
    /// The signed bytes before those of the body.
    prefix: String,
    /// Each may be the one that holds: who rotates secrets signs with both.
    signatures: Vec<[u8; DIGEST]>,
    /// What tells deliveries apart; the signature covers it.
    delivery: Delivery<'h>,
}

/// Bytes of an HMAC-SHA256.
const DIGEST: usize = 32;
/// The longest header field that is read, in bytes.
const LONGEST_FIELD: usize = 4 * 1024;
/// The most signatures that are looked at; each costs a comparison, each secret a hash of the whole body.
const MOST_SIGNATURES: usize = 10;
/// Secrets that are shorter can be guessed.
const LEAST_SECRET: usize = 16;
/// Longer ones are no secrets but files that were named by mistake.
const MOST_SECRET: usize = 4 * 1024;

impl Door {
    /// The sender whose signature the request shows; `None` where it shows none.
    pub(super) async fn webhook_caller(
        &self,
        http: &HttpCall<'_>,
        name: &str,
        body: BodyGiven,
        call: &mut Call,
    ) -> Result<Option<Principal>, Refusal> {
        let Some(webhook) = http.rules.webhooks.iter().find(|webhook| webhook.name == name) else {
            return Ok(None);
        };
        let headers = &http.request.headers;
        if !is_shown(webhook.scheme, headers) {
            return Ok(None);
        }
        if body == BodyGiven::No {
            return Err(Refusal::NeedsBody);
        }
        let shown = read(webhook.scheme, headers).map_err(unproven)?;
        in_time(&shown, webhook.tolerance, self.ports.clock.now()).map_err(unproven)?;
        let found = self.webhook_secrets(webhook, call).await;
        if !found.keys.iter().any(|key| holds(key, &shown, &http.request.body)) {
            // One that cannot be read might have been the one.
            return Err(if found.missing { Refusal::SecretsAway } else { unproven(WebhookFault::Mismatch) });
        }
        call.delivery = Some(shown.delivery.call_id(webhook, &shown.prefix, &http.request.body));
        Ok(Some(sender(name)))
    }

    /// The keys of the webhook, unless the platform would end the call before they are here.
    async fn webhook_secrets(&self, webhook: &Webhook, call: &Call) -> SigningKeys {
        let Some(secrets) = &self.ports.secrets else { return SigningKeys::none() };
        let clock = self.ports.clock.as_ref();
        let asked = self.secrets.keys(webhook, secrets.as_ref(), clock);
        match call.time_left(clock.now(), RESERVE) {
            None => asked.await,
            Some(left) => tokio::time::timeout(left, asked).await.unwrap_or(SigningKeys::none()),
        }
    }
}

/// The keys of one webhook that are known now.
pub(crate) struct SigningKeys {
    pub(crate) keys: Vec<hmac::Key>,
    /// Whether a configured one is not among them.
    pub(crate) missing: bool,
}

impl SigningKeys {
    fn none() -> Self {
        Self { keys: Vec::new(), missing: true }
    }
}

/// What the secret of such a webhook is as a key, or why it is none; nothing of it is told.
pub(crate) fn signing_key(scheme: WebhookScheme, secret: &Secret) -> Result<hmac::Key, &'static str> {
    let decoded;
    let secret = match scheme {
        WebhookScheme::StandardWebhooks => {
            decoded = standard::decode_secret(secret).ok_or("it is not `whsec_` and base64 behind it")?;
            &decoded
        }
        WebhookScheme::Stripe | WebhookScheme::GitHub => secret,
    };
    match secret.reveal().len() {
        ..LEAST_SECRET => Err("it is shorter than 16 bytes"),
        LEAST_SECRET..=MOST_SECRET => Ok(hmac::Key::new(hmac::HMAC_SHA256, secret.reveal())),
        _ => Err("it is longer than 4,096 bytes"),
    }
}

/// The principal that a webhook's signature proves.
fn sender(name: &str) -> Principal {
    Principal {
        name: EntityName::new(SENDER, name),
        trust: TrustLevel::Verified,
        parents: Vec::new(),
        plan: None,
        claims: Map::new(),
        attributes: Map::new(),
    }
}

fn unproven(fault: WebhookFault) -> Refusal {
    Refusal::Unauthenticated(AuthFault::Webhook(fault))
}

/// Whether the request has the header field that holds such signatures.
fn is_shown(scheme: WebhookScheme, headers: &HeaderMap) -> bool {
    match scheme {
        WebhookScheme::StandardWebhooks => standard::is_shown(headers),
        WebhookScheme::Stripe => headers.contains_key(stripe::SIGNATURE),
        WebhookScheme::GitHub => headers.contains_key(github::SIGNATURE),
    }
}

fn read(scheme: WebhookScheme, headers: &HeaderMap) -> Result<Shown<'_>, WebhookFault> {
    match scheme {
        WebhookScheme::StandardWebhooks => standard::read(headers),
        WebhookScheme::Stripe => stripe::read(headers),
        WebhookScheme::GitHub => github::read(headers),
    }
}

/// Whether it was signed near enough to now.
fn in_time(shown: &Shown<'_>, tolerance: Option<Duration>, now: Timestamp) -> Result<(), WebhookFault> {
    let Some(tolerance) = tolerance else { return Ok(()) };
    let tolerance = SignedDuration::try_from(tolerance).unwrap_or(SignedDuration::ZERO);
    // A scheme with a tolerance signs a time.
    let age = now.duration_since(shown.at.ok_or(WebhookFault::Stale)?);
    if age > tolerance {
        Err(WebhookFault::Stale)
    } else if age < -tolerance {
        Err(WebhookFault::Ahead)
    } else {
        Ok(())
    }
}

/// Whether the key makes one of the signatures; how long that takes does not tell how much of one is right.
fn holds(key: &hmac::Key, shown: &Shown<'_>, body: &[u8]) -> bool {
    let mut context = hmac::Context::with_key(key);
    context.update(shown.prefix.as_bytes());
    context.update(body);
    let made = context.sign();
    shown.signatures.iter().any(|signature| verify_slices_are_equal(made.as_ref(), signature).is_ok())
}

/// The one field of this name, as text.
fn field<'h>(headers: &'h HeaderMap, name: &'static str) -> Result<&'h str, WebhookFault> {
    let mut fields = headers.get_all(name).iter();
    let field = fields.next().ok_or(WebhookFault::Missing(name))?;
    if fields.next().is_some() {
        return Err(WebhookFault::Repeated(name));
    }
    let text = field.to_str().map_err(|_| WebhookFault::Form(name))?;
    if text.len() > LONGEST_FIELD { Err(WebhookFault::Form(name)) } else { Ok(text) }
}

/// Seconds since 1970 as every scheme writes them: digits and nothing else, none too many, no zero before them.
fn seconds(text: &str) -> Option<Timestamp> {
    let plain = (1..=11).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if !plain || text.starts_with('0') {
        return None;
    }
    Timestamp::from_second(text.parse().ok()?).ok()
}

/// The bytes of an HMAC-SHA256 in hexadecimal digits.
fn hexadecimal(text: &str) -> Option<[u8; DIGEST]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * DIGEST {
        return None;
    }
    let mut bytes = [0; DIGEST];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let [high, low] = pair else { return None };
        let digit = |digit: u8| char::from(digit).to_digit(16);
        *byte = u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_digits() {
        assert_eq!(seconds("1649367553").map(Timestamp::as_second), Some(1_649_367_553));
        for text in ["", "0", "01", "+1", "-1", "1.0", "1e9", " 1", "1 ", "0x1", "１", "123456789012"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    #[test]
    fn digests_are_sixty_four_digits() {
        assert_eq!(hexadecimal(&"0f".repeat(32)), Some([15; 32]));
        assert_eq!(hexadecimal(&"0F".repeat(32)), Some([15; 32]));
        for text in ["", "0f", &"0f".repeat(31), &"0f".repeat(33), &"0g".repeat(32), &"+f".repeat(32)] {
            assert_eq!(hexadecimal(text), None, "{text}");
        }
    }

    #[track_caller]
    fn refused(scheme: WebhookScheme, secret: &[u8], cause: &str) {
        let made = signing_key(scheme, &Secret::new(secret.to_vec()));
        assert_eq!(made.err(), Some(cause));
    }

    #[test]
    fn secrets_have_the_form_of_their_scheme() {
        let standard = WebhookScheme::StandardWebhooks;
        for secret in ["whsec_MTIzNDU2Nzg5MDEyMzQ1Ng==", "whsec_MTIzNDU2Nzg5MDEyMzQ1Ng"] {
            assert!(signing_key(standard, &Secret::new(secret.into())).is_ok());
        }
        for secret in
            ["MTIzNDU2Nzg5MDEyMzQ1Ng==", "whsec_???", "whsec_MTIz NDU2", "whsk_MTIzNDU2Nzg5MDEyMzQ1Ng=="]
        {
            refused(standard, secret.as_bytes(), "it is not `whsec_` and base64 behind it");
        }
        refused(standard, b"whsec_MTIzNDU2Nzg5MDEyMzQ1", "it is shorter than 16 bytes");
        refused(standard, b"whsec_", "it is shorter than 16 bytes");
        refused(WebhookScheme::GitHub, b"", "it is shorter than 16 bytes");
        refused(WebhookScheme::Stripe, b"123456789012345", "it is shorter than 16 bytes");
        refused(WebhookScheme::Stripe, &[b'a'; 4097], "it is longer than 4,096 bytes");
        assert!(signing_key(WebhookScheme::GitHub, &Secret::new(b"1234567890123456".to_vec())).is_ok());
    }
}
