//! Members that travel one way: `readOnly` in answers, `writeOnly` in requests.
//!
//! OpenAPI 3.0.3 (Schema Object) has `required` hold for the one way only. In 3.1 the words are those of JSON Schema 2020-12
//! (validation, section 9.4), annotations that leave their handling to the application; what is written in them goes on
//! meaning what it did in 3.0, so that both versions are read alike. Of a `writeOnly` member both say that it should not be
//! sent in an answer: it is refused there, since it is a password more often than not. A `readOnly` one should not be sent
//! in a request, which is let pass: callers send back what they got. JSON Schemas by themselves know no ways.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::bundle::Direction;
use crate::dialect::Dialect;
use crate::documents::Documents;
use crate::links::MAX_CHAIN;
use crate::{pointer, reference};

/// Schemas and members that are looked through for those of one schema.
const MAX_PARTS: usize = 20_000;
/// References and parts of parts that are followed one after another.
const MAX_DEPTH: usize = 4 * MAX_CHAIN;

/// A `readOnly` member is required in answers only, a `writeOnly` one in requests only, wherever in the schema, in what it
/// refers to and in its `allOf` it is described; and answers must not hold a `writeOnly` one.
pub(crate) fn adapt(documents: &Documents<'_>, direction: Direction, at: &str, out: &mut Map<String, Value>) {
    let mut unsent = BTreeSet::new();
    if requires(out) {
        let word = match direction {
            Direction::Request => "readOnly",
            Direction::Response => "writeOnly",
        };
        let mut left = MAX_PARTS;
        gather_unsent(documents, at, word, &mut left, 0, &mut unsent);
    }
    if !unsent.is_empty() {
        relax(out, &unsent);
    }
    if direction == Direction::Response {
        forbid(documents, at, out);
    }
}

/// Takes nothing for the `writeOnly` members that the schema at `at` describes itself.
fn forbid(documents: &Documents<'_>, at: &str, out: &mut Map<String, Value>) {
    let members = pointer::join(at, "properties");
    for (name, schema) in out.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
        if is_marked(documents, &pointer::join(&members, name), "writeOnly", 0) {
            *schema = Value::Bool(false);
        }
    }
}

/// Whether the schema at `at` says `word` of its value: itself, by `$ref` or by `allOf`. In OpenAPI 3.0 nothing beside a
/// `$ref` counts. A broken reference is reported where the schema is read.
fn is_marked(documents: &Documents<'_>, at: &str, word: &str, depth: usize) -> bool {
    let Some(schema) = documents.value(at) else { return false };
    if depth > MAX_CHAIN {
        return false;
    }
    let refers = schema.get("$ref");
    let dialect = documents.dialect_at(at, documents.dialect).unwrap_or(documents.dialect);
    let counts = refers.is_none() || dialect == Dialect::Draft202012;
    if counts && schema.get(word) == Some(&Value::Bool(true)) {
        return true;
    }
    let leads = |reference| {
        let target = reference::target(documents, dialect, at, "$ref", reference);
        target.is_ok_and(|target| is_marked(documents, &target.at, word, depth + 1))
    };
    let parts = schema.get("allOf").and_then(Value::as_array).map_or(0, |parts| parts.len().min(MAX_CHAIN));
    refers.is_some_and(leads)
        || counts
            && (0..parts).any(|nth| is_marked(documents, &format!("{at}/allOf/{nth}"), word, depth + 11))
}

/// Whether `schema`, or a part that is written in it, requires members.
fn requires(schema: &Map<String, Value>) -> bool {
    let parts = schema.get("allOf").and_then(Value::as_array).into_iter().flatten();
    schema.contains_key("required") || parts.filter_map(Value::as_object).any(requires)
}

/// Adds the members that `word` says are not sent of the schema at `at`: its own, those of what it refers to and of its
/// `allOf`. In OpenAPI 3.0 nothing beside a `$ref` counts.
fn gather_unsent<'l>(
    documents: &Documents<'l>,
    at: &str,
    word: &str,
    left: &mut usize,
    depth: usize,
    unsent: &mut BTreeSet<&'l str>,
) {
    let Some(Value::Object(keywords)) = documents.value(at) else { return };
    let properties = keywords.get("properties").and_then(Value::as_object);
    let Some(less) = left.checked_sub(1 + properties.map_or(0, Map::len)) else { return };
    *left = less;
    if depth > MAX_DEPTH {
        return;
    }
    if let Some(reference) = keywords.get("$ref") {
        let dialect = documents.dialect_at(at, documents.dialect).unwrap_or(documents.dialect);
        if let Ok(target) = reference::target(documents, dialect, at, "$ref", reference) {
            gather_unsent(documents, &target.at, word, left, depth + 1, unsent);
        }
        if dialect != Dialect::Draft202012 {
            return;
        }
    }
    let members = pointer::join(at, "properties");
    for name in properties.into_iter().flat_map(Map::keys) {
        if is_marked(documents, &pointer::join(&members, name), word, 0) {
            unsent.insert(name);
        }
    }
    let parts = keywords.get("allOf").and_then(Value::as_array).map_or(0, Vec::len);
    for nth in 0..parts {
        gather_unsent(documents, &format!("{at}/allOf/{nth}"), word, left, depth + 1, unsent);
    }
}

/// Takes `unsent` out of what is required here, and in the parts that are written here.
fn relax(schema: &mut Map<String, Value>, unsent: &BTreeSet<&str>) {
    if let Some(Value::Array(required)) = schema.get_mut("required") {
        required.retain(|name| name.as_str().is_none_or(|name| !unsent.contains(name)));
    }
    for part in schema.get_mut("allOf").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Value::Object(part) = part {
            relax(part, unsent);
        }
    }
}
