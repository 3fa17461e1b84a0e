use std::path::PathBuf;

use doorward_model::entity_type::GROUP;
use doorward_model::{EntityName, ParseEntityError, Principal};
use doorward_policy::{Grant, Grounds};
use serde_json::{Map, Value, json};

use crate::output::{Exit, Failure, Format, say};
use crate::project::Project;

/// Lists what a principal may do, and under which conditions, without asking for any one call.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  doorward policy can 'User::\"alice\"' --group customers
  doorward policy can 'EventSource::\"bucket:receipts\"' --format json

Conditions are listed and not evaluated: what they read is known only when a call comes.

Exit codes: 0 something may be permitted, 1 could not run, 2 nothing, 3 invalid input")]
pub(crate) struct Arguments {
    /// Who: as policies write it.
    #[arg(value_parser = entity)]
    principal: EntityName,
    /// A group that it is in.
    #[arg(long = "group")]
    groups: Vec<String>,
    /// Only this action.
    #[arg(long)]
    action: Option<String>,
    /// The project's folder, or its doorward.toml.
    #[arg(long, default_value = ".")]
    path: PathBuf,
}

fn entity(text: &str) -> Result<EntityName, ParseEntityError> {
    text.parse()
}

pub(crate) fn run(arguments: &Arguments, format: Format) -> Result<Exit, Failure> {
    let Project { rules, .. } = Project::open(&arguments.path)?;
    if let Some(action) = &arguments.action
        && !rules.policies().actions().contains(&action.as_str())
    {
        return Err(Failure::new(format!("no route and no event is named `{action}`"))
            .hint("`doorward policy schema` lists the actions"));
    }
    let principal = Principal {
        name: arguments.principal.clone(),
        parents: arguments.groups.iter().map(|group| EntityName::new(GROUP, group)).collect(),
        ..Principal::anonymous()
    };
    let mut grants = rules.can(&principal);
    grants.retain(|grant| arguments.action.as_ref().is_none_or(|action| grant.action == *action));
    match format {
        Format::Json => {
            say!(
                "{}",
                json!({ "principal": principal.name, "may": grants.iter().map(as_json).collect::<Vec<_>>() })
            );
        }
        Format::Human => {
            let lines = lines(&principal, &grants);
            lines.iter().for_each(|line| say!("{line}"));
        }
    }
    Ok(if grants.iter().any(|grant| grant.void_by().is_none()) { Exit::Ok } else { Exit::Different })
}

/// What `principal` may do, an action and resource at a time.
pub(crate) fn lines(principal: &Principal, grants: &[Grant]) -> Vec<String> {
    if grants.is_empty() {
        return vec![format!("{} may do nothing: no policy's scope permits it anything", principal.name)];
    }
    let mut lines = vec![format!("{} may, where the conditions hold:", principal.name)];
    let mut last = None;
    for grant in grants {
        let subject = format!("  {} on {}", grant.action, grant.resource);
        if last.as_ref() != Some(&subject) {
            lines.push(subject.clone());
            last = Some(subject);
        }
        lines.push(format!("    by {}", grounds(&grant.permit)));
        match grant.void_by() {
            Some(policy) => lines.push(format!("      never: {policy} forbids it always")),
            None => lines.extend(
                grant
                    .forbids
                    .iter()
                    .map(|(forbid, reach)| format!("      not by {} on {reach}", grounds(forbid))),
            ),
        }
    }
    lines
}

/// `limit when { context.input.total <= 10 }`.
fn grounds(Grounds { policy, condition }: &Grounds) -> String {
    std::iter::once(policy).chain(condition).map(String::as_str).collect::<Vec<_>>().join(" ")
}

fn as_json(grant: &Grant) -> Value {
    let grounds = |it: &Grounds| {
        Map::from_iter([
            ("policy".to_owned(), json!(it.policy)),
            ("condition".to_owned(), json!(it.condition)),
        ])
    };
    let forbid = |(it, reach): &(Grounds, doorward_policy::Reach)| {
        let mut forbid = grounds(it);
        forbid.insert("resource".to_owned(), json!(reach.to_string()));
        Value::Object(forbid)
    };
    json!({
        "action": grant.action,
        "resource": grant.resource.to_string(),
        "permit": grounds(&grant.permit),
        "forbids": grant.forbids.iter().map(forbid).collect::<Vec<_>>(),
        "void_by": grant.void_by(),
    })
}
