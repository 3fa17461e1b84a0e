//! References of a bundle: to definitions, one for each dynamic scope in which a schema is met.

use serde_json::{Map, Value, json};

use crate::dialect::Dialect;
use crate::dynamic_scope::{ScopeId, Scopes};
use crate::gather::{Gatherer, Scope};
use crate::links::{self, Endless, Link};
use crate::one_way::Unsent;
use crate::{pointer, reference};

impl Gatherer<'_, '_> {
    /// `scope` within the schema at `at`, which may begin a schema resource of its own.
    pub(crate) fn enter(&mut self, at: &str, scope: Scope) -> Scope {
        match self.documents.resource(at, scope.file) {
            Some((here, resource)) if here == at => Scope {
                dialect: resource.dialect,
                dynamic: self.enter_dynamic(scope.dynamic, at, scope.file),
                ..scope
            },
            _ => scope,
        }
    }

    fn enter_dynamic(&mut self, scope: ScopeId, at: &str, file: Dialect) -> ScopeId {
        self.scopes.enter(self.documents, scope, at, file)
    }

    /// The number of the definition that comes from `origin`, in a file that is read in `file`, where it is met in `scope`.
    fn number(&mut self, origin: String, file: Dialect, scope: ScopeId, unsent: Unsent) -> usize {
        let scope = self.enter_dynamic(scope, &origin, file);
        let schema = self.documents.value(&origin);
        let unsent = self.one_way.for_part(self.documents, &origin, unsent);
        self.definitions.number((origin, file, scope, unsent), schema)
    }

    /// The number of the schema at `at`, with which gathering begins.
    pub(crate) fn begin(&mut self, at: &str, file: Dialect) -> usize {
        self.number(at.to_owned(), file, Scopes::EMPTY, Unsent::NONE)
    }

    /// The definition that the reference under `keyword` of the schema at `at` leads to, as a `$ref`.
    pub(crate) fn refer(
        &mut self,
        keyword: &str,
        reference: &Value,
        at: &str,
        scope: Scope,
    ) -> Option<Value> {
        let target = reference::target(self.documents, scope.file, at, keyword, reference);
        let target = target.map_err(|fault| self.faults.push(fault)).ok()?;
        if self.documents.is_other_object(&target.at) {
            let message = "the reference leads to an object of OpenAPI that is no schema";
            let fault = self.documents.fault(&pointer::join(at, keyword), message);
            self.faults.push(fault.hint("name the schema: `#/components/schemas/NAME`"));
            return None;
        }
        // Where the name is one of `$dynamicAnchor`, the outermost schema resource that has it is meant.
        let dynamic = target.dynamic.filter(|_| keyword == "$dynamicRef");
        let outermost = dynamic.and_then(|name| self.scopes.outermost(scope.dynamic, &name));
        let (origin, file) = outermost.unwrap_or((target.at, target.dialect));
        let number = self.number(origin, file, scope.dynamic, scope.unsent);
        let at = pointer::join(at, keyword);
        self.links.push(Link { from: scope.definition, to: number, at, in_place: scope.in_place });
        Some(Value::String(format!("#/$defs/{number}")))
    }

    /// Adds the `$dynamicRef` of the schema at `at` to its rewritten form, beside a `$ref` as one of `allOf`.
    pub(crate) fn add_dynamic(
        &mut self,
        keywords: &Map<String, Value>,
        at: &str,
        scope: Scope,
        out: &mut Map<String, Value>,
    ) {
        let Some(reference) = keywords.get("$dynamicRef") else { return };
        let Some(own) = self.refer("$dynamicRef", reference, at, scope) else { return };
        if !out.contains_key("$ref") {
            out.insert("$ref".to_owned(), own);
        } else if let Value::Array(all) = out.entry("allOf").or_insert_with(|| json!([])) {
            all.push(json!({ "$ref": own }));
        }
    }

    /// Refuses what the bounds of dynamic scopes do not follow.
    pub(crate) fn refuse_multiplied(&mut self) {
        if self.scopes.are_too_many() || self.definitions.are_copied_too_often() {
            let at = self.definitions.get(0).map_or("", |(origin, ..)| origin.as_str());
            let fault = self.documents.fault(at, "the schema means too many things in its dynamic scopes");
            self.faults
                .push(fault.hint("let schemas that are alike share the names of their `$dynamicAnchor`"));
        }
    }

    pub(crate) fn refuse_endless(&mut self) {
        let definitions = self.definitions.len();
        let at = self.definitions.get(0).map_or("", |(origin, ..)| origin.as_str());
        let fault = match links::check_chains(definitions, &self.links) {
            Ok(()) if links::is_wide(definitions, &self.links) => {
                let ways = links::MAX_WAYS;
                let message =
                    format!("one value is held against more than {ways} schemas, all choices counted");
                self.documents
                    .fault(at, message)
                    .hint("let schemas that are alike refer to one, not to each other")
            }
            Ok(()) => return,
            Err(Endless::Circle(at)) => self
                .documents
                .fault(at, "the reference leads back to itself without descending into the value"),
            Err(Endless::TooLong) => self
                .documents
                .fault(at, format!("more than {} references follow each other", links::MAX_CHAIN)),
        };
        self.faults.push(fault);
    }
}
