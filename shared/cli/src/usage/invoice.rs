use std::path::PathBuf;

use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{CellAlignment, Table};
use doorward_aws::{DynamoPlanVersions, UsageReader};
use doorward_core::usage::pricing::{
    Difference, Invoice, Line, LineKey, Part, PlanVersions, PricingError, Statement, Traced, Unpriced, Used,
    state, trace,
};
use doorward_core::usage::{Bucket, Grain, Group};
use doorward_model::EntityName;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::calls::{self, Wanted};
use super::{caller, csv, prices};
use crate::endpoint::Dynamodb;
use crate::output::{Exit, Failure, Shape, say};
use crate::project;

/// Prices a calendar month (UTC): what each caller owes, from the aggregates and from the plans' versions that the calls
/// went by.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  doorward usage invoice --period 2026-11
  doorward usage invoice --period 2026-11 --caller 'User::\"alice\"' --format json
  doorward usage invoice --period 2026-11 --items --archive usage-archive

Amounts are exact; only the total of an invoice is rounded, to the currency's minor unit, halves up.
Exit codes: 0 priced, 1 could not run, 2 lines and calls differ, 3 invalid input")]
pub(crate) struct Arguments {
    /// The month: `2026-11`.
    #[arg(long, value_name = "MONTH", value_parser = month)]
    period: Bucket,
    /// Only this caller: as policies write it.
    #[arg(long, value_parser = caller)]
    caller: Option<EntityName>,
    /// Lists the calls behind each line, and holds the line to what they consumed.
    #[arg(long)]
    items: bool,
    /// A folder of `doorward usage archive`, for calls that the ledger no longer holds.
    #[arg(long, value_name = "FOLDER", requires = "items")]
    archive: Option<PathBuf>,
    /// The project's folder, its doorward.toml, or an archive: its configuration names the table and the plans.
    #[arg(long, default_value = ".")]
    path: PathBuf,
    #[command(flatten)]
    dynamodb: Dynamodb,
}

fn month(text: &str) -> Result<Bucket, String> {
    let bucket: Option<Bucket> = text.parse().ok();
    bucket
        .filter(|bucket| bucket.grain() == Grain::Month)
        .ok_or_else(|| "expected a month, such as `2026-11`".to_owned())
}

pub(crate) async fn run(arguments: &Arguments, shape: Shape) -> Result<Exit, Failure> {
    let config = project::configuration(&arguments.path)?;
    let (table, dynamodb) = (&config.door.table, &arguments.dynamodb);
    let away = |error| dynamodb.failed(&format!("{table}-state"), &error);
    let clients = dynamodb.clients()?;
    let only = arguments.caller.as_ref().map(ToString::to_string);
    let sums = UsageReader::new(&clients, table).bucket(arguments.period).await.map_err(away)?;
    let used = sums.into_iter().filter(|(group, _)| only.as_ref().is_none_or(|only| group.caller == *only));
    let used = used.map(|(group, sums)| units(group, sums.units)).collect::<Result<Vec<_>, _>>()?;

    let kept = DynamoPlanVersions::new(&clients, table);
    let mut versions =
        prices::known(used.iter().map(|(group, _)| group), &config, &kept).await.map_err(away)?;
    let statement = state(used, &versions).map_err(unpriceable)?;
    let traced = if arguments.items {
        let (since, until) = (arguments.period.starts(), arguments.period.ends());
        let wanted = Wanted { since, until, caller: only };
        let used = calls_used(&wanted, arguments, table).await?;
        // Calls that no aggregate knows of may have gone by other versions.
        versions = prices::known(used.iter().map(|used| &used.group), &config, &kept).await.map_err(away)?;
        Some(traced(used, &versions)?)
    } else {
        None
    };
    let differences = traced.as_ref().map(|traced| traced.differences(&statement)).unwrap_or_default();
    tell(arguments.period, &statement, traced.as_ref(), &differences, shape);
    if arguments.period.ends() > Timestamp::now() {
        eprintln!("note: {} is not over", arguments.period);
    }
    Ok(if differences.is_empty() { Exit::Ok } else { Exit::Different })
}

fn units(group: Group, units: i64) -> Result<(Group, u64), Failure> {
    let units = u64::try_from(units).map_err(|_| {
        Failure::new(format!("the aggregates of `{}` are below zero", group.caller))
            .hint("`doorward usage rebuild` recomputes them from the ledger")
    })?;
    Ok((group, units))
}

fn unpriceable(error: PricingError) -> Failure {
    let failure = Failure::new(&error);
    match error {
        PricingError::UnknownVersions(_) => failure.hint(
            "doors keep the versions that they serve in `<table>-state`; one that none has kept must be in the \
             configuration: price with the doorward.toml of that time",
        ),
        PricingError::TooLarge { .. } => failure,
    }
}

async fn calls_used(wanted: &Wanted, arguments: &Arguments, table: &str) -> Result<Vec<Used>, Failure> {
    let items = calls::read(wanted, table, &arguments.dynamodb, arguments.archive.as_ref()).await?;
    let used = items.into_iter().filter_map(|item| {
        Some(Used { group: calls::group(&item)?, call: item.call, at: item.at, units: item.units })
    });
    Ok(used.collect())
}

fn traced(used: Vec<Used>, versions: &PlanVersions) -> Result<Traced, Failure> {
    trace(used, versions).map_err(unpriceable)
}

fn tell(
    period: Bucket,
    statement: &Statement,
    traced: Option<&Traced>,
    differences: &[Difference],
    shape: Shape,
) {
    match shape {
        Shape::Json => say!("{}", as_json(period, statement, traced, differences)),
        Shape::Csv => csv_lines(period, statement, traced).iter().for_each(|line| say!("{line}")),
        _ => human(period, statement, traced),
    }
    for Difference { key, invoiced, traced } in differences.iter().filter(|_| shape != Shape::Json) {
        let LineKey { caller, plan, version, part } = key;
        let part = part_words(part);
        eprintln!(
            "difference: {caller}, {plan} {version}, {part}: the line has {invoiced} units, its calls {traced}"
        );
    }
    if !differences.is_empty() {
        eprintln!(
            "hint: the roll-up may be behind, or calls are in an archive that `--archive` does not name; \
             `doorward usage rebuild` recomputes the aggregates"
        );
    }
}

fn human(period: Bucket, statement: &Statement, traced: Option<&Traced>) {
    if statement.invoices.is_empty() {
        say!("nothing with a price was used in {period}");
    }
    for invoice in &statement.invoices {
        let Invoice { caller, currency, lines, sum } = invoice;
        let mut table = Table::new();
        table.load_style(UTF8_HORIZONTAL_ONLY).set_header([
            "plan",
            "version",
            "for",
            "units",
            "unit price",
            "amount",
        ]);
        for line in lines {
            let LineKey { plan, version, part, .. } = &line.key;
            table.add_row([
                plan.clone(),
                version.clone(),
                part_words(part),
                line.units.to_string(),
                line.unit.normalize().to_string(),
                line.amount.to_string(),
            ]);
        }
        for column in 3..6 {
            if let Some(column) = table.column_mut(column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        say!("{caller}, {period}\n{table}\nsum {sum} {currency}, to pay {} {currency}", invoice.total());
        for line in lines.iter().filter(|_| traced.is_some()) {
            say!("{} {}:", line.key.plan, part_words(&line.key.part));
            for (call, units) in calls_of(traced, &line.key) {
                say!("  {call}  {units}");
            }
        }
        say!("");
    }
    for Unpriced { caller, plan, units } in &statement.unpriced {
        match plan {
            Some((plan, version)) => {
                say!("{caller}: {units} units under `{plan}` ({version}), which has no price")
            }
            None => say!("{caller}: {units} units under no plan"),
        }
    }
}

fn calls_of<'t>(traced: Option<&'t Traced>, key: &LineKey) -> &'t [(String, u64)] {
    traced.and_then(|traced| traced.lines.get(key)).map(Vec::as_slice).unwrap_or_default()
}

fn part_words(part: &Part) -> String {
    match part {
        Part::Included => "included".to_owned(),
        Part::Tier(nth) => format!("tier {nth}"),
        Part::Action(action) => format!("action {action}"),
    }
}

fn as_json(
    period: Bucket,
    statement: &Statement,
    traced: Option<&Traced>,
    differences: &[Difference],
) -> Value {
    let line = |line: &Line| {
        let mut value = key_json(&line.key);
        value["units"] = line.units.into();
        value["unit_price"] = line.unit.normalize().to_string().into();
        value["amount"] = line.amount.to_string().into();
        if traced.is_some() {
            let calls = calls_of(traced, &line.key).iter();
            value["calls"] = calls.map(|(call, units)| json!({ "call": call, "units": units })).collect();
        }
        value
    };
    let invoices = statement.invoices.iter().map(|invoice| {
        json!({
            "caller": invoice.caller,
            "currency": invoice.currency.code(),
            "lines": invoice.lines.iter().map(line).collect::<Vec<_>>(),
            "sum": invoice.sum.to_string(),
            "total": invoice.total().to_string(),
        })
    });
    let unpriced = statement.unpriced.iter().map(|Unpriced { caller, plan, units }| {
        let (plan, version) = plan.clone().unzip();
        json!({ "caller": caller, "plan": plan, "version": version, "units": units })
    });
    let mut value = json!({
        "period": period.to_string(),
        "invoices": invoices.collect::<Vec<_>>(),
        "unpriced": unpriced.collect::<Vec<_>>(),
    });
    if traced.is_some() {
        value["differences"] = differences
            .iter()
            .map(|Difference { key, invoiced, traced }| {
                let mut value = key_json(key);
                value["caller"] = key.caller.clone().into();
                value["invoiced"] = (*invoiced).into();
                value["traced"] = (*traced).into();
                value
            })
            .collect();
    }
    value
}

fn key_json(LineKey { plan, version, part, .. }: &LineKey) -> Value {
    let mut value = json!({ "plan": plan, "version": version });
    match part {
        Part::Included => value["part"] = "included".into(),
        Part::Tier(nth) => {
            value["part"] = "tier".into();
            value["tier"] = (*nth).into();
        }
        Part::Action(action) => {
            value["part"] = "action".into();
            value["action"] = action.clone().into();
        }
    }
    value
}

/// A line for each line of an invoice; with calls, one for each call of it.
fn csv_lines(period: Bucket, statement: &Statement, traced: Option<&Traced>) -> Vec<String> {
    let call = traced.map(|_| "call");
    let header = ["period", "caller", "currency", "plan", "version", "part", "unit_price", "units"];
    let mut lines = vec![csv::line(header.into_iter().chain([call.unwrap_or("amount")]))];
    for invoice in &statement.invoices {
        for line in &invoice.lines {
            let LineKey { caller, plan, version, part } = &line.key;
            let row = |units: u64, last: &str| {
                csv::line([
                    &period.to_string(),
                    caller,
                    &invoice.currency.to_string(),
                    plan,
                    version,
                    &part_words(part),
                    &line.unit.normalize().to_string(),
                    &units.to_string(),
                    last,
                ])
            };
            match traced {
                None => lines.push(row(line.units, &line.amount.to_string())),
                Some(_) => {
                    lines.extend(calls_of(traced, &line.key).iter().map(|(call, units)| row(*units, call)));
                }
            }
        }
    }
    lines
}
