use std::collections::HashMap;

use doorward_model::Outcome;

use super::*;
use crate::usage::{Counted, Group};

fn counted(caller: usize, at: &str, units: u64) -> Counted {
    let group = Group {
        caller: format!("caller-{caller}"),
        action: None,
        target: None,
        purpose: None,
        outcome: Outcome::Admitted,
        plan: None,
        plan_version: None,
    };
    Counted { at: at.parse().unwrap(), group, units, bytes_in: 1, bytes_out: 2, duration_us: 3 }
}

fn entry(id: usize, version: u64, calls: Vec<Counted>) -> Entry {
    Entry::new(format!("call-{id}"), version, None, Contribution::of(calls).unwrap())
}

const AT: &str = "2026-11-24T12:30:00Z";

/// Markers and sums, moved as a store moves them.
#[derive(Default)]
struct World {
    marks: HashMap<(String, usize), Mark>,
    rows: BTreeMap<Row, Sums>,
}

impl World {
    fn seen(&self, id: &str) -> Marks {
        let own = self.marks.iter().filter(|((of, _), _)| of == id);
        own.map(|((_, part), mark)| (*part, mark.clone())).collect()
    }

    /// Whether the batch was applied: all of it or nothing.
    fn apply(&mut self, batch: &Batch) -> bool {
        let holds = |step: &Step| self.marks.get(&(step.id.clone(), step.part)) == step.seen.as_ref();
        let guarded = |(id, version): (&str, u64)| {
            self.marks.get(&(id.to_owned(), 0)).is_some_and(|first| first.version == version)
        };
        if !batch.steps.iter().all(holds) || !batch.guards().into_iter().all(guarded) {
            return false;
        }
        for step in &batch.steps {
            self.marks.insert((step.id.clone(), step.part), step.mark.clone());
        }
        for (row, sums) in &batch.rows {
            *self.rows.entry(row.clone()).or_default() += *sums;
        }
        true
    }

    fn settle(&mut self, entry: &Entry) {
        for _ in 0..3 {
            for batch in pack(entry.steps(&self.seen(&entry.id), Trust::Marks), 100) {
                assert!(self.apply(&batch));
            }
        }
    }

    fn sums(&self) -> BTreeMap<Row, Sums> {
        let mut rows = self.rows.clone();
        rows.retain(|_, sums| !sums.is_zero());
        rows
    }
}

fn expected(entries: &[&Entry]) -> BTreeMap<Row, Sums> {
    let cells = entries.iter().flat_map(|entry| &entry.parts).flat_map(Contribution::cells);
    cells.map(|(cell, sums)| (cell.clone(), sums)).collect::<Contribution>().rows()
}

#[test]
fn a_call_is_counted_in_its_hour_day_and_month() {
    let mut world = World::default();
    let call = entry(1, 1, vec![counted(1, AT, 5)]);
    world.settle(&call);
    let buckets: Vec<String> = world.sums().keys().map(|row| row.bucket.to_string()).collect();
    assert_eq!(buckets, ["2026-11-24T12", "2026-11-24", "2026-11"]);
    let sums = Sums { calls: 1, units: 5, bytes_in: 1, bytes_out: 2, duration_us: 3 };
    assert!(world.sums().values().all(|of| *of == sums));
    assert_eq!(call.steps(&world.seen("call-1"), Trust::Marks), []);
}

#[test]
fn a_later_version_adds_the_difference_and_an_earlier_one_nothing() {
    let first = entry(1, 1, vec![counted(1, AT, 5)]);
    let second = entry(1, 2, vec![counted(2, "2026-11-24T13:00:00Z", 7)]);
    for order in [vec![&first, &second], vec![&second, &first], vec![&first, &second, &first, &second]] {
        let mut world = World::default();
        order.into_iter().for_each(|entry| world.settle(entry));
        assert_eq!(world.sums(), expected(&[&second]));
    }
}

#[test]
fn a_call_without_a_caller_is_not_marked_unless_an_older_one_may_come() {
    let nothing = |version| Entry::new("call-1".into(), version, None, Contribution::default());
    assert_eq!(nothing(1).steps(&Marks::new(), Trust::Marks), []);
    let mut world = World::default();
    world.settle(&nothing(2));
    world.settle(&entry(1, 1, vec![counted(1, AT, 5)]));
    assert_eq!(world.sums(), BTreeMap::new());
}

#[test]
fn parts_of_two_versions_of_a_block_never_stand_side_by_side() {
    let many = |version, from: usize| {
        entry(1, version, (from..from + 40).map(|caller| counted(caller, AT, 1)).collect())
    };
    let few = |version| entry(1, version, vec![counted(99, AT, 1)]);
    for (old, new) in [(many(1, 0), few(2)), (few(1), many(2, 0)), (many(1, 0), many(2, 20))] {
        // The roll-up of the older version is cut off after each number of batches, and goes on after the newer one.
        for cut in 0..4 {
            let mut world = World::default();
            let first = pack(old.steps(&world.seen("call-1"), Trust::Marks), 100);
            first.iter().take(cut).for_each(|batch| assert!(world.apply(batch)));
            let later = pack(old.steps(&world.seen("call-1"), Trust::Marks), 100);
            later.iter().take(cut.saturating_sub(1)).for_each(|batch| assert!(world.apply(batch)));
            world.settle(&new);
            for batch in first.iter().skip(cut).chain(later.iter().skip(cut.saturating_sub(1))) {
                assert!(!world.apply(batch), "a stale batch was applied");
            }
            world.settle(&old);
            world.settle(&new);
            assert_eq!(world.sums(), expected(&[&new]), "cut {cut}");
        }
    }
}

#[test]
fn no_batch_is_larger_than_a_transaction() {
    let blocks = (0..5)
        .map(|block| entry(block, 1, (0..100).map(|caller| counted(caller * 7 + block, AT, 1)).collect()));
    let calls = (10..400).map(|id| entry(id, 1, vec![counted(id % 3, AT, 1)]));
    let entries: Vec<Entry> = blocks.chain(calls).collect();
    let mut world = World::default();
    let mut writes = 0;
    for _ in 0..2 {
        let steps = entries.iter().flat_map(|entry| entry.steps(&world.seen(&entry.id), Trust::Marks));
        for batch in pack(steps.collect(), 100) {
            let size = batch.steps.len() + batch.rows.len() + batch.guards().len();
            assert!(size <= 100, "{size}");
            writes += size;
            assert!(world.apply(&batch));
        }
    }
    assert_eq!(world.sums(), expected(&entries.iter().collect::<Vec<_>>()));
    // 390 calls of three groups cost little more than their markers.
    assert!(writes < 390 + 3 * 3 * 5 + 5 * (3 * 100 + 7 * 2), "{writes}");
    // Whatever a version changes, one part of it fits.
    let moved = |version, from: usize| {
        entry(1, version, (from..from + CELLS_IN_PART).map(|caller| counted(caller, AT, 1)).collect())
    };
    let mut world = World::default();
    world.settle(&moved(1, 0));
    let [batch] = pack(moved(2, 100).steps(&world.seen("call-1"), Trust::Marks), 100).try_into().unwrap();
    assert_eq!((batch.steps.len(), batch.rows.len()), (1, 96));
}

#[test]
fn a_marker_that_says_something_else_is_set_right_on_the_word_of_the_ledger() {
    let call = entry(1, 1, vec![counted(1, AT, 5)]);
    let mut world = World::default();
    world.settle(&call);
    let forged = entry(1, 1, vec![counted(1, AT, 50)]);
    assert_eq!(forged.steps(&world.seen("call-1"), Trust::Marks), []);
    for batch in pack(forged.steps(&world.seen("call-1"), Trust::Ledger), 100) {
        assert!(world.apply(&batch));
    }
    assert_eq!(world.sums(), expected(&[&forged]));
    assert_eq!(forged.steps(&world.seen("call-1"), Trust::Ledger), []);
}

#[test]
fn numbers_that_no_call_has_are_refused() {
    let mut call = counted(1, AT, 5);
    call.units = u64::MAX;
    assert_eq!(Contribution::of([call]).unwrap_err().to_string(), "`units` is larger than a call's can be");
}
