//! What OpenAPI 3.0's schema dialect says otherwise than JSON Schema 2020-12.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::bundle::Direction;
use crate::documents::Documents;
use crate::{pointer, reference};

/// Rewrites `nullable` and the boolean bounds of the schema `keywords` in its rewritten form `out`.
pub(crate) fn adapt(keywords: &Map<String, Value>, out: &mut Map<String, Value>) {
    // Without `type`, `nullable` says nothing (OpenAPI 3.0.3, Schema Object).
    if keywords.get("nullable") == Some(&Value::Bool(true))
        && let Some(name @ Value::String(_)) = out.get("type")
    {
        out.insert("type".to_owned(), json!([name, "null"]));
    }
    for (bound, exclusive) in [("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")] {
        match out.get(exclusive) {
            Some(Value::Bool(true)) => match out.remove(bound) {
                Some(limit) => out.insert(exclusive.to_owned(), limit),
                None => out.remove(exclusive),
            },
            Some(Value::Bool(false)) => out.remove(exclusive),
            _ => None,
        };
    }
}

/// Schemas and members that are looked through for those of one schema.
const MAX_PARTS: usize = 20_000;

/// A `readOnly` member is required in answers only, a `writeOnly` one in requests only (OpenAPI 3.0.3, Schema Object),
/// wherever in the schema's `allOf` it is described and required.
pub(crate) fn relax_required(
    documents: &Documents<'_>,
    direction: Direction,
    at: &str,
    keywords: &Map<String, Value>,
    out: &mut Map<String, Value>,
) {
    let mut unsent = BTreeSet::new();
    let requires = |schema: &Value| schema.get("required").is_some();
    let parts = out.get("allOf").and_then(Value::as_array);
    if out.contains_key("required") || parts.into_iter().flatten().any(requires) {
        let word = match direction {
            Direction::Request => "readOnly",
            Direction::Response => "writeOnly",
        };
        let mut left = MAX_PARTS;
        gather_unsent(documents, at, keywords, word, &mut left, &mut unsent);
    }
    if !unsent.is_empty() {
        relax(out, &unsent);
    }
}

/// Adds the members of the schema at `at` that `word` says are not sent.
fn gather_unsent<'l>(
    documents: &Documents<'l>,
    at: &str,
    keywords: &'l Map<String, Value>,
    word: &str,
    left: &mut usize,
    unsent: &mut BTreeSet<&'l str>,
) {
    let properties = keywords.get("properties").and_then(Value::as_object);
    let Some(less) = left.checked_sub(1 + properties.map_or(0, Map::len)) else { return };
    *left = less;
    let members = pointer::join(at, "properties");
    for name in properties.into_iter().flat_map(Map::keys) {
        // A broken reference is reported where the member's schema is read.
        let member = reference::follow(documents, &pointer::join(&members, name));
        if member.is_ok_and(|(_, schema)| schema.get(word) == Some(&Value::Bool(true))) {
            unsent.insert(name);
        }
    }
    let parts = keywords.get("allOf").and_then(Value::as_array).map_or(0, Vec::len);
    for nth in 0..parts {
        let part = reference::follow(documents, &format!("{at}/allOf/{nth}"));
        if let Ok((at, Value::Object(keywords))) = part {
            gather_unsent(documents, &at, keywords, word, left, unsent);
        }
    }
}

/// Takes `unsent` out of what is required here, and in the parts that are written here.
fn relax(schema: &mut Map<String, Value>, unsent: &BTreeSet<&str>) {
    if let Some(Value::Array(required)) = schema.get_mut("required") {
        required.retain(|name| name.as_str().is_none_or(|name| !unsent.contains(name)));
    }
    for part in schema.get_mut("allOf").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Value::Object(part) = part {
            relax(part, unsent);
        }
    }
}
