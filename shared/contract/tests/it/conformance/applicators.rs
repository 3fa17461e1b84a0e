//! What combines schemas.

use serde_json::json;

use super::{BOTH, DRAFT7, DRAFT202012, check};

#[test]
fn conditions_need_their_if() {
    check(&BOTH, &json!({"then": {"const": 0}}), &[json!(0), json!("x")], &[]);
    check(&BOTH, &json!({"else": {"const": 0}}), &[json!(0), json!("x")], &[]);
    check(&BOTH, &json!({"if": {"const": 0}}), &[json!(0), json!("x")], &[]);
    let schema = json!({"if": {"exclusiveMaximum": 0}, "then": {"minimum": -10}, "else": {"multipleOf": 2}});
    check(&BOTH, &schema, &[json!(-1), json!(4), json!("x")], &[json!(-100), json!(3)]);
    let schema = json!({"if": true, "then": {"const": "then"}, "else": {"const": "else"}});
    check(&BOTH, &schema, &[json!("then")], &[json!("else")]);
    let schema = json!({"if": false, "then": {"const": "then"}, "else": {"const": "else"}});
    check(&BOTH, &schema, &[json!("else")], &[json!("then")]);
    // Each belongs to the condition beside it.
    let schema = json!({"allOf": [{"if": {"exclusiveMaximum": 0}}, {"then": {"minimum": -10}}, {"else": {"multipleOf": 2}}]});
    check(&BOTH, &schema, &[json!(-100), json!(3)], &[]);
}

#[test]
fn truth_values_are_schemas() {
    check(&BOTH, &json!({"not": false}), &[json!(1), json!(null)], &[]);
    check(&BOTH, &json!({"not": {}}), &[], &[json!(1), json!(null), json!([])]);
    check(&BOTH, &json!({"not": {"not": {}}}), &[json!(1)], &[]);
    check(&BOTH, &json!({"oneOf": [true, false, false]}), &[json!(1)], &[]);
    check(&BOTH, &json!({"oneOf": [true, true, false]}), &[], &[json!(1)]);
    check(&BOTH, &json!({"anyOf": [true, false]}), &[json!(1)], &[]);
    check(&BOTH, &json!({"allOf": [true, false]}), &[], &[json!(1)]);
    check(&BOTH, &json!({"anyOf": [{}, {"type": "number"}]}), &[json!("x")], &[]);
    let exact =
        json!({"allOf": [{"multipleOf": 2}], "anyOf": [{"multipleOf": 3}], "oneOf": [{"multipleOf": 5}]});
    check(&BOTH, &exact, &[json!(30), json!("x")], &[json!(1), json!(6), json!(10), json!(15)]);
    let missing = json!({"oneOf": [{"required": ["a", "b"]}, {"required": ["a", "c"]}]});
    check(
        &BOTH,
        &missing,
        &[json!({"a": 1, "b": 2}), json!({"a": 1, "c": 3})],
        &[json!({"b": 2}), json!({"a": 1, "b": 2, "c": 3})],
    );
}

#[test]
fn references_have_siblings_in_2020_12_only() {
    let schema = json!({
        "properties": {"a": {"$ref": "#/definitions/list", "maxItems": 2}},
        "definitions": {"list": {"type": "array"}},
    });
    let (short, long, other) = (json!({"a": [1]}), json!({"a": [1, 2, 3]}), json!({"a": "x"}));
    check(&[DRAFT202012], &schema, std::slice::from_ref(&short), &[long.clone(), other.clone()]);
    check(&[DRAFT7], &schema, &[short, long], &[other]);
}
