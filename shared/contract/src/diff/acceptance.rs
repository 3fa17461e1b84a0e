//! Whether values fit schemas of a bundle.

use std::collections::HashMap;

use jsonschema::Validator;
use serde_json::{Map, Value, json};

use super::conjunction::Node;
use crate::bundle::{Bundle, INNER, SAME, SAME_LIST};
use crate::checker::validator;

/// Says whether values fit schemas of one bundle, each of which is compiled once.
#[derive(Default)]
pub(super) struct Acceptance {
    /// By the schema's place, and whether it judges scalars alone; one that does not compile is none.
    compiled: HashMap<(String, bool), Option<Validator>>,
}

impl Acceptance {
    /// Whether `value` fits all of `nodes`. A schema that does not compile takes nothing.
    pub(super) fn takes(&mut self, bundle: &Bundle, nodes: &[Node<'_>], value: &Value) -> bool {
        let is_scalar = !matches!(value, Value::Array(_) | Value::Object(_));
        nodes.iter().all(|node| {
            let compiled = self.compiled.entry((node.at.clone(), is_scalar));
            let compiled = compiled.or_insert_with(|| compile(bundle, node.schema, is_scalar));
            compiled.as_ref().is_some_and(|validator| validator.is_valid(value))
        })
    }
}

fn compile(bundle: &Bundle, schema: &Value, is_scalar: bool) -> Option<Validator> {
    if !is_scalar {
        let definitions = bundle.definitions_of(&[schema]);
        return validator(&json!({ "allOf": [schema], "$defs": definitions })).ok();
    }
    let mut definitions = Map::new();
    let schema = of_scalars(bundle, schema, &mut definitions);
    validator(&json!({ "allOf": [schema], "$defs": definitions })).ok()
}

/// What `schema` says of values that hold no others; what it refers to is added to `definitions`. The parts of values
/// are left out, by which nearly all schemas of a contract may hang together.
fn of_scalars(bundle: &Bundle, schema: &Value, definitions: &mut Map<String, Value>) -> Value {
    let Value::Object(keywords) = schema else { return schema.clone() };
    let mut kept = Map::new();
    for (name, value) in keywords {
        let value = match (name.as_str(), value) {
            ("properties" | "patternProperties" | "dependentSchemas" | "prefixItems" | "$defs", _) => {
                continue;
            }
            (name, _) if INNER.contains(&name) => continue,
            (name, value) if SAME.contains(&name) => of_scalars(bundle, value, definitions),
            (name, Value::Array(schemas)) if SAME_LIST.contains(&name) => {
                schemas.iter().map(|schema| of_scalars(bundle, schema, definitions)).collect()
            }
            ("$ref", Value::String(reference)) => {
                define(bundle, reference, definitions);
                value.clone()
            }
            _ => value.clone(),
        };
        kept.insert(name.clone(), value);
    }
    Value::Object(kept)
}

fn define(bundle: &Bundle, reference: &str, definitions: &mut Map<String, Value>) {
    let Some(name) = reference.strip_prefix("#/$defs/") else { return };
    if definitions.contains_key(name) {
        return;
    }
    if let Some(schema) = bundle.definition(reference) {
        definitions.insert(name.to_owned(), Value::Bool(true));
        let schema = of_scalars(bundle, schema, definitions);
        definitions.insert(name.to_owned(), schema);
    }
}
