//! What operators write of plans and switches is what doors read.

use doorward_aws::{Assigned, Assignments, DynamoLimits, DynamoSwitches, Switchboard, SwitchedOff};
use doorward_core::limit::{Ask, Assignment, Reserved, caller_scope};
use doorward_core::ports::{LimitStore, Switches};
use doorward_model::EntityName;
use doorward_testkit::fault_proxy::Fault;
use jiff::ToSpan;
use serde_json::json;

use crate::limits::{ask, quota};
use crate::sample;
use crate::store::{Store, TABLE};

fn change(second: u64, plan: Option<&str>) -> Assigned {
    let at = format!("2026-11-24T12:00:{second:02}.5Z").parse().unwrap();
    Assigned { at, plan: plan.map(str::to_owned), by: Some("a contract".to_owned()) }
}

#[tokio::test]
async fn an_assignment_holds_for_the_door_and_stands_in_the_history() {
    let store = Store::start().await;
    let assignments = Assignments::new(&store.clients, TABLE);
    let limits = DynamoLimits::new(&store.clients, TABLE);
    // A name that is too long for a key is hashed, for doors and operators alike.
    for alice in [EntityName::new("User", "alice"), EntityName::new("User", "a".repeat(5_000))] {
        let seen = async || limits.assignment(&caller_scope(&alice)).await.unwrap();
        assert_eq!(seen().await, Assignment(None));
        assignments.assign(&alice, &change(1, Some("partner"))).await.unwrap();
        assert_eq!(seen().await, Assignment(Some("partner".into())));
        assert_eq!(assignments.current(&alice).await.unwrap().as_deref(), Some("partner"));
        assignments.assign(&alice, &change(2, Some("gold"))).await.unwrap();
        assert_eq!(seen().await, Assignment(Some("gold".into())));
        assignments.assign(&alice, &change(3, None)).await.unwrap();
        assert_eq!(seen().await, Assignment(None));
        let history = assignments.history(&alice).await.unwrap();
        assert_eq!(history, [change(1, Some("partner")), change(2, Some("gold")), change(3, None)]);
    }
    let bob = EntityName::new("User", "bob");
    assignments.assign(&bob, &change(4, Some("partner"))).await.unwrap();
    assert_eq!(assignments.all().await.unwrap(), [(bob.to_string(), "partner".to_owned())]);
}

#[tokio::test]
async fn what_a_caller_consumed_stays_when_the_plan_changes() {
    let store = Store::start().await;
    let alice = EntityName::new("User", "alice");
    let key = json!({ "owner": { "S": caller_scope(&alice) }, "item": { "S": "limits" } });
    let mut item = key.clone();
    item["some-quota"] = json!({ "N": "7" });
    item["expires"] = json!({ "N": "1795737600" });
    store.put("shop-state", item);
    let assignments = Assignments::new(&store.clients, TABLE);
    assignments.assign(&alice, &change(1, Some("partner"))).await.unwrap();
    let item = store.item("state", key).unwrap();
    assert_eq!((&item["some-quota"]["N"], &item["plan"]["S"]), (&json!("7"), &json!("partner")));
    assert!(item["expires"].is_null(), "it stays, however long no call comes");
}

#[tokio::test]
async fn an_assignment_is_found_out_where_the_plan_before_it_never_lets_a_call_in() {
    let store = Store::start().await;
    let alice = EntityName::new("User", "alice");
    let limits = DynamoLimits::new(&store.clients, TABLE);
    let on = |plan: Option<&str>, units| Ask {
        assignment: Some(Assignment(plan.map(str::to_owned))),
        ..ask(&[quota(0)], units, sample::now())
    };
    assert!(matches!(limits.reserve(&on(None, 1)).await.unwrap(), Reserved::Refused(_)));
    Assignments::new(&store.clients, TABLE).assign(&alice, &change(1, Some("partner"))).await.unwrap();
    store.asked();
    let later = Ask { now: sample::now() + 1.second(), ..on(None, 1) };
    let partner = Reserved::Reassigned(Assignment(Some("partner".into())));
    assert_eq!(limits.reserve(&later).await.unwrap(), partner);
    for ms in 0..1_000 {
        let later = Ask { now: sample::now() + (2_000 + ms).milliseconds(), ..on(Some("partner"), 1) };
        assert!(matches!(limits.reserve(&later).await.unwrap(), Reserved::Refused(_)));
    }
    assert_eq!(store.asked(), ["GetItem", "GetItem"], "a flood costs a read a second");
}

#[tokio::test]
async fn an_assignment_that_was_answered_by_an_error_is_whole_or_not_at_all() {
    let store = Store::start().await;
    let assignments = Assignments::new(&store.clients, TABLE);
    let alice = EntityName::new("User", "alice");
    store.fail_next([Fault::ServerErrorAfterCommit]);
    assignments.assign(&alice, &change(1, Some("partner"))).await.unwrap();
    assert_eq!(assignments.current(&alice).await.unwrap().as_deref(), Some("partner"));
    assert_eq!(assignments.history(&alice).await.unwrap(), [change(1, Some("partner"))]);
}

#[tokio::test]
async fn a_switch_is_off_for_the_door_until_it_is_on() {
    let store = Store::start().await;
    let board = Switchboard::new(&store.clients, TABLE);
    let switches = DynamoSwitches::new(&store.clients, TABLE);
    let off = |key: &str, second: u64, reason: &str| SwitchedOff {
        key: key.to_owned(),
        since: change(second, None).at,
        reason: Some(reason.to_owned()),
    };
    let first = off("action#createOrder", 1, "broken");
    assert_eq!(board.off(&first).await.unwrap(), first);
    board.off(&off("target#orders", 2, "away")).await.unwrap();
    let seen = switches.off().await.unwrap();
    assert_eq!(seen, ["action#createOrder", "target#orders"].map(str::to_owned).into());

    // Since when stands, the reason does not.
    board.off(&off("action#createOrder", 3, "still broken")).await.unwrap();
    let listed = board.list().await.unwrap();
    assert_eq!(listed, [off("action#createOrder", 1, "still broken"), off("target#orders", 2, "away")]);

    assert!(board.on("action#createOrder").await.unwrap());
    assert!(!board.on("action#createOrder").await.unwrap());
    assert_eq!(switches.off().await.unwrap(), ["target#orders".to_owned()].into());
}
