//! The files that contracts are made of.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use doorward_model::{Fault, Faults};

use crate::metaschemas;
use crate::source::Source;

/// Files by the paths under which references name them, such as `contracts/shop.yaml`. Each is read when it is first
/// asked for; whatever is in none of them is nowhere, for nothing is fetched.
#[derive(Debug, Default)]
pub struct Library {
    files: BTreeMap<String, Entry>,
    /// By their places.
    notes: Mutex<BTreeMap<(String, usize), Fault>>,
}

#[derive(Debug)]
struct Entry {
    text: String,
    read: OnceLock<Result<Source, Faults>>,
}

impl Library {
    /// The library of `files`: paths with `/` between folders, relative to one folder, and texts.
    pub fn new<N: Into<String>, T: Into<String>>(files: impl IntoIterator<Item = (N, T)>) -> Self {
        let entry = |text: T| Entry { text: text.into(), read: OnceLock::new() };
        let files = files.into_iter().map(|(name, text)| (name.into(), entry(text))).collect();
        Self { files, notes: Mutex::default() }
    }

    /// What is no fault of the schemas that were compiled, and still hardly meant, by place: keywords and formats that
    /// nothing reads.
    #[must_use]
    pub fn notes(&self) -> Vec<Fault> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Keeps the first note at its place.
    pub(crate) fn keep(&self, note: Fault) {
        let Some(place) = &note.place else { return };
        let key = (place.file.clone(), place.span.start);
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_insert(note);
    }

    /// The paths of all files, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// The file at this path, or the meta-schema of this URI; `None` where there is none.
    pub(crate) fn source(&self, name: &str) -> Option<Result<&Source, &Faults>> {
        match self.files.get(name) {
            Some(Entry { text, read }) => Some(read.get_or_init(|| Source::read(name, text)).as_ref()),
            None => metaschemas::find(name).map(Ok),
        }
    }
}
