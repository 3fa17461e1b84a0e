use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::invoice::Statement;
use super::reading::{self, Consumed, PricingError};
use super::spans::{self, Part};
use super::versions::PlanVersions;
use crate::usage::Group;

/// Which line of which invoice.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineKey {
    /// Who called.
    pub caller: String,
    /// The plan.
    pub plan: String,
    /// Which version of it prices the units.
    pub version: String,
    /// Why they cost what they cost.
    pub part: Part,
}

/// A call of the ledger, as far as it is priced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Used {
    /// Its id.
    pub call: String,
    /// When it came in.
    pub at: Timestamp,
    /// What it is summed up by.
    pub group: Group,
    /// What it consumed.
    pub units: u64,
}

impl Consumed for Used {
    fn group(&self) -> &Group {
        &self.group
    }

    fn units(&self) -> u64 {
        self.units
    }
}

/// The calls behind each line, each with the units of it that the line holds: a call may reach over the end of a tier.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traced {
    /// By line; calls in the order in which they are counted through: by version, time and id.
    pub lines: BTreeMap<LineKey, Vec<(String, u64)>>,
}

/// Finds the line of each unit of these calls of one month.
///
/// # Errors
/// As of [`super::state`].
pub fn trace(calls: impl IntoIterator<Item = Used>, versions: &PlanVersions) -> Result<Traced, PricingError> {
    let mut traced = Traced::default();
    for ((caller, plan), versions) in reading::sort(calls, versions)?.priced {
        let mut before = 0_u64;
        for (order, (price, mut calls)) in versions {
            calls.sort_by(|one, other| (one.at, &one.call).cmp(&(other.at, &other.call)));
            for Used { call, group, units, .. } in calls {
                let mut add = |part: Part, units: u64| {
                    let (caller, plan, version) = (caller.clone(), plan.clone(), order.version.clone());
                    let key = LineKey { caller, plan, version, part };
                    traced.lines.entry(key).or_default().push((call.clone(), units));
                };
                match group.action.filter(|action| price.actions.contains_key(action)) {
                    Some(action) => add(Part::Action(action), units),
                    None => {
                        spans::spans(price, before, units)
                            .into_iter()
                            .for_each(|span| add(span.part, span.units));
                        before = before.saturating_add(units);
                    }
                }
            }
        }
    }
    Ok(traced)
}

/// A line whose units are not those of its calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Which line.
    pub key: LineKey,
    /// What the invoice holds.
    pub invoiced: u64,
    /// What its calls consumed.
    pub traced: u64,
}

impl Traced {
    /// Where the calls and `statement` are not the same to the last unit.
    #[must_use]
    pub fn differences(&self, statement: &Statement) -> Vec<Difference> {
        let lines = statement.invoices.iter().flat_map(|invoice| &invoice.lines);
        let invoiced: BTreeMap<_, _> = lines.map(|line| (&line.key, line.units)).collect();
        let keys: BTreeSet<_> = self.lines.keys().chain(invoiced.keys().copied()).collect();
        let difference = |key: &LineKey| {
            let calls = self.lines.get(key).into_iter().flatten();
            let traced = calls.fold(0_u64, |sum, (_, units)| sum.saturating_add(*units));
            let invoiced = invoiced.get(key).copied().unwrap_or(0);
            (traced != invoiced).then(|| Difference { key: key.clone(), invoiced, traced })
        };
        keys.into_iter().filter_map(difference).collect()
    }
}
