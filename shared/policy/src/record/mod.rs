//! Decisions as they are kept, and made again by other policies.

pub(crate) mod facts;
pub(crate) mod pictures;
pub(crate) mod redecide;
pub(crate) mod untold;
