use doorward_contract::{Document, Operation, OperationName};
use expect_test::expect;
use http::Method;

use crate::shop::{SHOP, operation};

#[test]
fn operations_are_listed_with_their_routes() {
    let document = Document::parse("f", SHOP).unwrap();
    let found: Vec<_> = document.operations().map(|o| format!("{} {} {}", o.id, o.method, o.path)).collect();
    assert_eq!(
        found,
        [
            "createOrder POST /orders",
            "deleteOrder DELETE /orders/{id}",
            "getOrder GET /orders/{id}",
            "headOrder HEAD /orders/{id}",
        ]
    );
    let create = document.operation("createOrder").unwrap();
    assert_eq!((create.method(), create.path_template()), (&Method::POST, "/orders"));
}

#[test]
fn a_json_document_is_read_like_its_yaml() {
    let text =
        r#"{"openapi": "3.0.3", "paths": {"/a": {"get": {"operationId": "a"}, "x-note": 1}, "x-note": 1}}"#;
    let document = Document::parse("f", text).unwrap();
    let found: Vec<_> = document.operations().collect();
    assert_eq!(found, [OperationName { id: "a", method: &Method::GET, path: "/a" }]);
    assert!(document.operation("a").unwrap().input().is_none());
}

#[test]
fn path_items_may_be_shared() {
    let text = r##"{"openapi": "3.1.0", "jsonSchemaDialect": "https://spec.openapis.org/oas/3.1/dialect/base",
        "paths": {"/a/{x}": {"$ref": "#/components/pathItems/one"}},
        "components": {"pathItems": {"one": {
            "parameters": [{"name": "x", "in": "path", "required": true, "schema": {"type": "string"}}],
            "get": {"operationId": "a"}}}}}"##;
    assert_eq!(operation(text, "a").path_template(), "/a/{x}");
}

#[test]
fn an_operation_is_also_behind_the_paths_of_its_servers() {
    let text = r##"{"openapi": "3.1.0", "servers": [{"url": "https://shop.example/v1/"}, {"url": "{stage}/v2",
            "variables": {"stage": {"default": "/test"}}}, {"url": "/{tenant}"}],
        "paths": {
            "/a": {"get": {"operationId": "a"}, "post": {"operationId": "c", "servers": [{"url": "/own"}]}},
            "/": {"get": {"operationId": "root"}},
            "/b": {"servers": [{"url": "/here"}], "get": {"operationId": "b", "servers": []}}}}"##;
    let check = |id, expected: &[&str]| {
        let operation = operation(text, id);
        let all = ["/", "/a", "/b"].into_iter().flat_map(|path| {
            ["", "/v1", "/v2", "/test/v2", "/own", "/here", "/{tenant}"].map(|base| format!("{base}{path}"))
        });
        let all = all.chain(["/v1".to_owned(), "/v1a".to_owned()]);
        assert_eq!(all.filter(|template| operation.is_at(template)).collect::<Vec<_>>(), expected, "{id}");
    };
    check("a", &["/a", "/v1/a", "/test/v2/a"]);
    check("b", &["/b", "/here/b"]);
    check("c", &["/a", "/own/a"]);
    check("root", &["/", "/v1/", "/test/v2/", "/v1"]);
}

#[test]
fn an_unknown_operation_is_told_with_the_likeliest_one() {
    let document = Document::parse("shop.yaml", SHOP).unwrap();
    expect![[r#"
        shop.yaml:3:1: the contract has no operation `creatOrder`
          hint: did you mean `createOrder`?"#]]
    .assert_eq(&document.operation("creatOrder").unwrap_err().to_string());
    expect!["shop.yaml:3:1: the contract has no operation `zzz`"]
        .assert_eq(&document.operation("zzz").unwrap_err().to_string());
}

#[test]
fn compiled_operations_are_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Operation>();
    shared::<Document>();
}
