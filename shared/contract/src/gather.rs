//! Schemas as a bundle holds them: each keyword as 2020-12 has it, and what says nothing about values left out.

use std::collections::HashSet;

use doorward_model::Fault;
use serde_json::{Map, Value};

use crate::bundle::{Direction, INNER, SAME, SAME_LIST};
use crate::definitions::Definitions;
use crate::dialect::Dialect;
use crate::documents::Documents;
use crate::dynamic_scope::{ScopeId, Scopes};
use crate::links::Link;
use crate::one_way::{OneWay, Unsent};
use crate::{draft7, formats, openapi30, pattern, pointer, rounding, unread};

/// Keywords that hold no schema and are asserted.
pub(crate) const PLAIN: [&str; 21] = [
    "const",
    "dependentRequired",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "maxContains",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minContains",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "pattern",
    "required",
    "type",
    "uniqueItems",
    "format",
];
/// Keywords that name schemas, or refer to what is named.
pub(crate) const NAMING: [&str; 5] = ["$id", "$anchor", "$dynamicAnchor", "$dynamicRef", "$recursiveRef"];

/// Where a schema stands: in which definition, and whether it describes that definition's own value.
#[derive(Clone, Copy)]
pub(crate) struct Scope {
    pub(crate) definition: usize,
    pub(crate) in_place: bool,
    /// Of the schema resource.
    pub(crate) dialect: Dialect,
    /// What the whole file is read in.
    pub(crate) file: Dialect,
    pub(crate) dynamic: ScopeId,
    /// The members of its object that are not sent.
    pub(crate) unsent: Unsent,
}

impl Scope {
    /// For a part of the value.
    pub(crate) fn inner(self) -> Self {
        Self { in_place: false, unsent: Unsent::NONE, ..self }
    }

    /// For the same value, where less required is not less asked for.
    fn by_itself(self) -> Self {
        Self { unsent: Unsent::NONE, ..self }
    }
}

pub(crate) struct Gatherer<'a, 'l> {
    pub(crate) documents: &'a Documents<'l>,
    pub(crate) direction: Direction,
    pub(crate) faults: &'a mut Vec<Fault>,
    pub(crate) definitions: Definitions,
    pub(crate) scopes: Scopes,
    pub(crate) links: Vec<Link>,
    /// Members that are not sent: of which definition, where they are described, and how.
    pub(crate) unsent: Vec<(usize, String, Value)>,
    pub(crate) one_way: OneWay,
}

impl Gatherer<'_, '_> {
    /// Rewrites one definition after the other, and those that they refer to, by number.
    pub(crate) fn rewrite_all(&mut self, places: &[&str], limit: usize) -> Map<String, Value> {
        let documents = self.documents;
        let mut definitions = Map::new();
        let mut files = HashSet::new();
        while let Some((origin, file, dynamic, unsent)) = self.definitions.get(definitions.len()).cloned() {
            if definitions.len() == limit {
                let message = format!("the schema refers to more than {limit} others");
                let at = places.first().copied().unwrap_or_default();
                self.faults.push(documents.fault(at, message));
                break;
            }
            if self.definitions.are_copied_too_often() {
                break;
            }
            if files.insert((documents.file(&origin).to_owned(), file)) {
                self.faults.extend(documents.name_faults(&origin, file));
            }
            let scope = Scope {
                definition: definitions.len(),
                in_place: true,
                dialect: documents.resource(&origin, file).map_or(file, |(_, resource)| resource.dialect),
                file,
                dynamic,
                unsent,
            };
            let schema = documents.value(&origin).unwrap_or(&Value::Null);
            let schema = self.rewrite(schema, &origin, scope);
            definitions.insert(definitions.len().to_string(), schema);
        }
        definitions
    }

    pub(crate) fn rewrite(&mut self, schema: &Value, at: &str, scope: Scope) -> Value {
        let keywords = match schema {
            Value::Bool(_) => return schema.clone(),
            Value::Object(keywords) => keywords,
            _ => {
                self.faults.push(self.documents.fault(at, "a schema must be an object, `true` or `false`"));
                return Value::Bool(false);
            }
        };
        let mut scope = self.enter(at, scope);
        if self.has_ways(scope) {
            scope.unsent = self.one_way.within(self.documents, at, scope.unsent);
        }
        let mut out = Map::new();
        if let Some(reference) = keywords.get("$ref") {
            if let Some(own) = self.refer("$ref", reference, at, scope) {
                out.insert("$ref".to_owned(), own);
            }
            if scope.dialect != Dialect::Draft202012 {
                return Value::Object(out);
            }
        }
        for (name, value) in keywords {
            let inside = pointer::join(at, name);
            if scope.dialect == Dialect::Draft7 && draft7::is_other(name, value) {
                self.draft7_keyword(name, value, &inside, scope, &mut out);
            } else if let Some(value) = self.keyword(name, value, &inside, scope) {
                out.insert(name.clone(), value);
            }
        }
        match scope.dialect {
            Dialect::OpenApi30 => openapi30::adapt(keywords, &mut out),
            Dialect::Draft7 => draft7::adapt(keywords, &mut out),
            Dialect::Draft202012 => self.add_dynamic(keywords, at, scope, &mut out),
        }
        self.one_way.relax(&mut out, scope.unsent);
        Value::Object(out)
    }

    /// Whether members may travel one way only: JSON Schemas by themselves know no ways.
    fn has_ways(&self, scope: Scope) -> bool {
        scope.dialect == Dialect::OpenApi30
            || scope.dialect == Dialect::Draft202012 && self.documents.is_openapi("")
    }

    /// The schema of members at `at`: of an answer, nothing where it is of those that are not sent.
    fn rewrite_member(&mut self, schema: &Value, at: &str, scope: Scope) -> Value {
        let rewritten = self.rewrite(schema, at, scope);
        let is_answer = self.direction == Direction::Response && self.has_ways(scope);
        if !is_answer || !self.one_way.is_unsent(self.documents, at) {
            return rewritten;
        }
        self.unsent.push((scope.definition, at.to_owned(), rewritten));
        Value::Bool(false)
    }

    /// One keyword's value as 2020-12 has it; `None` for what says nothing about values.
    fn keyword(&mut self, name: &str, value: &Value, at: &str, scope: Scope) -> Option<Value> {
        let inner = scope.inner();
        if let Some(note) = unread::note(self.documents, scope.dialect, name, value, at) {
            self.documents.note(note);
        }
        match name {
            _ if let Some(hint) = draft7::misplaced(name, scope.dialect) => {
                let fault = format!("the keyword `{name}` is not of this schema dialect");
                self.faults.push(self.documents.fault(at, fault).hint(hint));
                None
            }
            "additionalProperties" | "unevaluatedProperties" => Some(self.rewrite_member(value, at, inner)),
            _ if INNER.contains(&name) => Some(self.rewrite(value, at, inner)),
            "not" | "if" => Some(self.rewrite(value, at, scope.by_itself())),
            _ if SAME.contains(&name) => Some(self.rewrite(value, at, scope)),
            "oneOf" => Some(self.rewrite_list(value, at, scope.by_itself())),
            _ if SAME_LIST.contains(&name) => Some(self.rewrite_list(value, at, scope)),
            "prefixItems" => Some(self.rewrite_list(value, at, inner)),
            "properties" => Some(self.rewrite_members(value, at, inner)),
            "patternProperties" => {
                self.check_patterns(value, at);
                Some(self.rewrite_members(value, at, inner))
            }
            "pattern" if value.is_string() => {
                self.read_pattern(value.as_str().unwrap_or_default(), at).map(|_| value.clone())
            }
            "dependentSchemas" => Some(self.rewrite_map(value, at, scope)),
            // What is no text is told of as the meta-schema does.
            "format" if !value.is_string() => Some(value.clone()),
            "nullable" if scope.dialect == Dialect::OpenApi30 && !value.is_boolean() => {
                self.faults.push(self.documents.fault(at, "`nullable` must be `true` or `false`"));
                None
            }
            "format" => {
                let format = value.as_str().filter(|format| formats::is_asserted(format));
                format.map(|format| Value::String(format.to_owned()))
            }
            "$schema" if Dialect::named_by(value) == Some(scope.dialect) => None,
            "$schema" => {
                let fault = self.documents.fault(at, "the schema dialect is not that of its document");
                self.faults.push(fault.hint("put a schema of another dialect into a file of its own"));
                None
            }
            "$dynamicRef" if scope.dialect == Dialect::Draft202012 => None,
            _ if NAMING.contains(&name) => {
                self.check_name(name, value, at, scope);
                None
            }
            _ if value.is_f64() && PLAIN.contains(&name) && self.documents.is_rounded(at) => {
                let message = format!("the number of `{name}` has more digits than can be kept exactly");
                self.faults.push(self.documents.fault(at, message));
                None
            }
            "enum" | "const" if !value.is_f64() && rounding::may_be_rounded(value) => {
                let message = format!("a number in `{name}` may have more digits than can be kept exactly");
                self.faults.push(self.documents.fault(at, message));
                None
            }
            _ if PLAIN.contains(&name) => Some(value.clone()),
            _ => None,
        }
    }

    /// The pattern of the contract's at `at` in the engine's words.
    fn read_pattern(&mut self, text: &str, at: &str) -> Option<String> {
        let noted = |refused: pattern::Refused| {
            self.faults.push(self.documents.fault(at, refused.message).hint(refused.hint));
        };
        pattern::read(text).map_err(noted).ok()
    }

    /// Holds the patterns of `schemas`, which stand at `at`, to ECMA-262.
    fn check_patterns(&mut self, schemas: &Value, at: &str) {
        let mut read = HashSet::new();
        for name in schemas.as_object().into_iter().flat_map(Map::keys) {
            let inside = pointer::join(at, name);
            let Some(own) = self.read_pattern(name, &inside) else { continue };
            if !read.insert(own) {
                let message = format!("the pattern `{}` is written in two ways", pointer::shown(name));
                self.faults.push(self.documents.fault(&inside, message));
            }
        }
    }

    /// Refuses the keyword at `at` where it names nothing that references would find, or is not carried.
    fn check_name(&mut self, name: &str, value: &Value, at: &str, scope: Scope) {
        let hint = if self.documents.is_openapi(at) {
            "name the schema by its place: `#/components/schemas/NAME`"
        } else {
            "name the schema by its place: `#/$defs/NAME`"
        };
        let is_carried = match name {
            "$id" => true,
            "$anchor" | "$dynamicAnchor" => scope.dialect != Dialect::Draft7,
            _ => false,
        };
        if !is_carried || scope.file == Dialect::OpenApi30 && self.documents.is_openapi(at) {
            let fault = self.documents.fault(at, format!("the keyword `{name}` is not carried"));
            self.faults.push(fault.hint(hint));
        } else if !self.documents.is_name(at, name, value, scope.file) {
            let message = format!("the keyword `{name}` stands where no schemas are looked for");
            self.faults.push(self.documents.fault(at, message).hint(hint));
        }
    }

    pub(crate) fn rewrite_list(&mut self, schemas: &Value, at: &str, scope: Scope) -> Value {
        let Some(schemas) = schemas.as_array() else {
            self.faults.push(self.documents.fault(at, "expected a list of schemas"));
            return Value::Null;
        };
        let rewritten = schemas.iter().enumerate();
        rewritten.map(|(nth, schema)| self.rewrite(schema, &format!("{at}/{nth}"), scope)).collect()
    }

    pub(crate) fn rewrite_map(&mut self, schemas: &Value, at: &str, scope: Scope) -> Value {
        self.rewrite_each(schemas, at, scope, Self::rewrite)
    }

    fn rewrite_members(&mut self, schemas: &Value, at: &str, scope: Scope) -> Value {
        self.rewrite_each(schemas, at, scope, Self::rewrite_member)
    }

    fn rewrite_each(
        &mut self,
        schemas: &Value,
        at: &str,
        scope: Scope,
        rewrite: fn(&mut Self, &Value, &str, Scope) -> Value,
    ) -> Value {
        let Some(schemas) = schemas.as_object() else {
            self.faults.push(self.documents.fault(at, "expected schemas by name"));
            return Value::Null;
        };
        let rewritten = schemas.iter();
        rewritten
            .map(|(name, schema)| (name.clone(), rewrite(self, schema, &pointer::join(at, name), scope)))
            .collect()
    }
}
