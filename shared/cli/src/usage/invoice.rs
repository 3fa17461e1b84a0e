use std::path::PathBuf;

use doorward_aws::{DynamoPlanVersions, UsageReader};
use doorward_core::usage::pricing::{PlanVersions, PricingError, Traced, Used, state, trace};
use doorward_core::usage::{Bucket, Grain, Group};
use doorward_model::EntityName;
use jiff::Timestamp;

use super::calls::{self, Wanted};
use super::invoice_forms::tell;
use super::{caller, prices};
use crate::endpoint::Dynamodb;
use crate::output::{Exit, Failure, Shape};
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
