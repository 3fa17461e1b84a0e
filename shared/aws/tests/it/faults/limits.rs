use doorward_aws::DynamoLimits;
use doorward_core::limit::{GiveBack, Reserved};
use doorward_core::ports::LimitStore as _;
use serde_json::json;

use super::{ATTEMPTS, counted, each};
use crate::leases::{SCOPE, lease, slots, used};
use crate::limits::{ask, granted, quota, rate};
use crate::sample;
use crate::store::TABLE;

/// Guesses of one reservation.
const GUESSES: usize = 3;
const QUOTA: u64 = 6;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_may_waste_a_permit_and_never_admits() {
    each("UpdateItem", |case| async move {
        let limits = [rate(1, 60), quota(QUOTA)];
        let sandbox = DynamoLimits::new(&case.store.clients, TABLE);
        let mut admitted = 0;
        case.begin();
        for _ in 0..2 {
            let reserved = case.answer(sandbox.reserve(&ask(&limits, 1, sample::now()))).await;
            assert!(reserved.is_ok() || !case.passes(), "{}: {reserved:?}", case.name);
            admitted += usize::from(reserved.is_ok_and(|reserved| granted(&reserved)));
        }
        let asked = case.end().await;
        let (attempts, mut taken) = counted(&asked, "UpdateItem");
        assert!(attempts <= 2 * GUESSES * ATTEMPTS, "{}: {attempts} attempts", case.name);
        let faulty = asked.iter().filter(|one| one.fault.is_some()).count();
        assert!(taken - admitted <= faulty, "{}: {taken} taken for {admitted}", case.name);
        assert!(case.fault.commits() || taken == admitted, "{}: {taken} taken for {admitted}", case.name);

        let other = DynamoLimits::new(&case.store.clients, TABLE);
        while granted(&other.reserve(&ask(&limits, 1, sample::now())).await.unwrap()) {
            admitted += 1;
            taken += 1;
        }
        let key = json!({ "owner": { "S": "caller#User::\"alice\"" }, "item": { "S": "limits" } });
        let item = case.store.item("state", key).unwrap();
        assert_eq!(item["q#quota#2026-11-24"]["N"], QUOTA.to_string(), "{}", case.name);
        assert_eq!(taken as u64, QUOTA, "{}: each write is one permit", case.name);
        assert!(admitted as u64 <= QUOTA, "{}: {admitted}", case.name);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_block_is_given_once_whoever_loses_the_answer() {
    each("UpdateItem", |case| async move {
        let limits = [quota(1600)];
        let sandbox = DynamoLimits::new(&case.store.clients, TABLE);
        let first = sandbox.reserve(&lease(&limits, 10, "a0", None, sample::now())).await;
        assert!(matches!(first, Ok(Reserved::Granted { block: 10, .. })), "{}: {first:?}", case.name);
        case.begin();
        let given = case.answer(sandbox.reserve(&lease(&limits, 10, "a1", None, sample::now()))).await;
        assert!(given.is_ok() || !case.passes(), "{}: {given:?}", case.name);
        let (attempts, written) = counted(&case.end().await, "UpdateItem");
        assert!(attempts <= GUESSES * ATTEMPTS && written <= 1, "{}: {attempts}, {written}", case.name);
        let expected = if written == 1 { "20" } else { "10" };
        assert_eq!(used(&case.store), expected, "{}", case.name);
        match given {
            Ok(Reserved::Granted { block, .. }) => assert_eq!((block, written), (10, 1), "{}", case.name),
            other => assert!(other.is_err(), "{}: {other:?}", case.name),
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_goes_back_twice() {
    each("UpdateItem", |case| async move {
        let limits = [quota(1600)];
        let sandbox = DynamoLimits::new(&case.store.clients, TABLE);
        sandbox.reserve(&lease(&limits, 10, "a0", None, sample::now())).await.unwrap();
        sandbox.reserve(&lease(&limits, 10, "a1", None, sample::now())).await.unwrap();
        let slots = slots(&limits, sample::now());
        let back = |lease: Option<&str>| {
            let lease = lease.map(str::to_owned);
            GiveBack { scope: SCOPE.to_owned(), slots: slots.clone(), units: 4, lease }
        };
        case.begin();
        let rest = case.answer(sandbox.give_back(&back(Some("a1")))).await;
        assert!(rest.is_ok() || !case.passes(), "{}: {rest:?}", case.name);
        let (attempts, written) = counted(&case.end().await, "UpdateItem");
        assert!(attempts <= ATTEMPTS && written <= 1, "{}: {attempts}, {written}", case.name);
        // Once more, as whoever does not know would.
        sandbox.give_back(&back(Some("a1"))).await.unwrap();
        assert_eq!(used(&case.store), "16", "{}", case.name);

        // What no block names is asked for once, and is lost or goes back.
        case.begin();
        let refund = case.answer(sandbox.give_back(&back(None))).await;
        let (attempts, written) = counted(&case.end().await, "UpdateItem");
        assert_eq!(attempts, 1, "{}", case.name);
        assert!(refund.is_err() || written == 1, "{}: said to be given back", case.name);
        assert_eq!(used(&case.store), if written == 1 { "12" } else { "16" }, "{}", case.name);
    })
    .await;
}
