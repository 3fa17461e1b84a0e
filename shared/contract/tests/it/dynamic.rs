//! `$dynamicRef` and `$dynamicAnchor` (JSON Schema Core 2020-12 section 8.2.3.2).

use std::sync::Arc;

use doorward_contract::{Document, Library, MergedOperation, Schema, merge};
use expect_test::expect;
use serde_json::{Map, Value, json};

use crate::schemas::{check, compile, refuse};

/// Whether `schema` takes `value`.
#[track_caller]
fn takes(schema: &Value, value: Value, expected: bool) {
    let text = schema.to_string();
    let compiled = compile(&[("contracts/s.json", &text)], "").unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(compiled.violations(&value).is_empty(), expected, "{value} against {schema}");
}

/// A page of whatever extends it says, of anything by itself.
fn page() -> Value {
    json!({
        "$id": "page", "type": "object", "required": ["items"],
        "properties": {"items": {"type": "array", "items": {"$dynamicRef": "#item"}}, "next": {"$ref": "#"}},
        "$defs": {"item": {"$dynamicAnchor": "item"}},
    })
}

fn of(kind: &str) -> Value {
    json!({"$ref": "page", "$defs": {"item": {"$dynamicAnchor": "item", "type": kind}}})
}

fn named(id: &str, mut schema: Value) -> Value {
    schema["$id"] = json!(id);
    schema
}

#[test]
fn the_outermost_resource_says_what_is_meant() {
    let mut texts = of("string");
    texts["$defs"]["page"] = page();
    takes(&texts, json!({"items": ["a"], "next": {"items": ["b"]}}), true);
    takes(&texts, json!({"items": [1]}), false);
    takes(&texts, json!({"items": [], "next": {"items": [1]}}), false);
    takes(&page(), json!({"items": [1, "a"]}), true);
    // Each way in has its own meaning.
    let both = json!({
        "properties": {"a": {"$ref": "texts"}, "b": {"$ref": "numbers"}, "c": {"$ref": "page"}},
        "$defs": {"p": page(), "t": named("texts", of("string")), "n": named("numbers", of("integer"))},
    });
    takes(&both, json!({"a": {"items": ["x"]}, "b": {"items": [1]}, "c": {"items": [1, "x"]}}), true);
    takes(&both, json!({"a": {"items": [1]}}), false);
    takes(&both, json!({"b": {"items": ["x"], "next": {"items": []}}}), false);
    takes(&both, json!({"b": {"items": [1], "next": {"items": ["x"]}}}), false);
    // Who is outside of all is asked first.
    let mut outer = both.clone();
    outer["$defs"]["o"] = json!({"$dynamicAnchor": "item", "type": "null"});
    takes(&outer, json!({"a": {"items": [null]}, "b": {"items": [null]}, "c": {"items": [null]}}), true);
    takes(&outer, json!({"a": {"items": ["x"]}}), false);
}

#[test]
fn without_a_dynamic_anchor_it_is_an_ordinary_reference() {
    let outer = |inner: Value| {
        json!({
            "$id": "urn:outer", "$ref": "urn:inner",
            "$defs": {"i": inner, "a": {"$dynamicAnchor": "a", "type": "string"}},
        })
    };
    let by = |reference: &str, own: Value| {
        outer(json!({"$id": "urn:inner", "$dynamicRef": reference, "$defs": {"a": own}}))
    };
    takes(&by("#a", json!({"$dynamicAnchor": "a", "type": "integer"})), json!("x"), true);
    takes(&by("#a", json!({"$anchor": "a", "type": "integer"})), json!(1), true);
    takes(&by("#a", json!({"$anchor": "a", "type": "integer"})), json!("x"), false);
    takes(&by("#/$defs/a", json!({"$dynamicAnchor": "a", "type": "integer"})), json!(1), true);
    takes(&by("#/$defs/a", json!({"$dynamicAnchor": "a", "type": "integer"})), json!("x"), false);
    // An `$anchor` of the outer resource is none of the dynamic ones.
    let mut plain = by("#a", json!({"$dynamicAnchor": "a", "type": "integer"}));
    plain["$defs"]["a"] = json!({"$anchor": "a", "type": "string"});
    takes(&plain, json!(1), true);
    takes(&plain, json!("x"), false);
    // An ordinary reference to a dynamic anchor stays.
    let mut fixed = by("#a", json!({"$dynamicAnchor": "a", "type": "integer"}));
    fixed["$defs"]["i"] =
        json!({"$id": "urn:inner", "$ref": "#a", "$defs": {"a": {"$dynamicAnchor": "a", "type": "integer"}}});
    takes(&fixed, json!(1), true);
}

#[test]
fn a_resource_that_was_left_or_only_passed_by_its_pointer_says_nothing() {
    let left = json!({
        "$id": "urn:main", "allOf": [{"$ref": "urn:first"}, {"$ref": "urn:second"}],
        "$defs": {
            "1": {"$id": "urn:first", "$defs": {"a": {"$dynamicAnchor": "a", "type": "string"}}},
            "2": {"$id": "urn:second", "$dynamicRef": "#a", "$defs": {"a": {"$dynamicAnchor": "a", "type": "integer"}}},
        },
    });
    takes(&left, json!(1), true);
    takes(&left, json!("x"), false);
    let passed = json!({
        "$id": "urn:main", "$ref": "#/$defs/outer/$defs/inner",
        "$defs": {"outer": {"$id": "urn:outer", "$defs": {
            "a": {"$dynamicAnchor": "a", "type": "string"},
            "inner": {"$id": "urn:inner", "$dynamicRef": "#a", "$defs": {"a": {"$dynamicAnchor": "a", "type": "integer"}}},
        }}},
    });
    takes(&passed, json!(1), true);
    takes(&passed, json!("x"), false);
}

#[test]
fn an_extension_closes_what_it_extends() {
    let tree = r##"{"$id": "https://example.com/tree", "$dynamicAnchor": "node", "type": "object",
        "properties": {"data": true, "children": {"type": "array", "items": {"$dynamicRef": "#node"}}}}"##;
    let strict = r#"{"$id": "https://example.com/strict", "$dynamicAnchor": "node", "$ref": "tree", "unevaluatedProperties": false}"#;
    let files = [("strict.json", strict), ("tree.json", tree)];
    check(&files, json!({"children": [{"data": 1, "children": []}]}), expect![""]);
    check(
        &files,
        json!({"children": [{"daat": 1}]}),
        expect![[r#"body "/children/0": must not hold unknown members"#]],
    );
    check(&[("tree.json", tree)], json!({"children": [{"daat": 1}]}), expect![""]);
}

#[test]
fn both_kinds_of_reference_beside_each_other_hold() {
    let schema = json!({
        "$ref": "#/$defs/short", "$dynamicRef": "#text", "allOf": [{"minLength": 1}], "unevaluatedProperties": false,
        "$defs": {"short": {"maxLength": 2, "properties": {"a": true}}, "text": {"$dynamicAnchor": "text", "properties": {"b": true}, "type": ["string", "object"]}},
    });
    takes(&schema, json!("ab"), true);
    takes(&schema, json!({"a": 1, "b": 1}), true);
    for broken in [json!("abc"), json!(""), json!(1), json!({"c": 1})] {
        takes(&schema, broken, false);
    }
}

#[test]
fn what_cannot_end_or_grows_too_far_is_a_fault() {
    let endless = json!({"$dynamicAnchor": "a", "anyOf": [{"$dynamicRef": "#a"}]}).to_string();
    refuse(
        &[("s.json", &endless)],
        expect!["s.json:1:33: the reference leads back to itself without descending into the value"],
    );
    // Only for who extends it so.
    let inner = json!({"$id": "urn:in", "$dynamicRef": "#a", "$defs": {"a": {"$dynamicAnchor": "a"}}});
    assert!(compile(&[("s.json", &inner.to_string())], "").is_ok());
    let outer = json!({"$dynamicAnchor": "a", "$ref": "urn:in", "$defs": {"in": inner}}).to_string();
    let fault = compile(&[("s.json", &outer)], "").expect_err("a circle");
    assert!(
        fault.ends_with("the reference leads back to itself without descending into the value"),
        "{fault}"
    );

    refuse(
        &[(
            "s.json",
            r##"{"properties": {"a": {"$dynamicRef": "#b"}, "c": {"$dynamicRef": 1}, "d": {"$recursiveRef": "#"}}}"##,
        )],
        expect![[r##"
            s.json:1:23: the reference `#b` names no schema
              hint: a schema is named by `$anchor`, in draft 7 by `$id: "#name"`; or write a JSON Pointer
            s.json:1:51: a `$dynamicRef` must be a text
            s.json:1:76: the keyword `$recursiveRef` is not carried
              hint: name the schema by its place: `#/$defs/NAME`"##]],
    );
}

/// `count` resources that all refer to each other, each with an anchor of its own: they are met in every order.
fn entangled(count: usize, padding: usize) -> String {
    let refs: Map<String, Value> =
        (0..count).map(|n| (format!("p{n}"), json!({"$ref": format!("r{n}")}))).collect();
    let resource = |n: usize| {
        json!({"$id": format!("r{n}"), "properties": refs, "const": "x".repeat(padding),
            "$defs": {"a": {"$dynamicAnchor": format!("a{n}")}}})
    };
    let all: Map<String, Value> = (0..count).map(|n| (format!("d{n}"), resource(n))).collect();
    json!({"$ref": "r0", "$defs": all}).to_string()
}

#[test]
fn scopes_that_multiply_are_bounded() {
    assert!(compile(&[("s.json", &entangled(4, 0))], "").is_ok());
    let fault = compile(&[("s.json", &entangled(12, 0))], "").expect_err("too many");
    assert_eq!(fault, "s.json:1:1: the schema refers to more than 2000 others");
    let fault = compile(&[("s.json", &entangled(8, 100_000))], "").expect_err("too large");
    assert_eq!(
        fault,
        "s.json:1:1: the schema means too many things in its dynamic scopes\n  hint: let schemas that are alike share the names of their `$dynamicAnchor`"
    );
    // Those that share a name are met in as many scopes as there are ways in.
    let shared = entangled(40, 0).replace("\"a1\"", "\"a0\"");
    assert!(compile(&[("s.json", &shared)], "").is_err());
    let shared = (0..12).fold(entangled(12, 0), |text, n| text.replace(&format!("\"a{n}\""), "\"a\""));
    assert!(compile(&[("s.json", &shared)], "").is_ok());
}

#[test]
fn the_type_is_that_of_the_outermost_anchor() {
    let mut texts = of("string");
    texts["$defs"]["page"] = page();
    let library = Library::new([("s.json", texts.to_string())]);
    let schema = Schema::compile(&library, "s.json", "").unwrap();
    expect![[r#"Record({"items": Field { shape: List(Text { values: [] }), required: true }, "next": Field { shape: Opaque { reason: "it refers to itself" }, required: false }})"#]].assert_eq(&format!("{:?}", schema.input()));
    // By itself it is of any.
    let schema = Schema::compile(&library, "s.json", "/$defs/page").unwrap();
    expect![[r#"Record({"items": Field { shape: Opaque { reason: "a list of: its `type` is not stated" }, required: true }, "next": Field { shape: Opaque { reason: "it refers to itself" }, required: false }})"#]].assert_eq(&format!("{:?}", schema.input()));
}

/// A 3.1 document whose operation `list` answers with pages of `of_pages`, and takes pages of texts.
fn pages(of_pages: &str) -> Document {
    let content = |id: &str| json!({"content": {"application/json": {"schema": {"$ref": id}}}});
    let text = json!({
        "openapi": "3.1.0", "info": {"title": "t", "version": "1"},
        "paths": {"/a": {"post": {
            "operationId": "list", "requestBody": content("texts"), "responses": {"200": content("answers")},
        }}},
        "components": {"schemas": {
            "Page": page(), "Texts": named("texts", of("string")), "Answers": named("answers", of(of_pages)),
        }},
    });
    let library = Arc::new(Library::new([("contracts/a.json", text.to_string())]));
    Document::open(&library, "contracts/a.json").unwrap()
}

#[test]
fn the_merged_document_means_the_same_without_dynamic_references() {
    let document = pages("integer");
    let operation = MergedOperation {
        document: &document,
        described_as: "list",
        path: "/a",
        id: "list",
        security: json!([]),
        answers: Map::new(),
    };
    let merged = merge(json!({"title": "m", "version": "1"}), &[operation], Map::new());
    let text = merged.to_string();
    assert!(!text.contains("$dynamic") && !text.contains("$id"), "{text}");
    let document = Document::parse("merged.json", &text).unwrap();
    let operation = document.operation("list").unwrap();
    let headers = crate::shop::answer_headers(Some("application/json"));
    let answers = |body: &str| operation.check_response(200, &headers, body.as_bytes()).is_empty();
    assert!(answers(r#"{"items": [1], "next": {"items": [2]}}"#));
    assert!(!answers(r#"{"items": [1], "next": {"items": ["x"]}}"#));
    let request = |body: &'static str| crate::shop::Request {
        headers: &[("content-type", "application/json")],
        body: body.as_bytes(),
        ..Default::default()
    };
    assert!(request(r#"{"items": ["x"]}"#).check(&operation).is_ok());
    assert!(request(r#"{"items": [1]}"#).check(&operation).is_err());
}

#[test]
fn a_change_of_the_outermost_anchor_is_seen_where_it_is_met() {
    let told = |old: &str, new: &str| -> Vec<String> {
        let changes = pages(old).changes(&pages(new)).unwrap();
        changes.iter().map(|change| format!("{} {} {}", change.severity, change.code, change.value)).collect()
    };
    assert_eq!(told("integer", "integer"), [""; 0]);
    expect!["breaking type-added /items/*"].assert_eq(&told("integer", "number").join("\n"));
}
