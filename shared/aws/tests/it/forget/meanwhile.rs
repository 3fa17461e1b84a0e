//! Others who write to the same rows meanwhile.

use std::sync::Arc;

use doorward_aws::{DynamoLedger, JournalLine, LedgerItem, LedgerReader};
use doorward_core::ports::{Claim, Ledger};
use doorward_model::{EntityName, Outcome};
use doorward_testkit::fault_proxy::{Fault, Step, rules};
use serde_json::json;

use super::shop::{ALICE, BOB, ID, block, forget, forgotten, ledger, naming, pseudonym, renamed, windows};
use crate::ledger::{ended, expires, try_at};
use crate::rollup::ledger::{EXPIRES, aggregates, call, deliver, deliver_all, expected, put, stream};
use crate::rollup::rebuild::{all, rows};
use crate::store::{Store, TABLE};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_another_writes_in_between_keeps_what_it_wrote() {
    let store = Store::start().await;
    put(&store, &call("c-1", 1, ALICE));
    let database = store.database.clone();
    let newer = LedgerItem { units: 7, ..call("c-1", 2, ALICE) };
    let item = json!({
        "TableName": "shop-ledger",
        "Item": crate::rollup::ledger::typed(serde_json::to_value(&newer).unwrap())["M"],
    });
    let write = Arc::new(move || {
        database.put_item(serde_json::from_value(item.clone()).unwrap()).unwrap();
    });
    store.fail_at("UpdateItem", Fault::Interrupted(Step::Asked, write));
    let (name, _) = forgotten(&store, 1).await;
    let row = LedgerReader::new(&store.clients, TABLE).get("c-1").await.unwrap().unwrap();
    assert_eq!((row.version, row.units, row.caller), (3, 7, Some(name.name().to_string())));
    assert_eq!(aggregates(&store), expected(&all(&rows(&store).await)));
}

/// The roll-up at work, with the records of before and of what forgetting itself writes, over a network that loses what
/// it likes; and others who call.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_roll_up_meanwhile_counts_nothing_twice_and_loses_nothing() {
    for seed in 0..6 {
        let store = Store::start().await;
        for number in 0..30 {
            put(&store, &call(&format!("c-{number}"), 1, [ALICE, BOB, "x"][number % 3]));
        }
        let calls = (0..40).map(|number| LedgerItem {
            action: Some(format!("action-{number}")),
            ..call(&format!("b-{number}"), 1, [ALICE, BOB][number % 2])
        });
        block("s#1", EXPIRES, calls.collect()).put(&store.clients, TABLE).await.unwrap();
        let old = stream(&store);
        deliver_all(&store, &old[..15]).await;
        let faults = vec![Fault::ServerErrorAfterCommit, Fault::ResetAfterCommit, Fault::Throttled];
        store.proxy.rule(rules::chance(seed, 0.03, faults));
        let mut forget = forget(&store, 1);
        let forgetting = async {
            // Cut off where the network is too bad.
            if forget.begin().await.is_ok() {
                let _ = forget.tables().await;
            }
        };
        let rolling_up = async {
            for (number, some) in old.chunks(3).enumerate() {
                put(&store, &call(&format!("new-{number}"), 1, BOB));
                deliver(&store, some).await;
            }
            for some in stream(&store)[old.len()..].chunks(3) {
                deliver(&store, some).await;
            }
        };
        tokio::join!(forgetting, rolling_up);
        store.proxy.clear();
        store.proxy.settled().await;
        deliver_all(&store, &stream(&store)).await;
        let (name, _) = forgotten(&store, 2).await;
        assert_eq!(name, pseudonym(1), "seed {seed}");
        deliver_all(&store, &stream(&store)).await;
        assert_eq!(aggregates(&store), expected(&all(&rows(&store).await)), "seed {seed}");
        assert_eq!(naming(&store), Vec::<String>::new(), "seed {seed}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_forget_the_same_caller_at_once_go_to_one_pseudonym() {
    let store = Store::start().await;
    ledger(&store).await;
    let (before, sums) = (aggregates(&store), windows(&store));
    let (mut one, mut other) = (forget(&store, 1), forget(&store, 2));
    let name = one.begin().await.unwrap().clone();
    assert_eq!(*other.begin().await.unwrap(), name);
    let (first, second) = tokio::join!(one.tables(), other.tables());
    first.unwrap();
    second.unwrap();
    one.end().await.unwrap();
    other.end().await.unwrap();
    assert_eq!(aggregates(&store), renamed(&before, &name));
    assert_eq!((windows(&store), naming(&store)), (sums, Vec::new()));
}

#[tokio::test]
async fn a_call_that_ends_afterwards_is_the_pseudonyms() {
    let store = Store::start().await;
    let ledger = DynamoLedger::new(&store.clients, TABLE);
    let reader = LedgerReader::new(&store.clients, TABLE);
    let mut open = try_at(0);
    open.caller = Some(EntityName::new("User", ID));
    open.key_id = Some("0123456789ab".into());
    open.claim_tried = true;
    assert_eq!(ledger.claim(&open, expires()).await, Ok(Claim::Ours));
    let (name, _) = forgotten(&store, 1).await;

    let call = ended(&open, Outcome::Admitted);
    ledger.resolve(&call).await.unwrap();
    let row = reader.get("c-1").await.unwrap().unwrap();
    assert_eq!((row.version, row.outcome), (3, Outcome::Admitted));
    assert_eq!((row.caller, row.key_id), (Some(name.name().to_string()), None));

    // And where its end stands in the log alone.
    let store = Store::start().await;
    let ledger = DynamoLedger::new(&store.clients, TABLE);
    assert_eq!(ledger.claim(&open, expires()).await, Ok(Claim::Ours));
    let (name, _) = forgotten(&store, 1).await;
    let line = JournalLine::for_call(&call, expires()).unwrap();
    let line = JournalLine::read(&line).unwrap().unwrap();
    assert_eq!(ledger.import(&line).await.unwrap().added, 1);
    let row = LedgerReader::new(&store.clients, TABLE).get("c-1").await.unwrap().unwrap();
    assert_eq!((row.version, row.outcome), (3, Outcome::Admitted));
    assert_eq!((row.caller, row.key_id), (Some(name.name().to_string()), None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_over_a_row_that_is_forgotten_meanwhile_is_a_further_version() {
    let store = Store::start().await;
    let ledger = DynamoLedger::new(&store.clients, TABLE);
    let caller = Some(EntityName::new("User", ID));
    let mut open = try_at(0);
    open.caller.clone_from(&caller);
    assert_eq!(ledger.claim(&open, expires()).await, Ok(Claim::Ours));
    let failed = ended(&open, Outcome::TargetFailed);
    ledger.resolve(&failed).await.unwrap();
    // Between its look at the row and its write.
    let database = store.database.clone();
    let meanwhile = Arc::new(move || {
        let key = json!({ "TableName": "shop-ledger", "Key": { "call": { "S": "c-1" } } });
        let row = database.get_item(serde_json::from_value(key).unwrap()).unwrap();
        let mut item = serde_json::to_value(row).unwrap()["Item"].take();
        item["version"] = json!({ "N": "3" });
        item["caller"] = json!({ "S": pseudonym(1).name().to_string() });
        let put = json!({ "TableName": "shop-ledger", "Item": item });
        database.put_item(serde_json::from_value(put).unwrap()).unwrap();
    });
    store.proxy.rule(rules::nth(2, rules::is("PutItem"), Fault::Interrupted(Step::Asked, meanwhile)));
    let mut again = try_at(60_000);
    again.caller = caller;
    assert_eq!(ledger.claim(&again, expires()).await, Ok(Claim::Ours));
    let row = LedgerReader::new(&store.clients, TABLE).get("c-1").await.unwrap().unwrap();
    // A claim, its end, the pseudonym, and a claim anew.
    assert_eq!((row.version, row.caller.as_deref()), (4, Some(ALICE)));
    deliver_all(&store, &stream(&store)).await;
    assert_eq!(aggregates(&store), expected(&all(&rows(&store).await)));
}
