//! Processes that are killed at a named step of a named request, with other calls under way, while sources deliver again:
//! no answered call is unrecorded but the few that a block of `batched` holds, nothing runs twice, nothing counts twice, no
//! quota gives more than it has and none loses more than a block, what is not known is known not to be, and the aggregates
//! are what the ledger adds up to, also where it is the roll-up that is killed.
//!
//! `POINT` (a part of a point's name) and `SEED` narrow a run down to what a message names.

mod check;
mod check_deliveries;
mod kind;
mod leased;
mod point;
mod replay;
mod run;
mod traffic;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use doorward_tests::workspace;
use tokio::task::JoinSet;

use crate::fleet::Fleet;
use crate::fleet::sums::Sums;
use point::Point;
use run::Run;

/// Seeds of each point.
const SEEDS: u64 = 10;
/// Runs at a time, each over a store of its own.
const AT_A_TIME: usize = 4;

fn runs() -> Vec<Run> {
    let seeds = match std::env::var("SEED") {
        Ok(seed) => vec![seed.parse().unwrap()],
        Err(_) => (0..SEEDS).collect(),
    };
    let part = std::env::var("POINT").unwrap_or_default();
    let points = Point::all().into_iter().filter(|point| point.to_string().contains(&part));
    points.flat_map(|point| seeds.iter().map(move |seed| Run { point, seed: *seed })).collect()
}

/// How many calls are counted that sources and senders have delivered.
fn of_events(sums: &Sums) -> u64 {
    let is_event = |caller: &str| caller.starts_with("EventSource::") || caller.starts_with("Sender::");
    let events = sums.iter().filter(|(group, _)| group[0].as_deref().is_some_and(is_event));
    events.map(|(_, (calls, _))| calls).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_counts_once_wherever_a_process_is_killed() {
    let (runs, next) = (Arc::new(runs()), Arc::new(AtomicUsize::new(0)));
    let mut workers = JoinSet::new();
    for _ in 0..AT_A_TIME {
        let (runs, next) = (Arc::clone(&runs), Arc::clone(&next));
        workers.spawn(async move {
            let config = workspace::root().join("tests/it/kill_points/doorward.toml");
            let fleet = Fleet::rolled_up(&config).await;
            let survivor = fleet.dispatcher(4).await;
            let mut events = 0;
            while let Some(run) = runs.get(next.fetch_add(1, Ordering::SeqCst)) {
                let seen = run.carry_out(&fleet, &survivor).await;
                seen.check(&fleet).await;
                events += seen.events();
                for proxy in [&survivor.store, &survivor.targets, &fleet.roll_up().store] {
                    drop(proxy.take());
                }
            }
            let sums = run::assert_counted(&fleet, "all runs").await;
            assert_eq!(of_events(&sums), events, "each counts once, however often it was delivered");
            fleet.close().await;
        });
    }
    while let Some(ended) = workers.join_next().await {
        if let Err(panic) = ended {
            std::panic::resume_unwind(panic.into_panic());
        }
    }
    println!("{} points, {} runs", Point::all().len(), runs.len());
    assert!(Point::all().len() >= 25);
}
