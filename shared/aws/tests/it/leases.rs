//! Blocks of limits: what the item says of them, and what goes back.

use doorward_aws::DynamoLimits;
use doorward_config::Limit;
use doorward_core::limit::{Ask, Assignment, Block, GiveBack, Reserved, Slot};
use doorward_core::ports::LimitStore;
use doorward_testkit::fault_proxy::Fault;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::{Value, json};

use crate::limits::{granted, quota, rate};
use crate::sample;
use crate::store::{Store, TABLE};

pub(crate) const SCOPE: &str = "caller#User::\"alice\"";

pub(crate) fn slots(limits: &[Limit], now: Timestamp) -> Vec<Slot> {
    limits.iter().map(|limit| Slot::at(limit, now)).collect()
}

/// Asks for one unit in a block of up to `most` from `limits`.
pub(crate) fn lease(limits: &[Limit], most: u64, name: &str, replaces: Option<&str>, now: Timestamp) -> Ask {
    let block = Block {
        slots: slots(limits, now),
        least: 1,
        most,
        first: false,
        lease: name.to_owned(),
        expires: now + SignedDuration::from_secs(15),
        replaces: replaces.map(str::to_owned),
    };
    Ask { scope: SCOPE.to_owned(), now, units: 1, slots: Vec::new(), block: Some(block), assignment: None }
}

fn item(store: &Store) -> Value {
    store.item("state", json!({ "owner": { "S": SCOPE }, "item": { "S": "limits" } })).unwrap()
}

pub(crate) fn used(store: &Store) -> String {
    item(store)["q#quota#2026-11-24"]["N"].as_str().unwrap().to_owned()
}

fn names(store: &Store) -> Vec<String> {
    let item = item(store);
    let mut names: Vec<String> =
        item.as_object().unwrap().keys().filter(|name| name.starts_with("l#")).cloned().collect();
    names.sort();
    names
}

/// The size of the block that was given.
#[track_caller]
fn size(reserved: Reserved) -> u64 {
    match reserved {
        Reserved::Granted { block, .. } => block,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_block_is_one_write_and_takes_the_place_of_the_one_before() {
    let store = Store::start().await;
    let limits = DynamoLimits::new(&store.clients, TABLE);
    let now = sample::now();
    let of = [quota(1600), rate(1000, 1000)];
    let first = limits.reserve(&lease(&of, 50, "a1", None, now)).await.unwrap();
    assert_eq!((size(first), store.asked().len(), used(&store)), (50, 1, "50".into()));
    let second = limits.reserve(&lease(&of, 500, "a2", Some("a1"), now)).await.unwrap();
    assert_eq!((size(second), store.asked().len(), used(&store)), (96, 1, "146".into()));
    assert_eq!(names(&store), ["l#a2"]);
}

#[tokio::test]
async fn the_last_units_of_a_quota_go_one_by_one_and_no_unit_too_many() {
    let store = Store::start().await;
    let sandboxes: Vec<DynamoLimits> = (0..8).map(|_| DynamoLimits::new(&store.clients, TABLE)).collect();
    let mut given = 0;
    let mut sizes = Vec::new();
    for n in 0.. {
        let ask = lease(&[quota(100)], 1_000, &format!("a{n}"), None, sample::now());
        match sandboxes[n % 8].reserve(&ask).await.unwrap() {
            Reserved::Granted { block, .. } => {
                given += block;
                sizes.push(block);
            }
            _ => break,
        }
    }
    assert_eq!((given, used(&store).as_str()), (100, "100"));
    assert!(sizes.is_sorted_by(|a, b| a >= b) && sizes.last() == Some(&1), "{sizes:?}");
}

#[tokio::test]
async fn the_hard_limits_of_a_scope_and_its_block_are_one_write() {
    let store = Store::start().await;
    let limits = DynamoLimits::new(&store.clients, TABLE);
    let now = sample::now();
    let hard = Limit { name: "hard".into(), ..quota(2) };
    let ask = |name: &str| Ask {
        slots: slots(std::slice::from_ref(&hard), now),
        ..lease(&[quota(1600)], 10, name, None, now)
    };
    for name in ["a1", "a2"] {
        assert_eq!(size(limits.reserve(&ask(name)).await.unwrap()), 10);
    }
    assert_eq!(store.asked().len(), 2);
    assert!(
        matches!(limits.reserve(&ask("a3")).await.unwrap(), Reserved::Refused(levels) if levels.len() == 2)
    );
    assert_eq!(used(&store), "20", "what is refused takes nothing from any limit");
}

#[tokio::test]
async fn a_block_whose_answer_was_lost_is_given_once() {
    let store = Store::start().await;
    let limits = DynamoLimits::new(&store.clients, TABLE);
    store.fail_next([Fault::ServerErrorAfterCommit]);
    let reserved = limits.reserve(&lease(&[quota(1600)], 50, "a1", None, sample::now())).await.unwrap();
    assert_eq!((size(reserved), used(&store)), (50, "50".into()));
    assert_eq!(store.asked().len(), 2, "the SDK sent it again");
}

#[tokio::test]
async fn the_rest_of_a_block_goes_back_once() {
    let store = Store::start().await;
    let limits = DynamoLimits::new(&store.clients, TABLE);
    let now = sample::now();
    limits.reserve(&lease(&[quota(1600), rate(100, 100)], 50, "a1", None, now)).await.unwrap();
    let before = item(&store)["r#rate"].clone();
    let back = GiveBack {
        scope: SCOPE.into(),
        slots: slots(&[quota(1600)], now),
        units: 30,
        lease: Some("a1".into()),
    };
    store.fail_next([Fault::ServerErrorAfterCommit]);
    limits.give_back(&back).await.unwrap();
    limits.give_back(&back).await.unwrap();
    assert_eq!((used(&store), names(&store)), ("20".into(), vec![]));
    assert_eq!(item(&store)["r#rate"], before, "rates come back by themselves");
    let foreign = GiveBack { lease: Some("a2".into()), ..back };
    limits.give_back(&foreign).await.unwrap();
    assert_eq!(used(&store), "20", "no block of this name is held");
}

#[tokio::test]
async fn a_refund_is_tried_once_and_never_goes_below_nothing() {
    let store = Store::start().await;
    let limits = DynamoLimits::new(&store.clients, TABLE);
    let now = sample::now();
    limits.reserve(&lease(&[quota(1600)], 5, "a1", None, now)).await.unwrap();
    let back =
        |units| GiveBack { scope: SCOPE.into(), slots: slots(&[quota(1600)], now), units, lease: None };
    store.asked();
    store.fail_next([Fault::ServerErrorAfterCommit]);
    assert!(limits.give_back(&back(2)).await.is_err(), "whether it went back is not known");
    assert_eq!((store.asked().len(), used(&store).as_str()), (1, "3"));
    limits.give_back(&back(4)).await.unwrap();
    assert_eq!(used(&store), "3", "more than was taken does not go back");
    let yesterday = GiveBack { slots: slots(&[quota(1600)], now - 24.hours()), ..back(1) };
    limits.give_back(&yesterday).await.unwrap();
    assert_eq!(used(&store), "3", "a window that is over is left alone");
}

#[tokio::test]
async fn names_of_blocks_that_are_over_are_removed() {
    let store = Store::start().await;
    let now = sample::now();
    for n in 0..30 {
        let limits = DynamoLimits::new(&store.clients, TABLE);
        limits.reserve(&lease(&[quota(1_000)], 5, &format!("dead{n}"), None, now)).await.unwrap();
    }
    assert_eq!(names(&store).len(), 30);
    let later = now + SignedDuration::from_secs(15 + 61);
    let limits = DynamoLimits::new(&store.clients, TABLE);
    limits.reserve(&lease(&[quota(1_000)], 5, "a1", None, later)).await.unwrap();
    limits.reserve(&lease(&[quota(1_000)], 5, "a2", Some("a1"), later)).await.unwrap();
    assert_eq!(names(&store).len(), 10, "twenty at a time, and no name more where there are many");
    limits.reserve(&lease(&[quota(1_000)], 5, "a3", Some("a2"), later)).await.unwrap();
    assert_eq!(names(&store), ["l#a3"]);
}

#[tokio::test]
async fn a_caller_who_was_assigned_another_plan_is_told_by_the_same_write() {
    let store = Store::start().await;
    let limits = DynamoLimits::new(&store.clients, TABLE);
    let now = sample::now();
    let on = |plan: Option<&str>| Ask {
        scope: SCOPE.into(),
        now,
        units: 1,
        slots: slots(&[quota(10)], now),
        block: None,
        assignment: Some(Assignment(plan.map(str::to_owned))),
    };
    assert!(granted(&limits.reserve(&on(None)).await.unwrap()));
    assert!(item(&store)["expires"]["N"].is_string());
    assert_eq!(limits.reserve(&on(Some("pro"))).await.unwrap(), Reserved::Reassigned(Assignment(None)));
    let mut assigned = item(&store);
    assigned["plan"] = json!({ "S": "pro" });
    store.put("shop-state", assigned);
    store.asked();
    let pro = Assignment(Some("pro".into()));
    assert_eq!(limits.reserve(&on(None)).await.unwrap(), Reserved::Reassigned(pro.clone()));
    assert!(granted(&limits.reserve(&on(Some("pro"))).await.unwrap()));
    assert_eq!(store.asked(), ["UpdateItem", "UpdateItem"]);
    assert_eq!((used(&store).as_str(), &item(&store)["expires"]), ("2", &Value::Null), "it does not expire");
    assert_eq!(limits.assignment(SCOPE).await, Ok(pro));
    assert_eq!(limits.assignment("caller#User::\"bob\"").await, Ok(Assignment(None)));
    // A plan that was never assigned to a caller whom the table does not know.
    let unknown = Ask { scope: "caller#User::\"bob\"".into(), ..on(Some("pro")) };
    assert_eq!(limits.reserve(&unknown).await.unwrap(), Reserved::Reassigned(Assignment(None)));
}
