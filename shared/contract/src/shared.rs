//! Schemas that several places share, gathered and compiled once for all of them.
//!
//! The bodies of a document's operations are mostly described by the same schemas, nearly all of which hang together: compiled
//! for each operation by itself, they would take time and memory by their number times that of the operations. Here each is
//! rewritten and compiled once, and what differs among the places, which of the schemas they reach, is told apart.
//!
//! Only what has no fault is shared. The rest is left to be compiled by itself, which tells what is wrong with it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::bundle::{Bundle, Direction, Gathered};
use crate::checker::Checker;
use crate::definitions::MAX_DEFINITIONS;
use crate::document::Entry;
use crate::documents::Documents;
use crate::gathering::Gathering;
use crate::joint::Joint;
use crate::links::Link;
use crate::locating::{self, Measured};
use crate::reference::follow;
use crate::{media, pointer};

/// Schemas that are gathered together.
const MAX_TOGETHER: usize = 20 * MAX_DEFINITIONS;
/// Times that schemas are gathered, parted anew where one of them has a fault.
const MAX_ATTEMPTS: usize = 32;

/// Where a schema stands, and which way the values travel that it describes.
pub(crate) type Described = (Direction, String);

/// Schemas that were compiled together, by their places.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    all: HashMap<Described, (Bundle, Checker)>,
}

impl Shared {
    /// Compiles the schemas of the JSON bodies of the operations at `entries`, as far as they have no fault.
    pub(crate) fn of_bodies<'e>(
        documents: &Documents<'_>,
        entries: impl IntoIterator<Item = &'e Entry>,
    ) -> Self {
        let mut places = BTreeSet::new();
        for entry in entries {
            let request = pointer::join(&entry.at, "requestBody");
            places.extend(of_body(documents, &request).map(|at| (Direction::Request, at)));
            let responses = pointer::join(&entry.at, "responses");
            let Some((responses, all)) = object(documents, &responses) else { continue };
            for status in all.keys() {
                let response = pointer::join(&responses, status);
                places.extend(of_body(documents, &response).map(|at| (Direction::Response, at)));
            }
        }
        Self::compile(documents, &places)
    }

    /// Compiles the schemas at `places`, as far as they have no fault.
    pub(crate) fn compile(documents: &Documents<'_>, places: &BTreeSet<Described>) -> Self {
        let mut shared = Self::default();
        for direction in [Direction::Request, Direction::Response] {
            let own = places.iter().filter(|(way, _)| *way == direction);
            let own: Vec<&str> = own.map(|(_, at)| at.as_str()).collect();
            shared.add(documents, direction, own);
        }
        shared
    }

    /// The schema at `at`, if it is one of them.
    pub(crate) fn get(&self, direction: Direction, at: &str) -> Option<&(Bundle, Checker)> {
        self.all.get(&(direction, at.to_owned()))
    }

    fn add(&mut self, documents: &Documents<'_>, direction: Direction, places: Vec<&str>) {
        let mut open = vec![places];
        let mut attempts = 0;
        while let Some(places) = open.pop().filter(|_| attempts < MAX_ATTEMPTS) {
            // What is by itself shares nothing.
            if places.len() < 2 {
                continue;
            }
            attempts += 1;
            match together(documents, direction, &places) {
                Some(found) => {
                    let found = places.into_iter().zip(found);
                    let found = found.filter_map(|(at, own)| Some(((direction, at.to_owned()), own?)));
                    self.all.extend(found);
                }
                None => {
                    let (some, others) = places.split_at(places.len() / 2);
                    open.extend([some.to_vec(), others.to_vec()]);
                }
            }
        }
    }
}

/// The object at `at` after references.
fn object<'l>(documents: &Documents<'l>, at: &str) -> Option<(String, &'l Map<String, Value>)> {
    documents.value(at)?;
    let (at, object) = follow(documents, at).ok()?;
    Some((at, object.as_object()?))
}

/// Where the schemas of the JSON bodies are that the object at `at` describes.
fn of_body<'l>(documents: &Documents<'l>, at: &str) -> impl Iterator<Item = String> + use<'l> {
    let described = object(documents, at)
        .and_then(|(at, object)| Some((pointer::join(&at, "content"), object.get("content")?.as_object()?)));
    described.into_iter().flat_map(|(content, all)| {
        let is_json = |name: &str| media::range(name).is_some_and(|range| media::may_be_json(&range));
        let described =
            all.iter().filter(move |(name, object)| is_json(name) && object.get("schema").is_some());
        described.map(move |(name, _)| pointer::join(&pointer::join(&content, name), "schema"))
    })
}

/// The schemas at `places`, in their order, compiled together; one that refers to too many others is none. `None` where any of
/// them has a fault.
fn together(
    documents: &Documents<'_>,
    direction: Direction,
    places: &[&str],
) -> Option<Vec<Option<(Bundle, Checker)>>> {
    let found = Gathering::gather(documents, direction, places, MAX_TOGETHER, &mut Vec::new())?;
    let Gathering { gathered, links, numbers } = found;
    let graph = Graph::of(&gathered, links);
    let gathered = Arc::new(gathered);
    let joint = Joint::compile(&gathered, &numbers)?;
    let views = numbers.iter().enumerate().map(|(entry, number)| {
        let reached = graph.reached(*number)?;
        let bundle = Bundle::of(&gathered, *number, graph.is_affordable(&reached));
        let checker = joint.checker(entry, bundle.locatable, reached);
        Some((bundle, checker))
    });
    Some(views.collect())
}

/// Definitions and the references between them.
struct Graph {
    measured: Vec<Measured>,
    /// By the definition in which they are.
    links: Vec<Vec<Link>>,
}

impl Graph {
    fn of(gathered: &Gathered, all: Vec<Link>) -> Self {
        let measured: Vec<_> = gathered.definitions.values().map(Measured::of).collect();
        let mut links: Vec<Vec<Link>> = measured.iter().map(|_| Vec::new()).collect();
        for link in all {
            links.get_mut(link.from).into_iter().for_each(|own| own.push(Link { at: String::new(), ..link }));
        }
        Self { measured, links }
    }

    /// The definition `number`, and all that it refers to; `None` where that is more than one schema may.
    fn reached(&self, number: usize) -> Option<Vec<usize>> {
        let mut is_reached = vec![false; self.measured.len()];
        *is_reached.get_mut(number)? = true;
        let mut reached = vec![number];
        let mut next = 0;
        while let Some(number) = reached.get(next) {
            for link in self.links.get(*number).into_iter().flatten() {
                if let Some(is_reached) = is_reached.get_mut(link.to).filter(|is_reached| !**is_reached) {
                    *is_reached = true;
                    reached.push(link.to);
                }
            }
            next += 1;
        }
        (reached.len() <= MAX_DEFINITIONS).then_some(reached)
    }

    /// See [`Bundle::locatable`], of the first of the definitions that it reaches.
    fn is_affordable(&self, reached: &[usize]) -> bool {
        let numbers: HashMap<usize, usize> =
            reached.iter().enumerate().map(|(own, number)| (*number, own)).collect();
        let measured: Vec<_> =
            reached.iter().filter_map(|number| self.measured.get(*number).copied()).collect();
        let links = reached.iter().filter_map(|number| self.links.get(*number)).flatten();
        let links = links.filter_map(|link| {
            let (from, to) = (*numbers.get(&link.from)?, *numbers.get(&link.to)?);
            Some(Link { from, to, at: String::new(), in_place: link.in_place })
        });
        locating::are_affordable(&measured, &links.collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};

    use crate::bundle::Direction;
    use crate::document::Document;
    use crate::library::Library;

    /// A document of `operations`, each answered by one of `schemas` that all refer to each other, beside `more` paths.
    fn document(operations: usize, schemas: usize, more: &Value) -> Document {
        let reference = |nth: usize| json!({"$ref": format!("#/components/schemas/S{}", nth % schemas)});
        let schema = |nth: usize| {
            let members = json!({"own": {"pattern": format!("^{nth}$")}, "next": reference(nth + 1), format!("m{nth}"): {}});
            (format!("S{nth}"), json!({"type": "object", "properties": members}))
        };
        let operation = |nth: usize| {
            let body = json!({"content": {"application/json": {"schema": reference(nth)}}});
            let operation = json!({"operationId": format!("o{nth}"), "responses": {"200": body}});
            (format!("/o{nth}"), json!({"get": operation}))
        };
        let mut paths: serde_json::Map<_, _> = (0..operations).map(operation).collect();
        paths.extend(more.as_object().cloned().into_iter().flatten());
        let schemas: serde_json::Map<_, _> = (0..schemas).map(schema).collect();
        let text =
            json!({"openapi": "3.1.0", "paths": paths, "components": {"schemas": schemas}}).to_string();
        Document::open(&Arc::new(Library::new([("f", text)])), "f").unwrap()
    }

    fn prepare(document: &Document) {
        let ids: Vec<_> = document.operations().map(|name| name.id.to_owned()).collect();
        document.prepare(ids.iter().map(String::as_str));
    }

    fn place(operation: usize) -> String {
        format!("/paths/~1o{operation}/get/responses/200/content/application~1json/schema")
    }

    #[test]
    fn schemas_are_gathered_and_compiled_once_for_all_operations() {
        const SCHEMAS: usize = 50;
        for operations in [10, 40] {
            let document = document(operations, SCHEMAS, &json!({}));
            prepare(&document);
            let shared = document.shared.get().unwrap();
            assert_eq!(shared.all.len(), operations);
            let (first, checker) = shared.get(Direction::Response, &place(0)).unwrap();
            // Each schema once, and for each operation what its body says: a reference.
            assert_eq!(first.definitions().count(), SCHEMAS + operations);
            for (bundle, other) in shared.all.values() {
                assert!(bundle.is_of(first) && other.is_with(checker));
            }
        }
    }

    #[test]
    fn a_fault_is_told_as_without_sharing_and_most_others_stay_shared() {
        let faulty =
            json!({"properties": {"a": {"minLength": -1}, "b": {"$ref": "#/components/schemas/S9"}}});
        let body = json!({"content": {"application/json": {"schema": faulty}}});
        let broken = json!({"/x": {"get": {"operationId": "x", "responses": {"200": body}}}});
        let (alone, together) = (document(8, 3, &broken), document(8, 3, &broken));
        prepare(&together);
        let told = |document: &Document| document.operation("x").unwrap_err().to_string();
        assert_eq!(told(&together), told(&alone));
        // But those that were alone in the end, beside what has the fault.
        assert_eq!(together.shared.get().unwrap().all.len(), 6);
    }

    #[test]
    fn names_that_another_operation_declares_are_not_its_own() {
        let body = |name: &str| {
            let schema = json!({"properties": {name: {"type": "string"}}, "additionalProperties": {"type": "integer"}});
            json!({"get": {"operationId": name, "responses": {"200": {"content": {"application/json": {"schema": schema}}}}}})
        };
        let document = document(2, 2, &json!({"/a": body("a"), "/b": body("b")}));
        prepare(&document);
        let shared = document.shared.get().unwrap();
        for (name, expected) in [("a", "/a"), ("b", "/*")] {
            let at = "/paths/~1a/get/responses/200/content/application~1json/schema";
            let (_, checker) = shared.get(Direction::Response, at).unwrap();
            let found = checker.violations("body", "", &json!({name: true}));
            assert_eq!(found.iter().map(|found| found.pointer.as_str()).collect::<Vec<_>>(), [expected]);
        }
    }
}
