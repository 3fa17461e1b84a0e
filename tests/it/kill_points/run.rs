use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use doorward_testkit::fault_proxy::{Fault, Hook, rules};
use fastrand::Rng;
use futures_util::future::join_all;
use serde_json::Value;

use super::point::{Kind, Place, Point};
use super::traffic::{Delivery, Traffic};
use crate::fleet::Fleet;
use crate::fleet::process::Process;
use crate::fleet::runtime_api::Answer;

/// What the platform gives each invocation.
const TIMEOUT: Duration = Duration::from_secs(30);

/// One point, with the traffic of one seed.
#[derive(Clone, Copy)]
pub(super) struct Run {
    pub(super) point: Point,
    pub(super) seed: u64,
}

/// What came of the deliveries, in their order, and of how many it is not known.
pub(super) struct Seen {
    pub(super) run: String,
    pub(super) traffic: Traffic,
    pub(super) answers: Vec<Answer>,
    /// The answers to the last delivery of each that comes again.
    pub(super) last: Vec<(Delivery, Answer)>,
    /// What the quotas of both callers, of the sender and of the bucket gave meanwhile.
    pub(super) given: [u64; 4],
}

const SHARED_CALLERS: [&str; 2] = [r#"Sender::"payments""#, r#"EventSource::"bucket:receipts""#];

impl Run {
    /// Kills a process at the point, has everything that may come again come again, three times and in any order, and once
    /// more in the end.
    pub(super) async fn carry_out(self, fleet: &Fleet, survivor: &Process) -> Seen {
        let Self { point, seed } = self;
        let run = format!("{point}-{seed}");
        let mut random = Rng::with_seed(
            seed ^ (run.bytes().fold(0, |sum, byte| u64::wrapping_mul(sum, 31) + u64::from(byte))),
        );
        let traffic = Traffic::new(&run, point.kind, &mut random);
        fleet.enrol(&traffic.holder).await;
        fleet.enrol(&traffic.intent).await;
        fleet.enrol(&traffic.broke).await;
        for subject in &traffic.fail_first {
            fleet.targets.fail(subject, 1);
        }
        let given = async || {
            let [sender, bucket] = SHARED_CALLERS;
            let mut given = [0; 4];
            for (at, caller) in
                [&*traffic.holder.name, &traffic.intent.name, sender, bucket].iter().enumerate()
            {
                given[at] = fleet.given(caller).await;
            }
            given
        };
        let before = given().await;

        let victim = fleet.dispatcher(traffic.at_once).await;
        let killed = Arc::new(AtomicBool::new(false));
        let of_process = if point.kind == Kind::RollUp { fleet.roll_up().kill() } else { victim.kill() };
        let noted = Arc::clone(&killed);
        let kill: Hook = Arc::new(move || {
            noted.store(true, Ordering::SeqCst);
            of_process();
        });
        // A key is looked up once, the roll-up may count everything at once, and the first answer is as good as another.
        let once = point.place == Place::Key || point.kind == Kind::RollUp;
        let nth = if once { 1 } else { random.usize(1..=traffic.of_kind) };
        let interrupted =
            |step| rules::nth(nth, move |asked| point.holds(asked), Fault::Interrupted(step, kill.clone()));
        match point.place {
            Place::Answer => victim.at_answer(kill.clone()),
            Place::Markers | Place::Sums => fleet.roll_up().store.rule(interrupted(point.step)),
            Place::Target => victim.targets.rule(interrupted(point.step)),
            _ => victim.store.rule(interrupted(point.step)),
        }
        let answers = join_all(
            traffic.deliveries.iter().map(|delivery| victim.invoke(&delivery.id, &delivery.event, TIMEOUT)),
        )
        .await;
        let missed = || format!("{run}: nobody came to the point: {answers:?}");
        if point.kind != Kind::RollUp {
            assert!(killed.load(Ordering::SeqCst), "{}", missed());
            victim.ended().await;
        }
        victim.store.settled().await;
        drop(victim);

        let last = replay(survivor, &traffic, &run, &mut random).await;
        let after = given().await;
        let given = [0, 1, 2, 3].map(|at| after[at] - before[at]);
        if point.kind == Kind::RollUp {
            assert_counted(fleet, &run).await;
            assert!(killed.load(Ordering::SeqCst), "{}", missed());
            fleet.roll_up().store.clear();
        }
        Seen { run, traffic, answers, last, given }
    }
}

/// The aggregates of hours, days and months are what the ledger adds up to.
pub(super) async fn assert_counted(fleet: &Fleet, run: &str) {
    let aggregates = fleet.aggregates().await;
    let ledger = fleet.ledger_sums().await;
    for sums in aggregates {
        assert_eq!(sums, ledger, "{run}");
    }
}

/// Three more deliveries of each, of which one has the id of the first, as those of the platform's own retries do.
async fn replay(
    survivor: &Process,
    traffic: &Traffic,
    run: &str,
    random: &mut Rng,
) -> Vec<(Delivery, Answer)> {
    let again: Vec<&Delivery> =
        traffic.deliveries.iter().filter(|one| one.kind.comes_again() && !one.is_twin).collect();
    let mut copies: Vec<(String, &Value)> = again
        .iter()
        .flat_map(|one| {
            [one.id.clone(), format!("{}-a", one.id), format!("{}-b", one.id)].map(|id| (id, &one.event))
        })
        .collect();
    // The platform tries each invocation again, the second of two as well.
    let twins = traffic.deliveries.iter().filter(|one| one.is_twin);
    copies.extend(twins.map(|one| (one.id.clone(), &one.event)));
    random.shuffle(&mut copies);
    for copies in copies.chunks(random.usize(1..=4)) {
        join_all(copies.iter().map(|(id, event)| survivor.invoke(id, event, TIMEOUT))).await;
    }
    let mut last = Vec::new();
    for delivery in again {
        let answer = survivor.invoke(&format!("{}-last", delivery.id), &delivery.event, TIMEOUT).await;
        assert_ne!(answer, Answer::Lost, "{run}: the other process is gone");
        last.push((delivery.clone(), answer));
    }
    last
}

impl Seen {
    /// Whether nothing is known of what the process made of it.
    pub(super) fn lost(&self, delivery: &Delivery) -> bool {
        let answers = self.traffic.deliveries.iter().zip(&self.answers);
        let same = |one: &Delivery| one.event == delivery.event;
        answers.into_iter().any(|(one, answer)| same(one) && *answer == Answer::Lost)
    }

    /// How many calls of this kind nothing is known of.
    pub(super) fn lost_of(&self, kind: Kind) -> u64 {
        let lost =
            self.traffic.deliveries.iter().zip(&self.answers).filter(|(_, answer)| **answer == Answer::Lost);
        lost.filter(|(one, _)| one.kind == kind).map(|(one, _)| one.subjects.len().max(1) as u64).sum()
    }
}
