//! Rates and quotas: what they are held against, the arithmetic, and who keeps count.
//!
//! A rate is GCRA (ITU-T I.371): one timestamp, the *theoretical arrival time* (`tat`), moves by `interval` per unit; a
//! call conforms while `tat` is at most `tolerance` ahead of the clock. A quota counts units in a calendar window. All
//! limits that count by the same thing are one *scope*, whose levels stand in one item.

mod ask;
#[cfg(feature = "bench")]
mod bench;
mod facts;
mod held;
mod leases;
mod limiter;
mod local;
mod slot;
mod taken;

pub use ask::{Ask, Assignment, Block, GiveBack, Reserved};
#[cfg(feature = "bench")]
pub use bench::Bench;
pub use held::caller_scope;
pub use slot::{Branch, Level, Slot, SlotRule, nanoseconds};

pub(crate) use facts::Facts;
pub(crate) use held::{Scope, of_caller, scopes};
pub(crate) use limiter::{Demand, Limiter, Verdict};
pub(crate) use taken::Taken;
