//! What a parameter's text becomes before its schema sees it: JSON Schema knows numbers, a URL knows texts only.

use std::collections::{BTreeMap, BTreeSet};

use doorward_model::parse_json;
use serde_json::{Number, Value};

use crate::bundle::Bundle;
use crate::reading::{OF_LISTS, OF_OBJECTS};
use crate::said;

/// Schemas within schemas that are looked through for types.
const MAX_DEPTH: usize = 64;

/// Whether a parameter is one value, a list or an object, and which types its texts may be read as.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Form {
    One(Scalars),
    Many(Scalars),
    Object(Members),
}

/// What the members of an object may be.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Members {
    /// Those that the schema names.
    pub(crate) named: BTreeMap<String, Scalars>,
    /// All others, where the schema describes them.
    pub(crate) others: Option<Scalars>,
}

impl Members {
    /// What the member `name` may be.
    pub(crate) fn scalars(&self, name: &str) -> Scalars {
        self.named.get(name).copied().or(self.others).unwrap_or_default()
    }
}

/// The types besides text that a value may have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Scalars {
    integer: bool,
    number: bool,
    boolean: bool,
}

impl Form {
    /// Reads the form off a parameter's schema.
    ///
    /// # Errors
    /// What the schema describes, when a parameter's text cannot be it.
    pub(crate) fn of(bundle: &Bundle) -> Result<Self, &'static str> {
        let schema = &bundle.schema;
        let types = types(bundle, schema, 0);
        if types.contains("object") {
            if types.iter().any(|name| *name != "object" && *name != "null") {
                return Err("either an object or another value");
            }
            let mut members = Members::default();
            gather_members(bundle, schema, 0, &mut members)?;
            return Ok(Self::Object(members));
        }
        if types.is_empty() && describes_parts(bundle, schema, 0) {
            return Err("a list or an object without saying so by its `type`");
        }
        if !types.contains("array") {
            return Ok(Self::One(Scalars::among(&types)));
        }
        if types.iter().any(|name| *name != "array" && *name != "null") {
            return Err("either a list or one value");
        }
        let items = items(bundle, schema, 0).map(|items| self::types(bundle, items, 0)).unwrap_or_default();
        if items.contains("object") || items.contains("array") {
            return Err("a list of objects or lists");
        }
        Ok(Self::Many(Scalars::among(&items)))
    }
}

impl Form {
    /// Whether some texts are numbers or truth values by this, and texts by `other`.
    pub(crate) fn reads_more_than(&self, other: &Self) -> bool {
        let more = |own: Scalars, other: Scalars| own.or(other) != other;
        match (self, other) {
            (Self::One(own), Self::One(other)) | (Self::Many(own), Self::Many(other)) => more(*own, *other),
            (Self::Object(own), Self::Object(other)) => {
                let mut names = own.named.keys().chain(other.named.keys());
                names.any(|name| more(own.scalars(name), other.scalars(name)))
                    || more(own.others.unwrap_or_default(), other.others.unwrap_or_default())
            }
            (own, other) => own != other,
        }
    }
}

impl Scalars {
    pub(crate) fn among(types: &BTreeSet<&str>) -> Self {
        Self {
            integer: types.contains("integer"),
            number: types.contains("number"),
            boolean: types.contains("boolean"),
        }
    }

    /// What either may be.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            integer: self.integer || other.integer,
            number: self.number || other.number,
            boolean: self.boolean || other.boolean,
        }
    }

    /// The value that `text` is; a text that is none of the types stays a text, for the schema to refuse.
    pub(crate) fn read(self, text: &str) -> Value {
        match text {
            "true" if self.boolean => Value::Bool(true),
            "false" if self.boolean => Value::Bool(false),
            _ => self.read_number(text).map_or_else(|| Value::String(text.to_owned()), Value::Number),
        }
    }

    /// JSON's own grammar of numbers: no `+`, no leading zeros, no blanks, no `NaN`; and no number that would
    /// be rounded.
    fn read_number(self, text: &str) -> Option<Number> {
        let edge = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_digit() || *byte == b'-');
        if !(self.integer || self.number) || !edge(text.as_bytes().first()) || !edge(text.as_bytes().last()) {
            return None;
        }
        let Ok(Value::Number(number)) = parse_json(text.as_bytes(), 0) else { return None };
        (self.number || !number.is_f64()).then_some(number)
    }
}

/// The types that `schema` speaks of: its own, and where it states none, those of its parts.
fn types<'a>(bundle: &'a Bundle, schema: &'a Value, depth: usize) -> BTreeSet<&'a str> {
    if depth > MAX_DEPTH {
        return BTreeSet::new();
    }
    let mut found = said::types_of(schema);
    if schema.get("type").is_none() {
        found.extend(parts(bundle, schema).flat_map(|part| types(bundle, part, depth + 1)));
    }
    found
}

/// The schema of a list's items, wherever in `schema` it stands.
fn items<'a>(bundle: &'a Bundle, schema: &'a Value, depth: usize) -> Option<&'a Value> {
    if depth > MAX_DEPTH {
        return None;
    }
    schema.get("items").or_else(|| parts(bundle, schema).find_map(|part| items(bundle, part, depth + 1)))
}

/// Whether `schema` speaks of members or items, which a text does not have.
fn describes_parts(bundle: &Bundle, schema: &Value, depth: usize) -> bool {
    depth <= MAX_DEPTH
        && (OF_OBJECTS.iter().chain(&OF_LISTS).any(|word| schema.get(*word).is_some())
            || parts(bundle, schema).any(|part| describes_parts(bundle, part, depth + 1)))
}

/// Adds what `schema` says of an object's members. One that several parts describe may be what any of them says.
fn gather_members(
    bundle: &Bundle,
    schema: &Value,
    depth: usize,
    members: &mut Members,
) -> Result<(), &'static str> {
    if depth > MAX_DEPTH {
        return Ok(());
    }
    if schema.get("patternProperties").is_some() {
        return Err("an object with members that are named by a pattern");
    }
    let scalars = |schema: &Value| {
        let types = types(bundle, schema, 0);
        let is_flat = !types.contains("object") && !types.contains("array");
        is_flat.then(|| Scalars::among(&types)).ok_or("an object with members that are objects or lists")
    };
    for (name, schema) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let found = scalars(schema)?;
        let known = members.named.entry(name.clone()).or_default();
        *known = known.or(found);
    }
    if let Some(schema) = schema.get("additionalProperties").filter(|schema| schema.is_object()) {
        let found = scalars(schema)?;
        members.others = Some(members.others.unwrap_or_default().or(found));
    }
    parts(bundle, schema).try_for_each(|part| gather_members(bundle, part, depth + 1, members))
}

/// The schemas that describe the same value as `schema` does.
fn parts<'a>(bundle: &'a Bundle, schema: &'a Value) -> impl Iterator<Item = &'a Value> {
    let referred =
        schema.get("$ref").and_then(Value::as_str).and_then(|reference| bundle.definition(reference));
    let listed =
        ["allOf", "anyOf", "oneOf"].into_iter().filter_map(|name| schema.get(name)?.as_array()).flatten();
    referred.into_iter().chain(listed)
}

/// The type of `value`, in JSON Schema's words.
pub(crate) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::Direction;
    use crate::documents::Documents;
    use crate::library::Library;
    use serde_json::json;

    fn form(schema: Value) -> Result<Form, &'static str> {
        let text = json!({"s": schema, "id": {"type": "integer"}}).to_string();
        let library = Library::new([("f", text)]);
        let documents = Documents::open(&library, "f").unwrap();
        Form::of(&Bundle::gather(&documents, Direction::Request, "/s", &mut vec![]).unwrap())
    }

    #[track_caller]
    fn check(schema: Value, text: &str, expected: Value) {
        let (Form::One(scalars) | Form::Many(scalars)) = form(schema).unwrap() else { panic!("an object") };
        assert_eq!(scalars.read(text), expected);
    }

    #[test]
    fn texts_become_what_the_schema_says() {
        check(json!({"type": "integer"}), "12", json!(12));
        check(json!({"type": "integer"}), "-12", json!(-12));
        check(json!({"type": "number"}), "1.5e3", json!(1500.0));
        check(json!({"type": "boolean"}), "true", json!(true));
        check(json!({"type": "string"}), "12", json!("12"));
        check(json!({}), "12", json!("12"));
        check(json!({"$ref": "#/id"}), "12", json!(12));
        check(json!({"allOf": [{"$ref": "#/id"}, {"minimum": 1}]}), "12", json!(12));
        check(json!({"enum": [1, 2]}), "2", json!(2));
        check(json!({"type": ["integer", "null"]}), "12", json!(12));
        check(json!({"type": "array", "items": {"type": "integer"}}), "12", json!(12));
        check(json!({"allOf": [{"type": "array", "items": {"$ref": "#/id"}}]}), "12", json!(12));
    }

    #[test]
    fn only_json_numbers_are_numbers() {
        for text in ["+1", "01", " 1", "1 ", "1.", ".5", "0x1", "NaN", "1e999", "", "--1", "1_0", "١"] {
            check(json!({"type": "number"}), text, json!(text));
        }
        check(json!({"type": "integer"}), "1.0", json!("1.0"));
        check(json!({"type": "integer"}), "99999999999999999999", json!("99999999999999999999"));
        check(json!({"type": "boolean"}), "True", json!("True"));
    }

    #[test]
    fn a_number_in_a_parameter_that_would_be_judged_rounded_stays_a_text() {
        for text in ["100000.0000000000072", "12345678901234567890123", "1e-400", "0.10000000000000001"] {
            check(json!({"type": "number"}), text, json!(text));
        }
        check(json!({"type": "number"}), "100000.50", json!(100_000.5));
    }

    #[test]
    fn members_are_what_any_part_of_the_schema_says() {
        let schema = json!({"type": "object", "properties": {"a": {"$ref": "#/id"}, "b": {}},
            "allOf": [{"properties": {"a": {"type": "boolean"}}}], "additionalProperties": {"type": "number"}});
        let Form::Object(members) = form(schema).unwrap() else { panic!("not an object") };
        let read = |name: &str, text: &str| members.scalars(name).read(text);
        assert_eq!(
            (read("a", "1"), read("a", "true"), read("a", "1.5")),
            (json!(1), json!(true), json!("1.5"))
        );
        assert_eq!((read("b", "1"), read("c", "1.5")), (json!("1"), json!(1.5)));
        let Form::Object(closed) = form(json!({"type": "object"})).unwrap() else { panic!("not an object") };
        assert_eq!(closed.scalars("c").read("1"), json!("1"));
    }

    #[test]
    fn what_a_text_cannot_be_is_said() {
        assert_eq!(form(json!({"type": ["object", "string"]})), Err("either an object or another value"));
        let nested = json!({"type": "object", "allOf": [{"properties": {"a": {"type": "array"}}}]});
        assert_eq!(form(nested), Err("an object with members that are objects or lists"));
        let nested = json!({"type": "object", "additionalProperties": {"type": "object"}});
        assert_eq!(form(nested), Err("an object with members that are objects or lists"));
        let untyped = json!({"allOf": [{"properties": {"a": {}}}]});
        assert_eq!(form(untyped), Err("a list or an object without saying so by its `type`"));
        let patterns = json!({"type": "object", "patternProperties": {"a": {}}});
        assert_eq!(form(patterns), Err("an object with members that are named by a pattern"));
        assert_eq!(form(json!({"type": ["array", "string"]})), Err("either a list or one value"));
        let nested = json!({"type": "array", "items": {"type": "array"}});
        assert_eq!(form(nested), Err("a list of objects or lists"));
    }
}
