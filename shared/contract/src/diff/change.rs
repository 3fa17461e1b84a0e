//! One change between two versions of a contract.

use std::fmt;

use doorward_model::Place;

/// What a change means for those who call by the older version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Some of what they may send is refused, or some of what they may be answered is new to them.
    Breaking,
    /// It could not be told.
    Unknown,
    /// They go on as before.
    Compatible,
}

impl Severity {
    /// Its word: `breaking`, `unknown`, `compatible`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Breaking => "breaking",
            Self::Unknown => "unknown",
            Self::Compatible => "compatible",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What it means for callers.
    pub severity: Severity,
    /// A stable word for its kind: `required-property-added`.
    pub code: &'static str,
    /// The operation, as `POST /orders createOrder`; `None` in a document that is one schema.
    pub operation: Option<String>,
    /// The part of the message: `body application/json`, `query parameter limit`, `answer 200 application/json`.
    pub part: String,
    /// Where in the part's value, as a JSON Pointer in which `*` stands for every item or every other member.
    pub value: String,
    /// What changed, in words.
    pub what: String,
    /// Where it stands in the older document, and in the newer one.
    pub old: Option<Site>,
    /// See `old`.
    pub new: Option<Site>,
}

/// A place in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// As a JSON Pointer.
    pub pointer: String,
    /// As a place in the file.
    pub place: Place,
}
