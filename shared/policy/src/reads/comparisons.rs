//! Comparisons with words that an attribute never has. All texts are one type to Cedar, so that its validator takes
//! `context.trust == "verifed"` for a condition that may hold.

use std::collections::HashMap;

use cedar_policy::{Effect, Policy};
use cedar_policy_core::ast::{BinaryOp, Expr, ExprKind, Literal, UnaryOp, Var};
use doorward_model::Fault;

use crate::files::diagnostics;
use crate::files::policy_files::PolicyFiles;
use crate::impossible::Severity;
use crate::reads::scopes::Scopes;
use crate::schema::ProjectSchema;
use crate::schema::types::{Members, Type};
use crate::text::suggestion::{list, nearest, quote};

/// What the policies of `files` compare with members of the context though it is none of the words that the calls which
/// they have a place for may have there. Where such a comparison can make a `permit` hold for more calls or a `forbid` for
/// fewer, it opens what was to be closed, and is a fault; else it is only of no use.
///
/// It looks at `==`, `!=`, `contains`, `containsAll`, `containsAny` and `like` between a member of the context and a text,
/// or texts in a set; other expressions are left alone. Where `inputs_unknown`, so is `context.input`.
pub(crate) fn find(
    files: &PolicyFiles<'_>,
    project: &ProjectSchema,
    inputs_unknown: bool,
) -> Vec<(Fault, Severity)> {
    let contexts: HashMap<&str, Members> = project
        .actions
        .iter()
        .map(|(name, action)| {
            let mut members = action.context.members();
            members.retain(|name, _| name != "input" || !inputs_unknown);
            (name.as_str(), members)
        })
        .collect();
    let mut all = Vec::new();
    for (id, policies) in files.written() {
        let (Some((file, statement)), Some(first)) = (files.source(id), policies.first()) else { continue };
        let meets = Scopes(project).actions(&policies);
        let contexts = meets.iter().filter_map(|action| contexts.get(action.uid.id().unescaped()));
        let found = comparisons(first, contexts.collect());
        all.extend(found.into_iter().map(|Comparison { with, message, meant, sense }| {
            let span = with.source_loc().map_or(statement.clone(), |place| place.start()..place.end());
            let hint = meant.map(|meant| format!("did you mean {}?", quote(&meant)));
            let fault = diagnostics::at(file, span, message, hint.as_deref());
            (fault, severity(first.effect(), sense))
        }));
    }
    all
}

/// Which way a condition counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sense {
    /// Where it does not hold, the policy holds for fewer calls.
    Plain,
    /// Where it does not hold, the policy holds for more calls.
    Negated,
    /// Either may be.
    Open,
}

impl Sense {
    fn negated(self) -> Self {
        match self {
            Self::Plain => Self::Negated,
            Self::Negated => Self::Plain,
            Self::Open => Self::Open,
        }
    }
}

/// How it counts that a condition never holds.
fn severity(effect: Effect, sense: Sense) -> Severity {
    match (effect, sense) {
        (Effect::Permit, Sense::Plain) | (Effect::Forbid, Sense::Negated) => Severity::Warning,
        _ => Severity::Fault,
    }
}

/// A comparison that never holds.
struct Comparison<'p> {
    /// What stands for the word.
    with: &'p Expr,
    message: String,
    /// The word that was probably meant.
    meant: Option<String>,
    sense: Sense,
}

fn comparisons<'p>(policy: &'p Policy, contexts: Vec<&'p Members>) -> Vec<Comparison<'p>> {
    // The `when` of a policy as they are and its `unless` negated, joined by `&&`. Links have those of their template.
    let Some(condition) = policy.as_ref().non_scope_constraints() else { return Vec::new() };
    let mut finder = Finder { contexts, found: Vec::new() };
    let mut open = vec![(condition, Sense::Plain)];
    while let Some((expression, sense)) = open.pop() {
        finder.look_at(expression, sense);
        below(expression, sense, &mut open);
    }
    finder.found
}

/// The expressions that `expression` is made of, each with the way that it counts.
fn below<'p>(expression: &'p Expr, sense: Sense, open: &mut Vec<(&'p Expr, Sense)>) {
    match expression.expr_kind() {
        ExprKind::And { left, right } | ExprKind::Or { left, right } => {
            open.extend([(&**left, sense), (&**right, sense)]);
        }
        ExprKind::UnaryApp { op: UnaryOp::Not, arg } => open.push((arg, sense.negated())),
        ExprKind::If { test_expr, then_expr, else_expr } => {
            open.extend([(&**test_expr, Sense::Open), (&**then_expr, sense), (&**else_expr, sense)]);
        }
        ExprKind::UnaryApp { arg, .. } => open.push((arg, Sense::Open)),
        ExprKind::BinaryApp { arg1, arg2, .. } => {
            open.extend([(&**arg1, Sense::Open), (&**arg2, Sense::Open)]);
        }
        ExprKind::GetAttr { expr, .. }
        | ExprKind::HasAttr { expr, .. }
        | ExprKind::ExtHasAttr { expr, .. }
        | ExprKind::Like { expr, .. }
        | ExprKind::Is { expr, .. } => open.push((expr, Sense::Open)),
        ExprKind::ExtensionFunctionApp { args: all, .. } | ExprKind::Set(all) => {
            open.extend(all.iter().map(|one| (one, Sense::Open)));
        }
        ExprKind::Record(members) => open.extend(members.values().map(|one| (one, Sense::Open))),
        _ => {}
    }
}

struct Finder<'p> {
    /// Those of the actions whose calls the policy has a place for.
    contexts: Vec<&'p Members>,
    found: Vec<Comparison<'p>>,
}

/// A member of the context of which all words are known.
struct Attribute<'p> {
    /// `context.request.method`.
    path: String,
    /// What it is, or what its elements are.
    words: Vec<&'p str>,
    is_set: bool,
}

impl<'p> Finder<'p> {
    fn look_at(&mut self, expression: &'p Expr, sense: Sense) {
        match expression.expr_kind() {
            ExprKind::BinaryApp { op, arg1: left, arg2: right } => match op {
                BinaryOp::Eq => {
                    self.compare(left, right, sense);
                    self.compare(right, left, sense);
                }
                // A literal set holds what one of its elements is; any other is what it holds.
                BinaryOp::Contains => {
                    self.compare(right, left, sense);
                    self.compare(left, right, sense);
                    elements(left).iter().for_each(|element| self.compare(element, right, sense));
                }
                BinaryOp::ContainsAll | BinaryOp::ContainsAny => {
                    self.compare(left, right, sense);
                    self.compare(right, left, sense);
                }
                _ => {}
            },
            ExprKind::Like { expr, pattern } => {
                let Some(attribute) = self.attribute(expr).filter(|attribute| !attribute.is_set) else {
                    return;
                };
                if !attribute.words.iter().any(|word| pattern.wildcard_match(word)) {
                    self.note(expression, &attribute, &pattern.to_string(), "is never like", sense);
                }
            }
            _ => {}
        }
    }

    /// Holds the text `with`, or each text of the set `with`, against the words of `attribute`, where these are known.
    fn compare(&mut self, attribute: &'p Expr, with: &'p Expr, sense: Sense) {
        let Some(attribute) = self.attribute(attribute) else { return };
        let verb = if attribute.is_set { "never holds" } else { "is never" };
        for one in std::iter::once(with).chain(elements(with)) {
            if let Some(word) = text(one).filter(|word| !attribute.words.contains(word)) {
                self.note(one, &attribute, word, verb, sense);
            }
        }
    }

    fn note(&mut self, with: &'p Expr, attribute: &Attribute<'p>, word: &str, verb: &str, sense: Sense) {
        let Attribute { path, words, is_set } = attribute;
        let is = if *is_set { "each is" } else { "it is" };
        let all = list(words.iter().copied(), "or");
        let message = format!("{} {verb} {}: {is} {all}", quote(path), quote(word));
        let meant = nearest(word, words.iter().copied()).map(str::to_owned);
        self.found.push(Comparison { with, message, meant, sense });
    }

    /// `expression`, where it is a member of the context that has none but known words in every context that has it.
    fn attribute(&self, expression: &'p Expr) -> Option<Attribute<'p>> {
        let path = path(expression)?;
        let types: Vec<&Type> = self.contexts.iter().filter_map(|context| member(context, &path)).collect();
        let is_set = matches!(types.first()?, Type::Set(_));
        let mut words: Vec<&str> = Vec::new();
        for ty in types {
            let ty = match ty {
                Type::Set(element) if is_set => element,
                ty => ty,
            };
            let Type::Choice(choice) = ty else { return None };
            words.extend(
                choice.iter().map(String::as_str).filter(|word| !words.contains(word)).collect::<Vec<_>>(),
            );
        }
        let path = ["context"].into_iter().chain(path).collect::<Vec<_>>().join(".");
        Some(Attribute { path, words, is_set })
    }
}

/// The names on the way from the context to what `expression` accesses.
fn path(mut expression: &Expr) -> Option<Vec<&str>> {
    let mut names = Vec::new();
    while let ExprKind::GetAttr { expr, attr } = expression.expr_kind() {
        names.push(attr.as_str());
        expression = expr;
    }
    names.reverse();
    matches!(expression.expr_kind(), ExprKind::Var(Var::Context)).then_some(names)
}

fn member<'t>(context: &'t Members, path: &[&str]) -> Option<&'t Type> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(&context.get(*first)?.ty, |ty, name| match ty {
        Type::Record(members) => Some(&members.get(*name)?.ty),
        _ => None,
    })
}

fn text(expression: &Expr) -> Option<&str> {
    match expression.expr_kind() {
        ExprKind::Lit(Literal::String(text)) => Some(text),
        _ => None,
    }
}

/// The elements of a set that is written out; none of any other expression.
fn elements(expression: &Expr) -> &[Expr] {
    match expression.expr_kind() {
        ExprKind::Set(elements) => elements,
        _ => &[],
    }
}
