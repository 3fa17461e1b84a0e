use doorward_config::{Sample, SampleCall};
use doorward_core::Rehearsed;
use doorward_model::{AuthFault, Place, Refusal};
use doorward_policy::{Applied, Clause, Explanation, Holds, Keyword, Part, PolicyEffect};
use serde_json::{Value, json};

use crate::project::Project;

/// A place as an editor opens it: `policies/orders.cedar:2`.
pub(crate) fn at(project: &Project, place: &Place) -> String {
    format!("{}:{}", project.sources.path(&place.file), place.line)
}

/// Where a policy stands.
pub(crate) fn place(project: &Project, id: &str) -> Option<String> {
    project.rules.policies().source(id).map(|source| at(project, &source.place))
}

/// A policy by its id, with its place and its text.
pub(crate) fn text(project: &Project, id: &str) -> Vec<String> {
    let Some(source) = project.rules.policies().source(id) else {
        return vec![format!("{id}: the project has no such policy now")];
    };
    let mut lines = vec![format!("{id} at {}", at(project, &source.place))];
    lines.extend(source.text.lines().map(|line| format!("  {line}")));
    lines
}

/// The same for programs.
pub(crate) fn text_as_json(project: &Project, id: &str) -> Value {
    let source = project.rules.policies().source(id);
    json!({
        "id": id,
        "file": source.as_ref().map(|source| project.sources.path(&source.place.file)),
        "line": source.as_ref().map(|source| source.place.line),
        "text": source.map(|source| source.text),
    })
}

/// Why a call was refused before the policies were asked.
pub(crate) fn refused_before(sample: &Sample, rehearsed: &Rehearsed) -> Option<String> {
    let refusal = rehearsed.refusal.as_ref().filter(|_| rehearsed.decision.is_none())?;
    let cause = match (refusal, &sample.call) {
        (Refusal::NotFound, SampleCall::Request(request)) => Some(match &request.route_key {
            Some(key) => format!("no route takes the route key `{key}`"),
            None => format!("no route matches `{} {}`", request.method, request.path),
        }),
        (Refusal::NotFound, _) => Some("no route and no event of the configuration takes it".to_owned()),
        (Refusal::MethodNotAllowed { .. }, SampleCall::Request(request)) => {
            Some(format!("no route of `{}` has the method `{}`", request.path, request.method))
        }
        (Refusal::Unauthenticated(AuthFault::Missing), _) => {
            Some("the sample names no `principal`, and the route takes nobody without a token".to_owned())
        }
        _ => refusal.cause(),
    };
    let code = refusal.code();
    Some(cause.map_or_else(|| code.to_owned(), |cause| format!("{code}: {cause}")))
}

/// What became of each policy whose scope applies, part by part.
pub(crate) fn applied(project: &Project, explanation: &Explanation) -> Vec<String> {
    let mut lines = Vec::new();
    for policy in &explanation.applicable {
        let Applied { id, effect, place, holds, clauses } = policy;
        let at = place.as_ref().map(|place| format!(" at {}", at(project, place))).unwrap_or_default();
        let became = match holds {
            Holds::Yes => "holds".to_owned(),
            Holds::No => "does not hold".to_owned(),
            Holds::Error(cause) => format!("cannot be evaluated: {cause}"),
            Holds::NotReached => "is not looked at".to_owned(),
            Holds::Open => "is left open: it reads the payload".to_owned(),
        };
        lines.push(format!("{} {id}{at} {became}", effect_word(*effect)));
        for clause in clauses {
            lines.extend(clause.parts.iter().map(|part| part_line(clause.keyword, part)));
        }
    }
    lines
}

/// The same for programs.
pub(crate) fn applied_as_json(project: &Project, explanation: &Explanation) -> Value {
    let part = |part: &Part| json!({ "text": part.text, "line": part.line, "holds": word(&part.holds), "error": error(&part.holds) });
    let clause = |clause: &Clause| json!({ "keyword": keyword(clause.keyword), "parts": clause.parts.iter().map(part).collect::<Vec<_>>() });
    let policy = |policy: &Applied| {
        json!({
            "id": policy.id,
            "file": policy.place.as_ref().map(|place| project.sources.path(&place.file)),
            "line": policy.place.as_ref().map(|place| place.line),
            "effect": effect_word(policy.effect),
            "holds": word(&policy.holds),
            "error": error(&policy.holds),
            "clauses": policy.clauses.iter().map(clause).collect::<Vec<_>>(),
        })
    };
    explanation.applicable.iter().map(policy).collect()
}

fn part_line(of: Keyword, part: &Part) -> String {
    let holds = match &part.holds {
        Holds::Error(_) => "error",
        Holds::NotReached => "-",
        holds => word(holds),
    };
    format!("  line {:<4} {:<6}  {holds:<5}  {}", part.line, keyword(of), one_line(&part.text))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn effect_word(effect: PolicyEffect) -> &'static str {
    match effect {
        PolicyEffect::Permit => "permit",
        PolicyEffect::Forbid => "forbid",
    }
}

fn keyword(keyword: Keyword) -> &'static str {
    match keyword {
        Keyword::When => "when",
        Keyword::Unless => "unless",
    }
}

fn word(holds: &Holds) -> &'static str {
    match holds {
        Holds::Yes => "true",
        Holds::No => "false",
        Holds::Error(_) => "error",
        Holds::NotReached => "not-reached",
        Holds::Open => "open",
    }
}

fn error(holds: &Holds) -> Option<&String> {
    match holds {
        Holds::Error(cause) => Some(cause),
        _ => None,
    }
}
