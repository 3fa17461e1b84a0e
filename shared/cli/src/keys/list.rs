use std::path::PathBuf;

use comfy_table::Table;
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use doorward_aws::KeyKeeper;
use doorward_core::ApiKeyRecord;
use jiff::Timestamp;
use serde_json::json;

use super::{as_json, shown, state};
use crate::endpoint::Dynamodb;
use crate::output::{Exit, Failure, Format, say};
use crate::project;

/// Lists the API keys that were made, the oldest first: their ids and what is kept of them, never a key.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  doorward keys list
  doorward keys list --owner warehouse --format json

Exit codes: 0 listed, 1 could not run, 3 invalid input")]
pub(crate) struct Arguments {
    /// Only the keys of this owner.
    #[arg(long)]
    owner: Option<String>,
    /// The project's folder, its doorward.toml, or an archive: its configuration names the table.
    #[arg(long, default_value = ".")]
    path: PathBuf,
    #[command(flatten)]
    dynamodb: Dynamodb,
}

pub(crate) async fn run(arguments: &Arguments, format: Format) -> Result<Exit, Failure> {
    let table = project::configuration(&arguments.path)?.door.table;
    let state_table = format!("{table}-state");
    let keeper = KeyKeeper::new(&arguments.dynamodb.clients()?, &table);
    let mut listed = keeper.list().await.map_err(|error| arguments.dynamodb.failed(&state_table, &error))?;
    listed.retain(|record| arguments.owner.as_ref().is_none_or(|owner| record.owner == *owner));
    let now = Timestamp::now();
    match format {
        Format::Json => {
            let keys: Vec<_> = listed.iter().map(|record| as_json(record, now, [])).collect();
            say!("{}", json!({ "keys": keys }));
        }
        Format::Human if listed.is_empty() => say!("there is no API key in `{state_table}`"),
        Format::Human => say!("{}", draw(&listed, now)),
    }
    Ok(Exit::Ok)
}

fn draw(listed: &[ApiKeyRecord], now: Timestamp) -> Table {
    let mut drawn = Table::new();
    drawn
        .load_style(UTF8_HORIZONTAL_ONLY)
        .set_header(["id", "owner", "plan", "groups", "made", "state", "note"]);
    for record in listed {
        let state = match (state(record, now), record.revoked, record.expires) {
            (word @ "revoked", Some(at), _) | (word @ "expired", None, Some(at)) => {
                format!("{word} {}", shown(at))
            }
            (word, _, Some(at)) => format!("{word} until {}", shown(at)),
            (word, ..) => word.to_owned(),
        };
        drawn.add_row([
            record.id.clone(),
            record.owner.clone(),
            record.plan.clone().unwrap_or_else(|| "-".to_owned()),
            record.groups.join(", "),
            shown(record.created),
            state,
            record.note.clone().unwrap_or_default(),
        ]);
    }
    drawn
}
