use std::path::PathBuf;

use doorward_config::suggest;
use doorward_model::entity_type::GROUP;
use doorward_model::{EntityName, ParseEntityError, Principal};
use doorward_policy::{Grant, Grounds, Policies};
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
    /// What else its credentials put it in: `AwsOrganization::"o-…"`.
    #[arg(long = "in", value_name = "ENTITY", value_parser = entity)]
    parents: Vec<EntityName>,
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
    hold(arguments, rules.policies())?;
    let groups = arguments.groups.iter().map(|group| EntityName::new(GROUP, group));
    let principal = Principal {
        name: arguments.principal.clone(),
        parents: groups.chain(arguments.parents.iter().cloned()).collect(),
        ..Principal::anonymous()
    };
    let principal = rules.place(&principal).map_err(|fault| {
        Failure::usage(fault.to_string()).hint(
            "roles are `arn:aws:iam::ACCOUNT:role/NAME`, without their path; users are named by their ARN",
        )
    })?;
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

/// Nothing is permitted to what does not exist, and nobody should read that as an answer.
fn hold(arguments: &Arguments, policies: &Policies) -> Result<(), Failure> {
    let Arguments { principal, groups, parents, action, .. } = arguments;
    let types = policies.principal_types();
    if !types.contains(&principal.type_name) {
        let message = format!("no action has a principal of the type `{}`", principal.type_name);
        return Err(suggesting(message, &principal.type_name, types.iter().map(String::as_str)));
    }
    if let Some(group) = groups.first()
        && !policies.may_be_in(&principal.type_name, GROUP)
    {
        let message = format!("{principal} cannot be in the group `{group}`");
        let others: Vec<String> = types
            .iter()
            .filter(|name| policies.may_be_in(name, GROUP))
            .map(|name| format!("`{name}`"))
            .collect();
        let failure = Failure::usage(message);
        return Err(match others.as_slice() {
            [] => failure,
            others => failure.hint(format!("principals in groups are of the type {}", others.join(", "))),
        });
    }
    let type_name = &principal.type_name;
    if let Some(parent) = parents.iter().find(|parent| !policies.may_be_in(type_name, &parent.type_name)) {
        return Err(Failure::usage(format!("{principal} cannot be in {parent}")));
    }
    match action {
        Some(action) if !policies.actions().contains(&action.as_str()) => {
            let message = format!("no route and no event is named `{action}`");
            Err(suggesting(message, action, policies.actions()))
        }
        _ => Ok(()),
    }
}

fn suggesting<'k>(message: String, word: &str, known: impl IntoIterator<Item = &'k str>) -> Failure {
    let failure = Failure::usage(message);
    match suggest(word, known) {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
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
