//! What a roll-up writes, worked out without a store: each row of the ledger is counted once, whatever comes again, in
//! which order, and wherever it was cut off.
//!
//! A row of the ledger has markers, one for each part of what it brings, that say what of it is in the sums. A marker
//! moves only together with the sums, in one transaction, and only if it is as it was read. So what was counted is
//! known, and a later version of the row adds the difference.
//!
//! The first part goes first. The others stand only on that version of it, which each of their transactions checks: two
//! roll-ups with two versions of one row cannot leave parts of both behind.

use std::collections::{BTreeMap, BTreeSet};

use super::{Contribution, Row, Sums};

/// The most cells of one part. When they all change, old and new ones have three rows each, which fit into one
/// transaction beside the marker and the check.
const CELLS_IN_PART: usize = 16;

/// A row of the ledger, as far as sums go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its key: the id of a call, or of a block of calls.
    pub id: String,
    /// How often it was written: what is newer of two pictures of it.
    pub version: u64,
    /// When the ledger may forget it, in seconds since the epoch.
    pub expires: Option<i64>,
    /// What it brings, in parts that are counted one by one; one at least.
    parts: Vec<Contribution>,
}

/// What a marker says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Which version of the row is in the sums.
    pub version: u64,
    /// How many parts it ever had; the first part's marker knows.
    pub parts: usize,
    /// What of it is in the sums.
    pub counted: Contribution,
}

/// The markers of one row that were found, by their part.
pub type Marks = BTreeMap<usize, Mark>;

/// What is right where marker and row are of one version and say different things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// The marker: it was written from the same row.
    Marks,
    /// The row. Somebody has changed markers or rows by hand.
    Ledger,
}

/// One marker that moves, and what moves with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The row's key.
    pub id: String,
    /// Which part of it.
    pub part: usize,
    /// The marker as it must still be; `None` where there must be none.
    pub seen: Option<Mark>,
    /// The marker as it is to be.
    pub mark: Mark,
    /// When the row expires.
    pub expires: Option<i64>,
    /// What is added to the sums.
    pub rows: BTreeMap<Row, Sums>,
}

impl Entry {
    /// The row `id` that brings `contribution`.
    #[must_use]
    pub fn new(id: String, version: u64, expires: Option<i64>, contribution: Contribution) -> Self {
        Self { id, version, expires, parts: contribution.parts(CELLS_IN_PART) }
    }

    /// The parts whose markers are to be read before there are steps, as far as the row itself knows.
    #[must_use]
    pub fn parts(&self) -> usize {
        self.parts.len()
    }

    /// What it brings, part by part.
    #[must_use]
    pub fn brings(&self) -> &[Contribution] {
        &self.parts
    }

    /// The steps that may be taken now that its markers are as `seen` says; none when it is counted.
    #[must_use]
    pub fn steps(&self, seen: &Marks, trust: Trust) -> Vec<Step> {
        let first = seen.get(&0);
        let parts = first.map_or(1, |first| first.parts).max(self.parts.len());
        match first {
            Some(first) if first.version > self.version => return Vec::new(),
            Some(first) if first.version == self.version && !self.differs(first, 0, trust) => {}
            None if self.version <= 1 && self.brings_nothing() => return Vec::new(),
            first => return vec![self.step(0, first, parts)],
        }
        let others = (1..parts).filter_map(|part| {
            let mark = seen.get(&part);
            let is_due = match mark {
                None => self.parts.get(part).is_some_and(|part| !part.is_empty()),
                Some(mark) => mark.version < self.version || self.differs(mark, part, trust),
            };
            is_due.then(|| self.step(part, mark, parts))
        });
        others.collect()
    }

    fn brings_nothing(&self) -> bool {
        self.parts.iter().all(Contribution::is_empty)
    }

    fn differs(&self, mark: &Mark, part: usize, trust: Trust) -> bool {
        let own = self.parts.get(part);
        trust == Trust::Ledger
            && mark.version == self.version
            && own.map_or(!mark.counted.is_empty(), |own| mark.counted != *own)
    }

    fn step(&self, part: usize, seen: Option<&Mark>, parts: usize) -> Step {
        let counted = self.parts.get(part).cloned().unwrap_or_default();
        let before = seen.map(|mark| mark.counted.clone()).unwrap_or_default();
        Step {
            id: self.id.clone(),
            part,
            seen: seen.cloned(),
            rows: counted.minus(&before).rows(),
            mark: Mark { version: self.version, parts, counted },
            expires: self.expires,
        }
    }
}

/// Steps that are taken together or not at all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    /// The markers.
    pub steps: Vec<Step>,
    /// What is added to each row: however many calls a group has, its rows are written once.
    pub rows: BTreeMap<Row, Sums>,
}

impl Batch {
    /// The rows of the ledger of which later parts are among the steps, with the version that their first part must
    /// have.
    #[must_use]
    pub fn guards(&self) -> BTreeMap<&str, u64> {
        let later = self.steps.iter().filter(|step| step.part > 0);
        later.map(|step| (step.id.as_str(), step.mark.version)).collect()
    }

    fn size_with(&self, step: &Step) -> usize {
        let rows: BTreeSet<&Row> = self.rows.keys().chain(step.rows.keys()).collect();
        let steps = self.steps.iter().chain([step]);
        let guards: BTreeSet<&str> =
            steps.filter(|step| step.part > 0).map(|step| step.id.as_str()).collect();
        self.steps.len() + 1 + rows.len() + guards.len()
    }

    fn take(&mut self, step: Step) {
        for (row, sums) in &step.rows {
            *self.rows.entry(row.clone()).or_default() += *sums;
        }
        self.steps.push(step);
    }
}

/// Packs `steps` into as few batches of at most `most` writes as come of putting neighbours together.
#[must_use]
pub fn pack(mut steps: Vec<Step>, most: usize) -> Vec<Batch> {
    steps.sort_by(|one, other| {
        let key = |step: &Step| (step.rows.keys().next().cloned(), step.part);
        (key(one), &one.id).cmp(&(key(other), &other.id))
    });
    let mut batches = vec![];
    let mut filling = Batch::default();
    for step in steps {
        if !filling.steps.is_empty() && filling.size_with(&step) > most {
            batches.push(std::mem::take(&mut filling));
        }
        filling.take(step);
    }
    if !filling.steps.is_empty() {
        batches.push(filling);
    }
    batches
}

#[cfg(test)]
#[path = "rollup_tests.rs"]
mod tests;
