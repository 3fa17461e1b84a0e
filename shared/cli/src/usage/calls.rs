use std::collections::BTreeMap;
use std::path::PathBuf;

use doorward_aws::{LedgerItem, LedgerRows};
use doorward_core::usage::Group;
use jiff::Timestamp;

use super::archive_folder::{ArchiveFolder, ArchivedCall, archived};
use crate::endpoint::Dynamodb;
use crate::output::Failure;

/// Which calls are asked for.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    /// From this time on.
    pub(super) since: Timestamp,
    /// Before this time.
    pub(super) until: Timestamp,
    /// Only this caller's.
    pub(super) caller: Option<String>,
}

impl Wanted {
    fn holds(&self, call: &ArchivedCall) -> bool {
        let at = call.item.at;
        let caller = self.caller.is_none() || self.caller == call.item.caller;
        self.since <= at && at < self.until && caller
    }
}

/// The calls of the ledger and of an archive, each once, as it was written last; in the order of their times.
///
/// A row that cannot be read ends it: what is priced or exported is whole.
pub(super) async fn read(
    wanted: &Wanted,
    table: &str,
    dynamodb: &Dynamodb,
    archive: Option<&PathBuf>,
) -> Result<Vec<LedgerItem>, Failure> {
    let mut calls: BTreeMap<String, ArchivedCall> = BTreeMap::new();
    if let Some(path) = archive {
        let folder = ArchiveFolder::new(path);
        for day in folder.days()? {
            folder
                .read(day)?
                .into_iter()
                .filter(|call| wanted.holds(call))
                .for_each(|call| take(&mut calls, call));
        }
    }
    let ledger_table = format!("{table}-ledger");
    let ledger = LedgerRows::new(&dynamodb.clients()?, table);
    let mut start = None;
    loop {
        let page = ledger.page(start.as_deref()).await;
        let page = page.map_err(|error| dynamodb.failed(&ledger_table, &error))?;
        if let Some((id, error)) = page.unreadable.first() {
            return Err(Failure::new(format!("the row `{id}` of `{ledger_table}` cannot be read: {error}")));
        }
        let rows = page.rows.into_iter().flat_map(archived);
        rows.filter(|call| wanted.holds(call)).for_each(|call| take(&mut calls, call));
        start = page.next;
        if start.is_none() {
            break;
        }
    }
    let mut calls: Vec<LedgerItem> = calls.into_values().map(|call| call.item).collect();
    calls.sort_by(|one, other| (one.at, &one.call).cmp(&(other.at, &other.call)));
    Ok(calls)
}

fn take(calls: &mut BTreeMap<String, ArchivedCall>, call: ArchivedCall) {
    match calls.get(&call.item.call) {
        Some(known) if known.version() >= call.version() => {}
        _ => {
            calls.insert(call.item.call.clone(), call);
        }
    }
}

/// What a call is summed up by; `None` for one whose caller is not known.
pub(super) fn group(item: &LedgerItem) -> Option<Group> {
    Some(Group {
        caller: item.caller.clone()?,
        action: item.action.clone(),
        target: item.target.clone(),
        purpose: item.purpose.clone(),
        outcome: item.outcome,
        plan: item.plan.clone(),
        plan_version: item.plan_version.clone(),
    })
}
