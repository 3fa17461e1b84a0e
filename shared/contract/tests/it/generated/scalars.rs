//! Numbers and texts as the specifications have them: the few that are generated, read exactly.

use serde_json::{Map, Value};

use super::evaluator::Evaluator;
use super::mistake::Mistake;

/// Numbers are generated in whole tenths, or as large integers: this holds them all exactly.
pub fn tenths(number: &Value) -> i128 {
    match (number.as_i64(), number.as_u64()) {
        (Some(number), _) => i128::from(number) * 10,
        (None, Some(number)) => i128::from(number) * 10,
        (None, None) => (number.as_f64().unwrap() * 10.0).round() as i128,
    }
}

/// The patterns that are generated, all of them.
pub fn matches(pattern: &str, text: &str) -> bool {
    match pattern {
        "^a" => text.starts_with('a'),
        "b$" => text.ends_with('b'),
        "^[ab]*$" => text.chars().all(|c| c == 'a' || c == 'b'),
        "é" => text.contains('é'),
        "^.{2}$" => text.chars().count() == 2,
        r"^\d+\D" => {
            text.trim_start_matches(|c: char| c.is_ascii_digit()) != text
                && !text.chars().all(|c| c.is_ascii_digit())
        }
        other => panic!("no pattern that is generated: {other}"),
    }
}

/// The formats that are generated, all of them.
fn has_format(format: &str, text: &str) -> bool {
    match format {
        "date" => {
            let numbers: Vec<u32> = text.split('-').filter_map(|part| part.parse().ok()).collect();
            let [year, month, day] = numbers[..] else { return false };
            let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let days = match month {
                2 => 28 + u32::from(is_leap),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            text.len() == 10 && (1..=12).contains(&month) && (1..=days).contains(&day)
        }
        "ipv4" => {
            let parts: Vec<_> = text.split('.').collect();
            let is_byte = |part: &&str| part.parse::<u8>().is_ok_and(|byte| byte.to_string() == **part);
            parts.len() == 4 && parts.iter().all(is_byte)
        }
        "byte" => is_base64(text),
        other => panic!("no format of texts that is generated: {other}"),
    }
}

/// Eight bits from groups of six, four of these at a time; what is left over is zero, and filled up with `=`.
fn is_base64(text: &str) -> bool {
    let alphabet = ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['+', '/']).collect::<String>();
    let content = text.trim_end_matches('=');
    let bits: Option<Vec<bool>> = content.chars().try_fold(Vec::new(), |mut bits, character| {
        let six = alphabet.find(character)?;
        bits.extend((0..6).rev().map(|nth| six >> nth & 1 == 1));
        Some(bits)
    });
    let Some(bits) = bits else { return false };
    let left = bits.len() % 8;
    let filled = content.chars().count().next_multiple_of(4);
    left < 6 && text.chars().count() == filled && !bits[bits.len() - left..].contains(&true)
}

impl Evaluator<'_> {
    pub fn number_holds(&self, keywords: &Map<String, Value>, value: &Value) -> bool {
        let number = tenths(value);
        let limit = |name: &str| keywords.get(name).filter(|limit| limit.is_number()).map(tenths);
        let flag = |name: &str| keywords.get(name) == Some(&Value::Bool(true));
        let inclusive = self.makes(Mistake::IncludesExclusiveBound);
        let above =
            |limit: i128, exclusive: bool| number > limit || number == limit && (!exclusive || inclusive);
        let below =
            |limit: i128, exclusive: bool| number < limit || number == limit && (!exclusive || inclusive);
        limit("minimum").is_none_or(|limit| above(limit, flag("exclusiveMinimum")))
            && limit("maximum").is_none_or(|limit| below(limit, flag("exclusiveMaximum")))
            && limit("exclusiveMinimum").is_none_or(|limit| above(limit, true))
            && limit("exclusiveMaximum").is_none_or(|limit| below(limit, true))
            && limit("multipleOf").is_none_or(|divisor| {
                if self.makes(Mistake::MultipliesRounded) {
                    let (value, divisor) =
                        (value.as_f64().unwrap(), keywords["multipleOf"].as_f64().unwrap());
                    return (value / divisor).fract() == 0.0;
                }
                number % divisor == 0
            })
            && (keywords.get("format").is_none_or(|format| format != "int32")
                || self.makes(Mistake::FormatsAnnotate)
                || number % 10 != 0
                || (i128::from(i32::MIN)..=i128::from(i32::MAX)).contains(&(number / 10)))
    }

    pub fn text_holds(&self, keywords: &Map<String, Value>, text: &str) -> bool {
        let length = if self.makes(Mistake::CountsBytes) { text.len() } else { text.chars().count() };
        let bounds = !self.makes(Mistake::ReadsBoundsOfTexts)
            || keywords.get("minimum").and_then(Value::as_f64).is_none_or(|limit| length as f64 >= limit);
        bounds
            && size(keywords, "minLength").is_none_or(|limit| length >= limit)
            && size(keywords, "maxLength").is_none_or(|limit| length <= limit)
            && keywords.get("pattern").is_none_or(|pattern| matches(pattern.as_str().unwrap(), text))
            && match keywords.get("format").and_then(Value::as_str) {
                None | Some("int32") => true,
                Some("password") => !self.makes(Mistake::FormatsAreAllAsserted) || text.len() > 1,
                Some(format) => self.makes(Mistake::FormatsAnnotate) || has_format(format, text),
            }
    }

    pub fn equal(&self, one: &Value, other: &Value) -> bool {
        equal(one, other, !self.makes(Mistake::TellsOneFromOneAndZero))
    }
}

/// Whether two values are one, where `1` and `1.0` are or are not (Core section 4.2.2).
pub fn equal(one: &Value, other: &Value, by_value: bool) -> bool {
    match (one, other) {
        (Value::Number(a), Value::Number(b)) => {
            tenths(one) == tenths(other) && (by_value || a.is_f64() == b.is_f64())
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| equal(one, other, by_value))
        }
        (Value::Object(one), Value::Object(other)) => {
            let has = |(name, value): (&String, &Value)| {
                other.get(name).is_some_and(|other| equal(value, other, by_value))
            };
            one.len() == other.len() && one.iter().all(has)
        }
        _ => one == other,
    }
}

pub fn size(keywords: &Map<String, Value>, name: &str) -> Option<usize> {
    keywords.get(name).and_then(Value::as_f64).map(|size| size as usize)
}
