//! One schema and everything it refers to, rewritten as a JSON Schema 2020-12 document that stands alone.

use std::collections::{HashMap, HashSet};

use doorward_model::Fault;
use serde_json::{Map, Value};

use crate::definitions::{Definitions, MAX_DEFINITIONS};
use crate::documents::Documents;
use crate::dynamic_scope::Scopes;
use crate::gather::{Gatherer, Scope};
use crate::locating;
use crate::one_way::OneWay;

/// Which way the described value travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Direction {
    Request,
    Response,
}

/// `{"$ref": "#/$defs/0", "$defs": {…}}`: definition 0 is the schema itself.
pub(crate) struct Bundle {
    pub(crate) schema: Value,
    /// Whether a stranger's value can be told every place where it breaks the schema.
    pub(crate) locatable: bool,
    /// By the places of members that are not sent, which are `false`, what is written of them.
    pub(crate) unsent: HashMap<String, Value>,
    origins: Vec<String>,
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
        let before = faults.len();
        let mut gatherer = Gatherer {
            documents,
            direction,
            faults,
            definitions: Definitions::default(),
            scopes: Scopes::new(),
            links: vec![],
            unsent: vec![],
            one_way: OneWay::new(direction),
        };
        for at in places {
            match documents.dialect_at(at, documents.dialect) {
                Ok(dialect) => gatherer.begin(at, dialect),
                Err(fault) => gatherer.faults.push(fault),
            }
        }
        let mut definitions = Map::new();
        let mut files = HashSet::new();
        while let Some((origin, file, dynamic, unsent)) = gatherer.definitions.get(definitions.len()).cloned()
        {
            if definitions.len() == MAX_DEFINITIONS {
                let message = format!("the schema refers to more than {MAX_DEFINITIONS} others");
                let at = places.first().copied().unwrap_or_default();
                gatherer.faults.push(documents.fault(at, message));
                break;
            }
            if gatherer.definitions.are_copied_too_often() {
                break;
            }
            if files.insert((documents.file(&origin).to_owned(), file)) {
                gatherer.faults.extend(documents.name_faults(&origin, file));
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
            let schema = gatherer.rewrite(schema, &origin, scope);
            definitions.insert(definitions.len().to_string(), schema);
        }
        gatherer.refuse_multiplied();
        gatherer.refuse_endless();
        let Gatherer { definitions: gathered, links, unsent, .. } = gatherer;
        let origins = gathered.into_origins();
        let placed = unsent.into_iter().filter_map(|(definition, at, schema)| {
            let inside = at.strip_prefix(origins.get(definition)?.as_str())?;
            Some((format!("/$defs/{definition}{inside}"), schema))
        });
        let unsent = placed.collect();
        let locatable = locating::is_affordable(&definitions, &links);
        let schema = serde_json::json!({ "$ref": "#/$defs/0", "$defs": definitions });
        (faults.len() == before).then_some(Self { schema, locatable, unsent, origins })
    }

    /// The definitions by their names.
    pub(crate) fn definitions(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.schema.get("$defs").and_then(Value::as_object).into_iter().flatten()
    }

    /// The definition that `reference`, one of the bundle's own, names.
    pub(crate) fn definition(&self, reference: &str) -> Option<&Value> {
        self.schema.pointer(reference.strip_prefix('#')?)
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
                        let schema = self.schema.get("$defs")?.get(name)?;
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
        let mut origins = self.origins.clone();
        let mut definitions: Map<String, Value> =
            self.definitions().map(|(name, schema)| (name.clone(), schema.clone())).collect();
        for (at, copy) in copies {
            definitions.insert(origins.len().to_string(), copy);
            origins.push(self.origin(&at));
        }
        let schema = serde_json::json!({ "$ref": reference, "$defs": definitions });
        Self { schema, locatable: self.locatable, unsent: self.unsent.clone(), origins }
    }

    /// The pointer in the user's document of what stands at `at` in the bundle.
    pub(crate) fn origin(&self, at: &str) -> String {
        let inner = at.strip_prefix("/$defs/").unwrap_or("0");
        let (number, rest) = inner.split_at(inner.find('/').unwrap_or(inner.len()));
        let origin = number.parse::<usize>().ok().and_then(|number| self.origins.get(number));
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
            bundle.schema["$defs"]["0"]["required"].clone()
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
            bundle.schema["$defs"].clone()
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
