//! Standard Webhooks 1.0.0, symmetric signatures
//! (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>), under its own header
//! fields or under those of Svix, from which it comes.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use doorward_model::{Secret, WebhookFault};
use http::HeaderMap;

use super::delivery::Delivery;
use super::{DIGEST, MOST_SIGNATURES, Shown, field, seconds};

/// Id, time and signatures; all three are of one family.
const FAMILIES: [[&str; 3]; 2] = [
    ["webhook-id", "webhook-timestamp", "webhook-signature"],
    ["svix-id", "svix-timestamp", "svix-signature"],
];

const SECRET: &[u8] = b"whsec_";
const LONGEST_ID: usize = 256;

/// Senders leave the padding out as they like.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

pub(super) fn is_shown(headers: &HeaderMap) -> bool {
    FAMILIES.iter().any(|[_, _, signature]| headers.contains_key(*signature))
}

pub(super) fn read(headers: &HeaderMap) -> Result<Shown<'_>, WebhookFault> {
    let [own, svix] = FAMILIES;
    let [id_name, time_name, signature_name] = if headers.contains_key(own[2]) { own } else { svix };
    let id = field(headers, id_name)?;
    // A point in it would let other parts of what is signed be read as id and time.
    if !(1..=LONGEST_ID).contains(&id.len())
        || !id.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'.')
    {
        return Err(WebhookFault::Form(id_name));
    }
    let time = field(headers, time_name)?;
    let at = seconds(time).ok_or(WebhookFault::Form(time_name))?;
    let mut signatures = Vec::new();
    let offered = field(headers, signature_name)?;
    for (count, one) in offered.split(' ').enumerate() {
        if count >= MOST_SIGNATURES {
            return Err(WebhookFault::TooMany(MOST_SIGNATURES));
        }
        let (version, signature) = one.split_once(',').ok_or(WebhookFault::Form(signature_name))?;
        // `v1a`, which is asymmetric, and versions to come are passed over.
        if version == "v1" {
            signatures.push(digest(signature).ok_or(WebhookFault::Form(signature_name))?);
        }
    }
    if signatures.is_empty() {
        return Err(WebhookFault::Unsupported);
    }
    Ok(Shown { at: Some(at), prefix: format!("{id}.{time}."), signatures, delivery: Delivery::Id(id) })
}

fn digest(text: &str) -> Option<[u8; DIGEST]> {
    BASE64.decode(text).ok()?.try_into().ok()
}

/// What stands behind `whsec_`.
pub(super) fn decode_secret(secret: &Secret) -> Option<Secret> {
    let encoded = secret.reveal().strip_prefix(SECRET)?;
    BASE64.decode(encoded).ok().map(Secret::new)
}
