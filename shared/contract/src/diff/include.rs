//! Whether every value that one schema takes is taken by another, and where not.
//!
//! The question is asked of normalised schemas (`Bundle`), and answered on the safe side: where it is not known that a
//! value which the first takes is taken by the second, something is found.
//!
//! An object whose schema names members and says nothing of others is read as one that its writer sends without
//! others: a contract that comes to describe one more optional member breaks nobody who kept to it.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};
use std::rc::Rc;

use serde_json::{Value, json};

use super::acceptance::Acceptance;
use super::conjunction::{Conjunction, Node};
use super::equal::Equality;
use super::pairs::Pairs;
use super::rule::Rule;
use super::scalars;
use super::types::Types;
use crate::bundle::Bundle;
use crate::checker::validator;
use crate::pointer;

/// Pairs of schemas that one question looks at; beyond, it is not answered.
const MOST_STEPS: usize = 20_000;
/// Findings that are counted where those of several branches are compared.
const MOST_COUNTED: usize = 64;
/// Values that a finding names.
const SHOWN_VALUES: usize = 5;

/// How sure a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// Some values that the first schema takes the second refuses.
    Narrower,
    /// It could not be told.
    Unknown,
    /// Nothing is refused, but the second schema no longer says something.
    Note,
    /// Nothing, as long as a pair holds that is not done.
    Assumed,
}

/// One place where the second schema does not take what the first takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) rule: Rule,
    pub(crate) level: Level,
    /// Pointers in the bundles.
    pub(crate) from: String,
    pub(crate) to: String,
    /// Where in the value; `*` stands for every item or every other member.
    pub(crate) value: String,
    pub(crate) what: String,
    /// The pair whose findings, at `value`, it stands for; nobody is told of it itself.
    pub(super) of: Option<usize>,
}

/// One question about two bundles.
pub(crate) struct Inclusion<'a> {
    pub(super) from: &'a Bundle,
    pub(super) to: &'a Bundle,
    equality: Equality,
    pairs: Pairs<'a>,
    accepted: (Acceptance, Acceptance),
    steps: usize,
}

impl<'a> Inclusion<'a> {
    /// Every place where the schema of `to` refuses what that of `from` takes; of places that share a schema, the
    /// nearest.
    pub(crate) fn ask(from: &'a Bundle, to: &'a Bundle) -> Vec<Found> {
        Self::count(from, to).0
    }

    /// The same, and how many pairs of schemas were looked at.
    pub(super) fn count(from: &'a Bundle, to: &'a Bundle) -> (Vec<Found>, usize) {
        let mut inclusion = Self {
            from,
            to,
            equality: from.take_equality(to),
            pairs: Pairs::default(),
            accepted: <(Acceptance, Acceptance)>::default(),
            steps: 0,
        };
        let root = |bundle: &'a Bundle| Node { schema: &bundle.schema, at: String::new() };
        let found = inclusion.compare(&[root(from)], &[root(to)], "");
        let mut found = inclusion.told(found);
        from.keep_equality(to, std::mem::take(&mut inclusion.equality));
        found.sort_by(|a, b| (a.level, a.value.len(), &a.value).cmp(&(b.level, b.value.len(), &b.value)));
        let mut told = HashSet::new();
        found.retain(|found| told.insert((found.rule, found.value.clone(), found.what.clone())));
        (found, inclusion.steps)
    }

    /// Compares two sets of schemas that all hold for the value at `value`.
    pub(super) fn compare(&mut self, from: &[Node<'a>], to: &[Node<'a>], value: &str) -> Vec<Found> {
        if to.iter().all(|to| from.iter().any(|from| self.equal(from, to))) {
            return Vec::new();
        }
        let (from, to) = (Conjunction::of(self.from, from), Conjunction::of(self.to, to));
        self.pair(&from, &to, value)
    }

    /// The same of schemas that were gathered: nothing, or a finding that stands for those of the pair.
    pub(super) fn pair(&mut self, from: &Conjunction<'a>, to: &Conjunction<'a>, value: &str) -> Vec<Found> {
        if from.is_empty() {
            return Vec::new();
        }
        let pair = self.pairs.number(from, to);
        let Some(level) = self.answer(pair) else { return Vec::new() };
        let place =
            |side: &Conjunction<'a>| side.nodes.first().map(|node| node.at.clone()).unwrap_or_default();
        vec![Found {
            rule: Rule::Incomparable,
            level,
            from: place(from),
            to: place(to),
            value: value.to_owned(),
            what: String::new(),
            of: Some(pair),
        }]
    }

    /// The worst that is found of a pair.
    fn answer(&mut self, pair: usize) -> Option<Level> {
        if let Some(known) = self.pairs.known(pair) {
            return known;
        }
        loop {
            self.pairs.open(pair);
            let found = self.look(pair);
            if let Some(level) = self.pairs.close(found) {
                return level;
            }
        }
    }

    /// The same with no pair open: those that lie too deep are looked at by themselves, until what was taken to hold does.
    fn settle(&mut self, pair: usize) {
        loop {
            self.answer(pair);
            let mut all_hold = true;
            while let Some(next) = self.pairs.next_put_off() {
                let was_known = self.pairs.fails(next);
                self.answer(next);
                all_hold &= was_known || !self.pairs.fails(next);
            }
            self.pairs.conclude(all_hold);
            if all_hold {
                return;
            }
        }
    }

    fn look(&mut self, pair: usize) -> Vec<Found> {
        let Some(sides) = self.pairs.sides(pair) else { return Vec::new() };
        let (from, to) = (&sides.0, &sides.1);
        self.steps += 1;
        if self.steps > MOST_STEPS {
            let Some(node) = to.nodes.first() else { return Vec::new() };
            return vec![unknown(from, node, "", "(the schemas branch or nest too much)")];
        }
        let found = self.whole(from, to, "");
        // What is found of a value as a whole may be due to one of several shapes that it has: each is looked at.
        let Some(branches) = from.branches().filter(|_| !is_silent(&found)) else { return found };
        let mut cases = Vec::new();
        for nth in 0..branches.1.len() {
            let case = from.part(self.from, &branches, nth);
            add(&mut cases, self.pair(&case, to, ""));
        }
        cases
    }

    /// What was found, with the findings of pairs in the place of those that stand for them: each once, at the nearest
    /// place.
    fn told(&mut self, found: Vec<Found>) -> Vec<Found> {
        let (mut told, mut seen, mut open) = (Vec::new(), HashSet::new(), BinaryHeap::new());
        let mut found = Rc::new(found);
        let mut place = String::new();
        loop {
            for one in found.iter() {
                let value = format!("{place}{}", one.value);
                match one.of {
                    Some(pair) => open.push(Reverse((value.len(), value, pair))),
                    None => told.push(Found { value, ..one.clone() }),
                }
            }
            let next = std::iter::from_fn(|| open.pop()).find(|Reverse((_, _, pair))| seen.insert(*pair));
            let Some(Reverse((_, value, pair))) = next else { return told };
            self.settle(pair);
            found = self.pairs.found(pair).unwrap_or_default();
            place = value;
        }
    }

    /// How many findings these stand for, as far as they are known, and up to [`MOST_COUNTED`].
    pub(super) fn weight(&self, found: &[Found]) -> usize {
        let (mut count, mut seen, mut open) = (0, HashSet::new(), vec![Rc::new(found.to_vec())]);
        while let Some(found) = open.pop().filter(|_| count < MOST_COUNTED) {
            for one in found.iter() {
                match one.of {
                    Some(pair) if seen.insert(pair) => open.extend(self.pairs.found(pair)),
                    Some(_) => {}
                    None => count += 1,
                }
            }
        }
        count
    }

    fn whole(&mut self, from: &Conjunction<'a>, to: &Conjunction<'a>, value: &str) -> Vec<Found> {
        if let Some(values) = self.listed(from) {
            return self.compare_listed(&values, from, to, value);
        }
        let mut found = Vec::new();
        for node in &to.nodes {
            if from.nodes.iter().any(|from| self.equal(from, node)) {
                continue;
            }
            add(&mut found, self.node(from, node, value));
        }
        if found.iter().all(|found| found.level >= Level::Note) {
            add(&mut found, self.undescribed(from, to, value));
        }
        found
    }

    /// What one schema demands and `from` does not.
    fn node(&mut self, from: &Conjunction<'a>, to: &Node<'a>, value: &str) -> Vec<Found> {
        if to.schema == &Value::Bool(false) {
            return vec![found(Rule::Closed, from, to, value, "")];
        }
        let types = from.types();
        if let Some(stated) = Types::stated(to.schema) {
            let missing = types.without(stated);
            if missing == Types::NULL {
                return vec![found(Rule::Null, from, to, value, &missing.told())];
            }
            // Of a value of another type nothing else need be said.
            if !missing.is_empty() {
                return vec![found(Rule::Type, from, to, value, &missing.told())];
            }
        }
        let mut all = Vec::new();
        if to.schema.get("enum").is_some() || to.schema.get("const").is_some() {
            all.push(found(Rule::Listed, from, to, value, "the listed values"));
        }
        if to.is_unevaluated() {
            all.push(unknown(from, to, value, "`unevaluatedProperties` or `unevaluatedItems`"));
        }
        if types.meets(Types::NUMBER) {
            all.extend(scalars::numbers(from, to, value));
        }
        if types.meets(Types::STRING) {
            all.extend(scalars::texts(from, to, value));
        }
        if types.meets(Types::ARRAY) {
            all.extend(self.arrays(from, to, value));
        }
        if types.meets(Types::OBJECT) {
            all.extend(self.objects(from, to, value));
        }
        all.extend(self.branches(from, to, value));
        all.extend(self.negation(from, to, value));
        all
    }

    /// Every value that `from` takes, where these are few.
    fn listed(&mut self, from: &Conjunction<'a>) -> Option<Vec<Value>> {
        let listed =
            from.nodes.iter().find_map(|node| match (node.schema.get("const"), node.schema.get("enum")) {
                (Some(only), _) => Some(vec![only.clone()]),
                (None, Some(Value::Array(values))) => Some(values.clone()),
                _ => None,
            });
        let of_types = || {
            let types = from.types();
            let few = types.within(Types::NULL.or(Types::BOOLEAN));
            let all = [Value::Null, Value::Bool(false), Value::Bool(true)];
            few.then(|| all.into_iter().filter(|value| Types::of(value).within(types)).collect())
        };
        let values: Vec<Value> = listed.or_else(of_types)?;
        let takes = |value: &Value| self.accepted.0.takes(self.from, &from.nodes, value);
        Some(values.into_iter().filter(takes).collect())
    }

    fn compare_listed(
        &mut self,
        values: &[Value],
        from: &Conjunction<'a>,
        to: &Conjunction<'a>,
        value: &str,
    ) -> Vec<Found> {
        let mut takes = |value: &Value| self.accepted.1.takes(self.to, &to.nodes, value);
        let refused: Vec<&Value> = values.iter().filter(|value| !takes(value)).collect();
        let Some(node) = to.nodes.first().filter(|_| !refused.is_empty()) else { return Vec::new() };
        let types = refused
            .iter()
            .fold(Types::of(&Value::Null).without(Types::NULL), |types, value| types.or(Types::of(value)));
        if types == Types::NULL {
            return vec![found(Rule::Null, from, node, value, &types.told())];
        }
        if !types.meets(to.types()) {
            return vec![found(Rule::Type, from, node, value, &types.told())];
        }
        let shown = refused
            .iter()
            .take(SHOWN_VALUES)
            .map(|value| format!("`{}`", pointer::shown(&value.to_string())));
        let mut shown = shown.collect::<Vec<_>>().join(", ");
        if refused.len() > SHOWN_VALUES {
            shown.push_str(&format!(" and {} more", refused.len() - SHOWN_VALUES));
        }
        vec![found(Rule::Values, from, node, value, &shown)]
    }

    pub(super) fn equal(&mut self, from: &Node<'a>, to: &Node<'a>) -> bool {
        self.equality.holds(self.from, self.to, from.schema, to.schema)
    }

    /// Whether nothing is found, and at which cost nobody cares.
    pub(super) fn included(&mut self, from: &Conjunction<'a>, to: &Node<'a>) -> bool {
        if from.nodes.iter().any(|from| self.equal(from, to)) {
            return true;
        }
        let to = Conjunction::of(self.to, std::slice::from_ref(to));
        if from.is_empty() {
            return true;
        }
        let pair = self.pairs.number(from, &to);
        if self.pairs.fails(pair) {
            return false;
        }
        let before = self.pairs.begin_choice();
        let holds = self.answer(pair).is_none_or(|level| level >= Level::Note);
        self.pairs.end_choice(before, holds);
        holds
    }
}

/// Whether nothing is found unless in pairs that are taken to hold.
pub(super) fn is_silent(found: &[Found]) -> bool {
    found.iter().all(|found| found.level == Level::Assumed)
}

/// Whether `name` matches a pattern of `patternProperties`.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let schema = json!({ "pattern": pattern });
    let built = validator(&schema);
    built.is_ok_and(|validator| validator.is_valid(&Value::String(name.to_owned())))
}

pub(super) fn found(rule: Rule, from: &Conjunction<'_>, to: &Node<'_>, value: &str, what: &str) -> Found {
    let origin = from.nodes.first().map(|node| node.at.clone()).unwrap_or_default();
    let level = Level::Narrower;
    let (to, value, what) = (to.at.clone(), value.to_owned(), what.to_owned());
    Found { rule, level, from: origin, to, value, what, of: None }
}

pub(super) fn unknown(from: &Conjunction<'_>, to: &Node<'_>, value: &str, what: &str) -> Found {
    Found { level: Level::Unknown, ..found(Rule::Incomparable, from, to, value, what) }
}

/// Adds what is not there yet.
pub(super) fn add(all: &mut Vec<Found>, more: Vec<Found>) {
    for found in more {
        let same = |other: &Found| {
            (other.rule, &other.value, &other.what, other.of)
                == (found.rule, &found.value, &found.what, found.of)
        };
        if !all.iter().any(same) {
            all.push(found);
        }
    }
}
