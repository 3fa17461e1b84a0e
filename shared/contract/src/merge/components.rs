//! The schemas of the merged document, by name.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::annotations::{base_name, put_back, renamed};
use super::discriminator::{self, Discriminator};
use crate::bundle::{Bundle, Direction};
use crate::document::Document;

/// A definition in a bundle.
#[derive(Clone)]
struct Definition {
    bundle: Rc<Bundle>,
    reference: String,
}

/// What a schema is, and what it is called.
struct Known {
    definition: Definition,
    name: String,
}

/// The schemas that were named so far.
#[derive(Default)]
pub(super) struct Components {
    /// By the file and the place that they come from.
    known: HashMap<(String, String), Vec<Known>>,
    names: HashSet<String>,
    written: BTreeMap<String, Value>,
    /// Those that have a name and are not written yet: the name, and what it is of.
    named: Vec<(String, Definition)>,
    /// Those that discriminators name, gathered by themselves: by document, place and way.
    apart: HashMap<(String, String, Direction), Option<Definition>>,
}

/// The document that a schema is of, which way its values travel, and the bundle that it is read from.
#[derive(Clone, Copy)]
struct Origin<'a> {
    document: &'a Document,
    direction: Direction,
    bundle: &'a Rc<Bundle>,
}

impl Components {
    /// The schema at `at` of a document, written out, with what it refers to among the components.
    pub(super) fn schema(&mut self, document: &Document, direction: Direction, at: &str) -> Option<Value> {
        let bundle = Rc::new(document.bundle(direction, at)?);
        let reference = bundle.schema.get("$ref")?.as_str()?;
        let schema = bundle.definition(reference)?.clone();
        let written = self.write(Origin { document, direction, bundle: &bundle }, schema, at);
        // One after the other: schemas may refer to each other in long chains.
        while let Some((name, Definition { bundle, reference })) = self.named.pop() {
            let Some(schema) = bundle.definition(&reference).cloned() else { continue };
            let at = bundle.origin(reference.trim_start_matches('#'));
            let written = self.write(Origin { document, direction, bundle: &bundle }, schema, &at);
            self.written.insert(name, written);
        }
        Some(written)
    }

    /// `schema` as it is written in the merged document, with what its original at `at` says to people.
    fn write(&mut self, of: Origin<'_>, mut schema: Value, at: &str) -> Value {
        let original = of.document.value(at);
        put_back(&mut schema, original);
        let discriminators = self.discriminators(of, &schema, at);
        // Every reference gets its name in the merged document.
        let mut written = renamed(&schema, &mut |reference| place(&self.name(of, reference)));
        for (inside, discriminator) in discriminators {
            if let Some(Value::Object(schema)) = written.pointer_mut(&inside) {
                schema.insert("discriminator".to_owned(), discriminator);
            }
        }
        written
    }

    /// The Discriminator Objects of `schema`, which stands at `at`, and in which of its schemas each is.
    fn discriminators(&mut self, of: Origin<'_>, schema: &Value, at: &str) -> Vec<(String, Value)> {
        let Some(documents) = of.document.documents() else { return Vec::new() };
        let found = discriminator::places(schema, documents.value(at)).into_iter().filter_map(|inside| {
            let said = Discriminator::of(&documents, &format!("{at}{inside}"))?;
            let parts = ["oneOf", "anyOf", "allOf"]
                .into_iter()
                .filter_map(|list| schema.pointer(&inside)?.get(list)?.as_array());
            let near: Vec<&str> = parts.flatten().filter_map(|part| part.get("$ref")?.as_str()).collect();
            Some((inside, self.discriminator(of, &said, &near)))
        });
        found.collect()
    }

    /// `near` are the references beside it. Names that are others in the merged document are mapped.
    fn discriminator(&mut self, of: Origin<'_>, said: &Discriminator, near: &[&str]) -> Value {
        let near: HashMap<String, &str> = near
            .iter()
            .map(|reference| (of.bundle.origin(reference.trim_start_matches('#')), *reference))
            .collect();
        let all = said.mapped.iter().chain(&said.called).map(|(_, at)| at);
        self.gather(of, all.filter(|at| !near.contains_key(*at)).collect());
        let mut mapping = Map::new();
        for (value, at) in &said.mapped {
            mapping.extend(self.meant(of, &near, at).map(|name| (value.clone(), place(&name).into())));
        }
        for (value, at) in &said.called {
            if let Some(name) = self.meant(of, &near, at).filter(|name| name != value) {
                mapping.entry(value.clone()).or_insert_with(|| place(&name).into());
            }
        }
        match mapping.is_empty() {
            true => json!({ "propertyName": said.property }),
            false => json!({ "propertyName": said.property, "mapping": mapping }),
        }
    }

    /// Gathers the schemas at `places` together, which may hang together; each by itself where one of them cannot be read.
    fn gather(&mut self, of: Origin<'_>, places: BTreeSet<&String>) {
        let key = |at: &str| (of.document.file.clone(), at.to_owned(), of.direction);
        let new: Vec<&str> =
            places.into_iter().map(String::as_str).filter(|at| !self.apart.contains_key(&key(at))).collect();
        if new.is_empty() {
            return;
        }
        let gathered = |places: &[&str]| of.document.bundle_all(of.direction, places).map(Rc::new);
        let whole = gathered(&new);
        for (nth, at) in new.into_iter().enumerate() {
            let (bundle, number) = match &whole {
                Some(whole) => (Some(Rc::clone(whole)), nth),
                None => (gathered(&[at]), 0),
            };
            let reference = format!("#/$defs/{number}");
            self.apart.insert(key(at), bundle.map(|bundle| Definition { bundle, reference }));
        }
    }

    /// The name of the schema at `at`, which a discriminator means: one of those that are near it, by their places, or that were
    /// gathered. What cannot be read is none.
    fn meant(&mut self, of: Origin<'_>, near: &HashMap<String, &str>, at: &str) -> Option<String> {
        if let Some(reference) = near.get(at) {
            return Some(self.name(of, reference));
        }
        let key = (of.document.file.clone(), at.to_owned(), of.direction);
        let Definition { bundle, reference } = self.apart.get(&key)?.clone()?;
        Some(self.name(Origin { bundle: &bundle, ..of }, &reference))
    }

    /// The name of what `reference` names in the bundle, which is to be written where it is asked for the first time.
    fn name(&mut self, of: Origin<'_>, reference: &str) -> String {
        let (file, bundle) = (of.document.file.as_str(), of.bundle);
        let origin = bundle.origin(reference.trim_start_matches('#'));
        let Some(schema) = bundle.definition(reference) else { return base_name(&origin) };
        let place = (file.to_owned(), origin);
        let all = self.known.get(&place).into_iter().flatten();
        let is_this =
            |known: &&Known| known.definition.bundle.is_of(bundle) && known.definition.reference == reference;
        if let Some(known) = all.clone().find(is_this) {
            return known.name.clone();
        }
        // A schema reads otherwise in requests than in answers where members are for one of the two alone.
        let is_same = |known: &&Known| {
            let Definition { bundle: other, reference } = &known.definition;
            let is_equal = |theirs| {
                let mut equality = other.take_equality(bundle);
                let is_equal = equality.holds(other, bundle, theirs, schema);
                other.keep_equality(bundle, equality);
                is_equal
            };
            other.definition(reference).is_some_and(is_equal)
        };
        let definition = Definition { bundle: Rc::clone(bundle), reference: reference.to_owned() };
        let name = all.clone().find(is_same).map(|known| known.name.clone());
        let name = name.unwrap_or_else(|| {
            let name = self.unique(&base_name(&place.1));
            self.named.push((name.clone(), definition.clone()));
            name
        });
        self.known.entry(place).or_default().push(Known { definition, name: name.clone() });
        name
    }

    /// A name that begins with `base` and that nothing else has.
    fn unique(&mut self, base: &str) -> String {
        let mut name = base.to_owned();
        let mut nth = 2;
        while !self.names.insert(name.clone()) {
            name = format!("{base}_{nth}");
            nth += 1;
        }
        name
    }

    pub(super) fn into_schemas(self) -> Map<String, Value> {
        self.written.into_iter().collect()
    }
}

/// Where a component stands in the merged document.
fn place(name: &str) -> String {
    format!("#/components/schemas/{name}")
}
