//! The schema of a bundle as the validator is given it.
//!
//! What a bundle says beyond JSON Schema is put into words of JSON Schema here: patterns in those of the validator's engine, and
//! `writeOnly` of answers. A member that is not sent is one that must not be there; where it is described in an alternative,
//! that must not let the answer pass as another alternative, so that each is met as it is written, and whatever it meets then
//! must not hold such a member. So it is with the annotations of JSON Schema 2020-12 (core, section 7.7), which hold of each
//! schema that takes the value.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::bundle::Bundle;
use crate::subschemas;

/// `bundle`'s schema, in which patterns stand as they are written.
pub(crate) fn schema(bundle: &Bundle) -> Value {
    json!({ "$ref": bundle.schema.get("$ref"), "$defs": definitions(bundle) })
}

/// Its definitions.
pub(crate) fn definitions(bundle: &Bundle) -> Map<String, Value> {
    let written = bundle.definitions().map(|(name, schema)| (name.clone(), schema));
    if bundle.unsent().is_empty() {
        return written.map(|(name, schema)| (name, schema.clone())).collect();
    }
    let engine = Engine { bundle, marked: marked(bundle) };
    let mut definitions = Map::new();
    for (name, schema) in written {
        let at = format!("{DEFINITIONS}{name}");
        if engine.marked.contains(&at) {
            definitions.insert(format!("{name}{AS_WRITTEN}"), engine.as_written(schema, &at));
        }
        definitions.insert(name, engine.sent(schema, &at));
    }
    definitions
}

/// The number of the bundle's definition that the one called `name` is for the validator.
pub(crate) fn number(name: &str) -> Option<usize> {
    name.trim_end_matches(AS_WRITTEN).parse().ok()
}

const DEFINITIONS: &str = "/$defs/";
/// Behind the name of a definition that is as it is written.
const AS_WRITTEN: &str = "w";

struct Engine<'b> {
    bundle: &'b Bundle,
    /// Where the definitions are in which something is not sent.
    marked: BTreeSet<String>,
}

impl Engine<'_> {
    /// The schema at `at` for what is sent.
    fn sent(&self, schema: &Value, at: &str) -> Value {
        let Value::Object(keywords) = schema else { return schema.clone() };
        let mut conditions = Vec::new();
        let mut out = subschemas::map(keywords, at, &mut |keyword, schema, at| {
            let is_alternative = ["anyOf", "oneOf", "if"].contains(&keyword);
            if !is_alternative && !["not", "contains"].contains(&keyword) {
                return self.sent(schema, at);
            }
            let written = self.as_written(schema, at);
            if self.is_marked(schema, at) && is_alternative {
                conditions.push(json!({ "if": written, "then": self.sent(schema, at) }));
            } else if self.is_marked(schema, at) && keyword == "contains" {
                let leaking = json!({ "allOf": [written, { "not": self.sent(schema, at) }] });
                conditions.push(json!({ "not": { "type": "array", "contains": leaking } }));
            }
            written
        });
        if !conditions.is_empty()
            && let Value::Array(all) = out.entry("allOf").or_insert_with(|| json!([]))
        {
            all.extend(conditions);
        }
        Value::Object(out)
    }

    /// The schema at `at`, in which everything may be sent.
    fn as_written(&self, schema: &Value, at: &str) -> Value {
        let schema = self.bundle.unsent().get(at).unwrap_or(schema);
        let Value::Object(keywords) = schema else { return schema.clone() };
        let mut out = subschemas::map(keywords, at, &mut |_, schema, at| self.as_written(schema, at));
        if let Some(Value::String(reference)) = out.get_mut("$ref")
            && reference.strip_prefix('#').is_some_and(|at| self.marked.contains(at))
        {
            reference.push_str(AS_WRITTEN);
        }
        Value::Object(out)
    }

    fn is_marked(&self, schema: &Value, at: &str) -> bool {
        meets(self.bundle, &self.marked, schema, at)
    }
}

/// Where the definitions are in which something is not sent, themselves or by reference.
fn marked(bundle: &Bundle) -> BTreeSet<String> {
    let mut marked = BTreeSet::new();
    loop {
        let places = bundle.definitions().map(|(name, schema)| (format!("{DEFINITIONS}{name}"), schema));
        let more: Vec<_> = places
            .filter(|(at, schema)| !marked.contains(at) && meets(bundle, &marked, schema, at))
            .map(|(at, _)| at)
            .collect();
        if more.is_empty() {
            return marked;
        }
        marked.extend(more);
    }
}

/// Whether in the schema at `at` something is not sent, itself or in one of the definitions `marked`.
fn meets(bundle: &Bundle, marked: &BTreeSet<String>, schema: &Value, at: &str) -> bool {
    if bundle.unsent().contains_key(at) {
        return true;
    }
    let Value::Object(keywords) = schema else { return false };
    let reference = keywords.get("$ref").and_then(Value::as_str);
    let mut found =
        reference.and_then(|reference| reference.strip_prefix('#')).is_some_and(|at| marked.contains(at));
    subschemas::of(keywords, at, &mut |schema, at| found = found || meets(bundle, marked, schema, at));
    found
}
