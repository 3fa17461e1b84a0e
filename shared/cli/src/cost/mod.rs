//! `doorward cost`: what the configuration will cost, from public prices.

mod estimate;
mod prices;

use std::path::PathBuf;

use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{CellAlignment, Table};
use doorward_config::{Config, Durability, LimitMode};
use doorward_model::FrontKind;
use serde_json::{Value, json};

use crate::output::{Exit, Failure, Format, say};
use crate::project;
use estimate::{Assumptions, Cost, Shape};

/// Estimates what an admitted call costs: requests to DynamoDB, write and read units, and dollars, for each route and
/// event as it is configured, and for every mode of limits with every durability.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  doorward cost
  doorward cost --calls 10M
  doorward cost --calls 10M --rate 5 --ms 120 --format json

Exit codes: 0 estimated, 1 could not run, 3 invalid input")]
pub(crate) struct Arguments {
    /// Calls a month: `250k`, `10M`, `2G` or a number.
    #[arg(long, value_name = "CALLS", default_value = "1M", value_parser = calls)]
    calls: u64,
    /// Calls a second of one caller that one sandbox sees: what blocks of leased limits grow with.
    #[arg(long, value_name = "CALLS", default_value = "100", value_parser = positive)]
    rate: f64,
    /// Memory of the door's functions, in MB.
    #[arg(long, value_name = "MB", default_value = "256", value_parser = positive)]
    memory: f64,
    /// How long the dispatcher runs for a call, in milliseconds; it waits for the target.
    #[arg(long, value_name = "MS", default_value = "50", value_parser = positive)]
    ms: f64,
    /// The project's folder, its doorward.toml, or an archive.
    #[arg(long, default_value = ".")]
    path: PathBuf,
}

fn calls(text: &str) -> Result<u64, String> {
    let (digits, factor) = match text.strip_suffix(['k', 'M', 'G']) {
        Some(digits) if text.ends_with('k') => (digits, 1_000),
        Some(digits) if text.ends_with('M') => (digits, 1_000_000),
        Some(digits) => (digits, 1_000_000_000),
        None => (text, 1),
    };
    let whole = Some(digits).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let calls = whole.and_then(|digits| digits.parse::<u64>().ok()?.checked_mul(factor));
    calls.ok_or_else(|| "expected a number of calls, such as `250k` or `10M`".to_owned())
}

fn positive(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite() && *number > 0.0);
    number.ok_or_else(|| "expected a number above zero".to_owned())
}

/// What is estimated, and its name.
struct Estimate {
    name: String,
    limits: String,
    durability: &'static str,
    cost: Cost,
}

pub(crate) fn run(arguments: &Arguments, format: Format) -> Result<Exit, Failure> {
    let config = project::configuration(&arguments.path)?;
    let Arguments { rate, memory, ms, .. } = *arguments;
    let assumptions = Assumptions { rate, memory, milliseconds: ms };
    let estimate = |name: &str, shape: &Shape| Estimate {
        name: name.to_owned(),
        limits: limits_words(shape),
        durability: durability_word(shape.durability),
        cost: shape.cost(&assumptions),
    };
    let routes = config.routes.iter().map(|route| estimate(&route.id, &Shape::of_route(route, &config)));
    let events = config.events.iter().map(|event| estimate(&event.id, &Shape::of_event(event, &config)));
    let configured: Vec<Estimate> = routes.chain(events).collect();
    let modes: Vec<Estimate> = usual(&config)
        .iter()
        .flat_map(|usual| {
            let pairs =
                MODES.iter().flat_map(|mode| DURABILITIES.iter().map(move |durability| (mode, durability)));
            pairs.map(|(mode, durability)| estimate("any route", &usual.as_if(*mode, *durability)))
        })
        .collect();
    let gateways = gateways(&config);
    match format {
        Format::Json => say!("{}", as_json(arguments.calls, &configured, &modes, &gateways, &assumptions)),
        Format::Human => {
            say!("as configured\n{}", draw(&configured, arguments.calls));
            if !modes.is_empty() {
                say!("in other modes\n{}", draw(&modes, arguments.calls));
            }
            for (front, price) in &gateways {
                say!("{front}: ${price:.2} more for a million requests");
            }
            estimate::stated(&assumptions).iter().for_each(|line| say!("- {line}"));
        }
    }
    Ok(Exit::Ok)
}

const MODES: [LimitMode; 3] = [LimitMode::Hard, LimitMode::Leased, LimitMode::Local];
const DURABILITIES: [Durability; 3] = [Durability::Intent, Durability::BeforeAnswer, Durability::Batched];

/// The first route's calls: what modes are compared by.
fn usual(config: &Config) -> Option<Shape> {
    config.routes.first().map(|route| Shape::of_route(route, config))
}

/// What the gateways that are pinned take for themselves, for a million requests.
fn gateways(config: &Config) -> Vec<(String, f64)> {
    let price = |kind| match kind {
        FrontKind::RestApi => Some(prices::REST_REQUESTS),
        FrontKind::HttpApi => Some(prices::HTTP_REQUESTS),
        _ => None,
    };
    config.fronts.iter().filter_map(|front| Some((front.to_string(), price(front.kind)?))).collect()
}

fn limits_words(shape: &Shape) -> String {
    let words = shape.scopes.iter().filter(|(_, count)| **count > 0).map(|(mode, count)| {
        let mode = match mode {
            LimitMode::Hard => "hard",
            LimitMode::Leased => "leased",
            LimitMode::Local => "local",
        };
        if *count == 1 { mode.to_owned() } else { format!("{count} {mode}") }
    });
    let words: Vec<String> = words.collect();
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}

fn durability_word(durability: Durability) -> &'static str {
    match durability {
        Durability::Intent => "intent",
        Durability::BeforeAnswer => "before-answer",
        Durability::Batched => "batched",
    }
}

/// Dollars for so many calls.
#[expect(clippy::cast_precision_loss, reason = "an estimate needs no more digits")]
fn dollars(cost: &Cost, calls: u64) -> f64 {
    cost.per_million() * calls as f64 / 1e6
}

fn draw(estimates: &[Estimate], calls: u64) -> Table {
    let mut table = Table::new();
    let month = format!("$ for {calls}");
    table.load_style(UTF8_HORIZONTAL_ONLY).set_header([
        "action",
        "limits",
        "durability",
        "store calls",
        "write units",
        "read units",
        "roll-up writes",
        "$ per million",
        &month,
    ]);
    for Estimate { name, limits, durability, cost } in estimates {
        table.add_row([
            name.clone(),
            limits.clone(),
            (*durability).to_owned(),
            number(cost.store_calls),
            number(cost.writes),
            number(cost.reads + cost.rollup_reads),
            number(cost.rollup_writes),
            format!("{:.2}", cost.per_million()),
            format!("{:.2}", dollars(cost, calls)),
        ]);
    }
    for column in 3..9 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// At most three decimal places, without trailing zeros.
fn number(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn as_json(
    calls: u64,
    configured: &[Estimate],
    modes: &[Estimate],
    gateways: &[(String, f64)],
    assumptions: &Assumptions,
) -> Value {
    let estimate = |Estimate { name, limits, durability, cost }: &Estimate| {
        json!({
            "action": name, "limits": limits, "durability": durability,
            "store_calls": cost.store_calls, "write_units": cost.writes, "read_units": cost.reads,
            "rollup_write_units": cost.rollup_writes, "rollup_read_units": cost.rollup_reads,
            "invocations": cost.invocations, "gigabyte_seconds": cost.gigabyte_seconds,
            "dollars_per_million": cost.per_million(), "dollars": dollars(cost, calls),
        })
    };
    let gateways =
        gateways.iter().map(|(front, price)| json!({ "front": front, "dollars_per_million": price }));
    json!({
        "calls": calls,
        "configured": configured.iter().map(estimate).collect::<Vec<_>>(),
        "modes": modes.iter().map(estimate).collect::<Vec<_>>(),
        "gateways": gateways.collect::<Vec<_>>(),
        "assumptions": estimate::stated(assumptions),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_in_thousands_millions_and_billions() {
        for (text, expected) in [("0", 0), ("250k", 250_000), ("10M", 10_000_000), ("2G", 2_000_000_000)] {
            assert_eq!(calls(text), Ok(expected), "{text}");
        }
        for text in ["", "M", "-1", "1.5M", "10m", "1kk", "99999999999999G"] {
            assert!(calls(text).is_err(), "{text}");
        }
    }
}
