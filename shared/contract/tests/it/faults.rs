use doorward_contract::Document;
use expect_test::{Expect, expect};

/// The faults of the document, or of its operation `a`.
#[track_caller]
fn check(text: &str, expected: Expect) {
    let faults = match Document::parse("c.yaml", text) {
        Ok(document) => document.operation("a").expect_err("faults"),
        Err(faults) => faults,
    };
    expected.assert_eq(&faults.to_string());
}

/// The faults of an operation `a` that has `members` besides its id, in the path `/a/{id}`.
#[track_caller]
fn check_operation(members: &str, expected: Expect) {
    let id = "{ name: id, in: path, required: true, schema: { type: string } }";
    check(
        &format!(
            "openapi: 3.1.0\npaths:\n  /a/{{id}}:\n    parameters: [{id}]\n    post:\n      operationId: a\n{members}"
        ),
        expected,
    );
}

#[test]
fn a_bound_that_yaml_has_as_a_text_is_none() {
    for bound in ["1_000", "0b11", "-0x1F"] {
        let schema = format!("type: integer, maximum: {bound}");
        let content = format!("{{ application/json: {{ schema: {{ {schema} }} }} }}");
        check_operation(
            &format!("      requestBody:\n        content: {content}\n      responses: {{}}\n"),
            expect!["c.yaml:8:65: `maximum` must be of type `number`"],
        );
    }
}

#[test]
fn documents_that_are_not_carried() {
    check("", expect!["c.yaml:1:1: the document is not an OpenAPI document"]);
    check("[]", expect!["c.yaml:1:1: the document is not an OpenAPI document"]);
    check(
        "paths: {}",
        expect![[r#"
        c.yaml:1:1: the document does not say its OpenAPI version
          hint: expected `openapi: 3.0.x` or `openapi: 3.1.x`"#]],
    );
    check(
        "swagger: '2.0'",
        expect![[r#"
            c.yaml:1:1: OpenAPI 2 is not carried
              hint: expected `openapi: 3.0.x` or `openapi: 3.1.x`, which API Gateway exports by `--export-type oas30`"#]],
    );
    check(
        "openapi: 3.0",
        expect![[r#"
        c.yaml:1:1: the OpenAPI version is not a text
          hint: expected `openapi: 3.0.x` or `openapi: 3.1.x`"#]],
    );
    check(
        "openapi: 3.2.0",
        expect![[r#"
        c.yaml:1:1: the OpenAPI version `3.2.0` is not carried
          hint: expected `openapi: 3.0.x` or `openapi: 3.1.x`"#]],
    );
    check(
        "openapi: 3.1.0\njsonSchemaDialect: http://json-schema.org/draft-07/schema#",
        expect![[r#"
        c.yaml:2:1: the schema dialect is not carried
          hint: use `https://json-schema.org/draft/2020-12/schema` or OpenAPI 3.1's base dialect"#]],
    );
    check("openapi: 3.1.0\npaths: []", expect!["c.yaml:2:1: `paths` must hold path items by path"]);
    check(
        "openapi: 3.1.0\npaths:\n  a: {}\n  /b: { $ref: 'b.yaml' }",
        expect![[r#"
            c.yaml:3:3: the path `a` must begin with a slash
            c.yaml:4:9: the reference `b.yaml` leads to a file that is not there
              hint: did you mean `c.yaml`?"#]],
    );
    check(
        "openapi: 3.1.0\npaths:\n  /a: { get: { operationId: a } }\n  /b: { get: { operationId: a }, put: { operationId: 1 } }",
        expect![[r#"
            c.yaml:4:16: two operations have the id `a`
            c.yaml:4:41: an `operationId` must be a text"#]],
    );
    check(
        "openapi: 3.1.0\npaths:\n  /a: {}\n  /a: {}\n",
        expect!["c.yaml:4:3: the name `/a` stands twice in one mapping"],
    );
}

#[test]
fn parameters_that_are_not_carried() {
    check_operation(
        r"      parameters:
        - { name: a, in: query, style: deepObject, schema: { type: string } }
        - { name: b, in: query, style: pipeDelimited, schema: { type: array } }
        - { name: c, in: query, content: { application/json: {} } }
        - { name: d, in: query }
        - { name: e, in: query, schema: { type: object } }
        - { name: f, in: matrix, schema: { type: string } }
        - { name: 'g h', in: header, schema: { type: string } }
        - { in: query, schema: { type: string } }
        - { name: i, in: cookie, schema: { type: array, items: { type: string } } }
        - { name: j, in: query, schema: { type: string, pattern: '(?!x)y' } }
        - { name: k, in: query, schema: { type: string } }
        - { name: k, in: query, schema: { type: string } }
        - { $ref: '#/components/parameters/none' }
        - 7
",
        expect![[r#"
            c.yaml:7:7: expected an object
            c.yaml:8:13: only an object can be of style `deepObject`
              hint: use `form`
            c.yaml:11:13: the parameter `d` must have either `schema` or `content`
            c.yaml:13:22: a parameter cannot stand in `matrix`
              hint: expected `path`, `query`, `header` or `cookie`
            c.yaml:14:13: a header field named `g h` never gets here
              hint: use letters, digits and dashes
            c.yaml:15:13: a parameter must have `name` and `in`
            c.yaml:16:13: a list in several cookies of one name is not carried
              hint: say `explode: false`
            c.yaml:17:57: the pattern is not one that can be checked in linear time
              hint: write it without look-around and back-references, and with small repetition counts
            c.yaml:19:13: the parameter `k` stands twice
            c.yaml:20:13: the reference `#/components/parameters/none` points nowhere"#]],
    );
    check_operation("      parameters: {}\n", expect!["c.yaml:7:7: `parameters` must be a list"]);
}

#[test]
fn path_parameters_and_the_path_must_agree() {
    check(
        "openapi: 3.1.0\npaths:\n  /a/{id}:\n    get: { operationId: a, parameters: [{ name: di, in: path, schema: {} }] }",
        expect![[r#"
            c.yaml:4:12: the path parameter `di` is not in the path
            c.yaml:4:12: the path parameter `id` is not declared"#]],
    );
}

#[test]
fn bodies_and_answers_that_cannot_be_checked() {
    check_operation(
        r"      requestBody:
        content:
          application/json: { schema: { $ref: '#/components/schemas/None' } }
          application/vnd.a+json: { schema: { type: object, properties: { a: { $ref: 'a.json' }, b: { pattern: '\1' } } } }
          nonsense: {}
          Application/JSON;v=1: {}
      responses:
        '20': { description: x }
        2xx: { description: x }
        '200': { description: x, content: [] }
        '201': { description: x, content: { '*/*': { schema: 1 } } }
        '204': { description: x, content: { '*/*': { schema: { $ref: '#/components/schemas/Twice' } } } }
        '205': { description: x, content: { '*/*': { schema: { $ref: '#/components/schemas/Twice' } } } }
        '202': { $ref: '#/nowhere' }
        '203': text
components: { schemas: { Twice: { type: strin } } }
",
        expect![[r#"
            c.yaml:9:41: the reference `#/components/schemas/None` points nowhere
            c.yaml:10:80: the reference `a.json` leads to a file that is not there
            c.yaml:10:103: the pattern is not one that can be checked in linear time
              hint: write it without look-around and back-references, and with small repetition counts
            c.yaml:11:11: `nonsense` is no media type
            c.yaml:12:11: the media type stands twice, if parameters are left out
            c.yaml:14:9: `20` is no status
              hint: expected `200`, `2XX` or `default`
            c.yaml:15:9: `2xx` is no status
              hint: expected `200`, `2XX` or `default`
            c.yaml:16:34: `content` must hold media types
            c.yaml:17:54: a schema must be an object, `true` or `false`
            c.yaml:20:18: the reference `#/nowhere` points nowhere
            c.yaml:21:9: expected an object
            c.yaml:22:35: `type` names a type that JSON Schema does not have
              hint: expected `array`, `boolean`, `integer`, `null`, `number`, `object`, `string` or a list of these"#]],
    );
}

/// What stood there was passed over, and with it the bodies that it seems to describe.
#[test]
fn media_types_that_are_no_objects_wave_nothing_through() {
    check_operation(
        r"      parameters: [{ name: f, in: query, content: { application/json: { $ref: '#/x/a' } } }]
      requestBody: { content: { application/json: { $ref: '#/x/a' }, application/xml: ~ } }
      responses: { '200': { description: x, content: { application/json: [] } } }
x: { a: { schema: { type: integer } } }
",
        expect![[r#"
            c.yaml:7:73: a media type cannot be a reference
              hint: write `schema: { $ref: … }`
            c.yaml:8:53: a media type cannot be a reference
              hint: write `schema: { $ref: … }`
            c.yaml:8:70: expected an object
            c.yaml:9:56: expected an object"#]],
    );
}

#[test]
fn schemas_that_turn_in_a_circle() {
    check_operation(
        r"      requestBody: { content: { application/json: { schema: { $ref: '#/x/a' } } } }
x:
  a: { $ref: '#/x/b' }
  b: { allOf: [{ $ref: '#/x/a' }] }
",
        expect!["c.yaml:9:8: the reference leads back to itself without descending into the value"],
    );
}

#[test]
fn a_body_that_may_or_may_not_be_required() {
    // YAML 1.2 knows no `yes`: it is a text, and would leave the body optional.
    check_operation(
        "      requestBody: { required: yes, content: { application/json: {} } }\n",
        expect!["c.yaml:7:22: `required` must be `true` or `false`"],
    );
}

#[test]
fn references_to_what_is_no_schema() {
    let document = |reference: &str| {
        format!(
            "openapi: 3.1.0\ninfo: {{ title: t }}\npaths:\n  /a:\n    post:\n      operationId: a\n      requestBody:\n        content:\n          \
             application/json: {{ schema: {{ properties: {{ next: {{ $ref: '{reference}' }} }} }} }}\n      responses: {{}}\n\
             components:\n  parameters: {{ p: {{ name: p, in: query, schema: {{ type: string }} }} }}\n  schemas: {{ S: {{ properties: {{ schema: {{}} }} }} }}\n\
             x-parts: {{ S: {{}} }}\n",
        )
    };
    for reference in
        ["#", "#/info", "#/components/parameters/p", "#/components/parameters", "#/paths/~1a/post"]
    {
        let fault =
            Document::parse("c.yaml", &document(reference)).unwrap().operation("a").unwrap_err().to_string();
        assert!(fault.starts_with("c.yaml:9:"), "{reference}: {fault}");
        assert!(fault.contains("leads to an object of OpenAPI that is no schema"), "{reference}: {fault}");
    }
    for reference in [
        "#/components/schemas/S",
        "#/components/schemas/S/properties/schema",
        "#/components/parameters/p/schema",
        "#/paths/~1a/post/requestBody/content/application~1json/schema",
        "#/x-parts/S",
    ] {
        assert!(
            Document::parse("c.yaml", &document(reference)).unwrap().operation("a").is_ok(),
            "{reference}"
        );
    }
}

#[test]
fn media_ranges_that_mean_no_messages() {
    check_operation(
        "      requestBody: { content: { '*/json': {}, 'application/j*': {} } }\n      responses: {}",
        expect![[r#"
            c.yaml:7:33: `*/json` is no media type
            c.yaml:7:47: `application/j*` is no media type"#]],
    );
}
