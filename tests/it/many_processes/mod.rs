//! A thousand callers at once, over eight dispatchers, against one limit: never more are admitted than it gives, and
//! never fewer but by what a lost answer wastes.
//!
//! `SEED` narrows a run down to what a message names.

mod case;

use std::collections::HashSet;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use doorward_testkit::fault_proxy::{Fault, Operation, ambiguous, rules};
use fastrand::Rng;
use futures_util::future::join_all;
use serde_json::Value;

use crate::fleet::Fleet;
use crate::fleet::process::Process;
use crate::fleet::requests::KeyHolder;
use crate::fleet::runtime_api::Answer;
use case::{Case, Limit, cases};

const PROCESSES: usize = 8;
const CALLERS: usize = 1_000;
/// The embedded store grows slower with what it holds: each has so many cases.
const CASES_OF_A_STORE: usize = 8;
/// Calls under way in each process; all others wait for their turn at the platform.
const AT_ONCE: usize = 8;
/// What one call may have taken without hearing of it: an update is sent three times.
const ATTEMPTS: u64 = 3;
const TIMEOUT: Duration = Duration::from_secs(30);
/// How long a sandbox spends a block: what it holds then is lost, however slow the machine was.
const BLOCK_LIVES: Duration = Duration::from_secs(9);

/// What the calls of a case came to.
#[derive(Default, Debug)]
struct Counts {
    admitted: u64,
    refused: u64,
    /// Answered that the store is away.
    failed: u64,
}

/// The calls of a case, and whether nothing is unknown of them.
struct Told {
    name: String,
    ids: Vec<String>,
    exact: bool,
}

fn config(cases: &[Case]) -> String {
    let mut config = include_str!("doorward.toml").to_owned();
    for Case { name, limit, most, .. } in cases {
        let limit = match limit {
            Limit::Quota(mode) => format!(r#"{{ quota = "{most}/month", mode = "{mode}" }}"#),
            // What comes back of it within a test is nothing.
            Limit::Rate => format!(r#"{{ rate = "40/d", burst = {most} }}"#),
        };
        write!(config, "\n[[plans]]\nname = \"{name}\"\nlimits = [{limit}]\n").unwrap();
    }
    config
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_callers_get_what_the_limit_gives() {
    let cases = cases();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("doorward.toml"), config(&cases)).unwrap();
    std::fs::write(folder.path().join("all.cedar"), "permit (principal, action, resource);").unwrap();
    for some in cases.chunks(CASES_OF_A_STORE) {
        let fleet = Fleet::new(&folder.path().join("doorward.toml")).await;
        let processes = join_all((0..PROCESSES).map(|_| fleet.dispatcher(AT_ONCE))).await;
        let mut told = Vec::new();
        for case in some {
            told.push(carry_out(case, &fleet, &processes).await);
        }
        check_rows(&fleet, told).await;
        fleet.close().await;
    }
    println!("{} cases of {CALLERS} calls over {PROCESSES} processes", cases.len());
}

async fn carry_out(case: &Case, fleet: &Fleet, processes: &[Process]) -> Told {
    let Case { name, most, faults, .. } = case;
    let mut random = Rng::with_seed(case.seed);
    let holder = KeyHolder::new(name, Some(name), &mut random);
    fleet.enrol(&holder).await;
    for process in processes {
        process.store.rule(rules::chance(random.u64(..), *faults, passing()));
    }
    let started = Instant::now();
    let event = holder.post("/orders");
    let mut counts = Counts::default();
    let calls = (0..CALLERS).map(|at| (format!("{name}-{at}"), random.usize(..PROCESSES)));
    let calls: Vec<_> = calls.collect();
    for answer in
        join_all(calls.iter().map(|(id, process)| processes[*process].invoke(id, &event, TIMEOUT))).await
    {
        counts.add(name, &answer);
    }
    for process in processes {
        process.store.clear();
        process.store.settled().await;
    }
    let lived = started.elapsed() < BLOCK_LIVES;
    let mut ids: Vec<String> = calls.into_iter().map(|(id, _)| id).collect();
    // Whatever is left, in the item or in a sandbox, is there for who comes next.
    for (at, process) in processes.iter().enumerate() {
        for more in 0.. {
            let id = format!("{name}-more-{at}-{more}");
            let before = counts.admitted;
            counts.add(name, &process.invoke(&id, &event, TIMEOUT).await);
            ids.push(id);
            if counts.admitted == before {
                break;
            }
        }
    }
    let operations = processes.iter().flat_map(|process| process.store.take());
    let on_limits = operations.filter(|one| is_on_limits(&one.asked.body, &holder.name));
    let on_limits: Vec<Operation> = on_limits.collect();
    let (asked, ambiguous) = (on_limits.len(), ambiguous(on_limits.iter()) as u64);
    let runs: u64 = ids.iter().map(|id| fleet.targets.runs(id).succeeded as u64).sum();
    let say =
        format!("{name}: {most} at most, {runs} ran, {counts:?}, {ambiguous} ambiguous, {asked} updates");
    println!("{say}, {:?}", started.elapsed());

    assert!(runs <= *most, "{say}");
    // A call whose record failed ran all the same, and was not answered as admitted.
    assert!(counts.admitted <= runs && runs <= counts.admitted + counts.failed, "{say}");
    // Also on a machine that is too busy for the store to answer in time.
    let unsure = ambiguous + ATTEMPTS * counts.failed;
    match case.limit {
        Limit::Quota("leased") => {
            assert_eq!(fleet.given(&holder.name).await, *most, "{say}");
            // What is missing is out on blocks: of answers that were lost, or that lived too long.
            assert!(runs == *most || unsure > 0 || !lived, "{say}");
        }
        Limit::Quota(_) => {
            assert_eq!(fleet.given(&holder.name).await, *most, "{say}");
            assert!(runs + unsure >= *most, "{say}");
        }
        Limit::Rate => assert!(runs + unsure >= *most, "{say}"),
    }
    Told { name: name.clone(), ids, exact: unsure == 0 }
}

/// Every row of a call that was admitted is one of a call that ran; and the other way round, where no answer was lost.
async fn check_rows(fleet: &Fleet, told: Vec<Told>) {
    let rows = fleet.scan("doorward-ledger").await;
    let admitted = rows.iter().filter(|row| row["outcome"]["S"] == "admitted");
    let admitted: HashSet<&str> = admitted.map(|row| row["call"]["S"].as_str().unwrap()).collect();
    for Told { name, ids, exact } in told {
        for id in ids {
            let (recorded, ran) = (admitted.contains(&*id), fleet.targets.runs(&id).succeeded == 1);
            assert!(ran || !recorded, "{name}: {id} is recorded and never ran");
            assert!(recorded || !ran || !exact, "{name}: {id} ran and is not recorded");
        }
    }
}

impl Counts {
    fn add(&mut self, name: &str, answer: &Answer) {
        match answer.status() {
            Some(201) => self.admitted += 1,
            Some(429) => self.refused += 1,
            Some(503) => self.failed += 1,
            _ => panic!("{name}: {answer:?}"),
        }
    }
}

fn is_on_limits(body: &Value, caller: &str) -> bool {
    body["Key"]["owner"]["S"] == format!("caller#{caller}") && body["Key"]["item"]["S"] == "limits"
}

/// Faults that nobody has to wait for.
fn passing() -> Vec<Fault> {
    Fault::ALL.into_iter().filter(|fault| !fault.holds()).collect()
}
