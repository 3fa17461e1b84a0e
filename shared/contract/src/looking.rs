//! What others in the crate look up in a document.

use serde_json::Value;

use crate::bundle::{Bundle, Direction};
use crate::document::{Document, Entry};
use crate::documents::Documents;
use crate::reference::follow;

impl Document {
    /// The document in its library, where it was read before.
    pub(crate) fn documents(&self) -> Option<Documents<'_>> {
        Documents::open(&self.library, &self.file).ok()
    }

    /// Where the operation stands whose `operationId` is `id`.
    pub(crate) fn entry(&self, id: &str) -> Option<&Entry> {
        self.operations.get(id)
    }

    /// What stands at `at`.
    pub(crate) fn value(&self, at: &str) -> Option<&Value> {
        self.documents()?.value(at)
    }

    /// What stands at `at` after references, and where that is.
    pub(crate) fn follow(&self, at: &str) -> Option<(String, &Value)> {
        let documents = self.documents()?;
        documents.value(at)?;
        follow(&documents, at).ok()
    }

    /// The schema at `at`, normalised; what cannot be was a fault when its operation was compiled.
    pub(crate) fn bundle(&self, direction: Direction, at: &str) -> Option<Bundle> {
        if let Some((bundle, _)) = self.shared.get().and_then(|shared| shared.get(direction, at)) {
            return Some(bundle.clone());
        }
        self.bundle_all(direction, &[at])
    }

    /// The same of several schemas, which have the first numbers.
    pub(crate) fn bundle_all(&self, direction: Direction, places: &[&str]) -> Option<Bundle> {
        let documents = self.documents()?;
        let are_there = places.iter().all(|at| documents.value(at).is_some());
        are_there.then(|| Bundle::gather_all(&documents, direction, places, &mut Vec::new()))?
    }
}
