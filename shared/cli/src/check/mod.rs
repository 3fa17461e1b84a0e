mod authorizer;
mod opened;

use std::path::PathBuf;

use doorward_config::{Config, OnDeny};
use doorward_model::{EventKind, Fault, Faults, Front, FrontKind};
use serde_json::{Value, json};

use self::authorizer::AuthorizerProof;
use self::opened::of_opened_messages;
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
    let ran = Suite::open(&arguments.path)?.run()?;
    let failures = ran.failures();
    let notes = Notes::of(&ran);
    match format {
        Format::Json => say!("{}", as_json(&ran, &failures, &notes)),
        Format::Human if failures.0.is_empty() => {
            say!("{}", summary(&ran));
            if let Some(proof) = AuthorizerProof::of(ran.project.rules.config()) {
                proof.tell();
            }
            notes.tell(!ran.tests.is_empty());
        }
        Format::Human => {
            faults::render(&failures, &ran.project.sources);
            notes.tell(!ran.tests.is_empty());
        }
    }
    Ok(if failures.0.is_empty() { Exit::Ok } else { Exit::Invalid })
}

/// What is no fault and is told beside the faults.
struct Notes {
    warnings: Vec<Fault>,
    uncovered: Vec<String>,
    unstated: Vec<String>,
    /// Routes of which an authorizer can prove no caller.
    unauthorizable: Vec<String>,
    /// Events of messages that others open, and where these come from.
    opened: Vec<(String, Vec<Front>)>,
    /// Events of streams that go back to their shard where they are refused.
    holding: Vec<String>,
}

impl Notes {
    fn of(Ran { project, report, .. }: &Ran) -> Self {
        let policies = project.rules.policies();
        let warning = |warning| faults::from_here(warning, &project.sources);
        Self {
            warnings: policies.warnings().iter().chain(project.rules.contract_notes()).map(warning).collect(),
            uncovered: report.uncovered.iter().map(|policy| policy.id.clone()).collect(),
            unstated: policies.unstated().iter().map(ToString::to_string).collect(),
            unauthorizable: unauthorizable(project.rules.config()),
            opened: of_opened_messages(project.rules.config()),
            holding: holding(project.rules.config()),
        }
    }

    fn tell(&self, tested: bool) {
        for warning in &self.warnings {
            say!("note: {warning}");
        }
        // Who has no tests has said so by having none.
        for id in self.uncovered.iter().filter(|_| tested) {
            say!("note: no policy test covers `{id}`");
        }
        for line in &self.unstated {
            say!("note: policies cannot read {line}");
        }
        for (id, fronts) in &self.opened {
            let fronts: Vec<String> = fronts.iter().map(|front| format!("`{front}`")).collect();
            say!(
                "note: no message that can be read matches the event `{id}`: another event's `through` opens those of {}",
                fronts.join(", ")
            );
        }
        for id in &self.holding {
            say!(
                "note: a refused event `{id}` holds its shard up until it expires there, as its `on_deny` is `fail`: set `MaximumRetryAttempts` of the stream's mapping"
            );
        }
        for route in &self.unauthorizable {
            say!(
                "note: leave `{route}` without the authorizer: it is given no body, which a webhook's signature covers"
            );
        }
    }
}

/// Routes that take webhooks, where a front that has an authorizer may send.
fn unauthorizable(config: &Config) -> Vec<String> {
    let has_authorizer = |front: &Front| {
        matches!(front.kind, FrontKind::RestApi | FrontKind::HttpApi | FrontKind::WebSocketApi)
    };
    if !config.fronts.iter().any(has_authorizer) {
        return Vec::new();
    }
    let routes = config.routes.iter().filter(|route| route.takes_webhooks());
    routes.map(|route| route.matched.to_string()).collect()
}

/// Events of streams that are sent back where they are refused: what is behind one in its shard waits for as long as it is tried
/// again, which without `MaximumRetryAttempts` is until it expires
/// (<https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html>).
fn holding(config: &Config) -> Vec<String> {
    let of_stream = |kind: EventKind| matches!(kind, EventKind::Kinesis | EventKind::DynamoDb);
    let holding = config.events.iter().filter(|rule| of_stream(rule.source) && rule.on_deny == OnDeny::Fail);
    holding.map(|rule| rule.id.clone()).collect()
}

fn contracts(config: &Config) -> usize {
    config.routes.iter().filter(|route| route.contract.is_some()).count()
}

fn summary(Ran { project, tests, .. }: &Ran) -> String {
    let (config, policies) = (project.rules.config(), project.rules.policies());
    let candidates = policies.candidate_count();
    let candidates = candidates.map_or_else(String::new, |count| format!(", candidates {count}"));
    format!(
        "no fault in the door `{}`: routes {} ({} with a contract), events {}, policies {}, policy tests {}{candidates}",
        config.door.name,
        config.routes.len(),
        contracts(config),
        config.events.len(),
        policies.count(),
        tests.len(),
    )
}

fn as_json(Ran { project, tests, .. }: &Ran, failures: &Faults, notes: &Notes) -> Value {
    let (config, policies) = (project.rules.config(), project.rules.policies());
    let mut told = faults::as_json(failures, &project.sources);
    let more = json!({
        "door": config.door.name,
        "bundle": project.rules.digest(),
        "routes": config.routes.len(),
        "events": config.events.len(),
        "policies": policies.count(),
        "candidates": policies.candidate_count(),
        "contracts": contracts(config),
        "tests": tests.len(),
        "uncovered": notes.uncovered,
        "warnings": notes.warnings.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "unstated": notes.unstated,
        "without_authorizer": notes.unauthorizable,
        "opened": notes.opened.iter().map(|(id, _)| id).collect::<Vec<_>>(),
        "holding_shards": notes.holding,
        "authorizer": AuthorizerProof::of(config).map(|proof| proof.as_json()),
    });
    if let (Value::Object(told), Value::Object(more)) = (&mut told, more) {
        told.extend(more);
    }
    told
}
