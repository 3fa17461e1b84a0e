use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use doorward_testkit::fault_proxy::{Fault, Hook, Operation, rules};
use fastrand::Rng;
use futures_util::future::join_all;

use super::kind::{Kind, SETTLED_UNITS};
use super::leased::{Leased, hold_units};
use super::point::{Place, Point};
use super::replay::replay;
use super::traffic::{Delivery, Traffic};
use crate::fleet::Fleet;
use crate::fleet::process::Process;
use crate::fleet::runtime_api::Answer;
use crate::fleet::sums::Sums;

/// What the platform gives each invocation.
pub(super) const TIMEOUT: Duration = Duration::from_secs(30);

/// One point, with the traffic of one seed.
#[derive(Clone, Copy)]
pub(super) struct Run {
    pub(super) point: Point,
    pub(super) seed: u64,
}

/// What came of the deliveries, in their order, and of how many it is not known.
pub(super) struct Seen {
    pub(super) run: String,
    pub(super) point: Point,
    pub(super) traffic: Traffic,
    pub(super) answers: Vec<Answer>,
    /// The answers to the last delivery of each that comes again.
    pub(super) last: Vec<(Delivery, Answer)>,
    /// What was used of quotas meanwhile.
    pub(super) used: HashMap<Kind, u64>,
    /// What the process asked of the store.
    pub(super) asked: Vec<Operation>,
    /// What came of the quota that goes in blocks, where anybody used it.
    pub(super) leased: Option<Leased>,
}

impl Run {
    /// Kills a process at the point, has everything that may come again come again, three times and in any order, and once
    /// more in the end.
    pub(super) async fn carry_out(self, fleet: &Fleet, survivor: &Process) -> Seen {
        let Self { point, seed } = self;
        let run = format!("{point}-{seed}");
        let mut random = Rng::with_seed(hash(&run));
        let mut traffic = Traffic::new(&run, point, &mut random);
        prepare(&traffic, fleet).await;
        let before = used(&traffic, fleet).await;

        let (victim, started) = (fleet.dispatcher(traffic.at_once).await, Instant::now());
        let nth = random.usize(1..=point.requests(traffic.of_kind).max(1));
        let killed = Arc::new(AtomicBool::new(false));
        if !point.is_at_end() {
            self.lie_in_wait(fleet, &victim, &killed, nth);
        }
        let deliveries = traffic.deliveries.iter();
        let invoked = deliveries.map(|delivery| victim.invoke(&delivery.id, &delivery.event, TIMEOUT));
        let mut answers = join_all(invoked).await;
        if point.place == Place::HandIn {
            hold_units(&run, &mut traffic, &mut answers, fleet, &victim).await;
        }
        if point.is_at_end() {
            self.lie_in_wait(fleet, &victim, &killed, nth);
        }
        if point.is_at_end() || point.kind == Kind::RollUp {
            victim.terminate();
        }
        let missed = || format!("{run}: nobody came to the point: {answers:?}");
        assert!(victim.ends().await, "{}", missed());
        victim.store.settled().await;
        let (asked, lived) = (victim.store.take(), started.elapsed());
        drop(victim);

        let last = replay(survivor, &traffic, &run, &mut random).await;
        let mut used = used(&traffic, fleet).await;
        for (kind, before) in before {
            *used.get_mut(&kind).unwrap() -= before;
        }
        let leased = Leased::drain(&run, &traffic, &asked, lived, fleet, survivor).await;
        if point.kind == Kind::RollUp {
            drop(assert_counted(fleet, &run).await);
            fleet.roll_up().store.clear();
        }
        assert!(killed.load(Ordering::SeqCst), "{}", missed());
        Seen { run, point, traffic, answers, last, used, asked, leased }
    }

    /// Has the process be killed when it comes to the point for the `nth` time.
    fn lie_in_wait(self, fleet: &Fleet, victim: &Process, killed: &Arc<AtomicBool>, nth: usize) {
        let Self { point, seed } = self;
        let of_process = if point.kind == Kind::RollUp { fleet.roll_up().kill() } else { victim.kill() };
        let killed = Arc::clone(killed);
        let kill: Hook = Arc::new(move || {
            killed.store(true, Ordering::SeqCst);
            of_process();
        });
        let fault = Fault::Interrupted(point.step, kill.clone());
        match point.place {
            Place::Answer => victim.at_answer(kill),
            // What comes again may be cut off again.
            Place::Pause | Place::Markers | Place::Sums => {
                let faults = vec![fault; if seed % 2 == 0 { 1 } else { 2 }];
                fleet.roll_up().store.rule(rules::next(move |asked| point.holds(asked), faults));
            }
            Place::Target => victim.targets.rule(rules::nth(nth, move |asked| point.holds(asked), fault)),
            _ => victim.store.rule(rules::nth(nth, move |asked| point.holds(asked), fault)),
        }
    }
}

/// FNV-1a: no two runs have the same traffic.
fn hash(run: &str) -> u64 {
    run.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// Makes callers and their targets known, as far as there are calls of theirs.
async fn prepare(traffic: &Traffic, fleet: &Fleet) {
    for (kind, holder) in &traffic.holders {
        if traffic.has(*kind) {
            fleet.enrol(holder).await;
        }
    }
    for subject in &traffic.fail_first {
        fleet.targets.fail(subject, 1);
    }
    fleet.targets.say_units(Kind::Settled.path().unwrap(), SETTLED_UNITS);
}

/// What is used of the quotas of those who call: of the callers, of the sender and of the bucket.
async fn used(traffic: &Traffic, fleet: &Fleet) -> HashMap<Kind, u64> {
    let mut used = HashMap::new();
    for kind in Kind::METERED.into_iter().filter(|kind| traffic.has(*kind)) {
        let caller = match kind {
            Kind::Webhook => r#"Sender::"payments""#,
            Kind::Upload => r#"EventSource::"bucket:receipts""#,
            kind => &traffic.holders[&kind].name,
        };
        used.insert(kind, fleet.given(caller).await);
    }
    used
}

/// The aggregates of hours, days and months are what the ledger adds up to: this.
pub(super) async fn assert_counted(fleet: &Fleet, run: &str) -> Sums {
    let aggregates = fleet.aggregates().await;
    let ledger = fleet.ledger_sums().await;
    for sums in aggregates {
        assert_eq!(sums, ledger, "{run}");
    }
    ledger
}
