//! What governs one deployment: as files in a folder, or packed into one archive.
//!
//! A bundle is named by its digest, which covers the files and what was found when they were validated: the generated
//! schema that policies were held against, and how many entities deep they read. A door takes an archive's word for
//! both, and loads no deeper than it is told, so a digest that left them out would name an archive with the same files
//! whose `forbid`s no longer see the groups of what they read.
//!
//! The same files validated by the same version of the door have the same digest, wherever that is reckoned: by a check,
//! by a pack, by a door over the folder. Another version may generate another schema and so give them another digest. An
//! archive keeps the one that it states, once that is found to be true of what is in it, also with a door that validates
//! it again: so the running door, its lines and the publication name it alike.

mod archive;
mod folder;
mod manifest;
mod pack;
mod source;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

pub(crate) use folder::Reader;

pub use archive::{Archive, ArchiveError};
pub use source::Source;

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
    /// There is no `doorward.toml` where one is looked for, and no archive.
    #[error("no `doorward.toml` here: looked for `{}`", .0.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join("`, `"))]
    Missing(Vec<PathBuf>),
    /// A file could not be read, or is not UTF-8 text.
    #[error("cannot read `{}`: {cause}", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// More than [`Bundle::MAX_BYTES`], or more files than are looked at.
    #[error("the files below `{}` are larger than 16 MiB together, or more than 10,000", .0.display())]
    TooLarge(PathBuf),
    /// A name that is not UTF-8, or holds a backslash or a control character.
    #[error("the name of `{}` cannot be told from others", .0.display())]
    Name(PathBuf),
    /// An archive that cannot be trusted to be what it says.
    #[error("the bundle `{}` is refused: {cause}", path.display())]
    Archive {
        /// The archive.
        path: PathBuf,
        /// Why.
        cause: ArchiveError,
    },
}

/// The name of the configuration in an archive and under the digest, wherever it lies in a project.
const CONFIG: &str = "doorward.toml";

/// The whole schema, kept beside the policies for editors: it is generated, so it does not govern.
const SCHEMA: &str = "doorward.cedarschema";

/// The most files and folders below the governing one.
const MAX_ENTRIES: usize = 10_000;

/// What the files that govern end in.
const ENDINGS: [&str; 5] = [".cedar", ".cedarschema", ".json", ".yaml", ".yml"];

/// What sample events end in, which policy tests name: they lie beside the policies and govern nothing.
pub(crate) const SAMPLE: &str = ".sample.json";

fn governs(name: &str) -> bool {
    name != SCHEMA && !name.ends_with(SAMPLE) && ENDINGS.iter().any(|ending| name.ends_with(ending))
}

impl Bundle {
    /// The largest bundle, in bytes.
    pub const MAX_BYTES: usize = 16 * 1024 * 1024;

    /// Where what governs the project in `folder` is: `./doorward.toml`, then `./policies/doorward.toml`, then
    /// `./bundle.tar.gz`.
    ///
    /// # Errors
    /// [`BundleError::Missing`] when none is there.
    pub fn locate(folder: &Path) -> Result<PathBuf, BundleError> {
        let places =
            [folder.join(CONFIG), folder.join("policies").join(CONFIG), folder.join(Archive::FILE_NAME)];
        match places.iter().find(|place| place.is_file()) {
            Some(found) => Ok(found.clone()),
            None => Err(BundleError::Missing(places.into())),
        }
    }

    /// The governing folder of a configuration in the folder `own`: `policies/` beside it, else its own.
    #[must_use]
    pub fn root(own: &Path) -> PathBuf {
        let beside = own.join("policies");
        if beside.is_dir() { beside } else { own.to_path_buf() }
    }

    /// The files whose names end in `suffix`, in the order of their names.
    pub fn ending<'a>(&'a self, suffix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.files
            .iter()
            .filter(move |(name, _)| name.ends_with(suffix))
            .map(|(n, t)| (n.as_str(), t.as_str()))
    }

    /// SHA-256 over what was found when the bundle was validated, the depth in decimals and the schema, and over names
    /// and texts, each with its length before it, in lower-case hexadecimal. Equal for equal texts, whatever the
    /// configuration is called and wherever it lies.
    pub(crate) fn digest(&self, depth: u32, schema: &str) -> String {
        let mut hash = Sha256::new();
        let depth = depth.to_string();
        let config = std::iter::once((CONFIG, self.config.1.as_str()));
        let files = self.files.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        let found = std::iter::once((depth.as_str(), schema));
        for text in found.chain(config).chain(files).flat_map(|(name, text)| [name, text]) {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        }
        hexadecimal(&hash.finalize())
    }
}

/// SHA-256 of `bytes`, in lower-case hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// `bytes` in lower-case hexadecimal.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_tells_apart_whatever_differs() {
        let bundle = |files: &[(&str, &str)]| Bundle {
            config: ("doorward.toml".into(), "x".into()),
            files: files.iter().map(|(n, t)| ((*n).to_owned(), (*t).to_owned())).collect(),
        };
        let digests: std::collections::HashSet<_> = [
            (bundle(&[("ab", "c")]), 1, "s"),
            (bundle(&[("a", "bc")]), 1, "s"),
            (bundle(&[]), 1, "s"),
            (bundle(&[("a", ""), ("b", "c")]), 1, "s"),
            (bundle(&[]), 2, "s"),
            (bundle(&[]), 1, "s "),
        ]
        .iter()
        .map(|(bundle, depth, schema)| bundle.digest(*depth, schema))
        .collect();
        assert_eq!(digests.len(), 6);
        assert_eq!(bundle(&[("a", "b")]).digest(1, "s"), bundle(&[("a", "b")]).digest(1, "s"));
    }
}
