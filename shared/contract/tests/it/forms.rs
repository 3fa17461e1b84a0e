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
        expect![[
            r#"ok {"count":1,"ids":[1,2,3],"lines":[{"sku":1}],"note":"a b","tags":[1,2],"to":{"zip":"a"}}"#
        ]],
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
            body "/lines/0/sku": is required
            body "/to/zip": must be of type `string`"#]],
    );
    check(&order, "count=1&raw=1&plain=7", expect![[r#"ok {"count":1,"plain":7,"raw":"1"}"#]]);
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
    check_as(
        &order,
        "application/x-www-form-urlencoded; charset=utf-8",
        b"count=1",
        expect![[r#"ok {"count":1}"#]],
    );
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
            body "/age": must be of type `null` or `integer`
            body "/name": must be at most 2 characters long
            body "": must not hold unknown members"#]],
    );
}

#[test]
fn a_form_without_a_schema_passes_and_broken_schemas_are_faults() {
    check(&json!({}), "a=1", expect!["ok"]);
    expect![[r#"
        f:1:151: the reference `#/components/schemas/Nmaed` points nowhere
          hint: did you mean `Named`?"#]]
    .assert_eq(&operation(json!({"schema": {"$ref": "#/components/schemas/Nmaed"}})).unwrap_err());
}

/// Which of `bodies` keep the schema.
#[track_caller]
fn check_kept(schema: Value, bodies: &[(&str, bool)]) {
    let operation = operation(json!({"schema": schema})).unwrap_or_else(|faults| panic!("{faults}"));
    let headers = &[("content-type", "application/x-www-form-urlencoded")];
    for (body, kept) in bodies {
        let request = Request { headers, body: body.as_bytes(), ..Default::default() };
        assert_eq!(request.check(&operation).is_ok(), *kept, "{body}");
    }
}

#[test]
fn names_by_pattern_and_names_that_no_schema_has() {
    let integer = json!({"type": "integer", "minimum": 1});
    let schema = json!({"type": "object", "patternProperties": {"^n_": integer, "s$": {"type": "array", "items": integer}},
        "properties": {"n_text": {"type": "string"}}, "additionalProperties": {"type": "boolean"}});
    check_kept(
        schema,
        &[
            ("n_a=1&n_b=2", true),
            ("n_a=0", false),
            ("n_a=x", false),
            ("ids=1&ids=2", true),
            ("ids=0", false),
            ("other=true", true),
            ("other=1", false),
            ("other=true&other=true", false),
            // Two patterns ask for what nothing is.
            ("n_s=1", false),
            ("n_text=1", false),
        ],
    );
    let unevaluated = json!({"allOf": [{"properties": {"a": {"type": "string"}}}], "unevaluatedProperties": {"type": "integer"}});
    check_kept(unevaluated, &[("a=x&b=1", true), ("a=1", true), ("b=x", false)]);
    // Every form is an object, whether its schema says so or not.
    check_kept(json!({"properties": {"a": {"type": "integer"}}}), &[("a=1", true), ("a=x", false)]);
    check_kept(json!(false), &[("a=1", false)]);
    check_kept(json!(true), &[("a=1&a=2", false), ("a=1&b=2", true)]);
}

#[test]
fn members_under_conditions_are_read() {
    let schema = json!({
        "type": "object",
        "properties": {"kind": {"enum": ["card", "bank"]}},
        "if": {"properties": {"kind": {"const": "card"}}},
        "then": {"properties": {"number": {"type": "integer", "minimum": 1000}}, "required": ["number"]},
        "else": {"properties": {"number": {"type": "string", "pattern": "^[A-Z]{2}[0-9]+$"}}},
    });
    check_kept(
        schema,
        &[
            ("kind=card&number=1234", true),
            ("kind=card&number=12", false),
            ("kind=card", false),
            ("kind=bank&number=DE12", true),
            ("kind=bank&number=1234", false),
            ("kind=other", false),
        ],
    );
    let dependent =
        json!({"type": "object", "dependentSchemas": {"a": {"properties": {"b": {"type": "integer"}}}}});
    check_kept(dependent, &[("a=1&b=2", true), ("a=1&b=x", false)]);
    // What must not be is read as well as what must.
    let not = json!({"type": "object", "not": {"properties": {"n": {"const": 5}}, "required": ["n"]}});
    check_kept(not, &[("n=5", false), ("n=6", true)]);
}

#[test]
fn alternatives_are_tried_in_turn() {
    let variants = json!({"type": "object", "oneOf": [
        {"properties": {"kind": {"const": "n"}, "x": {"type": "integer"}}, "required": ["kind", "x"]},
        {"properties": {"kind": {"const": "s"}, "x": {"type": "string"}}, "required": ["kind", "x"]},
        {"properties": {"kind": {"const": "l"}, "x": {"type": "array", "items": {"type": "integer"}}}, "required": ["kind", "x"]},
        {"properties": {"kind": {"const": "o"}, "x": {"type": "object", "required": ["y"]}}, "required": ["kind", "x"]},
    ]});
    check_kept(
        variants,
        &[
            ("kind=n&x=12", true),
            ("kind=n&x=a", false),
            ("kind=s&x=12", true),
            ("kind=s&x=12&x=13", false),
            ("kind=l&x=12&x=13", true),
            ("kind=l&x=12", true),
            ("kind=l&x=a", false),
            ("kind=o&x=%7B%22y%22:1%7D", true),
            ("kind=o&x=%7B%7D", false),
            ("kind=o&x=y", false),
            // What begins as an object is no text, broken or not.
            ("kind=s&x=%7B", false),
            ("kind=s&x=%7B%22y%22:1,%22y%22:2%7D", false),
            ("kind=x&x=12", false),
        ],
    );
    let of_a = |schema: Value| json!({"type": "object", "properties": {"a": schema}});
    check_kept(
        of_a(json!({"anyOf": [{"type": "integer", "minimum": 100}, {"type": "string", "maxLength": 2}]})),
        &[("a=100", true), ("a=12", true), ("a=ab", true), ("a=abc", false), ("a=-123", false)],
    );
    check_kept(
        of_a(
            json!({"oneOf": [{"type": "string", "minLength": 2}, {"type": "array", "items": {"type": "string"}, "minItems": 2}]}),
        ),
        &[("a=ab", true), ("a=a", false), ("a=a&a=b", true)],
    );
    check_kept(
        of_a(json!({"type": ["object", "string"], "properties": {"b": {"type": "integer"}}})),
        &[("a=%7B%22b%22:1%7D", true), ("a=%7B%22b%22:%22x%22%7D", false), ("a=x", true), ("a=%7B", false)],
    );
    check_kept(
        of_a(json!({"type": "array", "items": {"type": "array", "items": {"type": "integer"}}})),
        &[("a=%5B1%5D&a=%5B2,3%5D", true), ("a=1", false), ("a=%5B%22x%22%5D", false)],
    );
}

#[test]
fn objects_in_brackets() {
    let media_type = json!({
        "schema": {"type": "object", "properties": {
            "to": {"type": "object", "properties": {"zip": {"type": "integer"}}, "additionalProperties": false},
            "plain": {"type": "integer"},
        }},
        "encoding": {"to": {"style": "deepObject", "explode": true}},
    });
    check(&media_type, "to[zip]=12", expect![[r#"ok {"to":{"zip":12}}"#]]);
    check(&media_type, "to%5Bzip%5D=a", expect![[r#"body "/to/zip": must be of type `integer`"#]]);
    check(&media_type, "to[street]=a", expect![[r#"body "/to": must not hold unknown members"#]]);
    check(&media_type, "to[zip]=1&to[zip]=2", expect![[r#"body "/to": must not name a member twice"#]]);
    for body in ["to[]=1", "to[a][b]=1", "to[a=1", "to=1", "to[zip]=1&to=2", "to[zip]b=1"] {
        let operation = operation(media_type.clone()).unwrap();
        let headers = &[("content-type", "application/x-www-form-urlencoded")];
        let request = Request { headers, body: body.as_bytes(), ..Default::default() };
        assert!(spell(&request.check(&operation)).contains("one level deep"), "{body}");
    }
    // Some servers would read these into what the contract calls `plain`.
    let rule =
        expect![[r#"body "": must not write members in brackets behind a name that the contract has"#]];
    check(&media_type, "plain[]=x", rule);
    check(&media_type, "plain=1&other[]=x", expect![[r#"ok {"plain":1}"#]]);
}

#[test]
fn forms_that_cannot_be_read_are_faults() {
    let fault = |media_type: Value| operation(media_type).unwrap_err();
    let of_a = |schema: Value, encoding: Value| json!({"schema": {"type": "object", "properties": {"a": schema}}, "encoding": {"a": encoding}});
    expect![[r#"
        f:1:141: a form is an object, which the schema does not take
          hint: describe its fields with `type: object` and `properties`"#]]
    .assert_eq(&fault(json!({"schema": {"type": "string"}})));
    expect![[r#"
        f:1:181: an object in a form is one JSON text, or has `style: deepObject`
          hint: leave `style` out, or write `deepObject`"#]]
    .assert_eq(&fault(of_a(json!({"type": "object"}), json!({"style": "form"}))));
    expect![[r#"
        f:1:181: objects and lists of lists in a form are JSON texts, and of a media type for these
          hint: write `contentType: application/json`, or leave the schema out: `{}`"#]]
    .assert_eq(&fault(of_a(json!({"type": "object"}), json!({"contentType": "application/xml"}))));
    expect![[r#"
        f:1:181: `deepObject` writes objects of values, one level deep
          hint: describe such an object by `properties`, or leave `style` out: it is one JSON text"#]]
    .assert_eq(&fault(of_a(json!({"type": "string"}), json!({"style": "deepObject"}))));
    expect![[r#"
        f:1:181: `deepObject` writes objects of values, one level deep
          hint: describe such an object by `properties`, or leave `style` out: it is one JSON text"#]]
    .assert_eq(&fault(of_a(
        json!({"type": "object", "properties": {"b": {"type": "object"}}}),
        json!({"style": "deepObject"}),
    )));
    expect![[r#"
        f:1:181: there is no such list in a form
          hint: leave `style` and `explode` out: each item is sent by itself"#]]
    .assert_eq(&fault(of_a(
        json!({"type": "array", "items": {"type": "string"}}),
        json!({"style": "spaceDelimited", "explode": true}),
    )));
    expect!["f:1:180: the schema has no member `a`"]
        .assert_eq(&fault(json!({"schema": {"type": "object"}, "encoding": {"a": {}}})));
    let patterns: Value =
        (0..5).map(|n| (format!("^{n}"), json!({}))).collect::<serde_json::Map<_, _>>().into();
    expect![[r#"
        f:1:141: the fields of a form have more than 4 patterns of names
          hint: name the fields under `properties`"#]]
    .assert_eq(&fault(json!({"schema": {"type": "object", "patternProperties": patterns}})));
    let many = |count: usize, types: Value| {
        let member = |n| (format!("m{n}"), json!({"type": types}));
        let members: Value = (0..count).map(member).collect::<serde_json::Map<_, _>>().into();
        json!({"schema": {"type": "object", "anyOf": [{"properties": members}]}})
    };
    assert!(operation(many(6, json!(["integer", "string"]))).is_ok());
    assert!(operation(many(100, json!(["integer", "null"]))).is_ok());
    expect![[r#"
        f:1:141: such a form could be read in more than 64 ways
          hint: give a field that alternatives or conditions describe the same type in each of them"#]]
    .assert_eq(&fault(many(7, json!(["integer", "string"]))));
}

#[test]
fn fields_of_a_form_are_counted() {
    let schema =
        json!({"type": "object", "properties": {"a": {"type": "array", "items": {"type": "integer"}}}});
    let body = |count: usize| vec!["a=1"; count].join("&");
    check_kept(schema, &[(&body(1_000), true), (&body(1_001), false)]);
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
