use cedar_policy::{
    ActionConstraint, AuthorizationError, Authorizer, Effect, Entities, EntityTypeName, EntityUid, Policy,
    PolicyId, PolicySet, PrincipalConstraint, ResourceConstraint,
};

use crate::clauses::{self, ClauseText, Keyword, Link};
use crate::compile::Policies;
use crate::decide::Asked;
use crate::input_reads;
use crate::question::{Decision, Question};

/// A decision, and what every policy that could have had a part in it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// What [`Policies::decide`] says.
    pub decision: Decision,
    /// The policies whose scope applies, in the order of files and lines; none where the question does not fit the
    /// schema, as no policy sees it then.
    pub applicable: Vec<Applied>,
}

/// A policy whose scope — principal, action and resource — applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The policy's id.
    pub id: String,
    /// What it says.
    pub effect: PolicyEffect,
    /// Whether its conditions hold.
    pub holds: Holds,
    /// Its conditions, in order; none where it has none, or where it is left open.
    pub clauses: Vec<Clause>,
}

/// What a policy says where it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are Cedar's own")]
pub enum PolicyEffect {
    Permit,
    Forbid,
}

/// What became of a condition or of a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holds {
    /// It is true.
    Yes,
    /// It is false.
    No,
    /// It cannot be evaluated: what Cedar says of it.
    Error(String),
    /// What stands before it has decided, so it is not looked at.
    NotReached,
    /// It reads the input, which is not known.
    Open,
}

/// One `when` or `unless`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// How it counts.
    pub keyword: Keyword,
    /// What joins its parts.
    pub link: Link,
    /// Its parts, in order.
    pub parts: Vec<Part>,
}

/// A part of a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// As the user wrote it.
    pub text: String,
    /// The line of the policy's file on which it begins.
    pub line: usize,
    /// Whether it is true.
    pub holds: Holds,
}

impl Policies {
    /// Decides `question`, and says of every policy whose scope applies what became of its conditions. It looks at every
    /// policy, so it is no way to decide calls.
    #[must_use]
    pub fn explain(&self, question: &Question<'_>) -> Explanation {
        let decision = self.decide(question);
        let Ok(asked) = self.asked(question) else { return Explanation { decision, applicable: Vec::new() } };
        let applies = |id: &&str| self.policy(id).is_some_and(|policy| applies(policy, &asked));
        let applicable = self.ids().into_iter().filter(applies).filter_map(|id| self.applied(id, &asked));
        Explanation { decision, applicable: applicable.collect() }
    }

    /// The ids of the policies whose scope applies to `question`, in the order of files and lines.
    #[must_use]
    pub fn applicable(&self, question: &Question<'_>) -> Vec<&str> {
        let Ok(asked) = self.asked(question) else { return Vec::new() };
        let applies = |id: &&str| self.policy(id).is_some_and(|policy| applies(policy, &asked));
        self.ids().into_iter().filter(applies).collect()
    }

    fn policy(&self, id: &str) -> Option<&Policy> {
        self.whole.policy(&PolicyId::new(id))
    }

    fn applied(&self, id: &str, asked: &Asked) -> Option<Applied> {
        let policy = self.policy(id)?;
        let effect = match policy.effect() {
            Effect::Permit => PolicyEffect::Permit,
            Effect::Forbid => PolicyEffect::Forbid,
        };
        let applied = |holds, clauses| Some(Applied { id: id.to_owned(), effect, holds, clauses });
        if asked.without_input && input_reads::reads(policy) {
            return applied(Holds::Open, Vec::new());
        }
        let text = policy.to_cedar()?;
        let line = self.origins.place(id).map_or(1, |place| place.line);
        let mut reached = true;
        let clauses = clauses::clauses(&text)
            .into_iter()
            .map(|clause| look(&clause, &text, line, asked, &mut reached))
            .collect();
        applied(holds(policy.clone(), asked), clauses)
    }
}

/// The parts of a clause; `reached` becomes false where nothing behind it is looked at.
fn look(clause: &ClauseText, text: &str, line: usize, asked: &Asked, reached: &mut bool) -> Clause {
    let mut value = Holds::NotReached;
    let mut open = *reached;
    let parts = clause.parts.iter().map(|span| {
        let part = text.get(span.clone()).unwrap_or_default();
        let before = text.get(..span.start).unwrap_or_default();
        let found = if open { condition(part, asked) } else { Holds::NotReached };
        if open {
            open = matches!((clause.link, &found), (Link::And, Holds::Yes) | (Link::Or, Holds::No));
            value = found.clone();
        }
        Part { text: part.to_owned(), line: line + before.matches('\n').count(), holds: found }
    });
    let parts = parts.collect();
    let kept = matches!((clause.keyword, &value), (Keyword::When, Holds::Yes) | (Keyword::Unless, Holds::No));
    *reached = *reached && kept;
    Clause { keyword: clause.keyword, link: clause.link, parts }
}

/// Whether an expression of a policy that Cedar has read is true.
fn condition(expression: &str, asked: &Asked) -> Holds {
    // A comment may end it.
    let text = format!("permit (principal, action, resource) when {{\n{expression}\n}};");
    match Policy::parse(None, text) {
        Ok(policy) => holds(policy, asked),
        Err(error) => Holds::Error(error.to_string()),
    }
}

/// Whether one policy is satisfied, whatever its effect.
fn holds(policy: Policy, asked: &Asked) -> Holds {
    let mut alone = PolicySet::new();
    if let Err(error) = alone.add(policy) {
        return Holds::Error(error.to_string());
    }
    let response = Authorizer::new().is_authorized(&asked.request, &alone, &asked.entities);
    let diagnostics = response.diagnostics();
    if let Some(AuthorizationError::PolicyEvaluationError(error)) = diagnostics.errors().next() {
        return Holds::Error(error.inner().to_string());
    }
    if diagnostics.reason().next().is_some() { Holds::Yes } else { Holds::No }
}

fn applies(policy: &Policy, Asked { request, entities, .. }: &Asked) -> bool {
    let (Some(principal), Some(action), Some(resource)) =
        (request.principal(), request.action(), request.resource())
    else {
        return false;
    };
    let of_type = |entity: &EntityUid, wanted: &EntityTypeName| entity.type_name() == wanted;
    let principal_applies = match policy.principal_constraint() {
        PrincipalConstraint::Any => true,
        PrincipalConstraint::Eq(one) => *principal == one,
        PrincipalConstraint::In(group) => is_in(principal, &group, entities),
        PrincipalConstraint::Is(wanted) => of_type(principal, &wanted),
        PrincipalConstraint::IsIn(wanted, group) => {
            of_type(principal, &wanted) && is_in(principal, &group, entities)
        }
    };
    let action_applies = match policy.action_constraint() {
        ActionConstraint::Any => true,
        ActionConstraint::Eq(one) => *action == one,
        ActionConstraint::In(groups) => groups.iter().any(|group| is_in(action, group, entities)),
    };
    let resource_applies = match policy.resource_constraint() {
        ResourceConstraint::Any => true,
        ResourceConstraint::Eq(one) => *resource == one,
        ResourceConstraint::In(group) => is_in(resource, &group, entities),
        ResourceConstraint::Is(wanted) => of_type(resource, &wanted),
        ResourceConstraint::IsIn(wanted, group) => {
            of_type(resource, &wanted) && is_in(resource, &group, entities)
        }
    };
    principal_applies && action_applies && resource_applies
}

fn is_in(entity: &EntityUid, group: &EntityUid, entities: &Entities) -> bool {
    entity == group || entities.is_ancestor_of(group, entity)
}
