//! Parameters at random: what RFC 6570 and OpenAPI make of a value is read back as that value.

use doorward_contract::{Document, Operation};
use fastrand::Rng;
use serde_json::{Map, Value, json};

use crate::shop::Request;

/// Where a value stands and how it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Way {
    place: &'static str,
    style: &'static str,
    explode: bool,
}

const WAYS: [Way; 15] = [
    way("path", "simple", false),
    way("path", "simple", true),
    way("path", "label", false),
    way("path", "label", true),
    way("path", "matrix", false),
    way("path", "matrix", true),
    way("query", "form", false),
    way("query", "form", true),
    way("query", "spaceDelimited", false),
    way("query", "pipeDelimited", false),
    way("query", "deepObject", true),
    way("header", "simple", false),
    way("header", "simple", true),
    way("cookie", "form", false),
    way("cookie", "form", true),
];

const fn way(place: &'static str, style: &'static str, explode: bool) -> Way {
    Way { place, style, explode }
}

/// A mistake in writing, which reading must not forgive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mistake {
    None,
    DelimitersUnencoded,
    EncodedTwice,
    OtherDelimiter,
    Shortened,
}

impl Way {
    /// Whether the style has a form for such a value.
    fn writes(self, value: &Value) -> bool {
        let is_parts = value.is_array() || value.is_object();
        match self.style {
            "deepObject" => value.is_object(),
            "spaceDelimited" | "pipeDelimited" => is_parts,
            "form" if self.place == "cookie" && self.explode => !is_parts,
            _ => true,
        }
    }

    /// Characters that cannot be data in it: paths are decoded before, header fields are never encoded.
    fn reserved(self, parts: bool) -> &'static [char] {
        match (self.place, self.style, parts) {
            ("path", "label", true) => &['.', ',', '='],
            ("path", _, true) => &[',', ';', '='],
            ("path", "matrix", false) => &[';'],
            ("header", _, true) => &[',', '=', ' ', 'é'],
            ("header", _, false) => &[' ', 'é'],
            (_, "spaceDelimited", _) => &[' '],
            (_, "pipeDelimited", _) => &['|'],
            (_, "deepObject", _) => &['[', ']'],
            _ => &[],
        }
    }

    fn encode(self, text: &str, mistake: Mistake) -> String {
        let once = |text: &str| -> String {
            let kept = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
            let kept =
                |byte: u8| kept(byte) || mistake == Mistake::DelimitersUnencoded && b",&;".contains(&byte);
            text.bytes()
                .map(|b| if kept(b) { char::from(b).to_string() } else { format!("%{b:02X}") })
                .collect()
        };
        match self.place {
            "path" | "header" => text.to_owned(),
            _ if mistake == Mistake::EncodedTwice => once(&once(text)),
            _ => once(text),
        }
    }

    fn delimiter(self, mistake: Mistake) -> &'static str {
        let delimiter = match self.style {
            "spaceDelimited" => "%20",
            "pipeDelimited" => "|",
            _ => ",",
        };
        match (mistake, delimiter) {
            (Mistake::OtherDelimiter, ",") => "|",
            (Mistake::OtherDelimiter, _) => ",",
            (_, delimiter) => delimiter,
        }
    }

    /// The text of the parameter `p`, with its name where the style writes that.
    fn write(self, value: &Value, mistake: Mistake) -> String {
        let text = |value: &Value| match value {
            Value::String(text) => self.encode(text, mistake),
            other => other.to_string(),
        };
        let name = |name: &str| self.encode(name, mistake);
        let pairs = |object: &Map<String, Value>, equals: &str| -> Vec<String> {
            object.iter().map(|(member, value)| format!("{}{equals}{}", name(member), text(value))).collect()
        };
        let delimiter = self.delimiter(mistake);
        let mut written = match (self.style, value, self.explode) {
            ("deepObject", Value::Object(object), _) => {
                let pairs =
                    object.iter().map(|(member, value)| format!("p[{}]={}", name(member), text(value)));
                pairs.collect::<Vec<_>>().join("&")
            }
            ("label", Value::Array(items), true) => {
                format!(".{}", items.iter().map(text).collect::<Vec<_>>().join("."))
            }
            ("label", Value::Object(object), true) => format!(".{}", pairs(object, "=").join(".")),
            ("matrix", Value::Array(items), true) => {
                items.iter().map(|item| format!(";p={}", text(item))).collect()
            }
            ("matrix", Value::Object(object), true) => {
                pairs(object, "=").iter().map(|pair| format!(";{pair}")).collect()
            }
            ("form", Value::Array(items), true) => {
                items.iter().map(|item| format!("p={}", text(item))).collect::<Vec<_>>().join("&")
            }
            ("form", Value::Object(object), true) => pairs(object, "=").join("&"),
            ("simple", Value::Object(object), true) => pairs(object, "=").join(delimiter),
            (style, value, _) => {
                let whole = match value {
                    Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(delimiter),
                    Value::Object(object) => pairs(object, delimiter).join(delimiter),
                    one => text(one),
                };
                match style {
                    "simple" => whole,
                    "label" => format!(".{whole}"),
                    "matrix" => format!(";p={whole}"),
                    _ => format!("p={whole}"),
                }
            }
        };
        if mistake == Mistake::Shortened {
            written.pop();
        }
        written
    }

    /// The operation whose parameter `p` is `value`, written so.
    fn operation(self, value: &Value) -> Operation {
        let Way { place, style, explode } = self;
        let schema = json!({"allOf": [schema(value), {"const": value}]});
        let mut parameters = vec![
            json!({"name": "p", "in": place, "required": true, "style": style, "explode": explode, "schema": schema}),
        ];
        if place != "path" {
            parameters.push(json!({"name": "p", "in": "path", "required": true, "schema": {}}));
        }
        let operation = json!({"operationId": "a", "parameters": parameters});
        let document = json!({"openapi": "3.1.0", "paths": {"/a/{p}": {"get": operation}}});
        let document = Document::parse("f", &document.to_string()).unwrap();
        document.operation("a").unwrap_or_else(|faults| panic!("{faults} {self:?} {value}"))
    }

    fn is_read(self, operation: &Operation, written: &str) -> bool {
        let cookie = format!("a=b; {written}; c=d");
        let (headers, query): ([(&str, &str); 1], &str) = match self.place {
            "header" => ([("p", written)], ""),
            "cookie" => ([("cookie", &cookie)], ""),
            "query" => ([("x", "y")], written),
            _ => ([("x", "y")], ""),
        };
        let path = [("p", if self.place == "path" { written } else { "x" })];
        Request { path: &path, query, headers: &headers, body: b"" }.check(operation).is_ok()
    }
}

/// What says which types the parts of `value` have.
fn schema(value: &Value) -> Value {
    match value {
        Value::Array(items) => json!({"type": "array", "items": items.first().map_or(json!({}), schema)}),
        Value::Object(members) => {
            let members: Map<String, Value> =
                members.iter().map(|(name, value)| (name.clone(), schema(value))).collect();
            json!({"type": "object", "properties": members})
        }
        Value::Bool(_) => json!({"type": "boolean"}),
        Value::String(_) => json!({"type": "string"}),
        _ => json!({"type": "integer"}),
    }
}

fn text(rng: &mut Rng, reserved: &[char]) -> String {
    let characters: Vec<char> =
        "ab1,;=. |&%+[]\"éx/?#:@!".chars().filter(|character| !reserved.contains(character)).collect();
    (0..rng.usize(1..6)).map(|_| characters[rng.usize(..characters.len())]).collect()
}

fn one(rng: &mut Rng, kind: u32, reserved: &[char]) -> Value {
    match kind {
        0 => json!(rng.i64(-1000..1000)),
        1 => json!(rng.bool()),
        _ => json!(text(rng, reserved)),
    }
}

fn value(rng: &mut Rng, way: Way) -> Value {
    let kind = rng.u32(..4);
    let (count, form) = (rng.usize(1..4), rng.u32(..3));
    let reserved = way.reserved(form > 0);
    match form {
        0 => one(rng, kind, reserved),
        1 => (0..count).map(|_| one(rng, kind, reserved)).collect(),
        _ => {
            let members = (0..count).map(|_| (text(rng, reserved), rng.u32(..4)));
            let members: Vec<_> = members.collect();
            let member = |(name, kind)| (name, one(rng, kind, reserved));
            Value::Object(members.into_iter().map(member).collect())
        }
    }
}

#[test]
fn what_is_written_by_the_rules_is_read_back_and_nothing_else_is() {
    let mut rng = Rng::with_seed(0x6570);
    let mut found = Vec::new();
    for _ in 0..120 {
        for way in WAYS {
            let value = value(&mut rng, way);
            if !way.writes(&value) {
                continue;
            }
            let operation = way.operation(&value);
            let written = way.write(&value, Mistake::None);
            assert!(way.is_read(&operation, &written), "{way:?} {value} {written}");
            for mistake in [
                Mistake::DelimitersUnencoded,
                Mistake::EncodedTwice,
                Mistake::OtherDelimiter,
                Mistake::Shortened,
            ] {
                let wrong = way.write(&value, mistake);
                if wrong != written && !way.is_read(&operation, &wrong) {
                    found.push((way, mistake));
                }
            }
        }
    }
    let finds =
        |place: &str, mistake: Mistake| found.iter().any(|(way, own)| way.place == place && *own == mistake);
    for place in ["path", "query", "header", "cookie"] {
        assert!(finds(place, Mistake::OtherDelimiter) && finds(place, Mistake::Shortened), "{place}");
    }
    for place in ["query", "cookie"] {
        assert!(finds(place, Mistake::DelimitersUnencoded) && finds(place, Mistake::EncodedTwice), "{place}");
    }
}
