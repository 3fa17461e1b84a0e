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
