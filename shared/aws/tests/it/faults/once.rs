//! Items that are kept beside a call's record.

use doorward_aws::{DecisionRange, DynamoDecisions, DynamoQuarantine};
use doorward_core::ports::{Decisions as _, Quarantine as _};
use jiff::ToSpan;

use super::{ATTEMPTS, counted, each};
use crate::store::TABLE;
use crate::{decisions, quarantine, sample};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_is_kept_once() {
    each("PutItem", |case| async move {
        let store = DynamoQuarantine::new(&case.store.clients, TABLE);
        let expires = sample::now() + 24.hours();
        case.begin();
        let kept =
            case.answer(store.keep(&quarantine::denied("e-1"), &quarantine::record("x"), expires)).await;
        assert!(kept.is_ok() || !case.passes(), "{}: {kept:?}", case.name);
        let (attempts, written) = counted(&case.end().await, "PutItem");
        assert!(attempts <= ATTEMPTS && written <= 1, "{}: {attempts}, {written}", case.name);
        assert_eq!(store.list(10).await.unwrap().len(), written, "{}", case.name);
        assert!(kept.is_err() || written == 1, "{}: said to be kept", case.name);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decision_is_kept_once() {
    each("PutItem", |case| async move {
        let store = DynamoDecisions::new(&case.store.clients, TABLE);
        let record = decisions::record("c-1", 0, "createOrder");
        case.begin();
        let kept = case.answer(store.keep(&record, record.at + 24.hours())).await;
        assert!(kept.is_ok() || !case.passes(), "{}: {kept:?}", case.name);
        let (attempts, written) = counted(&case.end().await, "PutItem");
        assert!(attempts <= ATTEMPTS, "{}: {attempts} attempts", case.name);
        let range = DecisionRange { since: record.at, until: record.at, action: None, most: 10 };
        let read = store.read(&range).await.unwrap().records;
        // The same item, however often it was written.
        assert_eq!(read, vec![record; written.min(1)], "{}", case.name);
        assert!(kept.is_err() || written >= 1, "{}: said to be kept", case.name);
    })
    .await;
}
