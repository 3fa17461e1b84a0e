//! `$id` and `$anchor` within schemas: what references mean by them, within one file and between several.

use std::sync::Arc;

use doorward_contract::{Document, Library, Schema};
use doorward_model::Shape;
use expect_test::{Expect, expect};
use serde_json::{Value, json};

use crate::schemas::{check, compile, refuse};
use crate::shop::lines;

/// Whether `schema` takes `value`.
#[track_caller]
fn takes(schema: &Value, value: Value, expected: bool) {
    let text = schema.to_string();
    let compiled = compile(&[("contracts/s.json", &text)], "").unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(compiled.violations(&value).is_empty(), expected, "{value} against {schema}");
}

#[test]
fn references_mean_the_nearest_resource_around_them() {
    let schema = json!({
        "$id": "https://example.com/shop/order",
        "properties": {
            "whole": {"$ref": "https://example.com/shop/item"},
            "relative": {"$ref": "item"},
            "within": {"$ref": "item#/$defs/sku"},
            "named": {"$ref": "item#sku"},
            "own": {"$ref": "#/$defs/sku"},
            "deep": {"$ref": "/other/deep"},
            "through": {"$ref": "#/$defs/item/$defs/sku"},
            "dots": {"$ref": "HTTPS://example.com/shop/x/../item#sku"},
        },
        "$defs": {
            "sku": {"type": "integer"},
            "item": {
                "$id": "item",
                "properties": {"sku": {"$ref": "#/$defs/sku"}, "back": {"$ref": "order#/$defs/sku"}},
                "$defs": {
                    "sku": {"$anchor": "sku", "type": "string"},
                    "deep": {"$id": "../other/deep", "items": {"$ref": "#"}, "type": "array"},
                },
            },
        },
    });
    for (value, expected) in [
        (json!({"whole": {"sku": "a", "back": 1}}), true),
        (json!({"whole": {"sku": 1}}), false),
        (json!({"whole": {"back": "a"}}), false),
        (json!({"relative": {"sku": 1}}), false),
        (json!({"within": "a", "named": "a", "own": 1, "through": "a", "dots": "a"}), true),
        (json!({"within": 1}), false),
        (json!({"named": 1}), false),
        (json!({"own": "a"}), false),
        (json!({"through": 1}), false),
        (json!({"dots": 1}), false),
        (json!({"deep": [[], [[]]]}), true),
        (json!({"deep": [[1]]}), false),
    ] {
        takes(&schema, value, expected);
    }
}

#[test]
fn identifiers_without_a_root_are_relative_to_the_file() {
    let schema = json!({
        "items": {"$ref": "kinds/sku"},
        "contains": {"$ref": "/absolute"},
        "$defs": {"a": {"$id": "kinds/sku", "type": ["string", "integer"], "not": {"$ref": "other"}},
            "b": {"$id": "kinds/other", "const": "x"}, "c": {"$id": "/absolute", "type": "integer"},
            "d": {"$id": "urn:example:d", "$ref": "urn:example:d#/$defs/e", "$defs": {"e": true}}},
    });
    takes(&schema, json!(["a", 1]), true);
    takes(&schema, json!(["a"]), false);
    takes(&schema, json!([1, "x"]), false);
    takes(&schema, json!([1, null]), false);
}

#[test]
fn what_only_looks_like_an_identifier_is_none() {
    let schema = json!({
        "anyOf": [{"$ref": "#/$defs/real"}, {"enum": [{"$id": "urn:x", "type": "null"}]}],
        "$defs": {"listed": {"const": {"$id": "urn:x"}}, "real": {"$id": "urn:x", "type": "string"},
            "odd": {"unknown": {"$id": "urn:x", "type": "null"}}},
    });
    takes(&schema, json!("a"), true);
    takes(&schema, json!({"$id": "urn:x", "type": "null"}), true);
    takes(&schema, json!(null), false);
}

#[test]
fn draft_7_passes_over_identifiers_beside_references() {
    let schema = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "http://example.com/base/a.json",
        "properties": {
            "a": {"$id": "http://example.com/other/", "$ref": "b.json"},
            "b": {"$ref": "#name"},
            "c": {"$ref": "b.json#name"},
        },
        "definitions": {
            "b": {"$id": "b.json", "type": "string", "definitions": {"n": {"$id": "#name", "const": 1}}},
            "o": {"$id": "http://example.com/other/b.json", "type": "integer"},
            "n": {"$id": "#name", "const": 2},
        },
    });
    takes(&schema, json!({"a": "x", "b": 2, "c": 1}), true);
    takes(&schema, json!({"a": 1}), false);
    takes(&schema, json!({"b": 1}), false);
    takes(&schema, json!({"c": 2}), false);
}

#[test]
fn a_resource_may_have_a_dialect_of_its_own() {
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "properties": {"old": {"$ref": "old.json"}},
        "$defs": {"old": {
            "$id": "old.json", "$schema": "http://json-schema.org/draft-07/schema#",
            "items": [{"$ref": "#n", "type": "string"}],
            "definitions": {"n": {"$id": "#n", "type": "integer"}},
        }},
    });
    takes(&schema, json!({"old": [1, "x"]}), true);
    takes(&schema, json!({"old": ["x"]}), false);
}

#[test]
fn meta_schemas_are_known() {
    for dialect in ["https://json-schema.org/draft/2020-12/schema", "http://json-schema.org/draft-07/schema#"]
    {
        let schema = json!({"$schema": dialect, "$ref": dialect});
        takes(&schema, json!({"type": "integer", "properties": {"a": {"minLength": 1}}}), true);
        takes(&schema, json!({"properties": {"a": {"minLength": -1}}}), false);
        takes(&schema, json!({"allOf": [{"not": {"type": "int"}}]}), false);
    }
    let core = json!({"$ref": "https://json-schema.org/draft/2020-12/meta/core"});
    takes(&core, json!({"$id": "a#b"}), false);
    takes(&core, json!({"type": 1, "$defs": {"a": {"$anchor": "b"}}}), true);
}

const ORDER: &str = r#"{"$id": "https://example.com/order", "properties": {
    "item": {"$ref": "item#sku"}, "beside": {"$ref": "beside.json"}, "deep": {"$ref": "https://example.com/deep/"}}}"#;

#[test]
fn other_files_are_known_by_their_identifiers() {
    let files = [
        ("contracts/order.json", ORDER),
        ("contracts/beside.json", r#"{"type": "boolean"}"#),
        (
            "contracts/far/any.yaml",
            "{$id: https://example.com/item, $defs: {s: {$anchor: sku, type: string}}}",
        ),
        (
            "contracts/deep.json",
            r#"{"$defs": {"d": {"$id": "https://example.com/deep/", "type": "integer"}}}"#,
        ),
        ("contracts/broken.json", "{"),
        (
            "contracts/older.json",
            r#"{"$schema": "http://json-schema.org/draft-04/schema#", "$id": "https://example.com/item"}"#,
        ),
    ];
    check(&files, json!({"item": "a", "beside": true, "deep": 1}), expect![""]);
    check(
        &files,
        json!({"item": 1, "beside": 1, "deep": "a"}),
        expect![[r#"
            body "/item": must be of type `string`
            body "/beside": must be of type `boolean`
            body "/deep": must be of type `integer`"#]],
    );
}

#[test]
fn the_file_beside_is_meant_where_several_have_its_identifier() {
    let item = |kind: &str| json!({"$id": "https://example.com/item.json", "type": kind}).to_string();
    let order = r#"{"$id": "https://example.com/order.json", "$ref": "item.json"}"#;
    let (old, new) = (item("string"), item("integer"));
    let files = [
        ("v2/order.json", order),
        ("v2/item.json", new.as_str()),
        ("v1/order.json", order),
        ("v1/item.json", old.as_str()),
    ];
    check(&files, json!(1), expect![""]);
    check(&files, json!("a"), expect![[r#"body "": must be of type `integer`"#]]);
    let files = [("a.json", order), ("b.json", old.as_str()), ("c.json", new.as_str())];
    refuse(
        &files,
        expect![
            "a.json:1:43: the reference `item.json` means schemas of several files, which have the same `$id`"
        ],
    );
}

#[track_caller]
fn refuse_one(schema: Value, expected: Expect) {
    refuse(&[("contracts/s.json", &schema.to_string())], expected);
}

#[test]
fn identifiers_that_are_none_are_faults_wherever_they_stand() {
    refuse_one(json!({"$id": 7}), expect!["contracts/s.json:1:2: an `$id` must be a text"]);
    refuse_one(
        json!({"$id": "https://example.com/a#b"}),
        expect![[r#"
            contracts/s.json:1:2: an `$id` has no fragment
              hint: names within a document are written as `$anchor`"#]],
    );
    refuse_one(
        json!({"$defs": {"a": {"$id": "../../b"}}}),
        expect![[r#"
            contracts/s.json:1:16: the `$id` `../../b` leaves the bundle
              hint: write a URI, or a path that stays below the folder of the policies"#]],
    );
    refuse_one(
        json!({"$defs": {"a": {"$id": "b"}, "c": {"$id": "./x/../b"}}}),
        expect!["contracts/s.json:1:32: two schemas have the `$id` `./x/../b`"],
    );
    refuse_one(
        json!({"$defs": {"a": {"$anchor": "b"}, "c": {"$dynamicAnchor": "b"}, "d": {"$anchor": "/"}}}),
        expect![[r#"
            contracts/s.json:1:36: two schemas have the name `b`
            contracts/s.json:1:63: `$anchor` is not a name
              hint: begin it with a letter or `_`, and go on with letters, digits, `-`, `_` and `.`"#]],
    );
    refuse_one(
        json!({"$ref": "#/odd", "odd": {"$id": "x", "$dynamicAnchor": "y"}}),
        expect![[r#"
            contracts/s.json:1:24: the keyword `$id` stands where no schemas are looked for
              hint: name the schema by its place: `#/$defs/NAME`
            contracts/s.json:1:34: the keyword `$dynamicAnchor` stands where no schemas are looked for
              hint: name the schema by its place: `#/$defs/NAME`"#]],
    );
    refuse_one(
        json!({"$id": "https://example.com/a/", "$ref": "b", "$defs": {"c": {"$id": "c/", "$ref": "b"}}}),
        expect![[r#"
            contracts/s.json:1:33: the reference `b` leads to a file that is not there
              hint: did you mean `contracts/s.json`?"#]],
    );
    refuse_one(
        json!({"$ref": "https://example.com/c/", "$defs": {"c": {"$id": "https://example.com/c/", "$ref": "b"}}}),
        expect![[r#"
            contracts/s.json:1:79: the reference `b` means `https://example.com/c/b`, which no schema here is called
              hint: it is relative to the `$id` around it, and nothing is fetched: name a schema so by its `$id`"#]],
    );
}

#[test]
fn references_to_what_nobody_is_called_stay_remote() {
    for reference in ["https://example.com/b", "urn:example:b", "http://169.254.169.254/a"] {
        let schema =
            json!({"$id": "https://example.com/a", "properties": {"x": {"$ref": reference}}}).to_string();
        let fault = compile(&[("s.json", &schema)], "").expect_err(reference);
        assert!(
            fault.contains(&format!("the reference `{reference}` is remote\n  hint: nothing is fetched")),
            "{fault}"
        );
    }
}

#[test]
fn openapi_31_has_identifiers_too() {
    let text = json!({
        "openapi": "3.1.0",
        "paths": {"/a": {"post": {"operationId": "put", "responses": {},
            "requestBody": {"content": {"application/json": {"schema": {"$ref": "urn:shop:order"}}}}}}},
        "components": {"schemas": {
            "Order": {"$id": "urn:shop:order", "type": "object", "properties": {"sku": {"$ref": "#sku"}},
                "$defs": {"s": {"$anchor": "sku", "type": "integer"}}},
            "Sku": {"$anchor": "sku", "type": "string"},
        }},
    });
    let library = Arc::new(Library::new([("shop.json", text.to_string())]));
    let operation = Document::open(&library, "shop.json").unwrap().operation("put").unwrap();
    let Some(Shape::Record(fields)) = operation.input() else { panic!("a record") };
    assert_eq!(fields["sku"].shape, Shape::Long);
    let sku = Schema::compile(&library, "shop.json", "sku").unwrap();
    assert_eq!(lines(&sku.violations(&json!(1))), r#"body "": must be of type `string`"#);
    let old = text.to_string().replace("3.1.0", "3.0.3");
    let document = Document::open(&Arc::new(Library::new([("shop.json", old)])), "shop.json").unwrap();
    assert!(
        document
            .operation("put")
            .unwrap_err()
            .to_string()
            .contains("the reference `urn:shop:order` is remote")
    );
}
