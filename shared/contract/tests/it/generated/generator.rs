//! Schemas and values at random, from a small world in which they meet often.

use fastrand::Rng;
use serde_json::{Map, Value, json};

use super::evaluator::Dialect;

const NAMES: [&str; 5] = ["a", "b", "ab", "ba", "c"];
const TEXTS: [&str; 7] = ["", "a", "b", "ab", "éé", "abc", "bbbb"];
const PATTERNS: [&str; 3] = ["^a", "b$", "^[ab]*$"];
/// Schemas that others refer to.
pub const DEFINITIONS: usize = 3;

pub struct Generator {
    pub rng: Rng,
    pub dialect: Dialect,
}

impl Generator {
    fn one<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[self.rng.usize(..texts.len())]
    }

    fn chance(&mut self, of: u32) -> bool {
        self.rng.u32(..of) == 0
    }

    pub fn number(&mut self) -> Value {
        match self.rng.u32(..12) {
            0..=4 => json!(self.rng.i64(-2..6)),
            5 => json!(self.rng.i64(-2..6) as f64),
            6..=8 => json!(self.rng.i32(-20..60) as f64 / 10.0),
            9 => json!(9_007_199_254_740_990_i64 + self.rng.i64(0..6)),
            10 => json!(u64::MAX - self.rng.u64(..3)),
            _ => json!(i64::MIN + self.rng.i64(0..3)),
        }
    }

    pub fn value(&mut self, depth: u32) -> Value {
        match self.rng.u32(..if depth == 0 { 6 } else { 10 }) {
            0 => Value::Null,
            1 => json!(self.rng.bool()),
            2 | 3 => self.number(),
            4 | 5 => json!(self.one(&TEXTS)),
            6 | 7 => (0..self.rng.u32(..4)).map(|_| self.value(depth - 1)).collect(),
            _ => {
                let members =
                    (0..self.rng.u32(..4)).map(|_| (self.one(&NAMES).to_owned(), self.value(depth - 1)));
                Value::Object(members.collect())
            }
        }
    }

    /// A schema that refers in place to definitions from `first` on only, so that no circle of references stays in
    /// place.
    pub fn schema(&mut self, depth: u32, first: usize) -> Value {
        let has_bools = self.dialect != Dialect::OpenApi30;
        match self.rng.u32(..14) {
            0 if has_bools => json!(self.rng.u32(..4) > 0),
            0 | 1 => json!({}),
            2..=5 if depth > 0 => self.combination(depth - 1, first),
            6 | 7 if first < DEFINITIONS => self.reference(first),
            8 => json!({"enum": [self.value(1), self.value(1), self.value(1)]}),
            9 if has_bools => json!({"const": self.value(1)}),
            _ => self.typed(depth, first),
        }
    }

    fn reference(&mut self, first: usize) -> Value {
        let place = if self.dialect == Dialect::OpenApi30 { "components/schemas" } else { "definitions" };
        let mut schema = json!({"$ref": format!("#/{place}/D{}", self.rng.usize(first..DEFINITIONS))});
        if self.chance(2) {
            schema["minimum"] = json!(2);
            schema["maxLength"] = json!(1);
        }
        schema
    }

    fn combination(&mut self, depth: u32, first: usize) -> Value {
        let some =
            |own: &mut Self| -> Value { (0..own.rng.u32(1..4)).map(|_| own.schema(depth, first)).collect() };
        match self.rng.u32(..if self.dialect == Dialect::OpenApi30 { 4 } else { 5 }) {
            0 => json!({"allOf": some(self)}),
            1 => json!({"anyOf": some(self)}),
            2 => json!({"oneOf": some(self)}),
            3 => json!({"not": self.schema(depth, first)}),
            _ => json!({
                "if": self.schema(depth, first), "then": self.schema(depth, first), "else": self.schema(depth, first),
            }),
        }
    }

    /// Keywords of one type, for the most part under that type.
    fn typed(&mut self, depth: u32, first: usize) -> Value {
        let name =
            self.one(&["integer", "number", "string", "array", "object", "object", "array", "boolean"]);
        let mut out = Map::new();
        if !self.chance(4) {
            out.insert("type".to_owned(), json!(name));
        }
        if self.dialect == Dialect::OpenApi30 {
            if self.chance(3) {
                out.insert("nullable".to_owned(), json!(true));
            }
        } else if self.chance(6) {
            out.insert("type".to_owned(), json!([name, "null"]));
        }
        match name {
            "integer" | "number" => self.bounds(&mut out),
            "string" => {
                self.maybe(&mut out, "minLength", |own| json!(own.rng.u32(..3)));
                self.maybe(&mut out, "maxLength", |own| json!(own.rng.u32(1..4)));
                self.maybe(&mut out, "pattern", |own| json!(own.one(&PATTERNS)));
            }
            "array" => self.list(&mut out, depth.saturating_sub(1)),
            "object" => self.object(&mut out, depth.saturating_sub(1), first),
            _ => {}
        }
        Value::Object(out)
    }

    fn maybe(&mut self, out: &mut Map<String, Value>, name: &str, value: impl FnOnce(&mut Self) -> Value) {
        if self.chance(3) {
            let value = value(self);
            out.insert(name.to_owned(), value);
        }
    }

    fn bounds(&mut self, out: &mut Map<String, Value>) {
        self.maybe(out, "minimum", Self::number);
        self.maybe(out, "maximum", Self::number);
        if self.dialect == Dialect::OpenApi30 {
            self.maybe(out, "exclusiveMinimum", |own| json!(own.rng.bool()));
            self.maybe(out, "exclusiveMaximum", |own| json!(own.rng.bool()));
        } else {
            self.maybe(out, "exclusiveMinimum", Self::number);
            self.maybe(out, "exclusiveMaximum", Self::number);
        }
        self.maybe(out, "multipleOf", |own| {
            [json!(1), json!(2), json!(3), json!(0.1), json!(0.5), json!(1.5), json!(0.3)][own.rng.usize(..7)]
                .clone()
        });
    }

    /// Items are another value, so that they may refer to anything.
    fn list(&mut self, out: &mut Map<String, Value>, depth: u32) {
        self.maybe(out, "minItems", |own| json!(own.rng.u32(..3)));
        self.maybe(out, "maxItems", |own| json!(own.rng.u32(1..4)));
        self.maybe(out, "uniqueItems", |_| json!(true));
        self.maybe(out, "items", |own| own.schema(depth, 0));
        let prefix =
            |own: &mut Self| -> Value { (0..own.rng.u32(1..3)).map(|_| own.schema(depth, 0)).collect() };
        match self.dialect {
            Dialect::OpenApi30 => return,
            Dialect::Draft202012 => self.maybe(out, "prefixItems", prefix),
            Dialect::Draft7 => {
                self.maybe(out, "items", prefix);
                self.maybe(out, "additionalItems", |own| own.schema(depth, 0));
            }
        }
        self.maybe(out, "contains", |own| own.schema(depth, 0));
    }

    fn object(&mut self, out: &mut Map<String, Value>, depth: u32, first: usize) {
        let names = |own: &mut Self| -> Value {
            let mut names: Vec<_> = (0..own.rng.u32(1..3)).map(|_| own.one(&NAMES)).collect();
            names.sort_unstable();
            names.dedup();
            json!(names)
        };
        let schemas = |own: &mut Self, keys: &[&str], first: usize| -> Value {
            let entries =
                (0..own.rng.u32(1..4)).map(|_| (own.one(keys).to_owned(), own.schema(depth, first)));
            Value::Object(entries.collect())
        };
        self.maybe(out, "properties", |own| schemas(own, &NAMES, 0));
        self.maybe(out, "required", names);
        self.maybe(out, "minProperties", |own| json!(own.rng.u32(..3)));
        self.maybe(out, "maxProperties", |own| json!(own.rng.u32(1..4)));
        self.maybe(out, "additionalProperties", |own| {
            if own.rng.bool() { json!(false) } else { own.schema(depth, 0) }
        });
        if self.dialect == Dialect::OpenApi30 {
            return;
        }
        self.maybe(out, "patternProperties", |own| schemas(own, &PATTERNS, 0));
        self.maybe(out, "propertyNames", |own| json!({"pattern": own.one(&PATTERNS)}));
        let name = self.one(&NAMES);
        if self.dialect == Dialect::Draft7 {
            self.maybe(out, "dependencies", |own| {
                let schema = own.schema(depth, first);
                json!({name: if own.rng.bool() { names(own) } else { schema }})
            });
        } else {
            self.maybe(out, "dependentRequired", |own| json!({name: names(own)}));
            self.maybe(out, "dependentSchemas", |own| json!({name: own.schema(depth, first)}));
        }
    }
}
