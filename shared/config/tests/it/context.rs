//! `context` of a route: the header fields and query parameters that policies read.

use doorward_config::{RequestContext, parse};
use expect_test::{Expect, expect};

use crate::shop::{self, SHOP};

const UNITS: &str = "units = 2";

#[track_caller]
fn check(context: &str, expected: Expect) {
    shop::check(UNITS, &format!("context = {context}"), expected);
}

#[test]
fn header_fields_and_parameters_are_named() {
    let read = |context: &str| {
        let text = SHOP.replace(UNITS, &format!("context = {context}"));
        parse("f", &text).unwrap().routes[0].context.clone()
    };
    let context = read(r#"{ headers = ["x-tenant", "accept-language"], query = ["page", "Ünï code[]"] }"#);
    assert_eq!(context.headers, ["x-tenant", "accept-language"]);
    assert_eq!(context.query, ["page", "Ünï code[]"]);
    assert_eq!(read(r#"{ query = ["page"] }"#).headers.len(), 0);
    assert_eq!(parse("f", SHOP).unwrap().routes[0].context, RequestContext::default());
}

#[test]
fn names_are_those_that_get_here() {
    check(
        "{}",
        expect![[r#"
        doorward.toml:32:11: `context` names nothing
          hint: list `headers` or `query`, or leave it out"#]],
    );
    check("[]", expect!["doorward.toml:32:11: expected a table, found an array"]);
    check(
        r#"{ headers = [], query = [] }"#,
        expect![[r#"
        doorward.toml:32:23: expected at least one element, found an empty array
        doorward.toml:32:35: expected at least one element, found an empty array"#]],
    );
    check(
        r#"{ header = ["x-tenant"] }"#,
        expect![[r#"
        doorward.toml:32:11: `context` names nothing
          hint: list `headers` or `query`, or leave it out
        doorward.toml:32:13: unknown key `header` in `context`
          hint: did you mean `headers`?"#]],
    );
    check(
        r#"{ headers = ["X-Tenant", "x_tenant", "x tenant", "", "é", "x-tenant", "x-tenant"] }"#,
        expect![[r#"
            doorward.toml:32:24: `X-Tenant` is not in lower case, as policies read it
              hint: write `x-tenant`
            doorward.toml:32:36: `x_tenant` is not a header field that gets here
              hint: use 1 to 128 letters, digits and `-`, as in `x-tenant`
            doorward.toml:32:48: `x tenant` is not a header field that gets here
              hint: use 1 to 128 letters, digits and `-`, as in `x-tenant`
            doorward.toml:32:60: an empty text is not a header field that gets here
              hint: use 1 to 128 letters, digits and `-`, as in `x-tenant`
            doorward.toml:32:64: `é` is not a header field that gets here
              hint: use 1 to 128 letters, digits and `-`, as in `x-tenant`
            doorward.toml:32:81: listed twice"#]],
    );
    check(
        &format!(r#"{{ headers = ["{}"] }}"#, "x".repeat(129)),
        expect![[r#"
            doorward.toml:32:24: `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…` is not a header field that gets here
              hint: use 1 to 128 letters, digits and `-`, as in `x-tenant`"#]],
    );
    check(
        r#"{ headers = ["connection", "content-length"] }"#,
        expect![[r#"
        doorward.toml:32:24: the header field `connection` ends at the front
          hint: name one that is passed on
        doorward.toml:32:38: the header field `content-length` ends at the front
          hint: name one that is passed on"#]],
    );
    check(
        r#"{ query = ["", "a\u0000", "page", "page"] }"#,
        expect![[r#"
        doorward.toml:32:22: an empty text cannot name a query parameter
          hint: use 1 to 128 bytes without control characters
        doorward.toml:32:26: `a�` cannot name a query parameter
          hint: use 1 to 128 bytes without control characters
        doorward.toml:32:45: listed twice"#]],
    );
}

#[test]
fn credentials_are_no_input() {
    check(
        r#"{ headers = ["authorization", "cookie", "proxy-authorization", "x-api-key"] }"#,
        expect![[r#"
        doorward.toml:32:24: the header field `authorization` holds credentials
          hint: policies read who was proven by them: `principal` and `context.token`
        doorward.toml:32:41: the header field `cookie` holds credentials
          hint: policies read who was proven by them: `principal` and `context.token`
        doorward.toml:32:51: the header field `proxy-authorization` holds credentials
          hint: policies read who was proven by them: `principal` and `context.token`
        doorward.toml:32:74: the header field `x-api-key` holds credentials
          hint: policies read who was proven by them: `principal` and `context.token`"#]],
    );
    check(
        r#"{ headers = ["x-doorward-caller", "x-amzn-trace-id", "x-amz-security-token"] }"#,
        expect![[r#"
        doorward.toml:32:24: the header field `x-doorward-caller` is not the caller's to write
          hint: such fields are the door's and AWS's own: name another
        doorward.toml:32:45: the header field `x-amzn-trace-id` is not the caller's to write
          hint: such fields are the door's and AWS's own: name another
        doorward.toml:32:64: the header field `x-amz-security-token` is not the caller's to write
          hint: such fields are the door's and AWS's own: name another"#]],
    );
}
