//! Numbers of schemas, compared without rounding.

use std::cmp::Ordering;

use serde_json::Number;

use crate::decimal::Decimal;

/// Compares two numbers exactly, whatever they are kept as.
pub(crate) fn compare(a: &Number, b: &Number) -> Ordering {
    match (whole(a), whole(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        (None, None) => float(a).total_cmp(&float(b)),
        (Some(a), None) => against(a, float(b)),
        (None, Some(b)) => against(b, float(a)).reverse(),
    }
}

/// Whether every multiple of `a` is one of `b`, both as the decimals that they are written as.
pub(crate) fn divides(b: &Number, a: &Number) -> bool {
    Decimal::of(a).is_multiple_of(Decimal::of(b))
}

/// Whether all multiples of `step` are whole.
pub(crate) fn is_whole(step: &Number) -> bool {
    divides(&1.into(), step)
}

/// The least and the greatest whole number of a format that is a range (OpenAPI Format Registry).
pub(crate) fn range(format: &str) -> Option<[Number; 2]> {
    Some(match format {
        "int32" => [i32::MIN.into(), i32::MAX.into()],
        "int64" => [i64::MIN.into(), i64::MAX.into()],
        "uint64" => [0.into(), u64::MAX.into()],
        _ => return None,
    })
}

/// The nearest whole number after `limit`, or before it, where `limit` is not whole.
pub(crate) fn inside(limit: &Number, up: bool) -> Option<Number> {
    let float = float(limit);
    if whole(limit).is_some() || float.abs() >= 1e15 {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "it is whole and in the range")]
    let inside = if up { float.ceil() as i64 } else { float.floor() as i64 };
    Some(inside.into())
}

/// The next whole number after `number`, or before it, where `number` is whole.
pub(crate) fn next(number: &Number, up: bool) -> Option<Number> {
    let number = i64::try_from(whole(number)?).ok()?;
    Some(if up { number.checked_add(1)? } else { number.checked_sub(1)? }.into())
}

fn float(number: &Number) -> f64 {
    number.as_f64().unwrap_or(f64::NAN)
}

#[expect(clippy::cast_possible_truncation, reason = "only whole numbers that i128 holds are cast")]
fn whole(number: &Number) -> Option<i128> {
    if let Some(number) = number.as_i64() {
        return Some(number.into());
    }
    if let Some(number) = number.as_u64() {
        return Some(number.into());
    }
    let float = float(number);
    (float.fract() == 0.0 && float.abs() < 1e38).then_some(float as i128)
}

/// `number` against a float that is not whole, or beyond what 128 bits hold.
#[expect(clippy::cast_possible_truncation, reason = "casts saturate, which keeps the order")]
fn against(number: i128, float: f64) -> Ordering {
    let below = float.floor() as i128;
    if number <= below { Ordering::Less } else { Ordering::Greater }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[track_caller]
    fn check(a: Value, b: Value, expected: Ordering) {
        let (Value::Number(a), Value::Number(b)) = (a, b) else { panic!("no numbers") };
        assert_eq!((compare(&a, &b), compare(&b, &a)), (expected, expected.reverse()));
    }

    #[test]
    fn numbers_are_compared_exactly() {
        check(json!(1), json!(1.0), Ordering::Equal);
        check(json!(1), json!(1.5), Ordering::Less);
        check(json!(-1), json!(-1.5), Ordering::Greater);
        check(json!(u64::MAX), json!(i64::MAX), Ordering::Greater);
        check(json!(9_007_199_254_740_993_u64), json!(9_007_199_254_740_992.0), Ordering::Greater);
        check(json!(1), json!(1e300), Ordering::Less);
        check(json!(-1), json!(-1e300), Ordering::Greater);
    }

    #[test]
    fn the_whole_numbers_inside_a_bound_begin_at_the_next_one() {
        for (limit, up, expected) in [
            (json!(0.5), true, Some(1)),
            (json!(0.5), false, Some(0)),
            (json!(-0.5), true, Some(0)),
            (json!(2), true, None),
            (json!(1e300), true, None),
        ] {
            let Value::Number(limit) = limit else { panic!("no number") };
            assert_eq!(inside(&limit, up), expected.map(Number::from));
        }
    }

    #[test]
    fn ranges_are_those_that_values_are_held_to() {
        for format in crate::formats::OF_INTEGERS {
            let schema = serde_json::json!({ "format": format });
            let checker = crate::checker::validator(&schema).unwrap();
            let [least, most] = range(format).unwrap();
            for (limit, up) in [(least, false), (most, true)] {
                let beyond = whole(&limit).unwrap() + if up { 1 } else { -1 };
                let beyond = match (i64::try_from(beyond), u64::try_from(beyond)) {
                    (Ok(beyond), _) => json!(beyond),
                    (_, Ok(beyond)) => json!(beyond),
                    // The next one that is a float: between the two is no number that is read as one of its own.
                    _ => json!(if up { 2_f64.powi(64) } else { -(2_f64.powi(63)) * 1.000_000_000_000_001 }),
                };
                assert!(checker.is_valid(&Value::Number(limit)), "{format}");
                assert!(!checker.is_valid(&beyond), "{format} {beyond}");
            }
        }
    }

    #[test]
    fn multiples_are_those_of_decimals() {
        for (b, a, expected) in [
            (json!(2), json!(4), true),
            (json!(4), json!(2), false),
            (json!(0.1), json!(0.1), true),
            (json!(0.1), json!(0.2), true),
            (json!(0.2), json!(0.1), false),
            (json!(0.1), json!(0.3), true),
            (json!(0.25), json!(0.5), true),
            (json!(0.2), json!(0.3), false),
            (json!(0.5), json!(1), true),
        ] {
            let (Value::Number(a), Value::Number(b)) = (a, b) else { panic!("no numbers") };
            assert_eq!(divides(&b, &a), expected);
        }
    }
}
