//! What a type tree leaves out of an object, although the schema says something of it.

use std::collections::{BTreeMap, BTreeSet};

use doorward_model::{Field, Omission};
use serde_json::{Map, Value};

use crate::shape::required;

/// One of the schemas that all describe the same value.
#[derive(Clone, Copy)]
pub(crate) struct Part<'a> {
    pub(crate) keywords: &'a Map<String, Value>,
    /// Whether its `anyOf` or `oneOf` was read: it spelled "this, or `null`".
    pub(crate) is_chosen: bool,
}

/// What is left out of one object.
#[derive(Default)]
struct LeftOut {
    /// Members by their names, with the reason.
    members: BTreeMap<String, String>,
    /// Members of no known name.
    others: BTreeSet<String>,
}

/// What `parts` say of the object at `place` beyond its `fields`.
pub(crate) fn of_record(place: &str, fields: &BTreeMap<String, Field>, parts: &[Part<'_>]) -> Vec<Omission> {
    let mut left_out = LeftOut::default();
    for Part { keywords, is_chosen } in parts {
        if names_by_pattern(keywords) {
            left_out.others.insert("members that are named by a pattern".to_owned());
        }
        if lets_others_in(keywords) {
            left_out.others.insert("members that the contract does not name".to_owned());
        }
        for name in required(keywords).into_iter().filter(|name| !fields.contains_key(*name)) {
            let reason = || "it is required and not described".to_owned();
            left_out.members.entry(name.to_owned()).or_insert_with(reason);
        }
        for (word, schema) in sometimes(keywords, *is_chosen) {
            left_out.take_condition(word, schema, fields);
        }
    }
    let LeftOut { members, others } = left_out;
    let members =
        members.into_iter().map(|(name, reason)| Omission { place: format!("{place}.{name}"), reason });
    members.chain(others.into_iter().map(|reason| Omission { place: format!("{place}.*"), reason })).collect()
}

impl LeftOut {
    /// What `schema`, which stands under `word` and holds in some cases only, describes alone.
    fn take_condition(&mut self, word: &str, schema: &Map<String, Value>, fields: &BTreeMap<String, Field>) {
        let members = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
        for (name, schema) in members {
            if *schema != Value::Bool(false) && !fields.contains_key(name) {
                self.members.insert(name.clone(), format!("it is described under `{word}` only"));
            }
        }
        let deeper = ["$ref", "allOf", "anyOf", "oneOf", "then", "else", "dependentSchemas"];
        let is_deeper = deeper.iter().any(|name| schema.contains_key(*name));
        if is_deeper || names_by_pattern(schema) || lets_others_in(schema) {
            self.others.insert(format!("members that are described under `{word}` only"));
        }
    }
}

fn names_by_pattern(keywords: &Map<String, Value>) -> bool {
    keywords.get("patternProperties").and_then(Value::as_object).is_some_and(|schemas| !schemas.is_empty())
}

/// Every object that is not closed lets others in; only where the contract speaks of them are they a part of it.
fn lets_others_in(keywords: &Map<String, Value>) -> bool {
    let schemas =
        ["additionalProperties", "unevaluatedProperties"].iter().filter_map(|name| keywords.get(*name));
    schemas.into_iter().any(|schema| *schema != Value::Bool(false))
}

/// The schemas that hold for the object in some cases only, with the keyword that says so.
fn sometimes(keywords: &Map<String, Value>, is_chosen: bool) -> Vec<(&'static str, &Map<String, Value>)> {
    let mut found = Vec::new();
    for word in ["then", "else"] {
        found.extend(keywords.get(word).and_then(Value::as_object).map(|schema| (word, schema)));
    }
    let dependent = keywords.get("dependentSchemas").and_then(Value::as_object);
    let dependent = dependent.into_iter().flat_map(Map::values).filter_map(Value::as_object);
    found.extend(dependent.map(|schema| ("dependentSchemas", schema)));
    for word in ["anyOf", "oneOf"].into_iter().filter(|_| !is_chosen) {
        let listed = keywords.get(word).and_then(Value::as_array).into_iter().flatten();
        found.extend(listed.filter_map(Value::as_object).map(|schema| (word, schema)));
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::bundle::{Bundle, Direction};
    use crate::documents::Documents;
    use crate::library::Library;
    use crate::shape;

    #[track_caller]
    fn check(schema: Value, expected: &str) {
        let base =
            json!({"type": "object", "properties": {"a": {"type": "string"}, "n": {"type": "string"}}});
        let library = Library::new([("f", json!({"s": schema, "base": base}).to_string())]);
        let documents = Documents::open(&library, "f").unwrap();
        let bundle = Bundle::gather(&documents, Direction::Request, "/s", &mut vec![]).unwrap();
        let (_, left_out) = shape::of(&bundle);
        let told: Vec<_> = left_out.iter().map(|o| format!("{}: {}", o.place, o.reason)).collect();
        assert_eq!(told.join("; "), expected);
    }

    #[test]
    fn what_is_left_out_is_told_with_its_place() {
        let object = |more: Value| {
            let mut schema = json!({"type": "object", "properties": {"a": {"type": "string"}}});
            schema.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            schema
        };
        let unnamed = ".*: members that the contract does not name";
        check(object(json!({"additionalProperties": {"type": "string"}})), unnamed);
        check(object(json!({"additionalProperties": {}})), unnamed);
        check(object(json!({"unevaluatedProperties": true})), unnamed);
        check(object(json!({"additionalProperties": false, "patternProperties": {}})), "");
        check(
            object(json!({"patternProperties": {"^x-": {"type": "string"}}})),
            ".*: members that are named by a pattern",
        );
        check(object(json!({"required": ["a", "b"]})), ".b: it is required and not described");
        check(
            object(json!({
                "if": {"required": ["c"]},
                "then": {"properties": {"a": {"minLength": 1}, "b": {"type": "string"}}, "required": ["b"]},
                "else": {"$ref": "#/base"},
            })),
            ".b: it is described under `then` only; .*: members that are described under `else` only",
        );
        check(
            object(json!({"dependentSchemas": {"a": {"properties": {"b": true, "c": false}}}})),
            ".b: it is described under `dependentSchemas` only",
        );
        check(object(json!({"anyOf": [{"required": ["a"]}, {"maxProperties": 2}]})), "");
        check(
            object(
                json!({"oneOf": [{"properties": {"b": {"type": "string"}}}, {"allOf": [{"$ref": "#/base"}]}]}),
            ),
            ".b: it is described under `oneOf` only; .*: members that are described under `oneOf` only",
        );
        check(object(json!({"not": {"required": ["b"]}, "propertyNames": {"maxLength": 3}})), "");
    }

    #[test]
    fn what_is_left_out_is_told_of_every_part() {
        check(
            json!({"$ref": "#/base", "patternProperties": {"x": true}}),
            ".*: members that are named by a pattern",
        );
        check(
            json!({"allOf": [{"$ref": "#/base"}, {"additionalProperties": {"type": "string"}}, {"required": ["a"]}]}),
            ".*: members that the contract does not name",
        );
        let inner = json!({"type": "object", "properties": {"b": {"type": "object", "properties": {"c": true},
            "additionalProperties": {"type": "string"}}}});
        check(
            json!({"type": "object", "properties": {"m": {"type": "array", "items": inner}}}),
            ".m[].b.*: members that the contract does not name",
        );
        check(
            json!({"type": "object", "properties": {"m": {"anyOf": [{"$ref": "#/base"}, {"type": "null"}],
                "dependentSchemas": {"a": {"properties": {"b": {}}}}}}}),
            ".m.b: it is described under `dependentSchemas` only",
        );
        // What cannot be read at all is told once.
        check(
            json!({"type": "object", "properties": {"m": {"type": "array", "items": {"type": ["object", "null"],
                "properties": {"a": {"type": "string"}}, "additionalProperties": true}}}}),
            "",
        );
    }
}
