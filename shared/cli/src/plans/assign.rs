use std::path::PathBuf;

use doorward_aws::{Assigned, Assignments};
use doorward_model::EntityName;
use jiff::Timestamp;
use serde_json::json;

use super::{caller, declared};
use crate::endpoint::Dynamodb;
use crate::output::{Exit, Failure, Format, say};
use crate::project;

/// Puts a caller on a plan, which holds from the caller's next call on, whatever the caller's API key, the route or the
/// event say. Calls that were are priced by the plan that they went by.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  doorward plans assign 'User::\"alice\"' partner
  doorward plans assign 'Client::\"warehouse\"' partner --by 'contract 4711'
  doorward plans assign 'User::\"alice\"' --none

Exit codes: 0 assigned, 1 could not run, 3 invalid input")]
pub(crate) struct Arguments {
    /// Who: as policies write it.
    #[arg(value_parser = caller)]
    caller: EntityName,
    /// The plan, which the configuration declares.
    #[arg(required_unless_present = "none", conflicts_with = "none")]
    plan: Option<String>,
    /// Takes the assignment back: API key, route and event say again which plan holds.
    #[arg(long)]
    none: bool,
    /// Who or what said so; it stands in the history.
    #[arg(long, value_name = "TEXT")]
    by: Option<String>,
    /// The project's folder, its doorward.toml, or an archive: its configuration names the table and the plans.
    #[arg(long, default_value = ".")]
    path: PathBuf,
    #[command(flatten)]
    dynamodb: Dynamodb,
}

pub(crate) async fn run(arguments: &Arguments, format: Format) -> Result<Exit, Failure> {
    let config = project::configuration(&arguments.path)?;
    let plan = arguments.plan.as_deref().map(|plan| declared(plan, &config)).transpose()?;
    let change = Assigned { at: Timestamp::now(), plan: plan.map(str::to_owned), by: arguments.by.clone() };
    let assignments = Assignments::new(&arguments.dynamodb.clients()?, &config.door.table);
    let away = |error| arguments.dynamodb.failed(&format!("{}-state", config.door.table), &error);
    assignments.assign(&arguments.caller, &change).await.map_err(away)?;
    let caller = &arguments.caller;
    match (format, plan) {
        (Format::Json, _) => {
            say!(
                "{}",
                json!({ "caller": caller.to_string(), "plan": plan, "at": change.at, "by": change.by })
            );
        }
        (Format::Human, Some(plan)) => say!("{caller} is on the plan `{plan}`"),
        (Format::Human, None) => {
            say!("{caller} is assigned no plan: API key, route and event say which holds")
        }
    }
    Ok(Exit::Ok)
}
