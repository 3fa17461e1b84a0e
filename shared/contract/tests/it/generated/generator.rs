//! Schemas at random, from a small world in which they and values meet often.

use fastrand::Rng;
use serde_json::{Map, Value, json};

use super::evaluator::Dialect;
use super::resources::{PAGE, PAGES, ROOT};

pub const NAMES: [&str; 5] = ["a", "b", "ab", "ba", "c"];
pub const TEXTS: [&str; 13] = [
    "",
    "a",
    "b",
    "ab",
    "éé",
    "abc",
    "bbbb",
    "2024-02-29",
    "2023-02-29",
    "10.0.0.1",
    "10.0.0.256",
    "TQ==",
    "TR==",
];
const PATTERNS: [&str; 6] = ["^a", "b$", "^[ab]*$", "é", "^.{2}$", r"^\d+\D"];
const FORMATS: [&str; 4] = ["date", "ipv4", "byte", "password"];
/// Schemas that others refer to.
pub const DEFINITIONS: usize = 3;

pub struct Generator {
    pub rng: Rng,
    pub dialect: Dialect,
    /// Whether what is written now stands in a resource of its own.
    pub is_apart: bool,
}

impl Generator {
    pub fn new(dialect: Dialect, seed: u64) -> Self {
        Self { rng: Rng::with_seed(seed), dialect, is_apart: false }
    }

    pub fn one<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[self.rng.usize(..texts.len())]
    }

    pub fn chance(&mut self, of: u32) -> bool {
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

    /// The schemas of a document by name, and whether each of the first is called by its name as well.
    pub fn definitions(&mut self) -> Map<String, Value> {
        let mut definitions = Map::new();
        for nth in 0..DEFINITIONS {
            let schema = self.schema(2, nth + 1);
            let schema = match self.dialect {
                Dialect::OpenApi30 => schema,
                Dialect::Draft7 => json!({"$id": format!("#A{nth}"), "allOf": [schema]}),
                Dialect::OpenApi31 | Dialect::Draft202012 => {
                    json!({"$anchor": format!("A{nth}"), "allOf": [schema]})
                }
            };
            definitions.insert(format!("D{nth}"), schema);
        }
        if self.dialect.is_2020() {
            self.resources(&mut definitions);
        }
        definitions
    }

    /// A page of whatever its reader says, one of its readers, and perhaps one more around both.
    fn resources(&mut self, definitions: &mut Map<String, Value>) {
        self.is_apart = true;
        let anchor = if self.chance(4) { "$anchor" } else { "$dynamicAnchor" };
        let named = |word: &str, schema: Value| json!({word: "item", "allOf": [schema]});
        let page = json!({
            "$id": PAGE, "properties": {
                "a": {"items": {"$dynamicRef": "#item"}},
                "b": {"$dynamicRef": "#item"},
                "c": {"$ref": "#"},
            },
            "$defs": {"item": named(anchor, self.schema(1, 0))},
        });
        let pages =
            json!({"$id": PAGES, "$ref": PAGE, "$defs": {"own": named("$dynamicAnchor", self.schema(1, 0))}});
        definitions.extend([(PAGE.to_owned(), page), (PAGES.to_owned(), pages)]);
        self.is_apart = false;
        if self.chance(3) {
            definitions.insert("outermost".to_owned(), named("$dynamicAnchor", self.schema(1, 0)));
        }
    }

    /// A schema that refers in place to definitions from `first` on only, so that no circle of references stays in
    /// place.
    pub fn schema(&mut self, depth: u32, first: usize) -> Value {
        let has_bools = self.dialect != Dialect::OpenApi30;
        let mut schema = match self.rng.u32(..16) {
            0 if has_bools => json!(self.rng.u32(..4) > 0),
            0 | 1 => json!({}),
            2..=5 if depth > 0 => self.combination(depth - 1, first),
            6 | 7 if first < DEFINITIONS => self.reference(first),
            8 => json!({"enum": [self.value(1), self.value(1), self.value(1)]}),
            9 if has_bools => json!({"const": self.value(1)}),
            10 if self.dialect.is_2020() => json!({"$ref": self.one(&[PAGE, PAGES])}),
            11 if self.dialect.is_2020() && depth > 0 => self.closed(depth - 1),
            _ => self.typed(depth, first),
        };
        if let Value::Object(keywords) = &mut schema {
            self.unevaluated(keywords, depth);
            self.annotations(keywords);
        }
        schema
    }

    fn reference(&mut self, first: usize) -> Value {
        let nth = self.rng.usize(first..DEFINITIONS);
        let document = if self.is_apart || self.chance(4) { ROOT } else { "" };
        let has_name = self.dialect != Dialect::OpenApi30 && self.chance(2);
        let mut schema = match self.dialect {
            _ if has_name => json!({"$ref": format!("{document}#A{nth}")}),
            dialect => json!({"$ref": format!("{document}#{}/D{nth}", dialect.container())}),
        };
        if self.chance(2) {
            schema["minimum"] = json!(2);
            schema["maxLength"] = json!(1);
            schema["required"] = json!([self.one(&NAMES)]);
        }
        schema
    }

    fn combination(&mut self, depth: u32, first: usize) -> Value {
        let some =
            |own: &mut Self| -> Value { (0..own.rng.u32(1..4)).map(|_| own.schema(depth, first)).collect() };
        let mut out = match self.rng.u32(..if self.dialect == Dialect::OpenApi30 { 4 } else { 5 }) {
            0 => json!({"allOf": some(self)}),
            1 => json!({"anyOf": some(self)}),
            2 => json!({"oneOf": some(self)}),
            3 => json!({"not": self.schema(depth, first)}),
            _ => json!({
                "if": self.schema(depth, first), "then": self.schema(depth, first), "else": self.schema(depth, first),
            }),
        };
        if self.chance(3) {
            out["required"] = json!([self.one(&NAMES)]);
        }
        out
    }

    /// Schemas that each see a part of the value, and what else is in it is refused.
    fn closed(&mut self, depth: u32) -> Value {
        let word = self.one(&["anyOf", "anyOf", "oneOf", "allOf"]);
        let part = |own: &mut Self| {
            let mut part = json!({"properties": {own.one(&NAMES): own.schema(depth, 0)}, "prefixItems": [own.schema(depth, 0)]});
            if own.chance(3) {
                part["contains"] = own.schema(0, 0);
            }
            part
        };
        let parts: Value = (0..self.rng.u32(2..4)).map(|_| part(self)).collect();
        json!({word: parts, "unevaluatedProperties": false, "unevaluatedItems": false})
    }

    /// What holds the parts that nothing else has seen.
    fn unevaluated(&mut self, out: &mut Map<String, Value>, depth: u32) {
        if !self.dialect.is_2020() || depth == 0 {
            return;
        }
        for word in ["unevaluatedProperties", "unevaluatedItems"] {
            if !out.contains_key(word) && self.chance(6) {
                let schema = if self.rng.bool() { json!(false) } else { self.schema(depth - 1, 0) };
                out.insert(word.to_owned(), schema);
            }
        }
    }

    /// What asserts nothing, whatever stands in it.
    fn annotations(&mut self, out: &mut Map<String, Value>) {
        if !self.chance(5) {
            return;
        }
        out.insert("description".to_owned(), json!("of no consequence"));
        out.insert("default".to_owned(), self.value(1));
        out.insert("deprecated".to_owned(), json!(true));
        let example = json!({"$ref": "#/nowhere", "type": "nonsense", "required": 1});
        match self.dialect {
            Dialect::OpenApi30 => out.insert("example".to_owned(), example),
            _ => out.insert("examples".to_owned(), json!([example, {"$anchor": "A0", "$id": PAGE}])),
        };
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
                self.maybe(&mut out, "format", |own| json!(own.one(&FORMATS)));
            }
            "array" => self.list(&mut out, depth.saturating_sub(1)),
            "object" => self.object(&mut out, depth.saturating_sub(1), first),
            _ => {}
        }
        if self.dialect.is_openapi() && self.chance(5) {
            out.insert(self.one(&["readOnly", "writeOnly"]).to_owned(), json!(true));
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
        self.maybe(out, "format", |_| json!("int32"));
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
            Dialect::OpenApi31 | Dialect::Draft202012 => {
                self.maybe(out, "prefixItems", prefix);
                self.maybe(out, "minContains", |own| json!(own.rng.u32(..3)));
                self.maybe(out, "maxContains", |own| json!(own.rng.u32(..3)));
            }
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
        if self.dialect.is_openapi() && self.chance(3) {
            // What travels one way is required more often than not.
            let (name, word) = (self.one(&NAMES), self.one(&["readOnly", "writeOnly"]));
            out.insert(
                "properties".to_owned(),
                json!({name: {word: true}, self.one(&NAMES): self.schema(depth, 0)}),
            );
            out.insert("required".to_owned(), json!([name]));
        }
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
