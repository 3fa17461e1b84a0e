use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;

use doorward_aws::DynamoLimits;
use doorward_config::{Limit, LimitRule, Window};
use doorward_core::limit::{Ask, Level, Reserved, Slot};
use doorward_core::ports::{LimitStore, StoreError};
use doorward_testkit::fault_proxy::Fault;
use jiff::{Timestamp, ToSpan};
use serde_json::json;

use crate::loopback::{self, Nobody};
use crate::sample;
use crate::store::{Store, TABLE};

pub(crate) fn rate(units: u64, burst: u64) -> Limit {
    let rule =
        LimitRule::Rate { units, period: Duration::from_secs(1), burst: NonZeroU64::new(burst).unwrap() };
    Limit::hard("rate", rule)
}

pub(crate) fn quota(units: u64) -> Limit {
    Limit::hard("quota", LimitRule::Quota { units, window: Window::Day })
}

pub(crate) fn ask(limits: &[Limit], units: u64, now: Timestamp) -> Ask {
    let slots = limits.iter().map(|limit| Slot::at(limit, now)).collect();
    let scope = "caller#User::\"alice\"".into();
    Ask { scope, now, units, slots, block: None, assignment: None }
}

pub(crate) fn granted(reserved: &Reserved) -> bool {
    matches!(reserved, Reserved::Granted { .. })
}

/// How many of 64 calls at one instant, from eight sandboxes, are admitted.
async fn admitted_of_64(store: &Store, limits: &[Limit], units: u64) -> usize {
    let sandboxes: Vec<_> = (0..8).map(|_| Arc::new(DynamoLimits::new(&store.clients, TABLE))).collect();
    let calls: Vec<_> = (0..64)
        .map(|call| {
            let (sandbox, ask) = (Arc::clone(&sandboxes[call % 8]), ask(limits, units, sample::now()));
            tokio::spawn(async move { sandbox.reserve(&ask).await.unwrap() })
        })
        .collect();
    let mut admitted = 0;
    for call in calls {
        admitted += usize::from(granted(&call.await.unwrap()));
    }
    admitted
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_calls_get_a_quota_to_the_unit() {
    let store = Store::start().await;
    assert_eq!(admitted_of_64(&store, &[quota(40)], 1).await, 40);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_calls_get_a_burst_to_the_unit() {
    let store = Store::start().await;
    assert_eq!(admitted_of_64(&store, &[rate(5, 10)], 1).await, 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_calls_of_several_units_share_stacked_limits() {
    let store = Store::start().await;
    assert_eq!(admitted_of_64(&store, &[rate(1000, 1000), quota(50)], 3).await, 16);
}

#[tokio::test]
async fn an_admitted_call_is_one_store_call() {
    let store = Store::start().await;
    let limits = DynamoLimits::new(&store.clients, TABLE);
    let limit = [rate(5, 3), quota(100)];
    // The rate is behind the clock at 0, 3000 and 6000 milliseconds, and ahead of it at the others.
    for ms in [0, 0, 200, 400, 600, 800, 3000, 6000, 6000, 6000] {
        let ask = ask(&limit, 1, sample::now() + ms.milliseconds());
        assert!(granted(&limits.reserve(&ask).await.unwrap()), "{ms}");
        assert_eq!(store.asked(), ["UpdateItem"], "{ms}");
    }
}

#[tokio::test]
async fn a_sandbox_without_memory_needs_one_call_more() {
    let store = Store::start().await;
    let limit = [rate(5, 3)];
    for (sandbox, expected) in [1, 2, 2].into_iter().enumerate() {
        let limits = DynamoLimits::new(&store.clients, TABLE);
        assert!(granted(&limits.reserve(&ask(&limit, 1, sample::now())).await.unwrap()), "{sandbox}");
        assert_eq!(store.asked().len(), expected, "{sandbox}");
    }
    let limits = DynamoLimits::new(&store.clients, TABLE);
    assert!(!granted(&limits.reserve(&ask(&limit, 1, sample::now())).await.unwrap()));
    assert_eq!(store.asked().len(), 1, "the first failure shows that the limit binds");
}

#[tokio::test]
async fn a_flood_over_its_limit_costs_one_store_call_a_second() {
    let store = Store::start().await;
    let limits = DynamoLimits::new(&store.clients, TABLE);
    let at = |ms: i64| ask(&[quota(1)], 1, sample::now() + ms.milliseconds());
    assert!(granted(&limits.reserve(&at(0)).await.unwrap()));
    store.asked();
    for ms in 0..3000 {
        assert_eq!(limits.reserve(&at(ms)).await.unwrap(), Reserved::Refused(vec![Level::Quota(1)]));
    }
    assert_eq!(store.asked().len(), 2, "at 1000 and at 2000 milliseconds");
}

/// What windows gave is forgotten two windows later. A call that comes as late must not find its window unused again.
#[tokio::test]
async fn a_window_that_the_item_has_forgotten_gives_nothing() {
    let store = Store::start().await;
    let limit = Limit::hard("quota", LimitRule::Quota { units: 1, window: Window::Minute });
    let at = |minutes: i64| ask(std::slice::from_ref(&limit), 1, sample::now() + minutes.minutes());
    let limits = DynamoLimits::new(&store.clients, TABLE);
    for minutes in 0..4 {
        assert!(granted(&limits.reserve(&at(minutes)).await.unwrap()), "{minutes}");
    }
    for late in [DynamoLimits::new(&store.clients, TABLE), limits] {
        for minutes in 0..4 {
            let refused = late.reserve(&at(minutes)).await.unwrap();
            assert_eq!(refused, Reserved::Refused(vec![Level::Quota(1)]), "{minutes}");
        }
    }
}

#[tokio::test]
async fn a_refusal_takes_nothing_from_any_limit() {
    let store = Store::start().await;
    let limits = DynamoLimits::new(&store.clients, TABLE);
    let ask = ask(&[rate(5, 10), quota(1)], 1, sample::now());
    let Reserved::Granted { levels, .. } = limits.reserve(&ask).await.unwrap() else {
        panic!("the first call is granted")
    };
    assert_eq!(limits.reserve(&ask).await.unwrap(), Reserved::Refused(levels));
}

#[tokio::test]
async fn what_can_never_be_given_is_refused_without_a_call() {
    let store = Store::start().await;
    let limits = DynamoLimits::new(&store.clients, TABLE);
    for (limit, units) in [(rate(0, 3), 1), (quota(0), 1), (rate(5, 3), 4), (quota(5), 6)] {
        assert!(!granted(&limits.reserve(&ask(&[limit], units, sample::now())).await.unwrap()));
    }
    assert!(
        granted(&limits.reserve(&ask(&[], 1, sample::now())).await.unwrap()),
        "no limit, nothing to take"
    );
    assert!(store.asked().is_empty());
}

#[tokio::test]
async fn a_lost_answer_wastes_a_permit_and_admits_nobody_more() {
    let store = Store::start().await;
    let limits = DynamoLimits::new(&store.clients, TABLE);
    store.fail_next([Fault::ServerErrorAfterCommit]);
    let mut admitted = 0;
    for _ in 0..5 {
        admitted += usize::from(granted(&limits.reserve(&ask(&[quota(3)], 1, sample::now())).await.unwrap()));
    }
    assert_eq!(admitted, 2);
}

#[tokio::test]
async fn an_item_forgets_windows_gone_by_but_for_the_latest() {
    let store = Store::start().await;
    let limits = DynamoLimits::new(&store.clients, TABLE);
    for day in 0..4 {
        let now = sample::now() + (day * 24).hours();
        assert!(granted(&limits.reserve(&ask(&[quota(1)], 1, now)).await.unwrap()), "{day}");
    }
    let key = json!({ "owner": { "S": "caller#User::\"alice\"" }, "item": { "S": "limits" } });
    let item = store.item("state", key).unwrap();
    let mut windows: Vec<_> =
        item.as_object().unwrap().keys().filter(|name| name.starts_with("q#")).collect();
    windows.sort();
    assert_eq!(windows, ["q#quota#2026-11-26", "q#quota#2026-11-27"]);
    assert_eq!(item["expires"]["N"], "1795996800", "two days after the window's end");
}

#[tokio::test]
async fn a_store_that_is_away_grants_nothing() {
    let nobody = Nobody::new();
    let limits = DynamoLimits::new(&loopback::clients(nobody.address()), TABLE);
    let reserved = limits.reserve(&ask(&[quota(3)], 1, sample::now())).await;
    assert_eq!(reserved, Err(StoreError("cannot be reached".into())));
}
