use std::ops::RangeInclusive;

use doorward_model::parse_json;
use doorward_policy::Validated;
use serde::{Deserialize, Serialize};

use super::{ArchiveError, sha256};

/// The first file of an archive: what the others are, and what was found when they were checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    /// [`FORMAT`].
    pub(super) format: u64,
    /// The version of the door that checked it.
    pub(super) door: String,
    /// The bundle's digest, which covers `depth` and the schema in the archive, beside the files.
    pub(super) digest: String,
    /// How many entities deep its policies read, within [`DEPTHS`].
    pub(super) depth: u32,
    /// Every other file of the archive, in the order of their names.
    pub(super) files: Vec<Listed>,
}

/// One file of an archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Listed {
    pub(super) name: String,
    pub(super) bytes: u64,
    /// In lower-case hexadecimal.
    pub(super) sha256: String,
}

/// The form of archives that this door writes and reads.
pub(super) const FORMAT: u64 = 1;

/// How deep policies can read: the validator finds nothing else, so nothing else was found.
const DEPTHS: RangeInclusive<u32> = 1..=Validated::DEEPEST;

/// The version that a manifest names: what one version has validated, another may validate otherwise.
pub(super) const DOOR: &str = env!("CARGO_PKG_VERSION");

impl Listed {
    pub(super) fn of(name: &str, text: &str) -> Self {
        Self { name: name.to_owned(), bytes: text.len() as u64, sha256: sha256(text.as_bytes()) }
    }
}

impl Manifest {
    pub(super) fn read(text: &str) -> Result<Self, ArchiveError> {
        let value =
            parse_json(text.as_bytes(), 8).map_err(|fault| ArchiveError::Manifest(fault.to_string()))?;
        // Another format may have other members, so this comes first.
        match value.get("format").and_then(serde_json::Value::as_u64) {
            Some(FORMAT) => {}
            Some(other) => return Err(ArchiveError::Format(other)),
            None => return Err(ArchiveError::Manifest("it states no `format`".to_owned())),
        }
        // serde's own message may quote what stands there.
        let manifest: Self = serde_json::from_value(value).map_err(|_| {
            ArchiveError::Manifest("a member is missing, unknown or of another type".to_owned())
        })?;
        if DEPTHS.contains(&manifest.depth) { Ok(manifest) } else { Err(ArchiveError::Depth(manifest.depth)) }
    }

    /// JSON, a member or file per line.
    pub(super) fn text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}
