use serde_json::{Value, json};

use super::{changes, of_operation};

fn with_request(version: &str, schemas: &Value) -> Value {
    let content = json!({"content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}});
    of_operation(version, json!({"requestBody": content, "responses": {}}), json!({ "schemas": schemas }))
}

fn with_answer(version: &str, schemas: &Value) -> Value {
    let content = json!({"description": "", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}});
    of_operation(version, json!({"responses": {"200": content}}), json!({ "schemas": schemas }))
}

fn short(changes: Vec<String>) -> Vec<String> {
    let parts = ["body application/json", "answer 200 application/json"];
    changes
        .into_iter()
        .map(|told| parts.iter().fold(told, |told, part| told.replace(part, "")).trim_end().to_owned())
        .collect()
}

/// What is found from `old` to `new` and back, in a request and in an answer, each as `severity code pointer`.
#[track_caller]
fn check(old: Value, new: Value, in_request: [&[&str]; 2], in_answer: [&[&str]; 2]) {
    let (old, new) = (json!({ "A": old }), json!({ "A": new }));
    let v = "3.1.0";
    assert_eq!(short(changes(&with_request(v, &old), &with_request(v, &new))), in_request[0], "request");
    assert_eq!(
        short(changes(&with_request(v, &new), &with_request(v, &old))),
        in_request[1],
        "request, back"
    );
    assert_eq!(short(changes(&with_answer(v, &old), &with_answer(v, &new))), in_answer[0], "answer");
    assert_eq!(short(changes(&with_answer(v, &new), &with_answer(v, &old))), in_answer[1], "answer, back");
}

/// A change that makes the schema narrower, under the words for it and for the way back.
#[track_caller]
fn narrows(old: Value, new: Value, narrowed: &str, widened: &str, at: &str) {
    let line = |severity: &str, word: &str| format!("{severity} {word} {at}").trim_end().to_owned();
    check(
        old,
        new,
        [&[&line("breaking", narrowed)], &[&line("compatible", widened)]],
        [&[&line("compatible", narrowed)], &[&line("breaking", widened)]],
    );
}

#[track_caller]
fn same(old: Value, new: Value) {
    check(old, new, [&[], &[]], [&[], &[]]);
}

#[test]
fn what_narrows_breaks_requests_and_what_widens_breaks_answers() {
    let string = |rest: Value| {
        let mut schema = json!({"type": "string"});
        schema.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        schema
    };
    narrows(json!({"type": "number"}), json!({"type": "integer"}), "type-removed", "type-added", "");
    narrows(json!({"type": ["string", "null"]}), json!({"type": "string"}), "null-removed", "null-added", "");
    narrows(
        json!({"enum": ["a", "b"]}),
        json!({"enum": ["a"]}),
        "enum-value-removed",
        "enum-value-added",
        "",
    );
    narrows(string(json!({})), string(json!({"enum": ["a"]})), "enum-added", "enum-removed", "");
    narrows(string(json!({})), string(json!({"const": "a"})), "enum-added", "enum-removed", "");
    narrows(string(json!({})), string(json!({"minLength": 2})), "bound-tightened", "bound-loosened", "");
    narrows(
        string(json!({"maxLength": 5})),
        string(json!({"maxLength": 3})),
        "bound-tightened",
        "bound-loosened",
        "",
    );
    narrows(string(json!({})), string(json!({"pattern": "^a"})), "pattern-added", "pattern-removed", "");
    narrows(string(json!({})), string(json!({"format": "uuid"})), "format-added", "format-removed", "");
    narrows(
        json!({"type": "integer", "format": "int64"}),
        json!({"type": "integer", "format": "int32"}),
        "format-added",
        "format-removed",
        "",
    );
    narrows(
        json!({"type": "number"}),
        json!({"type": "number", "minimum": 1}),
        "bound-tightened",
        "bound-loosened",
        "",
    );
    narrows(
        json!({"type": "number", "minimum": 1}),
        json!({"type": "number", "exclusiveMinimum": 1}),
        "bound-tightened",
        "bound-loosened",
        "",
    );
    narrows(
        json!({"type": "integer", "maximum": 9}),
        json!({"type": "integer", "maximum": 8}),
        "bound-tightened",
        "bound-loosened",
        "",
    );
    narrows(
        json!({"type": "integer"}),
        json!({"type": "integer", "multipleOf": 5}),
        "multiple-of-added",
        "multiple-of-removed",
        "",
    );
    narrows(
        json!({"type": "array"}),
        json!({"type": "array", "items": {"type": "string"}}),
        "type-removed",
        "type-added",
        "/*",
    );
    narrows(
        json!({"type": "array"}),
        json!({"type": "array", "minItems": 1}),
        "bound-tightened",
        "bound-loosened",
        "",
    );
    narrows(
        json!({"type": "array"}),
        json!({"type": "array", "uniqueItems": true}),
        "unique-items-added",
        "unique-items-removed",
        "",
    );
    narrows(
        json!({"type": "array"}),
        json!({"type": "array", "contains": {"const": 1}}),
        "contains-tightened",
        "contains-loosened",
        "",
    );
    narrows(
        json!({"type": "object"}),
        json!({"type": "object", "maxProperties": 3}),
        "bound-tightened",
        "bound-loosened",
        "",
    );
    narrows(
        json!({"type": "object"}),
        json!({"type": "object", "propertyNames": {"maxLength": 3}}),
        "property-names-narrowed",
        "property-names-widened",
        "",
    );
    narrows(
        json!({"type": "object"}),
        json!({"type": "object", "dependentRequired": {"a": ["b"]}}),
        "dependency-added",
        "dependency-removed",
        "",
    );
    narrows(
        json!({"type": "object"}),
        json!({"type": "object", "additionalProperties": false}),
        "other-properties-forbidden",
        "other-properties-allowed",
        "",
    );
    narrows(
        json!({"anyOf": [{"type": "string"}, {"type": "integer"}]}),
        json!({"anyOf": [{"type": "string"}]}),
        "branch-removed",
        "branch-added",
        "",
    );
    narrows(json!(true), json!(false), "schema-closed", "schema-opened", "");
}

#[test]
fn members_come_go_and_become_required() {
    let object = |properties: Value, required: Value| json!({"type": "object", "properties": properties, "required": required});
    let a = || json!({"type": "string"});
    check(
        object(json!({"a": a()}), json!([])),
        object(json!({"a": a(), "b": a()}), json!(["b"])),
        [
            &["breaking required-property-added", "compatible property-added"],
            &["unknown property-removed", "compatible required-property-removed"],
        ],
        [
            &["compatible required-property-added", "compatible property-added"],
            &["breaking required-property-removed", "compatible property-removed"],
        ],
    );
    narrows(
        object(json!({"a": a()}), json!([])),
        object(json!({"a": a()}), json!(["a"])),
        "property-became-required",
        "property-became-optional",
        "",
    );
    check(
        object(json!({"a": a()}), json!([])),
        object(json!({"a": a(), "b": a()}), json!([])),
        [&["compatible property-added"], &["unknown property-removed"]],
        [&["compatible property-added"], &["unknown property-removed"]],
    );
    let closed = |properties: Value| json!({"type": "object", "properties": properties, "additionalProperties": false});
    check(
        closed(json!({"a": a()})),
        closed(json!({"a": a(), "b": a()})),
        [&["compatible property-allowed"], &["breaking property-forbidden"]],
        [&["breaking property-allowed"], &["unknown property-forbidden"]],
    );
    narrows(
        json!({"type": "object", "additionalProperties": true}),
        json!({"type": "object", "additionalProperties": {"type": "string"}}),
        "type-removed",
        "type-added",
        "/*",
    );
    narrows(
        object(
            json!({"a": {"type": "array", "items": object(json!({"b": {"type": "number"}}), json!([]))}}),
            json!([]),
        ),
        object(
            json!({"a": {"type": "array", "items": object(json!({"b": {"type": "integer"}}), json!([]))}}),
            json!([]),
        ),
        "type-removed",
        "type-added",
        "/a/*/b",
    );
}

#[test]
fn what_says_the_same_otherwise_is_no_change() {
    same(json!({"type": ["string"]}), json!({"type": "string"}));
    same(json!({"enum": ["a", "b"]}), json!({"enum": ["b", "a"]}));
    same(json!({"type": "integer", "minimum": 1}), json!({"type": "integer", "exclusiveMinimum": 0}));
    same(json!({"type": "boolean"}), json!({"enum": [true, false]}));
    let integer = |more: Value| {
        let mut schema = json!({"type": "integer"});
        schema.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        schema
    };
    for format in ["int32", "int64", "uint64"] {
        same(
            integer(json!({"minimum": 1, "maximum": 100})),
            integer(json!({"minimum": 1, "maximum": 100, "format": format})),
        );
    }
    same(
        integer(json!({"format": "int32"})),
        integer(json!({"minimum": -2_147_483_648_i64, "maximum": 2_147_483_647})),
    );
    same(integer(json!({"format": "uint64"})), integer(json!({"format": "uint64", "minimum": 0})));
    same(json!({"type": ["string", "integer"]}), json!({"anyOf": [{"type": "integer"}, {"type": "string"}]}));
    same(json!({"const": "a"}), json!({"enum": ["a"]}));
    same(
        json!({"type": "string", "description": "a"}),
        json!({"type": "string", "title": "b", "examples": ["c"]}),
    );
    same(
        json!({"allOf": [{"type": "object", "properties": {"a": {"type": "string"}}}, {"required": ["a"]}]}),
        json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}),
    );
    same(json!({"not": {"type": "string"}}), json!({"not": {"type": "string"}, "title": "n"}));
    same(
        json!({"oneOf": [{"type": "object", "properties": {"k": {"const": "a"}}, "required": ["k"]}, {"type": "object", "properties": {"k": {"const": "b"}}, "required": ["k"]}]}),
        json!({"oneOf": [{"type": "object", "properties": {"k": {"const": "b"}}, "required": ["k"]}, {"type": "object", "properties": {"k": {"const": "a"}}, "required": ["k"]}]}),
    );
}

#[test]
fn numbers_are_compared_as_the_decimals_that_they_are() {
    let step = |step: Value| json!({"type": "number", "multipleOf": step});
    let (narrowed, widened) = ("multiple-of-added", "multiple-of-removed");
    for (wide, narrow) in [(json!(0.01), json!(0.1)), (json!(0.25), json!(0.5)), (json!(0.1), json!(0.3))] {
        narrows(step(wide), step(narrow), narrowed, widened, "");
    }
    narrows(step(json!(0.5)), json!({"type": "integer"}), "type-removed", "type-added", "");
    same(step(json!(1)), json!({"type": "integer"}));
    same(json!({"type": "integer", "minimum": 0.5}), json!({"type": "integer", "minimum": 1}));
    same(json!({"type": "integer", "exclusiveMaximum": 2.5}), json!({"type": "integer", "maximum": 2}));
}

#[test]
fn what_is_closed_in_another_way_breaks_nobody() {
    let a = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    let unevaluated = json!({"allOf": [a], "unevaluatedProperties": false});
    let mut additional = a.clone();
    additional["additionalProperties"] = json!(false);
    let unknown: &[&str] = &["unknown not-comparable"];
    check(unevaluated, additional.clone(), [&[], unknown], [unknown, &[]]);
    let by_case = json!({"anyOf": [a], "unevaluatedProperties": false, "type": "object"});
    let found = changes(
        &with_request("3.1.0", &json!({ "A": by_case })),
        &with_request("3.1.0", &json!({ "A": additional })),
    );
    assert_eq!(short(found), unknown);
}

#[test]
fn what_cannot_be_compared_is_never_taken_for_fine() {
    let unknown: &[&str] = &["unknown not-comparable"];
    let pattern: &[&str] = &["unknown pattern-changed"];
    let s = |pattern: &str| json!({"type": "string", "pattern": pattern});
    check(s("^a"), s("^b"), [pattern, pattern], [pattern, pattern]);
    check(
        json!({"not": {"type": "string"}}),
        json!({"not": {"minimum": 3}}),
        [&["unknown not-comparable"], unknown],
        [unknown, unknown],
    );
    let conditional = |then: Value| json!({"type": "string", "if": {"minLength": 2}, "then": then});
    check(
        conditional(json!({"maxLength": 5})),
        conditional(json!({"maxLength": 6})),
        [unknown, unknown],
        [unknown, unknown],
    );
}

#[test]
fn branches_are_matched_by_what_they_take() {
    let kind = |name: &str, more: Value| json!({"type": "object", "properties": {"kind": {"const": name}, "n": more}, "required": ["kind"]});
    let one = |branches: Vec<Value>| json!({ "oneOf": branches });
    let (a, b, c) = (
        kind("a", json!({"type": "string"})),
        kind("b", json!({"type": "number"})),
        kind("c", json!({"type": "null"})),
    );
    narrows(
        one(vec![a.clone(), b.clone(), c.clone()]),
        one(vec![c.clone(), a.clone()]),
        "branch-removed",
        "branch-added",
        "",
    );
    narrows(
        one(vec![a.clone(), b.clone()]),
        one(vec![kind("b", json!({"type": "integer"})), a.clone()]),
        "type-removed",
        "type-added",
        "/n",
    );
    narrows(
        json!({"anyOf": [{"type": "string"}, {"type": "integer"}]}),
        json!({"anyOf": [{"type": "string", "maxLength": 9}, {"type": "integer"}]}),
        "bound-tightened",
        "bound-loosened",
        "",
    );
}

#[test]
fn recursion_ends() {
    let tree = |leaf: &str| {
        json!({
            "A": {"type": "object", "properties": {"left": {"$ref": "#/components/schemas/A"}, "right": {"$ref": "#/components/schemas/B"}}},
            "B": {"type": "object", "properties": {"up": {"$ref": "#/components/schemas/A"}, "leaf": {"type": leaf}}},
        })
    };
    let v = "3.1.0";
    assert!(changes(&with_request(v, &tree("string")), &with_request(v, &tree("string"))).is_empty());
    let found = short(changes(&with_request(v, &tree("number")), &with_request(v, &tree("integer"))));
    assert_eq!(found, ["breaking type-removed /right/leaf"]);
}

#[test]
fn rewriting_a_contract_from_3_0_to_3_1_changes_nothing() {
    let of = |schema: Value| json!({ "A": schema });
    let old = of(json!({
        "type": "object", "required": ["id", "secret"],
        "properties": {
            "id": {"type": "string", "readOnly": true}, "secret": {"type": "string", "writeOnly": true},
            "note": {"type": "string", "nullable": true}, "n": {"type": "number", "minimum": 0, "exclusiveMinimum": true, "example": 3},
        },
    }));
    let new = |required: &[&str]| {
        of(json!({
            "type": "object", "required": required,
            "properties": {
                "id": {"type": "string", "readOnly": true}, "secret": {"type": "string", "writeOnly": true},
                "note": {"type": ["string", "null"]}, "n": {"type": "number", "exclusiveMinimum": 0},
            },
        }))
    };
    let same = new(&["id", "secret"]);
    assert!(changes(&with_request("3.0.3", &old), &with_request("3.1.0", &same)).is_empty());
    assert!(changes(&with_answer("3.0.3", &old), &with_answer("3.1.0", &same)).is_empty());
    assert!(!changes(&with_answer("3.0.3", &old), &with_answer("3.1.0", &new(&["secret"]))).is_empty());
}

#[test]
fn base64_may_be_said_as_either_version_says_it() {
    let of = |schema: Value| json!({"A": {"type": "object", "properties": {"a": schema}}});
    let byte = of(json!({"type": "string", "nullable": true, "format": "byte"}));
    let encoded = |name: &str| of(json!({"type": ["string", "null"], "contentEncoding": name}));
    let request = |old: Value, new: Value| short(changes(&old, &new));
    let (v30, v31) = ("3.0.3", "3.1.0");
    let base64 = encoded("base64");
    assert_eq!(
        request(with_request(v30, &byte), with_request(v31, &base64)),
        ["compatible format-removed /a"]
    );
    assert_eq!(request(with_request(v31, &base64), with_request(v30, &byte)), ["unknown format-added /a"]);
    assert_eq!(request(with_answer(v30, &byte), with_answer(v31, &base64)), ["compatible format-removed /a"]);
    assert_eq!(request(with_answer(v31, &base64), with_answer(v30, &byte)), ["compatible format-added /a"]);
    // Another encoding is another promise, and in 3.0 the word means nothing.
    let other = encoded("base64url");
    assert_eq!(request(with_answer(v30, &byte), with_answer(v31, &other)), ["breaking format-removed /a"]);
    assert_eq!(request(with_request(v31, &other), with_request(v30, &byte)), ["breaking format-added /a"]);
    let unsaid = of(json!({"type": "string", "nullable": true, "contentEncoding": "base64"}));
    assert_eq!(request(with_answer(v30, &byte), with_answer(v30, &unsaid)), ["breaking format-removed /a"]);
    // In whichever part of the schema it is said.
    let parts = of(
        json!({"anyOf": [{"allOf": [{"type": "string", "contentEncoding": "base64"}]}, {"type": "null"}]}),
    );
    assert_eq!(request(with_answer(v30, &byte), with_answer(v31, &parts)), ["compatible format-removed /a"]);
}
