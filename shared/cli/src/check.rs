use std::path::PathBuf;

use doorward_model::Fault;
use serde_json::json;

use crate::faults;
use crate::output::{Exit, Failure, Format, say};
use crate::policy::suite::{Ran, Suite};

/// Looks for faults in a project's configuration, policies, contracts and policy tests, and reports all of them; runs the
/// policy tests.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  doorward check\n  doorward check shop/doorward.toml --format json\n\nExit codes: 0 no fault, 1 could not run, 3 invalid input, or a policy test fails"
)]
pub(crate) struct Arguments {
    /// The project's folder, or its doorward.toml.
    #[arg(default_value = ".")]
    path: PathBuf,
}

pub(crate) fn run(arguments: &Arguments, format: Format) -> Result<Exit, Failure> {
    let Ran { project, tests, report } = Suite::open(&arguments.path)?.run()?.passed()?;
    let rules = &project.rules;
    let config = rules.config();
    let contracts = config.routes.iter().filter(|route| route.contract.is_some()).count();
    let policies = rules.policies().count();
    let candidates = rules.policies().candidate_count();
    let unstated = rules.policies().unstated();
    let warnings = rules.policies().warnings();
    let warnings: Vec<Fault> =
        warnings.iter().map(|warning| faults::from_here(warning, &project.sources)).collect();
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
                "candidates": candidates,
                "contracts": contracts,
                "tests": tests.len(),
                "uncovered": report.uncovered.iter().map(|policy| &policy.id).collect::<Vec<_>>(),
                "warnings": warnings.iter().map(ToString::to_string).collect::<Vec<_>>(),
                "unstated": unstated,
            })
        ),
        Format::Human => {
            let candidates = candidates.map_or_else(String::new, |count| format!(", candidates {count}"));
            say!(
                "no fault in the door `{}`: routes {} ({contracts} with a contract), events {}, policies {policies}, policy tests {}{candidates}",
                config.door.name,
                config.routes.len(),
                config.events.len(),
                tests.len(),
            );
            for warning in &warnings {
                say!("note: {warning}");
            }
            // Who has no tests has said so by having none.
            for policy in report.uncovered.iter().filter(|_| !tests.is_empty()) {
                say!("note: no policy test covers `{}`", policy.id);
            }
            for line in unstated {
                say!("note: policies cannot read {line}");
            }
        }
    }
    Ok(Exit::Ok)
}
