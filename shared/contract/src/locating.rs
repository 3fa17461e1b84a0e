//! Whether every violation of a schema can be located without trying the same part of a value too often.
//!
//! Whether a value is valid is found in time that grows with the value: the outcome of each schema at each part is
//! remembered. Locating remembers nothing, so that a schema which meets itself again in two alternatives is tried
//! twice per level of the value, and a deep value of a stranger's takes for ever.

use serde_json::{Map, Value};

use crate::bundle::{INNER, SAME, SAME_LIST};
use crate::links::{self, Link};

/// The largest schema, references replaced by what they refer to, whose violations are located.
const MAX_UNFOLDED: usize = 20_000;

/// Whether locating is affordable for the bundle of `definitions` and the `links` between them.
pub(crate) fn is_affordable(definitions: &Map<String, Value>, links: &[Link]) -> bool {
    let measured: Vec<_> = definitions.values().map(Measured::of).collect();
    are_affordable(&measured, links)
}

/// What is asked of a definition.
#[derive(Clone, Copy)]
pub(crate) struct Measured {
    size: usize,
    branches: bool,
}

impl Measured {
    pub(crate) fn of(definition: &Value) -> Self {
        Self { size: size(definition), branches: branches(definition) }
    }
}

/// The same of definitions that were measured, of which the first one is the schema itself.
pub(crate) fn are_affordable(definitions: &[Measured], links: &[Link]) -> bool {
    let sizes: Vec<_> = definitions.iter().map(|measured| measured.size).collect();
    match links::unfolded(&sizes, links) {
        Some(size) => size <= MAX_UNFOLDED,
        None => !definitions.iter().any(|measured| measured.branches),
    }
}

fn size(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Object(members) => 1 + members.values().map(size).sum::<usize>(),
        _ => 1,
    }
}

/// Whether somewhere in `schema` one part of a value meets references in two ways.
fn branches(schema: &Value) -> bool {
    let own = usize::from(schema.get("$ref").is_some());
    let same = same(schema).filter(|schema| refers(schema)).count();
    let patterns = named(schema, "patternProperties").filter(|schema| refers(schema)).count();
    let again = ["contains", "unevaluatedItems", "unevaluatedProperties"];
    let again = again.iter().filter_map(|name| schema.get(*name)).filter(|schema| refers(schema)).count();
    // A member, or an item, falls under one of these at most.
    let mut apart = ["additionalProperties", "items"].iter().filter_map(|name| schema.get(*name));
    let apart = apart.any(refers)
        || named(schema, "properties").any(refers)
        || listed(schema, "prefixItems").any(refers);
    own + same + patterns + again + usize::from(apart) > 1 || same_and_inner(schema).any(branches)
}

fn refers(schema: &Value) -> bool {
    schema.get("$ref").is_some() || same_and_inner(schema).any(refers)
}

fn same(schema: &Value) -> impl Iterator<Item = &Value> {
    let single = SAME.iter().filter_map(|name| schema.get(*name));
    let lists = SAME_LIST.iter().flat_map(|name| listed(schema, name));
    single.chain(lists).chain(named(schema, "dependentSchemas"))
}

/// The schemas that `schema` itself holds, for the same value and for its parts.
pub(crate) fn same_and_inner(schema: &Value) -> impl Iterator<Item = &Value> {
    let inner = INNER.iter().filter_map(|name| schema.get(*name));
    let members = ["properties", "patternProperties"].into_iter().flat_map(|name| named(schema, name));
    same(schema).chain(inner).chain(members).chain(listed(schema, "prefixItems"))
}

fn listed<'a>(schema: &'a Value, keyword: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    schema.get(keyword).and_then(Value::as_array).into_iter().flatten()
}

fn named<'a>(schema: &'a Value, keyword: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    schema.get(keyword).and_then(Value::as_object).into_iter().flat_map(Map::values)
}

#[cfg(test)]
mod tests {
    use crate::bundle::{Bundle, Direction};
    use crate::documents::Documents;
    use crate::library::Library;
    use serde_json::{Value, json};

    #[track_caller]
    fn check(schema: Value, expected: bool) {
        let library = Library::new([("f", json!({"s": schema}).to_string())]);
        let documents = Documents::open(&library, "f").unwrap();
        let bundle = Bundle::gather(&documents, Direction::Request, "/s", &mut vec![]).unwrap();
        assert_eq!(bundle.locatable, expected);
    }

    #[test]
    fn recursion_is_located_as_long_as_it_does_not_branch() {
        let own = json!({"$ref": "#/s"});
        check(json!({"properties": {"left": own, "right": own}}), true);
        check(json!({"type": "array", "items": own}), true);
        check(json!({"properties": {"next": {"anyOf": [own, {"type": "null"}]}}}), true);
        check(json!({"allOf": [{"properties": {"a": own}}]}), true);
        check(json!({"anyOf": [{"properties": {"a": own}}, {"properties": {"b": own}}]}), false);
        check(json!({"properties": {"a": own}, "patternProperties": {"^a": own}}), false);
        check(json!({"items": own, "contains": own}), false);
        check(json!({"properties": {"next": {"if": own, "then": own}}}), false);
    }

    #[test]
    fn large_unfolded_schemas_are_not_located() {
        let mut schemas = json!({"s": {"$ref": "#/c0"}, "c20": {}});
        for n in 0..20 {
            let next = json!({"$ref": format!("#/c{}", n + 1)});
            schemas[format!("c{n}")] =
                json!({"anyOf": [{"properties": {"a": next}}, {"properties": {"a": next}}]});
        }
        let library = Library::new([("f", schemas.to_string())]);
        let documents = Documents::open(&library, "f").unwrap();
        for (start, expected) in [("/c15", true), ("/s", false)] {
            let bundle = Bundle::gather(&documents, Direction::Request, start, &mut vec![]).unwrap();
            assert_eq!(bundle.locatable, expected, "{start}");
        }
    }
}
