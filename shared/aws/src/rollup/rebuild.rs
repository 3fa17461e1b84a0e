//! The aggregates held against the ledger, and set right.
//!
//! What a row is to hold is known without stopping the world: what its markers say, and what the ledger and its archive
//! say of rows whose markers are gone. Markers and sums move together, so two looks at the state that find neither
//! changed have seen both at one moment (`looks`). A difference is then nobody's work under way, and adding it is right
//! whatever a roll-up adds meanwhile.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use doorward_core::ports::StoreError;
use doorward_core::usage::{Cell, Contribution, Entry, Row, Sums, Trust};
use jiff::Timestamp;
use tokio::time::Instant;

use super::state::{Held, State};
use super::{RollUp, Settled, UncountableError, entry, marker};
use crate::ledger_rows::LedgerRow;

/// How often the state is looked at until it stands still.
const LOOKS: u32 = 6;
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// How many entries are counted at once, and how long they may take.
const AT_ONCE: usize = 500;
const TIME: Duration = Duration::from_secs(30);

/// Where a row was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// In the table.
    Ledger,
    /// In a file that it was copied to.
    Archive,
}

/// What is done about differences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repair {
    /// Nothing.
    None,
    /// Sums that are too low are raised, and none gets lower than it was: one that is too high may be of calls which the
    /// ledger has forgotten.
    Raise,
    /// All are set right.
    All,
}

/// The rows of the ledger, each once, to hold the aggregates against.
#[derive(Debug)]
pub struct Rebuild {
    now: Timestamp,
    known: BTreeMap<String, Known>,
    /// Where each call is counted.
    calls: HashMap<String, Placed>,
    /// What calls bring that stand in more than one row.
    repeated: BTreeMap<Row, Sums>,
    /// Their ids.
    twice: BTreeSet<String>,
}

#[derive(Debug)]
struct Known {
    entry: Entry,
    origin: Origin,
}

#[derive(Debug)]
struct Placed {
    row: String,
    version: u64,
    at: Option<(Cell, Sums)>,
}

/// A row that does not hold what it is to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Which.
    pub row: Row,
    /// What it holds.
    pub held: Sums,
    /// What it is to hold.
    pub expected: Sums,
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// How many rows were compared.
    pub compared: usize,
    /// How many begin before the time from which the ledger is whole, and were not.
    pub older: usize,
    /// Rows that were not right and are now.
    pub changed: Vec<Difference>,
    /// Rows that are not right still.
    pub different: Vec<Difference>,
    /// Rows of the ledger that were not counted and are now: how many markers moved.
    pub counted: usize,
    /// Rows of the ledger that are not counted.
    pub uncounted: Vec<String>,
    /// Aggregates that were written to whenever they were looked at.
    pub moving: usize,
    /// Items of the state that cannot be read.
    pub unreadable: Vec<String>,
    /// Calls that the ledger has twice, once in a block and once alone: each is to be counted once.
    pub twice: Vec<String>,
}

impl Rebuild {
    /// Nothing yet; `now` says which markers the table may have forgotten.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self {
            now,
            known: BTreeMap::new(),
            calls: HashMap::new(),
            repeated: BTreeMap::new(),
            twice: BTreeSet::new(),
        }
    }

    /// Takes up a row. Of two pictures of one row the newer counts, of two alike that of the table.
    ///
    /// # Errors
    /// [`UncountableError`] where a number in it is none of a call's.
    pub fn take(&mut self, row: &LedgerRow, origin: Origin) -> Result<(), UncountableError> {
        let entry = entry::of_row(row)?;
        let newer = self.known.get(row.id()).is_none_or(|known| {
            (known.entry.version, known.origin == Origin::Ledger) < (entry.version, origin == Origin::Ledger)
        });
        if newer {
            self.place(row)?;
            self.known.insert(entry.id.clone(), Known { entry, origin });
        }
        Ok(())
    }

    /// Notes where each call of a row is counted, and what is counted a second time.
    fn place(&mut self, row: &LedgerRow) -> Result<(), UncountableError> {
        for call in row.calls() {
            let one = entry::contribution(std::slice::from_ref(call))?;
            let at = one.cells().next().map(|(cell, sums)| (cell.clone(), sums));
            let placed = Placed { row: row.id().to_owned(), version: call.version, at };
            let Some(other) = self.calls.remove(&call.call) else {
                self.calls.insert(call.call.clone(), placed);
                continue;
            };
            if other.row == placed.row {
                self.calls.insert(call.call.clone(), placed);
                continue;
            }
            // The newer picture stands.
            let (stays, goes) =
                if other.version >= placed.version { (other, placed) } else { (placed, other) };
            for (row, sums) in goes.at.into_iter().collect::<Contribution>().rows() {
                *self.repeated.entry(row).or_default() += sums;
            }
            self.twice.insert(call.call.clone());
            self.calls.insert(call.call.clone(), stays);
        }
        Ok(())
    }

    /// How many calls were taken up.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.calls.len()
    }

    /// Whether the table may have forgotten the markers of a row.
    fn is_past(&self, entry: &Entry) -> bool {
        entry.expires.is_some_and(|expires| is_past(expires, self.now))
    }

    /// Holds the aggregates of buckets that begin at `since` or later against what was taken up.
    ///
    /// # Errors
    /// [`StoreError`] when the table does not answer.
    pub async fn run(
        &self,
        roll_up: &RollUp,
        since: Timestamp,
        repair: Repair,
    ) -> Result<Rebuilt, StoreError> {
        let mut done = Rebuilt { twice: self.twice.iter().cloned().collect(), ..Rebuilt::default() };
        let pause = if repair == Repair::None { None } else { Some(roll_up.pause().await?) };
        let first = roll_up.state().await?;
        if pause.is_some() {
            self.count(roll_up, &mut done).await?;
        }
        let mut changed: BTreeMap<Row, Difference> = BTreeMap::new();
        let mut before = roll_up.state().await?;
        for look in 1..=LOOKS {
            let after = roll_up.state().await?;
            let compared = self.compare(&before, &after, since);
            done.compared = compared.rows;
            done.older = compared.older;
            done.moving = compared.moving;
            done.unreadable.clone_from(&after.unreadable);
            if pause.is_none() {
                done.uncounted = self.uncounted(&after);
            }
            let (repaired, left): (Vec<_>, Vec<_>) =
                compared.differences.into_iter().partition(|(difference, _)| {
                    let first = first.rows.get(&difference.row).copied().unwrap_or_default();
                    repairs(repair, first.sums, difference.expected)
                });
            done.different = left.into_iter().map(|(difference, _)| difference).collect();
            for (difference, held) in &repaired {
                roll_up.correct(&difference.row, held, difference.expected - difference.held).await?;
                let held = first.rows.get(&difference.row).copied().unwrap_or_default().sums;
                changed.insert(difference.row.clone(), Difference { held, ..difference.clone() });
            }
            // In flight, where nothing is repaired: what was written a moment ago.
            let is_still = compared.moving == 0 && (pause.is_some() || done.uncounted.is_empty());
            if repaired.is_empty() && is_still {
                break;
            }
            if look == LOOKS {
                done.different.extend(repaired.into_iter().map(|(difference, _)| difference));
                break;
            }
            if let Some(pause) = &pause {
                pause.renew().await?;
            }
            if repaired.is_empty() {
                tokio::time::sleep(FIRST_WAIT * look).await;
            }
            before = roll_up.state().await?;
        }
        if let Some(pause) = pause {
            pause.end().await?;
        }
        done.changed = changed.into_values().filter(|one| one.held != one.expected).collect();
        Ok(done)
    }

    /// Counts what the roll-up has not, or not yet, or otherwise than the ledger has it, as it would itself.
    async fn count(&self, roll_up: &RollUp, done: &mut Rebuilt) -> Result<(), StoreError> {
        for (origin, trust) in [(Origin::Ledger, Trust::Ledger), (Origin::Archive, Trust::Marks)] {
            let known = self.known.values().filter(|known| known.origin == origin);
            let due: Vec<&Entry> =
                known.map(|known| &known.entry).filter(|entry| !self.is_past(entry)).collect();
            for some in due.chunks(AT_ONCE) {
                let entries = some.iter().map(|entry| (*entry).clone()).collect();
                let Settled { moved, left, cause, refused } =
                    roll_up.settle(entries, trust, Instant::now() + TIME).await;
                done.counted += moved;
                if let Some(cause) = cause.filter(|_| !left.is_empty()) {
                    return Err(cause);
                }
                done.uncounted.extend(refused.into_iter().map(|(id, cause)| format!("{id}: {cause}")));
            }
        }
        Ok(())
    }

    /// Rows of the ledger whose markers say less than they.
    fn uncounted(&self, state: &State) -> Vec<String> {
        let none = Default::default();
        let left = self.known.values().filter(|known| {
            let trust = if known.origin == Origin::Ledger { Trust::Ledger } else { Trust::Marks };
            let marks = state.marks.get(&known.entry.id).unwrap_or(&none);
            !self.is_past(&known.entry) && !known.entry.steps(marks, trust).is_empty()
        });
        left.map(|known| known.entry.id.clone()).collect()
    }

    fn compare(&self, before: &State, after: &State, since: Timestamp) -> Compared {
        let was = self.expected(before);
        let mut compared = Compared::default();
        let mut is = self.expected(after);
        for row in before.rows.keys().chain(after.rows.keys()).chain(was.keys()) {
            is.entry(row.clone()).or_default();
        }
        for (row, (expected, print)) in is {
            if row.bucket.starts() < since {
                compared.older += 1;
                continue;
            }
            compared.rows += 1;
            let held = after.rows.get(&row).copied().unwrap_or_default();
            let held_before = before.rows.get(&row).copied().unwrap_or_default();
            let print_before = was.get(&row).map_or(0, |(_, print)| *print);
            if held != held_before || print != print_before {
                compared.moving += 1;
            } else if held.sums != expected {
                compared.differences.push((Difference { row, held: held.sums, expected }, held));
            }
        }
        compared
    }

    /// What each row is to hold by these markers; and a print of the markers that say so, which another set of them does
    /// not have.
    fn expected(&self, state: &State) -> BTreeMap<Row, (Sums, u64)> {
        let mut rows: BTreeMap<Row, (Sums, u64)> = BTreeMap::new();
        let mut add = |contribution: &Contribution, print: u64| {
            for (row, sums) in contribution.rows() {
                let (sum, prints) = rows.entry(row).or_default();
                *sum += sums;
                *prints = prints.wrapping_add(print);
            }
        };
        for (id, marks) in &state.marks {
            // What the ledger or a file knows of a row counts, as soon as the table may forget its markers.
            if self.known.get(id).is_some_and(|known| self.is_past(&known.entry)) {
                continue;
            }
            for (part, mark) in marks {
                add(&mark.counted, print(id, *part, mark.version));
            }
        }
        for known in self.known.values().filter(|known| self.is_past(&known.entry)) {
            known.entry.brings().iter().for_each(|part| add(part, 0));
        }
        for (row, sums) in &self.repeated {
            let (sum, _) = rows.entry(row.clone()).or_default();
            *sum = *sum - *sums;
        }
        rows
    }
}

/// Whether a row that held `first` is to hold `expected`. What counting itself has added may go again.
fn repairs(repair: Repair, first: Sums, expected: Sums) -> bool {
    match repair {
        Repair::None => false,
        Repair::Raise => (expected - first).named().iter().all(|(_, sum)| *sum >= 0),
        Repair::All => true,
    }
}

/// Whether the table may have forgotten the markers of a row that expires then.
pub(crate) fn is_past(expires: i64, now: Timestamp) -> bool {
    expires.saturating_add(marker::GRACE) <= now.as_second()
}

#[derive(Default)]
struct Compared {
    rows: usize,
    older: usize,
    moving: usize,
    differences: Vec<(Difference, Held)>,
}

/// A number that no other marker has.
pub(super) fn print(id: &str, part: usize, version: u64) -> u64 {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    (id, part, version).hash(&mut hasher);
    hasher.finish()
}
