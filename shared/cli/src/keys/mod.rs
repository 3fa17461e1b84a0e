//! `doorward keys`: a file per verb.

mod create;
mod list;
mod revoke;

use clap::Subcommand;
use doorward_core::ApiKeyRecord;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::output::{Exit, Failure, Format};

pub(crate) use create::{Made, Terms, make};

/// Makes API keys for callers without tokens, lists and revokes them.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Create(create::Arguments),
    List(list::Arguments),
    Revoke(revoke::Arguments),
}

pub(crate) async fn run(arguments: Arguments, format: Format) -> Result<Exit, Failure> {
    match arguments.verb {
        Verb::Create(arguments) => create::run(&arguments, format).await,
        Verb::List(arguments) => list::run(&arguments, format).await,
        Verb::Revoke(arguments) => revoke::run(&arguments, format).await,
    }
}

/// What is kept of a key, for programs; the key is not known to the table.
fn as_json<const N: usize>(record: &ApiKeyRecord, now: Timestamp, beside: [(&str, Value); N]) -> Value {
    let ApiKeyRecord { hash: _, id, owner, plan, groups, created, expires, revoked, note } = record;
    let own = [
        ("id", json!(id)),
        ("owner", json!(owner)),
        ("plan", json!(plan)),
        ("groups", json!(groups)),
        ("created", json!(created)),
        ("expires", json!(expires)),
        ("revoked", json!(revoked)),
        ("note", json!(note)),
        ("state", json!(state(record, now))),
    ];
    own.into_iter().chain(beside).map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Whether the key is good at `now`, in a word.
fn state(record: &ApiKeyRecord, now: Timestamp) -> &'static str {
    match record {
        ApiKeyRecord { revoked: Some(_), .. } => "revoked",
        ApiKeyRecord { expires: Some(at), .. } if *at <= now => "expired",
        _ => "good",
    }
}

/// A point in time as people read it.
fn shown(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}
