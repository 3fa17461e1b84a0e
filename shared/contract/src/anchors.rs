//! Schemas that are named within their document: `$anchor`, and draft 7's `$id: "#name"`.

use serde_json::{Map, Value};

use crate::bundle::{INNER, SAME, SAME_LIST};
use crate::pointer;

/// Where in the schema document `root` schemas stand that have the name `anchor`.
pub(crate) fn of(root: &Value, anchor: &str) -> Vec<String> {
    let mut found = Vec::new();
    visit(root, String::new(), anchor, &mut found);
    found
}

/// Values that are listed, and examples, look like schemas at times and are none: only where schemas stand is looked.
fn visit(schema: &Value, at: String, anchor: &str, found: &mut Vec<String>) {
    let Value::Object(keywords) = schema else { return };
    let named = |keyword: &str| keywords.get(keyword).and_then(Value::as_str);
    if named("$anchor") == Some(anchor) || named("$id").and_then(|id| id.strip_prefix('#')) == Some(anchor) {
        found.push(at.clone());
    }
    for (keyword, value) in keywords {
        let inside = pointer::join(&at, keyword);
        let word = keyword.as_str();
        match value {
            Value::Object(schemas) if holds_map(word) => visit_map(schemas, &inside, anchor, found),
            Value::Object(_)
                if INNER.contains(&word) || SAME.contains(&word) || word == "additionalItems" =>
            {
                visit(value, inside, anchor, found);
            }
            Value::Array(schemas)
                if SAME_LIST.contains(&word) || ["prefixItems", "items"].contains(&word) =>
            {
                for (nth, schema) in schemas.iter().enumerate() {
                    visit(schema, format!("{inside}/{nth}"), anchor, found);
                }
            }
            _ => {}
        }
    }
}

fn holds_map(keyword: &str) -> bool {
    ["properties", "patternProperties", "dependentSchemas", "dependencies", "$defs", "definitions"]
        .contains(&keyword)
}

fn visit_map(schemas: &Map<String, Value>, at: &str, anchor: &str, found: &mut Vec<String>) {
    for (name, schema) in schemas {
        visit(schema, pointer::join(at, name), anchor, found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_are_found_where_schemas_stand_and_nowhere_else() {
        let named = json!({"$anchor": "a"});
        let schema = json!({
            "enum": [named], "default": named, "x-note": named,
            "properties": {"enum": named, "b": {"items": [{"$id": "#a"}]}},
            "$defs": {"x/y": {"anyOf": [true, named]}},
            "additionalItems": {"not": named},
        });
        let mut found = of(&schema, "a");
        found.sort();
        assert_eq!(
            found,
            ["/$defs/x~1y/anyOf/1", "/additionalItems/not", "/properties/b/items/0", "/properties/enum"]
        );
        assert!(of(&schema, "b").is_empty());
    }
}
