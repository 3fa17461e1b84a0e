use doorward_aws::{Block, LedgerItem, LedgerRow, LedgerRows, Origin, Rebuild, Rebuilt, Repair, RollUp};
use doorward_core::usage::{Row, Sums};
use doorward_testkit::fault_proxy::{Fault, rules};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::ledger::{aggregates, call, deliver_all, expected, put, state_items, stream};
use crate::sample;
use crate::store::{Store, TABLE};

pub(crate) async fn rows(store: &Store) -> Vec<LedgerRow> {
    let (ledger, mut rows, mut start) = (LedgerRows::new(&store.clients, TABLE), Vec::new(), None);
    loop {
        let page = ledger.page(start.as_deref()).await.unwrap();
        assert_eq!(page.unreadable, Vec::new());
        rows.extend(page.rows);
        start = page.next;
        if start.is_none() {
            return rows;
        }
    }
}

pub(crate) async fn run_at(store: &Store, archive: &[LedgerRow], repair: Repair, now: Timestamp) -> Rebuilt {
    let mut rebuild = Rebuild::new(now);
    for row in archive {
        rebuild.take(row, Origin::Archive).unwrap();
    }
    for row in rows(store).await {
        rebuild.take(&row, Origin::Ledger).unwrap();
    }
    rebuild.run(&RollUp::new(&store.clients, TABLE), Timestamp::UNIX_EPOCH, repair).await.unwrap()
}

async fn run(store: &Store, repair: Repair) -> Rebuilt {
    run_at(store, &[], repair, sample::now()).await
}

fn calls() -> Vec<LedgerItem> {
    (0..20).map(|id| call(&format!("c-{id}"), 1, &format!("caller-{}", id % 3))).collect()
}

async fn filled(calls: &[LedgerItem]) -> Store {
    let store = Store::start().await;
    calls.iter().for_each(|call| put(&store, call));
    let block = Block {
        id: "block#s#1".into(),
        version: 1,
        at: sample::now(),
        expires: Some(super::ledger::EXPIRES),
        calls: (0..40).map(|id| call(&format!("b-{id}"), 1, &format!("caller-{id}"))).collect(),
    };
    block.put(&store.clients, TABLE).await.unwrap();
    store
}

pub(crate) fn all(store_rows: &[LedgerRow]) -> Vec<LedgerItem> {
    store_rows.iter().flat_map(|row| row.calls().to_vec()).collect()
}

/// Removes what `which` holds for from the state.
pub(crate) fn wipe(store: &Store, which: impl Fn(&str) -> bool) {
    for item in state_items(store) {
        if which(item["owner"]["S"].as_str().unwrap()) {
            store.delete("state", json!({ "owner": item["owner"], "item": item["item"] }));
        }
    }
}

pub(crate) fn agrees(done: &Rebuilt) -> bool {
    let Rebuilt { changed, different, uncounted, moving, unreadable, counted, .. } = done;
    changed.is_empty()
        && different.is_empty()
        && uncounted.is_empty()
        && unreadable.is_empty()
        && (*moving, *counted) == (0, 0)
}

#[tokio::test]
async fn what_was_rolled_up_agrees_and_nothing_is_written() {
    let store = filled(&calls()).await;
    deliver_all(&store, &stream(&store)).await;
    let before = state_items(&store);
    store.asked();
    let done = run(&store, Repair::None).await;
    assert!(agrees(&done) && done.compared == 3 * 40, "{done:?}");
    let asked = store.asked();
    assert!(asked.iter().all(|name| name == "Scan"), "{asked:?}");
    let done = run(&store, Repair::All).await;
    assert!(agrees(&done), "{done:?}");
    assert_eq!(state_items(&store), before);
}

#[tokio::test]
async fn whatever_was_lost_comes_back_and_a_second_run_changes_nothing() {
    let lost: [fn(&str) -> bool; 5] = [
        |owner| owner.starts_with("usage#"),
        |owner| owner.starts_with("usage#2026-11#"),
        |owner| owner.starts_with("applied#"),
        |owner| owner.starts_with("applied#c-1"),
        |_| true,
    ];
    for (index, lost) in lost.into_iter().enumerate() {
        let store = filled(&calls()).await;
        deliver_all(&store, &stream(&store)).await;
        let right = aggregates(&store);
        wipe(&store, lost);
        let checked = run(&store, Repair::None).await;
        assert!(!agrees(&checked), "{index}");
        let done = run(&store, Repair::Raise).await;
        assert!(done.different.is_empty() && done.moving == 0, "{index}: {done:?}");
        assert_eq!(aggregates(&store), right, "{index}");
        for repair in [Repair::None, Repair::Raise, Repair::All] {
            assert!(agrees(&run(&store, repair).await), "{index} {repair:?}");
        }
        // What the stream brings again is known.
        deliver_all(&store, &stream(&store)).await;
        assert_eq!(aggregates(&store), right, "{index}");
    }
}

#[tokio::test]
async fn what_was_never_rolled_up_is_counted_and_not_again_by_the_roll_up() {
    let store = filled(&calls()).await;
    let checked = run(&store, Repair::None).await;
    assert_eq!(checked.uncounted.len(), 21);
    let done = run(&store, Repair::Raise).await;
    assert_eq!((done.counted, done.different.len()), (20 + 3, 0));
    let right = expected(&all(&rows(&store).await));
    assert_eq!(aggregates(&store), right);
    deliver_all(&store, &stream(&store)).await;
    assert_eq!(aggregates(&store), right);
}

fn add(store: &Store, row: &Row, calls: i64) {
    let held = aggregates(store).get(row).copied().unwrap_or_default() + Sums { calls, ..Sums::default() };
    let mut item = json!({ "owner": { "S": row.owner() }, "item": { "S": row.item(0) } });
    for (name, sum) in held.named() {
        item[name] = json!({ "N": sum.to_string() });
    }
    store.put("shop-state", item);
}

#[tokio::test]
async fn a_sum_that_is_too_high_is_lowered_only_where_that_is_asked() {
    let store = filled(&calls()).await;
    deliver_all(&store, &stream(&store)).await;
    let right = aggregates(&store);
    let row = right.keys().next().unwrap().clone();
    let stranger = Row {
        group: doorward_core::usage::Group { caller: "nobody".into(), ..row.group.clone() },
        ..row.clone()
    };
    for row in [row, stranger] {
        add(&store, &row, 7);
        for repair in [Repair::None, Repair::Raise] {
            let done = run(&store, repair).await;
            assert_eq!((done.changed.len(), done.different.len()), (0, 1), "{done:?}");
            assert_eq!(done.different[0].row, row);
        }
        let done = run(&store, Repair::All).await;
        assert_eq!((done.changed.len(), done.different.len()), (1, 0), "{done:?}");
        assert_eq!(aggregates(&store), right);
        assert!(agrees(&run(&store, Repair::All).await));
    }
}

#[tokio::test]
async fn what_the_table_has_forgotten_comes_from_the_archive() {
    let store = filled(&calls()).await;
    deliver_all(&store, &stream(&store)).await;
    let (right, archive) = (aggregates(&store), rows(&store).await);
    let later: Timestamp = "2027-06-01T00:00:00Z".parse().unwrap();
    for row in &archive {
        store.delete("ledger", json!({ "call": { "S": row.id() } }));
    }
    // Whether or not the table has got round to forgetting the markers.
    for forgotten in [false, true] {
        if forgotten {
            wipe(&store, |owner| owner.starts_with("applied#"));
        }
        assert!(agrees(&run_at(&store, &archive, Repair::None, later).await), "{forgotten}");
        wipe(&store, |owner| owner.starts_with("usage#"));
        let done = run_at(&store, &archive, Repair::Raise, later).await;
        assert_eq!((done.different.len(), done.counted), (0, 0), "{forgotten}");
        assert_eq!(aggregates(&store), right, "{forgotten}");
        assert!(agrees(&run_at(&store, &archive, Repair::All, later).await), "{forgotten}");
    }
    // Without the archive nobody knows of the calls, and nothing is lowered for that.
    let done = run_at(&store, &[], Repair::Raise, later).await;
    assert_eq!((done.changed.len(), done.different.len()), (0, right.len()));
    assert_eq!(aggregates(&store), right);
}

#[tokio::test]
async fn an_archive_and_the_ledger_have_a_call_once() {
    let store = filled(&calls()).await;
    let archive = rows(&store).await;
    // Later than what was archived.
    put(&store, &LedgerItem { units: 50, ..call("c-1", 2, "caller-1") });
    deliver_all(&store, &stream(&store)).await;
    let done = run_at(&store, &archive, Repair::All, sample::now()).await;
    assert!(agrees(&done), "{done:?}");
    assert_eq!(aggregates(&store), expected(&all(&rows(&store).await)));
}

#[tokio::test]
async fn a_call_in_a_block_and_alone_is_told_and_counted_once() {
    let store = filled(&[call("b-3", 1, "caller-3")]).await;
    deliver_all(&store, &stream(&store)).await;
    let done = run(&store, Repair::All).await;
    assert_eq!(done.twice, ["b-3"]);
    let mut calls = all(&rows(&store).await);
    calls.sort_by(|one, other| one.call.cmp(&other.call));
    calls.dedup_by(|one, other| one.call == other.call);
    assert_eq!(aggregates(&store), expected(&calls));
    let again = run(&store, Repair::All).await;
    assert!(agrees(&again), "{again:?}");
}

#[tokio::test]
async fn a_marker_that_was_tampered_with_is_set_right() {
    let store = filled(&calls()).await;
    deliver_all(&store, &stream(&store)).await;
    let right = aggregates(&store);
    let key = json!({ "owner": { "S": "applied#c-1" }, "item": { "S": "usage" } });
    let mut marker = store.item("state", key).unwrap();
    marker["units"] = json!({ "N": "1000" });
    store.put("shop-state", marker);
    let done = run(&store, Repair::All).await;
    assert_eq!((done.counted, done.different.len(), done.unreadable.len()), (1, 0, 0), "{done:?}");
    assert_eq!(aggregates(&store), right);
    assert!(agrees(&run(&store, Repair::All).await));
}

#[tokio::test]
async fn what_cannot_be_read_is_told() {
    let store = filled(&calls()).await;
    deliver_all(&store, &stream(&store)).await;
    let text = |text: &str| json!({ "S": text });
    store.put("shop-state", json!({ "owner": text("usage#2026-11#0"), "item": text("odd") }));
    store.put("shop-state", json!({ "owner": text("applied#x"), "item": text("usage") }));
    // Others' items are none of ours.
    store.put("shop-state", json!({ "owner": text("caller#x"), "item": text("limits") }));
    store.put("shop-state", json!({ "owner": text("applied#c-1"), "item": text("charge") }));
    let mut done = run(&store, Repair::All).await;
    done.unreadable.sort();
    assert_eq!(done.unreadable, ["applied#x / usage", "usage#2026-11#0 / odd"]);
    assert!(done.changed.is_empty() && done.different.is_empty());
}

/// Two rebuilds and the roll-up at once, through a network that loses what it likes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rebuilds_and_a_roll_up_do_not_trample_on_each_other() {
    for seed in 0..6 {
        let store = filled(&calls()).await;
        let records = stream(&store);
        deliver_all(&store, &records[..9]).await;
        wipe(&store, |owner| owner.starts_with("usage#2026-11-24#"));
        let archive = rows(&store).await;
        let faults = vec![Fault::ServerErrorAfterCommit, Fault::ResetAfterCommit, Fault::Throttled];
        store.proxy.rule(rules::chance(seed, 0.05, faults));
        let rebuild = || async {
            let mut rebuild = Rebuild::new(sample::now());
            for row in &archive {
                rebuild.take(row, Origin::Ledger).unwrap();
            }
            // Cut off where the network is too bad.
            let _ =
                rebuild.run(&RollUp::new(&store.clients, TABLE), Timestamp::UNIX_EPOCH, Repair::Raise).await;
        };
        let deliver = async {
            for some in records.chunks(2).collect::<Vec<&[Value]>>() {
                super::ledger::deliver(&store, some).await;
            }
        };
        tokio::join!(rebuild(), rebuild(), deliver);
        store.proxy.clear();
        store.proxy.settled().await;
        deliver_all(&store, &records).await;
        let done = run(&store, Repair::Raise).await;
        assert!(done.different.is_empty(), "seed {seed}: {done:?}");
        assert_eq!(aggregates(&store), expected(&all(&archive)), "seed {seed}");
    }
}
