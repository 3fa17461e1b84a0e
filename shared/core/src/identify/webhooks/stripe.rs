//! Stripe's signatures (<https://docs.stripe.com/webhooks#verify-manually>): `t=…,v1=…,v1=…`.

use doorward_model::WebhookFault;
use http::HeaderMap;

use super::delivery::Delivery;
use super::{MOST_SIGNATURES, Shown, field, hexadecimal, seconds};

pub(super) const SIGNATURE: &str = "stripe-signature";

pub(super) fn read(headers: &HeaderMap) -> Result<Shown<'_>, WebhookFault> {
    const FORM: WebhookFault = WebhookFault::Form(SIGNATURE);
    let mut time = None;
    let mut signatures = Vec::new();
    for (count, element) in field(headers, SIGNATURE)?.split(',').enumerate() {
        // One more for the time.
        if count > MOST_SIGNATURES {
            return Err(WebhookFault::TooMany(MOST_SIGNATURES));
        }
        match element.split_once('=').ok_or(FORM)? {
            ("t", text) => {
                let at = seconds(text).ok_or(FORM)?;
                if time.replace((text, at)).is_some() {
                    return Err(FORM);
                }
            }
            ("v1", text) => signatures.push(hexadecimal(text).ok_or(FORM)?),
            // `v0` signs test events by another scheme; what is not known proves nothing.
            _ => {}
        }
    }
    let (text, at) = time.ok_or(FORM)?;
    if signatures.is_empty() {
        return Err(WebhookFault::Unsupported);
    }
    // Stripe signs a delivery that it tries again anew, at another time: the event's own id is what stays.
    Ok(Shown { at: Some(at), prefix: format!("{text}."), signatures, delivery: Delivery::BodyId })
}
