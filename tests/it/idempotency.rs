//! Calls with an `Idempotency-Key` through real dispatchers over one store: of those that have one in common, one runs.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use doorward_testkit::fault_proxy::{Fault, Hook, Step, rules};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::fleet::Fleet;
use crate::fleet::process::Process;
use crate::fleet::requests::KeyHolder;
use crate::fleet::runtime_api::Answer;

const CONFIG: &str = r#"
[door]
name = "shop"
table = "doorward"
refresh = "1h"
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
idempotency = "required"

[[plans]]
name = "default"
limits = [{ quota = "1000000/month" }]
"#;

const TIMEOUT: Duration = Duration::from_secs(30);

struct Shop {
    _project: tempfile::TempDir,
    fleet: Fleet,
    holder: KeyHolder,
}

impl Shop {
    async fn open() -> Self {
        let project = tempfile::tempdir().unwrap();
        std::fs::write(project.path().join("doorward.toml"), CONFIG).unwrap();
        std::fs::write(project.path().join("shop.cedar"), "permit (principal, action, resource);").unwrap();
        let fleet = Fleet::new(&project.path().join("doorward.toml")).await;
        let holder = KeyHolder::new("alice", None, &mut fastrand::Rng::with_seed(7));
        fleet.enrol(&holder).await;
        Self { _project: project, fleet, holder }
    }

    /// What becomes of an order of so many bytes.
    async fn order(&self, process: &Process, id: &str, key: &str, bytes: usize) -> Answer {
        let mut event = self.holder.post_bytes("/orders", bytes);
        event["headers"]["idempotency-key"] = json!(format!("\"{key}\""));
        process.invoke(id, &event, TIMEOUT).await
    }

    /// The answer to an order.
    async fn ordered(&self, process: &Process, id: &str, key: &str, bytes: usize) -> Value {
        returned(self.order(process, id, key, bytes).await)
    }

    fn runs(&self, ids: impl IntoIterator<Item = String>) -> usize {
        ids.into_iter().map(|id| self.fleet.targets.runs(&id).succeeded).sum()
    }

    /// Sets a time of every key that is there.
    async fn set(&self, name: &str, time: &str) {
        let scanned = self.fleet.ask("Scan", &json!({ "TableName": "doorward-state" })).await;
        let mut items = scanned["Items"].as_array().unwrap().clone();
        items.retain(|item| item["owner"]["S"].as_str().unwrap().starts_with("idempotency#"));
        assert!(!items.is_empty());
        for mut item in items {
            item[name] = json!({ "S": time });
            self.fleet.ask("PutItem", &json!({ "TableName": "doorward-state", "Item": item })).await;
        }
    }
}

#[track_caller]
fn returned(answer: Answer) -> Value {
    match answer {
        Answer::Returned(reply) => reply,
        answer => panic!("{answer:?}"),
    }
}

fn status(reply: &Value) -> u64 {
    reply["statusCode"].as_u64().unwrap()
}

fn is_replayed(reply: &Value) -> bool {
    reply["headers"]["idempotent-replayed"] == "true"
}

/// The code of a refusal.
fn code(reply: &Value) -> String {
    let problem: Value = serde_json::from_str(reply["body"].as_str().unwrap()).unwrap();
    problem["code"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_calls_with_one_key_one_runs_and_all_others_hear_what_it_was_told() {
    let shop = Shop::open().await;
    let processes = [shop.fleet.dispatcher(8).await, shop.fleet.dispatcher(8).await];
    let calls = (0..16).map(|call| (call, format!("a{call}")));
    let asked = calls.map(|(call, id)| {
        let (shop, process) = (&shop, &processes[call % 2]);
        async move { shop.ordered(process, &id, "k-1", 10).await }
    });
    let answers = join_all(asked).await;
    let ids = || (0..16).map(|call| format!("a{call}"));
    assert_eq!(shop.runs(ids()), 1);
    for answer in &answers {
        match status(answer) {
            201 => {}
            409 => assert_eq!(
                (code(answer).as_str(), &answer["headers"]["retry-after"]),
                ("call-in-progress", &json!("1"))
            ),
            other => panic!("{other}: {answer}"),
        }
    }
    let own: Vec<&Value> =
        answers.iter().filter(|answer| status(answer) == 201 && !is_replayed(answer)).collect();
    let [first] = own.as_slice() else { panic!("{answers:?}") };
    for process in &processes {
        let again = shop.ordered(process, "a16", "k-1", 10).await;
        assert_eq!((status(&again), &again["body"]), (201, &first["body"]));
        assert!(is_replayed(&again));
        assert_eq!(again["headers"]["content-type"], first["headers"]["content-type"]);
    }
    let other = shop.ordered(&processes[0], "a17", "k-1", 11).await;
    assert_eq!((status(&other), code(&other).as_str()), (422, "idempotency-key-reused"));
    let none = returned(processes[0].invoke("a18", &shop.holder.post("/orders"), TIMEOUT).await);
    assert_eq!((status(&none), code(&none).as_str()), (400, "missing-idempotency-key"));
    assert_eq!(shop.fleet.given(&shop.holder.name).await, 1);
    // The window is over, and the table has not forgotten the key yet.
    shop.set("window_ends", "2026-01-01T00:00:00Z").await;
    let later = shop.ordered(&processes[1], "a19", "k-1", 11).await;
    assert_eq!((status(&later), is_replayed(&later)), (201, false));
    assert_eq!(shop.runs(ids().chain(["a19".to_owned()])), 2);
    // Both runs have a row, and no repetition has.
    let first = ids().find(|id| shop.fleet.targets.runs(id).succeeded == 1).unwrap();
    for id in ids().chain(["a16".to_owned()]) {
        assert_eq!(shop.fleet.row(&id).await.is_null(), id != first, "{id}");
    }
    assert_eq!(shop.fleet.row("a19").await["outcome"]["S"], "admitted");
    shop.fleet.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_runs_twice_wherever_a_process_is_killed() {
    let shop = Shop::open().await;
    let survivor = shop.fleet.dispatcher(1).await;
    let mut seen = BTreeSet::new();
    for (place, step) in [
        (Place::Store, Step::Asked),
        (Place::Store, Step::Committed),
        (Place::Store, Step::Answered),
        (Place::Target, Step::Asked),
        (Place::Target, Step::Committed),
        (Place::Target, Step::Answered),
    ] {
        for nth in 1.. {
            let name = format!("{place:?}-{step:?}-{nth}");
            if !kill_and_repeat(&shop, &survivor, &name, (place, step, nth), &mut seen).await {
                // A call asks the store five times at the least, and its target once.
                assert!(nth > if place == Place::Store { 5 } else { 1 }, "{name}: nobody came to the point");
                break;
            }
        }
    }
    assert_eq!(seen, BTreeSet::from(["runs now", "replayed", "in progress"]));
    // Those that were cut off are over by now.
    shop.set("until", "2026-01-01T00:00:00Z").await;
    let unknown = shop.ordered(&survivor, "z", "Target-Committed-1", 10).await;
    assert_eq!((status(&unknown), code(&unknown).as_str()), (409, "outcome-unknown"));
    shop.fleet.close().await;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Store,
    Target,
}

/// Kills a process at the point and has its call come again; `false` where nobody came to it.
async fn kill_and_repeat(
    shop: &Shop,
    survivor: &Process,
    name: &str,
    (place, step, nth): (Place, Step, usize),
    seen: &mut BTreeSet<&'static str>,
) -> bool {
    let victim = shop.fleet.dispatcher(1).await;
    // The first one makes the caller's key known.
    shop.ordered(&victim, &format!("{name}-0"), &format!("{name}-0"), 10).await;
    let killed = Arc::new(AtomicBool::new(false));
    let (of_process, kills) = (victim.kill(), Arc::clone(&killed));
    let kill: Hook = Arc::new(move || {
        kills.store(true, Ordering::SeqCst);
        of_process();
    });
    let rule = rules::nth(nth, |_| true, Fault::Interrupted(step, kill));
    match place {
        Place::Store => victim.store.rule(rule),
        Place::Target => victim.targets.rule(rule),
    }
    let (first, second) = (format!("{name}-1"), format!("{name}-2"));
    let _ = shop.order(&victim, &first, name, 10).await;
    if !killed.load(Ordering::SeqCst) {
        return false;
    }
    victim.ended().await;
    victim.store.settled().await;
    let again = shop.ordered(survivor, &second, name, 10).await;
    let runs = [&first, &second].map(|id| shop.fleet.targets.runs(id).succeeded);
    seen.insert(match (status(&again), is_replayed(&again), runs) {
        (201, false, [0, 1]) => "runs now",
        (201, true, [1, 0]) => "replayed",
        (409, false, [0 | 1, 0]) if code(&again) == "call-in-progress" => "in progress",
        _ => panic!("{name}: {runs:?} runs, {again}"),
    });
    true
}
