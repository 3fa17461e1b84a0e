//! A call of an API that asks the authorizer stands once in the ledger, whichever of the two functions refuses it.

use doorward_tests::http::send;
use doorward_tests::local_door::{LocalDoor, dynamodb};
use doorward_tests::workspace;
use serde_json::json;

/// Outcomes and units of all rows, by the row's action.
fn rows(door: &LocalDoor) -> Vec<(String, String, String)> {
    let scanned = dynamodb(door.dynamodb(), "Scan", &json!({ "TableName": "doorward-ledger" })).json();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let row = |row: &serde_json::Value| {
        (text(&row["action"]["S"]), text(&row["outcome"]["S"]), text(&row["units"]["N"]))
    };
    let mut rows: Vec<_> = scanned["Items"].as_array().unwrap().iter().map(row).collect();
    rows.sort();
    rows
}

fn row(action: &str, outcome: &str, units: &str) -> (String, String, String) {
    (action.to_owned(), outcome.to_owned(), units.to_owned())
}

#[test]
fn a_call_that_both_functions_would_refuse_is_recorded_by_the_one_that_is_asked() {
    let door = LocalDoor::open(workspace::root(), &[]);
    let mallory = door.bearer("mallory", "strangers");
    let get = |origin: &str| send(origin, "GET", "/orders/1001", &[("authorization", &mallory)], b"").status;
    assert_eq!(get(door.http_api()), 403);
    assert_eq!(rows(&door), [row("getOrder", "denied", "0")], "the authorizer alone");
    // The gateway answers again as it was answered: nothing of the door's runs.
    assert_eq!(get(door.http_api()), 403);
    assert_eq!(rows(&door).len(), 1);
    // Where nobody asks the authorizer, the dispatcher records it.
    assert_eq!(get(door.function_url()), 403);
    assert_eq!(rows(&door), [row("getOrder", "denied", "0"), row("getOrder", "denied", "0")]);
}

#[test]
fn a_call_that_the_authorizer_lets_pass_is_recorded_by_the_dispatcher() {
    let door = LocalDoor::open(workspace::root(), &[]);
    let alice = door.bearer("alice", "customers");
    let order = |total: u32| {
        let body = json!({ "items": [{ "sku": "TEA-1", "quantity": 2 }], "total": total }).to_string();
        let headers = [("authorization", alice.as_str()), ("content-type", "application/json")];
        send(door.http_api(), "POST", "/orders", &headers, body.as_bytes()).status
    };
    assert_eq!(order(4200), 201);
    assert_eq!(rows(&door), [row("createOrder", "admitted", "1")]);
    // What depends on the body is left to the dispatcher.
    assert_eq!(order(100_001), 403);
    assert_eq!(rows(&door), [row("createOrder", "admitted", "1"), row("createOrder", "denied", "0")]);
}
