//! `doorward import openapi`: what it writes is a sound project.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use doorward_tests::{binaries, workspace};
use serde_json::Value;

use crate::policy_tests::{doorward, said};

fn sample(name: &str) -> PathBuf {
    workspace::root().join("tests/samples/import").join(name)
}

fn import(name: &str, more: &[&str], out: &Path) -> Output {
    let mut command = Command::new(binaries::path("doorward"));
    command.args(["import", "openapi"]).arg(sample(name)).args(more).arg("--out").arg(out).output().unwrap()
}

/// Imports the sample, checks what was written, and gives the configuration and what was left over.
#[track_caller]
fn check(name: &str, more: &[&str], ids: &[&str], left_over: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let output = import(name, &[more, &["--format", "json"]].concat(), folder.path());
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let routes: Vec<&str> =
        told["routes"].as_array().unwrap().iter().map(|route| route["id"].as_str().unwrap()).collect();
    assert_eq!(routes, ids);
    let told = told["left_over"].to_string();
    for words in left_over {
        assert!(told.contains(words), "`{words}` is missing:\n{told}");
    }
    let checked = doorward(&["check"], folder.path());
    assert_eq!(checked.status.code(), Some(0), "{}", said(&checked));
    std::fs::read_to_string(folder.path().join("doorward.toml")).unwrap()
}

#[test]
fn a_plain_document_becomes_a_project() {
    let ids = ["list_books", "addBook", "getBooksByBookId", "deleteBooksByBookId", "getFilesByPath"];
    let left = ["the action is called `list_books`", "it is `book_id` now", "until they are set"];
    let config = check("plain.yaml", &[], &ids, &left);
    for line in [
        "http = \"https://library.example/v2\"",
        "match = \"GET /books/{book_id}\"",
        "header = \"x-library-key\"",
        "contract = \"contracts/the-library.yaml#addBook\"",
        "auth = [\"anonymous\"]",
    ] {
        assert!(config.contains(line), "{line}\n{config}");
    }
}

#[test]
fn the_export_of_a_rest_api_becomes_a_project() {
    let ids = ["getOrders", "PlaceOrder", "getOrdersByOrderId", "anyStock", "anyStaticByProxy", "postJobs"];
    let left = [
        "a Lambda authorizer",
        "mapping templates",
        "the VPC link",
        "several credentials at once",
        "x-amazon-apigateway-policy",
        "x-amazon-apigateway-gateway-responses",
        "x-amazon-apigateway-request-validators",
        "x-amazon-apigateway-binary-media-types",
        "x-amazon-apigateway-api-key-source",
        "x-amazon-apigateway-importexport-version",
        "x-amazon-apigateway-endpoint-configuration",
        "x-amazon-apigateway-tag-value",
        "a preflight",
        "to-be-set",
    ];
    let config = check(
        "rest-export.json",
        &["--stage-variable", "place=place-order", "--stage-variable", "link=x"],
        &ids,
        &left,
    );
    for line in [
        "lambda = \"arn:aws:lambda:eu-central-1:123456789012:function:place-order\"",
        "invocation = \"async\"",
        "rewrite = \"/v2/order/{orderId}\"",
        "match = \"ANY /stock\"",
        "match = \"ANY /static/{proxy+}\"",
        "rewrite = \"/{proxy}\"",
        "tokens = \"cognito\"",
        "issuer = \"https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEfGhI\"",
        "check_answers = \"report\"",
        "auth = [\"iam\"]",
    ] {
        assert!(config.contains(line), "{line}\n{config}");
    }
}

#[test]
fn the_export_of_an_http_api_becomes_a_project() {
    let ids = ["getPets", "postPets", "getPetsByPetId", "postAdoptions", "anyDefault", "anyDefault-2"];
    let config = check("http-api-export.yaml", &[], &ids, &["models none of its messages", "~1$default"]);
    for line in [
        "lambda = \"arn:aws:lambda:us-west-2:123456789012:function:pets:live\"",
        "sqs = \"https://sqs.us-west-2.amazonaws.com/123456789012/adoptions\"",
        "issuer = \"https://id.pets.example/\"",
        "scopes = [\"pets.write\"]",
        "origins = [\"https://pets.example\"]",
        "rewrite = \"/animals/{petId}\"",
        "match = \"ANY /\"",
        "match = \"ANY /{proxy+}\"",
    ] {
        assert!(config.contains(line), "{line}\n{config}");
    }
}

fn import_text(text: &str, folder: &Path) -> Output {
    let file = folder.join("given.json");
    std::fs::write(&file, text).unwrap();
    let mut command = Command::new(binaries::path("doorward"));
    command.args(["import", "openapi"]).arg(&file).arg("--out").arg(folder.join("out")).output().unwrap()
}

#[test]
fn what_api_gateway_waits_for_and_admits_is_written_out() {
    let folder = tempfile::tempdir().unwrap();
    let arn = "arn:aws:lambda:eu-central-1:123456789012:function";
    let uri = |date: &str, name: &str, end: &str| {
        format!("arn:aws:apigateway:eu-central-1:lambda:path/{date}/functions/{arn}:{name}/{end}")
    };
    let integration = "x-amazon-apigateway-integration";
    let document = serde_json::json!({
        "openapi": "3.0.1", "info": {"title": "shop", "version": "1"},
        "paths": {
            "/a": {"get": {"operationId": "a", "responses": {}, "security": [{"user": ["a.read", "a.write"]}], integration: {
                "type": "aws_proxy", "httpMethod": "POST", "uri": uri("2015-03-31", "plain", "invocations"),
                "contentHandling": "CONVERT_TO_TEXT", "passthroughBehavior": "never",
            }}},
            "/b": {"get": {"operationId": "b", "responses": {}, integration: {
                "type": "aws_proxy", "httpMethod": "POST", "responseTransferMode": "STREAM",
                "uri": uri("2021-11-15", "streamed", "response-streaming-invocations"),
            }}},
            "/c": {"get": {"operationId": "c", "responses": {}, integration: {
                "type": "aws_proxy", "httpMethod": "POST", "payloadFormatVersion": "2.0",
                "uri": uri("2015-03-31", "third", "invocations"),
            }}},
        },
        "components": {"securitySchemes": {"user": {"type": "oauth2", "flows": {}, "x-amazon-apigateway-authorizer": {
            "type": "jwt", "jwtConfiguration": {"issuer": "https://id.example/", "audience": ["shop"]},
        }}}},
    });
    let output = import_text(&document.to_string(), folder.path());
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    for words in ["the conversion between texts and binary bodies", "media types without a mapping template"]
    {
        assert!(told.contains(words), "`{words}` is missing:\n{told}");
    }
    let config = std::fs::read_to_string(folder.path().join("out/doorward.toml")).unwrap();
    let streamed = format!("lambda = \"{arn}:streamed\"");
    for line in [
        "scopes = { any = [\"a.read\", \"a.write\"] }",
        "timeout = \"29000ms\"",
        "timeout = \"30000ms\"",
        &streamed,
    ] {
        assert!(config.contains(line), "{line}\n{config}");
    }
    assert_eq!(config.matches("stream = true").count(), 2, "{config}");
}

#[test]
fn an_export_of_which_no_operation_becomes_a_route_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let document = r#"{"openapi": "3.0.1", "info": {"title": "shop", "version": "1"},
        "paths": {"/{proxy+}/x": {"x-amazon-apigateway-any-method": {"responses": {}}}}}"#;
    let output = import_text(document, folder.path());
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("nothing was written"), "{}", said(&output));
    assert!(!folder.path().join("out").exists());
}

#[test]
fn nothing_is_written_over_unless_it_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("doorward.toml");
    std::fs::write(&config, "mine").unwrap();
    let output = import("plain.yaml", &[], folder.path());
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert_eq!(std::fs::read_to_string(&config).unwrap(), "mine");
    assert!(!folder.path().join("contracts").exists());
    let output = import("plain.yaml", &["--force"], folder.path());
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_ne!(std::fs::read_to_string(&config).unwrap(), "mine");
}

#[test]
fn what_is_no_openapi_document_is_invalid() {
    let folder = tempfile::tempdir().unwrap();
    for text in ["swagger: '2.0'", "a: [", "openapi: 3.1.0\npaths: {a: {}}"] {
        let file = folder.path().join("given.yaml");
        std::fs::write(&file, text).unwrap();
        let output = Command::new(binaries::path("doorward"))
            .args(["import", "openapi", "--stdout"])
            .arg(&file)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(3), "{text}: {}", said(&output));
    }
}
