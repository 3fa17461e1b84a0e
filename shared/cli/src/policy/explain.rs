use std::path::{Path, PathBuf};

use clap::ArgGroup;
use doorward_aws::LedgerReader;
use doorward_config::{Durability, Placed, Sample, SampleCall, parse_policy_sample};
use doorward_core::Rehearsed;
use doorward_model::{Effect, EntityName, Fault, Faults, ParseEntityError, Place};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::entrance::{enter, read};
use super::recorded::Recorded;
use super::showing;
use crate::clients::is_local;
use crate::emit::read_event;
use crate::endpoint::{Dynamodb, Lambda};
use crate::explanation::{Explanation, Lines};
use crate::output::{Exit, Failure, Format, say};
use crate::project::Project;

/// Says why a call was decided so, or why a sample would be: the policies that determine it, and which part of the
/// others does not hold.
#[derive(clap::Args)]
#[command(group(ArgGroup::new("subject").args(["call", "file"]).required(true)))]
#[command(after_help = "\
Examples:
  doorward policy explain 59eab6c4-bc95-4f1c-92fc-8dfb5adcae36
  doorward policy explain 59eab6c4-bc95-4f1c-92fc-8dfb5adcae36 --blocks
  doorward policy explain --file sample.toml
  doorward policy explain --file request.json --principal 'User::\"alice\"' --group customers

A call is read from the ledger, and from the log of a local door; the endpoints are those of the local door unless
given. A sample is a policy test without name and expectations, or an event as its source sends it.

Exit codes: 0 allow, 1 could not run or unknown, 2 deny, 3 invalid input")]
pub(crate) struct Arguments {
    /// The call's id, or the request id that its caller was given.
    call: Option<String>,
    /// Look for the call in blocks, too, where calls of `durability = "batched"` stand: reads the whole ledger.
    #[arg(long, requires = "call")]
    blocks: bool,
    /// A sample: TOML as in a policy test, or JSON as the platform hands it over.
    #[arg(long)]
    file: Option<PathBuf>,
    /// Who calls, for a request in JSON: taken at their word.
    #[arg(long, requires = "file", value_parser = entity)]
    principal: Option<EntityName>,
    /// A group that the caller is in.
    #[arg(long = "group", requires = "principal")]
    groups: Vec<String>,
    /// The project's folder, or its doorward.toml.
    #[arg(long, default_value = ".")]
    path: PathBuf,
    #[command(flatten)]
    dynamodb: Dynamodb,
    #[command(flatten)]
    lambda: Lambda,
}

fn entity(text: &str) -> Result<EntityName, ParseEntityError> {
    text.parse()
}

pub(crate) async fn run(arguments: Arguments, format: Format) -> Result<Exit, Failure> {
    let project = Project::open(&arguments.path)?;
    match (&arguments.file, &arguments.call) {
        (Some(file), _) => explain_sample(project, file, &arguments, format),
        (None, Some(id)) => explain_call(&project, id, &arguments, format).await,
        (None, None) => Err(Failure::usage("neither a call nor a sample is named")),
    }
}

async fn explain_call(
    project: &Project,
    id: &str,
    arguments: &Arguments,
    format: Format,
) -> Result<Exit, Failure> {
    let clients = arguments.dynamodb.clients()?;
    let ledger = LedgerReader::new(&clients, &project.rules.config().door.table);
    let lines = match is_local(arguments.lambda.url()) {
        true => Lines::Of(arguments.lambda.url()),
        false => Lines::None,
    };
    let away =
        |failure: Failure| failure.hint("is the door running? `--dynamodb-url` says where its ledger is");
    let mut found = Explanation::read(&lines, &ledger, id).await.map_err(away)?;
    if arguments.blocks {
        found.read_blocks(&ledger, id).await.map_err(away)?;
    }
    let recorded = Recorded::of(&found);
    if recorded.is_none() && found.gateway.is_none() && found.unread {
        let log = arguments.lambda.url();
        let message =
            format!("the ledger knows nothing of the call `{id}`, and the log at {log} could not be reached");
        return Err(Failure::new(message).hint(
            "`--lambda-url` says where the Invoke API of a local door is, which knows its functions' lines",
        ));
    }
    if recorded.is_none() && found.gateway.is_none() {
        let batched = project
            .rules
            .config()
            .routes
            .iter()
            .any(|route| route.durability == Durability::Batched || route.cloudevents.is_some());
        let hint = if batched && !arguments.blocks {
            "calls of `durability = \"batched\"` stand in blocks: `--blocks` reads them all"
        } else {
            "refusals of callers who are not known leave a line in the function's log and no row in the ledger"
        };
        return Err(Failure::new(format!("nothing is known of the call `{id}`")).hint(hint));
    }
    let changed = recorded.as_ref().and_then(|recorded| recorded.text("bundle"));
    let changed = changed.map(|bundle| bundle != project.rules.short_digest());
    let named = |name| recorded.as_ref().map(|recorded| recorded.ids(name)).unwrap_or_default();
    let (policies, errors) = (named("policies"), named("errors"));
    let text = |ids: &[&str]| ids.iter().map(|id| showing::text_as_json(project, id)).collect::<Vec<_>>();
    match format {
        Format::Json => say!(
            "{}",
            json!({
                "call": recorded.as_ref().map(Recorded::as_json),
                "gateway": found.gateway,
                "policies": text(&policies),
                "errors": text(&errors),
                "changed": changed,
            })
        ),
        Format::Human => {
            match &recorded {
                Some(recorded) => {
                    say!("call {}", recorded.text("call").unwrap_or(id));
                    recorded.lines().iter().for_each(|line| say!("  {line}"));
                }
                None => found.lines().iter().for_each(|line| say!("{line}")),
            }
            if changed == Some(true) {
                say!(
                    "  note: the project or the door's version has changed since: what follows is as it is now"
                );
            }
            show_policies(project, "determined by", &policies);
            show_policies(project, "not evaluated", &errors);
        }
    }
    let allowed =
        recorded.as_ref().and_then(|recorded| recorded.text("effect")) == Some(Effect::Allow.word());
    Ok(if allowed { Exit::Ok } else { Exit::Different })
}

fn explain_sample(
    mut project: Project,
    file: &Path,
    arguments: &Arguments,
    format: Format,
) -> Result<Exit, Failure> {
    let name = file.display().to_string();
    let text = String::from_utf8(read_event(file)?)
        .map_err(|_| Failure::new(format!("cannot read `{name}`: it is not UTF-8")))?;
    project.sources.given = vec![(name.clone(), text.clone())];
    let rehearsed = match name.ends_with(".json") {
        true => rehearse_envelope(&project, &name, &text, arguments),
        false if arguments.principal.is_some() => {
            return Err(Failure::usage("`--principal` is for a request in JSON")
                .hint("a sample in TOML states its own `principal`"));
        }
        false => match parse_policy_sample(&name, &text) {
            Ok(sample) => {
                project.read_beside()?;
                let beside = &project.sources.beside;
                project.rules.rehearse(&sample, &|sample| enter(beside, project.rules.openings(), sample))
            }
            Err(faults) => Err(faults),
        },
    };
    let rehearsed = match rehearsed {
        Ok(rehearsed) => rehearsed,
        Err(faults) => return Err(project.invalid(faults)),
    };
    match format {
        Format::Json => say!("{}", as_json(&project, &rehearsed)),
        Format::Human => show(&project, &rehearsed),
    }
    let effect = rehearsed.decision.as_ref().map(|decision| decision.note.effect);
    Ok(if effect == Some(Effect::Allow) { Exit::Ok } else { Exit::Different })
}

/// An event as the platform hands it over, as if it came in now.
fn rehearse_envelope(
    project: &Project,
    name: &str,
    text: &str,
    arguments: &Arguments,
) -> Result<Rehearsed, Faults> {
    let place = || Place::new(name, text, 0..0);
    let principal = arguments.principal.clone();
    let sample = Sample {
        principal: principal.map(|value| Placed { value, place: place() }),
        groups: arguments.groups.clone(),
        parents: Vec::new(),
        claims: None,
        attributes: None,
        item: None,
        at: Timestamp::now(),
        call: SampleCall::Envelope(Placed { value: name.to_owned(), place: place() }),
    };
    let enter = |sample: &Sample| {
        read(text.as_bytes(), project.rules.openings(), sample.at).map_err(|fault: Fault| fault.at(place()))
    };
    project.rules.rehearse(&sample, &enter)
}

fn show(project: &Project, rehearsed: &Rehearsed) {
    let decision = rehearsed.decision.as_ref();
    match (&rehearsed.refusal, decision.and_then(|decision| decision.deny.as_ref())) {
        (None, _) => say!("allow"),
        (Some(_), Some(reason)) => say!("deny: {reason}"),
        (Some(refusal), None) => match decision {
            Some(_) => say!("allow, but refused as {}", refusal.code()),
            None => say!("refused before the policies are asked: {}", refusal.code()),
        },
    }
    if let Some(doorward_model::Refusal::Contract(violations)) = &rehearsed.refusal {
        for violation in violations {
            say!("  contract  {} {}: {}", violation.part, violation.pointer, violation.rule);
        }
    } else if let (Some(cause), None) =
        (rehearsed.refusal.as_ref().and_then(doorward_model::Refusal::cause), decision)
    {
        say!("  because   {cause}");
    }
    let names = [rehearsed.caller.as_ref(), rehearsed.resource.as_ref()];
    let [caller, resource] = names.map(|name| name.map_or_else(|| "-".to_owned(), ToString::to_string));
    let trust = rehearsed.trust.map(|level| format!(" ({level})")).unwrap_or_default();
    say!("  caller    {caller}{trust}");
    say!("  action    {} on {resource}", rehearsed.action.as_deref().unwrap_or("-"));
    let Some(decision) = decision else { return };
    show_policies(project, "determined by", &decision.note.policies);
    show_policies(project, "not evaluated", &decision.note.errors);
    if let Some(explanation) = &rehearsed.explanation {
        let lines = showing::applied(project, explanation);
        say!(
            "\n{}",
            if lines.is_empty() { "no policy's scope applies" } else { "policies whose scope applies:" }
        );
        lines.iter().for_each(|line| say!("  {line}"));
    }
}

fn show_policies(project: &Project, label: &str, ids: &[impl AsRef<str>]) {
    for id in ids {
        let mut lines = showing::text(project, id.as_ref()).into_iter();
        say!("\n{label} {}", lines.next().unwrap_or_default());
        lines.for_each(|line| say!("{line}"));
    }
}

fn as_json(project: &Project, rehearsed: &Rehearsed) -> Value {
    let decision = rehearsed.decision.as_ref();
    let text = |ids: &[String]| ids.iter().map(|id| showing::text_as_json(project, id)).collect::<Vec<_>>();
    json!({
        "caller": rehearsed.caller,
        "trust": rehearsed.trust,
        "action": rehearsed.action,
        "resource": rehearsed.resource,
        "effect": decision.map(|decision| decision.note.effect),
        "reason": decision.and_then(|decision| decision.deny.as_ref()).map(|reason| reason.word()),
        "code": rehearsed.refusal.as_ref().map(doorward_model::Refusal::code),
        "policies": decision.map(|decision| text(&decision.note.policies)),
        "errors": decision.map(|decision| text(&decision.note.errors)),
        "applicable": rehearsed.explanation.as_ref().map(|it| showing::applied_as_json(project, it)),
    })
}
