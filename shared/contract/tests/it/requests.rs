use expect_test::{Expect, expect};

use crate::shop::{Request, SHOP, operation, spell};

const JSON: (&str, &str) = ("content-type", "application/json");

#[track_caller]
fn check(headers: &[(&str, &str)], body: &str, expected: Expect) {
    let request = Request { headers, body: body.as_bytes(), ..Request::default() };
    expected.assert_eq(&spell(&request.check(&operation(SHOP, "createOrder"))));
}

#[test]
fn a_body_that_keeps_the_contract_is_handed_over() {
    check(
        &[JSON],
        r#"{"items":[{"sku":"a","quantity":2}],"total":5,"note":null}"#,
        expect![[r#"ok {"items":[{"sku":"a","quantity":2}],"total":5,"note":null}"#]],
    );
    check(
        &[("content-type", "Application/JSON;charset=utf-8")],
        r#"{"items":[{"sku":"a","quantity":2}],"total":5,"more":1}"#,
        expect![[r#"ok {"items":[{"sku":"a","quantity":2}],"total":5,"more":1}"#]],
    );
}

#[test]
fn every_place_that_breaks_the_contract_is_named() {
    check(
        &[JSON],
        r#"{"items":[{"sku":"","quantity":0,"x":1}],"total":"5","note":7}"#,
        expect![[r#"
            body "/items/0/sku": must be at least 1 character long
            body "/items/0/quantity": must be at least 1
            body "/items/0": must not hold unknown members
            body "/total": must be of type `integer`
            body "/note": must be of type `null` or `string`"#]],
    );
    check(
        &[JSON],
        r#"{"items":[]}"#,
        expect![[r#"
            body "/total": is required
            body "/items": must hold at least 1 item"#]],
    );
    check(&[JSON], "[]", expect![[r#"body "": must be of type `object`"#]]);
    check(&[], "", expect![[r#"body "": is required"#]]);
}

#[test]
fn only_modelled_media_types_are_read() {
    let body = r#"{"items":[{"sku":"a","quantity":2}],"total":5}"#;
    for headers in [
        &[][..],
        &[("content-type", "text/plain")],
        &[("content-type", "application/problem+json")],
        &[("content-type", "nonsense")],
        &[("content-type", "application/json"), ("content-type", "text/plain")],
        &[("content-type", "application/json; charset=utf-16")],
        &[("content-type", "application/json; charset=utf-8; charset=utf-16")],
        &[("content-type", "application/json; charset=\"utf-7\"")],
        &[("content-type", "application/json; charset")],
        &[("content-type", "application/json"), ("content-encoding", "gzip")],
        &[("content-type", "application/json"), ("content-encoding", "identity, gzip")],
    ] {
        check(headers, body, expect!["the contract does not model this media type"]);
    }
    check(
        &[JSON, ("content-encoding", "identity")],
        body,
        expect![[r#"ok {"items":[{"sku":"a","quantity":2}],"total":5}"#]],
    );
}

#[test]
fn a_body_that_is_no_unambiguous_json_is_malformed() {
    check(&[JSON], "{", expect!["not a JSON text (line 1, column 1)"]);
    check(
        &[JSON],
        r#"{"total":1,"total":2}"#,
        expect![[r#"
        a name stands twice in one JSON object
        body "/total": must not stand twice in its object"#]],
    );
    check(
        &[JSON],
        r#"{"total":100000.0000000000072}"#,
        expect![[r#"
            a number has more digits than can be kept exactly
            body "/total": must be a number that is kept exactly: a 64-bit integer, or a decimal that binary64 prints"#]],
    );
    check(
        &[JSON],
        r#"{"items":[{"sku":"a","quantity":1e400}],"total":1}"#,
        expect![[r#"
        a number has more digits than can be kept exactly
        body "/items/0/quantity": must be a number that is kept exactly: a 64-bit integer, or a decimal that binary64 prints"#]],
    );
    check(
        &[JSON],
        r#"{"items":[{"sku":"a","more":-18446744073709551617}]}"#,
        expect![[r#"
        a number has more digits than can be kept exactly
        body "/items/0/*": must be a number that is kept exactly: a 64-bit integer, or a decimal that binary64 prints"#]],
    );
    check(
        &[JSON],
        r#"{"items":[],"mine":[{"x":1,"x":2}]}"#,
        expect![[r#"
        a name stands twice in one JSON object
        body "/*/0/*": must not stand twice in its object"#]],
    );
    check(
        &[JSON],
        &"[".repeat(10_000),
        expect![[r#"
        the JSON text is nested deeper than 64 levels
        body "/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0": must not be nested deeper than 64 levels"#]],
    );
    let deep = format!("{}{}", "[".repeat(64), "]".repeat(64));
    check(
        &[JSON],
        r#"{"items":[{"sku":"a","quantity":1.0}],"total":1e2}"#,
        expect![[r#"ok {"items":[{"sku":"a","quantity":1.0}],"total":100.0}"#]],
    );
    check(&[JSON], &deep, expect![[r#"body "": must be of type `object`"#]]);
}

#[test]
fn a_body_where_none_is_modelled_is_a_violation() {
    let id = "3d6f0a52-5b1c-4e7e-9d0a-0a6f6f2b0c11";
    let request = Request { path: &[("id", id)], headers: &[JSON], body: b"{}", ..Request::default() };
    expect![[r#"body "": must not be there"#]]
        .assert_eq(&spell(&request.check(&operation(SHOP, "getOrder"))));
    let request = Request { path: &[("id", id)], ..Request::default() };
    expect!["ok"].assert_eq(&spell(&request.check(&operation(SHOP, "getOrder"))));
}

const UPLOAD: &str = r#"{"openapi": "3.0.3", "paths": {"/a": {"post": {
    "operationId": "upload",
    "requestBody": {"content": {
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        "application/*": {"schema": {"type": "object", "nullable": true}},
        "application/merge-patch+json": {}
    }}}}}}"#;

#[track_caller]
fn check_upload(content_type: &str, body: &str, expected: Expect) {
    let headers = [("content-type", content_type)];
    let request = Request { headers: &headers, body: body.as_bytes(), ..Request::default() };
    expected.assert_eq(&spell(&request.check(&operation(UPLOAD, "upload"))));
}

#[test]
fn media_ranges_and_bodies_that_are_not_json() {
    check_upload("application/octet-stream", "{", expect!["ok"]);
    check_upload("application/json", "null", expect!["ok null"]);
    check_upload("application/json", "1", expect![[r#"body "": must be of type `null` or `object`"#]]);
    check_upload("application/merge-patch+json", "1", expect!["ok 1"]);
    check_upload("application/xml", "<a/>", expect!["the contract does not model this media type"]);
    check_upload("text/xml", "<a/>", expect!["the contract does not model this media type"]);
    check_upload("text/xml", "", expect!["ok"]);
}
