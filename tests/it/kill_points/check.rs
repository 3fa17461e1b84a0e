use std::collections::HashMap;

use super::kind::{BATCH, Kind};
use super::point::Place;
use super::run::Seen;
use super::traffic::Delivery;
use crate::fleet::Fleet;
use crate::fleet::ledger::{Recorded, recorded};
use crate::fleet::runtime_api::Answer;
use doorward_testkit::fault_proxy::Step;

/// How many calls of each kind used up their quota at a target.
#[derive(Default)]
pub(super) struct Ran(HashMap<Kind, u64>);

impl Ran {
    pub(super) fn add(&mut self, kind: Kind, runs: usize) {
        *self.0.entry(kind).or_default() += runs as u64;
    }
}

impl Seen {
    /// Holds the ledger, the quarantine, the quotas and the targets against what was answered.
    pub(super) async fn check(&self, fleet: &Fleet) {
        let mut ran = Ran::default();
        self.check_http(fleet, &mut ran).await;
        self.check_deliveries(fleet, &mut ran).await;
        for (kind, used) in &self.used {
            let (runs, lost) = (ran.0.get(kind).copied().unwrap_or_default(), self.lost_of(*kind));
            let (each, most) = kind.units();
            // What was about to go back when the process was killed is gone.
            let is_wasted = self.point.place == Place::GiveBack && self.point.step == Step::Asked;
            let least = each * runs + u64::from(is_wasted && self.point.kind == *kind);
            // No run without a permit, and no permit wasted but by calls that were cut off.
            assert!(
                *kind == Kind::Leased || (least <= *used && *used <= each * runs + most * lost),
                "{}: {kind}: {used} for {runs}, {lost} lost",
                self.run
            );
        }
        if let Some(leased) = &self.leased {
            leased.check(self.point, self.lost_of(Kind::Leased), &self.run);
        }
    }

    /// A caller's call is answered as admitted only when its row says so; no other is admitted but one that was cut off
    /// between its record and its answer. Where intents are recorded, what ran has a row whatever happened; where calls
    /// are written in blocks, fewer than a block of them have none.
    async fn check_http(&self, fleet: &Fleet, ran: &mut Ran) {
        let mut blocks = self.blocks(fleet).await;
        let mut unwritten = 0;
        for (delivery, answer) in self.traffic.deliveries.iter().zip(&self.answers) {
            let Delivery { kind, id, .. } = delivery;
            if !Kind::HTTP.contains(kind) {
                continue;
            }
            let row = match kind {
                Kind::Batched => blocks.remove(id),
                _ => fleet.recorded(id).await,
            };
            let (expected, status, units) = self.expected(delivery);
            let runs = fleet.targets.runs(id);
            let told = row.as_ref().map(|row| (row.outcome.as_str(), row.units));
            let is_told = told == Some((expected, units));
            match answer {
                Answer::Returned(_) => {
                    assert_eq!(answer.status(), Some(status), "{}: {id}: {answer:?}", self.run);
                    let waits = *kind == Kind::Batched && row.is_none();
                    unwritten += usize::from(waits);
                    assert!(is_told || waits, "{}: {row:?} for {answer:?}", self.run);
                }
                Answer::Lost => {
                    let open = kind.is_claimed() && told == Some(("unresolved", 0));
                    assert!(row.is_none() || open || is_told, "{}: {row:?}", self.run);
                }
                Answer::Failed(_) | Answer::BrokenOff => panic!("{}: {id}: {answer:?}", self.run),
            }
            let is_admitted = told.is_some_and(|(outcome, _)| outcome == "admitted");
            assert!(
                usize::from(is_admitted) <= runs.succeeded && runs.succeeded + runs.failed <= 1,
                "{}: {runs:?} for {row:?}",
                self.run
            );
            assert!(!kind.is_claimed() || runs.succeeded == 0 || row.is_some(), "{}: {id}", self.run);
            ran.add(*kind, runs.succeeded);
        }
        assert!(blocks.is_empty(), "{}: nobody made {blocks:?}", self.run);
        let answered = self.traffic.deliveries.iter().filter(|one| one.kind == Kind::Batched).count();
        let expected = match (self.point.place, self.point.step) {
            // Everything was held to the end.
            (Place::LastBlock, Step::Asked) => answered..=answered,
            (Place::LastBlock, _) => 0..=0,
            _ => 0..=BATCH - 1,
        };
        assert!(expected.contains(&unwritten), "{}: {unwritten} answered calls are lost", self.run);
    }

    /// How the call is recorded, and answered, and what it counts for.
    fn expected(&self, delivery: &Delivery) -> (&'static str, u64, u64) {
        match delivery.kind {
            Kind::Throttled => ("throttled", 429, 0),
            Kind::Refunded if self.traffic.fails(&delivery.id) => ("target-failed", 502, 0),
            kind => ("admitted", 201, kind.units().0),
        }
    }

    /// The calls in the blocks that the process wrote, each once.
    async fn blocks(&self, fleet: &Fleet) -> HashMap<String, Recorded> {
        let keys = self.asked.iter().filter_map(|one| one.asked.body["Item"]["call"]["S"].as_str());
        let mut blocks: Vec<&str> = keys.filter(|key| key.starts_with("block#")).collect();
        blocks.sort_unstable();
        blocks.dedup();
        let mut calls = HashMap::new();
        for block in blocks {
            let row = fleet.row(block).await;
            for call in if row.is_null() { Vec::new() } else { recorded(&row) } {
                let (id, block) = (call.call.clone(), calls.insert(call.call.clone(), call));
                assert!(block.is_none(), "{}: {id} stands in two blocks", self.run);
            }
        }
        calls
    }

    /// Whether nothing is known of what the process made of it.
    pub(super) fn lost(&self, delivery: &Delivery) -> bool {
        let answers = self.traffic.deliveries.iter().zip(&self.answers);
        let same = |one: &Delivery| one.event == delivery.event;
        answers.into_iter().any(|(one, answer)| same(one) && *answer == Answer::Lost)
    }

    /// How many calls of this kind nothing is known of.
    fn lost_of(&self, kind: Kind) -> u64 {
        let lost =
            self.traffic.deliveries.iter().zip(&self.answers).filter(|(_, answer)| **answer == Answer::Lost);
        lost.filter(|(one, _)| one.kind == kind).map(|(one, _)| one.subjects.len().max(1) as u64).sum()
    }
}
