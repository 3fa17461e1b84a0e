//! Ids as API Gateway makes them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use uuid::Uuid;

/// Fifteen characters and an equals sign.
pub(super) fn extended() -> String {
    let random = Uuid::new_v4().into_bytes();
    STANDARD.encode(random.get(..11).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_id_looks_like_one_of_api_gateway() {
        let id = super::extended();
        assert!(id.len() == 16 && id.ends_with('=') && !id.ends_with("=="), "{id}");
    }
}
