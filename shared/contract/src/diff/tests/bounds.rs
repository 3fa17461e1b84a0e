//! Bounds of numbers, exhaustively: a break is found exactly where some value breaks.

use serde_json::{Map, Value, json};

use super::super::include::Inclusion;
use crate::bundle::{Bundle, Direction};
use crate::checker::Checker;
use crate::documents::Documents;
use crate::library::Library;

fn bundle(schema: &Value) -> (Bundle, Checker) {
    let library = Library::new([("f", json!({ "s": schema }).to_string())]);
    let documents = Documents::open(&library, "f").unwrap();
    let bundle = Bundle::gather(&documents, Direction::Request, "/s", &mut vec![]).unwrap();
    let checker = Checker::compile(&documents, &bundle).unwrap();
    (bundle, checker)
}

/// Schemas with each keyword of `all`, or without it.
fn schemas(kind: &str, all: &[(&str, &[Value])]) -> Vec<Value> {
    let mut found = vec![Map::from_iter([("type".to_owned(), json!(kind))])];
    for (name, values) in all {
        let more = found.iter().flat_map(|schema| {
            values.iter().map(|value| {
                let mut schema = schema.clone();
                schema.insert((*name).to_owned(), value.clone());
                schema
            })
        });
        let more: Vec<_> = more.collect();
        found.extend(more);
    }
    found.into_iter().map(Value::Object).collect()
}

#[track_caller]
fn check(kind: &str, steps: &[Value], bounds: &[Value], values: &[Value]) {
    let old = schemas(
        kind,
        &[
            ("multipleOf", steps),
            ("maximum", bounds),
            ("exclusiveMaximum", &bounds[..1]),
            ("exclusiveMinimum", &bounds[..2]),
        ],
    );
    let new = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]
        .into_iter()
        .flat_map(|name| bounds.iter().map(move |bound| json!({ name: bound })));
    let new: Vec<_> = new.map(|schema| (bundle(&schema), schema)).collect();
    let (mut silent, mut told) = (0, 0);
    for old in old {
        let (of_old, takes_old) = bundle(&old);
        let taken: Vec<&Value> = values.iter().filter(|value| takes_old.is_valid(value)).collect();
        if taken.is_empty() {
            continue;
        }
        for ((of_new, takes_new), new) in &new {
            let breaks = !Inclusion::ask(&of_old, of_new).is_empty();
            assert_eq!(breaks, taken.iter().any(|value| !takes_new.is_valid(value)), "{old} to {new}");
            if breaks { told += 1 } else { silent += 1 }
        }
    }
    assert!(silent > 50 && told > 50, "{silent} silent, {told} told");
}

#[test]
fn bounds_are_those_of_the_multiples_within() {
    let whole: Vec<Value> = (-60..60).map(Value::from).collect();
    let bounds = [json!(25), json!(-25), json!(20), json!(-20), json!(30), json!(0.5), json!(19), json!(21)];
    check("integer", &[json!(10), json!(7), json!(2.5), json!(1)], &bounds, &whole);
    let parts: Vec<Value> =
        (-420..=420).map(|nth| serde_json::from_str(&format!("{}e-3", nth * 5)).unwrap()).collect();
    let bounds = [json!(0.35), json!(-0.35), json!(0.3), json!(0.31), json!(-0.3), json!(1), json!(0.9)];
    check("number", &[json!(0.1), json!(0.3), json!(0.5), json!(1)], &bounds, &parts);
}

#[test]
fn bounds_of_several_steps_are_within_each() {
    let ask = |old: Value, new: Value| Inclusion::ask(&bundle(&old).0, &bundle(&new).0).is_empty();
    let both = json!({"type": "integer", "maximum": 25, "allOf": [{"multipleOf": 10}, {"multipleOf": 4}]});
    assert!(ask(both.clone(), json!({"maximum": 20})));
    assert!(!ask(both, json!({"maximum": 19})));
    // What cannot be reckoned is taken as it is written.
    let far = json!({"type": "number", "maximum": 1e300, "multipleOf": 0.01});
    assert!(ask(far.clone(), json!({"maximum": 1e300})));
    assert!(!ask(far, json!({"maximum": 9e299})));
}

/// Whole numbers at the limits of each format and beyond, and numbers with a fraction.
fn at_limits() -> Vec<Value> {
    let mut values: Vec<Value> = [i64::from(i32::MIN), i64::from(i32::MAX), 0, 100, i64::MIN, i64::MAX]
        .into_iter()
        .flat_map(|limit| [-1, 0, 1].into_iter().filter_map(move |by| limit.checked_add(by)))
        .map(Value::from)
        .collect();
    values.extend([json!(1_u64 << 63), json!(u64::MAX), json!(u64::MAX - 1)]);
    values.extend([2_f64.powi(64), -2_f64.powi(63) - 2048.0, 1e300, -1e300].map(Value::from));
    values.extend([0.5, -0.5, 99.5, 100.5, 2_147_483_647.5, -2_147_483_648.5, 4e9 + 0.5].map(Value::from));
    values
}

#[test]
fn formats_of_whole_numbers_are_the_bounds_that_they_are() {
    let formats = [json!("int32"), json!("int64"), json!("uint64")];
    let limits = [json!(i32::MIN), json!(i32::MAX), json!(i64::MIN), json!(i64::MAX), json!(u64::MAX)];
    let bounds: Vec<Value> =
        limits.into_iter().chain([json!(0), json!(100), json!(2_147_483_648_u64)]).collect();
    let (values, mut exact) = (at_limits(), 0);
    for kind in ["integer", "number", "any"] {
        let mut old = schemas(
            kind,
            &[("format", &formats), ("minimum", &bounds), ("maximum", &bounds), ("multipleOf", &[json!(1)])],
        );
        if kind == "any" {
            old.iter_mut().for_each(|schema| drop(schema.as_object_mut().unwrap().remove("type")));
        }
        let new = formats.iter().map(|format| json!({ "format": format }));
        let ranges =
            bounds.iter().flat_map(|bound| [json!({ "minimum": bound }), json!({ "maximum": bound })]);
        let new: Vec<_> = new.chain(ranges).map(|schema| (bundle(&schema), schema)).collect();
        for old in old {
            let (of_old, takes_old) = bundle(&old);
            let taken: Vec<&Value> = values.iter().filter(|value| takes_old.is_valid(value)).collect();
            for ((of_new, takes_new), new) in new.iter().filter(|_| !taken.is_empty()) {
                let told = !Inclusion::ask(&of_old, of_new).is_empty();
                let breaks = taken.iter().any(|value| !takes_new.is_valid(value));
                // Beyond 2^53 no number with a fraction is read as one, which is not counted on.
                assert!(told || !breaks, "{old} to {new}");
                if kind == "integer" {
                    assert_eq!(told, breaks, "{old} to {new}");
                    exact += 1;
                }
            }
        }
    }
    assert!(exact > 1_000, "{exact}");
}
