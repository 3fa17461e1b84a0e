use std::path::PathBuf;

use comfy_table::Table;
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use doorward_aws::{Assigned, Assignments, DynamoPlanVersions, KeptPlan};
use doorward_config::{Config, Plan, Price};
use doorward_core::ports::StoreError;
use doorward_model::EntityName;
use serde_json::{Value, json};

use super::caller;
use crate::endpoint::Dynamodb;
use crate::output::{Exit, Failure, Format, say};
use crate::project;

/// Shows the plans with their versions and prices, and who is assigned which; or the plan of one caller and how it
/// changed.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  doorward plans show
  doorward plans show 'User::\"alice\"'

Without a caller this reads the whole state table, to find who is assigned a plan.
Exit codes: 0 shown, 1 could not run, 3 invalid input")]
pub(crate) struct Arguments {
    /// Whose plan: as policies write it. All plans unless given.
    #[arg(value_parser = caller)]
    caller: Option<EntityName>,
    /// The project's folder, its doorward.toml, or an archive: its configuration names the table and the plans.
    #[arg(long, default_value = ".")]
    path: PathBuf,
    #[command(flatten)]
    dynamodb: Dynamodb,
}

pub(crate) async fn run(arguments: &Arguments, format: Format) -> Result<Exit, Failure> {
    let config = project::configuration(&arguments.path)?;
    let clients = arguments.dynamodb.clients()?;
    let assignments = Assignments::new(&clients, &config.door.table);
    let shown = match &arguments.caller {
        Some(caller) => show_caller(caller, &config, &assignments, format).await,
        None => {
            let versions = DynamoPlanVersions::new(&clients, &config.door.table);
            show_plans(&config, &assignments, &versions, format).await
        }
    };
    let table = format!("{}-state", config.door.table);
    shown.map_err(|error| arguments.dynamodb.failed(&table, &error))?;
    Ok(Exit::Ok)
}

async fn show_caller(
    caller: &EntityName,
    config: &Config,
    assignments: &Assignments,
    format: Format,
) -> Result<(), StoreError> {
    let plan = assignments.current(caller).await?;
    let history = assignments.history(caller).await?;
    let missing = plan.as_deref().is_some_and(|plan| config.plan(plan).is_none());
    if format == Format::Json {
        let history =
            history.iter().map(|Assigned { at, plan, by }| json!({ "at": at, "plan": plan, "by": by }));
        let history: Vec<Value> = history.collect();
        say!("{}", json!({ "caller": caller.to_string(), "plan": plan, "history": history }));
        return Ok(());
    }
    match &plan {
        Some(plan) => say!("{caller} is on the plan `{plan}`"),
        None => say!("{caller} is assigned no plan: API key, route and event say which holds"),
    }
    if missing {
        eprintln!("warning: the configuration has no such plan, and the caller's calls are refused");
    }
    for Assigned { at, plan, by } in history {
        let by = by.map(|by| format!(" ({by})")).unwrap_or_default();
        say!("  {at:.0}  {}{by}", plan.as_deref().unwrap_or("-"));
    }
    Ok(())
}

async fn show_plans(
    config: &Config,
    assignments: &Assignments,
    versions: &DynamoPlanVersions,
    format: Format,
) -> Result<(), StoreError> {
    let assigned = assignments.all().await?;
    let mut plans = Vec::new();
    for plan in &config.plans {
        let mut kept = versions.all(&plan.name).await?;
        kept.sort_by_key(|kept| kept.since);
        plans.push((plan, kept));
    }
    if format == Format::Json {
        let plans: Vec<Value> = plans.iter().map(|(plan, kept)| as_json(plan, kept)).collect();
        let assigned: Vec<Value> =
            assigned.iter().map(|(caller, plan)| json!({ "caller": caller, "plan": plan })).collect();
        say!("{}", json!({ "plans": plans, "assigned": assigned }));
        return Ok(());
    }
    let mut table = Table::new();
    table.load_style(UTF8_HORIZONTAL_ONLY).set_header(["plan", "version", "since", "price"]);
    for (plan, kept) in &plans {
        let row = |version: &str, since: String, price: Option<&Price>| {
            [plan.name.clone(), version.to_owned(), since, price.map_or_else(|| "-".to_owned(), in_words)]
        };
        for KeptPlan { version, since, definition } in kept.iter().filter(|kept| kept.version != plan.version)
        {
            table.add_row(row(version, format!("{since:.0}"), definition.price().as_ref()));
        }
        let since = kept.iter().find(|kept| kept.version == plan.version);
        let since =
            since.map_or_else(|| "not served yet".to_owned(), |kept| format!("{:.0}, current", kept.since));
        table.add_row(row(&plan.version, since, plan.price.as_ref()));
    }
    say!("{table}");
    for (caller, plan) in assigned {
        say!("{caller} is assigned `{plan}`");
    }
    Ok(())
}

fn as_json(plan: &Plan, kept: &[KeptPlan]) -> Value {
    let definition = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    let kept = kept.iter().map(|kept| {
        json!({ "version": kept.version, "since": kept.since, "definition": definition(kept.definition.text()) })
    });
    json!({
        "name": plan.name,
        "version": plan.version,
        "definition": definition(plan.definition.text()),
        "versions": kept.collect::<Vec<_>>(),
    })
}

/// `EUR: 1000 included, 0.0008 to 100000, then 0.0005; createOrder 0.01`.
fn in_words(price: &Price) -> String {
    let tiers = price.tiers.iter().enumerate().map(|(nth, tier)| match tier.up_to {
        Some(up_to) => format!("{} to {up_to}", tier.unit),
        None if nth == 0 => tier.unit.to_string(),
        None => format!("then {}", tier.unit),
    });
    let included = (price.included > 0).then(|| format!("{} included", price.included));
    let parts: Vec<String> = included.into_iter().chain(tiers).collect();
    let actions = price.actions.iter().map(|(action, unit)| format!("; {action} {unit}"));
    format!("{}: {}{}", price.currency, parts.join(", "), actions.collect::<String>())
}
