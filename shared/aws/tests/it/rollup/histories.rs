//! Random ledgers, delivered in random orders, again and again, through a network that loses what it likes.

use std::collections::BTreeMap;
use std::time::Duration;

use doorward_aws::{Block, LedgerItem, RollUp};
use doorward_model::Outcome;
use doorward_testkit::fault_proxy::{Fault, rules};
use fastrand::Rng;
use serde_json::Value;

use super::ledger::{aggregates, call, deliver_all, expected, put, read, stream};
use crate::sample;
use crate::store::{Store, TABLE};

const OUTCOMES: [Outcome; 4] =
    [Outcome::Unresolved, Outcome::Admitted, Outcome::OverQuota, Outcome::TargetFailed];

/// A picture of a call: where it is counted may change with every version.
fn picture(random: &mut Rng, id: &str, version: u64) -> LedgerItem {
    let hours = random.u32(0..4) * 300;
    LedgerItem {
        at: sample::now() + jiff::SignedDuration::from_hours(i64::from(hours)),
        outcome: random.choice(OUTCOMES).unwrap(),
        units: random.u64(0..100),
        ..call(id, version, &format!("caller-{}", random.u32(0..4)))
    }
}

/// A history, and what the ledger is in the end.
async fn history(random: &mut Rng) -> (Vec<Value>, Vec<LedgerItem>) {
    let store = Store::start().await;
    let mut last: BTreeMap<String, Vec<LedgerItem>> = BTreeMap::new();
    let mut versions: BTreeMap<String, u64> = BTreeMap::new();
    for _ in 0..30 {
        let id = format!("c-{}", random.u32(0..12));
        let version = versions.entry(id.clone()).and_modify(|version| *version += 1).or_insert(1);
        let item = picture(random, &id, *version);
        put(&store, &item);
        last.insert(id, vec![item]);
    }
    for number in 0..3 {
        let id = format!("block#s#{number}");
        let calls = random.usize(1..90);
        let calls = (0..calls).map(|call| {
            let id = format!("b-{number}-{call}");
            LedgerItem { caller: Some(format!("caller-{}", random.u32(0..40))), ..picture(random, &id, 1) }
        });
        let calls: Vec<LedgerItem> = calls.collect();
        let block =
            Block { id: id.clone(), version: 1, at: sample::now(), expires: None, calls: calls.clone() };
        block.put(&store.clients, TABLE).await.unwrap();
        last.insert(id.clone(), calls.clone());
        if random.bool() {
            // As `usage forget` writes it again; with fewer calls, which nothing does, it must hold too.
            store.delete("ledger", serde_json::json!({ "call": { "S": id } }));
            let mut calls = calls;
            calls.truncate(random.usize(1..90));
            calls.iter_mut().for_each(|call| call.caller = Some(format!("caller-{}", random.u32(0..3))));
            let block = Block { version: 2, calls: calls.clone(), ..block };
            block.put(&store.clients, TABLE).await.unwrap();
            last.insert(id, calls);
        }
    }
    (stream(&store), last.into_values().flatten().collect())
}

async fn run(seed: u64) {
    let mut random = Rng::with_seed(seed);
    let (records, ledger) = history(&mut random).await;
    let store = Store::start().await;
    let faults: Vec<Fault> = Fault::ALL.into_iter().filter(|fault| !fault.holds()).collect();
    store.proxy.rule(rules::chance(seed, 0.15, faults));
    for _ in 0..12 {
        let mut some =
            random.choose_multiple(records.iter().cloned(), random.clone().usize(1..=records.len()));
        random.shuffle(&mut some);
        let one = RollUp::new(&store.clients, TABLE);
        let time = Duration::from_millis(random.u64(0..40));
        let first = one.roll_up(read(&some), sample::now(), time);
        if random.bool() {
            random.shuffle(&mut some);
            let other = one.roll_up(read(&some), sample::now(), time);
            let _ = tokio::join!(first, other);
        } else {
            first.await;
        }
    }
    store.proxy.clear();
    store.proxy.settled().await;
    let mut all = records.clone();
    random.shuffle(&mut all);
    for some in all.chunks(9) {
        deliver_all(&store, some).await;
    }
    assert_eq!(aggregates(&store), expected(&ledger), "seed {seed}");
}

/// `SEEDS=1000 cargo test -p doorward-aws --test it histories` tries more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_delivered_and_however_the_sums_are_those_of_the_ledger() {
    let seeds = std::env::var("SEEDS").map_or(12, |seeds| seeds.parse().unwrap());
    for seed in 0..seeds {
        run(seed).await;
    }
}
