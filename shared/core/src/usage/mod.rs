//! What usage is summed up by, and over: the shape of every aggregate.

mod bucket;
mod group;
pub mod pricing;
mod sums;

pub use bucket::{Bucket, BucketError, Grain};
pub use group::{Group, GroupError};
pub use sums::Sums;
