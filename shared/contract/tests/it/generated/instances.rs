//! Values towards what a schema takes, and away from it again.

use serde_json::{Map, Value, json};

use super::evaluator::Evaluator;
use super::generator::{Generator, NAMES};
use super::resources::ROOT;
use super::scalars::size;

/// How a text begins that is a secret of its sender's, and no schema knows.
pub const SECRET: &str = "secret-";
/// How a number begins that is one.
pub const SECRET_NUMBER: &str = "864209";

impl Generator {
    /// A value that `schema` may well take.
    pub fn fitting<'a>(
        &mut self,
        evaluator: &Evaluator<'a>,
        schema: &'a Value,
        here: &'a str,
        depth: u32,
    ) -> Value {
        let Some(keywords) = schema.as_object().filter(|_| depth > 0) else {
            return self.value(depth.min(1));
        };
        if let Some(reference) = keywords.get("$ref").and_then(Value::as_str) {
            let (target, resource) = evaluator.resources.find(reference, here, evaluator.dialect);
            return self.fitting(evaluator, target, resource, depth - 1);
        }
        if let Some(only) = keywords.get("const") {
            return only.clone();
        }
        if let Some(listed) = keywords.get("enum").and_then(Value::as_array) {
            return listed[self.rng.usize(..listed.len())].clone();
        }
        for word in ["oneOf", "anyOf", "allOf"] {
            if let Some(schemas) = keywords.get(word).and_then(Value::as_array) {
                let all = schemas.iter().map(|schema| self.fitting(evaluator, schema, here, depth - 1));
                let all: Vec<_> = all.collect();
                return if word == "allOf" { merged(all) } else { all[self.rng.usize(..all.len())].clone() };
            }
        }
        let named = |word: &str| keywords.contains_key(word);
        let kind = match keywords.get("type") {
            Some(Value::String(name)) => name.as_str(),
            Some(Value::Array(names)) => names[0].as_str().unwrap(),
            _ if named("properties") || named("required") => "object",
            _ if named("items") || named("prefixItems") || named("contains") => "array",
            _ => "",
        };
        match kind {
            "object" => self.fitting_object(evaluator, keywords, here, depth),
            "array" => self.fitting_list(evaluator, keywords, here, depth),
            _ => {
                let mut tries = (0..8).map(|_| self.value(0)).collect::<Vec<_>>().into_iter();
                tries.find(|value| evaluator.accepts_in(here, schema, value)).unwrap_or(Value::Null)
            }
        }
    }

    fn fitting_object<'a>(
        &mut self,
        evaluator: &Evaluator<'a>,
        keywords: &'a Map<String, Value>,
        here: &'a str,
        depth: u32,
    ) -> Value {
        let named = keywords.get("properties").and_then(Value::as_object);
        let required = keywords.get("required").and_then(Value::as_array).into_iter().flatten();
        let mut names: Vec<&str> = required.filter_map(Value::as_str).collect();
        names.extend(named.into_iter().flat_map(Map::keys).map(String::as_str).filter(|_| self.chance(2)));
        while names.len() < size(keywords, "minProperties").unwrap_or(0) && names.len() < 8 {
            names.push(self.one(&NAMES));
        }
        let others = keywords.get("additionalProperties").filter(|schema| schema.is_object());
        let member = |own: &mut Self, name: &str| match named.and_then(|named| named.get(name)).or(others) {
            Some(schema) => own.fitting(evaluator, schema, here, depth - 1),
            None => own.value(0),
        };
        Value::Object(names.into_iter().map(|name| (name.to_owned(), member(self, name))).collect())
    }

    fn fitting_list<'a>(
        &mut self,
        evaluator: &Evaluator<'a>,
        keywords: &'a Map<String, Value>,
        here: &'a str,
        depth: u32,
    ) -> Value {
        let (list, rest) = match keywords.get("items") {
            Some(Value::Array(list)) => (Some(list), keywords.get("additionalItems")),
            rest => (keywords.get("prefixItems").and_then(Value::as_array), rest),
        };
        let prefix: Vec<&Value> = list.into_iter().flatten().collect();
        let least = size(keywords, "minItems").unwrap_or(0).max(size(keywords, "minContains").unwrap_or(0));
        let count = (least + self.rng.usize(..3)).min(size(keywords, "maxItems").unwrap_or(4));
        let item = |own: &mut Self, nth: usize| {
            let contained = keywords.get("contains").filter(|_| own.chance(2));
            match prefix.get(nth).copied().or(contained).or(rest) {
                Some(schema) => own.fitting(evaluator, schema, here, depth - 1),
                None => own.value(0),
            }
        };
        (0..count).map(|nth| item(self, nth)).collect()
    }

    /// `value` with one thing that is another: a part gone, added, taken twice, or of another kind; or a secret in it.
    pub fn mutated(&mut self, mut value: Value) -> Value {
        let places = places(&value);
        let place = &places[self.rng.usize(..places.len())];
        let secret = format!("{SECRET}{}", self.rng.u32(..));
        let part = value.pointer_mut(place).unwrap();
        let other = match self.rng.u32(..8) {
            0 => json!(secret),
            1 => serde_json::from_str(&format!("{SECRET_NUMBER}{}.5", self.rng.u16(..))).unwrap(),
            2 => self.value(1),
            3 => json!([part.clone(), part.clone()]),
            _ => match part {
                Value::Object(members) => {
                    let name = members.keys().nth(self.rng.usize(..members.len().max(1))).cloned();
                    match (self.rng.u32(..3), name) {
                        (0, Some(name)) => drop(members.remove(&name)),
                        (1, _) => drop(members.insert(self.one(&NAMES).to_owned(), self.value(0))),
                        _ => drop(members.insert(secret, self.value(0))),
                    }
                    return value;
                }
                Value::Array(items) => {
                    let nth = self.rng.usize(..items.len().max(1));
                    match self.rng.u32(..3) {
                        0 if !items.is_empty() => drop(items.remove(nth)),
                        1 if !items.is_empty() => items.push(items[nth].clone()),
                        _ => items.push(self.value(0)),
                    }
                    return value;
                }
                Value::Number(number) => {
                    number.as_i64().map_or(json!(0.5), |number| json!(number.saturating_sub(1)))
                }
                Value::String(text) => json!(format!("{text}{}", self.one(&["", "a", "é", "🐲"]))),
                _ => json!("null"),
            },
        };
        *part = other;
        value
    }

    /// The values that `schema` is held against: some that it may well take, these with faults, and any others.
    pub fn instances<'a>(
        &mut self,
        evaluator: &Evaluator<'a>,
        schema: &'a Value,
        count: usize,
    ) -> Vec<Value> {
        let mut values = Vec::new();
        while values.len() < count {
            let fitting = self.fitting(evaluator, schema, ROOT, 6);
            let mutated = self.mutated(fitting.clone());
            let twice = self.mutated(mutated.clone());
            values.extend([fitting, mutated, twice, self.value(3)]);
        }
        values
    }
}

/// Objects as one object; of other values the first.
fn merged(values: Vec<Value>) -> Value {
    let mut values = values.into_iter();
    let Some(mut whole) = values.next() else { return json!({}) };
    for value in values {
        match (&mut whole, value) {
            (Value::Object(whole), Value::Object(more)) => whole.extend(more),
            (Value::Null, value) => whole = value,
            _ => {}
        }
    }
    whole
}

/// The pointers of everything in `value`.
pub fn places(value: &Value) -> Vec<String> {
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(members) => {
            let token = |name: &str| name.replace('~', "~0").replace('/', "~1");
            members.iter().map(|(name, value)| (token(name), value)).collect()
        }
        Value::Array(items) => items.iter().enumerate().map(|(nth, item)| (nth.to_string(), item)).collect(),
        _ => Vec::new(),
    };
    let deeper = inner
        .into_iter()
        .flat_map(|(token, value)| places(value).into_iter().map(move |place| format!("/{token}{place}")));
    std::iter::once(String::new()).chain(deeper).collect()
}
