//! HTTP Message Signatures (RFC 9421) by `hmac-sha256`, and `Content-Digest` (RFC 9530), as far as identity needs them.

use std::fmt::Write as _;

use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What is signed of a message: names of components and their values, in the order in which they are signed.
#[derive(Debug, Default)]
pub(super) struct Components(Vec<(String, String)>);

impl Components {
    /// A component by its name: a derived one (`@method`, RFC 9421 section 2.2) or a field in lower case (section 2.1).
    pub(super) fn add(&mut self, name: &str, value: &str) {
        self.0.push((name.to_owned(), value.trim().to_owned()));
    }

    /// The value of `@signature-params` (section 2.3): `("@method" "date");created=1;keyid="door"`. `keyid` holds visible
    /// ASCII characters without quotes and backslashes.
    pub(super) fn parameters(&self, created: i64, key_id: &str, algorithm: Option<&str>) -> String {
        let names: Vec<String> = self.0.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        let mut text = format!("({});created={created};keyid=\"{key_id}\"", names.join(" "));
        if let Some(algorithm) = algorithm {
            let _ = write!(text, ";alg=\"{algorithm}\"");
        }
        text
    }

    /// The signature base (section 2.5).
    pub(super) fn base(&self, parameters: &str) -> String {
        let mut base = String::new();
        for (name, value) in &self.0 {
            let _ = writeln!(base, "\"{name}\": {value}");
        }
        let _ = write!(base, "\"@signature-params\": {parameters}");
        base
    }
}

/// The signature of `base` by `hmac-sha256` (section 3.3.3), as a byte sequence of RFC 8941.
pub(super) fn hmac_sha256(key: &[u8], base: &str) -> String {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), base.as_bytes());
    format!(":{}:", STANDARD.encode(tag))
}

/// The value of `Content-Digest` (RFC 9530 section 2).
pub(super) fn content_digest(body: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(digest::digest(&digest::SHA256, body)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_example_of_a_shared_secret_is_met() {
        // RFC 9421 appendix B.2.5, with the key of appendix B.1.5.
        let key = "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==";
        let mut components = Components::default();
        components.add("date", "Tue, 20 Apr 2021 02:07:55 GMT");
        components.add("@authority", "example.com");
        components.add("content-type", "application/json");
        let parameters = components.parameters(1_618_884_473, "test-shared-secret", None);
        assert_eq!(
            parameters,
            r#"("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret""#
        );
        let signature = hmac_sha256(&STANDARD.decode(key).unwrap(), &components.base(&parameters));
        assert_eq!(signature, ":pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=:");
    }

    #[test]
    fn the_published_digest_is_met() {
        // RFC 9530 appendix B.1: the JSON document and its line feed.
        assert_eq!(
            content_digest(b"{\"hello\": \"world\"}\n"),
            "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"
        );
    }
}
