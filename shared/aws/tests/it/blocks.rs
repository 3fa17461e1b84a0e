use std::collections::HashSet;
use std::sync::Arc;

use doorward_aws::{DynamoLedger, Imported, JournalLine, Journaled, LedgerRow, LedgerRows};
use doorward_core::ports::{BatchedCall, CallBlock, Claim, Ledger};
use doorward_model::{Call, CallId, DecisionNote, Effect, EntityName, Outcome, Violation};
use doorward_testkit::fault_proxy::Fault;
use jiff::ToSpan;
use serde_json::json;

use crate::ledger::{ended, expires, try_at};
use crate::sample;
use crate::store::{Store, TABLE};

const BLOCK: &str = "block#5f1d22cc8a3b9e07#0";

struct Fixture {
    store: Store,
    ledger: DynamoLedger,
    rows: LedgerRows,
}

impl Fixture {
    async fn start() -> Self {
        let store = Store::start().await;
        let ledger = DynamoLedger::new(&store.clients, TABLE);
        let rows = LedgerRows::new(&store.clients, TABLE);
        Self { store, ledger, rows }
    }

    async fn write(&self, id: &str, calls: &[BatchedCall]) -> HashSet<CallId> {
        self.ledger.record_block(&CallBlock { id, calls }).await.unwrap()
    }

    /// Ids of the calls of each row, in order of the rows' ids.
    async fn calls(&self) -> Vec<Vec<String>> {
        let page = self.rows.page(None).await.unwrap();
        assert!(page.unreadable.is_empty() && page.next.is_none());
        let mut rows: Vec<LedgerRow> = page.rows;
        rows.sort_by(|one, other| one.id().cmp(other.id()));
        rows.iter().map(|row| row.calls().iter().map(|call| call.call.clone()).collect()).collect()
    }

    async fn import(&self, line: &str) -> (u64, u64) {
        let journaled = JournalLine::read(line).unwrap().unwrap();
        let Imported { added, present } = self.ledger.import(&journaled).await.unwrap();
        (added, present)
    }
}

/// An order as one comes in: a caller of many, under an id of its own.
fn order(nth: usize) -> Call {
    let mut random = fastrand::Rng::with_seed(nth as u64);
    let mut id = || {
        format!(
            "{:08x}-{:04x}-4{:03x}-{:012x}",
            random.u32(..),
            random.u16(..),
            random.u16(..4096),
            random.u64(..1 << 48)
        )
    };
    let mut call = sample::call(&id());
    call.invocation = call.id.to_string();
    call.gateway_request_id = Some(id());
    call.at = sample::now() + (nth as i64 * 37).milliseconds();
    call.caller = Some(EntityName::new("User", id()));
    call.plan = Some("default".to_owned());
    call.plan_version = Some("3f2a9c01b7de".to_owned());
    call.bundle = Some("9a61c0de55f1".to_owned());
    call.action = Some("createOrder".to_owned());
    call.resource = Some(EntityName::new("Function", "orders"));
    call.target = Some("orders".to_owned());
    call.purpose = Some("checkout".to_owned());
    call.decision = Some(DecisionNote {
        effect: Effect::Allow,
        policies: vec!["customers-order-up-to-1000".to_owned()],
        errors: Vec::new(),
    });
    call.outcome = Outcome::Admitted;
    call.bytes_in = 300 + random.u64(..200);
    call.bytes_out = 100 + random.u64(..50);
    call.duration_us = 12_000 + random.u64(..40_000);
    call
}

fn held(call: Call) -> BatchedCall {
    BatchedCall { call: Arc::new(call), expires: expires(), held: sample::now() }
}

fn orders(numbers: std::ops::Range<usize>) -> Vec<BatchedCall> {
    numbers.map(|nth| held(order(nth))).collect()
}

fn ids(calls: &[BatchedCall]) -> Vec<String> {
    calls.iter().map(|held| held.call.id.to_string()).collect()
}

#[tokio::test]
async fn a_hundred_calls_are_one_write_of_few_units() {
    let fixture = Fixture::start().await;
    let calls = orders(0..100);
    let _ = fixture.store.proxy.take();
    assert_eq!(fixture.write(BLOCK, &calls).await.len(), 100);
    let asked = fixture.store.proxy.take();
    let costs: Vec<_> = asked.iter().map(|one| (one.asked.operation.as_str(), one.write_units)).collect();
    assert_eq!(costs, [("PutItem", 9.0)]);
    assert_eq!(fixture.calls().await, [ids(&calls)]);
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_known_by_its_block() {
    let fixture = Fixture::start().await;
    let calls = orders(0..3);
    fixture.store.fail_next([Fault::ResetAfterCommit]);
    assert_eq!(fixture.write(BLOCK, &calls).await.len(), 3);
    // More came to it meanwhile: the block holds what it held.
    assert_eq!(fixture.write(BLOCK, &orders(1..5)).await, ids(&calls).into_iter().map(CallId::new).collect());
    assert_eq!(fixture.calls().await, [ids(&calls)]);
}

#[tokio::test]
async fn calls_that_are_too_large_for_one_item_are_taken_in_part() {
    let fixture = Fixture::start().await;
    let mut random = fastrand::Rng::with_seed(7);
    let mut wide = |nth: usize| {
        let mut call = order(nth);
        let mut chance = || (0..500).map(|_| random.alphanumeric()).collect::<String>();
        call.violations = (0..20)
            .map(|_| Violation { pointer: chance(), part: "body".into(), rule: chance(), names: Vec::new() })
            .collect();
        held(call)
    };
    let calls: Vec<_> = (0..100).map(&mut wide).collect();
    let written = fixture.write(BLOCK, &calls).await;
    assert!((1..100).contains(&written.len()), "{}", written.len());
    assert_eq!(fixture.calls().await, [ids(&calls[..written.len()])]);
}

fn line(call: &Call) -> String {
    JournalLine::for_call(call, expires()).unwrap()
}

#[tokio::test]
async fn what_the_log_kept_is_put_where_the_ledger_lacks_it() {
    let fixture = Fixture::start().await;
    assert_eq!(fixture.import(&line(&order(1))).await, (1, 0));
    assert_eq!(fixture.import(&line(&order(1))).await, (0, 1));
    fixture.ledger.record(&order(2), expires()).await.unwrap();
    assert_eq!(fixture.import(&line(&order(2))).await, (0, 1));
    assert_eq!(fixture.calls().await.len(), 2);
}

#[tokio::test]
async fn a_claim_that_could_not_be_resolved_is_resolved_by_the_log_of_its_own_try_alone() {
    let fixture = Fixture::start().await;
    let mut own = try_at(0);
    own.claim_tried = true;
    assert_eq!(fixture.ledger.claim(&own, expires()).await, Ok(Claim::Ours));
    let mut other = ended(&try_at(1), Outcome::Admitted);
    other.claim_tried = true;
    assert_eq!(fixture.import(&line(&other)).await, (0, 1));
    assert_eq!(fixture.import(&line(&ended(&own, Outcome::Admitted))).await, (1, 0));
    assert_eq!(fixture.import(&line(&ended(&own, Outcome::Admitted))).await, (0, 1));
    let rows = fixture.rows.page(None).await.unwrap().rows;
    let row = rows.into_iter().next().unwrap();
    assert_eq!((row.version(), row.calls()[0].outcome), (2, Outcome::Admitted));
}

#[tokio::test]
async fn a_block_of_the_log_adds_what_the_block_in_the_ledger_lacks() {
    let fixture = Fixture::start().await;
    let block = JournalLine::for_block(&CallBlock { id: BLOCK, calls: &orders(0..4) }).unwrap();
    fixture.write(BLOCK, &orders(0..3)).await;
    assert_eq!(fixture.import(&block).await, (1, 3));
    assert_eq!(fixture.import(&block).await, (0, 4));
    let mut calls = fixture.calls().await.concat();
    calls.sort();
    let mut expected = ids(&orders(0..4));
    expected.sort();
    assert_eq!(calls, expected);
}

#[tokio::test]
async fn a_block_that_the_ledger_lacks_comes_as_it_is() {
    let fixture = Fixture::start().await;
    let calls = orders(0..4);
    let block = JournalLine::for_block(&CallBlock { id: BLOCK, calls: &calls }).unwrap();
    let wrapped = json!({ "timestamp": 1, "message": block }).to_string();
    assert!(matches!(JournalLine::read(&wrapped), Ok(Some(Journaled::Block(_)))));
    assert_eq!(fixture.import(&wrapped).await, (4, 0));
    assert_eq!(fixture.import(&block).await, (0, 4));
    assert_eq!(fixture.calls().await, [ids(&calls)]);
}
