use super::*;

/// What a document becomes, and its files.
fn imported(document: &Value) -> (Imported, BTreeMap<String, String>) {
    let document = RawDocument::read("f", &document.to_string()).unwrap();
    let arguments = Arguments {
        file: PathBuf::from("f"),
        out: PathBuf::from("."),
        stdout: true,
        force: false,
        target: None,
        stage_variable: Vec::new(),
    };
    import(&document, "f", &arguments).map_err(|failure| format!("{failure:?}")).unwrap()
}

/// The routes of `paths`, as `METHOD path auth rewrite`, and the list of what was not carried over.
fn routes(paths: Value) -> (Vec<String>, String) {
    let (imported, files) = imported(
        &json!({"openapi": "3.0.1", "info": {"title": "shop", "version": "1"}, "paths": paths,
        "components": {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "x-api-key"}}}}),
    );
    let route = |route: &Route| {
        let rewrite = route.rewrite.clone().unwrap_or_default();
        format!("{} {} {} {rewrite}", route.method, route.path, route.auth.join("+")).trim_end().to_owned()
    };
    let config = &files["doorward.toml"];
    assert_eq!(config.matches("[[routes]]").count(), imported.routes.len(), "{config}");
    let told = imported.leftovers.iter().map(|left| format!("{}: {}", left.pointer, left.what));
    (imported.routes.iter().map(route).collect(), told.collect::<Vec<_>>().join("\n"))
}

fn proxy(uri: &str, mapping: Value) -> Value {
    json!({"type": "http_proxy", "httpMethod": "ANY", "uri": uri, "requestParameters": mapping})
}

fn operation(integration: Value) -> Value {
    json!({"responses": {}, "x-amazon-apigateway-integration": integration})
}

#[test]
fn a_route_keeps_the_path_of_its_target_or_is_none() {
    let proxy = |uri| proxy(uri, json!({"integration.request.path.proxy": "method.request.path.proxy"}));
    let any = |uri| json!({"x-amazon-apigateway-any-method": operation(proxy(uri))});
    let (found, told) = routes(json!({"/in/{proxy+}": any("https://h.example/a/{proxy}/")}));
    assert_eq!(found, ["ANY /in/{proxy+} anonymous /a/{proxy}"]);
    assert!(told.contains("the last slash of the path"), "{told}");
    let paths = json!({"/in/{proxy+}": any("https://h.example/a//{proxy}"), "/{proxy+}": any("https://h.example/{proxy}")});
    let (found, told) = routes(paths);
    assert_eq!(found, ["ANY /{proxy+} anonymous", "ANY /in/{proxy+} nobody"]);
    assert!(told.contains("the route `ANY /in/{proxy+}`: "), "{told}");
}

#[test]
fn what_became_no_route_is_taken_by_no_other() {
    let greedy = operation(proxy(
        "https://h.example/{proxy}",
        json!({"integration.request.path.proxy": "method.request.path.proxy"}),
    ));
    let mock = operation(json!({"type": "mock"}));
    let (found, told) = routes(json!({
        "/a": {"get": mock, "options": mock},
        "/{proxy+}": {"x-amazon-apigateway-any-method": greedy},
    }));
    assert_eq!(found, ["ANY /{proxy+} anonymous", "GET /a nobody", "OPTIONS /a nobody"]);
    assert!(told.contains("`GET /a` is a route that nobody is let in by"), "{told}");
    // Where no other route takes it, there is none.
    let own = operation(proxy("https://h.example/b", json!({})));
    assert_eq!(routes(json!({"/a": {"get": mock}, "/b": {"get": own}})).0, ["GET /b anonymous"]);
    // A path that no door takes closes what would take it.
    let (found, told) =
        routes(json!({"/a%2Fb": {"get": mock}, "/{proxy+}": {"x-amazon-apigateway-any-method": greedy}}));
    assert_eq!(found, ["ANY /{proxy+} nobody"]);
    assert!(told.contains("it would take the requests of `GET /a%2Fb`"), "{told}");
}

#[test]
fn any_method_with_models_has_a_route_for_each() {
    let mut any = operation(proxy("https://h.example/a", json!({})));
    any["security"] = json!([{"key": []}]);
    any["requestBody"] = json!({"content": {"application/json": {"schema": {"type": "object"}}}});
    let (found, _) = routes(json!({"/a": {"x-amazon-apigateway-any-method": any}}));
    let all = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    assert_eq!(found, all.map(|method| format!("{method} /a api-key")));
}

#[test]
fn parameters_of_paths_are_put_in_at_once() {
    let mapping = json!({"integration.request.path.a": "method.request.path.b", "integration.request.path.b": "method.request.path.a"});
    let integration = proxy("https://h.example/v/{a}/{b}", mapping);
    let (found, _) = routes(json!({"/v/{a}/{b}": {"get": operation(integration)}}));
    assert_eq!(found, ["GET /v/{a}/{b} anonymous /v/{b}/{a}"]);
    // What API Gateway puts in itself is nothing that callers may choose.
    let integration =
        proxy("https://h.example/v/{a}", json!({"integration.request.path.a": "context.authorizer.tenant"}));
    assert!(routes(json!({"/v/{a}": {"get": operation(integration)}})).0.is_empty());
}

#[test]
fn no_name_of_the_document_looks_like_a_line_of_the_list() {
    let (_, told) =
        routes(json!({"/a": {"get": operation(json!({"type": "x\nforged.yaml:1:1: \u{202e}fine"}))}}));
    assert!(
        told.contains("x\u{fffd}forged.yaml") && !told.contains("\nforged") && !told.contains('\u{202e}'),
        "{told}"
    );
}

#[test]
fn properties_are_kept_whatever_they_are_called() {
    let schema = json!({"type": "object", "required": ["x-amazon-id"], "x-amazon-note": 1,
        "properties": {"x-amazon-id": {"type": "string", "x-amazon-note": 1, "enum": [{"x-amazon-a": 1}]}}});
    let kept = json!({"type": "object", "required": ["x-amazon-id"],
        "properties": {"x-amazon-id": {"type": "string", "enum": [{"x-amazon-a": 1}]}}});
    let document = |schema: &Value| json!({"components": {"schemas": {"x-amazon-b": schema}}});
    assert_eq!(contract::without_extensions(&document(&schema)), document(&kept));
}

#[test]
fn a_route_that_is_closed_has_an_issuer_without_keys() {
    let mut lost = operation(proxy("https://h.example/a", json!({})));
    lost["security"] = json!([{"unknown": []}]);
    let (_, files) = imported(
        &json!({"openapi": "3.0.1", "info": {"title": "shop", "version": "1"}, "paths": {"/a": {"get": lost}}}),
    );
    let config = &files["doorward.toml"];
    assert!(
        config.contains("auth = [\"nobody\"]") && config.contains("jwks_file = \"nobody.jwks.json\""),
        "{config}"
    );
    assert_eq!(files["nobody.jwks.json"], closed::KEYS);
}
