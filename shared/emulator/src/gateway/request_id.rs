//! Ids as API Gateway makes them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use uuid::Uuid;

/// Fifteen characters and an equals sign. They are those that are safe in paths: the id of a connection stands in one (`@connections/ID`).
pub(super) fn extended() -> String {
    let random = Uuid::new_v4().into_bytes();
    URL_SAFE.encode(random.get(..11).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_id_looks_like_one_of_api_gateway() {
        // Of so many, some would hold a slash if any could.
        for _ in 0..1000 {
            let id = super::extended();
            assert!(id.len() == 16 && id.ends_with('=') && !id.ends_with("=="), "{id}");
            assert!(!id.contains(['/', '+']), "{id}");
        }
    }
}
