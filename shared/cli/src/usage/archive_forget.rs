//! A caller forgotten in the files of an archive.

use std::collections::BTreeMap;

use doorward_aws::Pseudonym;
use jiff::civil::Date;

use super::archive_folder::{ArchiveFolder, ArchivedCall, BlockName, Locked};
use crate::output::Failure;

/// What of an archive names a caller, or did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct InArchive {
    pub(super) calls: usize,
    /// The files that hold them, or other calls of a block with one.
    pub(super) files: usize,
}

impl std::ops::AddAssign for InArchive {
    fn add_assign(&mut self, more: Self) {
        self.calls += more.calls;
        self.files += more.files;
    }
}

/// Which version each block comes to: the calls of one may stand in the files of two days.
#[derive(Debug, Default)]
pub(super) struct BlockVersions(BTreeMap<String, Version>);

#[derive(Debug, Clone, Copy, Default)]
struct Version {
    newest: u64,
    /// Whether calls of it that are of the newest version name the caller.
    names: bool,
}

impl BlockVersions {
    fn read(folder: &ArchiveFolder, pseudonym: &Pseudonym) -> Result<Self, Failure> {
        let mut versions: BTreeMap<String, Version> = BTreeMap::new();
        for day in folder.days()? {
            for ArchivedCall { item, block } in folder.read(day)? {
                let Some(BlockName { id, version }) = block else { continue };
                let known = versions.entry(id).or_default();
                let names = pseudonym.rename(&item).is_some();
                *known = Version {
                    newest: known.newest.max(version),
                    names: match version.cmp(&known.newest) {
                        std::cmp::Ordering::Less => known.names,
                        std::cmp::Ordering::Equal => known.names || names,
                        std::cmp::Ordering::Greater => names,
                    },
                };
            }
        }
        Ok(Self(versions))
    }

    /// A block is written anew as a whole. Where that was cut off between two files, the other one comes to the version
    /// of the first.
    fn of(&self, id: &str) -> u64 {
        self.0.get(id).map_or(0, |known| known.newest.saturating_add(u64::from(known.names)))
    }
}

/// What of the archive names the caller.
pub(super) fn survey(folder: &ArchiveFolder, pseudonym: &Pseudonym) -> Result<InArchive, Failure> {
    each(folder, pseudonym, |_, _| Ok(()))
}

/// Puts the pseudonym where the archive names the caller, a file at a time: each is whole at every moment.
pub(super) fn rename(
    folder: &ArchiveFolder,
    locked: &Locked<'_>,
    pseudonym: &Pseudonym,
) -> Result<InArchive, Failure> {
    each(folder, pseudonym, |day, calls| locked.write(day, calls))
}

/// Hands over each day that changes, as it is to be.
fn each(
    folder: &ArchiveFolder,
    pseudonym: &Pseudonym,
    write: impl Fn(Date, Vec<ArchivedCall>) -> Result<(), Failure>,
) -> Result<InArchive, Failure> {
    let versions = BlockVersions::read(folder, pseudonym)?;
    let mut found = InArchive::default();
    for day in folder.days()? {
        let (mut calls, mut changed) = (folder.read(day)?, false);
        for ArchivedCall { item, block } in &mut calls {
            if let Some(renamed) = pseudonym.rename(item) {
                found.calls += 1;
                *item = renamed;
                changed = true;
            }
            if let Some(block) = block.as_mut().filter(|block| block.version < versions.of(&block.id)) {
                block.version = versions.of(&block.id);
                changed = true;
            }
        }
        if changed {
            found.files += 1;
            write(day, calls)?;
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::usage::archive_folder::archived;
    use doorward_aws::{Block, LedgerItem, LedgerRow};
    use doorward_model::EntityName;
    use serde_json::json;

    const NOON: &str = "2026-11-24T12:00:00Z";
    const NEXT: &str = "2026-11-25T00:00:00Z";

    fn item(id: &str, caller: &str, at: &str) -> LedgerItem {
        let item = json!({
            "call": id, "version": 1, "at": at, "outcome": "admitted", "units": 1, "bytes_in": 0, "bytes_out": 0,
            "duration_us": 0, "front": "http-api:a1b2c3", "request_id": id, "caller": format!("User::\"{caller}\""),
        });
        serde_json::from_value(item).unwrap()
    }

    fn pseudonym() -> Pseudonym {
        Pseudonym::new(&EntityName::new("User", "alice"), [7; 8])
    }

    /// A call, and a block whose calls came in before and after midnight.
    fn rows() -> [LedgerRow; 2] {
        let calls = vec![item("b-1", "alice", NOON), item("b-2", "bob", NOON), item("b-3", "bob", NEXT)];
        let at = NOON.parse().unwrap();
        let block = Block { id: "block#s#1".into(), version: 1, at, expires: Some(7), calls };
        [LedgerRow::Call(item("c-1", "alice", NEXT)), LedgerRow::Block(block)]
    }

    fn fill(folder: &ArchiveFolder) {
        let locked = folder.lock().unwrap();
        for call in rows().into_iter().flat_map(archived) {
            locked.merge(call.day(), [call]).unwrap();
        }
    }

    fn all(folder: &ArchiveFolder) -> Vec<ArchivedCall> {
        folder.days().unwrap().into_iter().flat_map(|day| folder.read(day).unwrap()).collect()
    }

    /// Call id, its version, that of its block, and whether the caller is alice.
    fn shown(folder: &ArchiveFolder) -> Vec<(String, u64, u64, bool)> {
        let show = |call: ArchivedCall| {
            let is_alice = call.item.caller.as_deref() == Some("User::\"alice\"");
            (call.item.call, call.item.version, call.block.map_or(0, |block| block.version), is_alice)
        };
        all(folder).into_iter().map(show).collect()
    }

    fn expected() -> Vec<(String, u64, u64, bool)> {
        [("b-1", 2, 2), ("b-2", 1, 2), ("b-3", 1, 2), ("c-1", 2, 0)]
            .map(|(id, version, block)| (id.to_owned(), version, block, false))
            .to_vec()
    }

    #[test]
    fn the_calls_of_a_block_stay_one_block() {
        let place = tempfile::tempdir().unwrap();
        let folder = ArchiveFolder::new(place.path());
        fill(&folder);
        let found = InArchive { calls: 2, files: 2 };
        assert_eq!(survey(&folder, &pseudonym()).unwrap(), found);
        assert_eq!(rename(&folder, &folder.lock().unwrap(), &pseudonym()).unwrap(), found);
        assert_eq!(shown(&folder), expected());
        assert_eq!(survey(&folder, &pseudonym()).unwrap(), InArchive::default());
        // What the ledger has of it says the same, and replaces nothing.
        let ledger = rows().into_iter().map(|row| match row {
            LedgerRow::Call(call) => LedgerRow::Call(pseudonym().rename(&call).unwrap()),
            LedgerRow::Block(mut block) => {
                block.version += 1;
                block.calls[0] = pseudonym().rename(&block.calls[0]).unwrap();
                LedgerRow::Block(block)
            }
        });
        let mut ledger: Vec<ArchivedCall> = ledger.flat_map(archived).collect();
        ledger.sort_by(|one, other| (one.item.at, &one.item.call).cmp(&(other.item.at, &other.item.call)));
        assert_eq!(all(&folder), ledger);
    }

    #[test]
    fn what_was_cut_off_between_two_files_comes_to_one_version() {
        for first in 0..2 {
            let place = tempfile::tempdir().unwrap();
            let folder = ArchiveFolder::new(place.path());
            fill(&folder);
            let locked = folder.lock().unwrap();
            let days = folder.days().unwrap();
            let cut = each(&folder, &pseudonym(), |day, calls| {
                if day == days[first] { locked.write(day, calls) } else { Ok(()) }
            });
            assert_eq!(cut.unwrap().files, 2);
            assert_ne!(shown(&folder), expected(), "{first}");
            assert_eq!(rename(&folder, &locked, &pseudonym()).unwrap().files, 1);
            assert_eq!(shown(&folder), expected(), "{first}");
        }
    }
}
