//! `unevaluatedProperties` and `unevaluatedItems`: what other keywords have seen, wherever they stand.

use serde_json::{Value, json};

use super::{DRAFT202012, check};

#[track_caller]
fn closed(schema: Value, good: &[Value], bad: &[Value]) {
    let word =
        if schema.get("unevaluatedItems").is_some() { "unevaluatedItems" } else { "unevaluatedProperties" };
    let mut schema = schema;
    schema.as_object_mut().unwrap().entry(word).or_insert(json!(false));
    check(&[DRAFT202012], &schema, good, bad);
}

#[test]
fn members_are_seen_beside_and_in_place() {
    let seen = json!({"properties": {"a": true}});
    let (own, other) = (json!({"a": 1}), json!({"a": 1, "b": 2}));
    let (good, bad) = (&[own.clone(), json!({}), json!("x")], std::slice::from_ref(&other));
    closed(seen.clone(), good, bad);
    closed(json!({"allOf": [seen]}), good, bad);
    closed(json!({"allOf": [{"allOf": [{"anyOf": [seen]}]}]}), good, bad);
    closed(json!({"oneOf": [seen, false]}), good, bad);
    closed(json!({"$ref": "#/$defs/s", "$defs": {"s": seen}}), good, bad);
    closed(
        json!({"$dynamicRef": "#s", "$defs": {"s": {"$dynamicAnchor": "s", "properties": {"a": true}}}}),
        good,
        bad,
    );
    closed(json!({"if": seen}), good, bad);
    closed(json!({"if": true, "then": seen}), good, bad);
    closed(json!({"if": false, "else": seen}), good, bad);
    closed(json!({"dependentSchemas": {"a": seen}}), good, bad);
    closed(json!({"patternProperties": {"^a$": true}}), good, bad);
    closed(
        json!({"properties": {"a": true}, "additionalProperties": true}),
        &[own.clone(), other.clone()],
        &[],
    );
    closed(json!({"allOf": [{"additionalProperties": true}]}), &[own.clone(), other.clone()], &[]);
    closed(json!({"allOf": [{"unevaluatedProperties": true}]}), &[own, other], &[]);
}

#[test]
fn members_are_not_seen_by_what_does_not_hold_or_stands_elsewhere() {
    let seen = json!({"properties": {"a": true}});
    let (bad, none) = ([json!({"a": 1})], [json!({})]);
    closed(json!({"not": {"not": seen}}), &none, &bad);
    closed(json!({"properties": {"b": seen}}), &[json!({"b": {"a": 1}})], &bad);
    closed(json!({"then": seen}), &none, &bad);
    closed(json!({"if": {"properties": {"a": true}, "required": ["b"]}}), &none, &bad);
    closed(
        json!({"anyOf": [{"properties": {"a": {"const": 2}}}, {"properties": {"b": true}}]}),
        &[json!({"a": 2}), json!({"b": 1})],
        &bad,
    );
    closed(
        json!({"required": ["a"], "propertyNames": {"const": "a"}, "dependentRequired": {}}),
        &[json!(1)],
        &bad,
    );
    closed(json!({"dependentSchemas": {"b": seen}}), &none, &bad);
    // Cousins do not see each other.
    check(&[DRAFT202012], &json!({"allOf": [seen, {"unevaluatedProperties": false}]}), &none, &bad);
    check(
        &[DRAFT202012],
        &json!({"properties": {"a": {"properties": {"x": true}}}, "allOf": [{"properties": {"a": {"unevaluatedProperties": false}}}]}),
        &[json!({"a": {}})],
        &[json!({"a": {"x": 1}})],
    );
    // Both branches that hold have seen.
    let both = json!({"anyOf": [{"properties": {"a": {"const": 1}}, "required": ["a"]}, {"properties": {"b": {"const": 2}}, "required": ["b"]}]});
    closed(
        both,
        &[json!({"a": 1}), json!({"b": 2}), json!({"a": 1, "b": 2})],
        &[json!({"a": 1, "b": 3}), json!({"a": 1, "c": 1})],
    );
}

#[test]
fn a_schema_for_unseen_members_holds_them() {
    let schema =
        json!({"properties": {"a": true}, "unevaluatedProperties": {"type": "string", "minLength": 3}});
    check(&[DRAFT202012], &schema, &[json!({"a": 1, "b": "abc"})], &[json!({"b": "x"}), json!({"b": 1})]);
    let nested =
        json!({"allOf": [{"unevaluatedProperties": {"type": "integer"}}], "unevaluatedProperties": false});
    check(&[DRAFT202012], &nested, &[json!({"a": 1})], &[json!({"a": "x"})]);
    let inner = json!({"unevaluatedProperties": false, "allOf": [{"properties": {"a": true}, "unevaluatedProperties": true}]});
    check(&[DRAFT202012], &inner, &[json!({"a": 1, "b": 1})], &[]);
    let closed_inside = json!({"unevaluatedProperties": true, "allOf": [{"properties": {"a": true}, "unevaluatedProperties": false}]});
    check(&[DRAFT202012], &closed_inside, &[json!({"a": 1})], &[json!({"a": 1, "b": 1})]);
    let recursive = json!({
        "$id": "https://example.com/tree", "$ref": "#/$defs/branch", "unevaluatedProperties": false,
        "$defs": {"branch": {"properties": {"name": {}, "branch": {"$ref": "#"}}, "required": ["name"]}},
    });
    check(
        &[DRAFT202012],
        &recursive,
        &[json!({"name": 1, "branch": {"name": 2}})],
        &[json!({"name": 1, "x": 1}), json!({"name": 1, "branch": {"name": 2, "x": 1}})],
    );
}

#[test]
fn items_are_seen_beside_and_in_place() {
    let items = |mut schema: Value| {
        schema["unevaluatedItems"] = json!(false);
        schema
    };
    let (one, two) = (json!(["a"]), json!(["a", 2]));
    let prefix = json!({"prefixItems": [{"type": "string"}]});
    let (good, bad) = (&[one.clone(), json!([]), json!({"0": 1})], &[two.clone(), json!([1])]);
    closed(items(prefix.clone()), good, bad);
    closed(items(json!({"allOf": [prefix]})), good, bad);
    closed(items(json!({"anyOf": [prefix, false]})), good, bad);
    closed(items(json!({"$ref": "#/$defs/s", "$defs": {"s": prefix}})), good, bad);
    closed(items(json!({"if": false, "else": prefix})), good, bad);
    closed(items(json!({"items": {"type": "string"}})), &[json!(["a", "b"])], std::slice::from_ref(&two));
    closed(
        items(json!({"prefixItems": [{"type": "string"}], "items": true})),
        &[one.clone(), two.clone()],
        &[],
    );
    closed(
        items(json!({"allOf": [{"prefixItems": [true], "unevaluatedItems": true}]})),
        &[one.clone(), two.clone()],
        &[],
    );
    closed(items(json!({"not": {"not": prefix}})), &[json!([])], std::slice::from_ref(&one));
    check(
        &[DRAFT202012],
        &json!({"allOf": [prefix, {"unevaluatedItems": false}]}),
        &[json!([])],
        std::slice::from_ref(&one),
    );
    // The longest prefix of those that hold.
    let longest = json!({"anyOf": [{"prefixItems": [true, {"const": 2}]}, {"prefixItems": [true, true, {"const": 3}]}]});
    closed(
        items(longest),
        &[json!([1, 2]), json!([1, 2, 3]), json!([1, 9, 3]), json!([1, 9])],
        &[json!([1, 9, 4]), json!([1, 2, 4]), json!([1, 2, 3, 4])],
    );
}

#[test]
fn items_that_are_contained_are_seen() {
    let contained = json!({"prefixItems": [true], "contains": {"type": "string"}, "unevaluatedItems": false});
    check(
        &[DRAFT202012],
        &contained,
        &[json!([1, "a"]), json!([1, "a", "b"]), json!(["a"])],
        &[json!([1, 2]), json!([1, "a", 2])],
    );
    let several = json!({"allOf": [{"contains": {"multipleOf": 2}}, {"contains": {"multipleOf": 3}}], "unevaluatedItems": {"multipleOf": 5}});
    check(&[DRAFT202012], &several, &[json!([2, 3, 4, 5, 6])], &[json!([2, 3, 4, 7, 8])]);
    let none = json!({"contains": {"type": "string"}, "minContains": 0, "unevaluatedItems": false});
    check(&[DRAFT202012], &none, &[json!([]), json!(["a"])], &[json!([1])]);
    let conditional = json!({
        "if": {"contains": {"const": "a"}}, "then": {"if": {"contains": {"const": "b"}}, "then": {"if": {"contains": {"const": "c"}}}},
        "unevaluatedItems": false,
    });
    check(
        &[DRAFT202012],
        &conditional,
        &[json!([]), json!(["a", "a"]), json!(["a", "b"]), json!(["c", "a", "b"])],
        &[json!(["b"]), json!(["c", "a"]), json!(["a", "d"])],
    );
}
