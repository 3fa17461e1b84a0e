use std::path::PathBuf;

use doorward_aws::KeyKeeper;
use jiff::Timestamp;
use serde_json::json;

use super::{as_json, shown};
use crate::endpoint::Dynamodb;
use crate::output::{Exit, Failure, Format, say};
use crate::project;

/// Revokes an API key: running doors refuse it within `refresh`. Its record stays, so that who shows it is told apart.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  doorward keys revoke 5f0c9a1be2d4

Exit codes: 0 revoked, or revoked already, 1 could not run, or there is no such key, 3 invalid input")]
pub(crate) struct Arguments {
    /// The key's id, as `doorward keys list` shows it and lines and ledger items name it.
    id: String,
    /// The project's folder, its doorward.toml, or an archive: its configuration names the table.
    #[arg(long, default_value = ".")]
    path: PathBuf,
    #[command(flatten)]
    dynamodb: Dynamodb,
}

pub(crate) async fn run(arguments: &Arguments, format: Format) -> Result<Exit, Failure> {
    let id = id(&arguments.id)?;
    let door = project::configuration(&arguments.path)?.door;
    let table = format!("{}-state", door.table);
    let keeper = KeyKeeper::new(&arguments.dynamodb.clients()?, &door.table);
    let now = Timestamp::now();
    let revoked = keeper.revoke(id, now).await.map_err(|error| arguments.dynamodb.failed(&table, &error))?;
    let record = revoked.ok_or_else(|| {
        let again = arguments.dynamodb.again();
        Failure::new(format!("no API key with the id `{id}` is in `{table}`"))
            .hint(format!("`doorward keys list{again}` shows the ids of all keys"))
    })?;
    let already = record.revoked != Some(now);
    match format {
        Format::Json => say!("{}", as_json(&record, now, [("already", json!(already))])),
        Format::Human => {
            let at = record.revoked.map(shown).unwrap_or_default();
            let owner = &record.owner;
            if already {
                say!("the key `{id}` of Client::\"{owner}\" was revoked at {at} already");
            } else {
                let refresh = door.refresh.as_secs();
                say!(
                    "the key `{id}` of Client::\"{owner}\" is revoked; running doors refuse it within {refresh} s"
                );
            }
        }
    }
    Ok(Exit::Ok)
}

/// An id, as [`doorward_core::KeyHash::id`] writes it. A key in its place is not repeated anywhere.
fn id(text: &str) -> Result<&str, Failure> {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if text.len() == 12 && text.bytes().all(is_digit) {
        return Ok(text);
    }
    Err(Failure::usage("this is not the id of an API key")
        .hint("give the twelve digits that `doorward keys list` shows, not the key"))
}
