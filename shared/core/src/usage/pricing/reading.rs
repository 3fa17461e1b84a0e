use std::collections::{BTreeMap, BTreeSet};

use doorward_config::Price;
use jiff::Timestamp;

use super::versions::{PlanVersion, PlanVersions};
use crate::usage::Group;

/// Why a month cannot be priced.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PricingError {
    /// Calls went by versions of plans of which nothing is known; no other version's price is taken for theirs.
    #[error("no price is known for what was used under {}", .0.join(", "))]
    UnknownVersions(Vec<String>),
    /// An amount has more digits than are held exactly.
    #[error("what `{caller}` used under the plan `{plan}` costs more than can be held exactly")]
    TooLarge {
        /// Who called.
        caller: String,
        /// The plan.
        plan: String,
    },
}

/// What one caller used under one plan in one month: its versions, each with what it says.
pub(super) type Versions<'v, T> = BTreeMap<VersionOrder, (&'v Price, Vec<T>)>;

/// Versions in the order in which they were first served; those that none has served come last.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct VersionOrder {
    unserved: bool,
    since: Option<Timestamp>,
    pub(super) version: String,
}

/// What is priced, by caller and plan, and what is not.
pub(super) struct Sorted<'v, T> {
    pub(super) priced: BTreeMap<(String, String), Versions<'v, T>>,
    pub(super) unpriced: Vec<T>,
}

/// Something that a group consumed.
pub(super) trait Consumed {
    fn group(&self) -> &Group;
    fn units(&self) -> u64;
}

/// Sorts what was used by what prices it. What consumed nothing costs nothing under any version, and needs none.
pub(super) fn sort<T: Consumed>(
    used: impl IntoIterator<Item = T>,
    versions: &PlanVersions,
) -> Result<Sorted<'_, T>, PricingError> {
    let mut sorted = Sorted { priced: BTreeMap::new(), unpriced: Vec::new() };
    let mut unknown = BTreeSet::new();
    for part in used.into_iter().filter(|part| part.units() > 0) {
        let group = part.group();
        let Some(plan) = group.plan.clone() else {
            sorted.unpriced.push(part);
            continue;
        };
        let version = group.plan_version.clone().unwrap_or_default();
        match versions.get(&plan, &version) {
            None => {
                unknown.insert(match version.as_str() {
                    "" => format!("the plan `{plan}` without a version"),
                    _ => format!("version `{version}` of the plan `{plan}`"),
                });
            }
            Some(PlanVersion { price: None, .. }) => sorted.unpriced.push(part),
            Some(PlanVersion { price: Some(price), since }) => {
                let order = VersionOrder { unserved: since.is_none(), since: *since, version };
                let of_plan = sorted.priced.entry((group.caller.clone(), plan)).or_default();
                of_plan.entry(order).or_insert_with(|| (price, Vec::new())).1.push(part);
            }
        }
    }
    if unknown.is_empty() {
        Ok(sorted)
    } else {
        Err(PricingError::UnknownVersions(unknown.into_iter().collect()))
    }
}
