//! `readOnly` and `writeOnly`, alike in OpenAPI 3.0 and 3.1.

use doorward_contract::{Document, Library, Operation, RequestParts, Schema};
use http::HeaderMap;
use serde_json::{Value, json};

fn user() -> Value {
    json!({
        "type": "object", "required": ["id", "name", "password"],
        "properties": {
            "id": {"type": "string", "readOnly": true},
            "name": {"type": "string"},
            "password": {"allOf": [{"$ref": "#/components/schemas/Secret"}]},
        },
    })
}

fn operation(version: &str) -> Operation {
    of_schemas(version, &json!({"User": user(), "Secret": {"type": "string", "writeOnly": true}}))
}

fn headers() -> HeaderMap {
    HeaderMap::from_iter([(http::header::CONTENT_TYPE, "application/json".parse().unwrap())])
}

#[test]
fn members_are_required_and_refused_by_the_way_they_travel() {
    for version in ["3.0.3", "3.1.0"] {
        let operation = operation(version);
        let headers = headers();
        let request = |body: Value| {
            let body = body.to_string();
            let parts = RequestParts { path: &[], query: "", headers: &headers, body: body.as_bytes() };
            operation.check_request(&parts).is_ok()
        };
        assert!(request(json!({"name": "a", "password": "p"})), "{version}");
        // Callers send back what they got.
        assert!(request(json!({"id": "1", "name": "a", "password": "p"})), "{version}");
        assert!(!request(json!({"id": "1", "name": "a"})), "{version}");

        let answer = |body: Value| {
            let found = operation.check_response(200, &headers, body.to_string().as_bytes());
            found.iter().map(|found| format!("{} {}", found.pointer, found.rule)).collect::<Vec<_>>()
        };
        assert_eq!(answer(json!({"id": "1", "name": "a"})), [""; 0], "{version}");
        assert_eq!(answer(json!({"name": "a"})), ["/id is required"], "{version}");
        let leaked = json!({"id": "1", "name": "a", "password": "p"});
        assert_eq!(answer(leaked), ["/password must not be there"], "{version}");
    }
}

#[test]
fn what_is_not_sent_is_required_in_no_part_however_the_schema_is_put_together() {
    let base = json!({"$ref": "#/components/schemas/User"});
    let demands = json!({"required": ["id", "name", "password"]});
    for (version, user) in [
        ("3.1.0", json!({"$ref": "#/components/schemas/Base", "required": ["id", "name", "password"]})),
        ("3.1.0", json!({"allOf": [{"$ref": "#/components/schemas/Base", "minProperties": 1}, demands]})),
        ("3.1.0", json!({"$ref": "#/components/schemas/Base", "allOf": [{"allOf": [demands]}]})),
        (
            "3.0.3",
            json!({"allOf": [{"$ref": "#/components/schemas/Base"}, {"allOf": [{"allOf": [demands]}]}]}),
        ),
    ] {
        let content = json!({"application/json": {"schema": base}});
        let document = json!({
            "openapi": version, "info": {"title": "t", "version": "1"},
            "paths": {"/users": {"put": {
                "operationId": "put", "requestBody": {"content": content},
                "responses": {"200": {"description": "", "content": content}},
            }}},
            "components": {"schemas": {"User": user, "Base": {"type": "object", "properties": {
                "id": {"readOnly": true}, "name": {}, "password": {"writeOnly": true},
            }}}},
        });
        let operation = Document::parse("f", &document.to_string()).unwrap().operation("put").unwrap();
        let headers = headers();
        let sent = |body: &str| {
            let parts = RequestParts { path: &[], query: "", headers: &headers, body: body.as_bytes() };
            operation.check_request(&parts).is_ok()
        };
        assert!(sent(r#"{"name": 1, "password": 1}"#) && !sent(r#"{"id": 1, "name": 1}"#), "{user}");
        let is_answer = |body: &str| operation.check_response(200, &headers, body.as_bytes()).is_empty();
        assert!(is_answer(r#"{"id": 1, "name": 1}"#) && !is_answer(r#"{"name": 1}"#), "{user}");
    }
}

/// The operation whose body and answer are `User` of these schemas.
fn of_schemas(version: &str, schemas: &Value) -> Operation {
    let content = json!({"application/json": {"schema": {"$ref": "#/components/schemas/User"}}});
    let document = json!({
        "openapi": version, "info": {"title": "t", "version": "1"},
        "paths": {"/users": {"put": {
            "operationId": "put", "requestBody": {"content": content},
            "responses": {"200": {"description": "", "content": content}},
        }}},
        "components": {"schemas": schemas},
    });
    Document::parse("f", &document.to_string()).unwrap().operation("put").unwrap()
}

fn is_request(operation: &Operation, body: &str) -> bool {
    let headers = headers();
    let parts = RequestParts { path: &[], query: "", headers: &headers, body: body.as_bytes() };
    operation.check_request(&parts).is_ok()
}

fn is_answer(operation: &Operation, body: &str) -> bool {
    operation.check_response(200, &headers(), body.as_bytes()).is_empty()
}

#[test]
fn what_one_part_says_is_not_sent_no_other_part_requires() {
    let schema = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    let both = json!({"allOf": [schema("Known"), schema("Demands")]});
    let on_condition =
        json!({"allOf": [schema("Known")], "if": {"required": ["name"]}, "then": schema("Demands")});
    let either = json!({"allOf": [schema("Known")], "anyOf": [schema("Demands"), {"required": ["other"]}]});
    let dependent = json!({"allOf": [schema("Known")], "dependentRequired": {"name": ["id"]}});
    for (version, user) in [
        ("3.0.3", both.clone()),
        ("3.1.0", both),
        ("3.1.0", on_condition),
        ("3.0.3", either),
        ("3.1.0", dependent),
    ] {
        let schemas = json!({
            "User": user, "Demands": {"required": ["id"]},
            "Known": {"properties": {"id": {"allOf": [{"allOf": [{"allOf": [schema("Id")]}]}]}, "name": {}}},
            "Id": {"type": "string", "readOnly": true},
        });
        let operation = of_schemas(version, &schemas);
        assert!(is_request(&operation, r#"{"name": 1}"#), "{user}");
        assert!(is_answer(&operation, r#"{"name": 1, "id": "1"}"#), "{user}");
        assert!(!is_answer(&operation, r#"{"name": 1}"#), "{user}");
    }
}

#[test]
fn what_is_asked_not_to_be_there_stays_so() {
    let known = json!({"properties": {"id": {"readOnly": true}}});
    for schema in [json!({"not": {"required": ["id"]}}), json!({"if": {"required": ["id"]}, "then": false})] {
        let operation = of_schemas("3.1.0", &json!({"User": {"allOf": [known.clone(), schema]}}));
        assert!(is_request(&operation, r#"{"name": 1}"#), "{schema}");
        assert!(!is_request(&operation, r#"{"id": 1}"#), "{schema}");
    }
}

#[test]
fn no_answer_holds_a_member_that_is_only_written_wherever_that_is_said() {
    let secret = json!({"$ref": "#/components/schemas/Secret"});
    let wrapped = (0..8).fold(secret.clone(), |schema, _| json!({"allOf": [schema]}));
    for (version, user) in [
        ("3.0.3", json!({"properties": {"password": wrapped}})),
        ("3.1.0", json!({"patternProperties": {"^pass\\d*": secret}})),
        ("3.0.3", json!({"properties": {"id": {}}, "additionalProperties": secret})),
    ] {
        let schemas = json!({"User": user, "Secret": {"type": "string", "writeOnly": true}});
        let operation = of_schemas(version, &schemas);
        assert!(is_answer(&operation, r#"{"id": "1"}"#), "{user}");
        assert!(!is_answer(&operation, r#"{"id": "1", "password": "p"}"#), "{user}");
        assert!(is_request(&operation, r#"{"id": "1", "password": "p"}"#), "{user}");
    }
}

#[test]
fn an_alternative_does_not_let_pass_what_another_must_not_send() {
    let secret = json!({"type": "string", "writeOnly": true});
    let keeper = json!({"properties": {"kind": {"const": "a"}, "password": secret}, "required": ["kind"]});
    let open = json!({"properties": {"kind": {"type": "string"}}});
    let other = json!({"properties": {"kind": {"const": "b"}}, "required": ["kind"]});
    let named = json!({"$ref": "#/components/schemas/Keeper"});
    let within = |schema: &Value| json!({"properties": {"user": schema}});
    let leaking = json!({"kind": "a", "password": "p"});
    for (user, sent, fault) in [
        (json!({"anyOf": [keeper, open]}), leaking.clone(), "/password"),
        (json!({"anyOf": [open, {"allOf": [named]}]}), leaking.clone(), "/password"),
        (json!({"oneOf": [other, {"anyOf": [open, named]}]}), leaking.clone(), "/password"),
        (json!({"oneOf": [named, other]}), leaking.clone(), "/password"),
        // Both are fitted, were the member not looked at.
        (json!({"oneOf": [named, open]}), leaking.clone(), ""),
        (json!({"not": {"allOf": [named], "minProperties": 2}}), leaking.clone(), ""),
        (json!({"if": named, "else": false}), leaking.clone(), "/password"),
        (within(&json!({"anyOf": [named, open]})), json!({"user": leaking}), "/user/password"),
        (json!({"anyOf": [within(&named), within(&open)]}), json!({"user": leaking}), "/user/password"),
        (
            json!({"properties": {"all": {"contains": named, "maxContains": 1}}}),
            json!({"all": [leaking]}),
            "/all",
        ),
        (
            json!({"properties": {"all": {"contains": named}}}),
            json!({"all": [{"kind": "a"}, leaking]}),
            "/all",
        ),
    ] {
        let operation = of_schemas("3.1.0", &json!({"User": user, "Keeper": keeper}));
        let found = operation.check_response(200, &headers(), sent.to_string().as_bytes());
        let places: Vec<_> = found.iter().map(|found| found.pointer.as_str()).collect();
        assert!(places.contains(&fault), "{user} of {sent}: {places:?}");
        let kept = sent.to_string().replace(r#","password":"p""#, "");
        let kept = operation.check_response(200, &headers(), kept.as_bytes());
        assert_eq!(kept.is_empty(), user["oneOf"] != json!([named, open]), "{user} of {sent}: {kept:?}");
    }
}

#[test]
fn trees_of_alternatives_keep_what_is_only_written_at_every_depth() {
    let tree = json!({"anyOf": [
        {"type": "null"},
        {"properties": {
            "secret": {"writeOnly": true},
            "next": {"$ref": "#/components/schemas/User"},
        }},
    ]});
    let operation = of_schemas("3.1.0", &json!({"User": tree}));
    let nested = |innermost: &str, depth: usize| {
        format!("{}{innermost}{}", r#"{"next":"#.repeat(depth), "}".repeat(depth))
    };
    for depth in [0, 1, 40] {
        assert!(is_answer(&operation, &nested(r#"{"next":null}"#, depth)), "{depth}");
        assert!(!is_answer(&operation, &nested(r#"{"secret":1}"#, depth)), "{depth}");
    }
}

#[test]
fn parts_that_meet_again_and_again_are_looked_at_once() {
    let level = |nth: usize| -> Value {
        let next: Vec<Value> =
            (0..20).map(|of| json!({"$ref": format!("#/components/schemas/L{}_{of}", nth + 1)})).collect();
        json!({"allOf": next})
    };
    let mut schemas = serde_json::Map::new();
    for of in 0..20 {
        for nth in 1..5 {
            schemas.insert(format!("L{nth}_{of}"), level(nth));
        }
        schemas.insert(format!("L5_{of}"), json!({"type": "string"}));
    }
    let members: serde_json::Map<String, Value> =
        (0..200).map(|nth| (format!("m{nth}"), json!({"allOf": [level(0)]}))).collect();
    schemas.insert("User".to_owned(), json!({"properties": members, "required": ["m0"]}));
    let content = json!({"application/json": {"schema": {"$ref": "#/components/schemas/User"}}});
    let document = json!({
        "openapi": "3.0.3", "info": {"title": "t", "version": "1"},
        "paths": {"/users": {"put": {"operationId": "put", "requestBody": {"content": content}, "responses": {}}}},
        "components": {"schemas": schemas},
    });
    let fault =
        Document::parse("f", &document.to_string()).unwrap().operation("put").unwrap_err().to_string();
    assert!(fault.contains("schemas, all choices counted"), "{fault}");
}

#[test]
fn a_json_schema_by_itself_knows_no_ways() {
    let schema = json!({"type": "object", "required": ["id"], "properties": {"id": {"readOnly": true}}});
    let library = Library::new([("f", schema.to_string())]);
    let schema = Schema::compile(&library, "f", "").unwrap();
    assert!(!schema.violations(&json!({})).is_empty());
}
