//! What becomes of calls that are written in blocks, and of those that go on without the ledger, when the real dispatcher
//! is told to end, killed, or cut off from its store.

use std::process::{Command, Output};
use std::time::Duration;

use doorward_testkit::fault_proxy::{Fault, rules};
use doorward_tests::binaries;
use serde_json::{Value, json};

use crate::fleet::Fleet;
use crate::fleet::ledger::recorded;
use crate::fleet::process::Process;
use crate::fleet::requests::KeyHolder;
use crate::fleet::runtime_api::Answer;

const CONFIG: &str = r#"
[door]
name = "shop"
table = "doorward"
refresh = "1h"
batch = 5
fronts = ["function-url:shopurl"]

[api_keys]
prefix = "shop"

[[targets]]
name = "orders"
lambda = "orders"

[[routes]]
id = "createOrder"
match = "POST /orders"
target = "orders"
auth = ["api-key"]
durability = "DURABILITY"
on_store_failure = "ON_STORE_FAILURE"

[[plans]]
name = "default"
limits = [{ quota = "1000000/month" }]
"#;

struct Shop {
    project: tempfile::TempDir,
    fleet: Fleet,
    holder: KeyHolder,
}

impl Shop {
    async fn open(durability: &str, on_store_failure: &str) -> Self {
        let config = CONFIG.replace("DURABILITY", durability).replace("ON_STORE_FAILURE", on_store_failure);
        let project = tempfile::tempdir().unwrap();
        std::fs::write(project.path().join("doorward.toml"), config).unwrap();
        std::fs::write(project.path().join("shop.cedar"), "permit (principal, action, resource);").unwrap();
        let fleet = Fleet::new(&project.path().join("doorward.toml")).await;
        let holder = KeyHolder::new("alice", None, &mut fastrand::Rng::with_seed(7));
        fleet.enrol(&holder).await;
        Self { project, fleet, holder }
    }

    /// The status of a call.
    async fn call(&self, process: &Process, id: &str) -> u64 {
        match process.invoke(id, &self.holder.post("/orders"), Duration::from_secs(30)).await {
            Answer::Returned(reply) => reply["statusCode"].as_u64().unwrap(),
            answer => panic!("{id}: {answer:?}"),
        }
    }

    async fn calls(&self, process: &Process, ids: std::ops::Range<usize>) {
        for id in ids {
            assert_eq!(self.call(process, &format!("c{id}")).await, 201, "c{id}");
        }
    }

    /// The calls of each row of the ledger; rows and calls in their order.
    async fn ledger(&self) -> Vec<Vec<String>> {
        let scanned = self.fleet.ask("Scan", &json!({ "TableName": "doorward-ledger" })).await;
        let mut rows: Vec<Vec<String>> = scanned["Items"].as_array().unwrap().iter().map(ids).collect();
        rows.sort();
        rows
    }

    /// What a command of `doorward` says of this door.
    async fn doorward(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(binaries::path("doorward"));
        command.args(arguments).args(["--format", "json", "--dynamodb-url", self.fleet.dynamodb_url()]);
        command.arg("--path").arg(self.project.path());
        // The store is in this process, and answers meanwhile.
        tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap()
    }

    /// What `doorward usage import` says of the processes' log.
    async fn import(&self) -> Value {
        let log = self.fleet.log_file();
        let output = self.doorward(&["usage", "import", log.to_str().unwrap()]).await;
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

/// The calls that a row of the ledger holds.
fn ids(row: &Value) -> Vec<String> {
    recorded(row).into_iter().map(|call| call.call).collect()
}

fn numbered(ids: std::ops::Range<usize>) -> Vec<String> {
    ids.map(|id| format!("c{id}")).collect()
}

#[tokio::test]
async fn a_sandbox_that_is_told_to_end_writes_what_waits() {
    let shop = Shop::open("batched", "deny").await;
    let process = shop.fleet.dispatcher(1).await;
    shop.calls(&process, 0..7).await;
    assert_eq!(shop.ledger().await, [numbered(0..5)]);
    process.terminate();
    process.ended().await;
    assert_eq!(shop.ledger().await, [numbered(0..5), numbered(5..7)]);
    let explain = ["policy", "explain", "c6", "--lambda-url", "http://127.0.0.1:1"];
    let unknown = shop.doorward(&explain).await;
    assert!(!unknown.status.success(), "{unknown:?}");
    let found = shop.doorward(&[&explain[..], &["--blocks"]].concat()).await;
    let explained: Value = serde_json::from_slice(&found.stdout).unwrap();
    assert_eq!((found.status.code(), &explained["call"]["call"]), (Some(0), &json!("c6")), "{explained}");
    shop.fleet.close().await;
}

#[tokio::test]
async fn a_sandbox_that_is_told_to_end_while_the_ledger_is_away_leaves_what_waits_in_its_log() {
    let shop = Shop::open("batched", "deny").await;
    let process = shop.fleet.dispatcher(1).await;
    shop.calls(&process, 0..3).await;
    process.store.rule(rules::always(|_| true, Fault::ServerError));
    process.terminate();
    process.ended().await;
    assert!(shop.ledger().await.is_empty());
    assert_eq!(shop.import().await["imported"], 3);
    assert_eq!(shop.import().await["present"], 3);
    assert_eq!(shop.ledger().await, [numbered(0..3)]);
    shop.fleet.close().await;
}

#[tokio::test]
async fn a_sandbox_that_is_killed_loses_fewer_calls_than_a_block_holds() {
    let shop = Shop::open("batched", "deny").await;
    let process = shop.fleet.dispatcher(1).await;
    shop.calls(&process, 0..14).await;
    process.kill()();
    process.ended().await;
    // 14 answered, 10 written: the 4 that waited are the most that can be lost.
    assert_eq!(shop.ledger().await, [numbered(0..5), numbered(5..10)]);
    shop.fleet.close().await;
}

#[tokio::test]
async fn calls_that_went_on_without_the_store_are_imported_to_the_last() {
    for durability in ["before-answer", "intent", "batched"] {
        let shop = Shop::open(durability, "allow-and-journal").await;
        let process = shop.fleet.dispatcher(1).await;
        // The first one makes its key known.
        shop.calls(&process, 0..1).await;
        process.store.rule(rules::always(|_| true, Fault::ServerError));
        shop.calls(&process, 1..8).await;
        process.terminate();
        process.ended().await;
        shop.import().await;
        let mut calls = shop.ledger().await.concat();
        calls.sort();
        assert_eq!(calls, numbered(0..8), "{durability}");
        let again = shop.import().await;
        assert_eq!((&again["imported"], &again["broken"]), (&json!(0), &json!(0)), "{durability}");
        assert_eq!(shop.ledger().await.concat().len(), 8, "{durability}");
        shop.fleet.close().await;
    }
}

#[tokio::test]
async fn a_write_that_got_through_unheard_is_not_imported_again() {
    for durability in ["before-answer", "intent", "batched"] {
        let shop = Shop::open(durability, "allow-and-journal").await;
        let process = shop.fleet.dispatcher(1).await;
        shop.calls(&process, 0..1).await;
        process.store.rule(rules::always(|_| true, Fault::ServerErrorAfterCommit));
        shop.calls(&process, 1..8).await;
        process.terminate();
        process.ended().await;
        shop.import().await;
        let mut calls = shop.ledger().await.concat();
        calls.sort();
        assert_eq!(calls, numbered(0..8), "{durability}");
        shop.fleet.close().await;
    }
}

#[tokio::test]
async fn lines_that_the_ledger_cannot_take_keep_back_none_of_the_others() {
    let shop = Shop::open("before-answer", "allow-and-journal").await;
    let process = shop.fleet.dispatcher(1).await;
    shop.calls(&process, 0..1).await;
    process.store.rule(rules::always(|_| true, Fault::ServerError));
    shop.calls(&process, 1..4).await;
    process.terminate();
    process.ended().await;
    let log = std::fs::read_to_string(shop.fleet.log_file()).unwrap();
    let kept: Vec<&str> = log.lines().filter(|line| line.starts_with("{\"doorward\":\"usage\"")).collect();
    let [first, second, third] = kept.as_slice() else { panic!("{log}") };
    let id = |line: &str, id: &str| line.replacen("\"call\":\"c", &format!("\"call\":\"{id}"), 1);
    let mut past: Value = serde_json::from_str(first).unwrap();
    past["item"]["expires"] = json!(1_764_158_400);
    past["item"]["call"] = json!("past");
    let mut lines: Vec<Vec<u8>> = [
        (*first).to_owned(),
        id(first, &"x".repeat(3_000)),
        first.replacen("\"units\":", "\"units\":99999999999999", 1),
        serde_json::to_string(&past).unwrap(),
        (*second).to_owned(),
    ]
    .map(String::into_bytes)
    .into();
    lines.push([&[0xff, 0xfe][..], second.as_bytes()].concat());
    lines.push(third.as_bytes().to_vec());
    let file = shop.project.path().join("export.log");
    std::fs::write(&file, lines.join(&b'\n')).unwrap();
    let output = shop.doorward(&["usage", "import", file.to_str().unwrap()]).await;
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let expected = json!({ "imported": 3, "present": 0, "skipped": 0, "expired": 1, "broken": 3 });
    assert_eq!((output.status.code(), &told), (Some(3), &expected), "{output:?}");
    let mut calls = shop.ledger().await.concat();
    calls.sort();
    assert_eq!(calls, numbered(0..4));
    shop.fleet.close().await;
}
