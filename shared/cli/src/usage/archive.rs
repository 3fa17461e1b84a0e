use std::collections::BTreeMap;
use std::path::PathBuf;

use doorward_aws::{LedgerRow, LedgerRows};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::json;

use super::archive_folder::{ArchiveFolder, ArchivedCall, Locked, archived};
use crate::endpoint::Dynamodb;
use crate::moment::moment;
use crate::output::{Exit, Failure, Format, say};
use crate::project;

/// How many calls are held in memory before they are written.
const HELD: usize = 100_000;

/// Copies the calls of the ledger to files, before the table forgets them: a compressed file of JSON lines for each day.
/// Nothing is deleted, and what is there already is not written again.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  doorward usage archive usage-archive
  doorward usage archive usage-archive --older-than 30d
  zcat usage-archive/ledger-2026-11-24.jsonl.gz

Exit codes: 0 archived, 1 could not run, or rows of the ledger cannot be read, 3 invalid input")]
pub(crate) struct Arguments {
    /// Where the files are; made where it is not there.
    folder: PathBuf,
    /// Only rows from before this: how long ago, such as `30d`, or a time such as `2026-11-24T12:00:00Z`.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    older_than: Option<Timestamp>,
    /// The project's folder, its doorward.toml, or an archive: its configuration names the table.
    #[arg(long, default_value = ".")]
    path: PathBuf,
    #[command(flatten)]
    dynamodb: Dynamodb,
}

#[derive(Default)]
struct Counts {
    read: u64,
    added: u64,
    replaced: u64,
    unreadable: Vec<String>,
}

pub(crate) async fn run(arguments: &Arguments, format: Format) -> Result<Exit, Failure> {
    let table = project::configuration(&arguments.path)?.door.table;
    let ledger_table = format!("{table}-ledger");
    let ledger = LedgerRows::new(&arguments.dynamodb.clients()?, &table);
    let folder = ArchiveFolder::new(&arguments.folder);
    let folder = folder.lock()?;
    let mut counts = Counts::default();
    let (mut days, mut held, mut start) = (BTreeMap::new(), 0, None);
    loop {
        let page = ledger.page(start.as_deref()).await;
        let page = page.map_err(|error| arguments.dynamodb.failed(&ledger_table, &error))?;
        counts.unreadable.extend(page.unreadable.into_iter().map(|(id, error)| format!("`{id}`: {error}")));
        let older = |row: &LedgerRow| arguments.older_than.is_none_or(|until| came_in(row) < Some(until));
        for call in page.rows.into_iter().filter(older).flat_map(archived) {
            held += 1;
            days.entry(call.day()).or_insert_with(Vec::new).push(call);
        }
        start = page.next;
        if start.is_none() || held >= HELD {
            counts.read += held as u64;
            held = 0;
            write(&folder, std::mem::take(&mut days), &mut counts)?;
        }
        if start.is_none() {
            break;
        }
    }
    tell(&counts, format);
    match counts.unreadable.as_slice() {
        [] => Ok(Exit::Ok),
        [one] => Err(Failure::new(format!("a row of `{ledger_table}` cannot be read: {one}"))),
        [one, others @ ..] => Err(Failure::new(format!(
            "{} rows of `{ledger_table}` cannot be read, the first of them {one}",
            others.len() + 1
        ))),
    }
}

/// When a row's first call came in. A block's calls go to files together.
fn came_in(row: &LedgerRow) -> Option<Timestamp> {
    row.calls().iter().map(|call| call.at).min()
}

fn write(
    folder: &Locked<'_>,
    days: BTreeMap<Date, Vec<ArchivedCall>>,
    counts: &mut Counts,
) -> Result<(), Failure> {
    for (day, calls) in days {
        let merged = folder.merge(day, calls)?;
        counts.added += merged.added;
        counts.replaced += merged.replaced;
    }
    Ok(())
}

fn tell(counts: &Counts, format: Format) {
    let Counts { read, added, replaced, unreadable } = counts;
    match format {
        Format::Json => say!(
            "{}",
            json!({ "calls": read, "added": added, "replaced": replaced, "unreadable": unreadable.len() })
        ),
        Format::Human => {
            say!("{read} calls read, {added} added to the archive, {replaced} replaced by newer pictures");
        }
    }
}
