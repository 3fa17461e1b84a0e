//! `format`: which are asserted, of what values, and how.

use jsonschema::paths::Location;
use jsonschema::{Draft, EmailOptions, Keyword, ValidationError, Validator};
use serde_json::{Map, Number, Value, json};

/// Formats of texts that are asserted: those of JSON Schema 2020-12 section 7.3 that are ASCII and have one reading, and
/// `byte` of OpenAPI, which is base64 (RFC 4648 section 4).
pub(crate) const OF_TEXTS: [&str; 12] = [
    "date-time",
    "date",
    "time",
    "duration",
    "uuid",
    "email",
    "hostname",
    "ipv4",
    "ipv6",
    "uri",
    "uri-reference",
    "byte",
];
/// Formats of whole numbers that are asserted (OpenAPI Format Registry).
pub(crate) const OF_INTEGERS: [&str; 3] = ["int32", "int64", "uint64"];

/// Whether values are held to `format`.
pub(crate) fn is_asserted(format: &str) -> bool {
    OF_TEXTS.contains(&format) || OF_INTEGERS.contains(&format)
}

/// The keyword, which the engine knows of texts only.
pub(crate) fn keyword<'a>(
    _: &'a Map<String, Value>,
    value: &'a Value,
    _: Location,
) -> Result<Box<dyn for<'i> Keyword<'i>>, ValidationError<'a>> {
    let name = value.as_str().unwrap_or_default();
    let kind = match name {
        "int32" => Kind::Integer(i32::MIN.into(), i32::MAX.into()),
        "int64" => Kind::Integer(i64::MIN.into(), i64::MAX.into()),
        "uint64" => Kind::Integer(0, u64::MAX.into()),
        "byte" => Kind::Base64,
        name if OF_TEXTS.contains(&name) => Kind::Text(Box::new(of_engine(name)?)),
        _ => Kind::Any,
    };
    Ok(Box::new(Format { kind, rule: format!("must be a `{name}`") }))
}

/// How the engine judges texts of the format.
fn of_engine(name: &str) -> Result<Validator, ValidationError<'static>> {
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .should_validate_formats(true)
        // RFC 5321 section 4.1.2: a mailbox has no name before it.
        .with_email_options(EmailOptions::default().without_display_text())
        .offline()
        .build(&json!({ "format": name }))
}

struct Format {
    kind: Kind,
    rule: String,
}

enum Kind {
    /// Whole numbers from the one to the other. Of numbers with a fraction nothing is said: `type` speaks of them.
    Integer(i128, i128),
    Base64,
    Text(Box<Validator>),
    /// Not asserted.
    Any,
}

impl<'i> Keyword<'i> for Format {
    fn validate(&self, instance: &'i Value) -> Result<(), ValidationError<'i>> {
        if self.is_valid(instance) { Ok(()) } else { Err(ValidationError::custom(self.rule.clone())) }
    }

    fn is_valid(&self, instance: &'i Value) -> bool {
        match (&self.kind, instance) {
            (Kind::Integer(least, most), Value::Number(number)) => is_within(number, *least, *most),
            (Kind::Base64, Value::String(text)) => is_base64(text.as_bytes()),
            // No format has control characters; within quotes of an address the engine takes them.
            (Kind::Text(engine), Value::String(text)) => {
                text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_control())
                    && engine.is_valid(instance)
            }
            _ => true,
        }
    }
}

fn is_within(number: &Number, least: i128, most: i128) -> bool {
    if let Some(whole) = number.as_i128() {
        return (least..=most).contains(&whole);
    }
    match number.as_f64() {
        // 2^127 is beyond every format, and below it the whole numbers of binary64 are those of 128 bits.
        Some(float) if float.fract() == 0.0 => {
            float.abs() < 2_f64.powi(127) && (least..=most).contains(&(float as i128))
        }
        _ => true,
    }
}

/// RFC 4648 section 4: groups of four characters, padded, in no lines. Bits that no byte holds are zero (section 3.5), so
/// that no two texts are the same bytes.
fn is_base64(text: &[u8]) -> bool {
    let value = |byte: u8| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let content = text.strip_suffix(b"==").or_else(|| text.strip_suffix(b"=")).unwrap_or(text);
    let unused = match text.len() - content.len() {
        0 => 0,
        1 => 0b11,
        _ => 0b1111,
    };
    let last = content.last().and_then(|byte| value(*byte)).unwrap_or(0);
    text.len().is_multiple_of(4)
        && content.iter().all(|byte| value(*byte).is_some())
        && last & unused == 0
        && (unused == 0 || !content.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(format: &str, good: &[Value], bad: &[Value]) {
        let schema = json!({ "format": format });
        let checker = crate::checker::validator(&schema).unwrap();
        for value in good {
            assert!(checker.is_valid(value), "{format}: {value}");
        }
        for value in bad {
            assert!(!checker.is_valid(value), "{format}: {value}");
        }
    }

    #[test]
    fn whole_numbers_have_ranges() {
        let other = json!("no number");
        check(
            "int32",
            &[json!(i32::MIN), json!(i32::MAX), json!(2147483647.0), json!(1.5), other.clone()],
            &[json!(2147483648_i64), json!(-2147483649_i64), json!(2147483648.0), json!(1e300)],
        );
        check(
            "int64",
            &[json!(i64::MIN), json!(i64::MAX), json!(-9223372036854775808.0), other.clone()],
            &[json!(9223372036854775808_u64), json!(9223372036854775808.0), json!(-1e20), json!(-1e300)],
        );
        check("uint64", &[json!(0), json!(u64::MAX), other], &[json!(-1), json!(1e20), json!(-0.5e1)]);
    }

    #[test]
    fn texts_have_forms() {
        let texts = |list: &[&str]| list.iter().map(|text| json!(text)).collect::<Vec<_>>();
        let check = |format, good: &[&str], bad: &[&str]| {
            check(format, &[texts(good), vec![json!(7), json!(null)]].concat(), &texts(bad));
        };
        check(
            "time",
            &["08:30:06Z", "08:30:06.25+01:00"],
            &["08:30:06", "24:00:00Z", "8:30:06Z", "", "٠8:30:06Z"],
        );
        check("duration", &["P1Y2M3DT4H5M6S", "PT36H", "P4W"], &["", "P", "PT", "1D", "P1D2W", "P1", "P-1D"]);
        check(
            "hostname",
            &["example.com", "a", "xn--bcher-kva.example", "1.2.3.4"],
            &["", "-a", "a-", "a..b", "a_b", "bücher.example", "a b", ".", "a.example/"],
        );
        check(
            "uri-reference",
            &["", "/a?b#c", "//h/p", "http://h/", "a%20b"],
            &["\\a", "a b", "%zz", "/ü", "a\nb"],
        );
        check("uri", &["http://h/"], &["/a", "http://h/ü"]);
        check("date", &["2026-11-27"], &["2026-02-30", "2026-1-1"]);
        check(
            "byte",
            &["", "TQ==", "TWE=", "TWFu", "+/+/"],
            &["TQ", "TQ=", "TR==", "TWF=", "TWFu\n", "-_-_", "====", "=", "T===", "TQ==TWFu", "TÄ=="],
        );
        check(
            "email",
            &["a@b.example", "a.b+c@b.example", "\"a b\"@b.example", "a@[192.0.2.1]"],
            &[
                "a",
                "a@b@c",
                "Joe <a@b.example>",
                "<a@b.example>",
                "a@b.example>",
                "x\r\nBcc: v@b.example <a@b.example>",
                "\"a\r\nb\"@b.example",
                "a@b.example\n",
                "a@b.example, c@b.example",
                " a@b.example",
                "a b@b.example",
                "a..b@b.example",
            ],
        );
    }

    #[test]
    fn other_formats_are_not_asserted() {
        check("password", &[json!("x"), json!(1)], &[]);
        check("idn-hostname", &[json!("-")], &[]);
    }

    #[test]
    fn a_broken_format_is_named() {
        let schema = json!({ "properties": { "a": { "format": "int32" } } });
        let checker = crate::checker::validator(&schema).unwrap();
        let value = json!({ "a": 4_000_000_000_u64 });
        let error = checker.iter_errors(&value).next().unwrap();
        assert_eq!((error.to_string().as_str(), error.instance_path().as_str()), ("must be a `int32`", "/a"));
    }
}
