//! Bodies of `application/x-www-form-urlencoded`, which were once modelled and not looked at.

use doorward_contract::{Document, Operation};
use expect_test::{Expect, expect};
use serde_json::{Value, json};

use crate::shop::{Request, spell};

fn operation(media_type: Value) -> Result<Operation, String> {
    let text = json!({
        "openapi": "3.1.0",
        "paths": {"/a": {"post": {
            "operationId": "put", "responses": {},
            "requestBody": {"content": {"application/x-www-form-urlencoded": media_type}},
        }}},
        "components": {"schemas": {"Named": {"required": ["name"], "properties": {"name": {"type": "string", "minLength": 1}}}}},
    });
    let document = Document::parse("f", &text.to_string()).map_err(|faults| faults.to_string())?;
    document.operation("put").map_err(|faults| faults.to_string())
}

#[track_caller]
fn check_as(media_type: &Value, content_type: &str, body: &[u8], expected: Expect) {
    let operation = operation(media_type.clone()).unwrap_or_else(|faults| panic!("{faults}"));
    let request = Request { headers: &[("content-type", content_type)], body, ..Default::default() };
    expected.assert_eq(&spell(&request.check(&operation)));
}

#[track_caller]
fn check(media_type: &Value, body: &str, expected: Expect) {
    check_as(media_type, "application/x-www-form-urlencoded", body.as_bytes(), expected);
}

fn order() -> Value {
    json!({
        "schema": {
            "type": "object", "required": ["count"], "additionalProperties": false,
            "properties": {
                "count": {"type": "integer", "minimum": 1}, "note": {"type": "string", "maxLength": 3},
                "tags": {"type": "array", "items": {"type": "integer"}, "maxItems": 2},
                "ids": {"type": "array", "items": {"type": "integer"}},
                "to": {"type": "object", "properties": {"zip": {"type": "string"}}},
                "lines": {"type": "array", "items": {"type": "object", "required": ["sku"]}},
                "raw": {"type": "string", "const": "1"}, "plain": {"type": "integer"},
            },
        },
        "encoding": {"ids": {"explode": false}, "raw": {"contentType": "image/png"}, "plain": {"contentType": "text/plain"}},
    })
}

#[test]
fn forms_are_held_to_the_schema_of_their_members() {
    let order = order();
    check(
        &order,
        "count=1&note=a+b&tags=1&tags=2&ids=1,2,3&to=%7B%22zip%22:%22a%22%7D&lines=%7B%22sku%22:1%7D",
        expect!["ok"],
    );
    check(
        &order,
        "count=0&note=long&tags=1&tags=2&tags=3",
        expect![[r#"
        body "/count": must be at least 1
        body "/note": must be at most 3 characters long
        body "/tags": must hold at most 2 items"#]],
    );
    check(
        &order,
        "count=x&ids=1,x&tags=x",
        expect![[r#"
        body "/count": must be of type `integer`
        body "/ids/1": must be of type `integer`
        body "/tags/0": must be of type `integer`"#]],
    );
    check(&order, "note=%C3%A9", expect![[r#"body "/count": is required"#]]);
    check(&order, "count=1&secret=x", expect![[r#"body "": must not hold unknown members"#]]);
    check(
        &order,
        "count=1&to=%7B%22zip%22:1%7D&lines=%7B%7D",
        expect![[r#"
        body "/to/zip": must be of type `string`
        body "/lines/0/sku": is required"#]],
    );
    check(&order, "count=1&raw=1&plain=7", expect!["ok"]);
    check(&order, "", expect!["ok"]);
}

#[test]
fn forms_of_no_one_reading_break_their_contract() {
    let order = order();
    for body in [
        "count=1&count=2",
        "count=1&c%6Funt=2",
        "count=1&ids=1&ids=2",
        "count=%ff",
        "%zz=1&count=1",
        "count=1&note=%",
        "count=1&to=x",
        "count=1&to=%7B%22a%22:1,%22a%22:2%7D",
        "count=1&lines=1&lines=x",
        "{\"count\": 1}",
    ] {
        let operation = operation(order.clone()).unwrap();
        let headers = &[("content-type", "application/x-www-form-urlencoded")];
        let request = Request { headers, body: body.as_bytes(), ..Default::default() };
        assert!(request.check(&operation).is_err(), "{body}");
    }
    check_as(
        &order,
        "application/x-www-form-urlencoded",
        b"count=1&note=\xff",
        expect![[r#"body "": must be percent-encoded UTF-8"#]],
    );
    check_as(&order, "application/x-www-form-urlencoded; charset=utf-8", b"count=1", expect!["ok"]);
    check_as(
        &order,
        "application/x-www-form-urlencoded; charset=utf-16",
        b"count=1",
        expect!["the contract does not model this media type"],
    );
    check_as(&order, "application/json", b"{}", expect!["the contract does not model this media type"]);
}

#[test]
fn members_may_be_described_in_several_parts() {
    let parts = json!({"schema": {"type": "object", "allOf": [
        {"$ref": "#/components/schemas/Named"},
        {"properties": {"name": {"maxLength": 2}, "age": {"type": ["integer", "null"]}}},
    ], "unevaluatedProperties": false}});
    check(&parts, "name=ab&age=7", expect!["ok"]);
    check(
        &parts,
        "name=abc&age=x&more=1",
        expect![[r#"
            body "/name": must be at most 2 characters long
            body "/age": must be of type `null` or `integer`
            body "": must not hold unknown members"#]],
    );
}

#[test]
fn forms_that_have_no_one_reading_pass_unread_and_broken_schemas_are_faults() {
    for schema in [
        json!({"type": "string"}),
        json!({"type": "object", "patternProperties": {"^a": {"type": "integer"}}}),
        json!({"type": "object", "properties": {"a": {"type": ["object", "string"]}}}),
        json!({"type": "object", "properties": {"a": {"type": "array", "items": {"type": "array"}}}}),
        json!({"type": "object", "if": {"required": ["a"]}, "then": {"properties": {"b": {"type": "integer"}}}}),
    ] {
        check(&json!({"schema": schema}), "a=1&b=x&b=y", expect!["ok"]);
    }
    check(&json!({}), "a=1", expect!["ok"]);
    expect![[r#"
        f:1:151: the reference `#/components/schemas/Nmaed` points nowhere
          hint: did you mean `Named`?"#]]
    .assert_eq(&operation(json!({"schema": {"$ref": "#/components/schemas/Nmaed"}})).unwrap_err());
}

#[test]
fn encodings_that_say_nothing_are_faults() {
    let media_type = |encoding: Value| json!({"schema": {"type": "object", "properties": {"a": {"type": "array", "items": {"type": "string"}}}}, "encoding": encoding});
    let fault = |encoding: Value| operation(media_type(encoding)).unwrap_err();
    expect!["f:1:230: `encoding` must hold objects by the names of members"].assert_eq(&fault(json!(7)));
    expect![[r#"
        f:1:247: there is no such style here
          hint: expected `form`, `spaceDelimited`, `pipeDelimited` or `deepObject`
        f:1:262: `explode` must be `true` or `false`
        f:1:277: expected a media type
        f:1:299: expected an object"#]]
    .assert_eq(&fault(json!({"a": {"style": "from", "explode": "no", "contentType": "json"}, "b": []})));
}
