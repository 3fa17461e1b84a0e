//! Every front of the local door, whose events the emulator writes from AWS's documentation, read by the functions.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;

use doorward_tests::http::send;
use doorward_tests::local_door::{LocalDoor, dynamodb};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::check::project;

const POLICY: &str = r#"
@id("buyers-stay-away")
forbid (principal in Group::"buyers", action == Action::"openCounter", resource);
"#;

fn every_front() -> TempDir {
    let fronts = r#"fronts = ["rest-api:shoprest", "alb:shop/49e9d65c45c6791a", "http-api:shop","#;
    let folder = project(&[("doorward.toml", &|text| {
        text.replacen(r#"fronts = ["http-api:shop","#, fronts, 1)
            .replacen("burst = 10", "burst = 1000", 1)
            .replacen("cache = \"60s\"", "cache = \"0s\"", 1)
    })]);
    std::fs::write(folder.path().join("connect.cedar"), POLICY).unwrap();
    folder
}

/// Origin and base path of `http://127.0.0.1:3000/prod`.
fn split(url: &str) -> (String, String) {
    let (scheme, rest) = url.split_once("://").unwrap();
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let base = if path.is_empty() { String::new() } else { format!("/{}", path.trim_end_matches('/')) };
    (format!("{scheme}://{authority}"), base)
}

#[test]
fn a_request_is_decided_alike_whatever_its_front() {
    let folder = every_front();
    let door = LocalDoor::open(folder.path(), &[]);
    let alice = door.bearer("alice", "customers");
    let order = br#"{"items":[{"sku":"TEA-1","quantity":2}],"total":4200}"#;
    for (front, url) in [
        ("http-api", door.http_api()),
        ("function-url", door.function_url()),
        ("rest-api", door.rest_api()),
        ("alb", door.alb()),
    ] {
        let (origin, base) = split(url);
        let ask = |method: &str, path: &str, body: &[u8]| {
            let headers = [("authorization", alice.as_str()), ("content-type", "application/json")];
            send(&origin, method, &format!("{base}{path}"), &headers, body)
        };
        let read = ask("GET", "/orders/1001", b"");
        assert_eq!(read.status, 200, "{front}: {}", read.body);
        assert_eq!(read.json()["id"], "1001", "{front}");
        assert_eq!(
            ask("GET", "/orders/100%31", b"").status,
            200,
            "{front}: the same order, written otherwise"
        );
        assert_eq!(ask("GET", "/orders/1002", b"").status, 403, "{front}: somebody else's");
        assert_eq!(ask("POST", "/orders", order).status, 201, "{front}");
        assert_eq!(ask("POST", "/orders", b"{\"total\":1}").status, 422, "{front}");
        let health = send(&origin, "GET", &format!("{base}/.doorward/health"), &[], b"");
        assert_eq!(health.status, 200, "{front}: {}", health.body);
        let nobody = send(&origin, "GET", &format!("{base}/orders/1001"), &[], b"");
        assert_eq!(nobody.status, 401, "{front}: {}", nobody.body);
        let forged = [
            ("authorization", alice.as_str()),
            ("x-doorward-caller", "root"),
            ("x-amzn-mtls-clientcert-leaf", "x"),
        ];
        assert_eq!(send(&origin, "GET", &format!("{base}/orders/1002"), &forged, b"").status, 403, "{front}");
    }
}

/// The status of the answer to a handshake.
fn open(url: &str, fields: &str) -> u16 {
    let (origin, base) = split(url);
    let authority = origin.strip_prefix("ws://").unwrap();
    let mut stream = TcpStream::connect(authority).unwrap();
    let request = format!(
        "GET {base} HTTP/1.1\r\nHost: {authority}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{fields}\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    line.split(' ').nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_connection_is_opened_by_who_may() {
    let folder = every_front();
    let door = LocalDoor::open(folder.path(), &[]);
    let field = |groups: &str| format!("Authorization: {}\r\n", door.bearer("alice", groups));
    assert_eq!(open(door.websocket_api(), &field("customers")), 101);
    let scan = json!({ "TableName": "doorward-ledger" });
    let ledger = dynamodb(door.dynamodb(), "Scan", &scan).json();
    let ends: Vec<_> = ledger["Items"].as_array().unwrap().iter().collect();
    let [only] = ends.as_slice() else { panic!("one call: {ledger}") };
    assert_eq!((&only["action"]["S"], &only["outcome"]["S"]), (&"openCounter".into(), &"admitted".into()));
    assert_eq!(open(door.websocket_api(), &field("buyers")), 403);
    assert_eq!(open(door.websocket_api(), "Authorization: Bearer x.y.z\r\n"), 401);
    assert_eq!(open(door.websocket_api(), ""), 401);
}

/// What the authorizer answers to `question`.
fn ask(door: &LocalDoor, question: &Value) -> Value {
    let path = "/2015-03-31/functions/authorizer/invocations";
    send(door.lambda(), "POST", path, &[], question.to_string().as_bytes()).json()
}

#[test]
fn the_authorizer_answers_every_question_in_its_own_form() {
    let folder = every_front();
    let door = LocalDoor::open(folder.path(), &[]);
    let alice = door.bearer("alice", "customers");
    let arn = |end: &str| format!("arn:aws:execute-api:us-east-1:123456789012:{end}");
    let token = |end: &str| json!({"type": "TOKEN", "authorizationToken": alice, "methodArn": arn(end)});
    let one = |version: Option<&str>, api: &str, path: &str, end: &str| {
        let mut question = json!({
            "type": "REQUEST", "methodArn": arn(end), "resource": "/orders/{id}", "path": path,
            "httpMethod": "GET", "headers": {"Authorization": alice},
            "requestContext": {"apiId": api, "stage": "prod", "identity": {"sourceIp": "192.0.2.1"}}
        });
        if let Some(version) = version {
            question["version"] = json!(version);
        }
        question
    };
    let effect = |answer: &Value| answer["policyDocument"]["Statement"][0]["Effect"].clone();
    for (question, expected, code) in [
        (token("shoprest/prod/GET/orders/1001"), "Allow", None),
        (token("shoprest/prod/GET/orders/1002"), "Deny", Some("forbidden")),
        (token("shoprest/prod/GET/orders/100%31"), "Deny", Some("ambiguous-path")),
        (token("shoprest/prod/GET/orders/1001%2"), "Deny", Some("ambiguous-path")),
        (token("shoprest/*/GET/orders/1001"), "Deny", Some("ambiguous-path")),
        (token("elsewhere/prod/GET/orders/1001"), "Deny", Some("unknown-front")),
        (one(None, "shoprest", "/orders/1001", "shoprest/prod/GET/orders/1001"), "Allow", None),
        (
            one(None, "shoprest", "/orders/1001", "shoprest/prod/GET/orders/1002"),
            "Deny",
            Some("ambiguous-path"),
        ),
        (one(None, "shop", "/orders/1001", "shop/prod/GET/orders/1001"), "Deny", Some("unknown-front")),
        (one(Some("1.0"), "shop", "/prod/orders/1001", "shop/prod/GET/orders/1001"), "Allow", None),
        (one(Some("1.0"), "shop", "/orders/1001", "shop/prod/GET/orders/1001"), "Allow", None),
        (
            one(Some("1.0"), "shop", "/prod/orders/1002", "shop/prod/GET/orders/1002"),
            "Deny",
            Some("forbidden"),
        ),
        (token("no-arn"), "Deny", Some("malformed-request")),
    ] {
        let answer = ask(&door, &question);
        assert_eq!(effect(&answer), expected, "{question}: {answer}");
        assert_eq!(answer["context"].get("code"), code.map(Value::from).as_ref(), "{question}: {answer}");
    }
    let unproven = json!({"type": "TOKEN", "authorizationToken": "Bearer x.y.z", "methodArn": arn("shoprest/prod/GET/orders/1001")});
    assert_eq!(ask(&door, &unproven)["errorMessage"], "Unauthorized");
}
