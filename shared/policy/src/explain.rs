use cedar_policy::{Effect, EvalResult, Expression, Policy, eval_expression};
use doorward_model::Place;

use crate::compile::Policies;
use crate::decide::Asked;
use crate::engine::While;
use crate::question::{Decision, Question};
use crate::reads::input_reads;
use crate::text::clauses::{self, ClauseText, Connective, Keyword};

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
    /// Where its text stands; of a link, that of its template.
    pub place: Option<Place>,
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
    pub connective: Connective,
    /// Its parts, in order.
    pub parts: Vec<Part>,
}

/// A part of a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// As the user wrote it.
    pub text: String,
    /// The line on which it begins, in the file in which the text stands.
    pub line: usize,
    /// Whether it is true.
    pub holds: Holds,
}

impl Policies {
    /// Decides `question`, and says of every policy whose scope applies what became of its conditions.
    #[must_use]
    pub fn explain(&self, question: &Question<'_>) -> Explanation {
        let applicable = match self.meeting(question) {
            Some((policies, asked)) => {
                policies.into_iter().filter_map(|policy| self.applied(policy, &asked)).collect()
            }
            None => Vec::new(),
        };
        Explanation { decision: self.decide(question), applicable }
    }

    /// The ids of the policies whose scope applies to `question`, in the order of files and lines.
    #[must_use]
    pub fn applicable(&self, question: &Question<'_>) -> Vec<String> {
        let policies = self.meeting(question).map(|(policies, _)| policies);
        policies.into_iter().flatten().map(|policy| policy.id().to_string()).collect()
    }

    /// The policies whose scope applies; `None` where the question does not fit the schema.
    fn meeting(&self, question: &Question<'_>) -> Option<(Vec<&Policy>, Asked)> {
        let asked = self.asked(self.actions.get(question.action)?, question).ok()?;
        let ids = self.engine.meeting(&asked.request, &asked.entities);
        let mut policies: Vec<&Policy> = ids.filter_map(|id| self.set.policy(id)).collect();
        policies.sort_by_cached_key(|policy| self.origins.order(policy.id().as_ref()));
        Some((policies, asked))
    }

    fn applied(&self, policy: &Policy, asked: &Asked) -> Option<Applied> {
        let id = policy.id().to_string();
        let effect = match policy.effect() {
            Effect::Permit => PolicyEffect::Permit,
            Effect::Forbid => PolicyEffect::Forbid,
        };
        let place = self.origins.place(policy.template_id().unwrap_or(policy.id()).as_ref());
        if asked.known == While::Unknown && input_reads::reads(policy, &self.set) {
            return Some(Applied { id, effect, place, holds: Holds::Open, clauses: Vec::new() });
        }
        let text = self.text(policy)?;
        let line = place.as_ref().map_or(1, |place| place.line);
        let mut reached = true;
        let clauses = clauses::clauses(&text)
            .into_iter()
            .map(|clause| look(&clause, &text, line, asked, &mut reached))
            .collect();
        let condition = policy.as_ref().non_scope_constraints().cloned().map(Expression::from);
        let holds = condition.map_or(Holds::Yes, |condition| evaluate(&condition, asked));
        Some(Applied { id, effect, place, holds, clauses })
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
            open = matches!(
                (clause.connective, &found),
                (Connective::And, Holds::Yes) | (Connective::Or, Holds::No)
            );
            value = found.clone();
        }
        Part { text: part.to_owned(), line: line + before.matches('\n').count(), holds: found }
    });
    let parts = parts.collect();
    let kept = matches!((clause.keyword, &value), (Keyword::When, Holds::Yes) | (Keyword::Unless, Holds::No));
    *reached = *reached && kept;
    Clause { keyword: clause.keyword, connective: clause.connective, parts }
}

/// Whether an expression of a policy that Cedar has read is true.
fn condition(expression: &str, asked: &Asked) -> Holds {
    match expression.parse() {
        Ok(expression) => evaluate(&expression, asked),
        Err(error) => Holds::Error(error.to_string()),
    }
}

fn evaluate(condition: &Expression, Asked { request, entities, .. }: &Asked) -> Holds {
    match eval_expression(request, entities, condition) {
        Ok(EvalResult::Bool(true)) => Holds::Yes,
        Ok(EvalResult::Bool(false)) => Holds::No,
        Ok(_) => Holds::Error("it is no truth value".to_owned()),
        Err(error) => Holds::Error(error.to_string()),
    }
}
