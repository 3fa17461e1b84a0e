//! What OpenAPI 3.0's schema dialect says otherwise than JSON Schema 2020-12.

use serde_json::{Map, Value, json};

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
