use doorward_config::Webhook;
use doorward_model::{CallId, parse_json};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::bundle::hexadecimal;

/// What tells one delivery from another; the signature covers all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delivery<'h> {
    /// An id that is signed beside the body.
    Id(&'h str),
    /// The `id` of the JSON body, which stays when a delivery is signed again at another time; else all that is signed.
    BodyId,
    /// All that is signed: the scheme signs no id.
    Signed,
}

/// The longest id of a body that is taken for one, in bytes.
const LONGEST_ID: usize = 256;
/// As deep as any contract reads.
const DEEPEST: usize = 64;

impl Delivery<'_> {
    /// The call's id: a hash, so that nothing of the sender's becomes a key. The name is a part of it, the route is
    /// not: no signature says for which route it was made.
    pub(super) fn call_id(self, webhook: &Webhook, prefix: &str, body: &[u8]) -> CallId {
        let body_id = || match parse_json(body, DEEPEST) {
            Ok(Value::Object(mut members)) => match members.remove("id") {
                Some(Value::String(id)) if (1..=LONGEST_ID).contains(&id.len()) => Some(id),
                _ => None,
            },
            _ => None,
        };
        let parts: [&[u8]; 3] = match self {
            Self::Id(id) => return hash(&webhook.name, [b"id", id.as_bytes(), b""]),
            Self::BodyId => match body_id() {
                Some(id) => return hash(&webhook.name, [b"id", id.as_bytes(), b""]),
                None => [b"signed", prefix.as_bytes(), body],
            },
            Self::Signed => [b"signed", prefix.as_bytes(), body],
        };
        hash(&webhook.name, parts)
    }
}

/// The length before each part keeps two lists of parts from being one text.
fn hash(name: &str, parts: [&[u8]; 3]) -> CallId {
    let mut hash = Sha256::new();
    for part in [b"doorward webhook 1", name.as_bytes()].into_iter().chain(parts) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    CallId::new(format!("webhook-{}", hexadecimal(&hash.finalize())))
}

#[cfg(test)]
mod tests {
    use doorward_config::WebhookScheme;

    use super::*;

    fn id(delivery: Delivery<'_>, name: &str, prefix: &str, body: &str) -> String {
        let scheme = WebhookScheme::Stripe;
        let webhook = Webhook { name: name.to_owned(), scheme, secrets: Vec::new(), tolerance: None };
        delivery.call_id(&webhook, prefix, body.as_bytes()).to_string()
    }

    #[test]
    fn an_id_counts_whatever_is_beside_it() {
        let first = id(Delivery::Id("a"), "payments", "a.1.", "x");
        assert_eq!(first, id(Delivery::Id("a"), "payments", "a.2.", "y"));
        assert_ne!(first, id(Delivery::Id("b"), "payments", "a.1.", "x"));
        assert_ne!(first, id(Delivery::Id("a"), "refunds", "a.1.", "x"));
        assert!(first.len() == 72 && first.starts_with("webhook-"));
    }

    #[test]
    fn the_bodys_id_counts_where_it_has_one() {
        let of = |prefix, body| id(Delivery::BodyId, "payments", prefix, body);
        assert_eq!(of("1.", r#"{"id":"evt_1","n":1}"#), of("2.", r#"{"n":2,"id":"evt_1"}"#));
        assert_ne!(of("1.", r#"{"id":"evt_1"}"#), of("1.", r#"{"id":"evt_2"}"#));
        let long = format!(r#"{{"id":"{}"}}"#, "a".repeat(257));
        for body in ["", "[]", r#"{"id":1}"#, r#"{"id":""}"#, r#"{"id":"a","id":"b"}"#, "{", long.as_str()] {
            assert_ne!(of("1.", body), of("2.", body), "{body}");
            assert_eq!(of("1.", body), id(Delivery::Signed, "payments", "1.", body), "{body}");
        }
    }

    #[test]
    fn no_id_is_taken_for_what_is_signed() {
        let signed = id(Delivery::Signed, "n", "ab", "c");
        assert_ne!(signed, id(Delivery::Signed, "n", "a", "bc"));
        assert_ne!(id(Delivery::Id("ab"), "n", "", ""), id(Delivery::Signed, "n", "ab", ""));
    }
}
