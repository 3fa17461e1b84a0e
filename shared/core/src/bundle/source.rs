use std::path::Path;

use super::folder::regular_file;
use super::{Archive, Bundle, BundleError};

/// What governs, as it was found: text that must be checked, or an archive of what was checked before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A project's own files.
    Files(Bundle),
    /// What was packed of them.
    Archive(Archive),
}

impl Source {
    /// Reads what is at `path`: a folder, in which [`Bundle::locate`] looks, an archive, whose name ends in `.tar.gz`
    /// or `.tgz`, or a configuration.
    ///
    /// # Errors
    /// [`BundleError`] when it cannot be read, is too large, or is an archive that cannot be trusted.
    pub fn open(path: &Path) -> Result<Self, BundleError> {
        let path = if path.is_dir() { Bundle::locate(path)? } else { path.to_path_buf() };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if !name.ends_with(".tar.gz") && !name.ends_with(".tgz") {
            return Bundle::read(&path).map(Self::Files);
        }
        match regular_file(&path, Archive::MAX_BYTES) {
            Err(cause) => Err(BundleError::Unreadable { path, cause }),
            Ok(bytes) => match Archive::read(&bytes) {
                Ok(archive) => Ok(Self::Archive(archive)),
                Err(cause) => Err(BundleError::Archive { path, cause }),
            },
        }
    }

    /// The texts.
    #[must_use]
    pub fn bundle(&self) -> &Bundle {
        match self {
            Self::Files(bundle) => bundle,
            Self::Archive(archive) => archive.bundle(),
        }
    }

    /// The texts alone.
    #[must_use]
    pub fn into_bundle(self) -> Bundle {
        match self {
            Self::Files(bundle) => bundle,
            Self::Archive(archive) => archive.into_bundle(),
        }
    }
}
