//! The schemas of the merged document, by name.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::{Map, Value};

use super::annotations::{base_name, put_back, renamed};
use crate::bundle::{Bundle, Direction};
use crate::diff::Equality;
use crate::document::Document;

/// Where a schema comes from, and its definition in a bundle.
struct Known {
    file: String,
    origin: String,
    bundle: Rc<Bundle>,
    reference: String,
    name: String,
}

/// The schemas that were named so far.
#[derive(Default)]
pub(super) struct Components {
    known: Vec<Known>,
    written: BTreeMap<String, Value>,
}

impl Components {
    /// The schema at `at` of a document, written out, with what it refers to among the components.
    pub(super) fn schema(&mut self, document: &Document, direction: Direction, at: &str) -> Option<Value> {
        let bundle = Rc::new(document.bundle(direction, at)?);
        let mut schema = bundle.definition("#/$defs/0")?.clone();
        put_back(&mut schema, document.value(at));
        self.settle(document, &bundle, &mut schema);
        Some(schema)
    }

    /// Gives every reference of `schema` its name in the merged document.
    fn settle(&mut self, document: &Document, bundle: &Rc<Bundle>, schema: &mut Value) {
        *schema = renamed(schema, &mut |reference| {
            format!("#/components/schemas/{}", self.name(document, bundle, reference))
        });
    }

    /// The name of what `reference` names in `bundle`; it is written when it is first asked for.
    fn name(&mut self, document: &Document, bundle: &Rc<Bundle>, reference: &str) -> String {
        let file = document.file.as_str();
        let origin = bundle.origin(reference.trim_start_matches('#'));
        let Some(definition) = bundle.definition(reference) else { return base_name(&origin) };
        let same = |known: &&Known| {
            (known.file.as_str(), &known.origin) == (file, &origin)
                && known
                    .bundle
                    .definition(&known.reference)
                    .is_some_and(|other| Equality::default().holds(&known.bundle, bundle, other, definition))
        };
        // A schema reads otherwise in requests than in answers where members are for one of the two alone.
        if let Some(known) = self.known.iter().find(same) {
            return known.name.clone();
        }
        let name = self.unique(&base_name(&origin));
        self.known.push(Known {
            file: file.to_owned(),
            origin: origin.clone(),
            bundle: Rc::clone(bundle),
            reference: reference.to_owned(),
            name: name.clone(),
        });
        let mut schema = definition.clone();
        put_back(&mut schema, document.value(&origin));
        self.settle(document, bundle, &mut schema);
        self.written.insert(name.clone(), schema);
        name
    }

    fn unique(&self, base: &str) -> String {
        let is_taken = |name: &str| self.known.iter().any(|known| known.name == name);
        let mut name = base.to_owned();
        let mut nth = 2;
        while is_taken(&name) {
            name = format!("{base}_{nth}");
            nth += 1;
        }
        name
    }

    pub(super) fn into_schemas(self) -> Map<String, Value> {
        self.written.into_iter().collect()
    }
}
