//! `doorward quarantine`: a file per verb.

mod drop;
mod list;
mod release;
mod show;

use std::path::PathBuf;

use clap::Subcommand;
use doorward_aws::QuarantineItem;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::endpoint::Dynamodb;
use crate::output::{Exit, Failure, Format};

/// Events that were denied, broken or unknown, and are kept with the reason.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    List(list::Arguments),
    Show(show::Arguments),
    Release(release::Arguments),
    Drop(drop::Arguments),
}

/// Where the events are.
#[derive(clap::Args)]
struct Place {
    /// The project's folder, its doorward.toml, or an archive: its configuration names the table.
    #[arg(long, default_value = ".")]
    path: PathBuf,
    #[command(flatten)]
    dynamodb: Dynamodb,
}

pub(crate) async fn run(arguments: Arguments, format: Format) -> Result<Exit, Failure> {
    match arguments.verb {
        Verb::List(arguments) => list::run(&arguments, format).await,
        Verb::Show(arguments) => show::run(&arguments, format).await,
        Verb::Release(arguments) => release::run(&arguments, format).await,
        Verb::Drop(arguments) => drop::run(&arguments, format).await,
    }
}

/// An event, for programs. Its record is there where the whole event is asked for.
fn as_json(item: &QuarantineItem, whole: bool) -> Value {
    let record = || match item.record.as_deref() {
        // A member may stand in it twice, which only the text shows.
        Some(record) if item.is_unread() => json!(record),
        record => json!(record.and_then(|record| serde_json::from_str::<Value>(record).ok())),
    };
    let members = [
        ("call", json!(item.call)),
        ("refused", json!(item.refused.as_ref().unwrap_or(&item.call))),
        ("at", json!(item.at)),
        ("code", json!(item.code)),
        ("cause", json!(item.cause)),
        ("policies", json!(item.policies)),
        ("violations", json!(item.violations)),
        ("action", json!(item.action)),
        ("caller", json!(item.caller)),
        ("source", json!(item.source)),
        ("event_type", json!(item.event_type)),
        ("sender", json!(item.sender)),
        ("region", json!(item.region)),
        ("reference", json!(item.reference)),
        ("record_bytes", json!(item.record_bytes)),
        ("releasing_since", json!(item.released)),
        ("expires", json!(Timestamp::from_second(item.expires).ok())),
    ];
    let own = members.into_iter().map(|(name, value)| (name.to_owned(), value));
    own.chain(whole.then(|| ("record".to_owned(), record()))).collect()
}

/// Nothing is there under this id.
fn unknown(call: &str, table: &str) -> Failure {
    Failure::new(format!("no event of the call `{call}` is in quarantine in `{table}`"))
        .hint("`doorward quarantine list` shows the ids of all")
}
