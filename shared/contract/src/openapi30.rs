//! What OpenAPI 3.0's schema dialect says otherwise than JSON Schema 2020-12.

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

/// A `readOnly` member is required in answers only, a `writeOnly` one in requests only.
pub(crate) fn relax_required(
    documents: &Documents<'_>,
    direction: Direction,
    at: &str,
    keywords: &Map<String, Value>,
    out: &mut Map<String, Value>,
) {
    let travels_not = match direction {
        Direction::Request => "readOnly",
        Direction::Response => "writeOnly",
    };
    let members = pointer::join(at, "properties");
    let travels = |name: &Value| {
        let member =
            name.as_str().filter(|name| keywords.get("properties").is_some_and(|p| p.get(name).is_some()));
        // A broken reference is reported where the member's schema is read.
        let member =
            member.and_then(|name| reference::follow(documents, &pointer::join(&members, name)).ok());
        member.is_none_or(|(_, schema)| schema.get(travels_not) != Some(&Value::Bool(true)))
    };
    if let Some(Value::Array(required)) = out.get_mut("required") {
        required.retain(travels);
    }
}
