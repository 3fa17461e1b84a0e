//! Bodies of `multipart/form-data`, held to the schema of their parts.

use doorward_model::Violation;
use serde_json::Value;

use crate::checker::violation;
use crate::form_object::FormObject;
use crate::multipart::{Part, parts};
use crate::reading::Sent;
use crate::serialization::Rule;
use crate::{content_type, pointer};

/// The media type, without parameters.
pub(crate) const MEDIA_TYPE: &str = "multipart/form-data";

const CHARSET: Rule = "must be in UTF-8, which `_charset_` must not gainsay";

/// How such a body is read.
#[derive(Debug)]
pub(crate) struct MultipartBody(pub(crate) FormObject);

impl MultipartBody {
    /// What is handed over of the body, whose header field `Content-Type` is `content_type`.
    ///
    /// # Errors
    /// Where it breaks its schema.
    pub(crate) fn read(&self, content_type: &str, body: &[u8]) -> Result<Option<Value>, Vec<Violation>> {
        let boundary = match content_type::boundary(content_type) {
            Ok(boundary) => boundary,
            Err(rule) => return Err(vec![violation("header", "/content-type".to_owned(), rule)]),
        };
        let parts = match parts(&boundary, body).and_then(check_charset) {
            Ok(parts) => parts,
            Err(rule) => return Err(vec![violation("body", String::new(), rule)]),
        };
        let mut violations: Vec<_> = parts.iter().flat_map(|part| self.header_violations(part)).collect();
        let fields = parts.into_iter().map(|part| (part.name.clone(), Sent::Part(part))).collect();
        match self.0.read(fields) {
            Ok(value) if violations.is_empty() => return Ok(value),
            Ok(_) => {}
            Err(more) => violations.extend(more),
        }
        Err(violations)
    }

    /// Where the header fields of a part break what the contract says of them.
    fn header_violations(&self, part: &Part<'_>) -> Vec<Violation> {
        let Some(member) = self.0.named.get(&part.name) else { return Vec::new() };
        let found = member.encoding.headers.iter().flat_map(|field| field.violations(&part.headers));
        let of_part = |found: Violation| {
            let field = found.pointer.trim_start_matches('/');
            let rule = format!("has a header field `{field}` that {}", found.rule);
            Violation { pointer: pointer::join("", &part.name), part: "body".to_owned(), rule, ..found }
        };
        found.map(of_part).collect()
    }
}

/// RFC 7578 section 4.6: a field of this name says what charset the others are in. They are all read as UTF-8.
fn check_charset(parts: Vec<Part<'_>>) -> Result<Vec<Part<'_>>, Rule> {
    let gainsays = |part: &Part<'_>| {
        part.name.eq_ignore_ascii_case("_charset_") && !part.content.eq_ignore_ascii_case(b"utf-8")
    };
    if parts.iter().any(gainsays) { Err(CHARSET) } else { Ok(parts) }
}
