//! Members of objects, and items of lists.

use serde_json::json;

use super::{BOTH, DRAFT7, DRAFT202012, check};

#[test]
fn keywords_say_nothing_of_other_types() {
    let others = [json!(null), json!(1), json!("x"), json!([1, 2, 3]), json!(true)];
    for schema in [
        json!({"required": ["a"]}),
        json!({"properties": {"0": false, "length": false}}),
        json!({"additionalProperties": false}),
        json!({"patternProperties": {"": false}}),
        json!({"propertyNames": false}),
        json!({"minProperties": 1}),
        json!({"maxProperties": 0}),
    ] {
        check(&BOTH, &schema, &others, &[]);
    }
    let others = [json!(null), json!(1), json!("x"), json!({"0": 1, "length": 2}), json!(true)];
    for schema in [
        json!({"items": false}),
        json!({"contains": false}),
        json!({"minItems": 1}),
        json!({"maxItems": 0}),
        json!({"uniqueItems": true}),
    ] {
        check(&BOTH, &schema, &others, &[]);
    }
    check(
        &BOTH,
        &json!({"minimum": 5, "maximum": 4, "multipleOf": 7}),
        &[json!("1"), json!([]), json!({})],
        &[json!(1)],
    );
}

#[test]
fn additional_members_are_those_that_neither_a_name_nor_a_pattern_has() {
    let schema = json!({
        "properties": {"foo": {"type": "array", "maxItems": 3}, "bar": {"type": "array"}},
        "patternProperties": {"f.o": {"minItems": 2}},
        "additionalProperties": {"type": "integer"},
    });
    let good =
        [json!({"foo": [1, 2]}), json!({"bar": []}), json!({"fxo": [1, 2]}), json!({"quux": 3}), json!([])];
    let bad = [json!({"foo": []}), json!({"foo": [1, 2, 3, 4]}), json!({"fxo": []}), json!({"quux": "foo"})];
    check(&BOTH, &schema, &good, &bad);
    // It sees its own schema's keywords only.
    let schema = json!({"allOf": [{"properties": {"a": {}}}], "additionalProperties": {"type": "boolean"}});
    check(&BOTH, &schema, &[json!({"a": true})], &[json!({"a": 1})]);
    // A pattern is looked for anywhere in a name, and beyond ASCII.
    let schema = json!({"patternProperties": {"á|^b$": {"type": "integer"}}, "additionalProperties": false});
    check(
        &BOTH,
        &schema,
        &[json!({"xáx": 1}), json!({"b": 1})],
        &[json!({"bb": 1}), json!({"á": "x"}), json!({"a": 1})],
    );
}

#[test]
fn names_are_what_they_are_called() {
    let schema = json!({
        "properties": {"__proto__": {"type": "number"}, "constructor": {"type": "number"}, "$ref": {"type": "string"}, "a/b~": {"const": 1}, "": {"const": 2}, "a\"b\n": {"const": 3}},
        "required": ["toString"],
    });
    let good = [
        json!({"toString": 1}),
        json!({"toString": 1, "__proto__": 1, "$ref": "x", "a/b~": 1, "": 2, "a\"b\n": 3}),
    ];
    let bad = [
        json!({}),
        json!({"toString": 1, "__proto__": "x"}),
        json!({"toString": 1, "$ref": 1}),
        json!({"toString": 1, "a/b~": 2}),
        json!({"toString": 1, "": 1}),
        json!({"toString": 1, "constructor": {}}),
        json!({"toString": 1, "a\"b\n": 1}),
    ];
    check(&BOTH, &schema, &good, &bad);
    check(&BOTH, &json!({"required": []}), &[json!({})], &[]);
    check(
        &BOTH,
        &json!({"propertyNames": {"maxLength": 1}}),
        &[json!({"🐲": 1}), json!({})],
        &[json!({"ab": 1})],
    );
    check(
        &BOTH,
        &json!({"propertyNames": {"enum": ["a"]}}),
        &[json!({"a": 1})],
        &[json!({"b": 1}), json!({"a": 1, "b": 1})],
    );
}

#[test]
fn dependencies_hold_where_their_member_is() {
    let names = json!({"a": ["b", "c"], "x\ty": ["b"], "e": []});
    let schemas = json!({"a": {"properties": {"b": {"type": "integer"}}, "required": ["c"]}, "d": false});
    let good = [
        json!({}),
        json!({"b": 1}),
        json!({"e": 1}),
        json!({"a": 1, "b": 1, "c": 1}),
        json!(["a"]),
        json!("a"),
    ];
    let bad = [json!({"a": null}), json!({"a": 1, "b": 1}), json!({"x\ty": 1})];
    check(&[DRAFT7], &json!({"dependencies": names}), &good, &bad);
    check(&[DRAFT202012], &json!({"dependentRequired": names}), &good, &bad);
    let good = [
        json!({}),
        json!({"b": "x"}),
        json!({"a": 1, "b": 1, "c": 1}),
        json!({"a": 1, "c": 1}),
        json!(["d"]),
    ];
    let bad = [json!({"a": 1}), json!({"a": 1, "b": "x", "c": 1}), json!({"d": null})];
    check(&[DRAFT7], &json!({"dependencies": schemas}), &good, &bad);
    check(&[DRAFT202012], &json!({"dependentSchemas": schemas}), &good, &bad);
}

#[test]
fn items_after_a_prefix_are_the_rest() {
    let good = [json!([]), json!([1]), json!([1, "a"]), json!([1, "a", true, false]), json!({"0": "x"})];
    let bad = [json!(["a"]), json!([1, 1]), json!([1, "a", 1]), json!([1, "a", true, null])];
    let (prefix, rest) = (json!([{"type": "integer"}, {"type": "string"}]), json!({"type": "boolean"}));
    check(&[DRAFT7], &json!({"items": prefix, "additionalItems": rest}), &good, &bad);
    check(&[DRAFT202012], &json!({"prefixItems": prefix, "items": rest}), &good, &bad);
    // What the prefix of another schema has is not seen.
    check(
        &[DRAFT202012],
        &json!({"allOf": [{"prefixItems": [{}]}], "items": {"minimum": 5}}),
        &[json!([5])],
        &[json!([3, 5])],
    );
    check(&[DRAFT7], &json!({"additionalItems": false}), &[json!([1, 2])], &[]);
    check(&[DRAFT7], &json!({"items": {}, "additionalItems": false}), &[json!([1, 2])], &[]);
    check(&[DRAFT202012], &json!({"items": true, "prefixItems": [false]}), &[json!([])], &[json!([1])]);
}

#[test]
fn what_is_contained_is_counted() {
    let is_one = json!({"const": 1});
    check(
        &BOTH,
        &json!({"contains": is_one}),
        &[json!([2, 1.0]), json!("x")],
        &[json!([]), json!([true]), json!([2])],
    );
    check(&BOTH, &json!({"contains": {"if": false, "else": true}}), &[json!([1])], &[json!([])]);
    check(&BOTH, &json!({"contains": {"type": "null"}}), &[json!([null])], &[json!([0])]);
    let counted =
        |least: usize, most: usize| json!({"contains": is_one, "minContains": least, "maxContains": most});
    check(&[DRAFT202012], &counted(0, 1), &[json!([]), json!([2]), json!([1, 2])], &[json!([1, 1])]);
    check(
        &[DRAFT202012],
        &counted(2, 3),
        &[json!([1, 2, 1]), json!([1, 1, 1])],
        &[json!([1]), json!([1, 1, 1, 1])],
    );
    check(&[DRAFT202012], &counted(3, 1), &[json!({})], &[json!([]), json!([1]), json!([1, 1, 1])]);
    check(&[DRAFT202012], &json!({"contains": is_one, "minContains": 0}), &[json!([]), json!([2])], &[]);
    check(&[DRAFT202012], &json!({"contains": false, "minContains": 0}), &[json!([]), json!([2])], &[]);
    check(
        &[DRAFT202012],
        &json!({"contains": is_one, "maxContains": 1}),
        &[json!([1])],
        &[json!([]), json!([1, 1])],
    );
    check(&[DRAFT202012], &json!({"minContains": 2, "maxContains": 0}), &[json!([]), json!([1, 1, 1])], &[]);
}
