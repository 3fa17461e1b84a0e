//! The neutral type tree of a schema: what of it a policy can read as typed data.

use std::collections::{BTreeMap, BTreeSet};

use doorward_model::{Field, Omission, Shape};
use serde_json::{Map, Value};

use crate::bundle::Bundle;
use crate::omissions::{self, Part};

/// Nesting that the tree follows.
const MAX_DEPTH: usize = 32;
/// Schemas that one tree is made of; references fan out.
const MAX_SCHEMAS: usize = 10_000;

/// The type tree of the bundle's schema, and what it leaves out.
pub(crate) fn of(bundle: &Bundle) -> (Shape, Vec<Omission>) {
    let mut reader = Reader {
        bundle,
        open: Vec::new(),
        read: 0,
        parts: Vec::new(),
        place: String::new(),
        left_out: Vec::new(),
    };
    let typed = reader.value(&bundle.schema, 0);
    if typed.nullable {
        return (opaque("the whole may be `null`"), Vec::new());
    }
    (typed.shape, reader.left_out)
}

fn opaque(reason: &str) -> Shape {
    Shape::Opaque { reason: reason.to_owned() }
}

/// A shape, and whether `null` may stand in its place.
struct Typed {
    shape: Shape,
    nullable: bool,
}

impl Typed {
    fn opaque(reason: &str) -> Self {
        Self { shape: opaque(reason), nullable: false }
    }
}

struct Reader<'a> {
    bundle: &'a Bundle,
    /// References that are being followed.
    open: Vec<&'a str>,
    read: usize,
    /// The schemas that have been read of the value that is being read.
    parts: Vec<Part<'a>>,
    /// Where that value stands.
    place: String,
    left_out: Vec<Omission>,
}

impl<'a> Reader<'a> {
    /// Reads a value of its own. What an opaque one leaves out goes without saying.
    fn value(&mut self, schema: &'a Value, depth: usize) -> Typed {
        let around = std::mem::take(&mut self.parts);
        let before = self.left_out.len();
        let typed = self.read(schema, &BTreeSet::new(), depth);
        let parts = std::mem::replace(&mut self.parts, around);
        match &typed.shape {
            Shape::Record(fields) => self.left_out.extend(omissions::of_record(&self.place, fields, &parts)),
            Shape::Opaque { .. } => self.left_out.truncate(before),
            _ => {}
        }
        typed
    }

    /// As [`Self::value`], for the part of the value that `step` leads to.
    fn inner(&mut self, step: &str, schema: &'a Value, depth: usize) -> Typed {
        let length = self.place.len();
        self.place.push_str(step);
        let typed = self.value(schema, depth);
        self.place.truncate(length);
        typed
    }

    /// Reads `schema`; `demanded` are members that a schema of the same value around it requires.
    fn read(&mut self, schema: &'a Value, demanded: &BTreeSet<&'a str>, depth: usize) -> Typed {
        self.read += 1;
        if depth > MAX_DEPTH || self.read > MAX_SCHEMAS {
            return Typed::opaque("nested too deeply");
        }
        let Some(keywords) = schema.as_object() else {
            return Typed::opaque("any value");
        };
        // Beside a type of the schema's own, alternatives only narrow it.
        let has_own =
            ["type", "enum", "const", "$ref", "allOf"].iter().any(|name| keywords.contains_key(*name));
        if !has_own && ["anyOf", "oneOf"].iter().any(|name| keywords.contains_key(*name)) {
            self.parts.push(Part { keywords, is_chosen: true });
            return self.alternatives(keywords, demanded, depth);
        }
        self.parts.push(Part { keywords, is_chosen: false });
        if keywords.contains_key("allOf") || keywords.contains_key("$ref") {
            return self.all_of(keywords, demanded, depth);
        }
        self.plain(keywords, demanded, depth)
    }

    /// A schema without references and compositions.
    fn plain(
        &mut self,
        keywords: &'a Map<String, Value>,
        demanded: &BTreeSet<&'a str>,
        depth: usize,
    ) -> Typed {
        let mut names: Vec<&str> = match keywords.get("type") {
            Some(Value::String(name)) => vec![name],
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
            _ => vec![],
        };
        let listed = listed(keywords);
        let stated = !names.is_empty();
        let nullable = match &listed {
            Some(listed) => listed.contains(&&Value::Null) && (!stated || names.contains(&"null")),
            None => names.contains(&"null"),
        };
        names.retain(|name| *name != "null");
        let shape = match (names.as_slice(), listed) {
            (["string"], Some(listed)) => texts(listed.into_iter().filter(|value| value.is_string())),
            ([], Some(listed)) if !stated => scalars(&listed),
            (["string"], None) => Shape::Text { values: vec![] },
            (["boolean"], _) => Shape::Bool,
            (["integer"], _) => integer(keywords),
            (["number"], _) => Shape::Decimal,
            (["array"], _) => self.list(keywords, depth),
            (["object"], _) => self.record(keywords, demanded, depth),
            ([], None) if stated => opaque("always `null`"),
            ([], None) => opaque("its `type` is not stated"),
            _ => opaque("a union of types"),
        };
        Typed { shape, nullable }
    }

    fn list(&mut self, keywords: &'a Map<String, Value>, depth: usize) -> Shape {
        if keywords.contains_key("prefixItems") {
            return opaque("a tuple");
        }
        let Some(items) = keywords.get("items") else {
            return opaque("a list of any values");
        };
        match self.inner("[]", items, depth + 1) {
            Typed { nullable: true, .. } => opaque("a list that may hold `null`"),
            Typed { shape: Shape::Opaque { reason }, .. } => {
                Shape::Opaque { reason: format!("a list of: {reason}") }
            }
            Typed { shape, .. } => Shape::List(Box::new(shape)),
        }
    }

    fn record(
        &mut self,
        keywords: &'a Map<String, Value>,
        demanded: &BTreeSet<&'a str>,
        depth: usize,
    ) -> Shape {
        let Some(members) = keywords.get("properties").and_then(Value::as_object) else {
            return opaque("an object without known members");
        };
        let required = required(keywords);
        let mut fields = BTreeMap::new();
        for (name, schema) in members.iter().filter(|(_, schema)| **schema != Value::Bool(false)) {
            let Typed { shape, nullable } = self.inner(&format!(".{name}"), schema, depth + 1);
            let required = required.contains(name.as_str()) || demanded.contains(name.as_str());
            fields.insert(name.clone(), Field { shape, required: required && !nullable });
        }
        Shape::Record(fields)
    }

    /// `anyOf` and `oneOf` are typed only where they spell "this, or `null`".
    fn alternatives(
        &mut self,
        keywords: &'a Map<String, Value>,
        demanded: &BTreeSet<&'a str>,
        depth: usize,
    ) -> Typed {
        let alone = !TYPING.iter().any(|name| keywords.contains_key(*name));
        let mut lists = ["anyOf", "oneOf"].iter().filter_map(|name| keywords.get(*name)?.as_array());
        if let (true, Some(list), None) = (alone, lists.next(), lists.next()) {
            let is_null = |schema: &Value| {
                schema.get("type").is_some_and(|name| name == "null")
                    || schema.get("const").is_some_and(Value::is_null)
            };
            let nulls = list.iter().filter(|schema| is_null(schema)).count();
            if let (Some(only), 1, 2) = (list.iter().find(|schema| !is_null(schema)), nulls, list.len()) {
                let demanded = demanded.union(&required(keywords)).copied().collect();
                return Typed { nullable: true, ..self.read(only, &demanded, depth + 1) };
            }
        }
        Typed::opaque("a choice of alternatives")
    }

    /// `allOf`, and a reference with keywords beside it: parts that all describe the same value.
    fn all_of(
        &mut self,
        keywords: &'a Map<String, Value>,
        demanded: &BTreeSet<&'a str>,
        depth: usize,
    ) -> Typed {
        let listed = || keywords.get("allOf").and_then(Value::as_array).into_iter().flatten();
        let mut demanded: BTreeSet<&str> = demanded.union(&required(keywords)).copied().collect();
        demanded.extend(listed().filter_map(Value::as_object).flat_map(required));
        let mut parts = Vec::new();
        if let Some(reference) = keywords.get("$ref").and_then(Value::as_str) {
            parts.push(self.referred(reference, &demanded, depth));
        }
        for part in listed() {
            match part.as_object().filter(|part| !says_type(part)) {
                Some(keywords) => self.parts.push(Part { keywords, is_chosen: false }),
                None => parts.push(self.read(part, &demanded, depth + 1)),
            }
        }
        if TYPING.iter().any(|name| keywords.contains_key(*name)) {
            parts.push(self.plain(keywords, &demanded, depth));
        }
        merge(parts)
    }

    fn referred(&mut self, reference: &'a str, demanded: &BTreeSet<&'a str>, depth: usize) -> Typed {
        if self.open.contains(&reference) {
            return Typed::opaque("it refers to itself");
        }
        let Some(schema) = self.bundle.definition(reference) else {
            return Typed::opaque("any value");
        };
        self.open.push(reference);
        let typed = self.read(schema, demanded, depth + 1);
        self.open.pop();
        typed
    }
}

/// Keywords that say what a value is; the others only narrow it.
const TYPING: [&str; 6] = ["type", "properties", "items", "prefixItems", "enum", "const"];

fn says_type(keywords: &Map<String, Value>) -> bool {
    ["$ref", "allOf", "anyOf", "oneOf"].iter().chain(&TYPING).any(|name| keywords.contains_key(*name))
}

pub(crate) fn required(keywords: &Map<String, Value>) -> BTreeSet<&str> {
    let names = keywords.get("required").and_then(Value::as_array);
    names.into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The values that `const` or `enum` allow.
fn listed(keywords: &Map<String, Value>) -> Option<Vec<&Value>> {
    let only = keywords.get("const").map(|value| vec![value]);
    only.or_else(|| Some(keywords.get("enum")?.as_array()?.iter().collect()))
}

fn texts<'v>(listed: impl Iterator<Item = &'v Value>) -> Shape {
    let values: Vec<String> = listed.filter_map(Value::as_str).map(str::to_owned).collect();
    if values.is_empty() {
        opaque("allowed values of another type than its own")
    } else {
        Shape::Text { values }
    }
}

/// The one type of the values that are listed in place of a type.
fn scalars(listed: &[&Value]) -> Shape {
    let listed: Vec<&Value> = listed.iter().copied().filter(|value| !value.is_null()).collect();
    let all = |is: fn(&Value) -> bool| listed.iter().all(|value| is(value));
    if listed.is_empty() {
        opaque("always `null`")
    } else if all(Value::is_string) {
        texts(listed.into_iter())
    } else if all(Value::is_boolean) {
        Shape::Bool
    } else if all(Value::is_i64) {
        Shape::Long
    } else if all(Value::is_number) {
        Shape::Decimal
    } else {
        opaque("allowed values of several types")
    }
}

/// Values beyond 64 bits would not be a Long: a schema that speaks of them is not typed.
fn integer(keywords: &Map<String, Value>) -> Shape {
    let bounds = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"];
    let beyond =
        |limit: &Value| !limit.is_i64() && limit.as_f64().is_none_or(|limit| limit.abs() >= 2_f64.powi(63));
    if keywords.get("format").is_some_and(|format| format == "uint64")
        || bounds.iter().filter_map(|name| keywords.get(*name)).any(beyond)
    {
        return opaque("an integer beyond 64 bits, signed");
    }
    Shape::Long
}

fn merge(mut parts: Vec<Typed>) -> Typed {
    if parts.len() < 2 {
        return parts.pop().unwrap_or_else(|| Typed::opaque("its `type` is not stated"));
    }
    let nullable = parts.iter().all(|part| part.nullable);
    let mut fields = BTreeMap::new();
    for part in parts {
        match part.shape {
            Shape::Record(members) => {
                for (name, field) in members {
                    if fields.insert(name, field).is_some() {
                        return Typed::opaque("an `allOf` whose parts share a member");
                    }
                }
            }
            Shape::Opaque { reason } => return Typed { shape: Shape::Opaque { reason }, nullable },
            _ => return Typed::opaque("an `allOf` of other than objects"),
        }
    }
    Typed { shape: Shape::Record(fields), nullable }
}

#[cfg(test)]
mod tests;
