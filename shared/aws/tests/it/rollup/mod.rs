//! The roll-up over a DynamoDB in memory: each row of its stream once, whatever happens on the way.

mod cost;
mod forged;
mod histories;
pub(crate) mod ledger;
mod once;
pub(crate) mod rebuild;
mod under_faults;
