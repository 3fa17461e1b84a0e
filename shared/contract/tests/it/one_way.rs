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
    let content = json!({"application/json": {"schema": {"$ref": "#/components/schemas/User"}}});
    let document = json!({
        "openapi": version, "info": {"title": "t", "version": "1"},
        "paths": {"/users": {"put": {
            "operationId": "put", "requestBody": {"content": content},
            "responses": {"200": {"description": "", "content": content}},
        }}},
        "components": {"schemas": {"User": user(), "Secret": {"type": "string", "writeOnly": true}}},
    });
    Document::parse("f", &document.to_string()).unwrap().operation("put").unwrap()
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
fn a_json_schema_by_itself_knows_no_ways() {
    let schema = json!({"type": "object", "required": ["id"], "properties": {"id": {"readOnly": true}}});
    let library = Library::new([("f", schema.to_string())]);
    let schema = Schema::compile(&library, "f", "").unwrap();
    assert!(!schema.violations(&json!({})).is_empty());
}
