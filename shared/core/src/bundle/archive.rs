use std::collections::{BTreeMap, HashSet};
use std::io::Read as _;

use doorward_policy::Validated;
use flate2::bufread::GzDecoder;

use super::manifest::{DOOR, Listed, Manifest};
use super::{Bundle, CONFIG, MAX_ENTRIES, SCHEMA, governs};

/// A bundle in one file, `bundle.tar.gz`: a manifest, then the files in the order of their names, laid out as a project
/// is. The same files make the same bytes, wherever they were packed.
///
/// It shows that it is whole and unchanged, not who made it: whoever can put one where a door looks governs the door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archive {
    bundle: Bundle,
    digest: String,
    door: String,
    validated: Validated,
}

/// Why an archive is refused. Names in it are whoever made it's, and shown with every odd character escaped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each message says what it is")]
pub enum ArchiveError {
    #[error("it is larger than 16 MiB")]
    TooLarge,
    #[error("it inflates to more than 32 MiB")]
    InflatesTooFar,
    #[error("the files in it are larger than 16 MiB together")]
    FilesTooLarge,
    #[error("there are more than 10,000 files in it")]
    TooManyFiles,
    #[error("it is not compressed by gzip")]
    NotGzip,
    #[error("it is cut off or damaged")]
    Damaged,
    #[error("something follows its end")]
    Trailing,
    #[error("it holds no tar file, or a damaged one")]
    NotTar,
    #[error("`{}` in it is not a regular file", .0.escape_debug())]
    NotRegular(String),
    #[error("the name `{}` in it is not a plain relative one", .0.escape_debug())]
    Name(String),
    #[error("the name `{}` is too long for a tar file", .0.escape_debug())]
    LongName(String),
    #[error("`{}` is in it twice", .0.escape_debug())]
    Twice(String),
    #[error("`{}` in it governs nothing", .0.escape_debug())]
    Foreign(String),
    #[error("`{}` in it is not UTF-8 text", .0.escape_debug())]
    NotText(String),
    #[error("its first file is not `manifest.json`")]
    NoManifest,
    #[error("its manifest cannot be read: {0}")]
    Manifest(String),
    #[error("its manifest has format {0}, and this door reads format 1")]
    Format(u64),
    #[error("its manifest says that its policies read {0} entities deep, and they can read 1 to 3")]
    Depth(u32),
    #[error("`{}` is not where its manifest lists it", .0.escape_debug())]
    NotListed(String),
    #[error("`{}` is missing from it", .0.escape_debug())]
    Missing(String),
    #[error("`{}` in it is not what its manifest says", .0.escape_debug())]
    Changed(String),
    #[error("what it holds has the digest `{found}`, and its manifest says `{}`", stated.escape_debug())]
    Digest { stated: String, found: String },
}

/// The largest archive inflated, in bytes: the files, a tar header and padding for each, and the manifest.
pub(super) const MAX_INFLATED: usize = 32 * 1024 * 1024;

pub(super) const MANIFEST: &str = "manifest.json";

/// Where a project has its policies, and an archive everything but the configuration.
pub(super) const FOLDER: &str = "policies/";

impl Archive {
    /// The name under which archives are looked for.
    pub const FILE_NAME: &'static str = "bundle.tar.gz";

    /// The largest archive, in bytes.
    pub const MAX_BYTES: usize = Bundle::MAX_BYTES;

    /// Reads an archive that anybody may have made: nothing is written to disk, and memory is bounded.
    ///
    /// # Errors
    /// The first thing that shows that it is not a whole archive exactly as its manifest says.
    pub fn read(bytes: &[u8]) -> Result<Self, ArchiveError> {
        let inflated = inflate(bytes)?;
        let mut tar = tar::Archive::new(inflated.as_slice());
        let mut reading = Reading::default();
        // Raw: extensions that rename or resize the file after them come out as the odd files that they are.
        for entry in tar.entries().map_err(|_| ArchiveError::NotTar)?.raw(true) {
            reading.take(entry.map_err(|_| ArchiveError::NotTar)?)?;
        }
        // Two blocks of zeros end a tar file; the reader stops within the first, and also where there is none.
        match tar.into_inner() {
            [] => return Err(ArchiveError::Damaged),
            rest if rest != [0; BLOCK] => return Err(ArchiveError::Trailing),
            _ => {}
        }
        reading.finish()
    }

    /// What it holds.
    #[must_use]
    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    pub(super) fn into_bundle(self) -> Bundle {
        self.bundle
    }

    /// The digest of what it holds, and of what was found when it was packed.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Whether it says that this version of the door packed it, which then finds again what it states.
    #[must_use]
    pub fn is_of_this_version(&self) -> bool {
        self.door == DOOR
    }

    /// What was found when it was packed, where this version of the door packed it: another one may generate another
    /// schema, or validate otherwise.
    pub(crate) fn validated(&self) -> Option<&Validated> {
        self.is_of_this_version().then_some(&self.validated)
    }
}

const BLOCK: usize = 512;

/// The tar file in `bytes`: one gzip member to its end, and nothing behind it.
fn inflate(bytes: &[u8]) -> Result<Vec<u8>, ArchiveError> {
    if bytes.len() > Archive::MAX_BYTES {
        return Err(ArchiveError::TooLarge);
    }
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Err(ArchiveError::NotGzip);
    }
    let mut decoder = GzDecoder::new(bytes);
    let mut inflated = Vec::new();
    let bounded = decoder.by_ref().take(MAX_INFLATED as u64 + 1).read_to_end(&mut inflated);
    bounded.map_err(|_| ArchiveError::Damaged)?;
    if inflated.len() > MAX_INFLATED {
        return Err(ArchiveError::InflatesTooFar);
    }
    if decoder.into_inner().is_empty() { Ok(inflated) } else { Err(ArchiveError::Trailing) }
}

/// An archive as far as it was read.
#[derive(Default)]
struct Reading {
    manifest: Option<Manifest>,
    /// The names of the files after the manifest.
    names: HashSet<String>,
    bytes: usize,
    config: Option<String>,
    schema: Option<String>,
    files: BTreeMap<String, String>,
}

impl Reading {
    fn take(&mut self, mut entry: tar::Entry<'_, &[u8]>) -> Result<(), ArchiveError> {
        let name = plain_name(&entry.path_bytes())?;
        if !entry.header().entry_type().is_file() {
            return Err(ArchiveError::NotRegular(name));
        }
        let length = entry.size();
        let mut text = Vec::new();
        entry.read_to_end(&mut text).map_err(|_| ArchiveError::Damaged)?;
        if text.len() as u64 != length {
            return Err(ArchiveError::Damaged);
        }
        let text = String::from_utf8(text).map_err(|_| ArchiveError::NotText(name.clone()))?;
        let Some(manifest) = &self.manifest else {
            if name != MANIFEST {
                return Err(ArchiveError::NoManifest);
            }
            self.manifest = Some(Manifest::read(&text)?);
            return Ok(());
        };
        // Names are listed in order, once each, so one that is listed at its place cannot come again.
        let listed = manifest.files.get(self.names.len()).filter(|listed| listed.name == name);
        if !self.names.insert(name.clone()) {
            return Err(ArchiveError::Twice(name));
        }
        if self.names.len() > MAX_ENTRIES {
            return Err(ArchiveError::TooManyFiles);
        }
        match listed {
            None => Err(ArchiveError::NotListed(name)),
            Some(listed) if *listed != Listed::of(&name, &text) => Err(ArchiveError::Changed(name)),
            Some(_) => self.keep(name, text),
        }
    }

    fn keep(&mut self, name: String, text: String) -> Result<(), ArchiveError> {
        if name.strip_prefix(FOLDER) == Some(SCHEMA) {
            self.schema = Some(text);
            return Ok(());
        }
        self.bytes += text.len();
        if self.bytes > Bundle::MAX_BYTES {
            return Err(ArchiveError::FilesTooLarge);
        }
        match name.strip_prefix(FOLDER) {
            Some(governing) if governs(governing) => drop(self.files.insert(governing.to_owned(), text)),
            None if name == CONFIG => self.config = Some(text),
            _ => return Err(ArchiveError::Foreign(name)),
        }
        Ok(())
    }

    fn finish(self) -> Result<Archive, ArchiveError> {
        let manifest = self.manifest.ok_or(ArchiveError::NoManifest)?;
        let missing = |name: &str| ArchiveError::Missing(name.to_owned());
        if let Some(listed) = manifest.files.get(self.names.len()) {
            return Err(missing(&listed.name));
        }
        let config = self.config.ok_or_else(|| missing(CONFIG))?;
        let schema = self.schema.ok_or_else(|| missing(&format!("{FOLDER}{SCHEMA}")))?;
        let bundle = Bundle { config: (CONFIG.to_owned(), config), files: self.files };
        let found = bundle.digest(manifest.depth, &schema);
        if manifest.digest != found {
            return Err(ArchiveError::Digest { stated: manifest.digest, found });
        }
        let validated = Validated { schema, depth: manifest.depth };
        Ok(Archive { bundle, digest: found, door: manifest.door, validated })
    }
}

/// A name as a project's own files have them: `policies/orders.cedar`.
fn plain_name(name: &[u8]) -> Result<String, ArchiveError> {
    let odd = || ArchiveError::Name(String::from_utf8_lossy(name).into_owned());
    let name = std::str::from_utf8(name).map_err(|_| odd())?;
    let plain = |part: &str| !matches!(part, "" | "." | "..");
    if name.split('/').all(plain) && !name.contains('\\') && !name.contains(char::is_control) {
        Ok(name.to_owned())
    } else {
        Err(odd())
    }
}
