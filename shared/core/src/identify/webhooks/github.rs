//! GitHub's signatures (<https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries>):
//! `sha256=…` over the body alone. `X-Hub-Signature`, with SHA-1, is not looked at; `X-GitHub-Delivery` is not signed, so
//! that anybody could give a captured delivery another one.

use doorward_model::WebhookFault;
use http::HeaderMap;

use super::delivery::Delivery;
use super::{Shown, field, hexadecimal};

pub(super) const SIGNATURE: &str = "x-hub-signature-256";

pub(super) fn read(headers: &HeaderMap) -> Result<Shown<'_>, WebhookFault> {
    let signature = field(headers, SIGNATURE)?.strip_prefix("sha256=").and_then(hexadecimal);
    let signature = signature.ok_or(WebhookFault::Form(SIGNATURE))?;
    Ok(Shown { at: None, prefix: String::new(), signatures: vec![signature], delivery: Delivery::Signed })
}
