//! `doorward policy explain`, of samples and of calls that went through a local door.

use std::process::{Command, Output};

use doorward_tests::http::send;
use doorward_tests::local_door::LocalDoor;
use doorward_tests::{binaries, free_address, workspace};
use serde_json::{Value, json};

use crate::policy_tests::said;

fn explain(arguments: &[&str]) -> Output {
    let root = workspace::root();
    Command::new(binaries::path("doorward"))
        .current_dir(root)
        .args(["policy", "explain"])
        .args(arguments)
        .output()
        .unwrap()
}

#[track_caller]
fn check(arguments: &[&str], code: i32, expected: &[&str]) {
    let output = explain(arguments);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{said}");
    for words in expected {
        assert!(said.contains(words), "`{words}` is missing after {arguments:?}:\n{said}");
    }
}

#[test]
fn a_sample_is_explained_by_the_policies_that_decide_it() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let order = |total: &str| {
        format!(
            "principal = 'User::\"alice\"'\ngroups = [\"customers\"]\n\
             request = {{ method = \"POST\", path = \"/orders\", body = {{ items = [{{ sku = \"TEA-1\", quantity = 2 }}], total = {total} }} }}"
        )
    };
    let allowed = write("allowed.toml", &order("100000"));
    let determined = "determined by customers-order-up-to-1000 at policies/orders.cedar:2";
    let text = "  @id(\"customers-order-up-to-1000\")\n  permit (";
    check(&["--file", &allowed], 0, &["allow\n", "createOrder on Function::\"orders\"", determined, text]);
    let denied = write("denied.toml", &order("100001"));
    let part = "line 8    when    false  context.input.total <= 100000";
    check(&["--file", &denied], 2, &["deny: no policy permits it", "does not hold", part]);
    let faulty = write("faulty.toml", &order("\"much\""));
    let left_open = "is left open: it reads the payload";
    check(
        &["--file", &faulty],
        0,
        &["allow, but refused as contract-violation", "body /total: must be", left_open],
    );
    let nowhere = write("nowhere.toml", "request = { method = \"GET\", path = \"/%2F\" }");
    let before = ["refused before the policies are asked: ambiguous-path", "the path holds an encoded slash"];
    check(&["--file", &nowhere], 2, &before);
    let invalid = write("invalid.toml", "acton = \"createOrder\"");
    check(
        &["--file", &invalid],
        3,
        &["invalid.toml:1:1: unknown key `acton`", "hint: did you mean `action`?"],
    );
    check(&["--file", "nothing.toml"], 1, &["cannot read `nothing.toml`"]);
    check(&[], 3, &["CALL"]);

    let request = json!({
        "version": "2.0", "routeKey": "$default", "rawPath": "/orders/1001", "rawQueryString": "", "headers": {},
        "requestContext": {
            "apiId": "shopurl", "domainName": "shopurl.lambda-url.us-east-1.on.aws", "requestId": "r", "stage": "$default",
            "http": { "method": "GET", "path": "/orders/1001", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "" },
            "routeKey": "$default", "accountId": "anonymous", "time": "24/Nov/2026:00:00:00 +0000", "timeEpoch": 0
        },
        "isBase64Encoded": false
    });
    let envelope = write("request.json", &request.to_string());
    check(&["--file", &envelope], 2, &["missing-credentials"]);
    let by = |user: &str| {
        ["--file".to_owned(), envelope.clone(), "--principal".to_owned(), format!("User::\"{user}\"")]
    };
    let owner = by("alice");
    check(&owner.each_ref().map(String::as_str), 0, &["determined by owners-read-their-orders"]);
    let suspended = [&owner[..], &["--group".to_owned(), "suspended".to_owned()]].concat();
    let suspended: Vec<&str> = suspended.iter().map(String::as_str).collect();
    check(&suspended, 2, &["deny: a policy forbids it", "determined by suspended-may-nothing"]);
    let odd = write("odd.json", "{}");
    check(&["--file", &odd], 3, &["odd.json:1:1: the event is unknown"]);
}

#[test]
fn a_call_is_explained_by_its_id_from_the_ledger_and_the_policies_as_they_are() {
    let door = LocalDoor::open(workspace::root(), &[]);
    let alice = door.bearer("alice", "customers");
    let headers = [("authorization", alice.as_str()), ("content-type", "application/json")];
    let id = |method: &str, path: &str, body: &str| {
        let answer = send(door.function_url(), method, path, &headers, body.as_bytes());
        answer.header("x-request-id").unwrap().to_owned()
    };
    let here = ["--dynamodb-url", door.dynamodb(), "--lambda-url", door.lambda()];
    let of = |id: &str, more: &[&str], code, expected: &[&str]| {
        check(&[&[id], &here[..], more].concat(), code, expected);
    };
    let allowed = id("GET", "/orders/1001", "");
    let policy = "determined by owners-read-their-orders at policies/orders.cedar:";
    of(
        &allowed,
        &[],
        0,
        &[
            "outcome   admitted, answered 200",
            "caller    User::\"alice\"",
            policy,
            "resource.owner == principal",
        ],
    );
    // The ledger alone knows as much of it.
    let far = ["--dynamodb-url", door.dynamodb(), "--lambda-url", "https://lambda.invalid"];
    check(&[&[allowed.as_str()], &far[..]].concat(), 0, &["outcome   admitted", policy]);
    let nobody = format!("http://{}", free_address().unwrap());
    let away = ["--dynamodb-url", door.dynamodb(), "--lambda-url", &nobody];
    check(&[&[allowed.as_str()], &away[..]].concat(), 0, &["outcome   admitted", policy]);
    let unknown = ["11111111-2222-3333-4444-555555555555"];
    let log = format!("the log at {nobody} could not be reached");
    check(&[&unknown[..], &away[..]].concat(), 1, &[&log, "hint: `--lambda-url`"]);
    let denied = id("GET", "/orders/1002", "");
    of(
        &denied,
        &[],
        2,
        &["outcome   denied at permit, answered 403 forbidden", "because   no policy permits it"],
    );
    let faulty = id("POST", "/orders", "{}");
    of(
        &faulty,
        &[],
        0,
        &["outcome   invalid at permit", "contract  body", "determined by customers-order-up-to-1000"],
    );
    let nowhere = id("GET", "/nowhere", "");
    of(&nowhere, &[], 2, &["outcome   invalid at find, answered 404 not-found"]);
    of("11111111-2222-3333-4444-555555555555", &[], 1, &["nothing is known of the call"]);
    let missing = send(door.http_api(), "GET", "/orders/1001", &[], b"");
    let gateway = missing.header("apigw-requestid").unwrap();
    of(gateway, &[], 2, &["gateway: an identity source is missing"]);

    let output = explain(&[&[denied.as_str()], &here[..], &["--format", "json"]].concat());
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&told["call"]["outcome"], &told["call"]["effect"]), (&json!("denied"), &json!("deny")));

    // The policies have changed since.
    let changed = crate::check::project(&[("orders.cedar", &|text| {
        text.replace("owners-read-their-orders", "owners-read")
    })]);
    let path = changed.path().display().to_string();
    let gone = "determined by owners-read-their-orders: the project has no such policy now";
    of(&allowed, &["--path", &path], 0, &["note: the project or the door's version has changed since", gone]);
}
