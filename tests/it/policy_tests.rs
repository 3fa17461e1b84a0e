//! `doorward policy test`, and the policy tests in `doorward check`, over projects in folders.

use std::path::Path;
use std::process::{Command, Output};

use doorward_tests::{binaries, workspace};
use serde_json::{Value, json};

use crate::check::project;

pub(crate) fn doorward(arguments: &[&str], project: &Path) -> Output {
    Command::new(binaries::path("doorward")).args(arguments).arg(project).output().unwrap()
}

pub(crate) fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

#[track_caller]
fn check(project: &Path, arguments: &[&str], code: i32, expected: &[&str]) -> String {
    let output = doorward(arguments, project);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{said}");
    for words in expected {
        assert!(said.contains(words), "`{words}` is missing after {arguments:?}:\n{said}");
    }
    said
}

/// Takes every policy test out of `folder`.
fn remove_tests(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.file_name().to_string_lossy().ends_with(".test.toml") {
            std::fs::remove_file(entry.path()).unwrap();
        }
    }
}

const TEST: &[&str] = &["policy", "test"];

#[test]
fn the_demos_policies_are_all_covered() {
    let root = workspace::root();
    check(root, &["policy", "test", "--deny-uncovered"], 0, &["0 failed; 17 of 17 policies covered"]);
    check(root, &["check"], 0, &["policies 17, policy tests 50"]);
}

#[test]
fn a_test_that_fails_says_what_was_expected_and_which_part_of_which_policy_does_not_hold() {
    let folder = project(&[("orders.cedar", &|text| text.replace("<= 100000", "<= 99999"))]);
    let at = |file: &str| format!("{}/{file}", folder.path().display());
    let expected = [
        &format!("FAILED a customer orders up to 1000 ({})", at("orders.test.toml:3")),
        "decision: expected allow, found deny",
        "policies: expected customers-order-up-to-1000, found none",
        &format!("permit customers-order-up-to-1000 at {} does not hold", at("orders.cedar:2")),
        "line 8    when    false  context.input.total <= 99999",
        "50 tests: 49 passed, 1 failed; 17 of 17 policies covered",
    ];
    check(folder.path(), TEST, 2, &expected);
    let place = at("orders.test.toml:3:1");
    let fault =
        format!("{place}: the policy test `a customer orders up to 1000` fails: decision is deny, not allow");
    let said = check(folder.path(), &["check"], 3, &[&fault, "1 fault found"]);
    assert!(!said.contains("no fault"), "{said}");
    check(
        folder.path(),
        &["policy", "test", "--filter", "buyer"],
        0,
        &["2 tests: 2 passed, 0 failed, 48 left out"],
    );

    let output = doorward(&["policy", "test", "--format", "json"], folder.path());
    assert_eq!(output.status.code(), Some(2));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let failed: Vec<&Value> =
        told["tests"].as_array().unwrap().iter().filter(|test| test["passed"] == false).collect();
    let [test] = failed.as_slice() else { panic!("{told:#}") };
    assert_eq!(test["differences"][0], json!({ "what": "decision", "expected": "allow", "found": "deny" }));
    assert_eq!(test["applicable"][0]["clauses"][0]["parts"][0]["holds"], "false");
    assert_eq!((&test["line"], &told["uncovered"]), (&json!(3), &json!([])));
}

#[test]
fn what_no_test_covers_is_listed_and_denied_on_request() {
    let folder = project(&[("orders.test.toml", &|text| {
        text[..text.find("[[tests]]\nname = \"a buyer").unwrap()].to_owned()
    })]);
    let expected = [
        "not covered: buyers-order-any-amount (",
        "orders.cedar:11) applies in no test",
        "39 tests: 39 passed, 0 failed; 14 of 17 policies covered",
    ];
    check(folder.path(), TEST, 0, &expected);
    check(folder.path(), &["policy", "test", "--deny-uncovered"], 2, &expected);
    check(folder.path(), &["check"], 0, &["note: no policy test covers `owners-read-their-orders`"]);

    remove_tests(folder.path());
    check(folder.path(), TEST, 0, &["0 tests: 0 passed, 0 failed; 0 of 17 policies covered"]);
    let checked = check(folder.path(), &["check"], 0, &["policy tests 0"]);
    assert!(
        !checked.contains("note: no policy test"),
        "who has no tests is not told so policy by policy: {checked}"
    );
}

#[test]
fn notes_are_told_beside_the_tests_that_fail() {
    let folder = project(&[
        ("orders.cedar", &|text| text.replace("<= 100000", "<= 99999")),
        ("orders.test.toml", &|text| text[..text.find("[[tests]]\nname = \"a buyer").unwrap()].to_owned()),
    ]);
    let note = "note: no policy test covers `owners-read-their-orders`";
    check(folder.path(), &["check"], 3, &["1 fault found", note]);
    let output = doorward(&["check", "--format", "json"], folder.path());
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["faults"].as_array().map(Vec::len), Some(1), "{told:#}");
    let uncovered = told["uncovered"].as_array().unwrap();
    assert!(uncovered.contains(&json!("owners-read-their-orders")), "{told:#}");
    assert_eq!((&told["door"], &told["tests"]), (&json!("shop"), &json!(39)));
}

#[test]
fn a_test_that_is_refused_before_the_policies_are_asked_says_why() {
    let claims = "claims = { tenant = { type = \"String\", required = true } }\nprincipal = {";
    let folder = project(&[("doorward.toml", &|text| text.replacen("principal = {", claims, 1))]);
    let test =
        |name: &str, more: &str| format!("[[tests]]\nname = \"{name}\"\ndecision = \"allow\"\n{more}\n");
    let request =
        |method: &str, path: &str| format!("request = {{ method = \"{method}\", path = \"{path}\" }}");
    let alice = format!("principal = 'User::\"alice\"'\n{}", request("GET", "/orders/1001"));
    let tests = [
        test("nowhere", &request("GET", "/loan/7")),
        test("tenantless", &alice),
        test("nobody", &request("GET", "/orders/1001")),
        test("method", &request("DELETE", "/orders/1001")),
    ];
    remove_tests(folder.path());
    std::fs::write(folder.path().join("orders.test.toml"), tests.concat()).unwrap();
    let expected = [
        "refused before the policies are asked: not-found: no route matches `GET /loan/7`",
        "invalid-token: the claim `tenant` is missing or has the wrong type",
        "missing-credentials: the sample names no `principal`",
        "method-not-allowed: no route of `/orders/1001` has the method `DELETE`",
    ];
    check(folder.path(), TEST, 2, &expected);
    check(folder.path(), &["check"], 3, &["refused as not-found: no route matches `GET /loan/7`"]);
}

#[test]
fn faults_of_tests_and_policies_are_told_together_with_their_places() {
    let folder = project(&[
        ("orders.test.toml", &|text| text.replacen("decision = ", "desicion = ", 1)),
        ("receipts.cedar", &|text| text.replace("context.event.size <=", "context.event.weight <=")),
    ]);
    let expected = [
        "orders.test.toml:3:1: missing key `decision` in `[[tests]]`",
        "orders.test.toml:9:1: unknown key `desicion` in `[[tests]]`",
        "hint: did you mean `decision`?",
        "receipts.cedar:",
    ];
    for verb in [TEST, &["check"]] {
        check(folder.path(), verb, 3, &expected);
    }
    let folder =
        project(&[("orders.test.toml", &|text| text.replacen("total = 100000", "totl = 100000", 1))]);
    let expected = ["policies know no `totl` here (`context.input.totl`)", "hint: did you mean `total`?"];
    check(folder.path(), TEST, 3, &expected);
}

#[test]
fn an_event_from_a_file_is_read_as_the_platform_sends_it_and_is_no_part_of_the_bundle() {
    let folder = project(&[]);
    let digest = |folder: &Path| {
        let output = doorward(&["check", "--format", "json"], folder);
        serde_json::from_slice::<Value>(&output.stdout).unwrap()["bundle"].clone()
    };
    let before = digest(folder.path());
    let record = |key: &str| {
        json!({
            "eventSource": "aws:s3", "awsRegion": "us-east-1", "eventTime": "2026-11-24T12:00:00.000Z",
            "eventName": "ObjectCreated:Put", "userIdentity": { "principalId": "AWS:AIDA" },
            "requestParameters": { "sourceIPAddress": "192.0.2.1" }, "responseElements": {},
            "s3": { "bucket": { "name": "receipts" }, "object": { "key": key, "size": 10, "sequencer": "0B" } }
        })
    };
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("samples/upload.sample.json", &json!({ "Records": [record("inbox/a+b.pdf")] }).to_string());
    write("samples/two.sample.json", &json!({ "Records": [record("a"), record("b")] }).to_string());
    write("samples/odd.sample.json", "{");
    let request = json!({
        "version": "2.0", "routeKey": "$default", "rawPath": "/orders/1001", "rawQueryString": "", "headers": {},
        "requestContext": {
            "apiId": "shopurl", "domainName": "shopurl.lambda-url.us-east-1.on.aws", "requestId": "r", "stage": "$default",
            "http": { "method": "GET", "path": "/orders/1001", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "" },
            "routeKey": "$default", "accountId": "anonymous", "time": "24/Nov/2026:00:00:00 +0000", "timeEpoch": 0
        },
        "isBase64Encoded": false
    });
    write("samples/request.sample.json", &request.to_string());
    write(
        "samples.test.toml",
        r#"
[[tests]]
name = "an upload from a file"
event_file = "samples/upload.sample.json"
decision = "allow"
policies = ["receipts-are-small-pdfs"]

[[tests]]
name = "a request from a file"
principal = 'User::"alice"'
event_file = "samples/request.sample.json"
decision = "allow"
policies = ["owners-read-their-orders"]
"#,
    );
    check(folder.path(), TEST, 0, &["52 tests: 52 passed"]);
    assert_eq!(digest(folder.path()), before, "tests and samples do not change what is deployed");
    write(
        "samples.test.toml",
        "[[tests]]\nname = \"1\"\nevent_file = \"a.sample.json\"\ndecision = \"deny\"\n\
         [[tests]]\nname = \"2\"\nevent_file = \"samples/two.sample.json\"\ndecision = \"deny\"\n\
         [[tests]]\nname = \"3\"\nevent_file = \"samples/odd.sample.json\"\ndecision = \"deny\"\n",
    );
    let expected = [
        "samples.test.toml:3:14: the sample `a.sample.json` is not there",
        "samples.test.toml:7:14: the event holds 2 records",
        "samples.test.toml:11:14: the event cannot be read: not a JSON text",
    ];
    check(folder.path(), TEST, 3, &expected);
}
