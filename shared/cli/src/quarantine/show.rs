use doorward_aws::{DynamoQuarantine, QuarantineItem};
use serde_json::Value;

use super::{Place, as_json, unknown};
use crate::output::{Exit, Failure, Format, say};
use crate::project;

/// Shows an event in quarantine: why it is there, and the record as its source sent it.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  doorward quarantine show s3-0f47b1c06ab5a02c9d3ac8e4a1c52b7e

Exit codes: 0 shown, 1 could not run, or there is no such event, 3 invalid input")]
pub(crate) struct Arguments {
    /// The call's id.
    call: String,
    #[command(flatten)]
    place: Place,
}

pub(crate) async fn run(arguments: &Arguments, format: Format) -> Result<Exit, Failure> {
    let Arguments { call, place } = arguments;
    let table = project::configuration(&place.path)?.door.table;
    let state_table = format!("{table}-state");
    let quarantine = DynamoQuarantine::new(&place.dynamodb.clients()?, &table);
    let found = quarantine.get(call).await.map_err(|error| place.dynamodb.failed(&state_table, &error))?;
    let item = found.ok_or_else(|| unknown(call, &state_table))?;
    match format {
        Format::Json => say!("{}", as_json(&item, true)),
        Format::Human => show(&item),
    }
    Ok(Exit::Ok)
}

fn show(item: &QuarantineItem) {
    let or_none = |text: Option<&String>| text.cloned().unwrap_or_else(|| "-".to_owned());
    let lines = [
        ("call", item.call.clone()),
        ("refused", item.refused.clone().unwrap_or_else(|| item.call.clone())),
        ("at", item.at.to_string()),
        ("from", item.sender.clone()),
        ("event", format!("{} {}", item.source, item.event_type)),
        ("action", or_none(item.action.as_ref())),
        ("reason", or_none(item.code.as_ref())),
        ("cause", or_none(item.cause.as_ref())),
        ("policies", if item.policies.is_empty() { "-".to_owned() } else { item.policies.join(", ") }),
        ("reference", or_none(item.reference.as_ref())),
    ];
    for (name, value) in lines {
        say!("{name:<10} {value}");
    }
    for violation in &item.violations {
        say!("{:<10} {} {}: {}", "violation", violation.part, violation.pointer, violation.rule);
    }
    let read = |record: &str| serde_json::from_str::<Value>(record).ok();
    match item.record.as_deref() {
        // A member may stand in it twice, which only the text shows.
        Some(record) if item.is_unread() => say!("{record}"),
        record => match record.and_then(read) {
            Some(record) => say!("{record:#}"),
            None => say!("the record is not kept: it has {} bytes", item.record_bytes),
        },
    }
}
