//! Answers of the real authorizer that the local gateways keep: they let nobody in whom the dispatcher would refuse, and
//! refuse nobody whom it would let in.

use doorward_tests::http::{Answer, send};
use doorward_tests::local_door::LocalDoor;
use serde_json::json;
use tempfile::TempDir;

use crate::check::project;

const FRONTS: &str = r#"fronts = ["rest-api:shoprest", "http-api:shop","#;

/// Order 42 is alice's, and 43 bob's.
const ORDERS: &str = r#"[
    {"uid": {"type": "Order", "id": "42"}, "attrs": {"owner": {"__entity": {"type": "User", "id": "alice"}}},
     "parents": [{"type": "Function", "id": "orders"}]},
    {"uid": {"type": "Order", "id": "43"}, "attrs": {"owner": {"__entity": {"type": "User", "id": "bob"}}},
     "parents": [{"type": "Function", "id": "orders"}]}
]"#;

fn shop(change: &dyn Fn(String) -> String) -> TempDir {
    project(&[
        ("doorward.toml", &|text| {
            let text = text.replacen(r#"fronts = ["http-api:shop","#, FRONTS, 1);
            change(text.replacen("burst = 10", "burst = 1000", 1))
        }),
        ("entities.json", &|_| ORDERS.to_owned()),
    ])
}

/// Whether the gateway reused an answer, as its access log says.
fn was_reused(door: &LocalDoor, answer: &Answer) -> bool {
    let id = answer.header("apigw-requestid").or(answer.header("x-amzn-requestid")).unwrap();
    let lines = door.lines(id);
    let line = lines.iter().find(|line| !line["authorizer"].is_null());
    line.unwrap_or_else(|| panic!("{answer:?}: {lines:?}"))["authorizer"] == "cache-hit"
}

fn ask(url: &str, method: &str, path: &str, bearer: &str) -> Answer {
    let (scheme, rest) = url.split_once("://").unwrap();
    let (authority, base) = rest.split_once('/').unwrap_or((rest, ""));
    let base = if base.is_empty() { String::new() } else { format!("/{}", base.trim_end_matches('/')) };
    let headers = [("authorization", bearer), ("content-type", "application/json")];
    let order = br#"{"items":[{"sku":"TEA-1","quantity":2}],"total":4200}"#;
    let body: &[u8] = if method == "POST" { order } else { b"" };
    send(&format!("{scheme}://{authority}"), method, &format!("{base}{path}"), &headers, body)
}

#[test]
fn a_cached_answer_for_order_42_never_opens_order_43() {
    for form in ["simple", "iam-policy"] {
        let folder = shop(&|text| text.replacen("answer = \"simple\"", &format!("answer = \"{form}\""), 1));
        let door = LocalDoor::open(folder.path(), &[]);
        let alice = door.bearer("alice", "customers");
        for url in [door.http_api(), door.rest_api()] {
            for (path, status, is_reused) in [
                ("/orders/42", 200, false),
                ("/orders/42", 200, true),
                ("/orders/43", 403, false),
                ("/orders/43", 403, true),
                ("/orders/42", 200, true),
            ] {
                let answer = ask(url, "GET", path, &alice);
                assert_eq!(answer.status, status, "{form} {url} {path}: {answer:?}");
                assert_eq!(was_reused(&door, &answer), is_reused, "{form} {url} {path}");
            }
        }
    }
}

#[test]
fn one_policy_of_exact_arns_serves_every_route() {
    let folder = shop(&|text| {
        let shared = "answer = \"iam-policy\"\nidentity_sources = [\"header.authorization\"]";
        let text = text.replacen("answer = \"simple\"", shared, 1);
        // What has a parameter in its path has no exact ARN.
        let text = ["GET /orders/{id}", "GET /orders/{id}/tracking", "GET /catalog/{sku}"].iter().fold(
            text,
            |text, key| {
                let line = format!("match = \"{key}\"\n");
                text.replacen(&line, &format!("{line}authorizer = false\n"), 1)
            },
        );
        text + "\n[[routes]]\nid = \"listOrders\"\nmatch = \"GET /orders\"\ntarget = \"orders\"\nauth = [\"main\"]\n"
            + "\n[[routes]]\nid = \"getReport\"\nmatch = \"GET /report\"\ntarget = \"orders\"\nauth = [\"main\"]\n"
    });
    let policies = r#"
        @id("all-list") permit (principal in Group::"customers", action == Action::"listOrders", resource);
        @id("staff-reports") permit (principal in Group::"staff", action == Action::"getReport", resource);
    "#;
    std::fs::write(folder.path().join("more.cedar"), policies).unwrap();
    let door = LocalDoor::open(folder.path(), &[]);
    let alice = door.bearer("alice", "customers");
    for url in [door.http_api(), door.rest_api()] {
        for (method, path, is_reused) in [
            ("GET", "/report", false),
            ("POST", "/orders", true),
            ("GET", "/report", true),
            ("GET", "/orders", true),
        ] {
            let answer = ask(url, method, path, &alice);
            assert_eq!(answer.status == 403, path == "/report", "{url} {method} {path}: {answer:?}");
            assert_eq!(was_reused(&door, &answer), is_reused, "{url} {method} {path}");
        }
        // The dispatcher alone decides these.
        assert_eq!(ask(url, "GET", "/orders/42", &alice).status, 200);
        assert_eq!(ask(url, "GET", "/orders/43", &alice).status, 403);
    }
}

#[test]
fn an_authorizer_alone_records_whom_it_lets_in() {
    let folder = shop(&|text| text.replacen("[authorizer]", "[authorizer]\nalone = true", 1));
    // What an authorizer alone never sees, policies must not read.
    let orders = std::fs::read_to_string(folder.path().join("orders.cedar")).unwrap();
    let open = orders.replacen("context.input.total <= 100000 // cents", "true", 1);
    std::fs::write(folder.path().join("orders.cedar"), open).unwrap();
    std::fs::write(folder.path().join("orders.test.toml"), "").unwrap();
    let door = LocalDoor::open(folder.path(), &[]);
    let question = json!({
        "version": "2.0", "type": "REQUEST", "routeKey": "GET /orders/{id}", "rawPath": "/orders/42", "rawQueryString": "",
        "routeArn": "arn:aws:execute-api:us-east-1:123456789012:shop/$default/GET/orders/42",
        "identitySource": [], "headers": {"authorization": door.bearer("alice", "customers")},
        "requestContext": {
            "accountId": "123456789012", "apiId": "shop", "domainName": "shop.execute-api.us-east-1.amazonaws.com",
            "http": {"method": "GET", "path": "/orders/42", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": ""},
            "requestId": "r", "routeKey": "GET /orders/{id}", "stage": "$default", "time": "24/Nov/2026:00:00:00 +0000",
            "timeEpoch": 0
        }
    });
    let path = "/2015-03-31/functions/authorizer/invocations";
    let answer = send(door.lambda(), "POST", path, &[], question.to_string().as_bytes()).json();
    assert_eq!(answer["isAuthorized"], true, "{answer}");
    let row = door.ledger(answer["context"]["callId"].as_str().unwrap());
    assert_eq!(row["outcome"]["S"], "passed", "{row}");
}
