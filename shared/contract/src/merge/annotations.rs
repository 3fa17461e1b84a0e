//! What schemas say to people, which no checker reads.

use serde_json::{Map, Value};

use crate::bundle::{INNER, SAME, SAME_LIST};
use crate::{pointer, subschemas};

/// Keywords that say nothing about values, and mean the same in all dialects.
const KEPT: [&str; 11] = [
    "title",
    "description",
    "default",
    "deprecated",
    "readOnly",
    "writeOnly",
    "example",
    "examples",
    "externalDocs",
    "contentMediaType",
    "contentEncoding",
];

/// Puts back into the normalised `schema` what the `original` that stands in its place says to people. Where the two are
/// built otherwise, nothing is put back.
pub(super) fn put_back(schema: &mut Value, original: Option<&Value>) {
    let (Value::Object(schema), Some(Value::Object(original))) = (schema, original) else { return };
    for (name, value) in schema.iter_mut() {
        let theirs = original.get(name);
        match name.as_str() {
            name if INNER.contains(&name) || SAME.contains(&name) => put_back(value, theirs),
            name if SAME_LIST.contains(&name) || name == "prefixItems" => {
                for (nth, item) in value.as_array_mut().into_iter().flatten().enumerate() {
                    put_back(item, theirs.and_then(|theirs| theirs.get(nth)));
                }
            }
            "properties" | "patternProperties" | "dependentSchemas" => {
                for (member, item) in value.as_object_mut().into_iter().flatten() {
                    put_back(item, theirs.and_then(|theirs| theirs.get(member)));
                }
            }
            _ => {}
        }
    }
    annotate(schema, original);
}

fn annotate(schema: &mut Map<String, Value>, original: &Map<String, Value>) {
    let is_list = |name: &str, value: &Value| name != "examples" || value.is_array();
    for name in KEPT {
        if let Some(value) = original.get(name).filter(|value| is_list(name, value)) {
            schema.insert(name.to_owned(), value.clone());
        }
    }
    // Formats that are not asserted are told.
    if let Some(format @ Value::String(_)) = original.get("format")
        && !schema.contains_key("format")
        && !schema.contains_key("$ref")
    {
        schema.insert("format".to_owned(), format.clone());
    }
}

/// A bundle's definition with other references: `name` gives each a place in the merged document.
pub(super) fn renamed(schema: &Value, name: &mut dyn FnMut(&str) -> String) -> Value {
    let Value::Object(keywords) = schema else { return schema.clone() };
    let mut out = subschemas::map(keywords, "", &mut |_, schema, _| renamed(schema, name));
    if let Some(Value::String(reference)) = out.get_mut("$ref") {
        *reference = name(reference);
    }
    Value::Object(out)
}

/// The name that a schema is best known by: the last word of its place, as components may be called.
pub(super) fn base_name(origin: &str) -> String {
    let last = pointer::tokens(origin).last().map(|token| token.into_owned()).unwrap_or_default();
    let kept = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '_' };
    let name: String = last.chars().map(kept).take(100).collect();
    if name.is_empty() { "Schema".to_owned() } else { name }
}
