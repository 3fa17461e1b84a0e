//! Policies that no call can ever meet.

use std::collections::HashSet;

use cedar_policy::{
    Effect, Policy, PolicyId, PolicySet, Schema, Template, ValidationMode, ValidationResult,
    ValidationWarning, Validator,
};
use doorward_model::Fault;

use crate::files::policy_files::PolicyFiles;
use crate::text::clauses::{ClauseText, Connective, Keyword, clauses};
use crate::text::conditions;

/// How a finding counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Severity {
    Fault,
    Warning,
}

/// What the validator says of a policy that never holds, with the reason where one can be told. A `forbid` that never
/// holds is a lock that does not lock; such a `permit` is only of no use. `None` for a warning of something else.
pub(crate) fn weigh(
    warning: &ValidationWarning,
    files: &PolicyFiles<'_>,
    schema: &Schema,
) -> Option<(Fault, Severity)> {
    if !never_holds(warning) {
        return None;
    }
    let (effect, text) = written(&files.set, warning.policy_id())?;
    let mut fault = files.warning(warning);
    if let Some(reason) = text.and_then(|text| reason(&text, schema)) {
        fault = fault.hint(reason);
    }
    Some((fault, if effect == Effect::Forbid { Severity::Fault } else { Severity::Warning }))
}

/// The warnings of `result`, without that a policy never holds where it is said that its scope applies to no call.
pub(crate) fn once(result: &ValidationResult) -> impl Iterator<Item = &ValidationWarning> {
    let inapplicable =
        |warning: &&ValidationWarning| matches!(warning, ValidationWarning::InvalidActionApplication(_));
    let unmet: HashSet<&PolicyId> =
        result.validation_warnings().filter(inapplicable).map(ValidationWarning::policy_id).collect();
    result.validation_warnings().filter(move |warning| {
        !matches!(warning, ValidationWarning::ImpossiblePolicy(_)) || !unmet.contains(warning.policy_id())
    })
}

fn never_holds(warning: &ValidationWarning) -> bool {
    matches!(warning, ValidationWarning::ImpossiblePolicy(_) | ValidationWarning::InvalidActionApplication(_))
}

fn written(set: &PolicySet, id: &PolicyId) -> Option<(Effect, Option<String>)> {
    let policy = |policy: &Policy| {
        let template = policy.template_id().and_then(|id| set.template(id));
        (policy.effect(), policy.to_cedar().or_else(|| template.map(Template::to_cedar)))
    };
    let template = |template: &Template| (template.effect(), Some(template.to_cedar()));
    set.policy(id).map(policy).or_else(|| set.template(id).map(template))
}

/// Which part of a policy that never holds makes it so: the first that does alone.
fn reason(text: &str, schema: &Schema) -> Option<String> {
    let behind = conditions::of(text);
    let scope = behind.as_ptr().addr().checked_sub(text.as_ptr().addr()).and_then(|end| text.get(..end));
    let scope = scope.filter(|_| !behind.is_empty()).unwrap_or_else(|| text.trim_end().trim_end_matches(';'));
    let validator = Validator::new(schema.clone());
    if is_impossible(&format!("{scope};"), &validator) {
        return Some("no action takes such a principal on such a resource".to_owned());
    }
    for ClauseText { keyword, connective, parts } in clauses(text) {
        let (word, verdict) = match (keyword, connective, parts.len()) {
            (Keyword::When, Connective::And, _) | (Keyword::When, Connective::Or, 1) => {
                ("when", "never holds")
            }
            (Keyword::Unless, Connective::Or, _) | (Keyword::Unless, Connective::And, 1) => {
                ("unless", "always holds")
            }
            _ => continue,
        };
        for part in parts.into_iter().filter_map(|part| text.get(part)) {
            if is_impossible(&format!("{scope} {word} {{ {part} }};"), &validator) {
                let part = conditions::one_line(part);
                return Some(format!("`{part}` {verdict}"));
            }
        }
    }
    None
}

fn is_impossible(text: &str, validator: &Validator) -> bool {
    let mut set = PolicySet::new();
    let added = match Policy::parse(None, text) {
        Ok(policy) => set.add(policy),
        Err(_) => match Template::parse(None, text) {
            Ok(template) => set.add_template(template),
            Err(_) => return false,
        },
    };
    let result = validator.validate(&set, ValidationMode::Strict);
    added.is_ok() && result.validation_passed() && result.validation_warnings().any(never_holds)
}
