use std::net::IpAddr;

use cedar_policy::RestrictedExpression;
use doorward_model::scalar;
use jiff::Timestamp;
use serde_json::Value;

use crate::schema::types::{Members, Type};

/// A question that does not fit the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unfit;

/// `value` as policies see it. Members that `ty` does not state are left out, `null` is absence, and a number that its
/// Cedar type cannot hold exactly does not fit: it is never rounded.
pub(crate) fn payload(ty: &Type, value: &Value) -> Result<RestrictedExpression, Unfit> {
    match (ty, value) {
        (Type::Bool, Value::Bool(value)) => Ok(RestrictedExpression::new_bool(*value)),
        (Type::Long, Value::Number(value)) => {
            scalar::long(value).map(RestrictedExpression::new_long).ok_or(Unfit)
        }
        (Type::Decimal, Value::Number(value)) => {
            scalar::decimal(value).map(RestrictedExpression::new_decimal).ok_or(Unfit)
        }
        (Type::Text | Type::Choice(_), Value::String(value)) => Ok(text(value)),
        (Type::Instant, value) => scalar::instant(value).map(instant).ok_or(Unfit),
        (Type::Address, Value::String(value)) => {
            scalar::address(value).map(RestrictedExpression::new_ip).ok_or(Unfit)
        }
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

#[cfg(test)]
mod tests {
    use cedar_policy::{Context, EvalResult};

    use super::*;
    use crate::schema::types::Member;

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
    fn numbers_are_exact_or_unfit() {
        check(&Type::Long, "7.0", Some("7"));
        check(&Type::Long, "7.5", None);
        check(&Type::Long, "\"7\"", None);
        check(&Type::Decimal, "7", Some(r#"decimal("7.0")"#));
        check(&Type::Decimal, "-0.0001", Some(r#"decimal("-0.0001")"#));
        check(&Type::Decimal, "0.00001", None);
        check(&Type::Decimal, "922337203685477", Some(r#"decimal("922337203685477.0")"#));
        check(&Type::Decimal, "-922337203685477", Some(r#"decimal("-922337203685477.0")"#));
    }

    #[test]
    fn what_claims_hold_is_cedars() {
        check(&Type::Instant, "1795521600.123", Some(r#"datetime("2026-11-24T12:00:00.123Z")"#));
        check(
            &Type::Instant,
            r#""2026-11-24T13:00:00+01:00""#,
            Some(r#"datetime("2026-11-24T12:00:00.000Z")"#),
        );
        check(&Type::Instant, "-62167219200", Some(r#"datetime("0000-01-01T00:00:00.000Z")"#));
        check(&Type::Instant, "253402207200", Some(r#"datetime("9999-12-30T22:00:00.000Z")"#));
        check(&Type::Instant, r#""soon""#, None);
        check(&Type::Address, r#""::ffff:10.1.2.3""#, Some(r#"ip("10.1.2.3")"#));
        check(&Type::Address, r#""2001:db8::/32""#, Some(r#"ip("2001:db8::/32")"#));
        check(&Type::Address, "7", None);
        check(&Type::Choice(vec!["a".to_owned()]), r#""a""#, Some(r#""a""#));
    }

    /// What a claim's type admits is what its Cedar type holds.
    #[test]
    fn admitted_claims_are_expressed() {
        let values = [
            "null",
            "true",
            "7",
            "7.0",
            "7.25",
            "0.00001",
            "-0.0",
            "922337203685477",
            "922337203685478",
            "9223372036854775807",
            "18446744073709551615",
            "1e16",
            "99999999999.9999",
            "1795521600.123456",
            "253402207200",
            "253402300800",
            "-62167219200",
            "-62167219201",
            r#""""#,
            r#""7""#,
            r#""10.0.0.0/8""#,
            r#""10.1.2.3/0""#,
            r#""::/0""#,
            r#""::1""#,
            r#""::ffff:1.2.3.4""#,
            r#""64:ff9b::1.2.3.4""#,
            r#""2026-11-24T12:00:00.999999999-23:59""#,
            r#""0000-01-01T00:00:00Z""#,
            "[]",
            r#"["a", "a"]"#,
            "[1, 2.0]",
            r#"[1, "a"]"#,
            "[null]",
            "{}",
        ];
        for ty in doorward_model::ClaimType::ALL {
            for value in values {
                let value = serde_json::from_str(value).unwrap();
                let expressed = evaluate(payload(&crate::schema::types::claim(ty), &value)).is_some();
                assert_eq!(expressed, ty.admits(&value), "{ty:?} {value}");
            }
        }
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
