//! What others in the crate look up in a document.

use serde_json::Value;

use crate::bundle::{Bundle, Direction};
use crate::document::{Document, Entry};
use crate::reference::follow;

impl Document {
    /// The file that it was read from.
    pub(crate) fn file(&self) -> &str {
        self.source.file()
    }

    /// Where the operation stands whose `operationId` is `id`.
    pub(crate) fn entry(&self, id: &str) -> Option<&Entry> {
        self.operations.get(id)
    }

    /// What stands at `at`.
    pub(crate) fn value(&self, at: &str) -> Option<&Value> {
        self.source.value.pointer(at)
    }

    /// What stands at `at` after references, and where that is.
    pub(crate) fn follow(&self, at: &str) -> Option<(String, &Value)> {
        self.value(at)?;
        follow(&self.source, at).ok()
    }

    /// The schema at `at`, normalised; what cannot be was a fault when its operation was compiled.
    pub(crate) fn bundle(&self, direction: Direction, at: &str) -> Option<Bundle> {
        self.value(at)?;
        Bundle::gather(&self.source, self.version, direction, at, &mut Vec::new())
    }
}
