use std::collections::BTreeMap;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::archive::{FOLDER, MANIFEST, MAX_INFLATED};
use super::manifest::{DOOR, FORMAT, Listed, Manifest};
use super::{Archive, ArchiveError, Bundle, CONFIG, MAX_ENTRIES, SCHEMA};
use crate::rules::Rules;

impl Archive {
    /// Packs `bundle`, which `rules` were compiled of, so that only what was checked is packed.
    ///
    /// # Errors
    /// [`ArchiveError`] where [`Archive::read`] would refuse it: a name that is too long, or too much in all.
    pub fn pack(bundle: &Bundle, rules: &Rules) -> Result<Vec<u8>, ArchiveError> {
        let policies = rules.policies();
        let mut files: BTreeMap<String, &str> =
            bundle.files.iter().map(|(name, text)| (format!("{FOLDER}{name}"), text.as_str())).collect();
        files.insert(format!("{FOLDER}{SCHEMA}"), policies.schema());
        files.insert(CONFIG.to_owned(), &bundle.config.1);
        if files.len() > MAX_ENTRIES {
            return Err(ArchiveError::TooManyFiles);
        }
        let manifest = Manifest {
            format: FORMAT,
            door: DOOR.to_owned(),
            digest: bundle.digest(policies.depth(), policies.schema()),
            depth: policies.depth(),
            files: files.iter().map(|(name, text)| Listed::of(name, text)).collect(),
        };
        let manifest = manifest.text();
        let mut tar = tar::Builder::new(Vec::new());
        for (name, text) in std::iter::once((MANIFEST, manifest.as_str()))
            .chain(files.iter().map(|(name, text)| (name.as_str(), *text)))
        {
            let header = header(name, text.len())?;
            tar.append(&header, text.as_bytes()).map_err(|_| ArchiveError::NotTar)?;
        }
        let tar = tar.into_inner().map_err(|_| ArchiveError::NotTar)?;
        if tar.len() > MAX_INFLATED {
            return Err(ArchiveError::InflatesTooFar);
        }
        // Its header names no file, no time and no system.
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        let packed = gzip.write_all(&tar).and_then(|()| gzip.finish()).map_err(|_| ArchiveError::Damaged)?;
        if packed.len() > Self::MAX_BYTES { Err(ArchiveError::TooLarge) } else { Ok(packed) }
    }
}

/// Nothing of the machine: mode, owner and time are the same for all.
fn header(name: &str, length: usize) -> Result<tar::Header, ArchiveError> {
    let mut header = tar::Header::new_ustar();
    header.set_path(name).map_err(|_| ArchiveError::LongName(name.to_owned()))?;
    header.set_size(length as u64);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_entry_type(tar::EntryType::Regular);
    header.set_cksum();
    Ok(header)
}
