use std::sync::Arc;

use super::Slot;
use super::leases::LeaseKey;

/// What a call took from its limits, and from where: what may be given back.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    /// From each of them.
    pub(crate) units: u64,
    pub(super) parts: Vec<Part>,
}

/// What was taken from one scope.
#[derive(Debug)]
pub(super) enum Part {
    /// From the table.
    Hard { scope: String, quotas: Vec<Slot> },
    /// From a block that the sandbox holds.
    Leased { key: LeaseKey, slots: Arc<[Slot]> },
    /// From what the sandbox keeps.
    Local { scope: String, slots: Vec<Slot> },
}

impl Taken {
    /// What a call counts for that passes while its limits cannot be asked for: nothing of it can go back.
    pub(crate) fn unmetered(units: u64) -> Self {
        Self { units, parts: Vec::new() }
    }

    /// Whether there is nothing that could go back.
    pub(crate) fn is_empty(&self) -> bool {
        self.units == 0 || self.parts.is_empty()
    }
}
