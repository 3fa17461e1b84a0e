//! What strangers send to the real functions, through a function URL, an HTTP API and the Invoke API: each gets its
//! own clear refusal.

use doorward_tests::http::send;
use doorward_tests::local_door::LocalDoor;
use doorward_tests::workspace;
use serde_json::json;

const ORDER: &str = r#"{"items":[{"sku":"TEA-1","quantity":2}],"total":4200}"#;

#[test]
fn each_bad_request_gets_its_own_refusal_and_a_row_where_the_caller_is_known() {
    let door = LocalDoor::open(workspace::root(), &[]);
    let alice = door.bearer("alice", "customers");
    let json_type = ("content-type", "application/json");
    let large = format!(r#"{{"note":"{}"}}"#, "x".repeat(1024 * 1024));
    #[rustfmt::skip]
    let cases: [(&str, &str, &str, u16, &str, bool); 14] = [
        ("GET", "/orders%2F1001", "", 400, "ambiguous-path", false),
        ("GET", "/orders/%2e%2e/orders/1001", "", 400, "ambiguous-path", false),
        ("GET", "/orders/../orders/1001", "", 400, "ambiguous-path", false),
        ("GET", "//orders/1001", "", 400, "ambiguous-path", false),
        ("GET", "/orders/1001%00", "", 400, "ambiguous-path", false),
        ("GET", "/orders/%2531001", "", 400, "ambiguous-path", false),
        ("GET", "/nowhere", "", 404, "not-found", false),
        ("PATCH", "/orders", "", 405, "method-not-allowed", false),
        ("POST", "/orders", &large, 413, "payload-too-large", false),
        ("POST", "/orders", r#"{"total":1,"total":2,"items":[]}"#, 400, "duplicate-key", true),
        ("POST", "/orders", "{\"items\":", 400, "malformed-json", true),
        ("POST", "/orders", r#"{"items":[],"total":1}"#, 422, "contract-violation", true),
        ("POST", "/orders", r#"{"items":[{"sku":"TEA-1","quantity":2}],"total":100001}"#, 403, "forbidden", true),
        ("GET", "/orders/abc", "", 403, "forbidden", true),
    ];
    for (method, path, body, status, code, known) in cases {
        let headers = [("authorization", alice.as_str()), json_type];
        let answer = send(door.function_url(), method, path, &headers, body.as_bytes());
        let problem = answer.json();
        assert_eq!((answer.status, &problem["code"]), (status, &json!(code)), "{method} {path}: {answer:?}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        let id = problem["request_id"].as_str().unwrap();
        assert_eq!(answer.header("x-request-id"), Some(id));
        assert_eq!(door.ledger(id).is_null(), !known, "{method} {path}: the ledger");
        assert!(door.lines(id).iter().any(|line| line["code"] == code), "{method} {path}: its line");
    }
}

#[test]
fn the_wrong_media_type_and_an_unknown_key_are_refused() {
    let door = LocalDoor::open(workspace::root(), &[]);
    let alice = door.bearer("alice", "customers");
    let headers = [("authorization", alice.as_str()), ("content-type", "text/plain")];
    let answer = send(door.function_url(), "POST", "/orders", &headers, ORDER.as_bytes());
    assert_eq!((answer.status, &answer.json()["code"]), (415, &json!("unsupported-media-type")));

    let (head, rest) = alice.split_once('.').unwrap();
    let unknown = format!("Bearer eyJhbGciOiJFUzI1NiIsImtpZCI6Im90aGVyIn0.{rest}");
    assert_ne!(head, unknown.split_once('.').unwrap().0);
    let answer = send(door.function_url(), "GET", "/orders/1001", &[("authorization", &unknown)], b"");
    assert_eq!((answer.status, &answer.json()["code"]), (401, &json!("invalid-token")));
    let id = answer.json()["request_id"].as_str().unwrap().to_owned();
    let causes: Vec<_> = door.lines(&id).iter().map(|line| line["cause"].clone()).collect();
    assert!(causes.contains(&json!("the issuer has no key with the token's `kid`")), "{causes:?}");
}

#[test]
fn a_forged_envelope_gets_no_further_than_its_front() {
    let door = LocalDoor::open(workspace::root(), &[]);
    let event = json!({
        "version": "2.0", "routeKey": "$default", "rawPath": "/orders/1001", "rawQueryString": "",
        "headers": { "authorization": door.bearer("alice", "customers") },
        "requestContext": {
            "accountId": "anonymous", "apiId": "forged", "domainName": "forged.lambda-url.us-east-1.on.aws",
            "http": { "method": "GET", "path": "/orders/1001", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "" },
            "requestId": "r", "routeKey": "$default", "stage": "$default", "time": "24/Nov/2026:00:00:00 +0000", "timeEpoch": 0
        },
        "isBase64Encoded": false
    });
    let path = "/2015-03-31/functions/dispatcher/invocations";
    let answer = send(door.lambda(), "POST", path, &[], event.to_string().as_bytes()).json();
    assert_eq!(answer["statusCode"], 403, "{answer}");
    let problem: serde_json::Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    assert_eq!(problem["code"], "unknown-front");
}

#[test]
fn the_gateway_takes_the_authorizers_iam_policies_as_well() {
    let folder = tempfile::tempdir().unwrap();
    crate::check::copy(&workspace::root().join("policies"), folder.path());
    let config = folder.path().join("doorward.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    assert!(text.contains("answer = \"simple\""));
    std::fs::write(&config, text.replace("answer = \"simple\"", "answer = \"iam-policy\"")).unwrap();
    let door = LocalDoor::open(folder.path(), &[]);
    let alice = door.bearer("alice", "customers");
    let read = |path: &str| send(door.http_api(), "GET", path, &[("authorization", &alice)], b"");
    assert_eq!(read("/orders/1001").status, 200);
    let denied = read("/orders/1002");
    assert_eq!((denied.status, denied.body.as_str()), (403, r#"{"message":"Forbidden"}"#));
    let again = read("/orders/1001");
    assert_eq!(again.status, 200, "a cached answer for one order says nothing of another");
    let access = door.lines(again.header("apigw-requestid").unwrap());
    assert!(access.iter().any(|line| line["authorizer"] == "cache-hit"), "{access:?}");
    let unproven = send(door.http_api(), "GET", "/orders/1001", &[("authorization", "Bearer a.b.c")], b"");
    assert_eq!((unproven.status, unproven.body.as_str()), (401, r#"{"message":"Unauthorized"}"#));
}
