use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// Everything that governs one deployment, as text: the configuration, the policies, their schema fragments and
/// entities, and the contracts. Read once, at start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// Name and text of `doorward.toml`.
    pub config: (String, String),
    /// Everything else by its path relative to the governing folder: `orders.cedar`, `contracts/shop.yaml`.
    pub files: BTreeMap<String, String>,
}

/// Why a bundle could not be read.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// There is no `doorward.toml` where one is looked for.
    #[error("no `doorward.toml` here: looked for `{}`", .0.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join("`, `"))]
    Missing(Vec<PathBuf>),
    /// A file could not be read as UTF-8 text.
    #[error("cannot read `{}`: {cause}", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// More than [`Bundle::MAX_BYTES`].
    #[error("the files below `{}` are larger than 16 MiB together", .0.display())]
    TooLarge(PathBuf),
}

impl Bundle {
    /// The largest bundle, in bytes.
    pub const MAX_BYTES: usize = 16 * 1024 * 1024;

    /// Where the configuration of the project in `folder` is: `./doorward.toml`, then `./policies/doorward.toml`.
    ///
    /// # Errors
    /// [`BundleError::Missing`] when neither is there.
    pub fn locate(folder: &Path) -> Result<PathBuf, BundleError> {
        let places = [folder.join("doorward.toml"), folder.join("policies").join("doorward.toml")];
        match places.iter().find(|place| place.is_file()) {
            Some(found) => Ok(found.clone()),
            None => Err(BundleError::Missing(places.into())),
        }
    }

    /// Reads the configuration at `config` and what it governs with: the `policies/` folder beside it, else its own
    /// folder, with everything in it that ends in `.cedar`, `.cedarschema`, `.json`, `.yaml` or `.yml`.
    ///
    /// # Errors
    /// [`BundleError`] when a file cannot be read or the whole is too large.
    pub fn read(config: &Path) -> Result<Self, BundleError> {
        let own = config.parent().unwrap_or(Path::new("."));
        let beside = own.join("policies");
        let root = if beside.is_dir() { beside } else { own.to_path_buf() };
        let text = read_text(config)?;
        let mut left = Self::MAX_BYTES.saturating_sub(text.len());
        let mut files = BTreeMap::new();
        read_folder(&root, &root, &mut files, &mut left)?;
        let name = config.file_name().map_or_else(|| "doorward.toml".into(), |name| name.to_string_lossy());
        Ok(Self { config: (name.into_owned(), text), files })
    }

    /// The files whose names end in `suffix`, in the order of their names.
    pub fn ending<'a>(&'a self, suffix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.files
            .iter()
            .filter(move |(name, _)| name.ends_with(suffix))
            .map(|(n, t)| (n.as_str(), t.as_str()))
    }

    /// SHA-256 over names and texts, each with its length before it, in lower-case hexadecimal.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        let config = std::iter::once((&self.config.0, &self.config.1));
        for text in config.chain(&self.files).flat_map(|(name, text)| [name, text]) {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        }
        hash.finalize().iter().fold(String::with_capacity(64), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }
}

fn read_folder(
    root: &Path,
    folder: &Path,
    files: &mut BTreeMap<String, String>,
    left: &mut usize,
) -> Result<(), BundleError> {
    let unreadable = |cause| BundleError::Unreadable { path: folder.to_path_buf(), cause };
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_dir() {
            read_folder(root, &path, files, left)?;
            continue;
        }
        let governs = [".cedar", ".cedarschema", ".json", ".yaml", ".yml"];
        let relative = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        if governs.iter().any(|suffix| relative.ends_with(suffix)) {
            let text = read_text(&path)?;
            *left = left.checked_sub(text.len()).ok_or_else(|| BundleError::TooLarge(root.to_path_buf()))?;
            files.insert(relative, text);
        }
    }
    Ok(())
}

fn read_text(path: &Path) -> Result<String, BundleError> {
    std::fs::read_to_string(path).map_err(|cause| BundleError::Unreadable { path: path.to_path_buf(), cause })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_tells_names_from_texts() {
        let bundle = |files: &[(&str, &str)]| Bundle {
            config: ("doorward.toml".into(), "x".into()),
            files: files.iter().map(|(n, t)| ((*n).to_owned(), (*t).to_owned())).collect(),
        };
        let digests: std::collections::HashSet<_> =
            [bundle(&[("ab", "c")]), bundle(&[("a", "bc")]), bundle(&[]), bundle(&[("a", ""), ("b", "c")])]
                .iter()
                .map(Bundle::digest)
                .collect();
        assert_eq!(digests.len(), 4);
        assert_eq!(bundle(&[("a", "b")]).digest(), bundle(&[("a", "b")]).digest());
    }
}
