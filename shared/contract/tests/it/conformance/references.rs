//! References: to places, names, identifiers, and what the dynamic scope says.

use serde_json::{Value, json};

use super::{BOTH, DRAFT7, DRAFT202012, check};

#[test]
fn pointers_are_unescaped_and_decoded() {
    let schema = json!({
        "properties": {
            "tilde": {"$ref": "#/definitions/a~0b"}, "slash": {"$ref": "#/definitions/a~1b"}, "percent": {"$ref": "#/definitions/a%25b"},
            "quote": {"$ref": "#/definitions/a%22b"}, "plus": {"$ref": "#/definitions/a+b"}, "nth": {"$ref": "#/definitions/list/allOf/1"},
            "empty": {"$ref": "#/definitions//definitions/"},
        },
        "definitions": {
            "a~b": {"type": "integer"}, "a/b": {"type": "integer"}, "a%b": {"type": "integer"}, "a\"b": {"type": "integer"}, "a+b": {"type": "integer"},
            "list": {"allOf": [{"type": "string"}, {"type": "integer"}]},
            "": {"definitions": {"": {"type": "integer"}}},
        },
    });
    for name in ["tilde", "slash", "percent", "quote", "plus", "nth", "empty"] {
        check(&BOTH, &schema, &[json!({name: 1})], &[json!({name: "x"})]);
    }
}

#[test]
fn what_looks_like_a_reference_and_is_none() {
    let schema = json!({"properties": {"$ref": {"type": "string"}}, "enum": [{"$ref": "a"}, {"$ref": "#/definitions/x"}]});
    check(&BOTH, &schema, &[json!({"$ref": "a"})], &[json!({"$ref": 1}), json!({"$ref": "b"})]);
    let schema = json!({"properties": {"$ref": {"$ref": "#/definitions/text"}}, "definitions": {"text": {"type": "string"}}});
    check(&BOTH, &schema, &[json!({"$ref": "a"})], &[json!({"$ref": 2})]);
    // A listed value with an identifier is no schema of that name.
    let schema = json!({
        "definitions": {
            "listed": {"const": {"$id": "https://example.com/own", "type": "null"}},
            "own": {"$id": "https://example.com/own", "type": "string"},
        },
        "anyOf": [{"$ref": "#/definitions/listed"}, {"$ref": "https://example.com/own"}],
    });
    check(
        &BOTH,
        &schema,
        &[json!("a"), json!({"$id": "https://example.com/own", "type": "null"})],
        &[json!(null), json!(1)],
    );
}

#[test]
fn recursion_descends() {
    let schema = json!({
        "properties": {"a": {"$ref": "#"}}, "additionalProperties": false,
    });
    check(
        &BOTH,
        &schema,
        &[json!({"a": false}), json!({"a": {"a": false}})],
        &[json!({"b": 1}), json!({"a": {"b": 1}})],
    );
    let schema = json!({
        "$ref": "#/definitions/tree",
        "definitions": {
            "tree": {"type": "object", "required": ["nodes"], "properties": {"nodes": {"type": "array", "items": {"$ref": "#/definitions/node"}}}},
            "node": {"type": "object", "required": ["value"], "properties": {"value": {"type": "number"}, "tree": {"$ref": "#/definitions/tree"}}},
        },
    });
    let tree = |value: Value| json!({"nodes": [{"value": 1, "tree": {"nodes": [{"value": value}]}}]});
    check(&BOTH, &schema, &[tree(json!(1.1))], &[tree(json!("x"))]);
}

#[test]
fn identifiers_are_the_base_of_what_is_in_them() {
    let folder = json!({
        "$id": "http://example.com/base.json",
        "type": "object",
        "properties": {"list": {"$id": "inner/", "type": "array", "items": {"$ref": "names.json"}}},
        "definitions": {"n": {"$id": "http://example.com/inner/names.json", "type": "string"}, "m": {"$id": "http://example.com/names.json", "type": "integer"}},
    });
    check(&BOTH, &folder, &[json!({"list": ["a"]})], &[json!({"list": [1]})]);
    let own = json!({
        "$id": "http://example.com/a.json",
        "definitions": {
            "x": {"$id": "http://example.com/b/c.json", "not": {"definitions": {"y": {"$id": "d.json", "type": "number"}}}},
        },
        "allOf": [{"$ref": "http://example.com/b/d.json"}],
    });
    check(&BOTH, &own, &[json!(1)], &[json!("a")]);
    let urn = json!({
        "$id": "urn:uuid:deadbeef-1234-ffff-ffff-4321feebdaed",
        "properties": {"foo": {"$ref": "urn:uuid:deadbeef-1234-ffff-ffff-4321feebdaed#/definitions/bar"}},
        "definitions": {"bar": {"type": "string"}},
    });
    check(&BOTH, &urn, &[json!({"foo": "x"})], &[json!({"foo": 1})]);
    // Beside a reference an identifier counts for nothing in draft 7.
    let ignored = json!({
        "$id": "http://localhost/refs/base.json",
        "definitions": {
            "foo": {"$id": "http://localhost/refs/foo.json", "type": "string"},
            "base_foo": {"$id": "foo.json", "type": "number"},
        },
        "allOf": [{"$id": "http://localhost/other/", "$ref": "foo.json"}],
    });
    let mut ignored = ignored;
    ignored["definitions"]["base_foo"]["$id"] = json!("http://localhost/other/foo.json");
    check(&[DRAFT7], &ignored, &[json!("a")], &[json!(1)]);
    check(&[DRAFT202012], &ignored, &[json!(1)], &[json!("a")]);
}

#[test]
fn names_are_looked_for_in_their_own_resource() {
    let schema = json!({
        "$id": "http://example.com/root", "$ref": "http://example.com/other#bigint",
        "$defs": {
            "here": {"$anchor": "bigint", "type": "string"},
            "other": {"$id": "http://example.com/other", "$defs": {"x": {"$anchor": "bigint", "maximum": 10, "type": "integer"}}},
        },
    });
    check(&[DRAFT202012], &schema, &[json!(1)], &[json!(11), json!("x")]);
    let schema = json!({
        "$ref": "#foo", "$defs": {"A": {"$anchor": "foo", "type": "integer"}},
    });
    check(&[DRAFT202012], &schema, &[json!(1)], &[json!("a")]);
    let schema =
        json!({"allOf": [{"$ref": "#foo"}], "definitions": {"A": {"$id": "#foo", "type": "integer"}}});
    check(&[DRAFT7], &schema, &[json!(1)], &[json!("a")]);
}

/// A schema whose `$dynamicRef` stands in a resource that two others extend.
#[test]
fn dynamic_references_need_a_dynamic_anchor_where_they_stand() {
    // Bookended: the outermost is meant.
    let list = |anchor: &str| {
        json!({
            "$id": "https://example.com/root", "$ref": "list",
            "$defs": {
                "foo": {"$dynamicAnchor": "items", "type": "string"},
                "list": {"$id": "list", "type": "array", "items": {"$dynamicRef": "#items"}, "$defs": {"items": {anchor: "items"}}},
            },
        })
    };
    check(&[DRAFT202012], &list("$dynamicAnchor"), &[json!(["a"])], &[json!(["a", 42])]);
    // Without a dynamic anchor beside it, it is an ordinary reference.
    check(&[DRAFT202012], &list("$anchor"), &[json!(["a", 42])], &[]);
    // Nor do ordinary anchors outside count.
    let mut outer = list("$dynamicAnchor");
    outer["$defs"]["foo"] = json!({"$anchor": "items", "type": "string"});
    check(&[DRAFT202012], &outer, &[json!(["a", 42])], &[]);
    // A pointer is no name, and leads where it leads.
    let mut pointer = list("$dynamicAnchor");
    pointer["$defs"]["list"]["items"] = json!({"$dynamicRef": "#/$defs/items"});
    check(&[DRAFT202012], &pointer, &[json!(["a", 42])], &[]);
    // An ordinary reference to a dynamic anchor is one.
    let mut ordinary = list("$dynamicAnchor");
    ordinary["$defs"]["list"]["items"] = json!({"$ref": "#items"});
    check(&[DRAFT202012], &ordinary, &[json!(["a", 42])], &[]);
}

#[test]
fn a_strict_tree_is_strict_all_the_way_down() {
    let schema = json!({
        "$id": "http://localhost/strict-tree.json", "$dynamicAnchor": "node", "$ref": "tree.json", "unevaluatedProperties": false,
        "$defs": {"tree": {
            "$id": "tree.json", "$dynamicAnchor": "node", "type": "object",
            "properties": {"data": true, "children": {"type": "array", "items": {"$dynamicRef": "#node"}}},
        }},
    });
    check(
        &[DRAFT202012],
        &schema,
        &[json!({"children": [{"data": 1, "children": []}]})],
        &[json!({"children": [{"daat": 1}]}), json!({"x": 1})],
    );
}

#[test]
fn only_resources_on_the_way_are_in_the_dynamic_scope() {
    let schema = json!({
        "$id": "https://test.json-schema.org/dynamic-scope", "if": {
            "$id": "first_scope",
            "$defs": {"thingy": {"$comment": "left before the reference is met", "$dynamicAnchor": "thingy", "type": "number"}},
        },
        "then": {
            "$id": "second_scope", "$ref": "start",
            "$defs": {"thingy": {"$comment": "the first on the way", "$dynamicAnchor": "thingy", "type": "null"}},
        },
        "$defs": {
            "start": {"$comment": "the reference", "$id": "start", "$dynamicRef": "inner_scope#thingy"},
            "thingy": {"$id": "inner_scope", "$comment": "where it begins", "$dynamicAnchor": "thingy", "type": "string"},
        },
    });
    check(&[DRAFT202012], &schema, &[json!(null)], &[json!("a"), json!(42)]);
}

#[test]
fn references_to_meta_schemas_hold_schemas() {
    let reference = json!({"$ref": "https://json-schema.org/draft/2020-12/schema"});
    check(
        &[DRAFT202012],
        &reference,
        &[json!({"minLength": 1}), json!(true)],
        &[json!({"minLength": -1}), json!({"properties": {"a": {"type": "x"}}}), json!(1)],
    );
    let reference = json!({"allOf": [{"$ref": "http://json-schema.org/draft-07/schema#"}]});
    check(
        &[DRAFT7],
        &reference,
        &[json!({"minLength": 1})],
        &[json!({"minLength": -1}), json!({"items": [{"minLength": -1}]})],
    );
}
