//! Parameters of every style, from what RFC 6570 makes of values and from what strangers send.

use expect_test::{Expect, expect};

use crate::shop::{Request, operation, spell};

/// The contract of one path, `/a/{p}`, whose parameters are `parameters`, each a YAML flow mapping.
fn contract(parameters: &[&str]) -> String {
    let mut text =
        "openapi: 3.1.0\npaths:\n  /a/{p}:\n    get:\n      operationId: a\n      parameters:\n".to_owned();
    let path = parameters.iter().any(|parameter| parameter.contains("in: path"));
    if !path {
        text.push_str("        - { name: p, in: path, required: true, schema: {} }\n");
    }
    parameters.iter().for_each(|parameter| text.push_str(&format!("        - {{ {parameter} }}\n")));
    text
}

const LIST: &str = "schema: { type: array, maxItems: 3, items: { type: integer } }";
const TEXTS: &str = "schema: { type: array, items: { enum: [a, 'b,c', 'd e', 'f|g', ''] } }";
const OBJECT: &str = "schema: { type: object, required: [R], additionalProperties: false, properties: { R: { type: integer }, G: { type: boolean } } }";
const ONE: &str = "schema: { type: integer }";

#[track_caller]
fn check_path(how: &str, schema: &str, text: &str, expected: Expect) {
    let operation =
        operation(&contract(&[&format!("name: p, in: path, required: true, {how} {schema}")]), "a");
    let request = Request { path: &[("p", text)], ..Request::default() };
    expected.assert_eq(&spell(&request.check(&operation)));
}

#[track_caller]
fn check_query(how: &str, schema: &str, query: &str, expected: Expect) {
    let operation =
        operation(&contract(&[&format!("name: q, in: query, required: true, {how} {schema}")]), "a");
    let request = Request { path: &[("p", "x")], query, ..Request::default() };
    expected.assert_eq(&spell(&request.check(&operation)));
}

#[test]
fn paths_are_simple_or_have_labels_or_a_matrix() {
    check_path("", LIST, "1,2,3", expect!["ok"]);
    check_path("", OBJECT, "R,1,G,true", expect!["ok"]);
    check_path("explode: true,", OBJECT, "R=1,G=true", expect!["ok"]);
    check_path("", OBJECT, "R,1,G", expect![[r#"path "/p": must be names and values in turn"#]]);
    check_path("", OBJECT, "R,1,R,1", expect![[r#"path "/p": must not name a member twice"#]]);
    check_path("explode: true,", OBJECT, "R=1,R=1", expect![[r#"path "/p": must not name a member twice"#]]);
    check_path(
        "explode: true,",
        OBJECT,
        "R",
        expect![[r#"path "/p": must be members of the form `name=value`"#]],
    );
    check_path(
        "",
        OBJECT,
        "R,x,B,1",
        expect![[r#"
        path "/p/R": must be of type `integer`
        path "/p": must not hold unknown members"#]],
    );

    check_path("style: label,", ONE, ".7", expect!["ok"]);
    check_path("style: label,", ONE, "7", expect![[r#"path "/p": must begin with a dot"#]]);
    check_path("style: label,", LIST, ".1,2,3", expect!["ok"]);
    check_path("style: label, explode: true,", LIST, ".1.2.3", expect!["ok"]);
    check_path("style: label,", OBJECT, ".R,1,G,true", expect!["ok"]);
    check_path("style: label, explode: true,", OBJECT, ".R=1.G=true", expect!["ok"]);
    // OpenAPI 3.0.3 and RFC 6570 read it as three items and as one.
    check_path(
        "style: label,",
        LIST,
        ".1.2.3",
        expect![[r#"path "/p": must have commas between its parts, and no further dots"#]],
    );

    check_path("style: matrix,", ONE, ";p=7", expect!["ok"]);
    check_path("style: matrix,", "schema: { type: string }", ";p", expect!["ok"]);
    check_path("style: matrix,", LIST, ";p=1,2,3", expect!["ok"]);
    check_path("style: matrix, explode: true,", LIST, ";p=1;p=2;p=3", expect!["ok"]);
    check_path("style: matrix,", OBJECT, ";p=R,1,G,true", expect!["ok"]);
    check_path("style: matrix, explode: true,", OBJECT, ";R=1;G=true", expect!["ok"]);
    for text in ["p=7", ";q=7", ";p=7;q=7", ""] {
        check_path("style: matrix,", ONE, text, expect![[r#"path "/p": must be of the form `;name=value`"#]]);
    }
    check_path("style: matrix,", ONE, ";p=7;p=7", expect![[r#"path "/p": must stand once"#]]);
    check_path(
        "style: matrix, explode: true,",
        OBJECT,
        ";R=1;R=1",
        expect![[r#"path "/p": must not name a member twice"#]],
    );
}

#[test]
fn lists_in_queries_are_split_before_they_are_decoded() {
    check_query("", TEXTS, "q=a&q=b%2Cc&q=b,c&q=d+e&q=d%20e&q=f%7Cg&q=", expect!["ok"]);
    check_query("explode: false,", TEXTS, "q=a,b%2Cc,d+e,,f|g", expect!["ok"]);
    check_query(
        "explode: false,",
        TEXTS,
        "q=a,b,c",
        expect![[r#"
        query "/q/1": must be one of `a`, `b,c`, `d e`, `f|g`, ``
        query "/q/2": must be one of `a`, `b,c`, `d e`, `f|g`, ``"#]],
    );
    check_query("style: spaceDelimited,", TEXTS, "q=a%20b%2Cc+a%20f%7Cg", expect!["ok"]);
    check_query("style: pipeDelimited,", TEXTS, "q=a|b%2Cc%7Ca%7cd%20e", expect!["ok"]);
    check_query("style: pipeDelimited,", TEXTS, "q=a&q=a", expect![[r#"query "/q": must stand once"#]]);
    check_query("explode: false,", LIST, "q=1,2,3,4", expect![[r#"query "/q": must hold at most 3 items"#]]);
    check_query("explode: false,", LIST, "q=1%2C2", expect![[r#"query "/q/0": must be of type `integer`"#]]);
    check_query("", LIST, "%71=1&q=2", expect!["ok"]);
}

#[test]
fn objects_in_queries_are_whole_or_in_members() {
    check_query("explode: false,", OBJECT, "q=R,1,G,true", expect!["ok"]);
    check_query(
        "explode: false,",
        OBJECT,
        "q=R%2C1",
        expect![[r#"query "/q": must be names and values in turn"#]],
    );
    check_query("style: spaceDelimited,", OBJECT, "q=R%201+G%20true", expect!["ok"]);
    check_query("style: pipeDelimited,", OBJECT, "q=R|1%7CG|true", expect!["ok"]);
    check_query("", OBJECT, "R=1&G=true&other=1", expect!["ok"]);
    check_query("", OBJECT, "R=1&G=true&R=2", expect![[r#"query "/q": must not name a member twice"#]]);
    check_query("", OBJECT, "G=true", expect![[r#"query "/q/R": is required"#]]);
    check_query("", OBJECT, "r=1", expect![[r#"query "/q": is required"#]]);

    let deep = "style: deepObject, explode: true,";
    check_query(deep, OBJECT, "q[R]=1&q%5BG%5D=true&qq=1", expect!["ok"]);
    check_query("style: deepObject,", OBJECT, "q[R]=1", expect!["ok"]);
    check_query(
        deep,
        OBJECT,
        "q[R]=x&q[B]=1",
        expect![[r#"
        query "/q/R": must be of type `integer`
        query "/q": must not hold unknown members"#]],
    );
    check_query(deep, OBJECT, "q[R]=1&q[R]=1", expect![[r#"query "/q": must not name a member twice"#]]);
    for query in ["q[R][x]=1", "q=1", "q[]=1", "q[=1", "q[R]x=1", "q[R=1", "q[[R]]=1"] {
        check_query(
            deep,
            OBJECT,
            query,
            expect![[r#"query "/q": must be of the form `name[member]=value`, one level deep"#]],
        );
    }
}

#[test]
fn an_object_may_take_all_names_that_no_parameter_has() {
    let free = "name: rest, in: query, schema: { type: object, additionalProperties: { type: integer } }";
    let operation = operation(
        &contract(&[
            free,
            "name: q, in: query, schema: { type: string }",
            "name: d, in: query, style: deepObject, schema: { type: object }",
        ]),
        "a",
    );
    let check = |query: &str, expected: Expect| {
        let request = Request { path: &[("p", "x")], query, ..Request::default() };
        expected.assert_eq(&spell(&request.check(&operation)));
    };
    check("x=1&y=2&q=text&d[a]=text", expect!["ok"]);
    check("x=one&q=text", expect![[r#"query "/rest/*": must be of type `integer`"#]]);
}

#[test]
fn values_without_a_character_and_reserved_characters() {
    check_query("", ONE, "q=", expect![[r#"query "/q": must be of type `integer`"#]]);
    check_query("allowEmptyValue: true,", ONE, "q=", expect!["ok"]);
    check_query("allowEmptyValue: true,", ONE, "q", expect!["ok"]);
    check_query("allowEmptyValue: true,", LIST, "q", expect!["ok"]);
    check_query(
        "allowEmptyValue: true,",
        LIST,
        "q&q",
        expect![[r#"
        query "/q/0": must be of type `integer`
        query "/q/1": must be of type `integer`"#]],
    );
    check_query("allowEmptyValue: true,", ONE, "", expect![[r#"query "/q": is required"#]]);
    for query in ["q=a/b?c:d@e", "q=a%2Fb%3Fc%3Ad%40e"] {
        check_query("allowReserved: true,", "schema: { const: 'a/b?c:d@e' }", query, expect!["ok"]);
        check_query("", "schema: { const: 'a/b?c:d@e' }", query, expect!["ok"]);
    }
}

#[test]
fn what_is_half_encoded_is_refused() {
    for text in ["%", "%4", "%zz", "%FF", "%C3%28", "%ED%A0%80"] {
        for (how, query) in [("", format!("q={text}")), ("explode: false,", format!("q=1,{text}"))] {
            let refusal = expect![[r#"query "/q": must be percent-encoded UTF-8"#]];
            check_query(how, LIST, &query, refusal);
        }
        check_query(
            "style: deepObject,",
            OBJECT,
            &format!("q[R]={text}"),
            expect![[r#"query "/q": must be percent-encoded UTF-8"#]],
        );
        // Of what nobody declared, nothing is read.
        check_query("", ONE, &format!("q=1&x={text}&{text}=1"), expect!["ok"]);
    }
}

#[test]
fn a_parameter_may_be_a_json_text() {
    let json = "content: { application/json: { schema: { type: object, required: [a], properties: { a: { type: integer } } } } }";
    check_query("", json, "q=%7B%22a%22:1%7D", expect!["ok"]);
    check_query("", json, "q={}", expect![[r#"query "/q/a": is required"#]]);
    for query in ["q={", "q=", r#"q={"a":1,"a":1}"#, r#"q={"a":100000.0000000000072}"#] {
        check_query("", json, query, expect![[r#"query "/q": must be one JSON text"#]]);
    }
    check_query(
        "",
        json,
        &format!("q={}", "[".repeat(100_000)),
        expect![[r#"query "/q": must be one JSON text"#]],
    );
    check_query("", "content: { application/json: {} }", "q=1", expect!["ok"]);
    check_path("", json, r#"{"a":"x"}"#, expect![[r#"path "/p/a": must be of type `integer`"#]]);
}

#[test]
fn header_fields_and_cookies() {
    let text = contract(&[
        &format!("name: X-List, in: header, {LIST}"),
        &format!("name: X-Object, in: header, {OBJECT}"),
        &format!("name: X-Exploded, in: header, explode: true, {OBJECT}"),
        "name: X-Json, in: header, content: { application/json: { schema: { type: boolean } } }",
        &format!("name: list, in: cookie, explode: false, {TEXTS}"),
        &format!("name: object, in: cookie, explode: false, {OBJECT}"),
        "name: json, in: cookie, content: { application/json: { schema: { type: boolean } } }",
    ]);
    let operation = operation(&text, "a");
    let check = |headers: &[(&str, &str)], expected: Expect| {
        let request = Request { path: &[("p", "x")], headers, ..Request::default() };
        expected.assert_eq(&spell(&request.check(&operation)));
    };
    check(
        &[
            ("x-list", "1, 2"),
            ("x-list", "3"),
            ("x-object", "R, 1, G, true"),
            ("x-exploded", "R=1"),
            ("x-exploded", "G=true"),
            ("x-json", "true"),
            ("cookie", "list=a,b%2Cc,d%20e; object=R,1; json=true"),
        ],
        expect!["ok"],
    );
    check(
        &[
            ("x-list", "1;2"),
            ("x-object", "R"),
            ("x-exploded", "R=1,R=1"),
            ("x-json", "yes"),
            ("cookie", "list=a,b,c; object=R%2C1; json=1"),
        ],
        expect![[r#"
            header "/X-List/0": must be of type `integer`
            header "/X-Object": must be names and values in turn
            header "/X-Exploded": must not name a member twice
            header "/X-Json": must be one JSON text
            cookie "/list/1": must be one of `a`, `b,c`, `d e`, `f|g`, ``
            cookie "/list/2": must be one of `a`, `b,c`, `d e`, `f|g`, ``
            cookie "/object": must be names and values in turn
            cookie "/json": must be of type `boolean`"#]],
    );
    check(&[("cookie", "list=%; list=a")], expect![[r#"cookie "/list": must stand once"#]]);
    check(&[("cookie", "list=%")], expect![[r#"cookie "/list": must be percent-encoded UTF-8"#]]);
}

#[test]
fn parameters_of_a_hundred_thousand_parts_are_bounded_by_their_schema() {
    let many = format!("q={}", vec!["1"; 100_000].join(","));
    check_query(
        "explode: false,",
        LIST,
        &many,
        expect![[r#"query "/q": must fit its schema; finding out where it does not would cost too much"#]],
    );
    let many = vec!["q=1"; 100_000].join("&");
    check_query(
        "",
        LIST,
        &many,
        expect![[r#"query "/q": must fit its schema; finding out where it does not would cost too much"#]],
    );
    check_query("", ONE, &many, expect![[r#"query "/q": must stand once"#]]);
    let many: String = (0..20_000).map(|n| format!("&q[m{n}]=1")).collect();
    check_query(
        "style: deepObject,",
        OBJECT,
        &many,
        expect![[r#"query "/q": must fit its schema; finding out where it does not would cost too much"#]],
    );
}

#[track_caller]
fn refuse(parameters: &[&str], expected: Expect) {
    let document = doorward_contract::Document::parse("c.yaml", &contract(parameters)).unwrap();
    expected.assert_eq(&document.operation("a").expect_err("faults").to_string());
}

#[test]
fn what_is_written_in_no_way_or_in_two_is_a_fault_of_the_contract() {
    refuse(
        &["name: q, in: query, style: simple, schema: {}"],
        expect![[r#"
        c.yaml:8:33: there is no style `simple` here
          hint: expected `form` or `spaceDelimited` or `pipeDelimited` or `deepObject`"#]],
    );
    refuse(
        &["name: p, in: path, required: true, style: form, schema: {}"],
        expect![[r#"
        c.yaml:7:48: there is no style `form` here
          hint: expected `simple` or `label` or `matrix`"#]],
    );
    refuse(
        &["name: X-A, in: header, style: form, schema: {}"],
        expect![[r#"
        c.yaml:8:36: there is no style `form` here
          hint: expected `simple`"#]],
    );
    refuse(
        &["name: c, in: cookie, style: 7, schema: {}"],
        expect![[r#"
            c.yaml:8:34: there is no style `7` here
              hint: expected `form`"#]],
    );
    refuse(
        &[&format!("name: q, in: query, style: spaceDelimited, {ONE}")],
        expect![[r#"
        c.yaml:8:13: only a list or an object can have its parts delimited
          hint: use `form`"#]],
    );
    refuse(
        &[&format!("name: q, in: query, style: pipeDelimited, explode: true, {LIST}")],
        expect![[r#"
        c.yaml:8:13: what is exploded has no delimiters
          hint: use `form`, or say `explode: false`"#]],
    );
    refuse(
        &[&format!("name: q, in: query, style: deepObject, {LIST}")],
        expect![[r#"
        c.yaml:8:13: only an object can be of style `deepObject`
          hint: use `form`"#]],
    );
    refuse(
        &[&format!("name: c, in: cookie, {OBJECT}")],
        expect![[r#"
        c.yaml:8:13: an object in several cookies is not carried
          hint: say `explode: false`"#]],
    );
    refuse(
        &[
            "name: q, in: query, style: deepObject, schema: { type: object, properties: { a: { type: object } } }",
        ],
        expect![[r#"
            c.yaml:8:52: a parameter that is an object with members that are objects or lists is not carried
              hint: a parameter is one value, or a list or flat object of such; or it has `content`"#]],
    );
    refuse(
        &["name: q, in: query, schema: { type: [object, string] }"],
        expect![[r#"
        c.yaml:8:33: a parameter that is either an object or another value is not carried
          hint: a parameter is one value, or a list or flat object of such; or it has `content`"#]],
    );
    refuse(
        &["name: q, in: query, explode: 1, allowReserved: 1, allowEmptyValue: 1, required: 1, schema: {}"],
        expect![[r#"
            c.yaml:8:33: `explode` must be `true` or `false`
            c.yaml:8:45: `allowReserved` must be `true` or `false`
            c.yaml:8:63: `allowEmptyValue` must be `true` or `false`
            c.yaml:8:83: `required` must be `true` or `false`"#]],
    );
    refuse(
        &["name: q, in: query, schema: {}, content: { application/json: {} }"],
        expect!["c.yaml:8:13: the parameter `q` must have either `schema` or `content`"],
    );
    refuse(
        &["name: q, in: query, content: { text/plain: {} }"],
        expect![[r#"
        c.yaml:8:44: the parameter `q` can be of no other media type than JSON
          hint: write `application/json`, or `schema` in place of `content`"#]],
    );
    refuse(
        &["name: q, in: query, content: { application/json: {}, text/plain: {} }"],
        expect!["c.yaml:8:33: `content` must hold one media type here"],
    );
}

#[test]
fn a_name_of_the_query_that_two_parameters_read_is_a_fault() {
    let object = format!("name: q, in: query, {OBJECT}");
    refuse(
        &[&object, &format!("name: R, in: query, {ONE}")],
        expect![[r#"
        c.yaml:5:7: the query parameters `q` and `R` both read `R`
          hint: rename one, or write objects as `style: deepObject`"#]],
    );
    let free = "name: rest, in: query, schema: { type: object, additionalProperties: { type: string } }";
    refuse(
        &[free, &free.replace("rest", "more")],
        expect![[r#"
        c.yaml:5:7: the query parameters `rest` and `more` both read whatever no parameter is named for
          hint: rename one, or write objects as `style: deepObject`"#]],
    );
    let deep = "name: d, in: query, style: deepObject, schema: { type: object }";
    refuse(
        &[deep, &format!("name: 'd[a]', in: query, {ONE}")],
        expect![[r#"
        c.yaml:5:7: the query parameters `d` and `d[a]` both read `d[a]`
          hint: rename one, or write objects as `style: deepObject`"#]],
    );
}
