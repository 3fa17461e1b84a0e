//! Webhooks through the real processes: a signature proves its sender once.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use doorward_testkit::standard_signature;
use doorward_tests::http::{self, Answer};
use doorward_tests::local_door::LocalDoor;
use doorward_tests::workspace;
use serde_json::{Value, json};

/// What `whsec_` and base64 make of it is the secret.
const KEY: &[u8] = b"plainly-fake-key-of-tests";
const SECRET: &str = "whsec_cGxhaW5seS1mYWtlLWtleS1vZi10ZXN0cw==";
const BODY: &str = r#"{"type":"payment.succeeded","order":"1001"}"#;

fn open(project: &Path) -> LocalDoor {
    LocalDoor::open_with(project, &[], &[("PAYMENTS_WEBHOOK_SECRET", SECRET)])
}

fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_secs()).unwrap()
}

/// Sends `body` under a signature of [`BODY`].
fn deliver(base: &str, id: &str, time: i64, body: &str) -> Answer {
    let signature = standard_signature(KEY, id, time, BODY);
    let time = time.to_string();
    let headers = [
        ("content-type", "application/json"),
        ("webhook-id", id),
        ("webhook-timestamp", time.as_str()),
        ("webhook-signature", signature.as_str()),
    ];
    http::send(base, "POST", "/payments/webhook", &headers, body.as_bytes())
}

#[track_caller]
fn assert_refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status, answer.json()["code"].as_str()), (status, Some(code)), "{answer:?}");
}

/// The question of an HTTP API for a delivery.
fn question(headers: Value) -> Value {
    json!({
        "version": "2.0", "type": "REQUEST", "routeKey": "POST /payments/webhook",
        "routeArn": "arn:aws:execute-api:us-east-1:123456789012:shop/$default/POST/payments/webhook",
        "rawPath": "/payments/webhook", "rawQueryString": "", "headers": headers,
        "requestContext": {
            "accountId": "123456789012", "apiId": "shop", "domainName": "shop.example", "domainPrefix": "shop",
            "requestId": "r1", "routeKey": "POST /payments/webhook", "stage": "$default",
            "time": "25/Nov/2026:00:00:00 +0000", "timeEpoch": 1_795_564_800_000_i64,
            "http": {
                "method": "POST", "path": "/payments/webhook", "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1", "userAgent": "test",
            },
        },
    })
}

#[test]
fn a_delivery_is_served_once_whatever_front_it_comes_by() {
    let door = open(workspace::root());
    let first = deliver(door.http_api(), "msg_1", now(), BODY);
    assert_eq!((first.status, first.json()), (200, json!({ "status": "noted" })), "{first:?}");
    let call = first.header("x-request-id").unwrap().to_owned();
    assert!(call.starts_with("webhook-"), "{call}");
    for base in [door.http_api(), door.function_url()] {
        let again = deliver(base, "msg_1", now(), BODY);
        assert_refused(&again, 409, "repeated-call");
        assert_eq!(again.header("x-request-id"), Some(call.as_str()));
    }
    let row = door.ledger(&call);
    assert_eq!(row["outcome"]["S"], "admitted");
    assert_eq!(row["caller"]["S"], "Sender::\"payments\"", "{row}");
    let lines = door.lines(&call);
    let outcomes: Vec<&str> = lines.iter().filter_map(|line| line["outcome"].as_str()).collect();
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == "repeated").count(), 2, "{lines:#?}");
    assert!(!lines.iter().any(|line| line.to_string().contains(SECRET)));

    assert_refused(&deliver(door.http_api(), "msg_2", now(), "{}"), 401, "invalid-signature");
    assert_refused(&deliver(door.http_api(), "msg_2", now() - 600, BODY), 401, "invalid-signature");
    let bare = http::send(door.http_api(), "POST", "/payments/webhook", &[], BODY.as_bytes());
    assert_refused(&bare, 401, "missing-credentials");
    assert_eq!(deliver(door.function_url(), "msg_2", now(), BODY).status, 200);

    // The authorizer is not before this route; where somebody puts it there, it says why it does not let it pass.
    let path = "/2015-03-31/functions/authorizer/invocations";
    let asked = question(json!({ "webhook-signature": "v1,x" })).to_string();
    let answer = http::send(door.lambda(), "POST", path, &[], asked.as_bytes()).json();
    assert_eq!(answer["isAuthorized"], false, "{answer}");
    assert_eq!(answer["context"]["code"], "needs-body");
}

#[test]
fn without_its_secret_nobody_is_proven() {
    let door = LocalDoor::open(workspace::root(), &[]);
    assert_refused(&deliver(door.function_url(), "msg_1", now(), BODY), 503, "secrets-unavailable");
}
