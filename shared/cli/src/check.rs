use std::path::PathBuf;

use serde_json::json;

use crate::output::{Exit, Failure, Format, say};
use crate::project::Project;

/// Looks for faults in a project's configuration, policies and contracts, and reports all of them.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  doorward check\n  doorward check shop/doorward.toml --format json\n\nExit codes: 0 no fault, 1 could not run, 3 faults found"
)]
pub(crate) struct Arguments {
    /// The project's folder, or its doorward.toml.
    #[arg(default_value = ".")]
    path: PathBuf,
}

pub(crate) fn run(arguments: &Arguments, format: Format) -> Result<Exit, Failure> {
    let Project { rules, .. } = Project::open(&arguments.path)?;
    let config = rules.config();
    let contracts = config.routes.iter().filter(|route| route.contract.is_some()).count();
    let policies = rules.policies().count();
    let unstated = rules.policies().unstated();
    match format {
        Format::Json => say!(
            "{}",
            json!({
                "faults": [],
                "door": config.door.name,
                "bundle": rules.digest(),
                "routes": config.routes.len(),
                "events": config.events.len(),
                "policies": policies,
                "contracts": contracts,
                "unstated": unstated,
            })
        ),
        Format::Human => {
            say!(
                "no fault in the door `{}`: routes {} ({contracts} with a contract), events {}, policies {policies}",
                config.door.name,
                config.routes.len(),
                config.events.len(),
            );
            for line in unstated {
                say!("note: policies cannot read {line}");
            }
        }
    }
    Ok(Exit::Ok)
}
