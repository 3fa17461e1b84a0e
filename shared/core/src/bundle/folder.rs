use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::path::Path;

use super::{Bundle, BundleError, MAX_ENTRIES, governs};

impl Bundle {
    /// Reads the configuration at `config` and what it governs with: the `policies/` folder beside it, else its own
    /// folder, with everything in it that ends in `.cedar`, `.cedarschema`, `.json`, `.yaml` or `.yml`. The generated
    /// `doorward.cedarschema` is left out, and so is what governs nothing, such as policy tests.
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
}

/// Reads what is wanted below a folder, in bounds: links to folders are not followed, and only regular files are read.
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
        let relative = path.strip_prefix(self.root).unwrap_or(path);
        if !(self.wanted)(&relative.to_string_lossy()) {
            return Ok(());
        }
        // Two files of one name would be one, and a policy would be missing.
        let name = relative.to_str().filter(|name| !name.contains('\\') && !name.contains(char::is_control));
        let name = name.ok_or_else(|| BundleError::Name(path.to_path_buf()))?;
        let text = self.text(path)?;
        self.files.insert(name.to_owned(), text);
        Ok(())
    }

    fn text(&mut self, path: &Path) -> Result<String, BundleError> {
        let unreadable = |cause| BundleError::Unreadable { path: path.to_path_buf(), cause };
        let read = regular_file(path, self.bytes).map_err(unreadable)?;
        self.bytes = self.bytes.checked_sub(read.len()).ok_or_else(|| self.too_large())?;
        let not_text = |_| unreadable(io::Error::new(io::ErrorKind::InvalidData, "not UTF-8 text"));
        String::from_utf8(read).map_err(not_text)
    }

    fn too_large(&self) -> BundleError {
        BundleError::TooLarge(self.root.to_path_buf())
    }
}

/// At most one byte more than `bytes` of a file. A pipe or a device, which may never end, is none.
pub(super) fn regular_file(path: &Path, bytes: usize) -> io::Result<Vec<u8>> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let mut read = Vec::new();
    std::fs::File::open(path)?.take(bytes as u64 + 1).read_to_end(&mut read)?;
    Ok(read)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

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
        for of_no_weight in
            ["doorward.cedarschema", "orders.test.toml", "a.sample.json", "bundle.tar.gz", "README.md"]
        {
            assert!(read(&|root| write(root.join(of_no_weight))).unwrap().is_empty(), "{of_no_weight}");
        }
        assert!(matches!(read(&|root| write(root.join("a\\b.cedar"))), Err(BundleError::Name(_))));
        let odd = std::ffi::OsStr::from_bytes(b"\xff.cedar");
        assert!(matches!(read(&|root| write(root.join(odd))), Err(BundleError::Name(_))));
        assert!(matches!(
            read(&|root| link("/dev/zero", root.join("a.json"))),
            Err(BundleError::Unreadable { .. })
        ));
    }
}
