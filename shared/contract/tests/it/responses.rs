use expect_test::{Expect, expect};

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
        expect![[r#"read; body "": must be JSON: a name stands twice in one JSON object"#]],
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
        expect![[r#"read; body "": must be JSON: a number has more digits than can be kept exactly"#]],
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
