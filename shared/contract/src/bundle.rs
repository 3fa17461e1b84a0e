//! One schema and everything it refers to, rewritten as a JSON Schema 2020-12 document that stands alone.

use std::collections::HashMap;

use doorward_model::Fault;
use serde_json::{Map, Value};

use crate::dialect::Dialect;
use crate::documents::Documents;
use crate::links::{self, Endless, Link};
use crate::{draft7, locating, openapi30, pattern, pointer, reference, rounding};

/// Which way the described value travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Request,
    Response,
}

/// `{"$ref": "#/$defs/0", "$defs": {…}}`: definition 0 is the schema itself.
pub(crate) struct Bundle {
    pub(crate) schema: Value,
    /// Whether a stranger's value can be told every place where it breaks the schema.
    pub(crate) locatable: bool,
    origins: Vec<String>,
}

/// Formats that are asserted; the names of integer formats stay for the type tree, which bounds them.
const FORMATS: [&str; 7] = ["date-time", "date", "uuid", "email", "ipv4", "ipv6", "uri"];
const INTEGER_FORMATS: [&str; 3] = ["int32", "int64", "uint64"];

/// Keywords that hold one schema for a part of the value.
pub(crate) const INNER: [&str; 6] = [
    "additionalProperties",
    "contains",
    "items",
    "propertyNames",
    "unevaluatedItems",
    "unevaluatedProperties",
];
/// Keywords that hold one schema for the same value.
pub(crate) const SAME: [&str; 4] = ["not", "if", "then", "else"];
/// Keywords that hold a list of schemas for the same value.
pub(crate) const SAME_LIST: [&str; 3] = ["allOf", "anyOf", "oneOf"];
/// Keywords that hold no schema and are asserted.
const PLAIN: [&str; 21] = [
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
/// Keywords that change what a reference means.
const REBASING: [&str; 5] = ["$id", "$anchor", "$dynamicAnchor", "$dynamicRef", "$recursiveRef"];

/// Schemas that one bundle holds.
const MAX_DEFINITIONS: usize = 2_000;

impl Bundle {
    /// Gathers the schema at `at`; `None` when that added to `faults`.
    pub(crate) fn gather(
        documents: &Documents<'_>,
        direction: Direction,
        at: &str,
        faults: &mut Vec<Fault>,
    ) -> Option<Self> {
        let before = faults.len();
        let dialect = documents.dialect_at(at, documents.dialect).map_err(|fault| faults.push(fault)).ok()?;
        let mut gatherer = Gatherer {
            documents,
            direction,
            faults,
            numbers: HashMap::new(),
            origins: vec![],
            links: vec![],
        };
        gatherer.number(at, dialect);
        let mut definitions = Map::new();
        while let Some((origin, dialect)) = gatherer.origins.get(definitions.len()).cloned() {
            if definitions.len() == MAX_DEFINITIONS {
                let message = format!("the schema refers to more than {MAX_DEFINITIONS} others");
                gatherer.faults.push(documents.fault(at, message));
                break;
            }
            let scope = Scope { definition: definitions.len(), in_place: true, dialect };
            let schema = documents.value(&origin).unwrap_or(&Value::Null);
            let schema = gatherer.rewrite(schema, &origin, scope);
            definitions.insert(definitions.len().to_string(), schema);
        }
        gatherer.refuse_endless();
        let Gatherer { origins, links, .. } = gatherer;
        let origins = origins.into_iter().map(|(origin, _)| origin).collect();
        let locatable = locating::is_affordable(&definitions, &links);
        let schema = serde_json::json!({ "$ref": "#/$defs/0", "$defs": definitions });
        (faults.len() == before).then_some(Self { schema, locatable, origins })
    }

    /// The definition that `reference`, one of the bundle's own, names.
    pub(crate) fn definition(&self, reference: &str) -> Option<&Value> {
        self.schema.pointer(reference.strip_prefix('#')?)
    }

    /// The pointer in the user's document of what stands at `at` in the bundle.
    pub(crate) fn origin(&self, at: &str) -> String {
        let inner = at.strip_prefix("/$defs/").unwrap_or("0");
        let (number, rest) = inner.split_at(inner.find('/').unwrap_or(inner.len()));
        let origin = number.parse::<usize>().ok().and_then(|number| self.origins.get(number));
        format!("{}{rest}", origin.map_or("", String::as_str))
    }
}

/// Where a schema stands: in which definition, and whether it describes that definition's own value.
#[derive(Clone, Copy)]
pub(crate) struct Scope {
    definition: usize,
    in_place: bool,
    dialect: Dialect,
}

impl Scope {
    /// For a part of the value.
    pub(crate) fn inner(self) -> Self {
        Self { in_place: false, ..self }
    }
}

pub(crate) struct Gatherer<'a, 'l> {
    pub(crate) documents: &'a Documents<'l>,
    direction: Direction,
    pub(crate) faults: &'a mut Vec<Fault>,
    /// One file may be read in two dialects, where it states none and is referred to from both.
    numbers: HashMap<(String, Dialect), usize>,
    origins: Vec<(String, Dialect)>,
    links: Vec<Link>,
}

impl Gatherer<'_, '_> {
    /// The number of the definition that comes from `origin`.
    fn number(&mut self, origin: &str, dialect: Dialect) -> usize {
        let key = (origin.to_owned(), dialect);
        if let Some(number) = self.numbers.get(&key) {
            return *number;
        }
        let number = self.origins.len();
        self.numbers.insert(key.clone(), number);
        self.origins.push(key);
        number
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
        let mut out = Map::new();
        if let Some(reference) = keywords.get("$ref") {
            if let Some(own) = self.refer(reference, at, scope) {
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
            Dialect::OpenApi30 => {
                openapi30::adapt(keywords, &mut out);
                openapi30::relax_required(self.documents, self.direction, at, keywords, &mut out);
            }
            Dialect::Draft7 => draft7::adapt(keywords, &mut out),
            Dialect::Draft202012 => {}
        }
        Value::Object(out)
    }

    /// One keyword's value as 2020-12 has it; `None` for what says nothing about values.
    fn keyword(&mut self, name: &str, value: &Value, at: &str, scope: Scope) -> Option<Value> {
        let inner = scope.inner();
        match name {
            _ if let Some(hint) = draft7::misplaced(name, scope.dialect) => {
                let fault = format!("the keyword `{name}` is not of this schema dialect");
                self.faults.push(self.documents.fault(at, fault).hint(hint));
                None
            }
            _ if INNER.contains(&name) => Some(self.rewrite(value, at, inner)),
            _ if SAME.contains(&name) => Some(self.rewrite(value, at, scope)),
            _ if SAME_LIST.contains(&name) => Some(self.rewrite_list(value, at, scope)),
            "prefixItems" => Some(self.rewrite_list(value, at, inner)),
            "properties" => Some(self.rewrite_map(value, at, inner)),
            "patternProperties" => {
                let schemas = self.rewrite_map(value, at, inner);
                Some(self.read_patterns(schemas, at))
            }
            "pattern" if value.is_string() => {
                self.read_pattern(value.as_str().unwrap_or_default(), at).map(Value::String)
            }
            "dependentSchemas" => Some(self.rewrite_map(value, at, scope)),
            "format" => {
                let kept = |format: &&str| FORMATS.contains(format) || INTEGER_FORMATS.contains(format);
                value.as_str().filter(kept).map(|format| Value::String(format.to_owned()))
            }
            "$schema" if Dialect::named_by(value) == Some(scope.dialect) => None,
            "$schema" => {
                let fault = self.documents.fault(at, "the schema dialect is not that of its document");
                self.faults.push(fault.hint("put a schema of another dialect into a file of its own"));
                None
            }
            "$id" | "$anchor" if self.is_name(name, value, at, scope) => None,
            _ if REBASING.contains(&name) => {
                let fault = self.documents.fault(at, format!("the keyword `{name}` is not carried"));
                let hint = if self.documents.is_openapi(at) {
                    "name the schema by its place: `#/components/schemas/NAME`"
                } else {
                    "name the schema by its place: `#/$defs/NAME`"
                };
                self.faults.push(fault.hint(hint));
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
        let noted = |foreign: pattern::Foreign| {
            let message = format!("the pattern has {}, which ECMA-262 does not have", foreign.what);
            self.faults.push(self.documents.fault(at, message).hint(foreign.hint));
        };
        pattern::read(text).map_err(noted).ok()
    }

    /// `schemas` by patterns, which stand at `at`, by these in the engine's words.
    fn read_patterns(&mut self, schemas: Value, at: &str) -> Value {
        let Value::Object(schemas) = schemas else { return schemas };
        let mut read = Map::new();
        for (name, schema) in schemas {
            let inside = pointer::join(at, &name);
            let Some(own) = self.read_pattern(&name, &inside) else { continue };
            if read.insert(own, schema).is_some() {
                let message = format!("the pattern `{}` is written in two ways", pointer::shown(&name));
                self.faults.push(self.documents.fault(&inside, message));
            }
        }
        Value::Object(read)
    }

    /// Whether the keyword at `at` only names its schema, for references within the document.
    fn is_name(&self, name: &str, value: &Value, at: &str, scope: Scope) -> bool {
        let is_root =
            || at.rsplit_once('/').is_some_and(|(parent, _)| parent.is_empty() || parent.ends_with('#'));
        let is_draft7 = scope.dialect == Dialect::Draft7;
        !self.documents.is_openapi(at)
            && match name {
                "$id" => is_root() || is_draft7 && value.as_str().is_some_and(|id| id.starts_with('#')),
                _ => !is_draft7,
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
        let Some(schemas) = schemas.as_object() else {
            self.faults.push(self.documents.fault(at, "expected schemas by name"));
            return Value::Null;
        };
        let rewritten = schemas.iter();
        rewritten
            .map(|(name, schema)| (name.clone(), self.rewrite(schema, &pointer::join(at, name), scope)))
            .collect()
    }

    fn refer(&mut self, reference: &Value, at: &str, scope: Scope) -> Option<Value> {
        let target = reference::target(self.documents, at, reference);
        let target = target.and_then(|origin| {
            let dialect = self.documents.dialect_at(&origin, scope.dialect)?;
            Ok((origin, dialect))
        });
        match target {
            Ok((origin, dialect)) => {
                let number = self.number(&origin, dialect);
                let at = pointer::join(at, "$ref");
                self.links.push(Link { from: scope.definition, to: number, at, in_place: scope.in_place });
                Some(Value::String(format!("#/$defs/{number}")))
            }
            Err(fault) => {
                self.faults.push(fault);
                None
            }
        }
    }

    fn refuse_endless(&mut self) {
        let definitions = self.origins.len();
        let fault = match links::check_chains(definitions, &self.links) {
            Ok(()) if links::is_wide(definitions, &self.links) => {
                let at = self.origins.first().map_or("", |(origin, _)| origin.as_str());
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
            Err(Endless::TooLong) => {
                let at = self.origins.first().map_or("", |(origin, _)| origin.as_str());
                self.documents
                    .fault(at, format!("more than {} references follow each other", links::MAX_CHAIN))
            }
        };
        self.faults.push(fault);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::Library;
    use expect_test::{Expect, expect};
    use serde_json::json;

    fn gather(dialect: Dialect, direction: Direction, schemas: &Value) -> Result<Bundle, String> {
        let text = serde_json::to_string_pretty(&json!({ "s": schemas })).unwrap();
        let library = Library::new([("f", text)]);
        let mut documents = Documents::open(&library, "f").unwrap();
        documents.dialect = dialect;
        let mut faults = vec![];
        let bundle = Bundle::gather(&documents, direction, "/s/A", &mut faults);
        bundle.ok_or_else(|| faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    }

    #[track_caller]
    fn check(dialect: Dialect, schemas: Value, expected: Value) {
        let bundle = gather(dialect, Direction::Request, &schemas).unwrap_or_else(|fault| panic!("{fault}"));
        assert_eq!(bundle.schema["$defs"], expected);
    }

    #[track_caller]
    fn refuse(schemas: Value, expected: Expect) {
        expected.assert_eq(&gather(Dialect::Draft202012, Direction::Request, &schemas).err().unwrap());
    }

    #[test]
    fn references_become_definitions_and_recursion_ends() {
        check(
            Dialect::Draft202012,
            json!({"A": {"type": "object", "properties": {"a": {"$ref": "#/s/A"}, "b": {"$ref": "#/s/B"}}}, "B": true}),
            json!({
                "0": {"type": "object", "properties": {"a": {"$ref": "#/$defs/0"}, "b": {"$ref": "#/$defs/1"}}},
                "1": true,
            }),
        );
    }

    #[test]
    fn members_called_like_keywords_are_members() {
        check(
            Dialect::Draft202012,
            json!({"A": {"properties": {"$ref": {"type": "string"}, "$id": {}}, "enum": [{"$ref": "x"}]}}),
            json!({"0": {"properties": {"$ref": {"type": "string"}, "$id": {}}, "enum": [{"$ref": "x"}]}}),
        );
    }

    #[test]
    fn annotations_and_formats_that_are_not_asserted_are_dropped() {
        check(
            Dialect::Draft202012,
            json!({"A": {"title": "t", "example": 1, "format": "hostname", "x-a": 1, "items": {"format": "uuid"}}}),
            json!({"0": {"items": {"format": "uuid"}}}),
        );
    }

    #[test]
    fn openapi_30_is_rewritten() {
        check(
            Dialect::OpenApi30,
            json!({"A": {
                "type": "object", "nullable": true, "required": ["id", "n"],
                "properties": {
                    "id": {"$ref": "#/s/Id", "description": "siblings of a reference count for nothing in 3.0"},
                    "n": {"type": "number", "minimum": 0, "exclusiveMinimum": true, "maximum": 9, "exclusiveMaximum": false},
                },
            }, "Id": {"type": "string", "readOnly": true}}),
            json!({
                "0": {
                    "type": ["object", "null"], "required": ["n"],
                    "properties": {
                        "id": {"$ref": "#/$defs/1"},
                        "n": {"type": "number", "exclusiveMinimum": 0, "maximum": 9},
                    },
                },
                "1": {"type": "string"},
            }),
        );
    }

    #[test]
    fn what_a_member_is_required_for_depends_on_the_way_it_travels() {
        let schemas = json!({"A": {
            "required": ["id", "password"],
            "properties": {"id": {"readOnly": true}, "password": {"writeOnly": true}},
        }});
        let required = |direction| {
            let bundle =
                gather(Dialect::OpenApi30, direction, &schemas).unwrap_or_else(|fault| panic!("{fault}"));
            bundle.schema["$defs"]["0"]["required"].clone()
        };
        assert_eq!(required(Direction::Request), json!(["password"]));
        assert_eq!(required(Direction::Response), json!(["id"]));
    }

    #[test]
    fn what_is_not_carried_is_a_fault() {
        refuse(
            json!({"A": {"$id": "x"}}),
            expect![[r#"
                f:4:7: the keyword `$id` is not carried
                  hint: name the schema by its place: `#/$defs/NAME`"#]],
        );
        refuse(
            json!({"A": {"$schema": "http://json-schema.org/draft-07/schema#"}}),
            expect![[r#"
                f:4:7: the schema dialect is not that of its document
                  hint: put a schema of another dialect into a file of its own"#]],
        );
        refuse(json!({"A": {"allOf": 1}}), expect!["f:4:7: expected a list of schemas"]);
        refuse(json!({"A": {"properties": []}}), expect!["f:4:7: expected schemas by name"]);
        refuse(json!({"A": {"items": 1}}), expect!["f:4:7: a schema must be an object, `true` or `false`"]);
        refuse(
            json!({"A": {"$ref": "#/s/B"}, "B": {"$ref": "#/s/A"}}),
            expect!["f:4:7: the reference leads back to itself without descending into the value"],
        );
        refuse(
            json!({"A": {"anyOf": [{"$ref": "#/s/A"}]}}),
            expect!["f:6:11: the reference leads back to itself without descending into the value"],
        );
        let mut chain: Map<String, Value> =
            (0..40).map(|n| (format!("C{n}"), json!({"$ref": format!("#/s/C{}", n + 1)}))).collect();
        chain.insert("C40".to_owned(), json!({}));
        chain.insert("A".to_owned(), json!({"$ref": "#/s/C0"}));
        let many: Map<String, Value> = (0..=MAX_DEFINITIONS).map(|n| (format!("D{n}"), json!({}))).collect();
        let all = many.keys().map(|name| json!({"$ref": format!("#/s/{name}")})).collect::<Value>();
        let mut many = Value::Object(many);
        many["A"] = json!({"prefixItems": all});
        refuse(many, expect!["f:2004:5: the schema refers to more than 2000 others"]);
        refuse(Value::Object(chain), expect!["f:124:5: more than 32 references follow each other"]);
    }

    #[test]
    fn places_in_the_bundle_lead_back_to_the_document() {
        let schemas = json!({"A": {"items": {"$ref": "#/s/B"}}, "B": {"minLength": 1}});
        let bundle = gather(Dialect::Draft202012, Direction::Request, &schemas)
            .unwrap_or_else(|fault| panic!("{fault}"));
        assert_eq!(bundle.origin("/$defs/1/minLength"), "/s/B/minLength");
        assert_eq!(bundle.origin("/$defs/0"), "/s/A");
        assert_eq!(bundle.origin(""), "/s/A");
    }
}
