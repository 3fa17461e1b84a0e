//! A function in two regions, of which one goes away.

use doorward_tests::http::{self, Answer};
use doorward_tests::local_door::LocalDoor;
use serde_json::Value;

use crate::services::project;

const ORDER: &[u8] = br#"{"items":[{"sku":"TEA-1","quantity":2}],"total":4200}"#;

fn arn(region: &str) -> String {
    format!("arn:aws:lambda:{region}:123456789012:function:orders")
}

/// Places an order, with an idempotency key or without: the answer, and how the call was sent.
fn place(door: &LocalDoor, key: Option<&str>) -> (Answer, Value) {
    let bearer = door.bearer("alice", "customers");
    let mut headers = vec![("authorization", bearer.as_str()), ("content-type", "application/json")];
    headers.extend(key.map(|key| ("idempotency-key", key)));
    let answer = http::send(door.http_api(), "POST", "/orders", &headers, ORDER);
    let lines = door.lines(answer.header("x-request-id").unwrap());
    let line = lines.into_iter().find(|line| line["sent"].is_object());
    let line = line.unwrap_or_else(|| panic!("no line says how it was sent: {answer:?}"));
    (answer, line["sent"].clone())
}

#[test]
fn calls_go_to_the_other_region_while_one_is_away() {
    let (near, far) = (arn("eu-west-1"), arn("us-west-2"));
    let endpoints = format!("[{{ function = \"{near}\" }}, {{ function = \"{far}\", backup = true }}]");
    let keys = format!("lambda = {endpoints}\nhealth = {{ faults = 2, pause = \"1m\" }}");
    let folder = project(&[("orders", keys)]);
    let door = LocalDoor::open(folder.path(), &[]);
    let check = |key: Option<&str>, status: u16, tries: u64, endpoint: &str| {
        let (answer, sent) = place(&door, key);
        assert_eq!(answer.status, status, "{answer:?} {sent}");
        assert_eq!(
            (sent["tries"].as_u64(), sent["endpoint"].as_str()),
            (Some(tries), Some(endpoint)),
            "{sent}"
        );
        (answer, sent)
    };
    check(None, 201, 1, &near);

    let away = http::send(door.lambda(), "PUT", "/_doorward/away/eu-west-1", &[], b"");
    assert_eq!(away.status, 204);
    // It may have been carried out, and nothing says that it may be carried out twice.
    let (answer, sent) = check(None, 502, 1, &near);
    assert_eq!(
        (&answer.json()["code"], &sent["not_retried"]),
        (&"target-reset".into(), &"not-idempotent".into())
    );
    check(Some("key-1"), 201, 2, &far);
    // From now on nobody is sent there.
    check(None, 201, 1, &far);
}
