use doorward_aws::{
    Assignments, Counts, DecisionRange, DynamoDecisions, DynamoIdempotency, DynamoQuarantine, LedgerRow,
    Repair, Stays,
};
use doorward_core::ports::IdempotencyStore as _;
use doorward_model::{EntityName, IdempotencyState};
use jiff::ToSpan;
use serde_json::{Value, json};

use super::shop::{ALICE, alice, beside, forget, forgotten, ledger, naming, pseudonym, renamed, windows};
use crate::rollup::ledger::{aggregates, deliver_all, state_items, stream};
use crate::rollup::rebuild::{agrees, all, rows, run_at};
use crate::sample;
use crate::store::{Store, TABLE};

#[tokio::test]
async fn nothing_names_the_caller_and_every_sum_is_what_it_was() {
    let store = Store::start().await;
    ledger(&store).await;
    beside(&store).await;
    let (before, sums) = (aggregates(&store), windows(&store));
    let survey = forget(&store, 1).survey().await.unwrap();
    let expected = Counts {
        // Three alone, two whose time is over, one of bob's on the caller, four of twelve in one block and half of forty in another.
        calls: 3 + 2 + 1 + 4 + 20,
        blocks: 2,
        markers: survey.counts.markers,
        aggregates: before.keys().filter(|row| row.group.caller == ALICE).count(),
        decisions: 1,
        mentions: 1,
        quarantined: 1,
        keys: 2,
        assignments: 3,
    };
    assert_eq!(survey.counts, expected);
    let stays = Stays {
        limits: 2,
        limits_expire: Some(1_795_700_000),
        plan: Some("free".into()),
        switched_off: true,
        ..Stays::default()
    };
    assert_eq!((survey.stays, survey.begun), (stays, None));

    let (name, done) = forgotten(&store, 1).await;
    assert_eq!(name, pseudonym(1));
    assert_eq!(Counts { markers: 0, ..done.counts }, Counts { markers: 0, ..expected });
    assert_eq!(naming(&store), Vec::<String>::new());
    assert_eq!(aggregates(&store), renamed(&before, &name));
    assert_eq!(windows(&store), sums);
    // What would have been kept for good ends a month and two days later.
    let expires = sample::now().as_second() + 33 * 24 * 60 * 60;
    assert_eq!(done.stays.limits_expire, Some(expires));

    let again = forget(&store, 2).survey().await.unwrap();
    assert!(again.counts.is_zero() && again.begun.is_none(), "{again:?}");
    let items = state_items(&store);
    forgotten(&store, 2).await;
    assert_eq!(state_items(&store), items, "a second time changes nothing");
}

#[tokio::test]
async fn what_stands_beside_the_sums_goes_over_to_the_pseudonym_or_away() {
    let store = Store::start().await;
    beside(&store).await;
    let (name, _) = forgotten(&store, 1).await;
    let range =
        DecisionRange { since: sample::now(), until: sample::now() + 1.hour(), action: None, most: 9 };
    let decisions = DynamoDecisions::new(&store.clients, TABLE).read(&range).await.unwrap();
    let calls: Vec<&str> = decisions.records.iter().map(|record| record.call.as_str()).collect();
    assert_eq!((calls, decisions.unreadable.len()), (vec!["d-2", "d-3"], 0));
    let owner =
        |index: usize| decisions.records[index].facts.given[0]["attrs"]["owner"]["__entity"]["id"].clone();
    assert_eq!((owner(0), owner(1)), (json!(name.name().id), json!("bob")));

    let keys = DynamoIdempotency::new(&store.clients, TABLE);
    for (id, state) in
        [("answered", IdempotencyState::NotKept), ("in-progress", IdempotencyState::InProgress)]
    {
        let key = keys.find(id).await.unwrap().unwrap();
        assert_eq!((&key.caller, &key.state), (name.name(), &state), "{id}");
    }
    let of_bob = keys.find("of-bob").await.unwrap().unwrap();
    assert!(matches!(of_bob.state, IdempotencyState::Answered(_)));

    let quarantine = DynamoQuarantine::new(&store.clients, TABLE);
    let kept = quarantine.get("q-1").await.unwrap().unwrap();
    assert_eq!((kept.caller, kept.cause, kept.record), (Some(name.name().to_string()), None, None));
    assert!(quarantine.get("q-2").await.unwrap().unwrap().record.is_some());

    let assignments = Assignments::new(&store.clients, TABLE);
    assert_eq!(assignments.history(&alice()).await.unwrap(), Vec::new());
    let history = assignments.history(name.name()).await.unwrap();
    let plans: Vec<_> = history.iter().map(|change| (change.plan.as_deref(), change.by.as_deref())).collect();
    assert_eq!(plans, [(Some("partner"), None), (None, None), (Some("free"), None)]);
    // Until the item of the limits is gone, who calls again is held by them.
    assert_eq!(assignments.current(&alice()).await.unwrap().as_deref(), Some("free"));
    assert_eq!(assignments.current(name.name()).await.unwrap(), None);
}

#[tokio::test]
async fn a_rebuild_afterwards_changes_nothing_and_what_the_stream_brings_again_does_not_either() {
    let store = Store::start().await;
    let archive = ledger(&store).await;
    let old: Vec<_> = stream(&store)
        .into_iter()
        // What is older than the markers is not in a stream any more.
        .filter(|record| {
            !["past-1", "late-2"].map(Value::from).contains(&record["dynamodb"]["Keys"]["call"]["S"])
        })
        .collect();
    let (name, _) = forgotten(&store, 1).await;
    let right = aggregates(&store);
    deliver_all(&store, &old).await;
    assert_eq!(aggregates(&store), right);
    deliver_all(&store, &stream(&store)[old.len() + 2..]).await;
    assert_eq!(aggregates(&store), right);
    assert_eq!(naming(&store), Vec::<String>::new());

    let archive: Vec<LedgerRow> = archive.into_iter().map(|row| next_version(row, &name)).collect();
    for repair in [Repair::None, Repair::Raise, Repair::All] {
        let done = run_at(&store, &archive, repair, sample::now()).await;
        assert!(agrees(&done), "{repair:?}: {done:?}");
    }
    let counted: usize = archive.iter().map(|row| row.calls().len()).sum();
    assert_eq!(all(&rows(&store).await).len() + counted, 10 + 12 + 40 + 44);
}

fn next_version(row: LedgerRow, name: &doorward_aws::Pseudonym) -> LedgerRow {
    match row {
        LedgerRow::Call(call) => LedgerRow::Call(name.rename(&call).unwrap()),
        LedgerRow::Block(mut block) => {
            block.version += 1;
            for call in &mut block.calls {
                *call = name.rename(call).unwrap_or_else(|| call.clone());
            }
            LedgerRow::Block(block)
        }
    }
}

#[tokio::test]
async fn a_caller_whom_nothing_names_is_nowhere() {
    let store = Store::start().await;
    ledger(&store).await;
    let nobody = doorward_aws::Pseudonym::new(&EntityName::new("User", "alice"), [1; 8]);
    let survey =
        doorward_aws::Forget::new(&store.clients, TABLE, nobody, sample::now()).survey().await.unwrap();
    assert_eq!(survey, doorward_aws::Forgotten::default());
}

#[tokio::test]
async fn what_cannot_be_read_is_told() {
    let store = Store::start().await;
    ledger(&store).await;
    let text = |text: &str| json!({ "S": text });
    store.put("shop-ledger", json!({ "call": text("block#odd") }));
    store.put("shop-state", json!({ "owner": text("applied#odd"), "item": text("usage") }));
    let mut forget = forget(&store, 1);
    forget.begin().await.unwrap();
    let done = forget.tables().await.unwrap();
    assert_eq!(done.unreadable.len(), 2, "{done:?}");
    assert!(
        done.unreadable[0].contains("applied#odd") && done.unreadable[1].contains("block#odd"),
        "{done:?}"
    );
}
