use expect_test::{Expect, expect};

use crate::shop::{Request, operation, spell};

const SEARCH: &str = r##"
openapi: 3.1.0
paths:
  /shops/{shop}/orders/{ids}:
    parameters:
      - { name: shop, in: path, required: true, schema: { type: integer, minimum: 1 } }
      - { name: limit, in: query, schema: { type: integer, maximum: 10 } }
      - { name: X-Trace, in: header, schema: { type: string, pattern: "^[a-f0-9]+$" } }
    get:
      operationId: search
      parameters:
        - { name: ids, in: path, required: true, schema: { type: array, maxItems: 2, items: { type: integer } } }
        - { name: limit, in: query, schema: { type: integer, maximum: 100 } }
        - $ref: "#/components/parameters/state"
        - { name: near, in: query, explode: false, schema: { type: array, items: { type: number } } }
        - { name: paid, in: query, schema: { type: boolean } }
        - { name: from, in: query, required: true, schema: { type: string, format: date } }
        - { name: x-tags, in: header, schema: { type: array, items: { enum: [red, blue] } } }
        - { name: session, in: cookie, schema: { type: string, minLength: 3 } }
        - { name: Authorization, in: header, required: true, schema: { type: string } }
components:
  parameters:
    state: { name: state, in: query, schema: { type: array, uniqueItems: true, items: { type: string, enum: [open, paid] } } }
"##;

#[track_caller]
fn check(path: &[(&str, &str)], query: &str, headers: &[(&str, &str)], expected: Expect) {
    let request = Request { path, query, headers, ..Request::default() };
    expected.assert_eq(&spell(&request.check(&operation(SEARCH, "search"))));
}

const PATH: &[(&str, &str)] = &[("shop", "7"), ("ids", "1,2")];

#[test]
fn texts_are_read_as_their_schema_says() {
    check(PATH, "from=2026-11-24", &[], expect!["ok"]);
    check(
        PATH,
        "from=2026-11-24&limit=100&state=open&state=paid&near=1.5,-2&paid=true&unknown=1",
        &[("x-trace", "a0"), ("x-tags", "red, blue"), ("x-tags", "red"), ("cookie", "a=b; session=abc")],
        expect!["ok"],
    );
}

#[test]
fn each_parameter_is_named_where_it_breaks_its_schema() {
    check(
        &[("shop", "0"), ("ids", "1,x,3")],
        "from=yesterday&limit=101&state=open&state=lost&near=a,1&paid=yes",
        &[("x-trace", "Z"), ("x-tags", "red,green"), ("cookie", "session=a")],
        expect![[r#"
            path "/ids": must hold at most 2 items
            path "/ids/1": must be of type `integer`
            query "/limit": must be at most 100
            query "/state/1": must be one of `open`, `paid`
            query "/near/0": must be of type `number`
            query "/paid": must be of type `boolean`
            query "/from": must be a `date`
            header "/x-tags/1": must be one of `red`, `blue`
            cookie "/session": must be at least 3 characters long
            path "/shop": must be at least 1
            header "/X-Trace": must match the pattern `^[a-f0-9]+$`"#]],
    );
    check(
        &[("shop", "+1"), ("ids", "")],
        "from=2026-11-24",
        &[],
        expect![[r#"
        path "/ids/0": must be of type `integer`
        path "/shop": must be of type `integer`"#]],
    );
}

#[test]
fn parameters_that_are_missing_or_stand_twice() {
    check(
        &[],
        "",
        &[],
        expect![[r#"
        path "/ids": is required
        query "/from": is required
        path "/shop": is required"#]],
    );
    check(
        PATH,
        "from=2026-11-24&from=2026-11-25&near=1&near=2&limit=1&limit=1",
        &[("x-trace", "a"), ("x-trace", "b"), ("cookie", "session=abc"), ("cookie", "session=abcd")],
        expect![[r#"
            query "/limit": must stand once
            query "/near": must stand once
            query "/from": must stand once
            cookie "/session": must stand once
            header "/X-Trace": must stand once"#]],
    );
}

#[test]
fn header_fields_that_are_no_text() {
    check(
        PATH,
        "from=2026-11-24",
        &[("x-trace", "é"), ("cookie", "é=1")],
        expect![[r#"
        cookie "/session": must be text
        header "/X-Trace": must be text"#]],
    );
}

#[test]
fn blanks_belong_to_no_name_of_a_cookie() {
    for cookie in ["session=abc; session =x", "a=1; session\t=x; session=abc", "session =abc"] {
        check(
            PATH,
            "from=2026-11-24",
            &[("x-trace", "a"), ("cookie", cookie)],
            expect![[r#"cookie "/session": must have no blanks behind its name"#]],
        );
    }
    check(
        PATH,
        "from=2026-11-24",
        &[("x-trace", "a"), ("cookie", "a =b;  session=abc ; session2 =x")],
        expect!["ok"],
    );
}
