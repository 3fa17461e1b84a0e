use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use doorward_aws::{DynamoLedger, ImportError, Imported, JournalLine, Journaled};
use doorward_core::ports::StoreError;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
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
    /// Of calls that the ledger has forgotten by now, or soon will have: whether they were counted cannot be known.
    expired: u64,
    /// The number of each line or event that is broken, and why.
    broken: Vec<(u64, String)>,
}

pub(crate) async fn run(arguments: &Arguments, format: Format) -> Result<Exit, Failure> {
    let table = project::configuration(&arguments.path)?.door.table;
    let ledger = Arc::new(DynamoLedger::new(&arguments.dynamodb.clients()?, &table));
    let unreadable =
        |error: std::io::Error| Failure::new(format!("cannot read `{}`: {error}", arguments.file.display()));
    let away = |error: StoreError| arguments.dynamodb.failed(&format!("{table}-ledger"), &error);
    let mut lines = Lines::open(&arguments.file)?;
    let (mut counts, mut writes, mut number) = (Counts::default(), JoinSet::new(), 0);
    let now = Timestamp::now().as_second();
    while let Some(line) = lines.next().map_err(unreadable)? {
        number += 1;
        match line.as_deref().map_or(Err("it is not UTF-8".to_owned()), read) {
            Ok(None) => counts.skipped += 1,
            Err(cause) => counts.broken.push((number, cause)),
            Ok(Some(journaled)) if journaled.expires().is_some_and(|expires| expires <= now) => {
                counts.expired += 1;
            }
            Ok(Some(journaled)) => {
                if writes.len() >= AT_ONCE {
                    counts.add(written(&mut writes).await).map_err(away)?;
                }
                let ledger = Arc::clone(&ledger);
                writes.spawn(async move { (number, ledger.import(&journaled).await) });
            }
        }
    }
    while !writes.is_empty() {
        counts.add(written(&mut writes).await).map_err(away)?;
    }
    counts.broken.sort_unstable();
    tell(&counts, format);
    Ok(if counts.broken.is_empty() { Exit::Ok } else { Exit::Invalid })
}

fn read(line: &str) -> Result<Option<Journaled>, String> {
    JournalLine::read(line).map_err(|error| error.to_string())
}

type Write = (u64, Result<Imported, ImportError>);

/// What the next write that ends came to.
async fn written(writes: &mut JoinSet<Write>) -> Write {
    match writes.join_next().await {
        None => (0, Ok(Imported::default())),
        Some(ended) => {
            ended.unwrap_or_else(|_| (0, Err(StoreError("a write was cut off".to_owned()).into())))
        }
    }
}

impl Counts {
    fn add(&mut self, (number, written): Write) -> Result<(), StoreError> {
        match written {
            Ok(imported) => self.imported += imported,
            Err(ImportError::Store(error)) => return Err(error),
            Err(unfit) => self.broken.push((number, unfit.to_string())),
        }
        Ok(())
    }
}

/// The lines of a log, or the events of a document.
struct Lines {
    log: Box<dyn BufRead>,
    begun: bool,
    events: std::vec::IntoIter<Event>,
}

impl Lines {
    fn open(file: &Path) -> Result<Self, Failure> {
        Ok(Self { log: open(file)?, begun: false, events: Vec::new().into_iter() })
    }

    /// The next one; within it, `None` where it is no UTF-8.
    fn next(&mut self) -> std::io::Result<Option<Option<String>>> {
        loop {
            if let Some(Event { message }) = self.events.next() {
                return Ok(Some(Some(message.as_str().unwrap_or_default().to_owned())));
            }
            let mut line = Vec::new();
            if self.log.read_until(b'\n', &mut line)? == 0 {
                return Ok(None);
            }
            if !std::mem::replace(&mut self.begun, true) && begins_document(&String::from_utf8_lossy(&line)) {
                self.events = document(&line, &mut self.log)?.into_iter();
                continue;
            }
            return Ok(Some(String::from_utf8(line).ok()));
        }
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
    #[serde(default)]
    message: Value,
}

/// Whether the log is one JSON document: its first line opens an object that is none of its own lines.
fn begins_document(line: &str) -> bool {
    let line = line.trim();
    line == "{" || line.starts_with("{\"events\"") || line.starts_with("{ \"events\"")
}

fn document(first: &[u8], rest: &mut dyn Read) -> std::io::Result<Vec<Event>> {
    let whole = first.chain(rest);
    let document: Document = serde_json::from_reader(whole)?;
    Ok(document.events)
}

fn tell(counts: &Counts, format: Format) {
    let Counts { imported: Imported { added, present }, skipped, expired, broken } = counts;
    for (number, cause) in broken {
        eprintln!("warning: line {number} cannot be imported: {cause}");
    }
    if *expired > 0 {
        eprintln!(
            "warning: {expired} lines hold calls that are past their time in the ledger, and are left out: whether they \
             were counted cannot be known any more"
        );
    }
    match format {
        Format::Json => say!(
            "{}",
            json!({
                "imported": added, "present": present, "skipped": skipped, "expired": expired, "broken": broken.len(),
            })
        ),
        Format::Human => say!(
            "{added} calls imported, {present} were there already; {skipped} other lines skipped, {expired} expired, {} \
             broken",
            broken.len()
        ),
    }
}
