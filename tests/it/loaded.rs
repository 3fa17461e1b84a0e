//! Orders that the real functions read from DynamoDB before they decide.

use doorward_testkit::fault_proxy::FaultProxy;
use doorward_tests::local_door::{LocalDoor, dynamodb};
use doorward_tests::{free_address, http};
use serde_json::{Value, json};

use crate::check::{project, refreshed};
use crate::issuer;
use crate::work::start;

const RESOURCE: &str = r#"resource = { type = "Order", id = "path.id" }"#;

/// The demo with orders that are read as `load` says.
fn loading(load: &str) -> tempfile::TempDir {
    let resource = RESOURCE.replace(" }", &format!(", {load} }}"));
    project(&[
        ("doorward.toml", &|text| refreshed(&text.replace(RESOURCE, &resource), "1h")),
        ("entities.json", &|_| "[]".to_owned()),
    ])
}

fn put(endpoint: &str, table: &str, item: &Value) {
    let answer = dynamodb(endpoint, "PutItem", &json!({ "TableName": table, "Item": item }));
    assert_eq!(answer.status, 200, "{answer:?}");
}

fn in_state(id: &str, owner: &str) -> Value {
    json!({
        "owner": { "S": "entity#Order" },
        "item": { "S": id },
        "attributes": { "M": { "owner": { "S": owner }, "secret": { "S": "not read" } } },
    })
}

/// Alice's own order, bob's, and one that is not there, through both fronts.
fn check(door: &LocalDoor) {
    let alice = door.bearer("alice", "customers");
    let headers = [("authorization", alice.as_str())];
    for base in [door.http_api(), door.function_url()] {
        for (order, expected) in [("1001", 200), ("1001", 200), ("1002", 403), ("9999", 403)] {
            let answer = http::send(base, "GET", &format!("/orders/{order}"), &headers, b"");
            assert_eq!(answer.status, expected, "{base} {order}: {answer:?}");
        }
    }
    let get =
        |order: &str| http::send(door.function_url(), "GET", &format!("/orders/{order}"), &headers, b"");
    let (missing, others) = (get("9999"), get("1002"));
    let without_id = |answer: &http::Answer| {
        let mut problem = answer.json();
        problem["request_id"].take();
        problem
    };
    assert_eq!(without_id(&missing), without_id(&others), "whether it is there is not told");
    let row = door.ledger(missing.header("x-request-id").unwrap());
    assert_eq!(row["cause"]["S"], "the resource is not there");
}

#[test]
fn an_owner_is_read_from_the_doors_own_table() {
    let folder = loading(r#"load = "table""#);
    let door = LocalDoor::open(folder.path(), &[]);
    put(door.dynamodb(), "doorward-state", &in_state("1001", "alice"));
    put(door.dynamodb(), "doorward-state", &in_state("1002", "bob"));
    check(&door);
}

#[test]
fn an_owner_is_read_from_a_table_of_ones_own() {
    let folder =
        loading(r#"load = { table = "shop-orders", key = "no", key_type = "number", cache = "0s" }"#);
    let door = LocalDoor::open(folder.path(), &[]);
    let order = |id: &str, owner: &str| json!({ "no": { "N": id }, "owner": { "S": owner } });
    put(door.dynamodb(), "shop-orders", &order("1001", "alice"));
    put(door.dynamodb(), "shop-orders", &order("1002", "bob"));
    check(&door);
    let alice = door.bearer("alice", "customers");
    let headers = [("authorization", alice.as_str())];
    let get =
        |order: &str| http::send(door.function_url(), "GET", &format!("/orders/{order}"), &headers, b"");
    assert_eq!(get("01001").status, 403, "a second name of the order");
    put(door.dynamodb(), "shop-orders", &order("1001", "bob"));
    assert_eq!(get("1001").status, 403, "nothing is kept");
    put(door.dynamodb(), "shop-orders", &json!({ "no": { "N": "1001" }, "owner": { "N": "4711" } }));
    let unfit = get("1001");
    assert_eq!(unfit.status, 403);
    let lines = door.lines(unfit.header("x-request-id").unwrap());
    let cause = lines.iter().find_map(|line| line["cause"].as_str()).unwrap();
    assert!(cause.contains("the attribute `owner` must be the id of a `User`"), "{cause}");
    assert!(lines.iter().all(|line| !line.to_string().contains("4711")), "{lines:?}");
}

#[test]
fn a_loaded_order_is_one_read_and_then_none() {
    let folder = loading(r#"load = { cache = "1h" }"#);
    let address = free_address().unwrap();
    let proxy = FaultProxy::start(address);
    let (runtime, emulator) = start(folder.path(), address, &proxy);
    put(emulator.dynamodb_url(), "doorward-state", &in_state("1001", "alice"));
    let bearer = issuer::bearer(&emulator, "alice", &["customers"]);
    assert_eq!(proxy.take_names()[0], "GetItem", "the look for publications opens the connection");
    let mut expected = vec!["GetItem"];
    for _ in 0..3 {
        let headers = [("authorization", bearer.as_str())];
        let answer = http::send(emulator.function_url().unwrap(), "GET", "/orders/1001", &headers, b"");
        assert_eq!(answer.status, 200, "{answer:?}");
        expected.extend(["UpdateItem", "PutItem"]);
    }
    // How many connections there are is not held here: the read is followed at once by the next request, which may come
    // before the pool has its connection back.
    assert_eq!(proxy.take_names(), expected, "the first reads the order");
    runtime.block_on(emulator.shutdown());
}
