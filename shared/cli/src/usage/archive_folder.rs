//! A folder of files to which the ledger is moved: `ledger-2026-11-24.jsonl.gz`, a file for each day (UTC) on which calls
//! came in, a JSON line for each call, in the order of their times.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};

use doorward_aws::{LedgerItem, LedgerRow};
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use jiff::civil::Date;
use jiff::tz::Offset;
use serde::{Deserialize, Serialize};

use crate::output::Failure;

/// The longest line that is read, in bytes: an item of the ledger has 400 KB.
const LONGEST_LINE: u64 = 1024 * 1024;

/// A call, as a file keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ArchivedCall {
    #[serde(flatten)]
    pub(crate) item: LedgerItem,
    /// The block that held it in the ledger, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) block: Option<BlockName>,
}

/// Which block, and which writing of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BlockName {
    pub(crate) id: String,
    pub(crate) version: u64,
}

/// What became of the lines of a day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Merged {
    /// Calls that were not there before.
    pub(crate) added: u64,
    /// Calls that were there as they had been before they were written again.
    pub(crate) replaced: u64,
}

/// The calls of one row, as files keep them.
pub(crate) fn archived(row: LedgerRow) -> Vec<ArchivedCall> {
    let (expires, block) = match &row {
        LedgerRow::Call(_) => (None, None),
        LedgerRow::Block(block) => {
            (block.expires, Some(BlockName { id: block.id.clone(), version: block.version }))
        }
    };
    let keep = |item: LedgerItem| {
        let expires = item.expires.or(expires);
        ArchivedCall { item: LedgerItem { expires, ..item }, block: block.clone() }
    };
    row.into_calls().into_iter().map(keep).collect()
}

impl ArchivedCall {
    /// The day whose file keeps it.
    pub(crate) fn day(&self) -> Date {
        Offset::UTC.to_datetime(self.item.at).date()
    }

    /// What is newer of two pictures of one call. A block is written again as a whole, and its calls with it.
    pub(crate) fn version(&self) -> (u64, u64) {
        (self.block.as_ref().map_or(0, |block| block.version), self.item.version)
    }
}

/// Where the files are.
#[derive(Debug)]
pub(crate) struct ArchiveFolder(PathBuf);

/// Keeps other archives out of the folder until it is dropped.
#[derive(Debug)]
pub(crate) struct Locked<'a> {
    folder: &'a ArchiveFolder,
    _lock: File,
}

impl ArchiveFolder {
    pub(crate) fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Makes the folder where it is not, and keeps others from writing to it.
    pub(crate) fn lock(&self) -> Result<Locked<'_>, Failure> {
        fs::create_dir_all(&self.0).map_err(|error| self.failed(&self.0, &error))?;
        let path = self.0.join(".lock");
        let lock = File::create(&path).map_err(|error| self.failed(&path, &error))?;
        match lock.try_lock() {
            Ok(()) => Ok(Locked { folder: self, _lock: lock }),
            Err(fs::TryLockError::WouldBlock) => {
                Err(Failure::new(format!("`{}` is being written to by another archive", self.0.display())))
            }
            Err(fs::TryLockError::Error(error)) => Err(self.failed(&path, &error)),
        }
    }

    /// The days that have a file, in order.
    pub(crate) fn days(&self) -> Result<Vec<Date>, Failure> {
        let entries = fs::read_dir(&self.0).map_err(|error| self.failed(&self.0, &error))?;
        let mut days = Vec::new();
        for entry in entries {
            let name = entry.map_err(|error| self.failed(&self.0, &error))?.file_name();
            let day = name.to_str().and_then(|name| name.strip_prefix("ledger-")?.strip_suffix(".jsonl.gz"));
            // What reads in another way than it is written is none of ours.
            let day = day.and_then(|text| text.parse::<Date>().ok().filter(|day| day.to_string() == text));
            days.extend(day);
        }
        days.sort_unstable();
        Ok(days)
    }

    /// The calls of `day`; none where there is no file.
    pub(crate) fn read(&self, day: Date) -> Result<Vec<ArchivedCall>, Failure> {
        let path = self.path(day);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(self.failed(&path, &error)),
        };
        let mut lines = BufReader::new(MultiGzDecoder::new(BufReader::new(file)));
        let mut calls = Vec::new();
        loop {
            let mut line = Vec::new();
            let read = lines.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line);
            if read.map_err(|error| self.failed(&path, &error))? == 0 {
                return Ok(calls);
            }
            let place = calls.len() + 1;
            calls.push(serde_json::from_slice(&line).map_err(|error| {
                Failure::new(format!("`{}`, line {place}: no call of a ledger: {error}", path.display()))
            })?);
        }
    }

    fn path(&self, day: Date) -> PathBuf {
        self.0.join(format!("ledger-{day}.jsonl.gz"))
    }

    fn failed(&self, path: &Path, error: &std::io::Error) -> Failure {
        Failure::new(format!("`{}`: {error}", path.display()))
    }
}

impl Locked<'_> {
    /// Puts `calls`, all of `day`, beside those that the day's file has: of each call, the newest picture. The file is
    /// whole at every moment, and what adds nothing leaves it alone.
    pub(crate) fn merge(
        &self,
        day: Date,
        calls: impl IntoIterator<Item = ArchivedCall>,
    ) -> Result<Merged, Failure> {
        let mut kept: BTreeMap<String, ArchivedCall> = BTreeMap::new();
        for call in self.folder.read(day)? {
            kept.insert(call.item.call.clone(), call);
        }
        let mut merged = Merged::default();
        for call in calls {
            match kept.get(&call.item.call) {
                Some(known) if known.version() >= call.version() => continue,
                Some(_) => merged.replaced += 1,
                None => merged.added += 1,
            }
            kept.insert(call.item.call.clone(), call);
        }
        if merged != Merged::default() {
            self.write(day, kept.into_values().collect())?;
        }
        Ok(merged)
    }

    fn write(&self, day: Date, mut calls: Vec<ArchivedCall>) -> Result<(), Failure> {
        calls.sort_by(|one, other| (one.item.at, &one.item.call).cmp(&(other.item.at, &other.item.call)));
        let path = self.folder.path(day);
        let partial = path.with_extension("partial");
        let write = || -> std::io::Result<()> {
            // Without a name and a time of its own, the same calls make the same bytes.
            let mut file = GzEncoder::new(File::create(&partial)?, Compression::default());
            for call in &calls {
                let mut line = serde_json::to_vec(call)?;
                line.push(b'\n');
                file.write_all(&line)?;
            }
            file.finish()?.sync_all()?;
            fs::rename(&partial, &path)
        };
        write().map_err(|error| self.folder.failed(&path, &error))
    }
}
