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
    let ids = ["list_books", "addBook", "getBooksByBookId", "deleteBooksByBookId"];
    let left = [
        "the action is called `list_books`",
        "it is `book_id` now",
        "until they are set",
        "~1files~1{path+}",
    ];
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
    let ids = [
        "getOrders",
        "PlaceOrder",
        "getOrdersByOrderId",
        "getStock",
        "postStock",
        "putStock",
        "patchStock",
        "deleteStock",
        "postJobs",
    ];
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
        "/static/{proxy+}",
        "a preflight",
        "to-be-set",
    ];
    let left: Vec<String> = left.iter().map(|words| words.replace("/static/", "~1static~1")).collect();
    let left: Vec<&str> = left.iter().map(String::as_str).collect();
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
        "issuer = \"https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEfGhI\"",
        "check_answers = \"report\"",
        "auth = [\"iam\"]",
    ] {
        assert!(config.contains(line), "{line}\n{config}");
    }
}

#[test]
fn the_export_of_an_http_api_becomes_a_project() {
    let ids = ["getPets", "postPets", "getPetsByPetId", "postAdoptions"];
    let config = check("http-api-export.yaml", &[], &ids, &["models none of its messages", "~1$default"]);
    for line in [
        "lambda = \"arn:aws:lambda:us-west-2:123456789012:function:pets:live\"",
        "sqs = \"https://sqs.us-west-2.amazonaws.com/123456789012/adoptions\"",
        "issuer = \"https://id.pets.example/\"",
        "scopes = [\"pets.write\"]",
        "origins = [\"https://pets.example\"]",
        "rewrite = \"/animals/{petId}\"",
    ] {
        assert!(config.contains(line), "{line}\n{config}");
    }
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
