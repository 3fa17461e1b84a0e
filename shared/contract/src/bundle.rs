//! One schema and everything it refers to, rewritten as a JSON Schema 2020-12 document that stands alone.

use std::collections::HashMap;

use doorward_model::Fault;
use serde_json::{Map, Value};

use crate::links::{self, Endless, Link};
use crate::source::Source;
use crate::{locating, openapi30, pointer, reference};

/// The OpenAPI version's dialect of JSON Schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    /// 3.0.x: an own dialect beside JSON Schema draft 5.
    V30,
    /// 3.1.x: JSON Schema 2020-12.
    V31,
}

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
        source: &Source,
        version: Version,
        direction: Direction,
        at: &str,
        faults: &mut Vec<Fault>,
    ) -> Option<Self> {
        let before = faults.len();
        let mut gatherer = Gatherer {
            source,
            version,
            direction,
            faults,
            numbers: HashMap::new(),
            origins: vec![],
            links: vec![],
        };
        gatherer.number(at);
        let mut definitions = Map::new();
        while let Some(origin) = gatherer.origins.get(definitions.len()).cloned() {
            if definitions.len() == MAX_DEFINITIONS {
                let message = format!("the schema refers to more than {MAX_DEFINITIONS} others");
                gatherer.faults.push(source.fault(at, message));
                break;
            }
            let scope = Scope { definition: definitions.len(), in_place: true };
            let schema = source.value.pointer(&origin).unwrap_or(&Value::Null);
            let schema = gatherer.rewrite(schema, &origin, scope);
            definitions.insert(definitions.len().to_string(), schema);
        }
        gatherer.refuse_endless();
        let Gatherer { origins, links, .. } = gatherer;
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
struct Scope {
    definition: usize,
    in_place: bool,
}

struct Gatherer<'a> {
    source: &'a Source,
    version: Version,
    direction: Direction,
    faults: &'a mut Vec<Fault>,
    numbers: HashMap<String, usize>,
    origins: Vec<String>,
    links: Vec<Link>,
}

impl Gatherer<'_> {
    /// The number of the definition that comes from `origin`.
    fn number(&mut self, origin: &str) -> usize {
        if let Some(number) = self.numbers.get(origin) {
            return *number;
        }
        let number = self.origins.len();
        self.numbers.insert(origin.to_owned(), number);
        self.origins.push(origin.to_owned());
        number
    }

    fn rewrite(&mut self, schema: &Value, at: &str, scope: Scope) -> Value {
        let keywords = match schema {
            Value::Bool(_) => return schema.clone(),
            Value::Object(keywords) => keywords,
            _ => {
                self.faults.push(self.source.fault(at, "a schema must be an object, `true` or `false`"));
                return Value::Bool(false);
            }
        };
        let mut out = Map::new();
        if let Some(reference) = keywords.get("$ref") {
            if let Some(own) = self.refer(reference, at, scope) {
                out.insert("$ref".to_owned(), own);
            }
            if self.version == Version::V30 {
                return Value::Object(out);
            }
        }
        for (name, value) in keywords {
            let inside = pointer::join(at, name);
            if let Some(value) = self.keyword(name, value, &inside, scope) {
                out.insert(name.clone(), value);
            }
        }
        if self.version == Version::V30 {
            openapi30::adapt(keywords, &mut out);
            openapi30::relax_required(self.source, self.direction, at, keywords, &mut out);
        }
        Value::Object(out)
    }

    /// One keyword's value as 2020-12 has it; `None` for what says nothing about values.
    fn keyword(&mut self, name: &str, value: &Value, at: &str, scope: Scope) -> Option<Value> {
        let inner = Scope { in_place: false, ..scope };
        match name {
            _ if INNER.contains(&name) => Some(self.rewrite(value, at, inner)),
            _ if SAME.contains(&name) => Some(self.rewrite(value, at, scope)),
            _ if SAME_LIST.contains(&name) => Some(self.rewrite_list(value, at, scope)),
            "prefixItems" => Some(self.rewrite_list(value, at, inner)),
            "properties" | "patternProperties" => Some(self.rewrite_map(value, at, inner)),
            "dependentSchemas" => Some(self.rewrite_map(value, at, scope)),
            "format" => {
                let kept = |format: &&str| FORMATS.contains(format) || INTEGER_FORMATS.contains(format);
                value.as_str().filter(kept).map(|format| Value::String(format.to_owned()))
            }
            "$schema" if value.as_str().is_some_and(is_carried_dialect) => None,
            "$schema" => {
                self.faults.push(dialect_fault(self.source, at));
                None
            }
            _ if REBASING.contains(&name) => {
                let fault = self.source.fault(at, format!("the keyword `{name}` is not carried"));
                self.faults.push(fault.hint("name the schema by its place: `#/components/schemas/NAME`"));
                None
            }
            _ if PLAIN.contains(&name) => Some(value.clone()),
            _ => None,
        }
    }

    fn rewrite_list(&mut self, schemas: &Value, at: &str, scope: Scope) -> Value {
        let Some(schemas) = schemas.as_array() else {
            self.faults.push(self.source.fault(at, "expected a list of schemas"));
            return Value::Null;
        };
        let rewritten = schemas.iter().enumerate();
        rewritten.map(|(nth, schema)| self.rewrite(schema, &format!("{at}/{nth}"), scope)).collect()
    }

    fn rewrite_map(&mut self, schemas: &Value, at: &str, scope: Scope) -> Value {
        let Some(schemas) = schemas.as_object() else {
            self.faults.push(self.source.fault(at, "expected schemas by name"));
            return Value::Null;
        };
        let rewritten = schemas.iter();
        rewritten
            .map(|(name, schema)| (name.clone(), self.rewrite(schema, &pointer::join(at, name), scope)))
            .collect()
    }

    fn refer(&mut self, reference: &Value, at: &str, scope: Scope) -> Option<Value> {
        match reference::target(self.source, at, reference) {
            Ok(origin) => {
                let number = self.number(&origin);
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
        let fault = match links::check_chains(self.origins.len(), &self.links) {
            Ok(()) => return,
            Err(Endless::Circle(at)) => {
                self.source.fault(at, "the reference leads back to itself without descending into the value")
            }
            Err(Endless::TooLong) => {
                let at = self.origins.first().map_or("", String::as_str);
                self.source.fault(at, format!("more than {} references follow each other", links::MAX_CHAIN))
            }
        };
        self.faults.push(fault);
    }
}

/// JSON Schema 2020-12, or OpenAPI 3.1's base dialect, which adds annotations only.
pub(crate) fn is_carried_dialect(dialect: &str) -> bool {
    dialect.trim_end_matches('#') == "https://json-schema.org/draft/2020-12/schema"
        || dialect == "https://spec.openapis.org/oas/3.1/dialect/base"
}

/// The fault of another dialect at `at`.
pub(crate) fn dialect_fault(source: &Source, at: &str) -> Fault {
    source
        .fault(at, "the schema dialect is not carried")
        .hint("use `https://json-schema.org/draft/2020-12/schema` or OpenAPI 3.1's base dialect")
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use serde_json::json;

    fn gather(version: Version, direction: Direction, schemas: &Value) -> Result<Bundle, String> {
        let text = serde_json::to_string_pretty(&json!({ "s": schemas })).unwrap();
        let source = Source::read("f", &text).unwrap();
        let mut faults = vec![];
        let bundle = Bundle::gather(&source, version, direction, "/s/A", &mut faults);
        bundle.ok_or_else(|| faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    }

    #[track_caller]
    fn check(version: Version, schemas: Value, expected: Value) {
        let bundle = gather(version, Direction::Request, &schemas).unwrap_or_else(|fault| panic!("{fault}"));
        assert_eq!(bundle.schema["$defs"], expected);
    }

    #[track_caller]
    fn refuse(schemas: Value, expected: Expect) {
        expected.assert_eq(&gather(Version::V31, Direction::Request, &schemas).err().unwrap());
    }

    #[test]
    fn references_become_definitions_and_recursion_ends() {
        check(
            Version::V31,
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
            Version::V31,
            json!({"A": {"properties": {"$ref": {"type": "string"}, "$id": {}}, "enum": [{"$ref": "x"}]}}),
            json!({"0": {"properties": {"$ref": {"type": "string"}, "$id": {}}, "enum": [{"$ref": "x"}]}}),
        );
    }

    #[test]
    fn annotations_and_formats_that_are_not_asserted_are_dropped() {
        check(
            Version::V31,
            json!({"A": {"title": "t", "example": 1, "format": "hostname", "x-a": 1, "items": {"format": "uuid"}}}),
            json!({"0": {"items": {"format": "uuid"}}}),
        );
    }

    #[test]
    fn openapi_30_is_rewritten() {
        check(
            Version::V30,
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
            let bundle = gather(Version::V30, direction, &schemas).unwrap_or_else(|fault| panic!("{fault}"));
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
              hint: name the schema by its place: `#/components/schemas/NAME`"#]],
        );
        refuse(
            json!({"A": {"$schema": "http://json-schema.org/draft-07/schema#"}}),
            expect![[r#"
            f:4:7: the schema dialect is not carried
              hint: use `https://json-schema.org/draft/2020-12/schema` or OpenAPI 3.1's base dialect"#]],
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
        let bundle =
            gather(Version::V31, Direction::Request, &schemas).unwrap_or_else(|fault| panic!("{fault}"));
        assert_eq!(bundle.origin("/$defs/1/minLength"), "/s/B/minLength");
        assert_eq!(bundle.origin("/$defs/0"), "/s/A");
        assert_eq!(bundle.origin(""), "/s/A");
    }
}
