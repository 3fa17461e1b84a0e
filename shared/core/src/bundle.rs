use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Read as _};
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
    /// More than [`Bundle::MAX_BYTES`], or more files than are looked at.
    #[error("the files below `{}` are larger than 16 MiB together, or more than 10,000", .0.display())]
    TooLarge(PathBuf),
    /// A name that is not UTF-8, or holds a backslash or a control character.
    #[error("the name of `{}` cannot be told from others", .0.display())]
    Name(PathBuf),
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

    /// The governing folder of a configuration in the folder `own`: `policies/` beside it, else its own.
    #[must_use]
    pub fn root(own: &Path) -> PathBuf {
        let beside = own.join("policies");
        if beside.is_dir() { beside } else { own.to_path_buf() }
    }

    /// Reads the configuration at `config` and what it governs with: the `policies/` folder beside it, else its own
    /// folder, with everything in it that ends in `.cedar`, `.cedarschema`, `.json`, `.yaml` or `.yml`, but for
    /// `.sample.json`.
    ///
    /// # Errors
    /// [`BundleError`] when a file cannot be read or the whole is too large.
    pub fn read(config: &Path) -> Result<Self, BundleError> {
        let root = Self::root(config.parent().unwrap_or(Path::new(".")));
        let mut reader = Reader::new(&root, governs);
        let text = reader.text(config)?;
        reader.folder(&root)?;
        let files = reader.files;
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

/// Reads what governs below a folder, in bounds: links to folders are not followed, and only regular files are read.
pub(crate) struct Reader<'r> {
    root: &'r Path,
    /// Which names are read.
    wanted: fn(&str) -> bool,
    pub(crate) files: BTreeMap<String, String>,
    /// Bytes that may still be read.
    bytes: usize,
    /// Files and folders that may still be looked at.
    entries: usize,
}

/// The most files and folders below the governing one.
const MAX_ENTRIES: usize = 10_000;

/// What the files that govern end in.
const ENDINGS: [&str; 5] = [".cedar", ".cedarschema", ".json", ".yaml", ".yml"];

/// What `event_file` of a policy test names: it lies beside the policies and governs nothing.
pub(crate) const SAMPLE: &str = ".sample.json";

fn governs(name: &str) -> bool {
    ENDINGS.iter().any(|ending| name.ends_with(ending)) && !name.ends_with(SAMPLE)
}

impl<'r> Reader<'r> {
    /// A reader of the files below `root` whose names are `wanted`.
    pub(crate) fn new(root: &'r Path, wanted: fn(&str) -> bool) -> Self {
        Self { root, wanted, files: BTreeMap::new(), bytes: Bundle::MAX_BYTES, entries: MAX_ENTRIES }
    }

    pub(crate) fn folder(&mut self, folder: &Path) -> Result<(), BundleError> {
        let unreadable = |cause| BundleError::Unreadable { path: folder.to_path_buf(), cause };
        for entry in std::fs::read_dir(folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            self.entries = self.entries.checked_sub(1).ok_or_else(|| self.too_large())?;
            if entry.file_type().map_err(unreadable)?.is_dir() {
                self.folder(&entry.path())?;
            } else {
                self.file(&entry.path())?;
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &Path) -> Result<(), BundleError> {
        let shown = path.to_string_lossy();
        if !(self.wanted)(&shown) {
            return Ok(());
        }
        // Two files of one name would be one, and a policy would be missing.
        let relative = path.strip_prefix(self.root).ok().and_then(Path::to_str);
        let name = relative.filter(|name| !name.contains('\\') && !name.contains(char::is_control));
        let name = name.ok_or_else(|| BundleError::Name(path.to_path_buf()))?;
        let text = self.text(path)?;
        self.files.insert(name.to_owned(), text);
        Ok(())
    }

    fn text(&mut self, path: &Path) -> Result<String, BundleError> {
        let unreadable = |cause| BundleError::Unreadable { path: path.to_path_buf(), cause };
        // A pipe or a device may never end.
        if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
            return Err(unreadable(io::Error::other("not a regular file")));
        }
        let mut text = String::new();
        let file = std::fs::File::open(path).map_err(unreadable)?;
        let limit = self.bytes as u64 + 1;
        let length = file.take(limit).read_to_string(&mut text).map_err(unreadable)?;
        self.bytes = self.bytes.checked_sub(length).ok_or_else(|| self.too_large())?;
        Ok(text)
    }

    fn too_large(&self) -> BundleError {
        BundleError::TooLarge(self.root.to_path_buf())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_of_plain_names_are_read() {
        use std::os::unix::ffi::OsStrExt as _;
        let read = |build: &dyn Fn(&Path)| {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join("doorward.toml"), "").unwrap();
            build(folder.path());
            Bundle::read(&folder.path().join("doorward.toml"))
                .map(|bundle| bundle.files.into_keys().collect::<Vec<_>>())
        };
        let write = |path: PathBuf| std::fs::write(path, "x").unwrap();
        let link = |to: &str, path: PathBuf| std::os::unix::fs::symlink(to, path).unwrap();
        assert_eq!(read(&|root| write(root.join("a.cedar"))).unwrap(), ["a.cedar"]);
        assert!(read(&|root| link(".", root.join("loop"))).unwrap().is_empty());
        assert!(read(&|root| write(root.join("a.test.toml"))).unwrap().is_empty());
        assert!(read(&|root| write(root.join("a.sample.json"))).unwrap().is_empty());
        assert!(matches!(read(&|root| write(root.join("a\\b.cedar"))), Err(BundleError::Name(_))));
        let odd = std::ffi::OsStr::from_bytes(b"\xff.cedar");
        assert!(matches!(read(&|root| write(root.join(odd))), Err(BundleError::Name(_))));
        assert!(matches!(
            read(&|root| link("/dev/zero", root.join("a.json"))),
            Err(BundleError::Unreadable { .. })
        ));
    }

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
