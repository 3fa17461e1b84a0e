//! One schema and everything it refers to, rewritten as a JSON Schema 2020-12 document that stands alone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use doorward_model::Fault;
use serde_json::{Map, Value};

use crate::definitions::MAX_DEFINITIONS;
use crate::diff::Equality;
use crate::documents::Documents;
use crate::gathering::Gathering;
use crate::locating;

/// Which way the described value travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Direction {
    Request,
    Response,
}

/// A schema and the definitions that it refers to, among others.
#[derive(Debug, Clone)]
pub(crate) struct Bundle {
    /// `{"$ref": "#/$defs/N"}`: definition N is the schema itself, the first one where it was gathered alone.
    pub(crate) schema: Value,
    /// Whether a stranger's value can be told every place where it breaks the schema.
    pub(crate) locatable: bool,
    gathered: Arc<Gathered>,
}

/// Definitions that refer to nothing but each other.
#[derive(Debug)]
pub(crate) struct Gathered {
    /// By their numbers, in order.
    pub(crate) definitions: Map<String, Value>,
    /// By the places of members that are not sent, which are `false`, what is written of them.
    unsent: HashMap<String, Value>,
    origins: Vec<String>,
    /// What is known of them beside the definitions of others, which may be gone.
    compared: Mutex<Vec<(Weak<Gathered>, Equality)>>,
}

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

impl Gathered {
    /// Of these definitions, which come from the places `origins`; `unsent` holds what is written of members that are not sent.
    pub(crate) fn new(
        definitions: Map<String, Value>,
        unsent: HashMap<String, Value>,
        origins: Vec<String>,
    ) -> Self {
        Self { definitions, unsent, origins, compared: Mutex::default() }
    }
}

impl Bundle {
    /// Gathers the schema at `at`; `None` when that added to `faults`.
    pub(crate) fn gather(
        documents: &Documents<'_>,
        direction: Direction,
        at: &str,
        faults: &mut Vec<Fault>,
    ) -> Option<Self> {
        Self::gather_all(documents, direction, &[at], faults)
    }

    /// The same of several schemas, which have the first numbers in their order. Each place is given once.
    pub(crate) fn gather_all(
        documents: &Documents<'_>,
        direction: Direction,
        places: &[&str],
        faults: &mut Vec<Fault>,
    ) -> Option<Self> {
        let found = Gathering::gather(documents, direction, places, MAX_DEFINITIONS, faults)?;
        let locatable = locating::is_affordable(&found.gathered.definitions, &found.links);
        Some(Self::of(&Arc::new(found.gathered), 0, locatable))
    }

    /// The schema that is the definition `number`.
    pub(crate) fn of(gathered: &Arc<Gathered>, number: usize, locatable: bool) -> Self {
        let schema = serde_json::json!({ "$ref": format!("#/$defs/{number}") });
        Self { schema, locatable, gathered: Arc::clone(gathered) }
    }

    /// The schema with its definitions, as a document that stands alone.
    pub(crate) fn document(&self) -> Value {
        let mut document = self.schema.clone();
        if let Value::Object(keywords) = &mut document {
            keywords.insert("$defs".to_owned(), self.gathered.definitions.clone().into());
        }
        document
    }

    /// The definitions by their names.
    pub(crate) fn definitions(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.gathered.definitions.iter()
    }

    /// The definition that `reference`, one of the bundle's own, names.
    pub(crate) fn definition(&self, reference: &str) -> Option<&Value> {
        self.gathered.definitions.get(reference.strip_prefix("#/$defs/")?)
    }

    /// By the places of members that are not sent, which are `false`, what is written of them.
    pub(crate) fn unsent(&self) -> &HashMap<String, Value> {
        &self.gathered.unsent
    }

    /// What was kept of how the definitions compare with those of `other`, for as long as it is asked for.
    pub(crate) fn take_equality(&self, other: &Self) -> Equality {
        let mut compared = self.gathered.compared.lock().unwrap_or_else(PoisonError::into_inner);
        let found = compared.iter_mut().find(|(with, _)| with.as_ptr() == Arc::as_ptr(&other.gathered));
        found.map(|(_, equality)| std::mem::take(equality)).unwrap_or_default()
    }

    /// Keeps it for the next who asks.
    pub(crate) fn keep_equality(&self, other: &Self, equality: Equality) {
        let mut compared = self.gathered.compared.lock().unwrap_or_else(PoisonError::into_inner);
        compared.retain(|(with, _)| with.strong_count() > 0 && with.as_ptr() != Arc::as_ptr(&other.gathered));
        // The weak pointer keeps the address from being another's.
        compared.push((Arc::downgrade(&other.gathered), equality));
    }

    /// Whether the definitions of `other` are those of this bundle, under the same numbers.
    pub(crate) fn is_of(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.gathered, &other.gathered)
    }

    /// The definitions that `schemas` of this bundle refer to, and those that these do.
    pub(crate) fn definitions_of(&self, schemas: &[&Value]) -> Value {
        let mut found = Map::new();
        let mut open: Vec<&Value> = schemas.to_vec();
        while let Some(value) = open.pop() {
            match value {
                Value::Object(members) => {
                    let reference = members.get("$ref").and_then(Value::as_str);
                    let name = reference.and_then(|reference| reference.strip_prefix("#/$defs/"));
                    if let Some((name, schema)) = name.and_then(|name| {
                        let schema = self.gathered.definitions.get(name)?;
                        (!found.contains_key(name)).then_some((name, schema))
                    }) {
                        found.insert(name.to_owned(), schema.clone());
                        open.push(schema);
                    }
                    open.extend(members.values());
                }
                Value::Array(items) => open.extend(items),
                _ => {}
            }
        }
        Value::Object(found)
    }

    /// The same with more definitions, each a copy of one that stands at the given place, and of what `reference` names.
    pub(crate) fn with_copies(&self, reference: Value, copies: Vec<(String, Value)>) -> Self {
        let mut origins = self.gathered.origins.clone();
        let mut definitions = self.gathered.definitions.clone();
        for (at, copy) in copies {
            definitions.insert(origins.len().to_string(), copy);
            origins.push(self.origin(&at));
        }
        let gathered = Gathered::new(definitions, self.gathered.unsent.clone(), origins);
        let schema = serde_json::json!({ "$ref": reference });
        Self { schema, locatable: self.locatable, gathered: Arc::new(gathered) }
    }

    /// The pointer in the user's document of what stands at `at` in the bundle.
    pub(crate) fn origin(&self, at: &str) -> String {
        let inner = at
            .strip_prefix("/$defs/")
            .or_else(|| self.schema.get("$ref")?.as_str()?.strip_prefix("#/$defs/"));
        let inner = inner.unwrap_or("0");
        let (number, rest) = inner.split_at(inner.find('/').unwrap_or(inner.len()));
        let origin = number.parse::<usize>().ok().and_then(|number| self.gathered.origins.get(number));
        format!("{}{rest}", origin.map_or("", String::as_str))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Dialect;
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
        assert_eq!(bundle.document()["$defs"], expected);
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
            json!({"A": {"title": "t", "example": 1, "format": "idn-hostname", "x-a": 1, "items": {"format": "uuid"}}}),
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
            bundle.document()["$defs"]["0"]["required"].clone()
        };
        assert_eq!(required(Direction::Request), json!(["password"]));
        assert_eq!(required(Direction::Response), json!(["id"]));
    }

    #[test]
    fn a_member_that_does_not_travel_is_required_in_no_part_of_its_schema() {
        let schemas = json!({
            "A": {
                "allOf": [
                    {"$ref": "#/s/Base"},
                    {"required": ["id", "name"], "allOf": [{"required": ["id"]}]},
                    {"$ref": "#/s/Apart"},
                ],
                "required": ["id"],
            },
            "Base": {"properties": {"id": {"$ref": "#/s/Id"}, "name": {}}, "required": ["id", "name"]},
            "Apart": {"required": ["id"]},
            "Id": {"readOnly": true},
        });
        let gathered = |direction| {
            let bundle =
                gather(Dialect::OpenApi30, direction, &schemas).unwrap_or_else(|fault| panic!("{fault}"));
            bundle.document()["$defs"].clone()
        };
        let request = gathered(Direction::Request);
        assert_eq!(request["0"]["required"], json!([]));
        assert_eq!(request["0"]["allOf"][1], json!({"required": ["name"], "allOf": [{"required": []}]}));
        assert_eq!(request["1"]["required"], json!(["name"]));
        assert_eq!(request["2"]["required"], json!([]));
        let answer = gathered(Direction::Response);
        assert_eq!(answer["0"]["allOf"][1]["required"], json!(["id", "name"]));
    }

    #[test]
    fn what_is_not_carried_is_a_fault() {
        refuse(
            json!({"A": {"$id": "x"}}),
            expect![[r#"
                f:4:7: the keyword `$id` stands where no schemas are looked for
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
