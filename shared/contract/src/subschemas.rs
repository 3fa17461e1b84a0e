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

/// Visits the schemas that the schema of `keywords`, one of a bundle's, holds.
pub(crate) fn each_mut(keywords: &mut Map<String, Value>, visit: &mut dyn FnMut(&mut Value)) {
    for (keyword, value) in keywords {
        match (keyword.as_str(), value) {
            (word, Value::Object(schemas)) if BY_NAME.contains(&word) => {
                schemas.values_mut().for_each(&mut *visit);
            }
            (word, value) if INNER.contains(&word) || SAME.contains(&word) => visit(value),
            (word, Value::Array(schemas)) if SAME_LIST.contains(&word) || word == "prefixItems" => {
                schemas.iter_mut().for_each(&mut *visit);
            }
            _ => {}
        }
    }
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
