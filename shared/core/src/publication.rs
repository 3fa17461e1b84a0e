use doorward_model::{Fault, Faults};
use jiff::Timestamp;

use crate::bundle::{Archive, ArchiveError, Source, sha256};
use crate::rules::Rules;

/// A bundle that was made known to running doors. A higher number is newer, whatever it holds: a roll-back publishes an
/// earlier bundle anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// Its number, from 1.
    pub sequence: u64,
    /// The bundle's digest.
    pub digest: String,
    /// SHA-256 of the archive, in lower-case hexadecimal: two versions of the door may pack one bundle differently.
    pub archive: String,
    /// The archive's length.
    pub bytes: u64,
    /// When it was published, by the publisher's clock.
    pub at: Timestamp,
    /// The name of the door that it is for; `None` where whoever published it did not say.
    pub door: Option<String>,
}

/// Why a publication is not taken up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublicationFault {
    /// Its number is lower than this one, which is in force.
    #[error("number {0} was taken up before, and is newer")]
    Older(u64),
    /// Another publication with its number was taken up.
    #[error("another bundle was published under its number")]
    Renumbered,
    /// Its archive is larger than any bundle.
    #[error("its archive has {0} bytes, more than 16 MiB")]
    TooLarge(u64),
    /// A part of its archive is not in the table.
    #[error("a part of its archive is missing")]
    Incomplete,
    /// The archive is another one.
    #[error("its archive is not the one that was published: the SHA-256 differs")]
    Changed,
    /// The archive cannot be trusted.
    #[error("its archive cannot be read: {0}")]
    Archive(#[from] ArchiveError),
    /// The archive holds the bundle with this digest.
    #[error("its archive holds another bundle, `{0}`")]
    OtherBundle(String),
    /// What governs is wrong.
    #[error("{}", in_one_line(.0))]
    Rules(Faults),
    /// It is the bundle of the door with this name.
    #[error("it is for the door `{0}`")]
    OtherDoor(String),
    /// It keeps its state elsewhere.
    #[error("it keeps its state in the tables `{0}-…`")]
    OtherTable(String),
    /// APIs would have to keep answers otherwise.
    #[error("its `[authorizer]` is another one, which takes a deployment")]
    OtherAuthorizer,
    /// Checking it came to no end.
    #[error("it could not be checked: the checker failed")]
    Unchecked,
}

impl Publication {
    /// The digest's first twelve digits, by which lines and lists name the bundle.
    #[must_use]
    pub fn short_digest(&self) -> &str {
        self.digest.get(..12).unwrap_or(&self.digest)
    }

    /// The publication of `archive`, which holds the bundle with this digest.
    #[must_use]
    pub fn of(sequence: u64, digest: &str, archive: &[u8], at: Timestamp) -> Self {
        Self {
            sequence,
            digest: digest.to_owned(),
            archive: sha256(archive),
            bytes: archive.len() as u64,
            at,
            door: None,
        }
    }

    /// Checks and compiles the archive that was fetched for it, all or nothing; `lookup` gives the environment's
    /// overrides.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn open(
        &self,
        archive: &[u8],
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Rules, PublicationFault> {
        if archive.len() as u64 != self.bytes || sha256(archive) != self.archive {
            return Err(PublicationFault::Changed);
        }
        let archive = Archive::read(archive)?;
        if archive.digest() != self.digest {
            return Err(PublicationFault::OtherBundle(archive.digest().to_owned()));
        }
        Rules::open(&Source::Archive(archive), lookup).map_err(PublicationFault::Rules)
    }
}

/// The first fault without its hint, and the count of the others: a line must not grow with what it reports.
fn in_one_line(faults: &Faults) -> String {
    let first = faults.0.first().map(|fault| Fault { hint: None, see: None, ..fault.clone() }.to_string());
    match faults.0.len() {
        0 | 1 => first.unwrap_or_default(),
        count => format!("{}, and {} more", first.unwrap_or_default(), count - 1),
    }
}
