use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Number, Value};

use crate::exact_number;
use crate::json_place::{JsonStep, steps_to};

/// Why a text is not the one JSON value that every reader would understand alike.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonFault {
    /// RFC 8259 leaves open which of two equal names counts, so readers differ: refused.
    #[error("a name stands twice in one JSON object")]
    DuplicateKey,
    /// Nesting beyond the bound.
    #[error("the JSON text is nested deeper than {0} levels")]
    TooDeep(usize),
    /// A number that is rounded when it is read, so that readers differ on its value (RFC 8259 section 6).
    #[error("a number has more digits than can be kept exactly")]
    Inexact,
    /// No JSON text at all.
    #[error("not a JSON text (line {line}, column {column})")]
    Syntax {
        /// Line of the fault, from 1.
        line: usize,
        /// Column of the fault, from 1.
        column: usize,
    },
}

/// A fault, and the value that has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocatedJsonFault {
    /// What is wrong.
    pub fault: JsonFault,
    /// The steps to the value: to a number, to the second of two equal names, to what is nested too deeply. Of a text that
    /// is no JSON, none are told: it has no one value. Their names are the sender's.
    pub steps: Option<Vec<JsonStep>>,
}

/// Reads one JSON text of at most `max_depth` levels. Duplicate names are refused, and so are numbers that neither
/// 64-bit integers nor the shortest decimals of binary64 hold. No message quotes the text.
///
/// # Errors
/// [`JsonFault`], as soon as the text is known to be unacceptable.
pub fn parse_json(text: &[u8], max_depth: usize) -> Result<Value, JsonFault> {
    parse_json_located(text, max_depth).map_err(|located| located.fault)
}

/// Reads a text as [`parse_json`] does.
///
/// # Errors
/// The [`JsonFault`], with its place where it has one.
pub fn parse_json_located(text: &[u8], max_depth: usize) -> Result<Value, LocatedJsonFault> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    let trail = RefCell::new(Vec::new());
    let value = Strict { left: max_depth, trail: &trail }.deserialize(&mut reader);
    let fault = match value.and_then(|value| reader.end().map(|()| value)) {
        Ok(value) => match exact_number::first_rounded(text) {
            None => return Ok(value),
            Some(at) => {
                let steps = Some(steps_to(text, at));
                return Err(LocatedJsonFault { fault: JsonFault::Inexact, steps });
            }
        },
        // serde carries only texts through a deserializer, so the two faults of our own are told by theirs.
        Err(error) if error.to_string().starts_with(DUPLICATE) => JsonFault::DuplicateKey,
        Err(error) if error.to_string().starts_with(DEEP) => JsonFault::TooDeep(max_depth),
        Err(error) if error.to_string().starts_with("recursion limit") => JsonFault::TooDeep(max_depth),
        Err(error) if error.to_string().starts_with(OUT_OF_RANGE) => JsonFault::Inexact,
        Err(error) => {
            let fault = JsonFault::Syntax { line: error.line(), column: error.column() };
            return Err(LocatedJsonFault { fault, steps: None });
        }
    };
    let mut steps = trail.into_inner();
    steps.reverse();
    Err(LocatedJsonFault { fault, steps: Some(steps) })
}

const DUPLICATE: &str = "\u{1}duplicate name";
const DEEP: &str = "\u{1}too deep";
/// How serde_json speaks of numbers beyond binary64.
const OUT_OF_RANGE: &str = "number out of range";

#[derive(Clone, Copy)]
struct Strict<'t> {
    left: usize,
    /// The steps to a fault, the last one first: written on the way out of it.
    trail: &'t RefCell<Vec<JsonStep>>,
}

impl Strict<'_> {
    fn inner<E: serde::de::Error>(self) -> Result<Self, E> {
        self.left.checked_sub(1).map(|left| Self { left, ..self }).ok_or_else(|| E::custom(DEEP))
    }

    fn leave<E>(self, fault: E, step: JsonStep) -> E {
        self.trail.borrow_mut().push(step);
        fault
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom(OUT_OF_RANGE))
    }
    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }
    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut items = Vec::new();
        while let Some(item) =
            seq.next_element_seed(inner).map_err(|fault| self.leave(fault, JsonStep::Index(items.len())))?
        {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut members = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let value = match map.next_value_seed(inner) {
                Ok(value) => value,
                Err(fault) => return Err(self.leave(fault, JsonStep::Name(name))),
            };
            match members.entry(name) {
                Entry::Vacant(free) => drop(free.insert(value)),
                Entry::Occupied(first) => {
                    return Err(self.leave(A::Error::custom(DUPLICATE), JsonStep::Name(first.key().clone())));
                }
            }
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(text: &str, expected: Result<Value, JsonFault>) {
        assert_eq!(parse_json(text.as_bytes(), 4), expected, "{text}");
    }

    #[test]
    fn only_unambiguous_texts_are_read() {
        check(r#"{"a":[1,-2,1.5,"x",null,true]}"#, Ok(json!({"a": [1, -2, 1.5, "x", null, true]})));
        check(r#"{"a":1,"a":1}"#, Err(JsonFault::DuplicateKey));
        check(r#"[{"a":1,"\u0061":2}]"#, Err(JsonFault::DuplicateKey));
        check("[[[[1]]]]", Ok(json!([[[[1]]]])));
        check("[[[[[1]]]]]", Err(JsonFault::TooDeep(4)));
        check("{} {}", Err(JsonFault::Syntax { line: 1, column: 4 }));
        check("", Err(JsonFault::Syntax { line: 1, column: 0 }));
        check("NaN", Err(JsonFault::Syntax { line: 1, column: 1 }));
        check("9007199254740993", Ok(json!(9_007_199_254_740_993_u64)));
    }

    #[test]
    fn a_number_that_would_be_judged_rounded_is_refused() {
        check("[100000.50,0.30000000000000004,-0.0]", Ok(json!([100_000.5, 0.1 + 0.2, -0.0])));
        check(r#"{"total":100000.0000000000072}"#, Err(JsonFault::Inexact));
        check("12345678901234567890123", Err(JsonFault::Inexact));
        check("[1e400]", Err(JsonFault::Inexact));
        check("1e400 x", Err(JsonFault::Inexact));
        check("1e-400", Err(JsonFault::Inexact));
        check(r#"{"a":1,"a":0.10000000000000001}"#, Err(JsonFault::DuplicateKey));
        check("[0.10000000000000001", Err(JsonFault::Syntax { line: 1, column: 20 }));
        check(r#""number out of range 1e400"#, Err(JsonFault::Syntax { line: 1, column: 26 }));
    }

    #[test]
    fn a_fault_has_the_place_of_its_value() {
        let check = |text: &str, expected: Option<&[JsonStep]>| {
            let fault = parse_json_located(text.as_bytes(), 4).unwrap_err();
            assert_eq!(fault.steps.as_deref(), expected, "{text}");
        };
        let name = |name: &str| JsonStep::Name(name.to_owned());
        let item = JsonStep::Index;
        check("1e400", Some(&[]));
        check(r#"{"a":1,"b":[2,1e400]}"#, Some(&[name("b"), item(1)]));
        check(r#"{"a":[[1],{"b":0.10000000000000001}]}"#, Some(&[name("a"), item(1), name("b")]));
        check("[1,18446744073709551616]", Some(&[item(1)]));
        check(r#"[0,{"a":{"b":1,"\u0062":2}}]"#, Some(&[item(1), name("a"), name("b")]));
        check(r#"{"a":[[1],[[2],[[3]]]]}"#, Some(&[name("a"), item(1), item(1), item(0)]));
        check(r#"{"a":[1,"#, None);
    }

    #[test]
    fn a_hostile_depth_is_refused_not_recursed() {
        let deep = "[".repeat(1_000_000);
        assert_eq!(parse_json(deep.as_bytes(), 64), Err(JsonFault::TooDeep(64)));
        assert_eq!(parse_json(deep.as_bytes(), 100_000), Err(JsonFault::TooDeep(100_000)));
    }

    #[test]
    fn a_text_cannot_pose_as_a_fault_of_ours() {
        check("\"\u{1}duplicate name", Err(JsonFault::Syntax { line: 1, column: 2 }));
    }
}
