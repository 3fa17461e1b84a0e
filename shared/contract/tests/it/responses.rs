use doorward_contract::Document;
use expect_test::{Expect, expect};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::shop::{SHOP, answer_headers, lines, operation};

const JSON: Option<&str> = Some("application/json");
const ORDER: &str =
    r#"{"id":"3d6f0a52-5b1c-4e7e-9d0a-0a6f6f2b0c11","items":[{"sku":"a","quantity":2}],"total":5}"#;

/// The operation, whether the body decides, and what is found.
#[track_caller]
fn check(id: &str, status: u16, content_type: Option<&str>, body: &str, expected: Expect) {
    let operation = operation(SHOP, id);
    let reads = if operation.reads_response_body(status, content_type) { "read" } else { "unread" };
    let found = lines(&operation.check_response(status, &answer_headers(content_type), body.as_bytes()));
    expected.assert_eq(&format!("{reads}; {found}"));
}

#[test]
fn the_status_decides_what_is_expected() {
    check("createOrder", 201, JSON, ORDER, expect!["read; "]);
    check(
        "createOrder",
        201,
        JSON,
        r#"{"id":"x","items":[],"total":1.5}"#,
        expect![[r#"
            read; body "/items": must hold at least 1 item
            body "/total": must be of type `integer`
            body "/id": must be a `uuid`"#]],
    );
    check("createOrder", 422, Some("application/problem+json"), r#"{"a":1}"#, expect!["read; "]);
    check("createOrder", 200, JSON, ORDER, expect![[r#"unread; status "": the status 200 is not modelled"#]]);
    check("getOrder", 500, Some("text/html; charset=utf-8"), "<p>", expect!["unread; "]);
    check(
        "getOrder",
        500,
        JSON,
        "{}",
        expect![[
            r#"unread; header "/content-type": must be a media type that is modelled, and for JSON no charset but utf-8"#
        ]],
    );
    check("getOrder", 404, JSON, "{}", expect![[r#"read; body "": must not be there"#]]);
    check("getOrder", 404, None, "", expect!["read; "]);
}

#[test]
fn the_body_must_be_what_its_media_type_says() {
    check("getOrder", 200, JSON, "", expect![[r#"read; body "": is required"#]]);
    check("getOrder", 200, None, ORDER, expect![[r#"unread; header "/content-type": is required"#]]);
    check(
        "getOrder",
        200,
        JSON,
        "{",
        expect![[r#"read; body "": must be JSON: not a JSON text (line 1, column 1)"#]],
    );
    check(
        "getOrder",
        200,
        JSON,
        r#"{"a":1,"a":1}"#,
        expect![[r#"read; body "/*": must not stand twice in its object"#]],
    );
    for content_type in [
        "application/json; charset=utf-16",
        "application/json; charset=utf-8; charset=utf-8",
        "application/json; charset",
    ] {
        check(
            "getOrder",
            200,
            Some(content_type),
            ORDER,
            expect![[
                r#"unread; header "/content-type": must be a media type that is modelled, and for JSON no charset but utf-8"#
            ]],
        );
    }
    check("getOrder", 200, Some("application/json; charset=\"UTF-8\""), ORDER, expect!["read; "]);
    check("getOrder", 500, Some("text/html; charset=utf-16"), "<p>", expect!["unread; "]);
    check(
        "getOrder",
        200,
        JSON,
        r#"{"total":12345678901234567890123}"#,
        expect![[
            r#"read; body "/total": must be a number that is kept exactly: a 64-bit integer, or a decimal that binary64 prints"#
        ]],
    );
    check(
        "createOrder",
        400,
        Some("application/problem+json"),
        "oops",
        expect![[r#"read; body "": must be JSON: not a JSON text (line 1, column 1)"#]],
    );
}

#[test]
fn answers_that_end_with_their_header_fields_have_no_body_to_check() {
    check("headOrder", 200, JSON, "", expect!["unread; "]);
    check("headOrder", 404, JSON, "", expect![[r#"unread; status "": the status 404 is not modelled"#]]);
    check("getOrder", 304, None, "", expect!["unread; "]);
    check("deleteOrder", 204, None, "", expect!["unread; "]);
    check("deleteOrder", 304, None, "", expect![[r#"unread; status "": the status 304 is not modelled"#]]);
}

const FIELDS: &str = r##"
openapi: 3.0.3
paths:
  /a:
    get:
      operationId: a
      responses:
        "200":
          description: x
          headers:
            Content-Type: { required: true, schema: { type: integer } }
            X-Left: { required: true, schema: { type: integer, minimum: 0 } }
            X-Tags: { schema: { type: array, maxItems: 2, items: { enum: [a, b] } } }
            X-Point: { explode: true, schema: { type: object, properties: { x: { type: integer } }, additionalProperties: false } }
            X-Json: { content: { application/json: { schema: { type: boolean } } } }
            Set-Cookie: { $ref: "#/components/headers/cookie" }
        "304": { description: x, headers: { ETag: { required: true, schema: { type: string } } } }
    head: { operationId: h, responses: { default: { description: x, headers: { X-Left: { required: true, schema: {} } } } } }
components: { headers: { cookie: { schema: { type: string, pattern: "; Secure$" } } } }
"##;

#[track_caller]
fn check_fields(id: &str, status: u16, fields: &[(&str, &str)], expected: Expect) {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        headers
            .append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    expected.assert_eq(&lines(&operation(FIELDS, id).check_response(status, &headers, b"")));
}

#[test]
fn header_fields_of_answers_are_held_to_their_schemas() {
    check_fields("a", 200, &[("x-left", "3"), ("x-other", "1")], expect![[""]]);
    check_fields(
        "a",
        200,
        &[
            ("x-left", "0"),
            ("x-tags", "a"),
            ("x-tags", "b"),
            ("x-point", "x=1"),
            ("x-json", "true"),
            ("set-cookie", "a=1,2; Secure"),
            ("set-cookie", "b=1; Secure"),
        ],
        expect![[""]],
    );
    check_fields(
        "a",
        200,
        &[
            ("x-left", "-1"),
            ("x-tags", "a, b, c"),
            ("x-point", "x=1,y=2"),
            ("x-json", "{"),
            ("set-cookie", "a=1; Secure"),
            ("set-cookie", "b=1"),
        ],
        expect![[r#"
            header "/X-Left": must be at least 0
            header "/X-Tags": must hold at most 2 items
            header "/X-Tags/2": must be one of `a`, `b`
            header "/X-Point": must not hold unknown members
            header "/X-Json": must be one JSON text
            header "/Set-Cookie": must match the pattern `; Secure$`"#]],
    );
    check_fields("a", 200, &[], expect![[r#"header "/X-Left": is required"#]]);
    check_fields(
        "a",
        200,
        &[("x-left", "1"), ("x-left", "2")],
        expect![[r#"header "/X-Left": must stand once"#]],
    );
    check_fields("a", 200, &[("x-left", "é")], expect![[r#"header "/X-Left": must be text"#]]);
    check_fields("a", 304, &[], expect![[r#"header "/ETag": is required"#]]);
    check_fields("a", 304, &[("etag", "x")], expect![[""]]);
    check_fields("h", 404, &[], expect![[r#"header "/X-Left": is required"#]]);
}

#[test]
fn header_fields_that_cannot_be_checked_are_faults() {
    let text = FIELDS
        .replace("X-Left: { required: true", "'X Left': { required: true")
        .replace("X-Tags: { schema", "X-Tags: { style: form, schema")
        .replace("X-Point: { explode: true", "X-Point: { explode: 1")
        .replace("{ type: boolean }", "{ pattern: '\\1' }")
        .replace("components/headers/cookie", "components/headers/cooky");
    let faults = Document::parse("c.yaml", &text).unwrap().operation("a").expect_err("faults");
    expect![[r#"
        c.yaml:12:13: `X Left` cannot be the name of a header field
        c.yaml:13:23: there is no style `form` here
          hint: expected `simple`
        c.yaml:14:24: `explode` must be `true` or `false`
        c.yaml:15:64: the pattern is not one that can be checked in linear time
          hint: write it without look-around and back-references, and with small repetition counts
        c.yaml:16:27: the reference `#/components/headers/cooky` points nowhere
          hint: did you mean `cookie`?"#]]
    .assert_eq(&faults.to_string());
}
