use doorward_aws::DynamoLimits;
use doorward_core::ports::LimitStore as _;
use serde_json::json;

use super::{ATTEMPTS, counted, each};
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
