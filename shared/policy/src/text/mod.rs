//! Cedar's texts, as far as Cedar itself does not say what stands where.

pub(crate) mod access;
pub(crate) mod clauses;
pub(crate) mod conditions;
pub(crate) mod suggestion;
pub(crate) mod tokens;
