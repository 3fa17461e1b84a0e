use doorward_aws::DynamoQuarantine;
use serde_json::json;

use super::{Place, unknown};
use crate::output::{Exit, Failure, Format, say};
use crate::project;

/// Deletes events from quarantine for good. Their calls stay in the ledger, and never reach a target.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  doorward quarantine drop s3-0f47b1c06ab5a02c9d3ac8e4a1c52b7e

Exit codes: 0 deleted, 1 could not run, or there is no such event, 3 invalid input")]
pub(crate) struct Arguments {
    /// The calls' ids.
    #[arg(required = true)]
    calls: Vec<String>,
    #[command(flatten)]
    place: Place,
}

pub(crate) async fn run(arguments: &Arguments, format: Format) -> Result<Exit, Failure> {
    let Arguments { calls, place } = arguments;
    let table = project::configuration(&place.path)?.door.table;
    let state_table = format!("{table}-state");
    let quarantine = DynamoQuarantine::new(&place.dynamodb.clients()?, &table);
    for call in calls {
        let dropped =
            quarantine.drop(call).await.map_err(|error| place.dynamodb.failed(&state_table, &error))?;
        if !dropped {
            return Err(unknown(call, &state_table));
        }
        match format {
            Format::Json => say!("{}", json!({ "call": call, "dropped": true })),
            Format::Human => say!("the event of the call `{call}` is deleted"),
        }
    }
    Ok(Exit::Ok)
}
