//! Parameters at random: what RFC 6570 and OpenAPI make of a value is read back as that value.

use doorward_contract::{Document, Operation};
use doorward_model::Faults;
use fastrand::Rng;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value, json};

use super::evaluator::Dialect;
use super::generator::Generator;
use super::scalars;
use crate::shop::Request;

/// Where a value stands and how it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Way {
    place: &'static str,
    style: &'static str,
    explode: bool,
}

const PLACES: [&str; 4] = ["path", "query", "header", "cookie"];
const STYLES: [&str; 7] =
    ["simple", "label", "matrix", "form", "spaceDelimited", "pipeDelimited", "deepObject"];

/// Every place with every style, exploded and not.
fn ways() -> impl Iterator<Item = Way> {
    let exploded = |place, style| [false, true].into_iter().map(move |explode| Way { place, style, explode });
    let styled = move |place| STYLES.into_iter().flat_map(move |style| exploded(place, style));
    PLACES.into_iter().flat_map(styled)
}

/// Another spelling of what is written, which means the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spelling {
    /// `%2c` for `%2C`.
    SmallDigits,
    /// `%61` for `a`.
    AllEncoded,
    /// `+` for a blank.
    PlusForBlank,
    /// What `allowReserved` lets stand (RFC 6570 section 3.2.3), but what delimits in a query.
    Reserved,
}

impl Spelling {
    const ALL: [Self; 4] = [Self::SmallDigits, Self::AllEncoded, Self::PlusForBlank, Self::Reserved];

    /// Whether it means the same in a place.
    fn is_of(self, way: Way) -> bool {
        match way.place {
            "query" => true,
            "cookie" => matches!(self, Self::SmallDigits | Self::AllEncoded),
            _ => false,
        }
    }

    fn encode(self, byte: u8) -> String {
        match (self, byte) {
            (Self::PlusForBlank, b' ') => "+".to_owned(),
            (Self::Reserved, byte) if b":/?@!$'()*;".contains(&byte) => char::from(byte).to_string(),
            (Self::SmallDigits, byte) if !is_unreserved(byte) => format!("%{byte:02x}"),
            (Self::AllEncoded, byte) => format!("%{byte:02X}"),
            (_, byte) if is_unreserved(byte) => char::from(byte).to_string(),
            (_, byte) => format!("%{byte:02X}"),
        }
    }
}

/// RFC 3986 section 2.3.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// A mistake in writing, which reading must not forgive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mistake {
    None,
    DelimitersUnencoded,
    EncodedTwice,
    OtherDelimiter,
    Shortened,
    /// None, but another spelling.
    Spelt(Spelling),
}

impl Way {
    /// Whether OpenAPI has the style there (Parameter Object, Style Values), with a form for such a value. An object of style
    /// `deepObject` is written in one way, exploded or not; several cookies of one name are not carried.
    fn writes(self, value: &Value) -> bool {
        let is_parts = value.is_array() || value.is_object();
        match (self.place, self.style) {
            ("path", "simple" | "label" | "matrix") | ("header", "simple") | ("query", "form") => true,
            ("query", "deepObject") => value.is_object(),
            ("query", "spaceDelimited" | "pipeDelimited") => is_parts && !self.explode,
            ("cookie", "form") => !is_parts || !self.explode,
            _ => false,
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
            let kept = |byte: u8| {
                is_unreserved(byte) || mistake == Mistake::DelimitersUnencoded && b",&;".contains(&byte)
            };
            let spelt = |byte: u8| match mistake {
                Mistake::Spelt(spelling) => spelling.encode(byte),
                _ if kept(byte) => char::from(byte).to_string(),
                _ => format!("%{byte:02X}"),
            };
            text.bytes().map(spelt).collect()
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

    /// What a contract says of a parameter that is `value`, written so.
    fn parameter(self, value: &Value) -> Value {
        let Way { place, style, explode } = self;
        let schema = json!({"allOf": [schema(value), {"const": value}]});
        json!({"style": style, "explode": explode, "allowReserved": place == "query", "schema": schema})
    }

    fn is_read(self, operation: &Operation, written: &str) -> bool {
        is_read(self.place, operation, written)
    }
}

/// The operation with a parameter `p` there, of which `how` says the rest.
fn operation(place: &str, mut how: Value) -> Result<Operation, Faults> {
    how["name"] = json!("p");
    how["in"] = json!(place);
    how["required"] = json!(true);
    let mut parameters = vec![how];
    if place != "path" {
        parameters.push(json!({"name": "p", "in": "path", "required": true, "schema": {}}));
    }
    let operation = json!({"operationId": "a", "parameters": parameters});
    let document = json!({"openapi": "3.1.0", "paths": {"/a/{p}": {"get": operation}}});
    Document::parse("f", &document.to_string()).unwrap().operation("a")
}

/// The operation whose answers have the header field `p`, of which `how` says the rest.
fn answering(mut how: Value) -> Operation {
    how["required"] = json!(true);
    let responses = json!({"2XX": {"description": "", "headers": {"P": how}}});
    let document =
        json!({"openapi": "3.1.0", "paths": {"/a": {"get": {"operationId": "a", "responses": responses}}}});
    let operation = Document::parse("f", &document.to_string()).unwrap().operation("a");
    operation.unwrap_or_else(|faults| panic!("{faults}"))
}

/// Whether an answer with the header field `p` of this text keeps the contract.
fn is_answered(operation: &Operation, written: &str) -> bool {
    let field = (HeaderName::from_static("p"), HeaderValue::from_str(written).unwrap());
    operation.check_response(204, &HeaderMap::from_iter([field]), b"").is_empty()
}

/// Whether the text that is sent there, among others, keeps the contract.
fn is_read(place: &str, operation: &Operation, written: &str) -> bool {
    let (cookie, query) = (format!("a=b; {written}; c=d"), format!("other=1&{written}&%zz&more=2"));
    let (headers, query): ([(&str, &str); 1], &str) = match place {
        "header" => ([("p", written)], ""),
        "cookie" => ([("cookie", &cookie)], ""),
        "query" => ([("x", "y")], &query),
        _ => ([("x", "y")], ""),
    };
    let path = [("p", if place == "path" { written } else { "x" })];
    Request { path: &path, query, headers: &headers, body: b"" }.check(operation).is_ok()
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
    for _ in 0..30 {
        for way in ways() {
            let value = value(&mut rng, way);
            let operation = match (operation(way.place, way.parameter(&value)), way.writes(&value)) {
                (Ok(operation), true) => operation,
                (Err(_), false) => continue,
                (Ok(_), false) => panic!("there is no such form: {way:?} {value}"),
                (Err(faults), true) => panic!("{faults}: {way:?} {value}"),
            };
            let written = way.write(&value, Mistake::None);
            assert!(way.is_read(&operation, &written), "{way:?} {value} {written}");
            if way.place == "header" {
                let answering = answering(way.parameter(&value));
                assert!(is_answered(&answering, &written), "{way:?} {value} {written}");
                let wrong = way.write(&value, Mistake::Shortened);
                assert_eq!(
                    is_answered(&answering, &wrong),
                    way.is_read(&operation, &wrong),
                    "{way:?} {wrong}"
                );
            }
            for spelling in Spelling::ALL.into_iter().filter(|spelling| spelling.is_of(way)) {
                let written = way.write(&value, Mistake::Spelt(spelling));
                assert!(way.is_read(&operation, &written), "{way:?} {spelling:?} {value} {written}");
            }
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
    for place in PLACES {
        assert!(finds(place, Mistake::OtherDelimiter) && finds(place, Mistake::Shortened), "{place}");
    }
    for place in ["query", "cookie"] {
        assert!(finds(place, Mistake::DelimitersUnencoded) && finds(place, Mistake::EncodedTwice), "{place}");
    }
}

/// A JSON text as it stands there: encoded, or in ASCII.
fn json_text(place: &str, value: &Value) -> String {
    let text = value.to_string();
    match place {
        "path" => text,
        "header" => text.replace('é', r"\u00e9"),
        _ => format!("p={}", text.bytes().map(|byte| Spelling::AllEncoded.encode(byte)).collect::<String>()),
    }
}

#[test]
fn parameters_with_content_are_one_json_text_wherever_they_stand() {
    let mut generator = Generator::new(Dialect::OpenApi31, 0x8259);
    for _ in 0..60 {
        let (value, other) = (generator.value(3), generator.value(3));
        for place in PLACES {
            let how = json!({"content": {"application/json": {"schema": {"const": value}}}});
            let operation = operation(place, how).unwrap_or_else(|faults| panic!("{faults}"));
            let written = json_text(place, &value);
            assert!(is_read(place, &operation, &written), "{place} {value} {written}");
            for broken in [written.replacen('p', "q", 1) + "%7D", json_text(place, &json!([value]))] {
                assert!(!is_read(place, &operation, &broken), "{place} {value} {broken}");
            }
            let is_same = scalars::equal(&value, &other, true);
            assert_eq!(
                is_read(place, &operation, &json_text(place, &other)),
                is_same,
                "{place} {value} {other}"
            );
        }
    }
}
