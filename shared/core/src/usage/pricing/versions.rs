use std::collections::BTreeMap;

use doorward_config::Price;
use jiff::Timestamp;

/// What a version of a plan says of money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanVersion {
    /// What its units cost; `None` where they cost nothing and stand on no invoice.
    pub price: Option<Price>,
    /// When a door first served it; `None` where none has yet, or it was not kept.
    pub since: Option<Timestamp>,
}

/// The versions of plans that are known, by name and version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlanVersions(BTreeMap<(String, String), PlanVersion>);

impl PlanVersions {
    /// Adds one; what was known of it before is replaced.
    pub fn insert(&mut self, plan: String, version: String, known: PlanVersion) {
        self.0.insert((plan, version), known);
    }

    /// The version with this name.
    #[must_use]
    pub fn get(&self, plan: &str, version: &str) -> Option<&PlanVersion> {
        self.0.get(&(plan.to_owned(), version.to_owned()))
    }
}
