use doorward_aws::{DynamoLedger, LedgerReader};
use doorward_core::ports::{Claim, Ledger as _};
use doorward_model::Outcome;

use super::{ATTEMPTS, counted, each};
use crate::ledger::{ended, expires, try_at};
use crate::store::TABLE;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_is_one_tries_or_known_to_be_unresolved() {
    each("PutItem", |case| async move {
        let ledger = DynamoLedger::new(&case.store.clients, TABLE);
        let first = try_at(0);
        case.begin();
        let claim = case.answer(ledger.claim(&first, expires())).await;
        assert!(claim == Ok(Claim::Ours) || (claim.is_err() && !case.passes()), "{}: {claim:?}", case.name);
        if claim.is_err() {
            // As the pipeline does, which cannot know either.
            let _ = case.answer(ledger.record(&ended(&first, Outcome::Unavailable), expires())).await;
        }
        let (attempts, _) = counted(&case.end().await, "PutItem");
        assert!(attempts <= 2 * ATTEMPTS, "{}: {attempts} attempts", case.name);
        let next = ledger.claim(&try_at(1), expires()).await.unwrap();
        let row = LedgerReader::new(&case.store.clients, TABLE).get("c-1").await.unwrap().unwrap();
        assert_eq!(row.outcome, Outcome::Unresolved, "{}", case.name);
        match next {
            Claim::Ours => assert!(claim.is_err(), "{}: two hold the call", case.name),
            Claim::Taken { first: outcome, invocation, .. } => {
                assert_eq!((outcome, invocation), (Outcome::Unresolved, first.invocation), "{}", case.name);
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_end_is_written_once_or_stays_unresolved() {
    each("UpdateItem", |case| async move {
        let ledger = DynamoLedger::new(&case.store.clients, TABLE);
        let first = try_at(0);
        ledger.claim(&first, expires()).await.unwrap();
        case.begin();
        let resolved = case.answer(ledger.resolve(&ended(&first, Outcome::Admitted))).await;
        assert!(resolved.is_ok() || !case.passes(), "{}: {resolved:?}", case.name);
        let (attempts, written) = counted(&case.end().await, "UpdateItem");
        assert!(attempts <= ATTEMPTS && written <= 1, "{}: {attempts}, {written}", case.name);
        let row = LedgerReader::new(&case.store.clients, TABLE).get("c-1").await.unwrap().unwrap();
        let (outcome, version) = if written == 1 { (Outcome::Admitted, 2) } else { (Outcome::Unresolved, 1) };
        assert_eq!((row.outcome, row.version, row.attempt), (outcome, version, Some(1)), "{}", case.name);
        assert!(resolved.is_err() || written == 1, "{}: said to be written", case.name);
        let taken = ledger.claim(&try_at(1), expires()).await.unwrap();
        assert!(matches!(taken, Claim::Taken { first, .. } if first == outcome), "{}: {taken:?}", case.name);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_is_said_to_be_recorded_is() {
    each("PutItem", |case| async move {
        let ledger = DynamoLedger::new(&case.store.clients, TABLE);
        let call = ended(&try_at(0), Outcome::Admitted);
        case.begin();
        let recorded = case.answer(ledger.record(&call, expires())).await;
        assert!(recorded.is_ok() || !case.passes(), "{}: {recorded:?}", case.name);
        let (attempts, written) = counted(&case.end().await, "PutItem");
        assert!(attempts <= ATTEMPTS && written <= 1, "{}: {attempts}, {written}", case.name);
        assert!(recorded.is_err() || written == 1, "{}: said to be written", case.name);
        let reader = LedgerReader::new(&case.store.clients, TABLE);
        let page = reader.page(None).await.unwrap();
        let rows: Vec<_> =
            page.items.iter().map(|row| (row.call.as_str(), row.outcome, row.version)).collect();
        assert_eq!(rows, vec![("c-1", Outcome::Admitted, 1); written], "{}", case.name);
    })
    .await;
}
