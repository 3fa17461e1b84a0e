use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use doorward_aws::LedgerItem;
use doorward_model::EntityName;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::calls::{self, Wanted};
use super::{caller, csv};
use crate::endpoint::Dynamodb;
use crate::moment::moment;
use crate::output::{Exit, Failure, Shape, say};
use crate::project;

/// The longest identifier and event name that Stripe takes
/// (<https://docs.stripe.com/api/billing/meter-event/create>).
const LONGEST_FOR_STRIPE: usize = 100;

/// Writes the calls of known callers, a line each, for other systems: from the ledger, and from an archive where one is
/// named. What a call is told apart by is its id, however often it is exported.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  doorward usage export --since 2026-11-01T00:00:00Z --format csv > november.csv
  doorward usage export --since 1d --format cloudevents      JSON lines as OpenMeter takes them
  doorward usage export --since 1d --format stripe --customers customers.json
  doorward usage export --since 60d --archive usage-archive --format jsonl

`cloudevents`: CloudEvents 1.0; `id` is the call, `subject` the caller. OpenMeter tells events apart by `id` and `source`.
`stripe`: bodies of `POST /v1/billing/meter_events`; `identifier` is the call, `payload.value` its units. Stripe takes
events of the last 35 days, and tells them apart for at least 24 hours. Calls that consumed nothing are left out.

Exit codes: 0 written, 1 could not run, 3 invalid input")]
pub(crate) struct Arguments {
    /// Calls from then on: how long ago, such as `1d`, or a time such as `2026-11-01T00:00:00Z`.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Timestamp,
    /// Calls before then; up to now unless given.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    until: Option<Timestamp>,
    /// Only this caller's: as policies write it.
    #[arg(long, value_parser = caller)]
    caller: Option<EntityName>,
    /// A folder of `doorward usage archive`, for calls that the ledger no longer holds.
    #[arg(long, value_name = "FOLDER")]
    archive: Option<PathBuf>,
    /// A JSON file for `--format stripe`: an object that says of each caller which customer it is (`cus_…`).
    #[arg(long, value_name = "FILE")]
    customers: Option<PathBuf>,
    /// The name of the meter's events for `--format stripe`.
    #[arg(long, default_value = "doorward_units")]
    event_name: String,
    /// The project's folder, its doorward.toml, or an archive: its configuration names the table and the door.
    #[arg(long, default_value = ".")]
    path: PathBuf,
    #[command(flatten)]
    dynamodb: Dynamodb,
}

pub(crate) async fn run(arguments: &Arguments, shape: Shape) -> Result<Exit, Failure> {
    let config = project::configuration(&arguments.path)?;
    let customers = match (shape, &arguments.customers) {
        (Shape::Stripe, Some(path)) => read_customers(path)?,
        (Shape::Stripe, None) => {
            return Err(Failure::usage("`--format stripe` needs to know who is which customer")
                .hint("name a file with `--customers`: { \"User::\\\"alice\\\"\": \"cus_…\" }"));
        }
        (_, Some(_)) => return Err(Failure::usage("`--customers` belongs to `--format stripe`")),
        (_, None) => BTreeMap::new(),
    };
    if arguments.event_name.is_empty() || arguments.event_name.len() > LONGEST_FOR_STRIPE {
        return Err(Failure::usage("a meter's event name has 1 to 100 bytes"));
    }
    let wanted = Wanted {
        since: arguments.since,
        until: arguments.until.unwrap_or_else(Timestamp::now),
        caller: arguments.caller.as_ref().map(ToString::to_string),
    };
    let calls =
        calls::read(&wanted, &config.door.table, &arguments.dynamodb, arguments.archive.as_ref()).await?;
    let calls = calls.iter().filter(|call| call.caller.is_some());
    match shape {
        Shape::Json | Shape::Jsonl => {
            calls.for_each(|call| say!("{}", serde_json::to_value(call).unwrap_or_default()));
        }
        Shape::Human | Shape::Csv => {
            say!("{}", csv::line(COLUMNS));
            calls.for_each(|call| say!("{}", csv_line(call)));
        }
        Shape::Cloudevents => calls.for_each(|call| say!("{}", cloud_event(call, &config.door.name))),
        Shape::Stripe => {
            let billed: Vec<&LedgerItem> = calls.filter(|call| call.units > 0).collect();
            meter_events(&billed, &customers, &arguments.event_name)?
                .iter()
                .for_each(|event| say!("{event}"));
        }
    }
    Ok(Exit::Ok)
}

fn read_customers(path: &PathBuf) -> Result<BTreeMap<String, String>, Failure> {
    let failed = |cause: &dyn std::fmt::Display| Failure::usage(format!("`{}`: {cause}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| failed(&error))?;
    serde_json::from_str(&text)
        .map_err(|error| failed(&format_args!("not an object of callers and customers: {error}")))
}

const COLUMNS: [&str; 15] = [
    "call",
    "at",
    "caller",
    "key_id",
    "plan",
    "plan_version",
    "action",
    "target",
    "purpose",
    "outcome",
    "status",
    "units",
    "bytes_in",
    "bytes_out",
    "duration_us",
];

fn csv_line(call: &LedgerItem) -> String {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    csv::line([
        call.call.clone(),
        call.at.to_string(),
        text(&call.caller),
        text(&call.key_id),
        text(&call.plan),
        text(&call.plan_version),
        text(&call.action),
        text(&call.target),
        text(&call.purpose),
        call.outcome.to_string(),
        call.status.map(|status| status.to_string()).unwrap_or_default(),
        call.units.to_string(),
        call.bytes_in.to_string(),
        call.bytes_out.to_string(),
        call.duration_us.to_string(),
    ])
}

/// CloudEvents 1.0 in JSON (<https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md>).
fn cloud_event(call: &LedgerItem, door: &str) -> Value {
    json!({
        "specversion": "1.0",
        "id": call.call,
        "source": format!("/doorward/{}", reference(door)),
        "type": "doorward.call",
        "subject": call.caller,
        "time": call.at,
        "datacontenttype": "application/json",
        "data": {
            "units": call.units, "action": call.action, "target": call.target, "purpose": call.purpose,
            "outcome": call.outcome, "plan": call.plan, "plan_version": call.plan_version,
            "bytes_in": call.bytes_in, "bytes_out": call.bytes_out, "duration_us": call.duration_us,
        },
    })
}

/// `name` as a segment of a URI reference (RFC 3986 section 3.3).
fn reference(name: &str) -> String {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let mut segment = String::new();
    for byte in name.bytes() {
        if unreserved(byte) {
            segment.push(char::from(byte));
        } else {
            segment.push_str(&format!("%{byte:02X}"));
        }
    }
    segment
}

/// Bodies of `POST /v1/billing/meter_events`. Nothing is written where a caller is no known customer: what is left out
/// would not be billed, and nobody would know.
fn meter_events(
    calls: &[&LedgerItem],
    customers: &BTreeMap<String, String>,
    event_name: &str,
) -> Result<Vec<Value>, Failure> {
    let caller = |call: &LedgerItem| call.caller.clone().unwrap_or_default();
    let unknown: BTreeSet<String> =
        calls.iter().map(|call| caller(call)).filter(|caller| !customers.contains_key(caller)).collect();
    if let Some(first) = unknown.first() {
        let failure =
            Failure::usage(format!("no customer is named for {} callers, such as {first}", unknown.len()));
        return Err(
            failure.hint("add them to the file of `--customers`, or export one caller with `--caller`")
        );
    }
    if let Some(long) = calls.iter().find(|call| call.call.len() > LONGEST_FOR_STRIPE) {
        return Err(Failure::new(format!("the id `{}` is longer than Stripe takes", long.call)));
    }
    let event = |call: &&LedgerItem| {
        json!({
            "event_name": event_name,
            "identifier": call.call,
            "timestamp": call.at.as_second(),
            "payload": {
                "stripe_customer_id": customers.get(&caller(call)),
                "value": call.units.to_string(),
            },
        })
    };
    Ok(calls.iter().map(event).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_source_is_a_uri_reference() {
        assert_eq!(reference("shop-1.eu"), "shop-1.eu");
        assert_eq!(reference("my shop/é"), "my%20shop%2F%C3%A9");
    }
}
