use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Bucket, Grain, Group, Row, Sums};

/// The largest number that one call brings to a sum: a million of such calls still add up in 64 bits.
const MOST: u64 = 1 << 43;

/// What one call brings to the aggregates, as the ledger has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Counted {
    /// When it came in.
    pub at: Timestamp,
    /// Who called, how it ended, and so on.
    pub group: Group,
    /// What it consumed, in the plan's units.
    pub units: u64,
    /// Payload bytes in.
    pub bytes_in: u64,
    /// Payload bytes out.
    pub bytes_out: u64,
    /// From coming in to the answer, in microseconds.
    pub duration_us: u64,
}

/// A number of a call that no call has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is larger than a call's can be")]
pub struct OutOfRange(pub &'static str);

/// Where a call is counted: an hour, and with it a day and a month, and a group.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cell {
    /// The hour in which it came in.
    pub hour: Bucket,
    /// What it is summed up by.
    pub group: Group,
}

/// What calls bring to the aggregates, or take from them; without cells whose sums are all zero.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contribution(BTreeMap<Cell, Sums>);

impl Contribution {
    /// What `calls` bring together.
    ///
    /// # Errors
    /// [`OutOfRange`] where a number is none of a call's.
    pub fn of(calls: impl IntoIterator<Item = Counted>) -> Result<Self, OutOfRange> {
        let mut contribution = Self::default();
        for call in calls {
            let sums = Sums {
                calls: 1,
                units: within("units", call.units)?,
                bytes_in: within("bytes_in", call.bytes_in)?,
                bytes_out: within("bytes_out", call.bytes_out)?,
                duration_us: within("duration_us", call.duration_us)?,
            };
            contribution.add(Cell { hour: Bucket::holding(Grain::Hour, call.at), group: call.group }, sums);
        }
        Ok(contribution)
    }

    /// The same with `sums` more in `cell`.
    pub fn add(&mut self, cell: Cell, sums: Sums) {
        let sum = self.0.entry(cell).or_default();
        *sum += sums;
    }

    /// What is to be added so that this stands where `other` stood.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        let mut difference = self.clone();
        for (cell, sums) in &other.0 {
            difference.add(cell.clone(), -*sums);
        }
        difference.0.retain(|_, sums| !sums.is_zero());
        difference
    }

    /// Whether it changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Its cells and their sums, in order.
    pub fn cells(&self) -> impl ExactSizeIterator<Item = (&Cell, Sums)> {
        self.0.iter().map(|(cell, sums)| (cell, *sums))
    }

    /// What it brings to each hour, day and month.
    #[must_use]
    pub fn rows(&self) -> BTreeMap<Row, Sums> {
        let mut rows: BTreeMap<Row, Sums> = BTreeMap::new();
        for (Cell { hour, group }, sums) in &self.0 {
            for grain in Grain::ALL {
                let bucket = Bucket::holding(grain, hour.starts());
                *rows.entry(Row { bucket, group: group.clone() }).or_default() += *sums;
            }
        }
        rows.retain(|_, sums| !sums.is_zero());
        rows
    }

    /// The same in parts of at most `most` cells each, one at least.
    #[must_use]
    pub fn parts(self, most: usize) -> Vec<Self> {
        let mut parts = vec![Self::default()];
        for (cell, sums) in self.0 {
            if parts.last().is_some_and(|part| part.0.len() >= most) {
                parts.push(Self::default());
            }
            if let Some(part) = parts.last_mut() {
                part.0.insert(cell, sums);
            }
        }
        parts
    }
}

impl FromIterator<(Cell, Sums)> for Contribution {
    fn from_iter<T: IntoIterator<Item = (Cell, Sums)>>(cells: T) -> Self {
        let mut contribution = Self::default();
        for (cell, sums) in cells {
            contribution.add(cell, sums);
        }
        contribution
    }
}

fn within(name: &'static str, value: u64) -> Result<i64, OutOfRange> {
    i64::try_from(value).ok().filter(|_| value <= MOST).ok_or(OutOfRange(name))
}
