//! Which changes between two versions of a contract break those who call by the older one.
//!
//! What callers send must be taken as before: of requests, what is narrower breaks. What callers are answered must be
//! what they know: of answers, what is wider breaks. Both are one question, of which schema takes all that another
//! takes (`include`), asked the one way or the other.
//!
//! Not looked at: [`NOT_COMPARED`].

mod acceptance;
mod answers;
mod arrays;
mod branches;
mod change;
mod compared;
mod conjunction;
mod defaults;
mod described;
mod encodings;
mod equal;
mod include;
mod number;
mod objects;
mod operations;
mod pairs;
mod parameters;
mod requests;
mod rule;
mod scalars;
mod schemas;
mod security;
mod servers;
#[cfg(test)]
mod tests;
mod texts;
mod types;
mod unchecked;

use doorward_model::Faults;

pub use self::change::{Change, Severity, Site};
pub use self::compared::{Travels, changes};
pub(crate) use self::equal::Equality;
use self::operations::Operations;
use crate::document::Document;

/// What documents may say that is never compared.
pub const NOT_COMPARED: [&str; 13] = [
    "callbacks",
    "webhooks",
    "links",
    "deprecated",
    "discriminator",
    "xml",
    "externalDocs",
    "tags",
    "titles and descriptions",
    "examples",
    "the headers of encodings",
    "content types within texts (contentEncoding, contentMediaType)",
    "x- members",
];

impl Document {
    /// Every change from this version to `newer`, the worst first. An operation that cannot be checked in one of them is
    /// unknown, unless both say the same of it.
    ///
    /// # Errors
    /// A path of one of the documents cannot be read; every such place is named.
    pub fn changes(&self, newer: &Self) -> Result<Vec<Change>, Faults> {
        let (old, new) = (Operations::read(self)?, Operations::read(newer)?);
        let mut changes = old.changes(&new);
        changes.sort_by_key(|change| change.severity);
        Ok(changes)
    }
}
