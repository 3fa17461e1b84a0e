use comfy_table::Table;
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use doorward_aws::{DynamoQuarantine, QuarantineItem};
use serde_json::json;

use super::{Place, as_json};
use crate::output::{Exit, Failure, Format, say};
use crate::project;

/// Lists events in quarantine, in the order of their calls' ids, each with its reason.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  doorward quarantine list
  doorward quarantine list --action paymentAsked --format json

Exit codes: 0 listed, 1 could not run, 3 invalid input")]
pub(crate) struct Arguments {
    /// Only events of this rule.
    #[arg(long)]
    action: Option<String>,
    /// Only events with this reason, such as `forbidden` or `malformed-request`.
    #[arg(long)]
    code: Option<String>,
    /// At most so many.
    #[arg(long, default_value_t = 1000)]
    most: usize,
    #[command(flatten)]
    place: Place,
}

pub(crate) async fn run(arguments: &Arguments, format: Format) -> Result<Exit, Failure> {
    let Arguments { action, code, most, place } = arguments;
    let table = project::configuration(&place.path)?.door.table;
    let state_table = format!("{table}-state");
    let quarantine = DynamoQuarantine::new(&place.dynamodb.clients()?, &table);
    let listed =
        quarantine.list(usize::MAX).await.map_err(|error| place.dynamodb.failed(&state_table, &error))?;
    let is_meant = |item: &QuarantineItem| {
        action.as_ref().is_none_or(|action| item.action.as_ref() == Some(action))
            && code.as_ref().is_none_or(|code| item.code.as_ref() == Some(code))
    };
    let mut found: Vec<QuarantineItem> = listed.into_iter().filter(is_meant).collect();
    let more = found.len().saturating_sub(*most);
    found.truncate(*most);
    match format {
        Format::Json => {
            let events: Vec<_> = found.iter().map(|item| as_json(item, false)).collect();
            say!("{}", json!({ "events": events, "more": more }));
        }
        Format::Human if found.is_empty() => say!("nothing is in quarantine in `{state_table}`"),
        Format::Human => {
            say!("{}", draw(&found));
            if more > 0 {
                say!("and {more} more: `--most` says how many are shown");
            }
        }
    }
    Ok(Exit::Ok)
}

fn draw(found: &[QuarantineItem]) -> Table {
    let mut drawn = Table::new();
    drawn.load_style(UTF8_HORIZONTAL_ONLY).set_header(["call", "at", "from", "action", "reason", "bytes"]);
    for item in found {
        drawn.add_row([
            item.call.clone(),
            item.at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
            item.sender.clone(),
            item.action.clone().unwrap_or_else(|| "-".to_owned()),
            item.code.clone().unwrap_or_else(|| "-".to_owned()),
            item.record_bytes.to_string(),
        ]);
    }
    drawn
}
