//! Numbers: bounds, multiples, and what equals what.

use serde_json::json;

use super::{BOTH, check};

#[test]
fn whole_numbers_are_integers_however_they_are_written() {
    let good = [json!(1), json!(1.0), json!(-0.0), json!(1e300), json!(u64::MAX), json!(i64::MIN)];
    check(&BOTH, &json!({"type": "integer"}), &good, &[json!(1.5), json!(1e-300), json!("1"), json!(true)]);
    check(&BOTH, &json!({"type": "number"}), &[json!(1), json!(0.5)], &[json!("1"), json!(null)]);
}

#[test]
fn bounds_are_exact_beyond_the_integers_of_binary64() {
    let least = json!({"minimum": 9_007_199_254_740_993_i64});
    check(
        &BOTH,
        &least,
        &[json!(9_007_199_254_740_993_i64), json!("0")],
        &[json!(9_007_199_254_740_992_i64)],
    );
    let most = json!({"exclusiveMaximum": 18_446_744_073_709_551_615_u64});
    check(&BOTH, &most, &[json!(u64::MAX - 1), json!(-1), json!(1.5)], &[json!(u64::MAX), json!(1e30)]);
    let below = json!({"maximum": -9_223_372_036_854_775_808_i64});
    check(
        &BOTH,
        &below,
        &[json!(i64::MIN), json!(-1e30)],
        &[json!(i64::MIN + 1), json!(u64::MAX), json!(0.5)],
    );
    let float = json!({"minimum": 9.007199254740992e15});
    check(&BOTH, &float, &[json!(9_007_199_254_740_993_i64)], &[json!(9_007_199_254_740_991_i64)]);
    let beyond = json!({"maximum": 1e30, "minimum": -1e30});
    check(&BOTH, &beyond, &[json!(u64::MAX), json!(i64::MIN), json!(1e30)], &[json!(1.1e30), json!(-1.1e30)]);
    let float = json!({"exclusiveMinimum": 18_446_744_073_709_551_615.0_f64});
    check(
        &BOTH,
        &float,
        &[json!(18_446_744_073_709_555_712.0_f64)],
        &[json!(u64::MAX), json!(18_446_744_073_709_551_616.0_f64)],
    );
}

#[test]
fn multiples_are_those_of_the_decimals_that_are_written() {
    let cases = [
        (
            json!(0.01),
            vec![json!(0.07), json!(1.13), json!(4.35), json!(19.99), json!(-8.61), json!(1e300)],
            vec![json!(0.075), json!(0.001)],
        ),
        (json!(0.0001), vec![json!(0.0075)], vec![json!(0.00751)]),
        (json!(1.5), vec![json!(0), json!(4.5)], vec![json!(35)]),
        (json!(0.123456789), vec![json!(0.246913578)], vec![json!(1e308), json!(1)]),
        (json!(0.5), vec![json!(1e308), json!(u64::MAX)], vec![json!(0.25)]),
        (json!(1e-8), vec![json!(12391239123_i64), json!(1e-8)], vec![json!(1e-9)]),
        (json!(1e308), vec![json!(0), json!(1e308)], vec![json!(1), json!(1.5e308)]),
        (json!(2.0), vec![json!(9_007_199_254_740_994_i64)], vec![json!(9_007_199_254_740_993_i64)]),
    ];
    for (divisor, good, bad) in cases {
        let schema = json!({"multipleOf": divisor});
        check(&BOTH, &schema, &[good, vec![json!("x"), json!(null)]].concat(), &bad);
    }
}

#[test]
fn numbers_equal_by_value_and_truth_values_are_none() {
    check(
        &BOTH,
        &json!({"const": 0}),
        &[json!(0), json!(0.0), json!(-0.0)],
        &[json!(false), json!(""), json!([]), json!(null)],
    );
    check(&BOTH, &json!({"const": 1.0}), &[json!(1)], &[json!(true), json!("1")]);
    check(&BOTH, &json!({"const": false}), &[json!(false)], &[json!(0), json!(0.0), json!([false])]);
    check(&BOTH, &json!({"const": [1]}), &[json!([1.0])], &[json!([true]), json!(1)]);
    check(
        &BOTH,
        &json!({"const": {"a": false}}),
        &[json!({"a": false})],
        &[json!({"a": 0}), json!({"a": false, "b": 1})],
    );
    check(
        &BOTH,
        &json!({"const": {"a": 1, "b": 2}}),
        &[json!({"b": 2.0, "a": 1})],
        &[json!({"a": 2, "b": 1})],
    );
    check(
        &BOTH,
        &json!({"const": 9_007_199_254_740_993_i64}),
        &[json!(9_007_199_254_740_993_i64)],
        &[json!(9_007_199_254_740_992_i64), json!(9_007_199_254_740_992.0)],
    );
    check(
        &BOTH,
        &json!({"const": [9_007_199_254_740_993_i64]}),
        &[json!([9_007_199_254_740_993_i64])],
        &[json!([9_007_199_254_740_992.0]), json!([9_007_199_254_740_992_i64])],
    );
    let listed = json!({"enum": [[{"n": 1}], {"a": [0, null]}, u64::MAX, 12.5]});
    let good = [json!([{"n": 1.0}]), json!({"a": [0.0, null]}), json!(u64::MAX), json!(12.5)];
    let bad = [
        json!([{"n": true}]),
        json!({"a": [false, null]}),
        json!(18_446_744_073_709_551_615.0_f64),
        json!([]),
        json!({"a": [0]}),
    ];
    check(&BOTH, &listed, &good, &bad);
    check(&BOTH, &json!({"enum": [null]}), &[json!(null)], &[json!(0), json!(""), json!(false)]);
    check(&BOTH, &json!({"const": "a\u{0}b"}), &[json!("a\u{0}b")], &[json!("a")]);
}

#[test]
fn items_are_unique_by_value() {
    let unique = json!({"uniqueItems": true});
    let good = [
        json!([1, true]),
        json!([0, false]),
        json!([[1], [true]]),
        json!([{"a": 1}, {"a": true}]),
        json!(["1", 1]),
        json!([{"a": false}, {"a": 0}]),
        json!([[], [[]]]),
        json!([null, 0, "", false]),
        json!({"a": 1}),
        json!([1, 1.5]),
        json!([9_007_199_254_740_993_i64, 9_007_199_254_740_992.0]),
    ];
    let bad = [
        json!([1, 1.0]),
        json!([1.0, 1.00, 1]),
        json!([0, -0.0]),
        json!([{"a": 1, "b": 2}, {"b": 2, "a": 1}]),
        json!([[1], [1.0]]),
        json!([true, 1, true]),
        json!([{"a": {"b": [1]}}, {"a": {"b": [1.0]}}]),
        json!([1e2, 100]),
    ];
    check(&BOTH, &unique, &good, &bad);
    check(&BOTH, &json!({"uniqueItems": false}), &[json!([1, 1])], &[]);
}
