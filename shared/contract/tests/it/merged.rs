//! Operations of several documents in one.

use std::sync::Arc;

use doorward_contract::{Document, Library, MergedOperation, RequestParts, merge};
use http::{HeaderMap, HeaderValue};
use serde_json::{Map, Value, json};

/// 3.0: `nullable`, boolean bounds, members for one direction alone.
const OLD: &str = r##"{"openapi": "3.0.3", "info": {"title": "a", "version": "1"},
"paths": {"/a/{id}": {
    "parameters": [{"$ref": "#/components/parameters/id"}],
    "put": {"operationId": "write", "summary": "Writes.",
        "requestBody": {"$ref": "#/components/requestBodies/body"},
        "responses": {"200": {"$ref": "#/components/responses/fine"}, "default": {"description": "Wrong."}}}}},
"components": {
    "parameters": {"id": {"name": "id", "in": "path", "required": true, "schema": {"type": "integer", "minimum": 0, "exclusiveMinimum": true}}},
    "requestBodies": {"body": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Item"}}}}},
    "responses": {"fine": {"description": "Fine.", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Item"}}}}},
    "schemas": {"Item": {"type": "object", "description": "An item.", "required": ["id", "secret"], "properties": {
        "id": {"type": "string", "readOnly": true}, "secret": {"type": "string", "writeOnly": true},
        "note": {"type": "string", "nullable": true, "format": "password"}, "inner": {"$ref": "#/components/schemas/Item"}}}}}}"##;

/// 3.1, with another schema of the same name, in a file of its own.
const NEW: &str = r##"{"openapi": "3.1.0", "info": {"title": "b", "version": "1"},
"paths": {"/a/{key}": {"get": {"operationId": "write",
    "parameters": [{"name": "key", "in": "path", "required": true, "schema": {"type": "string"}},
        {"name": "n", "in": "query", "schema": {"type": "array", "items": {"type": "integer"}}}],
    "responses": {"200": {"description": "", "content": {"application/json": {"schema": {"$ref": "items.json#/$defs/Item"}}}}}}}}}"##;
const ITEMS: &str = r#"{"$schema": "http://json-schema.org/draft-07/schema#", "definitions": {},
    "$defs": {"Item": {"type": "array", "items": [{"type": "string"}], "additionalItems": false}}}"#;

fn documents() -> [Document; 2] {
    let library = Arc::new(Library::new([("old.json", OLD), ("new.json", NEW), ("items.json", ITEMS)]));
    ["old.json", "new.json"]
        .map(|file| Document::open(&library, file).unwrap_or_else(|fault| panic!("{fault}")))
}

fn merged([old, new]: &[Document; 2]) -> Value {
    let operation = |document, id, path| MergedOperation {
        document,
        described_as: "write",
        path,
        id,
        security: json!([{}]),
        answers: Map::from_iter([("default".to_owned(), json!({"description": "Refused."}))]),
    };
    merge(
        json!({"title": "m", "version": "1"}),
        &[operation(old, "putA", "/v1/a/{id}"), operation(new, "getA", "/v1/a/{key}")],
        Map::new(),
    )
}

#[test]
fn paths_are_one_and_components_keep_apart() {
    let merged = merged(&documents());
    let item = merged["paths"].as_object().unwrap();
    assert_eq!(item.keys().collect::<Vec<_>>(), ["/v1/a/{id}"]);
    let item = &item["/v1/a/{id}"];
    assert_eq!((&item["put"]["operationId"], &item["put"]["summary"]), (&json!("putA"), &json!("Writes.")));
    assert_eq!(item["get"]["parameters"][0]["name"], "id");
    // What `write` answers itself stands; where it says nothing, the door's refusal does.
    assert_eq!(item["put"]["responses"]["default"]["description"], "Wrong.");
    assert_eq!(item["get"]["responses"]["default"]["description"], "Refused.");
    let schemas = merged["components"]["schemas"].as_object().unwrap();
    assert_eq!(schemas.keys().collect::<Vec<_>>(), ["Item", "Item_2", "Item_3"]);
    assert_eq!(
        (&schemas["Item"]["required"], &schemas["Item_2"]["required"]),
        (&json!(["secret"]), &json!(["id"]))
    );
    assert_eq!(schemas["Item"]["properties"]["inner"], json!({"$ref": "#/components/schemas/Item"}));
    assert_eq!(schemas["Item"]["description"], "An item.");
    assert_eq!(
        schemas["Item"]["properties"]["note"],
        json!({"type": ["string", "null"], "format": "password"})
    );
}

/// What is said of a request and of an answer, in one line.
fn judged(
    document: &Document,
    id: &str,
    parameter: &str,
    (path, query, body): (&str, &str, &str),
    answer: &str,
) -> String {
    let operation = document.operation(id).unwrap_or_else(|fault| panic!("{fault}"));
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    let request = RequestParts {
        path: &[(parameter.to_owned(), path.to_owned())],
        query,
        headers: &headers,
        body: body.as_bytes(),
    };
    let answers = operation.check_response(200, &headers, answer.as_bytes());
    let requests =
        format!("{:?}", operation.check_request(&request)).replace(&format!("/{parameter}"), "/id");
    format!("{requests} {answers:?}")
}

#[test]
fn the_merged_document_judges_as_its_parts_do() {
    let parts = documents();
    let whole =
        Document::parse("merged.json", &merged(&parts).to_string()).unwrap_or_else(|fault| panic!("{fault}"));
    let mut different = std::collections::BTreeSet::new();
    for path in ["1", "0", "x"] {
        for query in ["", "n=1&n=2", "n=x"] {
            for body in [
                "",
                r#"{"secret": "s"}"#,
                r#"{"secret": "s", "note": null}"#,
                r#"{"id": "i"}"#,
                r#"{"secret": "s", "inner": {}}"#,
                "[]",
            ] {
                for answer in [r#"{"id": "i"}"#, r#"{"secret": "s"}"#, r#"["a"]"#, r#"["a", "b"]"#, "1"] {
                    let request = (path, query, body);
                    let put = judged(&parts[0], "write", "id", request, answer);
                    assert_eq!(judged(&whole, "putA", "id", request, answer), put);
                    let get = judged(&parts[1], "write", "key", request, answer);
                    assert_eq!(judged(&whole, "getA", "id", request, answer), get);
                    different.extend([put, get]);
                }
            }
        }
    }
    assert!(different.len() > 30, "the samples tell little apart: {}", different.len());
}

#[test]
fn patterns_stand_as_their_contract_writes_them() {
    let text = json!({"openapi": "3.1.0", "paths": {"/a": {"put": {"operationId": "write", "responses": {}, "requestBody": {
        "content": {"application/json": {"schema": {
            "pattern": r"\ba\B", "patternProperties": {r"\bx": {"pattern": r"\by"}},
        }}},
    }}}}});
    let document = Document::parse("f", &text.to_string()).unwrap_or_else(|fault| panic!("{fault}"));
    let operation = MergedOperation {
        document: &document,
        described_as: "write",
        path: "/a",
        id: "putA",
        security: json!([{}]),
        answers: Map::new(),
    };
    let merged = merge(json!({"title": "m", "version": "1"}), &[operation], Map::new());
    let place = "/paths/~1a/put/requestBody/content/application~1json/schema";
    assert_eq!(merged.pointer(place), text.pointer(place));
}

/// `GET /f/{id}`, and what API Gateway writes of a parameter `path` that takes all that is left.
const GREEDY: &str = r##"{"openapi": "3.0.1", "info": {"title": "c", "version": "1"}, "paths": {
"/f/{id}": {"get": {"operationId": "one", "responses": {},
    "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}]}},
"/f/{path+}": {
    "parameters": [{"name": "path", "in": "path", "required": true, "schema": {"type": "string", "maxLength": 5}}],
    "get": {"operationId": "rest", "responses": {}}, "put": {"operationId": "write", "responses": {}}}}}"##;

#[test]
fn a_greedy_parameter_is_called_by_its_name_and_read_whole() {
    let document = Document::parse("f", GREEDY).unwrap();
    let operation = document.operation("rest").unwrap_or_else(|faults| panic!("{faults}"));
    assert!(operation.is_at("/f/{path+}") && !operation.is_at("/f/{path}"));
    let keeps = |path: &str| {
        let path = [("path".to_owned(), path.to_owned())];
        operation
            .check_request(&RequestParts { path: &path, query: "", headers: &HeaderMap::new(), body: b"" })
            .is_ok()
    };
    assert!(keeps("a/b/c") && keeps("a,b") && !keeps("a/b/cd"));
    let undeclared = GREEDY.replace(r#""name": "path""#, r#""name": "path+""#);
    assert!(Document::parse("f", &undeclared).unwrap().operation("rest").is_err());
}

#[test]
fn a_greedy_parameter_is_marked_where_openapi_has_no_word_for_it() {
    let document = Document::parse("f", GREEDY).unwrap();
    let merged = |all: &[(&'static str, &'static str)]| {
        let operation = |(id, path): &(&'static str, &'static str)| MergedOperation {
            document: &document,
            described_as: id,
            path,
            id,
            security: json!([{}]),
            answers: Map::new(),
        };
        let all: Vec<_> = all.iter().map(operation).collect();
        merge(json!({"title": "m", "version": "1"}), &all, Map::new())["paths"].clone()
    };
    let alone = merged(&[("rest", "/v1/f/{path+}")]);
    let parameter = &alone["/v1/f/{path}"]["get"]["parameters"][0];
    assert_eq!(
        (&parameter["name"], &parameter["x-doorward-greedy"]),
        (&json!("path"), &json!(true)),
        "{alone}"
    );
    // What is no other's is there beside it, under the other's name of the parameter.
    let both = merged(&[("rest", "/f/{path+}"), ("write", "/f/{path+}"), ("one", "/f/{id}")]);
    let item = both["/f/{id}"].as_object().unwrap();
    assert_eq!((both.as_object().unwrap().len(), &item["get"]["operationId"]), (1, &json!("one")), "{both}");
    assert_eq!(item["get"]["parameters"][0].get("x-doorward-greedy"), None);
    let parameter = &item["put"]["parameters"][0];
    assert_eq!((&parameter["name"], &parameter["x-doorward-greedy"]), (&json!("id"), &json!(true)), "{both}");
}

#[test]
fn what_stands_elsewhere_is_written_out_in_its_place() {
    let text = json!({"openapi": "3.0.3", "info": {"title": "t", "version": "1"},
        "paths": {"/a": {"post": {"operationId": "write",
            "requestBody": {"content": {"multipart/form-data": {
                "schema": {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}, "n": {"type": "integer"}}},
                "encoding": {
                    "file": {"contentType": "image/png", "headers": {"X-A": {"$ref": "#/components/headers/a"}}},
                    "n": {"contentType": "text/plain"},
                },
                "examples": {"one": {"$ref": "#/components/examples/one"}, "two": {"value": {"n": 2}}},
            }}},
            "responses": {"default": {"description": "Wrong."}, "503": {"description": "Later."}},
        }}},
        "components": {
            "headers": {"a": {"required": true, "schema": {"type": "string", "maxLength": 3}}},
            "examples": {"one": {"value": {"n": 1}}},
        },
    });
    let document = Document::parse("f", &text.to_string()).unwrap_or_else(|fault| panic!("{fault}"));
    let refused = json!({"description": "Refused."});
    let operation = MergedOperation {
        document: &document,
        described_as: "write",
        path: "/a",
        id: "write",
        security: json!([{}]),
        answers: Map::from_iter([
            ("default".to_owned(), refused.clone()),
            ("403".to_owned(), refused.clone()),
        ]),
    };
    let merged = merge(json!({"title": "m", "version": "1"}), &[operation], Map::new());
    let written = &merged["paths"]["/a"]["post"];
    let body = &written["requestBody"]["content"]["multipart/form-data"];
    let header = json!({"required": true, "schema": {"type": "string", "maxLength": 3}});
    assert_eq!(
        body["encoding"],
        json!({
            "file": {"contentType": "image/png", "headers": { "X-A": header }},
            "n": {"contentType": "text/plain"},
        })
    );
    assert_eq!(body["examples"], json!({"one": {"value": {"n": 1}}, "two": {"value": {"n": 2}}}));
    let answers = written["responses"].as_object().unwrap();
    let told = ["400", "403", "502", "504"].map(|status| &answers[status]);
    assert_eq!(told, [&refused; 4]);
    assert_eq!(
        (&answers["503"]["description"], &answers["default"]["description"]),
        (&json!("Later."), &json!("Wrong."))
    );
    assert!(Document::parse("merged", &merged.to_string()).unwrap().operation("write").is_ok());
}
