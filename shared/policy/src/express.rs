use std::net::IpAddr;

use cedar_policy::RestrictedExpression;
use jiff::Timestamp;
use serde_json::{Number, Value};

use crate::types::{Members, Type};

/// A question that does not fit the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unfit;

/// `value` as policies see it. Members that `ty` does not state are left out, `null` is absence, and a number that its
/// Cedar type cannot hold exactly does not fit: it is never rounded.
pub(crate) fn payload(ty: &Type, value: &Value) -> Result<RestrictedExpression, Unfit> {
    match (ty, value) {
        (Type::Bool, Value::Bool(value)) => Ok(RestrictedExpression::new_bool(*value)),
        (Type::Long, Value::Number(value)) => Ok(RestrictedExpression::new_long(long(value)?)),
        (Type::Decimal, Value::Number(value)) => Ok(RestrictedExpression::new_decimal(decimal(value)?)),
        (Type::Text, Value::String(value)) => Ok(text(value)),
        (Type::Instant, Value::String(value)) => value.parse().map(instant).map_err(|_| Unfit),
        (Type::Address, Value::String(value)) => value.parse().map(address).map_err(|_| Unfit),
        (Type::Set(element), Value::Array(items)) => {
            let items: Result<Vec<_>, _> = items.iter().map(|item| payload(element, item)).collect();
            Ok(RestrictedExpression::new_set(items?))
        }
        (Type::Record(members), Value::Object(values)) => {
            record(payload_members(members, |name| values.get(name))?)
        }
        _ => Err(Unfit),
    }
}

/// The members of a record that are there.
pub(crate) fn payload_members<'a>(
    members: &Members,
    get: impl Fn(&str) -> Option<&'a Value>,
) -> Result<Vec<(String, RestrictedExpression)>, Unfit> {
    let mut expressed = Vec::with_capacity(members.len());
    for (name, member) in members {
        match get(name) {
            None | Some(Value::Null) if member.required => return Err(Unfit),
            None | Some(Value::Null) => {}
            Some(value) => expressed.push((name.clone(), payload(&member.ty, value)?)),
        }
    }
    Ok(expressed)
}

pub(crate) fn record(members: Vec<(String, RestrictedExpression)>) -> Result<RestrictedExpression, Unfit> {
    RestrictedExpression::new_record(members).map_err(|_| Unfit)
}

pub(crate) fn text(value: &str) -> RestrictedExpression {
    RestrictedExpression::new_string(value.to_owned())
}

/// Has Cedar compile, at start, what it would compile when the first decision meets each of its extension types.
pub(crate) fn warm() {
    let members = [
        ("decimal".to_owned(), RestrictedExpression::new_decimal("0.0")),
        ("datetime".to_owned(), instant(Timestamp::UNIX_EPOCH)),
        ("ipaddr".to_owned(), address(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST))),
    ];
    // What it evaluates to is of no use; the constants are good, so it never fails.
    let _ = cedar_policy::Context::from_pairs(members);
}

/// Cedar's `datetime` counts milliseconds: what is finer is cut off.
pub(crate) fn instant(at: Timestamp) -> RestrictedExpression {
    RestrictedExpression::new_datetime(at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}

/// An IPv4 address in IPv6 form (RFC 4291, 2.5.5.2) is the IPv4 address: Cedar does not read the other form, and a
/// range of IPv4 addresses must hold whatever the front writes.
pub(crate) fn address(address: IpAddr) -> RestrictedExpression {
    RestrictedExpression::new_ip(address.to_canonical().to_string())
}

/// JSON Schema calls `1.0` an integer.
fn long(number: &Number) -> Result<i64, Unfit> {
    const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53
    match (number.as_i64(), number.as_f64()) {
        (Some(whole), _) => Ok(whole),
        #[expect(clippy::cast_possible_truncation, reason = "a whole number below 2^53 is an exact i64")]
        (None, Some(float)) if float.fract() == 0.0 && float.abs() < EXACT => Ok(float as i64),
        _ => Err(Unfit),
    }
}

/// The number as Cedar writes decimals; Cedar itself refuses more than four places and what is out of its range.
fn decimal(number: &Number) -> Result<String, Unfit> {
    // A JSON number with a point was read into 53 bits. They hold every number of 15 digits exactly, so four places
    // only below this bound.
    const EXACT: f64 = 1e11;
    match number.as_f64() {
        Some(float) if number.is_f64() => {
            let text = if float.fract() == 0.0 { format!("{float}.0") } else { float.to_string() };
            (float.abs() < EXACT).then_some(text).ok_or(Unfit)
        }
        _ => Ok(format!("{number}.0")),
    }
}

#[cfg(test)]
mod tests {
    use cedar_policy::{Context, EvalResult};

    use super::*;
    use crate::types::Member;

    fn evaluate(expression: Result<RestrictedExpression, Unfit>) -> Option<EvalResult> {
        Context::from_pairs([("it".to_owned(), expression.ok()?)]).ok()?.get("it")
    }

    #[track_caller]
    fn check(ty: &Type, json: &str, expected: Option<&str>) {
        let value = serde_json::from_str(json).unwrap();
        let found = evaluate(payload(ty, &value)).map(|value| value.to_string());
        assert_eq!(found.as_deref(), expected, "{json}");
    }

    #[test]
    fn whole_numbers_are_exact_or_unfit() {
        check(&Type::Long, "7", Some("7"));
        check(&Type::Long, "7.0", Some("7"));
        check(&Type::Long, "-9223372036854775808", Some("-9223372036854775808"));
        check(&Type::Long, "9223372036854775808", None);
        check(&Type::Long, "1e15", Some("1000000000000000"));
        check(&Type::Long, "1e16", None);
        check(&Type::Long, "7.5", None);
        check(&Type::Long, "\"7\"", None);
        check(&Type::Long, "null", None);
    }

    #[test]
    fn decimals_are_exact_or_unfit() {
        check(&Type::Decimal, "7", Some(r#"decimal("7.0")"#));
        check(&Type::Decimal, "10.99", Some(r#"decimal("10.99")"#));
        check(&Type::Decimal, "-0.0001", Some(r#"decimal("-0.0001")"#));
        check(&Type::Decimal, "1e3", Some(r#"decimal("1000.0")"#));
        check(&Type::Decimal, "99999999999.9999", Some(r#"decimal("99999999999.9999")"#));
        check(&Type::Decimal, "100000000000.01", None);
        check(&Type::Decimal, "0.00001", None);
        check(&Type::Decimal, "1e-7", None);
        check(&Type::Decimal, "922337203685477", Some(r#"decimal("922337203685477.0")"#));
        check(&Type::Decimal, "922337203685478", None);
        check(&Type::Decimal, "18446744073709551615", None);
    }

    #[test]
    fn records_leave_out_what_is_not_stated_and_what_is_null() {
        let members = Members::from([
            ("a".to_owned(), Member::required(Type::Bool)),
            ("b".to_owned(), Member::optional(Type::Set(Box::new(Type::Text)))),
        ]);
        let ty = Type::Record(members);
        check(&ty, r#"{"a": true, "b": null, "c": {"__entity": 1}}"#, Some(r#"{"a": true}"#));
        check(&ty, r#"{"a": false, "b": ["x", "x"]}"#, Some(r#"{"a": false, "b": ["x"]}"#));
        check(&ty, r#"{"a": true, "b": [null]}"#, None);
        check(&ty, r#"{"a": null}"#, None);
        check(&ty, r#"{"b": []}"#, None);
        check(&ty, "[]", None);
    }

    #[test]
    fn instants_and_addresses_are_cedars() {
        let at: Timestamp = "2026-03-04T05:06:07.089999Z".parse().unwrap();
        assert_eq!(
            evaluate(Ok(instant(at))),
            evaluate(Ok(RestrictedExpression::new_datetime("2026-03-04T05:06:07.089Z")))
        );
        assert!(evaluate(Ok(instant(at))).is_some());
        assert_eq!(evaluate(Ok(instant(Timestamp::MIN))), None);
        let mapped = "::ffff:10.1.2.3".parse().unwrap();
        assert_eq!(evaluate(Ok(address(mapped))), evaluate(Ok(RestrictedExpression::new_ip("10.1.2.3"))));
        assert!(evaluate(Ok(address("2001:db8::1".parse().unwrap()))).is_some());
    }
}
