use std::collections::BTreeMap;
use std::path::Path;

use crate::bundle::{Bundle, BundleError, Reader, SAMPLE};

/// What lies beside the policies and governs nothing: policy tests, and the sample events that they name. No part of
/// a bundle.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PolicyTestFiles {
    /// By path relative to the governing folder.
    pub files: BTreeMap<String, String>,
}

/// What files of policy tests end in.
const TESTS: &str = ".test.toml";

impl PolicyTestFiles {
    /// Reads everything below the governing folder of the configuration at `config` that ends in `.test.toml` or
    /// `.sample.json`, in the bounds of a bundle.
    ///
    /// # Errors
    /// [`BundleError`] when a file cannot be read or the whole is too large.
    pub fn read(config: &Path) -> Result<Self, BundleError> {
        let root = Bundle::root(config.parent().unwrap_or(Path::new(".")));
        let mut reader = Reader::new(&root, |name| name.ends_with(TESTS) || name.ends_with(SAMPLE));
        reader.folder(&root)?;
        Ok(Self { files: reader.files })
    }

    /// The files of tests, in the order of their names.
    pub fn tests(&self) -> impl Iterator<Item = (&str, &str)> {
        let tests = self.files.iter().filter(|(name, _)| name.ends_with(TESTS));
        tests.map(|(name, text)| (name.as_str(), text.as_str()))
    }
}
