//! The contracts of operations.

use doorward_contract::RequestParts;

use super::*;

#[test]
fn a_parameter_behind_a_reference_is_renamed_in_a_copy() {
    let reference = |to: &str| json!({ "$ref": to });
    let page = json!({"name": "page", "in": "query", "schema": {"type": "integer", "maximum": 5}});
    let id = json!({"name": "user-id", "in": "path", "required": true, "schema": {"type": "integer", "minimum": 1}});
    let own =
        |parameters: Value| json!({"parameters": parameters, "responses": {"200": {"description": "ok"}}});
    let document = json!({
        "openapi": "3.0.3", "info": {"title": "s", "version": "1"},
        "paths": {
            "/a/{user-id}": {"get": own(json!([reference("#/components/parameters/id"), page]))},
            "/b/{user-id}": {"parameters": [reference("#/components/parameters/same")], "get": own(json!([page]))},
            "/c/{user-id}": {"get": own(json!([reference("#/components/parameters/u%69d"), page]))},
            "/d/{user-id}": {"get": own(json!([id]))},
        },
        "components": {"parameters": {"id": id, "same": reference("#/components/parameters/id"), "uid": id}},
    });
    let (imported, files) = imported(&document);
    let told = imported.leftovers.iter().map(|left| left.what.as_str()).collect::<Vec<_>>().join("\n");
    assert!(imported.routes.iter().all(|route| route.contract), "{told}");
    assert!(!told.contains("not declared"), "{told}");
    let contract = RawDocument::read("c", &files["contracts/s.yaml"]).unwrap();
    let mut renamed = id.clone();
    renamed["name"] = json!("user_id");
    for at in ["a~1{user_id}/get", "b~1{user_id}", "c~1{user_id}/get", "d~1{user_id}/get"] {
        assert_eq!(contract.value().pointer(&format!("/paths/~1{at}/parameters/0")), Some(&renamed), "{at}");
    }
    assert_eq!(contract.value()["components"], document["components"]);
}

#[test]
fn references_of_parameters_that_lead_nowhere_are_no_end_of_the_import() {
    let loops = json!({"$ref": "#/components/parameters/id"});
    let document = json!({
        "openapi": "3.0.3", "info": {"title": "s", "version": "1"},
        "paths": {"/a/{user-id}": {"get": {"parameters": [loops], "responses": {}}}},
        "components": {"parameters": {"id": loops}},
    });
    let (imported, _) = imported(&document);
    assert!(
        imported.leftovers.iter().any(|left| left.what.contains("has no contract")),
        "{:?}",
        imported.leftovers
    );
}

/// The routes of an export with these operations of `/a`, as `METHOD contract check_answers`, and its contract.
fn validated(item: Value, more: Value) -> (Vec<String>, Value, String) {
    let mut document = json!({"openapi": "3.0.1", "info": {"title": "s", "version": "1"}, "paths": {"/a": item},
    "components": {"parameters": {"limit": limit()}},
    "x-amazon-apigateway-request-validators": {
        "params-only": {"validateRequestParameters": true, "validateRequestBody": false},
        "none": {"validateRequestParameters": false, "validateRequestBody": false},
    }});
    document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let (imported, files) = imported(&document);
    let route =
        |route: &Route| format!("{} {} {}", route.method, route.contract, route.check_answers.unwrap_or("-"));
    let contract = RawDocument::read("c", &files["contracts/s.yaml"]).unwrap();
    let told = imported.leftovers.iter().map(|left| left.what.as_str()).collect::<Vec<_>>().join("\n");
    (imported.routes.iter().map(route).collect(), contract.value()["paths"]["/a"].clone(), told)
}

fn limit() -> Value {
    json!({"name": "limit", "in": "query", "required": true, "schema": {"type": "integer", "maximum": 100}})
}

fn with_validator(validator: &str, parameters: Value) -> Value {
    let mut own = operation(proxy("https://h.example/a", json!({})));
    own["x-amazon-apigateway-request-validator"] = json!(validator);
    own["parameters"] = parameters;
    own
}

#[test]
fn parameters_that_api_gateway_checks_are_checked_without_a_model() {
    let referred = json!([{"$ref": "#/components/parameters/limit"}]);
    let item = json!({"get": with_validator("params-only", json!([limit()])), "post": with_validator("params-only", referred.clone())});
    let (found, contract, told) = validated(item, json!({}));
    assert_eq!(found, ["GET true off", "POST true off"]);
    assert_eq!(contract["get"]["parameters"], json!([limit()]));
    assert!(contract["get"].get("requestBody").is_none(), "{contract}");
    assert_eq!(contract["post"]["parameters"], referred);
    assert_eq!(contract["post"]["requestBody"], json!({"content": {"*/*": {}}}));
    assert!(told.contains("its contract checks parameters"), "{told}");
    // The document's validator is that of operations that name none, and parameters of the path are its operations'.
    let own = operation(proxy("https://h.example/a", json!({})));
    let all = json!({"x-amazon-apigateway-request-validator": "params-only"});
    assert_eq!(validated(json!({"parameters": [limit()], "put": own}), all).0, ["PUT true off"]);
    let any = json!({"x-amazon-apigateway-any-method": with_validator("params-only", json!([limit()]))});
    assert_eq!(validated(any, json!({})).0.len(), 7);
}

#[test]
fn a_contract_of_parameters_takes_any_body() {
    let paths = json!({"/a": {"post": with_validator("params-only", json!([limit()]))}});
    let (_, files) =
        imported(&json!({"openapi": "3.0.1", "info": {"title": "s", "version": "1"}, "paths": paths,
        "x-amazon-apigateway-request-validators": {"params-only": {"validateRequestParameters": true}}}));
    let contract = Document::parse("c", &files["contracts/s.yaml"]).unwrap();
    let operation = contract.operation("postA").unwrap();
    let mut headers = http::HeaderMap::new();
    headers.insert("content-type", http::HeaderValue::from_static("application/xml"));
    for (query, body, is_taken) in
        [("limit=5", "<a/>", true), ("limit=5", "", true), ("", "<a/>", false), ("limit=101", "", false)]
    {
        let request = RequestParts { path: &[], query, headers: &headers, body: body.as_bytes() };
        assert_eq!(operation.check_request(&request).is_ok(), is_taken, "{query} {body}");
    }
}

#[test]
fn what_api_gateway_does_not_check_has_no_contract_without_a_model() {
    let mut optional = limit();
    optional["required"] = json!(false);
    for own in [
        with_validator("none", json!([limit()])),
        with_validator("unknown", json!([limit()])),
        with_validator("params-only", json!([optional])),
        with_validator("params-only", json!([])),
    ] {
        let (found, _, told) = validated(json!({"post": own}), json!({}));
        assert_eq!(found, ["POST false -"]);
        assert!(told.contains("has no contract until you write one"), "{told}");
    }
}

#[test]
fn an_operation_with_a_matrix_parameter_has_no_contract_and_is_listed() {
    let parameter =
        json!({"name": "p", "in": "path", "required": true, "style": "matrix", "schema": {"type": "string"}});
    let (imported, _) = imported(&json!({
        "openapi": "3.0.3", "info": {"title": "s", "version": "1"}, "servers": [{"url": "https://x.example"}],
        "paths": {"/m/{p}": {"get": {"parameters": [parameter], "responses": {"200": {"description": "ok"}}}}},
    }));
    assert!(imported.routes.iter().all(|route| !route.contract));
    let told = imported.leftovers.iter().any(|left| left.what.contains("no path has a `;`"));
    assert!(told, "{:?}", imported.leftovers.iter().map(|left| &left.what).collect::<Vec<_>>());
}
