//! Where schemas stand in schemas, in every dialect, and in OpenAPI documents.

use serde_json::{Map, Value};

use crate::bundle::{INNER, SAME, SAME_LIST};
use crate::pointer;

/// Keywords that hold schemas by name.
const BY_NAME: [&str; 6] =
    ["properties", "patternProperties", "dependentSchemas", "dependencies", "$defs", "definitions"];
/// OpenAPI's maps, whose names are whatever their authors chose.
const MAPS: [&str; 12] = [
    "paths",
    "webhooks",
    "pathItems",
    "parameters",
    "requestBodies",
    "responses",
    "headers",
    "content",
    "encoding",
    "callbacks",
    "links",
    "securitySchemes",
];

/// Visits the schemas that the schema of `keywords`, which stands at `at`, holds. Values that are listed, and examples,
/// look like schemas at times and are none.
pub(crate) fn of<'a>(keywords: &'a Map<String, Value>, at: &str, visit: &mut dyn FnMut(&'a Value, &str)) {
    for (keyword, value) in keywords {
        let word = keyword.as_str();
        match value {
            Value::Object(schemas) if BY_NAME.contains(&word) => {
                let inside = pointer::join(at, word);
                schemas.iter().for_each(|(name, schema)| visit(schema, &pointer::join(&inside, name)));
            }
            Value::Object(_)
                if INNER.contains(&word)
                    || SAME.contains(&word)
                    || ["additionalItems", "contentSchema"].contains(&word) =>
            {
                visit(value, &pointer::join(at, word));
            }
            Value::Array(schemas)
                if SAME_LIST.contains(&word) || ["prefixItems", "items"].contains(&word) =>
            {
                let inside = pointer::join(at, word);
                schemas
                    .iter()
                    .enumerate()
                    .for_each(|(nth, schema)| visit(schema, &format!("{inside}/{nth}")));
            }
            _ => {}
        }
    }
}

/// The schema of `keywords`, one of a bundle's which stands at `at`, with what `make` makes of those that it holds; it is given
/// the keyword and the place of each.
pub(crate) fn map(
    keywords: &Map<String, Value>,
    at: &str,
    make: &mut dyn FnMut(&str, &Value, &str) -> Value,
) -> Map<String, Value> {
    let mut made = |(keyword, value): (&String, &Value)| {
        let inside = pointer::join(at, keyword);
        let value = match (keyword.as_str(), value) {
            (word, Value::Object(schemas)) if BY_NAME.contains(&word) => {
                let each = schemas.iter();
                each.map(|(name, schema)| (name.clone(), make(word, schema, &pointer::join(&inside, name))))
                    .collect()
            }
            (word, schema) if INNER.contains(&word) || SAME.contains(&word) => make(word, schema, &inside),
            (word, Value::Array(schemas)) if SAME_LIST.contains(&word) || word == "prefixItems" => {
                let each = schemas.iter().enumerate();
                each.map(|(nth, schema)| make(word, schema, &format!("{inside}/{nth}"))).collect()
            }
            (_, other) => other.clone(),
        };
        (keyword.clone(), value)
    };
    keywords.iter().map(&mut made).collect()
}

/// Visits the schemas of an OpenAPI document: every `schema`, and those among the components.
pub(crate) fn in_openapi<'a>(root: &'a Value, visit: &mut dyn FnMut(&'a Value, &str)) {
    for part in ["paths", "webhooks", "components"] {
        if let Some(value) = root.get(part) {
            visit_object(value, &format!("/{part}"), MAPS.contains(&part), visit);
        }
    }
}

fn visit_object<'a>(value: &'a Value, at: &str, is_map: bool, visit: &mut dyn FnMut(&'a Value, &str)) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let inside = pointer::join(at, name);
                match name.as_str() {
                    _ if is_map => visit_object(value, &inside, false, visit),
                    "schema" => visit(value, &inside),
                    "schemas" => {
                        for (name, schema) in value.as_object().into_iter().flatten() {
                            visit(schema, &pointer::join(&inside, name));
                        }
                    }
                    "example" | "examples" | "info" => {}
                    name if name.starts_with("x-") => {}
                    name => visit_object(value, &inside, MAPS.contains(&name), visit),
                }
            }
        }
        Value::Array(items) => {
            for (nth, item) in items.iter().enumerate() {
                visit_object(item, &format!("{at}/{nth}"), false, visit);
            }
        }
        _ => {}
    }
}
