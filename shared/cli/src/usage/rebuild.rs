use std::collections::BTreeMap;
use std::path::PathBuf;

use comfy_table::Table;
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use doorward_aws::{
    Block, Difference, LedgerItem, LedgerRow, LedgerRows, Origin, Rebuild, Rebuilt, Repair, RollUp,
};
use doorward_core::usage::Sums;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::archive_folder::{ArchiveFolder, ArchivedCall};
use crate::building::Progress;
use crate::endpoint::Dynamodb;
use crate::moment::moment;
use crate::output::{Exit, Failure, Format, say};
use crate::project;

/// Rows that are drawn for people; programs get all.
const MOST_DRAWN: usize = 50;

/// Sums the ledger and its archive up anew, and sets the aggregates right where they differ: sums that are too low are
/// raised, and with `--lower` sums that are too high are lowered. The roll-up rests meanwhile.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  doorward usage rebuild --check
  doorward usage rebuild --archive usage-archive
  doorward usage rebuild --archive usage-archive --since 2026-01-01T00:00:00Z --lower

Exit codes: 0 they agree, or do now; 1 could not run; 2 they differ still; 3 invalid input")]
pub(crate) struct Arguments {
    /// A folder that `doorward usage archive` has written; may be repeated.
    #[arg(long = "archive", value_name = "FOLDER")]
    archives: Vec<PathBuf>,
    /// Compare only hours, days and months that begin at this time or later: how long ago, or a time. By default those
    /// that the table still has all calls of, by the configuration's `retention`, or that the archive begins before.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<Timestamp>,
    /// Lower sums that are too high. Where the ledger and its archive are not whole, that loses usage.
    #[arg(long, conflicts_with = "check")]
    lower: bool,
    /// Change nothing.
    #[arg(long)]
    check: bool,
    /// The project's folder, its doorward.toml, or an archive: its configuration names the table.
    #[arg(long, default_value = ".")]
    path: PathBuf,
    #[command(flatten)]
    dynamodb: Dynamodb,
}

pub(crate) async fn run(arguments: &Arguments, format: Format) -> Result<Exit, Failure> {
    let door = project::configuration(&arguments.path)?.door;
    let clients = arguments.dynamodb.clients()?;
    let now = Timestamp::now();
    let mut rebuild = Rebuild::new(now);
    let mut unreadable = Vec::new();

    let progress = Progress::start("reading the ledger and its archive");
    let mut since = whole_since(now, door.retention);
    for folder in &arguments.archives {
        let folder = ArchiveFolder::new(folder);
        for row in rows(&folder, &mut since)? {
            let id = row.id().to_owned();
            let taken = rebuild.take(&row, Origin::Archive);
            unreadable.extend(taken.err().map(|error| format!("`{id}` in the archive: {error}")));
        }
    }
    let ledger_table = format!("{}-ledger", door.table);
    let ledger = LedgerRows::new(&clients, &door.table);
    let mut start = None;
    loop {
        let page = ledger.page(start.as_deref()).await;
        let page = page.map_err(|error| arguments.dynamodb.failed(&ledger_table, &error))?;
        unreadable.extend(page.unreadable.into_iter().map(|(id, error)| format!("`{id}`: {error}")));
        for row in page.rows {
            let taken = rebuild.take(&row, Origin::Ledger);
            unreadable.extend(taken.err().map(|error| format!("`{}`: {error}", row.id())));
        }
        start = page.next;
        if start.is_none() {
            break;
        }
    }
    drop(progress);

    let progress = Progress::start("comparing the aggregates");
    let repair = match (arguments.check, arguments.lower) {
        (true, _) => Repair::None,
        (false, false) => Repair::Raise,
        (false, true) => Repair::All,
    };
    let roll_up = RollUp::new(&clients, &door.table);
    let since = arguments.since.unwrap_or(since);
    let mut rebuilt = rebuild
        .run(&roll_up, since, repair)
        .await
        .map_err(|error| arguments.dynamodb.failed(&format!("{}-state", door.table), &error))?;
    drop(progress);
    rebuilt.unreadable.extend(unreadable);
    tell(&rebuild, &rebuilt, repair, since, format);
    Ok(if agrees(&rebuilt) { Exit::Ok } else { Exit::Different })
}

/// From when on the table has every call, if `retention` was never shorter.
fn whole_since(now: Timestamp, retention: std::time::Duration) -> Timestamp {
    let retention = SignedDuration::try_from(retention).unwrap_or(SignedDuration::MAX);
    now.checked_sub(retention).unwrap_or(Timestamp::MIN)
}

/// The rows that an archive was made of; `since` goes back to its first day.
fn rows(folder: &ArchiveFolder, since: &mut Timestamp) -> Result<Vec<LedgerRow>, Failure> {
    let days = folder.days()?;
    if let Some(first) = days.first() {
        let begins = Offset::UTC.to_timestamp(first.at(0, 0, 0, 0)).map_err(Failure::new)?;
        *since = begins.min(*since);
    }
    let mut newest: BTreeMap<String, ArchivedCall> = BTreeMap::new();
    for day in days {
        for call in folder.read(day)? {
            let known = newest.get(&call.item.call);
            // A claim that was made again came in at another time, and may stand in the file of another day.
            if known.is_none_or(|known| known.version() < call.version()) {
                newest.insert(call.item.call.clone(), call);
            }
        }
    }
    let mut rows = Vec::new();
    let mut blocks: BTreeMap<(String, u64), Vec<LedgerItem>> = BTreeMap::new();
    for ArchivedCall { item, block } in newest.into_values() {
        match block {
            None => rows.push(LedgerRow::Call(item)),
            Some(block) => blocks.entry((block.id, block.version)).or_default().push(item),
        }
    }
    for ((id, version), calls) in blocks {
        let (at, expires) =
            (calls.iter().map(|call| call.at).min(), calls.iter().find_map(|call| call.expires));
        rows.extend(at.map(|at| LedgerRow::Block(Block { id, version, at, expires, calls })));
    }
    Ok(rows)
}

fn agrees(rebuilt: &Rebuilt) -> bool {
    let Rebuilt { different, uncounted, moving, unreadable, .. } = rebuilt;
    different.is_empty() && uncounted.is_empty() && *moving == 0 && unreadable.is_empty()
}

fn tell(rebuild: &Rebuild, rebuilt: &Rebuilt, repair: Repair, since: Timestamp, format: Format) {
    let Rebuilt { compared, older, changed, different, counted, uncounted, moving, unreadable, twice } =
        rebuilt;
    if format == Format::Json {
        let rows = |rows: &[Difference]| rows.iter().map(as_json).collect::<Vec<_>>();
        say!(
            "{}",
            json!({
                "agrees": agrees(rebuilt), "calls": rebuild.calls(), "since": since, "compared": compared,
                "older": older, "changed": rows(changed), "different": rows(different), "counted": counted,
                "uncounted": uncounted, "moving": moving, "unreadable": unreadable, "twice": twice,
            })
        );
        return;
    }
    say!("{} calls, {compared} aggregates compared", rebuild.calls());
    if *older > 0 {
        say!(
            "{older} aggregates begin before {since}, from when on the calls are all known, and were not compared"
        );
    }
    if *counted > 0 {
        say!("{counted} rows of the ledger were not counted, or otherwise, and are now");
    }
    for (rows, what) in [(changed, "were changed"), (different, "differ")] {
        if !rows.is_empty() {
            say!("{} aggregates {what}:\n{}", rows.len(), draw(rows));
        }
    }
    if repair == Repair::Raise && !different.is_empty() {
        say!("hint: `--lower` lowers sums; be sure that ledger and archive hold every call of their time");
    }
    if !uncounted.is_empty() {
        say!("{} rows of the ledger are not counted: {}", uncounted.len(), some(uncounted));
    }
    if *moving > 0 {
        say!("{moving} aggregates were written to whenever they were looked at; run it again");
    }
    for (items, what) in [(unreadable, "items cannot be read"), (twice, "calls stand in the ledger twice")] {
        if !items.is_empty() {
            say!("{} {what}: {}", items.len(), some(items));
        }
    }
    if agrees(rebuilt) {
        say!("the aggregates agree with the ledger");
    }
}

fn as_json(difference: &Difference) -> Value {
    let Difference { row, held, expected } = difference;
    let sums = |sums: &Sums| -> Value {
        sums.named().into_iter().map(|(name, sum)| (name.to_owned(), json!(sum))).collect()
    };
    let group = &row.group;
    json!({
        "bucket": row.bucket.to_string(),
        "caller": group.caller, "action": group.action, "target": group.target, "purpose": group.purpose,
        "outcome": group.outcome, "plan": group.plan, "plan_version": group.plan_version,
        "held": sums(held), "expected": sums(expected),
    })
}

fn draw(rows: &[Difference]) -> Table {
    let mut drawn = Table::new();
    drawn
        .load_style(UTF8_HORIZONTAL_ONLY)
        .set_header(["bucket", "caller", "action", "outcome", "calls", "units"]);
    for Difference { row, held, expected } in rows.iter().take(MOST_DRAWN) {
        drawn.add_row([
            row.bucket.to_string(),
            row.group.caller.clone(),
            row.group.action.clone().unwrap_or_else(|| "-".to_owned()),
            row.group.outcome.to_string(),
            format!("{} → {}", held.calls, expected.calls),
            format!("{} → {}", held.units, expected.units),
        ]);
    }
    if rows.len() > MOST_DRAWN {
        drawn.add_row([format!("and {} more", rows.len() - MOST_DRAWN)]);
    }
    drawn
}

/// The first few.
fn some(items: &[String]) -> String {
    let first = items.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
    if items.len() > 5 { format!("{first}, …") } else { first }
}
