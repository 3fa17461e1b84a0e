//! What usage is summed up by, and over: the shape of every aggregate, and how the ledger becomes aggregates.

mod anomalies;
mod bucket;
mod contribution;
mod cover;
mod group;
pub mod pricing;
mod rollup;
mod row;
mod sums;

pub use anomalies::{Anomalies, Surge, anomalies};
pub use bucket::{Bucket, BucketError, Grain};
pub use contribution::{Cell, Contribution, Counted, OutOfRange};
pub use cover::cover;
pub use group::{Group, GroupError};
pub use rollup::{Batch, Entry, Mark, Marks, Step, Trust, pack};
pub use row::{Row, RowError};
pub use sums::Sums;
