//! A document as it stands, for programs that make contracts of it.

use doorward_model::{Faults, Place};
use serde_json::Value;

use crate::source::Source;

/// One YAML or JSON document of at most 16 MiB, whatever it holds, and where each part of it stands.
#[derive(Debug)]
pub struct RawDocument(Source);

impl RawDocument {
    /// Reads `text`; `file` is how faults name it.
    ///
    /// # Errors
    /// It is no unambiguous document.
    pub fn read(file: &str, text: &str) -> Result<Self, Faults> {
        Source::read(file, text).map(Self)
    }

    /// What it holds.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.0.value
    }

    /// Where the part at `pointer` stands, or the nearest part around it that exists.
    #[must_use]
    pub fn place(&self, pointer: &str) -> Place {
        self.0.place(pointer)
    }
}
