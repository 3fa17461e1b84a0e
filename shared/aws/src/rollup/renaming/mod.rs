//! What is summed up under one caller, moved to another name.
//!
//! A marker whose row the ledger still has moves as every marker does: the row's next version brings it under the other
//! name. The marker of a row that the ledger has forgotten moves by itself (`markers.rs`). What is left in the sums then
//! is of rows whose markers are gone, too: that moves as it stands (`rows.rs`).
//!
//! Each of these is one transaction, so that at no moment anything is counted twice or not at all.

mod markers;
mod rows;

use std::collections::BTreeMap;

use doorward_core::usage::{Contribution, Row, Sums};

use super::marker;
use crate::attributes::Attributes;

/// What of one caller is summed up, as it was read: not all at one moment.
#[derive(Debug, Default)]
pub(crate) struct Named {
    /// The ids of rows of the ledger with markers that name the caller, and how many.
    pub(crate) markers: BTreeMap<String, usize>,
    rows: BTreeMap<Row, Standing>,
    /// The markers of rows that have more than one, whoever they name.
    parts: BTreeMap<String, Parts>,
}

/// The markers of one row.
#[derive(Debug, Default)]
struct Parts {
    /// As many as there are to be.
    due: usize,
    /// The versions of those that there are.
    versions: Vec<u64>,
}

/// A sum as an item has it, for each that there is; `None` where it has none.
type Held = [Option<i64>; 5];

/// A row of the caller's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Standing {
    /// Its items, by what tells them apart.
    items: BTreeMap<u8, Held>,
    /// What markers say that it holds.
    marked: Sums,
    /// A print of these markers, which no others have.
    print: u64,
}

impl Named {
    /// Takes up an item of the state. `false` where it is neither a sum nor a marker.
    ///
    /// # Errors
    /// Its place, where it cannot be read.
    pub(crate) fn take(&mut self, caller: &str, item: &Attributes) -> Result<bool, String> {
        let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).map(String::as_str);
        let (owner, name) = (text("owner").unwrap_or_default(), text("item").unwrap_or_default());
        let place = || format!("{owner} / {name}");
        if let Some((id, part)) = marker::place(item) {
            let mark = marker::read(item).ok_or_else(place)?;
            if part > 0 || mark.parts > 1 {
                let parts = self.parts.entry(id.clone()).or_default();
                parts.due = parts.due.max(mark.parts);
                parts.versions.push(mark.version);
            }
            if names(&mark.counted, caller) {
                *self.markers.entry(id.clone()).or_default() += 1;
                for (row, sums) in
                    mark.counted.rows().into_iter().filter(|(row, _)| row.group.caller == caller)
                {
                    let standing = self.rows.entry(row).or_default();
                    standing.marked += sums;
                    standing.print =
                        standing.print.wrapping_add(super::rebuild::print(&id, part, mark.version));
                }
            }
            return Ok(true);
        }
        if !Row::is_owner(owner) {
            return Ok(false);
        }
        let (row, spread) = Row::read(owner, name, text("group")).map_err(|_| place())?;
        if row.group.caller == caller {
            let mut held = Held::default();
            for (held, (name, _)) in held.iter_mut().zip(Sums::default().named()) {
                if let Some(value) = item.get(name) {
                    let sum = value.as_n().ok().and_then(|sum| sum.parse().ok());
                    *held = Some(sum.ok_or_else(place)?);
                }
            }
            self.rows.entry(row).or_default().items.insert(spread, held);
        }
        Ok(true)
    }

    /// The ids of rows of which some parts are counted as they are now and others are not: a roll-up is at them, or was
    /// cut off.
    pub(crate) fn unfinished(&self) -> impl Iterator<Item = &String> {
        let is_unfinished = |parts: &Parts| {
            parts.versions.len() < parts.due || parts.versions.iter().min() != parts.versions.iter().max()
        };
        self.parts.iter().filter(move |(_, parts)| is_unfinished(parts)).map(|(id, _)| id)
    }

    /// How many items hold sums of the caller's.
    pub(crate) fn items(&self) -> usize {
        self.rows.values().map(|standing| standing.items.len()).sum()
    }
}

impl Standing {
    /// All that its items hold.
    fn sums(&self) -> Sums {
        self.items.values().fold(Sums::default(), |all, held| all + sums(held))
    }
}

fn sums(held: &Held) -> Sums {
    let mut held = held.iter();
    // In the order in which they are named.
    let named = Sums::default().named().map(|(name, _)| (name, held.next().copied().flatten()));
    Sums::from_named(|wanted| {
        named.iter().find(|(name, _)| *name == wanted).and_then(|(_, sum)| *sum).unwrap_or_default()
    })
}

fn names(counted: &Contribution, caller: &str) -> bool {
    counted.cells().any(|(cell, _)| cell.group.caller == caller)
}
