use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use doorward_aws::{DynamoLedger, Imported, JournalLine, Journaled};
use doorward_core::ports::StoreError;
use serde::Deserialize;
use serde_json::json;
use tokio::task::JoinSet;

use crate::endpoint::Dynamodb;
use crate::output::{Exit, Failure, Format, say};
use crate::project;

/// How many writes are under way at a time.
const AT_ONCE: usize = 16;

/// Puts into the ledger what the log kept of calls that went on while it was away (`on_store_failure =
/// "allow-and-journal"`). Each is put where it is not there, so that a log may be read again, or in parts that overlap.
///
/// A log is read as Lambda writes it, as CloudWatch exports it, with text before each line or wrapped as `{"message":…}`,
/// and as `aws logs filter-log-events` prints it. All other lines are passed over.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  aws logs filter-log-events --log-group-name /aws/lambda/dispatcher --filter-pattern '{ $.doorward = \"usage\" }' \\
    | doorward usage import -
  zcat exported/*.gz | doorward usage import -
  doorward usage import dispatcher.log

Exit codes: 0 imported, 1 could not run, 3 lines of the door's are broken: all others are imported")]
pub(crate) struct Arguments {
    /// The log; `-` reads it from standard input.
    file: PathBuf,
    /// The project's folder, its doorward.toml, or an archive: its configuration names the table.
    #[arg(long, default_value = ".")]
    path: PathBuf,
    #[command(flatten)]
    dynamodb: Dynamodb,
}

#[derive(Default)]
struct Counts {
    imported: Imported,
    skipped: u64,
    /// The number of each line or event that is broken, and why.
    broken: Vec<(u64, String)>,
}

pub(crate) async fn run(arguments: &Arguments, format: Format) -> Result<Exit, Failure> {
    let table = project::configuration(&arguments.path)?.door.table;
    let ledger = Arc::new(DynamoLedger::new(&arguments.dynamodb.clients()?, &table));
    let mut log = open(&arguments.file)?;
    let unreadable =
        |error: std::io::Error| Failure::new(format!("cannot read `{}`: {error}", arguments.file.display()));
    let away = |error: StoreError| arguments.dynamodb.failed(&format!("{table}-ledger"), &error);
    let (mut counts, mut writes) = (Counts::default(), JoinSet::new());
    let (mut number, mut line) = (0, String::new());
    let mut events = Vec::new().into_iter();
    loop {
        let next = match events.next() {
            Some(Event { message }) => message,
            None => {
                line.clear();
                if log.read_line(&mut line).map_err(unreadable)? == 0 {
                    break;
                }
                if number == 0 && begins_document(&line) {
                    events = document(&line, &mut log).map_err(unreadable)?.into_iter();
                    continue;
                }
                line.clone()
            }
        };
        number += 1;
        match JournalLine::read(&next) {
            Ok(None) => counts.skipped += 1,
            Err(error) => counts.broken.push((number, error.to_string())),
            Ok(Some(journaled)) => {
                if writes.len() >= AT_ONCE {
                    counts.imported += written(&mut writes).await.map_err(away)?;
                }
                let ledger = Arc::clone(&ledger);
                writes.spawn(async move { put(&ledger, &journaled).await });
            }
        }
    }
    while !writes.is_empty() {
        counts.imported += written(&mut writes).await.map_err(away)?;
    }
    tell(&counts, format);
    Ok(if counts.broken.is_empty() { Exit::Ok } else { Exit::Invalid })
}

async fn put(ledger: &DynamoLedger, journaled: &Journaled) -> Result<Imported, StoreError> {
    ledger.import(journaled).await
}

/// What the next write that ends came to.
async fn written(writes: &mut JoinSet<Result<Imported, StoreError>>) -> Result<Imported, StoreError> {
    match writes.join_next().await {
        None => Ok(Imported::default()),
        Some(ended) => ended.unwrap_or_else(|_| Err(StoreError("a write was cut off".to_owned()))),
    }
}

fn open(file: &Path) -> Result<Box<dyn BufRead>, Failure> {
    if file == Path::new("-") {
        return Ok(Box::new(BufReader::new(std::io::stdin())));
    }
    let opened = File::open(file);
    let opened =
        opened.map_err(|error| Failure::new(format!("cannot read `{}`: {error}", file.display())))?;
    Ok(Box::new(BufReader::new(opened)))
}

/// What `aws logs filter-log-events` prints.
#[derive(Deserialize)]
struct Document {
    events: Vec<Event>,
}

#[derive(Deserialize)]
struct Event {
    message: String,
}

/// Whether the log is one JSON document: its first line opens an object that is none of its own lines.
fn begins_document(line: &str) -> bool {
    let line = line.trim();
    line == "{" || line.starts_with("{\"events\"") || line.starts_with("{ \"events\"")
}

fn document(first: &str, rest: &mut dyn Read) -> std::io::Result<Vec<Event>> {
    let whole = first.as_bytes().chain(rest);
    let document: Document = serde_json::from_reader(whole)?;
    Ok(document.events)
}

fn tell(counts: &Counts, format: Format) {
    let Counts { imported: Imported { added, present }, skipped, broken } = counts;
    for (number, cause) in broken {
        eprintln!("warning: line {number} cannot be imported: {cause}");
    }
    match format {
        Format::Json => say!(
            "{}",
            json!({ "imported": added, "present": present, "skipped": skipped, "broken": broken.len() })
        ),
        Format::Human => say!(
            "{added} calls imported, {present} were there already; {skipped} other lines skipped, {} broken",
            broken.len()
        ),
    }
}
