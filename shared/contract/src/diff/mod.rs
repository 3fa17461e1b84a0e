//! Which changes between two versions of a contract break those who call by the older one.
//!
//! What callers send must be taken as before: of requests, what is narrower breaks. What callers are answered must be
//! what they know: of answers, what is wider breaks. Both are one question, of which schema takes all that another
//! takes (`include`), asked the one way or the other.
//!
//! Not looked at: `servers`, `security`, `callbacks`, `webhooks`, `links`, descriptions and examples.

mod answers;
mod arrays;
mod branches;
mod change;
mod compared;
mod conjunction;
mod equal;
mod include;
mod number;
mod objects;
mod operations;
mod parameters;
mod requests;
mod rule;
mod scalars;
mod schemas;
#[cfg(test)]
mod tests;
mod types;

use doorward_model::Faults;

pub use self::change::{Change, Severity, Site};
pub use self::compared::{Travels, changes};
pub(crate) use self::equal::Equality;
use self::operations::Operations;
use crate::document::Document;

impl Document {
    /// Every change from this version to `newer`, the worst first.
    ///
    /// # Errors
    /// What one of the documents says cannot be checked, and so cannot be compared; every such place is named.
    pub fn changes(&self, newer: &Self) -> Result<Vec<Change>, Faults> {
        let (old, new) = (Operations::read(self)?, Operations::read(newer)?);
        let mut changes = old.changes(&new);
        changes.sort_by_key(|change| change.severity);
        Ok(changes)
    }
}
