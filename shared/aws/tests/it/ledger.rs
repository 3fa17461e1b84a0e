use std::sync::Arc;

use doorward_aws::{DynamoLedger, LedgerReader};
use doorward_core::ports::{Claim, Ledger, StoreError};
use doorward_model::{Call, Outcome, Violation};
use doorward_testkit::fault_proxy::Fault;
use jiff::{Timestamp, ToSpan};

use crate::sample;
use crate::store::{Store, TABLE};

struct Fixture {
    store: Store,
    ledger: Arc<DynamoLedger>,
    reader: LedgerReader,
}

impl Fixture {
    async fn start() -> Self {
        let store = Store::start().await;
        let ledger = Arc::new(DynamoLedger::new(&store.clients, TABLE));
        let reader = LedgerReader::new(&store.clients, TABLE);
        Self { store, ledger, reader }
    }

    #[track_caller]
    fn check_row(&self, outcome: Outcome, attempt: Option<u64>) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        async move {
            let row = self.reader.get("c-1").await.unwrap().unwrap();
            assert_eq!((row.outcome, row.attempt), (outcome, attempt), "{caller}");
        }
    }
}

/// The same call, tried once more `ms` later by the same invocation id, as asynchronous retries are.
pub(crate) fn try_at(ms: i64) -> Call {
    let mut call = sample::call("c-1");
    call.at = sample::now() + ms.milliseconds();
    call.deadline = Some(sample::now() + 30.seconds());
    call
}

pub(crate) fn ended(call: &Call, outcome: Outcome) -> Call {
    let mut call = call.clone();
    call.outcome = outcome;
    call
}

pub(crate) fn expires() -> Timestamp {
    sample::now() + 24.hours()
}

/// What a claim finds that another try made; its invocation ends in 30 s.
fn taken(first: Outcome) -> Claim {
    let invocation = sample::call("c-1").invocation;
    Claim::Taken { first, invocation, until: Some(sample::now() + 30.seconds()) }
}

#[tokio::test]
async fn a_call_is_claimed_once_and_resolved_once() {
    let Fixture { store, ledger, reader } = &Fixture::start().await;
    let first = try_at(0);
    assert_eq!(ledger.claim(&first, expires()).await, Ok(Claim::Ours));
    assert_eq!(store.asked(), ["PutItem"]);
    assert_eq!(ledger.claim(&try_at(1), expires()).await, Ok(taken(Outcome::Unresolved)));
    store.asked();
    let mut end = ended(&first, Outcome::Admitted);
    end.status = Some(200);
    end.bytes_out = 17;
    assert_eq!(ledger.resolve(&end).await, Ok(()));
    assert_eq!(store.asked(), ["UpdateItem"]);
    assert_eq!(ledger.claim(&try_at(2), expires()).await, Ok(taken(Outcome::Admitted)));
    let row = reader.get("c-1").await.unwrap().unwrap();
    assert_eq!(
        (row.outcome, row.status, row.bytes_out, row.attempt),
        (Outcome::Admitted, Some(200), 17, Some(1))
    );
    assert_eq!(row.expires, Some(expires().as_second()));
    assert_eq!(reader.get("c-2").await, Ok(None));
}

#[tokio::test]
async fn an_end_that_was_written_stays() {
    let fixture = Fixture::start().await;
    let first = try_at(0);
    fixture.ledger.claim(&first, expires()).await.unwrap();
    fixture.ledger.resolve(&ended(&first, Outcome::Admitted)).await.unwrap();
    assert_eq!(fixture.ledger.resolve(&ended(&first, Outcome::TargetFailed)).await, Ok(()));
    fixture.check_row(Outcome::Admitted, Some(1)).await;
}

#[tokio::test]
async fn a_call_that_may_be_tried_again_is_taken_over() {
    let fixture = Fixture::start().await;
    let (first, second) = (try_at(0), try_at(1));
    fixture.ledger.claim(&first, expires()).await.unwrap();
    let mut throttled = ended(&first, Outcome::Throttled);
    throttled.code = Some("rate-limited");
    fixture.ledger.resolve(&throttled).await.unwrap();
    assert_eq!(fixture.ledger.claim(&second, expires()).await, Ok(Claim::Ours));
    fixture.check_row(Outcome::Unresolved, Some(2)).await;
    assert_eq!(fixture.reader.get("c-1").await.unwrap().unwrap().code, None, "the old end is gone");
    let late = fixture.ledger.resolve(&ended(&first, Outcome::Admitted)).await;
    assert_eq!(late, Err(StoreError("the claim of this call is held by another".into())));
    fixture.ledger.resolve(&ended(&second, Outcome::Admitted)).await.unwrap();
    fixture.check_row(Outcome::Admitted, Some(2)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_many_takes_over() {
    let fixture = Fixture::start().await;
    let first = try_at(0);
    fixture.ledger.claim(&first, expires()).await.unwrap();
    fixture.ledger.resolve(&ended(&first, Outcome::TargetFailed)).await.unwrap();
    let claims: Vec<_> = (1..=32)
        .map(|ms| {
            let ledger = Arc::clone(&fixture.ledger);
            tokio::spawn(async move { ledger.claim(&try_at(ms), expires()).await.unwrap() })
        })
        .collect();
    let mut ours = 0;
    for claim in claims {
        ours += usize::from(claim.await.unwrap() == Claim::Ours);
    }
    assert_eq!(ours, 1);
    fixture.check_row(Outcome::Unresolved, Some(2)).await;
}

#[tokio::test]
async fn writes_whose_answers_are_lost_are_ours() {
    let fixture = Fixture::start().await;
    let first = try_at(0);
    fixture.store.fail_next([Fault::ServerErrorAfterCommit]);
    assert_eq!(fixture.ledger.claim(&first, expires()).await, Ok(Claim::Ours));
    fixture.store.fail_next([Fault::ServerErrorAfterCommit]);
    assert_eq!(fixture.ledger.resolve(&ended(&first, Outcome::TargetFailed)).await, Ok(()));
    fixture.check_row(Outcome::TargetFailed, Some(1)).await;
    fixture.store.fail_next([Fault::ServerErrorAfterCommit]);
    assert_eq!(fixture.ledger.claim(&try_at(1), expires()).await, Ok(Claim::Ours), "a take-over");
    fixture.check_row(Outcome::Unresolved, Some(2)).await;
}

#[tokio::test]
async fn a_claim_that_is_never_known_to_be_ours_does_not_bar_the_call() {
    let fixture = Fixture::start().await;
    let first = try_at(0);
    fixture.store.fail_next(vec![Fault::ServerErrorAfterCommit; 3]);
    assert_eq!(fixture.ledger.claim(&first, expires()).await, Err(StoreError("InternalServerError".into())));
    fixture.check_row(Outcome::Unresolved, Some(1)).await;
    fixture.ledger.record(&ended(&first, Outcome::Unavailable), expires()).await.unwrap();
    fixture.check_row(Outcome::Unavailable, Some(1)).await;
    assert_eq!(fixture.ledger.claim(&try_at(1), expires()).await, Ok(Claim::Ours));
}

#[tokio::test]
async fn a_call_is_recorded_once() {
    let fixture = Fixture::start().await;
    let call = ended(&try_at(0), Outcome::Admitted);
    fixture.store.fail_next([Fault::ServerErrorAfterCommit]);
    fixture.ledger.record(&call, expires()).await.unwrap();
    fixture.store.asked();
    fixture.ledger.record(&ended(&try_at(1), Outcome::Denied), expires()).await.unwrap();
    assert_eq!(fixture.store.asked(), ["PutItem"]);
    fixture.check_row(Outcome::Admitted, None).await;
    assert_eq!(
        fixture.ledger.claim(&try_at(2), expires()).await,
        Ok(Claim::Taken { first: Outcome::Admitted, invocation: call.invocation, until: None })
    );
}

#[tokio::test]
async fn a_recorded_call_that_may_be_tried_again_is_taken_over() {
    let fixture = Fixture::start().await;
    fixture.ledger.record(&ended(&try_at(0), Outcome::Unavailable), expires()).await.unwrap();
    assert_eq!(fixture.ledger.claim(&try_at(1), expires()).await, Ok(Claim::Ours));
    fixture.check_row(Outcome::Unresolved, Some(1)).await;
}

#[tokio::test]
async fn a_refused_event_is_taken_over_where_it_was_sent_back_and_its_last_end_stands() {
    let fixture = Fixture::start().await;
    let denied = |ms, sent_back| {
        let mut call = ended(&try_at(ms), Outcome::Denied);
        call.sent_back = sent_back;
        call
    };
    fixture.ledger.record(&denied(0, true), expires()).await.unwrap();
    fixture.ledger.record(&denied(1, true), expires()).await.unwrap();
    assert_eq!(fixture.ledger.claim(&try_at(2), expires()).await, Ok(Claim::Ours));
    fixture.ledger.resolve(&ended(&try_at(2), Outcome::Admitted)).await.unwrap();
    fixture.check_row(Outcome::Admitted, Some(1)).await;
    assert!(matches!(fixture.ledger.claim(&try_at(3), expires()).await, Ok(Claim::Taken { .. })));
    // One that was sent back first, and discarded then, is done.
    let fixture = Fixture::start().await;
    fixture.ledger.record(&denied(0, true), expires()).await.unwrap();
    fixture.ledger.record(&denied(1, false), expires()).await.unwrap();
    fixture.ledger.record(&denied(2, true), expires()).await.unwrap();
    let taken = fixture.ledger.claim(&try_at(3), expires()).await;
    assert!(matches!(taken, Ok(Claim::Taken { first: Outcome::Denied, .. })), "{taken:?}");
}

#[tokio::test]
async fn pages_hold_every_item_once() {
    let Fixture { ledger, reader, .. } = &Fixture::start().await;
    let long = "x".repeat(500);
    let violation = Violation { pointer: long.clone(), part: "body".into(), rule: long, names: Vec::new() };
    for number in 0..80 {
        let mut call = ended(&sample::call(&format!("c-{number}")), Outcome::Invalid);
        call.violations = vec![violation.clone(); 20];
        ledger.record(&call, expires()).await.unwrap();
    }
    let (mut calls, mut pages, mut start) = (Vec::new(), 0, None);
    loop {
        let page = reader.page(start.as_deref()).await.unwrap();
        calls.extend(page.items.into_iter().map(|item| item.call));
        pages += 1;
        start = page.next;
        if start.is_none() {
            break;
        }
    }
    calls.sort();
    calls.dedup();
    assert_eq!(calls.len(), 80);
    assert_eq!(pages, 2, "a read ends at 1 MB");
}
