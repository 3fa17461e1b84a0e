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

    /// Puts `calls`, all of `day`, in the place of those that the day's file has.
    pub(super) fn write(&self, day: Date, mut calls: Vec<ArchivedCall>) -> Result<(), Failure> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use doorward_aws::Block;
    use serde_json::json;

    fn item(id: &str, version: u64, at: &str) -> LedgerItem {
        let item = json!({
            "call": id, "version": version, "at": at, "outcome": "admitted", "units": 1, "bytes_in": 0, "bytes_out": 0,
            "duration_us": 0, "front": "http-api:a1b2c3", "request_id": id,
        });
        serde_json::from_value(item).unwrap()
    }

    fn call(id: &str, version: u64, at: &str) -> ArchivedCall {
        archived(LedgerRow::Call(item(id, version, at))).remove(0)
    }

    const MORNING: &str = "2026-11-24T06:00:00Z";
    const NOON: &str = "2026-11-24T12:00:00Z";

    #[test]
    fn the_newest_picture_of_each_call_is_kept_in_the_order_of_their_times() {
        let folder = tempfile::tempdir().unwrap();
        let folder = ArchiveFolder::new(&folder.path().join("made"));
        let locked = folder.lock().unwrap();
        let day = call("a", 1, NOON).day();
        let merge = |calls: Vec<ArchivedCall>| locked.merge(day, calls).unwrap();
        let merged = |added, replaced| Merged { added, replaced };
        assert_eq!(merge(vec![call("a", 2, NOON), call("b", 1, MORNING)]), merged(2, 0));
        let bytes = || std::fs::read(folder.path(day)).unwrap();
        let first = bytes();
        assert_eq!(merge(vec![call("b", 1, MORNING), call("a", 1, MORNING)]), Merged::default());
        assert_eq!(bytes(), first);
        assert_eq!(merge(vec![call("b", 2, NOON), call("c", 1, MORNING)]), merged(1, 1));
        let kept: Vec<_> =
            folder.read(day).unwrap().into_iter().map(|call| (call.item.call, call.item.version)).collect();
        let expected = [("c", 1), ("a", 2), ("b", 2)].map(|(id, version)| (id.to_owned(), version));
        assert_eq!(kept, expected);
        assert_eq!(folder.days().unwrap(), [day]);
    }

    #[test]
    fn the_same_calls_make_the_same_bytes_however_they_came() {
        let made = |orders: &[&[usize]]| {
            let folder = tempfile::tempdir().unwrap();
            let folder = ArchiveFolder::new(folder.path());
            let locked = folder.lock().unwrap();
            let calls = [call("a", 1, NOON), call("b", 1, NOON), call("c", 1, MORNING)];
            for order in orders {
                locked.merge(calls[0].day(), order.iter().map(|index| calls[*index].clone())).unwrap();
            }
            std::fs::read(folder.path(calls[0].day())).unwrap()
        };
        assert_eq!(made(&[&[0, 1, 2]]), made(&[&[2], &[1], &[0, 2]]));
    }

    #[test]
    fn calls_of_a_block_say_which_and_expire_with_it() {
        let block = Block {
            id: "block#s#1".into(),
            version: 3,
            at: NOON.parse().unwrap(),
            expires: Some(7),
            calls: vec![item("a", 1, NOON), item("b", 1, "2026-11-25T00:00:00Z")],
        };
        let calls = archived(LedgerRow::Block(block));
        let name = BlockName { id: "block#s#1".into(), version: 3 };
        for call in &calls {
            assert_eq!((call.block.as_ref(), call.item.expires), (Some(&name), Some(7)));
            let line = serde_json::to_string(call).unwrap();
            assert_eq!(serde_json::from_str::<ArchivedCall>(&line).unwrap(), *call);
        }
        assert_ne!(calls[0].day(), calls[1].day());
        let forgotten = ArchivedCall { block: Some(BlockName { version: 4, ..name }), ..calls[0].clone() };
        assert!(forgotten.version() > calls[0].version());
    }

    #[test]
    fn two_archives_do_not_write_at_once_and_other_files_are_none() {
        let folder = tempfile::tempdir().unwrap();
        for name in
            ["ledger-2026-11-24.jsonl", "ledger-2026-13-01.jsonl.gz", "ledger-20261124.jsonl.gz", "notes"]
        {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let folder = ArchiveFolder::new(folder.path());
        assert_eq!(folder.days().unwrap(), []);
        let locked = folder.lock().unwrap();
        assert!(folder.lock().is_err());
        drop(locked);
        assert!(folder.lock().is_ok());
    }

    #[test]
    fn a_line_that_is_no_call_is_told_with_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let folder = ArchiveFolder::new(folder.path());
        let day = call("a", 1, NOON).day();
        folder.lock().unwrap().merge(day, [call("a", 1, NOON)]).unwrap();
        let file = File::options().append(true).open(folder.path(day)).unwrap();
        // A second member, as `cat` of two files makes it.
        let mut more = GzEncoder::new(file, Compression::default());
        more.write_all(b"{}\n").unwrap();
        more.finish().unwrap();
        let Failure::CouldNotRun { message, .. } = folder.read(day).unwrap_err() else { panic!("read") };
        assert!(message.contains("ledger-2026-11-24.jsonl.gz`, line 2: no call of a ledger"), "{message}");
    }
}
