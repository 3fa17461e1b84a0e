use super::*;

mod contracts;

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
        let Rewrite { path, set_query, remove_query } = route.rewrite.clone();
        let set = set_query.iter().map(|(name, text)| format!(" {name}={text}"));
        let remove = remove_query.iter().map(|name| format!(" -{name}"));
        let rewrite = path.into_iter().chain(set).chain(remove).collect::<String>();
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
fn a_method_that_no_path_has_comes_to_the_greedy_route_as_in_rest_apis() {
    let mapping = json!({"integration.request.path.proxy": "method.request.path.proxy"});
    let mut own = operation(proxy("https://h.example/one", json!({})));
    own["x-amazon-apigateway-integration"]["passthroughBehavior"] = json!("when_no_match");
    let (found, told) = routes(json!({
        "/a": {"get": own},
        "/a/b": {"get": own},
        "/{proxy+}": {"x-amazon-apigateway-any-method": operation(proxy("https://h.example/{proxy}", mapping))},
    }));
    assert_eq!(found, ["GET /a anonymous /one", "GET /a/b anonymous /one", "ANY /{proxy+} anonymous"]);
    assert!(!told.contains("nobody"), "{told}");
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

/// The routes to one server with these mappings, the `headers` of its target, and the list.
fn mapped(path: &str, uri: &str, mapping: Value) -> (Vec<String>, String, String) {
    let paths = json!({path: {"x-amazon-apigateway-any-method": operation(proxy(uri, mapping))}});
    let (found, told) = routes(paths.clone());
    let (_, files) =
        imported(&json!({"openapi": "3.0.1", "info": {"title": "s", "version": "1"}, "paths": paths}));
    let headers = files["doorward.toml"].lines().find(|line| line.starts_with("headers = "));
    (found, headers.unwrap_or_default().to_owned(), told)
}

#[test]
fn a_path_that_is_overwritten_is_the_route_s_rewrite() {
    for (value, expected) in [
        ("/static", "ANY /a/{id}/{p+} anonymous /static"),
        ("/b/$request.path.id/${request.path.p}", "ANY /a/{id}/{p+} anonymous /b/{id}/{p}"),
        ("/v2$request.path", "ANY /a/{id}/{p+} anonymous /v2/a/{id}/{p}"),
        ("$request.path", "ANY /a/{id}/{p+} anonymous"),
    ] {
        let (found, _, told) = mapped("/a/{id}/{p+}", "https://h.example", json!({"overwrite:path": value}));
        assert_eq!((found, told.contains("overwrite:path")), (vec![expected.to_owned()], false), "{told}");
    }
    // The address's own path is none then, and what a door cannot say is no route.
    let (found, _, told) = mapped("/a", "https://h.example/b", json!({"overwrite:path": "/c"}));
    assert_eq!(found, ["ANY /a anonymous /c"]);
    assert!(told.contains("`/b`, which `overwrite:path` replaces"), "{told}");
    for value in
        ["/$context.authorizer.claims.sub", "/{id}", "$request.header.x", "/$request.path.other", "/a?b=c"]
    {
        assert!(
            mapped("/a/{id}", "https://h.example", json!({"overwrite:path": value})).0.is_empty(),
            "{value}"
        );
    }
}

#[test]
fn the_default_route_leads_to_a_server_whose_path_is_said() {
    let (found, _, told) =
        mapped("/$default", "https://h.example", json!({"overwrite:path": "$request.path"}));
    assert_eq!(found, ["ANY / anonymous", "ANY /{proxy+} anonymous"]);
    assert!(told.contains("is `ANY /` and `ANY /{proxy+}` now") && !told.contains("routeKey"), "{told}");
    let (found, _, told) = mapped("/$default", "https://h.example", json!({"append:header.x": "1"}));
    assert!(found.is_empty() && told.contains("which path its server is sent is not said"), "{told}");
}

#[test]
fn header_fields_are_set_and_taken_off_as_they_were() {
    let headers = |mapping| {
        let (found, headers, told) = mapped("/a", "https://h.example/a", mapping);
        assert_eq!(found, ["ANY /a anonymous"], "{told}");
        (headers, told)
    };
    let (said, told) = headers(json!({"overwrite:header.X-Version": "2", "remove:header.x-debug": "''"}));
    assert_eq!(said, r#"headers = { set = { x-version = "2" }, remove = ["x-debug"] }"#);
    assert!(!told.contains("requestParameters"), "{told}");
    let (said, told) = headers(json!({"append:header.x-stage": "blue"}));
    assert_eq!(said, r#"headers = { set = { x-stage = "blue" } }"#);
    assert!(told.contains("is added to what callers send of it"), "{told}");
    // A field that the gateway wrote over the caller's is none that callers may write now.
    for (key, value) in [
        ("overwrite:header.x-user", "$context.authorizer.claims.sub"),
        ("append:header.x-user", "$context.authorizer.claims.sub"),
        ("integration.request.header.x-user", "context.authorizer.principalId"),
        ("overwrite:header.x-user", "a\nb"),
    ] {
        let (said, told) = headers(json!({key: value}));
        assert_eq!(said, r#"headers = { remove = ["x-user"] }"#, "{key}");
        assert!(told.contains("the header field `x-user`"), "{told}");
    }
    let (said, told) = headers(json!({"integration.request.header.x-api-key": "'secret'"}));
    assert_eq!(said, r#"headers = { remove = ["x-api-key"] }"#);
    assert!(told.contains("must not stand in the file"), "{told}");
    let (said, told) = headers(json!({"overwrite:header.host": "a", "forget:header.x": "a"}));
    assert_eq!(said, "");
    assert!(
        told.contains("is for the door to set") && told.contains("`forget:header.x`, which nothing"),
        "{told}"
    );
    let same = json!({"integration.request.header.X": "method.request.header.x"});
    assert_eq!(headers(same), (String::new(), headers(json!({})).1));
}

#[test]
fn query_parameters_are_set_and_taken_off_as_they_were() {
    let query = |path: &str, uri: &str, mapping| mapped(path, uri, mapping);
    let mapping = json!({"overwrite:querystring.v": "2", "overwrite:querystring.id": "$request.path.id",
        "remove:querystring.debug": "''", "overwrite:querystring.who": "$context.identity.sourceIp"});
    let (found, _, told) = query("/a/{id}", "https://h.example/a", mapping);
    assert_eq!(found, ["ANY /a/{id} anonymous /a id={id} v=2 -debug -who"]);
    assert!(told.contains("the query parameter `who`") && !told.contains("`id`"), "{told}");
    let mapping = json!({"integration.request.path.x": "method.request.path.id"});
    let (found, _, _) = query("/a/{id}", "https://h.example/a?user={x}&q=a%20b+c&flag#f", mapping);
    assert_eq!(found, ["ANY /a/{id} anonymous /a flag= q=a b c user={id}"]);
    let (found, _, told) = query("/a", "https://h.example/b?q=%7Bx%7D", json!({}));
    assert_eq!(found, ["ANY /a anonymous /b -q"]);
    assert!(told.contains("which holds braces"), "{told}");
    // One that no door takes leaves the route out.
    assert!(query("/a", "https://h.example/a?q={x}", json!({})).0.is_empty());
}

#[test]
fn a_text_in_the_place_of_a_parameter_is_a_part_of_the_path() {
    let path =
        |value: &str| mapped("/a", "https://h.example/{x}/y", json!({"integration.request.path.x": value})).0;
    assert_eq!(path("'b'"), ["ANY /a anonymous /b/y"]);
    assert!(path("'b/c'").is_empty() && path("'..'").is_empty() && path("context.stage").is_empty());
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

#[test]
fn a_user_pool_is_an_issuer_of_each_kind_of_its_tokens() {
    let own = |scopes: &[&str]| {
        let mut own = operation(proxy("https://h.example/a", json!({})));
        own["security"] = json!([{"pool": scopes}]);
        json!({ "get": own })
    };
    let (read, files) = imported(&json!({"openapi": "3.0.1", "info": {"title": "s", "version": "1"},
    "paths": {"/a": own(&[]), "/b": own(&["r"])},
    "components": {"securitySchemes": {"pool": {"type": "oauth2", "flows": {}, "x-amazon-apigateway-authorizer": {
        "type": "jwt", "jwtConfiguration": {
            "issuer": "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_A", "audience": ["app"]},
    }}}}}));
    let config = doorward_config::parse("doorward.toml", &files["doorward.toml"]).unwrap();
    let issuers: Vec<_> =
        config.issuers.iter().map(|issuer| (issuer.name.as_str(), issuer.tokens.word())).collect();
    assert_eq!(issuers, [("pool", "cognito"), ("pool-id", "jwt")]);
    // Whoever calls is one and the same by either.
    assert!(config.issuers.iter().all(|issuer| issuer.principal.type_name == "User"));
    let auth: Vec<_> = read.routes.iter().map(|route| route.auth.join("+")).collect();
    assert_eq!(auth, ["pool+pool-id", "pool"]);
}

/// What is told of `[cors]` where the API has these routes.
fn told_of_cors(routes: &[&str], allow: Value) -> String {
    let mut paths = json!({});
    for (nth, key) in routes.iter().enumerate() {
        paths[format!("/a{nth}")] = json!({ *key: operation(proxy("https://h.example/a", json!({}))) });
    }
    let mut cors = json!({"allowOrigins": ["https://a.example"]});
    cors.as_object_mut().unwrap().extend(allow.as_object().unwrap().clone());
    let (imported, _) =
        imported(&json!({"openapi": "3.0.1", "info": {"title": "shop", "version": "1"}, "paths": paths,
        "x-amazon-apigateway-cors": cors}));
    let told = imported.leftovers.iter().filter(|left| left.pointer.starts_with("/x-amazon-apigateway-cors"));
    told.map(|left| format!("{}: {}", left.pointer, left.what)).collect::<Vec<_>>().join("\n")
}

#[test]
fn methods_that_preflights_did_not_allow_are_told() {
    let told = told_of_cors(&["get", "delete", "put"], json!({"allowMethods": ["GET", "PUT"]}));
    assert!(
        told.starts_with("/x-amazon-apigateway-cors/allowMethods: ") && told.contains("so DELETE too"),
        "{told}"
    );
    let told = told_of_cors(&["patch"], json!({}));
    assert!(told.starts_with("/x-amazon-apigateway-cors: ") && told.contains("so PATCH too"), "{told}");
    let any = "x-amazon-apigateway-any-method";
    let told = told_of_cors(&[any], json!({"allowMethods": ["PUT"]}));
    assert!(told.contains("so PATCH, DELETE, OPTIONS too"), "{told}");
    // Browsers send these without asking for the method.
    assert_eq!(told_of_cors(&["get", "head", "post"], json!({"allowMethods": ["GET"]})), "");
    assert_eq!(told_of_cors(&[any], json!({"allowMethods": ["*"]})), "");
    assert_eq!(told_of_cors(&["delete"], json!({"allowMethods": ["DELETE"], "maxAge": 60})), "");
    assert!(told_of_cors(&["get"], json!({"maxAge": -1})).contains("max_age"));
}

/// The targets of a document with these servers: of all, of a path, and of its operation; and the list.
fn targets(all: Value, path: Value, own: Value) -> (Vec<Value>, String) {
    let mut document = json!({"openapi": "3.0.1", "info": {"title": "shop", "version": "1"}, "paths": {"/a": {"get": {"responses": {}}}}});
    for (at, servers) in [("", all), ("/paths/~1a", path), ("/paths/~1a/get", own)] {
        if !servers.is_null() {
            document.pointer_mut(at).unwrap()["servers"] = servers;
        }
    }
    let (imported, _) = imported(&document);
    let told = imported.leftovers.iter().map(|left| format!("{}: {}", left.pointer, left.what));
    let targets = imported.targets.iter().map(|target| target.keys[0].1.clone());
    (targets.collect(), told.collect::<Vec<_>>().join("\n"))
}

#[test]
fn the_first_of_the_nearest_servers_is_the_target_and_others_are_told() {
    let server = |url: &str| json!({ "url": url });
    let (first, second) = (server("https://eu.x.example/v1"), server("https://us.y.example/v9"));
    let (found, told) = targets(json!([first, second]), json!(null), json!(null));
    assert_eq!(found, ["https://eu.x.example/v1"]);
    assert!(told.contains("/servers/1: the further server `https://us.y.example/v9`"), "{told}");
    let (found, told) = targets(json!([first, second]), json!(null), json!([second]));
    assert_eq!(found, ["https://us.y.example/v9"]);
    assert!(!told.contains("further server"), "{told}");
    // An address that is not known is not replaced by that of other operations.
    let unknown = json!([server("https://{region}.x.example"), second]);
    for (path, own, at) in [
        (unknown.clone(), json!(null), "/paths/~1a/servers"),
        (json!([second]), unknown, "/paths/~1a/get/servers"),
    ] {
        let (found, told) = targets(json!([first]), path, own);
        assert_eq!(found, ["to-be-set"]);
        assert!(told.contains(&format!("{at}: what answers is not said")), "{told}");
        assert!(told.contains(&format!("{at}/1: the further server")), "{told}");
    }
}

#[test]
fn a_segment_of_two_parameters_is_no_parameter() {
    let own = || json!({"responses": {"200": {"description": "ok"}}});
    for path in ["/range/{from}-{to}", "/repos/{owner}/compare/{base}...{head}", "/{a}{b}", "/a/{id}.json"] {
        let (found, told) = routes(json!({path: {"get": own()}, "/b": {"get": own()}}));
        assert_eq!(found, ["GET /b anonymous"]);
        assert!(told.contains(&format!("the route `GET {path}`: ")), "{told}");
    }
    // What takes anything in its place takes no request of it.
    let (found, told) =
        routes(json!({"/range/{from}-{to}": {"get": own()}, "/range/{both}": {"get": own(), "put": own()}}));
    assert_eq!(found, ["GET /range/{both} nobody", "PUT /range/{both} anonymous"]);
    assert!(told.contains("it would take the requests of `GET /range/{from}-{to}`"), "{told}");
}
