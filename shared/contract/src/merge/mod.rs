//! One OpenAPI 3.1 document of operations that stand in several, of whichever version.
//!
//! Schemas are those that messages are checked by (`Bundle`), so that the merged document judges as its parts do, with
//! titles, descriptions and examples put back, and discriminators, which mean the schemas where they stand there. What `$ref`
//! names besides schemas is written out in its place. Links, callbacks, servers and the documents' own security are left out.

mod annotations;
mod components;
mod discriminator;
mod operation;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use self::components::Components;
use self::operation::Writer;
use crate::document::Document;

/// One operation of the merged document.
#[derive(Debug, Clone)]
pub struct MergedOperation<'a> {
    /// Where it is described, and by which `operationId`.
    pub document: &'a Document,
    /// See `document`.
    pub described_as: &'a str,
    /// What it is called in the merged document.
    pub id: &'a str,
    /// Its path in the merged document: its own, or that behind the path of a server of its document.
    pub path: &'a str,
    /// Its Security Requirement Objects.
    pub security: Value,
    /// Answers that may come beside those that it describes, by status or `default`.
    pub answers: Map<String, Value>,
}

/// On the parameter that takes all that is left of a path, which OpenAPI has no word for.
const GREEDY: &str = "x-doorward-greedy";

/// Merges `operations` into a document with this Info Object; `components` holds what they refer to besides schemas.
///
/// A greedy parameter (`/files/{path+}`) is written as any other, with [`GREEDY`] beside it. Where the document has an operation
/// of the same method with a plain parameter in its place, it has no room for the greedy one, which is left out.
#[must_use]
pub fn merge(info: Value, operations: &[MergedOperation<'_>], components: Map<String, Value>) -> Value {
    let mut schemas = Components::default();
    let mut paths: Map<String, Value> = Map::new();
    let mut shapes: BTreeMap<String, String> = BTreeMap::new();
    let (greedy, full): (Vec<_>, Vec<_>) = operations.iter().partition(|operation| is_greedy(operation.path));
    for operation in full.into_iter().chain(greedy) {
        let Some(entry) = operation.document.entry(operation.described_as) else { continue };
        let writer = Writer { document: operation.document, entry, operation };
        // Of paths that differ in the names of their parameters alone, a document may hold one (OpenAPI 3.1, Paths
        // Object).
        let own = || operation.path.replace("+}", "}");
        let path = shapes.entry(shape(operation.path)).or_insert_with(own).clone();
        let method = entry.method.as_str().to_ascii_lowercase();
        if is_greedy(operation.path) && paths.get(&path).is_some_and(|item| item.get(&method).is_some()) {
            continue;
        }
        let mut written = writer.write(&path, &mut schemas);
        if is_greedy(operation.path) {
            mark_greedy(&mut written, &path);
        }
        let item = paths.entry(path).or_insert_with(|| json!({}));
        if let Some(item) = item.as_object_mut() {
            item.insert(method, written);
        }
    }
    let mut components = components;
    let schemas = schemas.into_schemas();
    if !schemas.is_empty() {
        components.insert("schemas".to_owned(), Value::Object(schemas));
    }
    json!({ "openapi": "3.1.0", "info": info, "paths": paths, "components": components })
}

/// The path without the names of its parameters.
fn shape(path: &str) -> String {
    let segment = |segment: &str| if segment.starts_with('{') { "{}" } else { segment }.to_owned();
    path.split('/').map(segment).collect::<Vec<_>>().join("/")
}

/// The names of the path's parameters, in their order.
fn parameters(path: &str) -> impl Iterator<Item = &str> {
    let names = path.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
    names.map(|(name, _)| name.strip_suffix('+').unwrap_or(name))
}

/// Whether the last parameter of the path takes all that is left.
fn is_greedy(path: &str) -> bool {
    path.ends_with("+}")
}

/// Says of the last parameter of `path` that it takes all that is left.
fn mark_greedy(operation: &mut Value, path: &str) {
    let Some(name) = parameters(path).last() else { return };
    let written = operation.get_mut("parameters").and_then(Value::as_array_mut);
    for parameter in written.into_iter().flatten().filter_map(Value::as_object_mut) {
        if parameter.get("in") == Some(&json!("path")) && parameter.get("name") == Some(&json!(name)) {
            parameter.insert(GREEDY.to_owned(), json!(true));
        }
    }
}
