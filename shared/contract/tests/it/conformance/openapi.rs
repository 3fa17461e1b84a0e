//! What OpenAPI says of schemas and messages, where readers are known to differ.

use doorward_contract::{Document, Operation};
use serde_json::{Value, json};

use crate::shop::{Request, answer_headers};

/// The operation that takes `schema` as a JSON body, and answers with it.
fn operation(version: &str, schema: &Value) -> Operation {
    let content = json!({"application/json": {"schema": schema}});
    let document = json!({
        "openapi": version,
        "paths": {"/a": {"post": {
            "operationId": "a", "requestBody": {"content": content},
            "responses": {"default": {"description": "", "content": content}},
        }}},
        "components": {"schemas": {
            "Pet": {
                "type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}},
                "discriminator": {"propertyName": "kind", "mapping": {"meow": "#/components/schemas/Cat", "woof": "nowhere.yaml"}},
            },
            "Cat": {"allOf": [{"$ref": "#/components/schemas/Pet"}, {"required": ["claws"]}]},
            "Dog": {"allOf": [{"$ref": "#/components/schemas/Pet"}, {"required": ["bark"]}]},
            "Text": {"type": "string"},
        }},
    });
    let document = Document::parse("f", &document.to_string()).unwrap_or_else(|faults| panic!("{faults}"));
    document.operation("a").unwrap_or_else(|faults| panic!("{faults}"))
}

#[track_caller]
fn check(versions: &[&str], schema: Value, good: &[Value], bad: &[Value]) {
    for version in versions {
        let operation = operation(version, &schema);
        let headers = [("content-type", "application/json")];
        for (values, expected) in [(good, true), (bad, false)] {
            for value in values {
                let body = value.to_string();
                let request = Request { headers: &headers, body: body.as_bytes(), ..Request::default() };
                assert_eq!(request.check(&operation).is_ok(), expected, "{version} {value} {schema}");
                let found =
                    operation.check_response(200, &answer_headers(Some("application/json")), body.as_bytes());
                assert_eq!(found.is_empty(), expected, "{version} {value} {schema}");
            }
        }
    }
}

#[test]
fn a_discriminator_tells_readers_and_holds_nothing() {
    let pets = json!([{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}]);
    let (cat, both) = (json!({"kind": "meow", "claws": 1}), json!({"kind": "x", "claws": 1, "bark": 1}));
    let hint = json!({"propertyName": "kind", "mapping": {"meow": "Cat", "dog": "#/components/schemas/Dog"}});
    for version in ["3.0.3", "3.1.0"] {
        let any = json!({"anyOf": pets, "discriminator": hint});
        check(&[version], any, &[cat.clone(), both.clone()], &[json!({"claws": 1}), json!({"kind": "meow"})]);
        let one = json!({"oneOf": pets, "discriminator": hint});
        check(
            &[version],
            one,
            &[cat.clone(), json!({"kind": "meow", "bark": 1})],
            std::slice::from_ref(&both),
        );
    }
}

#[test]
fn null_is_taken_where_3_0_says_so_beside_a_type() {
    let old = &["3.0.3"];
    check(old, json!({"type": "string", "nullable": true}), &[json!(null), json!("x")], &[json!(1)]);
    check(old, json!({"type": "string", "nullable": false}), &[json!("x")], &[json!(null)]);
    check(old, json!({"nullable": true, "minLength": 1}), &[json!(null), json!(1)], &[json!("")]);
    // Listed values are all that there are.
    check(old, json!({"type": "string", "nullable": true, "enum": ["a"]}), &[json!("a")], &[json!(null)]);
    check(
        old,
        json!({"type": "string", "nullable": true, "enum": ["a", null]}),
        &[json!(null)],
        &[json!("b")],
    );
    // What another part of the schema refuses stays refused.
    let beside =
        json!({"type": "string", "nullable": true, "allOf": [{"$ref": "#/components/schemas/Text"}]});
    check(old, beside, &[json!("x")], &[json!(null)]);
    check(old, json!({"$ref": "#/components/schemas/Text", "nullable": true}), &[json!("x")], &[json!(null)]);
    check(&["3.1.0"], json!({"type": "string", "nullable": true}), &[json!("x")], &[json!(null)]);
    check(&["3.1.0"], json!({"type": ["string", "null"]}), &[json!("x"), json!(null)], &[json!(1)]);
}

#[test]
fn a_flag_that_is_none_is_a_fault() {
    let root = json!({"openapi": "3.0.3", "paths": {}, "components": {"schemas": {"a": {"type": "string", "nullable": "yes"}}}});
    let fault = crate::schemas::compile(&[("f", &root.to_string())], "/components/schemas/a").unwrap_err();
    assert_eq!(fault, "f:1:77: `nullable` must be `true` or `false`");
}

#[test]
fn bounds_are_exclusive_by_a_flag_or_by_themselves() {
    let flagged = json!({"minimum": 1, "exclusiveMinimum": true, "maximum": 3, "exclusiveMaximum": true});
    check(&["3.0.3"], flagged, &[json!(2), json!(1.5)], &[json!(1), json!(3), json!(0)]);
    let unflagged = json!({"minimum": 1, "exclusiveMinimum": false, "exclusiveMaximum": true});
    check(&["3.0.3"], unflagged, &[json!(1), json!(1e300)], &[json!(0)]);
    let own = json!({"exclusiveMinimum": 1, "minimum": 0, "exclusiveMaximum": 3});
    check(&["3.1.0"], own, &[json!(2)], &[json!(1), json!(0.5), json!(3)]);
}

#[test]
fn what_stands_beside_a_reference_counts_in_3_1() {
    let schema = json!({"$ref": "#/components/schemas/Text", "maxLength": 1, "description": "short"});
    check(&["3.0.3"], schema.clone(), &[json!("abc")], &[json!(1)]);
    check(&["3.1.0"], schema, &[json!("a")], &[json!("abc"), json!(1)]);
}

/// What the operation with these parameters says of a request.
#[track_caller]
fn parameters(parameters: Value, query: &str, headers: &[(&str, &str)], expected: bool) {
    let operation = json!({"operationId": "a", "parameters": parameters});
    let document = json!({"openapi": "3.0.3", "paths": {"/a": {"get": operation}}}).to_string();
    let operation = Document::parse("f", &document).unwrap().operation("a");
    let operation = operation.unwrap_or_else(|faults| panic!("{faults}"));
    let request = Request { query, headers, ..Request::default() };
    assert_eq!(request.check(&operation).is_ok(), expected, "{query} {headers:?} {parameters}");
}

#[test]
fn three_header_fields_are_never_parameters() {
    for name in ["Accept", "content-type", "AUTHORIZATION"] {
        let declared = json!([{"name": name, "in": "header", "required": true, "schema": {"const": 1}}]);
        parameters(declared, "", &[], true);
    }
    let declared = json!([{"name": "X-Accept", "in": "header", "required": true, "schema": {"enum": ["a"]}}]);
    parameters(declared.clone(), "", &[("x-accept", " a ")], true);
    parameters(declared.clone(), "", &[("x-accept", "a"), ("x-accept", "a")], false);
    parameters(declared, "", &[], false);
}

#[test]
fn lists_in_one_text_are_split_at_what_was_not_encoded() {
    let list = json!([{"name": "q", "in": "query", "explode": false, "schema": {"type": "array", "items": {"enum": ["a,b", "c"]}}}]);
    parameters(list.clone(), "q=a%2Cb,c", &[], true);
    parameters(list.clone(), "q=a%2cb", &[], true);
    parameters(list.clone(), "q=a,b", &[], false);
    parameters(list.clone(), "q=a%252Cb", &[], false);
    parameters(list.clone(), "Q=x", &[], true);
    parameters(list, "q=c&q=c", &[], false);
}

#[test]
fn cookies_are_told_apart_by_their_whole_names() {
    let one = json!([{"name": "id", "in": "cookie", "required": true, "schema": {"type": "integer"}}]);
    for (cookie, expected) in [
        ("id=7", true),
        ("a=b;id=7;c", true),
        (" xid=x;  id=7 ; ID=x", true),
        ("id==7", false),
        ("id=\"7\"", false),
        ("xid=7", false),
        ("id=7; id=7", false),
        ("id", false),
        ("a=id=7", false),
        ("id=%37", true),
        ("id=+7", false),
    ] {
        parameters(one.clone(), "", &[("cookie", cookie)], expected);
    }
    parameters(one.clone(), "", &[("cookie", "a=b"), ("cookie", "id=7")], true);
    parameters(one, "", &[("cookie", "id=7"), ("cookie", "id=7")], false);
}
