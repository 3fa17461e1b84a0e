//! Keywords that are checked here, since the engine would round numbers or take too long over them.

use std::collections::HashSet;

use jsonschema::paths::Location;
use jsonschema::{Keyword, ValidationError};
use serde_json::{Map, Value};

use crate::decimal::Decimal;

type Compiled<'a> = Result<Box<dyn for<'i> Keyword<'i>>, ValidationError<'a>>;

/// `multipleOf`: the engine divides what integers beyond 2^53 and divisors round to.
struct MultipleOf {
    divisor: Decimal,
    rule: String,
}

pub(crate) fn multiple_of<'a>(_: &'a Map<String, Value>, value: &'a Value, _: Location) -> Compiled<'a> {
    let Value::Number(divisor) = value else { return Err(ValidationError::custom("must be a number")) };
    Ok(Box::new(MultipleOf {
        divisor: Decimal::of(divisor),
        rule: format!("must be a multiple of {divisor}"),
    }))
}

impl<'i> Keyword<'i> for MultipleOf {
    fn validate(&self, instance: &'i Value) -> Result<(), ValidationError<'i>> {
        if self.is_valid(instance) { Ok(()) } else { Err(ValidationError::custom(self.rule.clone())) }
    }

    fn is_valid(&self, instance: &'i Value) -> bool {
        match instance {
            Value::Number(number) => Decimal::of(number).is_multiple_of(self.divisor),
            _ => true,
        }
    }
}

/// `uniqueItems`: the engine's hashes of nested lists and of large integers are alike, which makes a list of them cost
/// its square.
struct UniqueItems;

pub(crate) fn unique_items<'a>(_: &'a Map<String, Value>, value: &'a Value, _: Location) -> Compiled<'a> {
    match value {
        Value::Bool(true) => Ok(Box::new(UniqueItems)),
        _ => Ok(Box::new(Anything)),
    }
}

impl<'i> Keyword<'i> for UniqueItems {
    fn validate(&self, instance: &'i Value) -> Result<(), ValidationError<'i>> {
        if self.is_valid(instance) {
            Ok(())
        } else {
            Err(ValidationError::custom("must not hold an item twice"))
        }
    }

    fn is_valid(&self, instance: &'i Value) -> bool {
        let Value::Array(items) = instance else { return true };
        // Hashed with a key of the process's own, so that nobody can send texts of one hash.
        let mut seen = HashSet::with_capacity(items.len());
        items.iter().all(|item| {
            let mut text = Vec::new();
            spell(item, &mut text);
            seen.insert(text)
        })
    }
}

/// What asserts nothing.
struct Anything;

impl<'i> Keyword<'i> for Anything {
    fn validate(&self, _: &'i Value) -> Result<(), ValidationError<'i>> {
        Ok(())
    }

    fn is_valid(&self, _: &'i Value) -> bool {
        true
    }
}

/// Appends a text that equal values share and others do not.
fn spell(value: &Value, text: &mut Vec<u8>) {
    match value {
        Value::Null => text.push(b'n'),
        Value::Bool(value) => text.push(if *value { b't' } else { b'f' }),
        Value::Number(number) => {
            let Decimal { negative, digits, exponent } = Decimal::of(number);
            text.push(if negative { b'-' } else { b'+' });
            text.extend(digits.to_be_bytes());
            text.extend(exponent.to_be_bytes());
        }
        Value::String(string) => {
            text.push(b's');
            spell_text(string, text);
        }
        Value::Array(items) => {
            text.push(b'[');
            items.iter().for_each(|item| spell(item, text));
            text.push(b']');
        }
        Value::Object(members) => {
            text.push(b'{');
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| name.as_str());
            for (name, value) in members {
                spell_text(name, text);
                spell(value, text);
            }
            text.push(b'}');
        }
    }
}

/// The length tells where a text ends.
fn spell_text(string: &str, text: &mut Vec<u8>) {
    text.extend(string.len().to_be_bytes());
    text.extend(string.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(items: Value, expected: bool) {
        assert_eq!(UniqueItems.is_valid(&items), expected, "{items}");
    }

    #[test]
    fn items_are_told_apart_by_value() {
        check(json!([]), true);
        check(json!("no list"), true);
        check(json!([1, 1.0]), false);
        check(json!([0, -0.0]), false);
        check(json!([1, true, "1", null, [1], {"1": 1}]), true);
        check(json!([{"a": 1, "b": 2}, {"b": 2, "a": 1.0}]), false);
        check(json!([{"a": 1, "b": 2}, {"a": 2, "b": 1}]), true);
        check(json!([["a", "b"], ["ab"], ["a"], [["a", "b"]]]), true);
        check(json!([[], [[]], [[], []], [[[]]]]), true);
        check(json!([[[], []], [[], []]]), false);
        check(json!([9_007_199_254_740_992_u64, 9_007_199_254_740_993_u64]), true);
        check(json!([u64::MAX, u64::MAX - 1, i64::MIN, i64::MIN + 1, 1.8446744073709552e19]), true);
    }
}
