//! The door over functions that run under the real `cargo lambda watch`, as the README says.

use doorward_tests::cargo_lambda::Watch;
use doorward_tests::http::send;
use doorward_tests::local_door::LocalDoor;
use doorward_tests::tools::Tools;
use doorward_tests::{free_address, workspace};
use serde_json::json;

#[test]
fn the_same_door_runs_over_cargo_lambda_watch() {
    let tools = Tools::install().unwrap();
    let address = free_address().unwrap();
    let door = LocalDoor::open(workspace::root(), &["--invoke-url", &format!("http://{address}")]);
    let _watch = Watch::start(&tools, address, door.env_file()).unwrap();
    let alice = door.bearer("alice", "customers");
    let headers = [("authorization", alice.as_str()), ("content-type", "application/json")];
    let order = |sku: &str| json!({ "items": [{ "sku": sku, "quantity": 2 }], "total": 4200 }).to_string();
    for front in [door.function_url(), door.http_api()] {
        let answer = send(front, "POST", "/orders", &headers, order("TEA-1").as_bytes());
        assert_eq!((answer.status, &answer.json()["status"]), (201, &json!("placed")), "{answer:?}");
        let id = answer.header("x-request-id").unwrap();
        assert_eq!(door.ledger(id)["outcome"]["S"], "admitted");
    }
    let failed = send(door.function_url(), "POST", "/orders", &headers, order("TEST-FAIL").as_bytes());
    assert_eq!((failed.status, &failed.json()["code"]), (502, &json!("target-failed")), "{failed:?}");
    let other = send(door.http_api(), "GET", "/orders/1002", &headers, b"");
    assert_eq!((other.status, other.body.as_str()), (403, r#"{"message":"Forbidden"}"#));
    let unproven = send(door.http_api(), "GET", "/orders/1001", &[("authorization", "Bearer a.b.c")], b"");
    assert_eq!(unproven.status, 401, "{unproven:?}");
}
