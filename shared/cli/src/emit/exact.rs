//! JSON as it was written: numbers keep their digits, and names that are there twice are not lost.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::draft::{json, object};
use crate::output::Failure;

/// Digits of a number at the most, and levels of an item ("Supported data types and naming rules" and "Constraints in Amazon
/// DynamoDB", DynamoDB guide).
const MOST_DIGITS: usize = 38;
const DEEPEST: usize = 32;

/// The text of what an option holds, in JSON.
pub(super) fn raw(option: &str, text: &str) -> Result<Box<RawValue>, Failure> {
    json(option, text)?;
    RawValue::from_string(text.trim().to_owned())
        .map_err(|error| Failure::usage(format!("`{option}` is no JSON: {error}")))
}

/// The JSON of `event`, whose member `name` is `raw`.
pub(super) fn with_member(event: &Value, name: &str, raw: &RawValue) -> String {
    let others = event.as_object().into_iter().flatten().filter(|(other, _)| *other != name);
    let members = others.map(|(other, value)| format!("{}:{value}", Value::from(other.as_str())));
    let own = format!("{}:{}", Value::from(name), raw.get());
    format!("{{{}}}", members.chain([own]).collect::<Vec<_>>().join(","))
}

/// An item in DynamoDB's JSON, of plain JSON.
pub(super) fn item(option: &str, text: &str) -> Result<Map<String, Value>, Failure> {
    object(option, text)?;
    members(option, text, 0)
}

fn members(option: &str, text: &str, depth: usize) -> Result<Map<String, Value>, Failure> {
    if depth > DEEPEST {
        return Err(Failure::usage(format!("`{option}` is deeper than the {DEEPEST} levels of an item")));
    }
    let mut item = Map::new();
    for (name, value) in read::<Members<'_>>(option, text)?.0 {
        let value = typed(option, value.get(), depth)?;
        if item.insert(name.clone(), value).is_some() {
            return Err(Failure::usage(format!("`{option}` has `{name}` twice")));
        }
    }
    Ok(item)
}

fn typed(option: &str, text: &str, depth: usize) -> Result<Value, Failure> {
    Ok(match text.as_bytes().first() {
        Some(b'{') => json!({ "M": members(option, text, depth + 1)? }),
        Some(b'[') if depth < DEEPEST => {
            let values: Vec<&RawValue> = read(option, text)?;
            let typed = values.into_iter().map(|value| typed(option, value.get(), depth + 1));
            json!({ "L": typed.collect::<Result<Vec<_>, _>>()? })
        }
        Some(b'[') => {
            return Err(Failure::usage(format!("`{option}` is deeper than the {DEEPEST} levels of an item")));
        }
        Some(b'"') => json!({ "S": read::<String>(option, text)? }),
        Some(b'n') => json!({ "NULL": true }),
        Some(b't' | b'f') => json!({ "BOOL": text == "true" }),
        _ => match digits(text) {
            0..=MOST_DIGITS => json!({ "N": text }),
            _ => {
                return Err(Failure::usage(format!(
                    "`{text}` in `{option}` has more digits than the {MOST_DIGITS} of DynamoDB"
                )));
            }
        },
    })
}

/// Those that count: neither zeros at the ends nor the exponent.
fn digits(number: &str) -> usize {
    let digits = number.split(['e', 'E']).next().unwrap_or_default().replace(['-', '.'], "");
    digits.trim_matches('0').len()
}

fn read<'t, T: Deserialize<'t>>(option: &str, text: &'t str) -> Result<T, Failure> {
    serde_json::from_str(text).map_err(|error| Failure::usage(format!("`{option}` is no JSON: {error}")))
}

/// All members of an object, in their order.
struct Members<'t>(Vec<(String, &'t RawValue)>);

impl<'t> Deserialize<'t> for Members<'t> {
    fn deserialize<D: Deserializer<'t>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'t> Visitor<'t> for Object {
            type Value = Members<'t>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'t>>(self, mut object: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = object.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(text: &str, words: &str) {
        match item("--new", text) {
            Err(Failure::Usage { message, .. }) => assert!(message.contains(words), "{message}"),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn an_item_has_the_numbers_that_were_written() {
        let text = r#"{ "a" : 12345678901234567890123456789012345678, "b": [ -1.50, 1e3, {"c": "\u00e9"} ], "d": true, "e": null }"#;
        let expected = json!({
            "a": { "N": "12345678901234567890123456789012345678" },
            "b": { "L": [{ "N": "-1.50" }, { "N": "1e3" }, { "M": { "c": { "S": "é" } } }] },
            "d": { "BOOL": true },
            "e": { "NULL": true },
        });
        assert_eq!(Value::from(item("--new", text).unwrap()), expected);
        refused(r#"{"a":1,"a":2}"#, "`a` twice");
        refused(r#"{"a":[{"b":1,"b":1}]}"#, "`b` twice");
        refused(r#"{"a":123456789012345678901234567890123456789}"#, "38");
        refused(&format!("{{\"a\":{}1{}}}", "[".repeat(40), "]".repeat(40)), "32 levels");
        refused("[]", "no JSON object");
        refused("{", "no JSON");
    }

    #[test]
    fn a_member_stands_as_it_was_written() {
        let detail = raw("--detail", r#" {"n": 1.0000000000000000001, "n": 2} "#).unwrap();
        let event = json!({ "id": "1", "detail": {}, "x": [1] });
        let expected = r#"{"id":"1","x":[1],"detail":{"n": 1.0000000000000000001, "n": 2}}"#;
        assert_eq!(with_member(&event, "detail", &detail), expected);
        assert!(raw("--detail", "{} {}").is_err());
    }
}
