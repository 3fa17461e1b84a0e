//! What policies read of a call, told from the policies alone.

pub(crate) mod action_reads;
pub(crate) mod comparisons;
pub(crate) mod input_reads;
pub(crate) mod policy_reads;
pub(crate) mod scopes;
pub(crate) mod undeclared;
