//! Whether every value that one schema takes is taken by another, and where not.
//!
//! The question is asked of normalised schemas (`Bundle`), and answered on the safe side: where it is not known that a
//! value which the first takes is taken by the second, something is found.
//!
//! An object whose schema names members and says nothing of others is read as one that its writer sends without
//! others: a contract that comes to describe one more optional member breaks nobody who kept to it.

use std::cell::RefCell;
use std::collections::HashSet;

use serde_json::{Value, json};

use super::conjunction::{Conjunction, Node};
use super::equal::Equality;
use super::rule::Rule;
use super::scalars;
use super::types::Types;
use crate::bundle::Bundle;
use crate::checker::validator;
use crate::pointer;

/// Pairs of schemas that one question looks at; beyond, it is not answered.
const MOST_STEPS: usize = 20_000;
/// Nesting of the pairs that are looked at.
const MAX_DEPTH: usize = 48;
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
}

/// One question about two bundles.
pub(crate) struct Inclusion<'a> {
    pub(super) from: &'a Bundle,
    pub(super) to: &'a Bundle,
    equality: Equality,
    /// Pairs that are being looked at: values are finite, so that what holds of all parts holds.
    open: HashSet<(String, String)>,
    steps: usize,
    depth: usize,
}

impl<'a> Inclusion<'a> {
    /// Every place where the schema of `to` refuses what that of `from` takes.
    pub(crate) fn ask(from: &'a Bundle, to: &'a Bundle) -> Vec<Found> {
        let mut inclusion =
            Self { from, to, equality: Equality::default(), open: HashSet::new(), steps: 0, depth: 0 };
        let root = |bundle: &'a Bundle| Node { schema: &bundle.schema, at: String::new() };
        let mut found = inclusion.compare(&[root(from)], &[root(to)], "");
        found.sort_by(|a, b| (a.level, a.value.len(), &a.value).cmp(&(b.level, b.value.len(), &b.value)));
        found
    }

    /// Compares two sets of schemas that all hold for the value at `value`.
    pub(super) fn compare(&mut self, from: &[Node<'a>], to: &[Node<'a>], value: &str) -> Vec<Found> {
        if to.iter().all(|to| from.iter().any(|from| self.equal(from, to))) {
            return Vec::new();
        }
        let (from, to) = (Conjunction::of(self.from, from), Conjunction::of(self.to, to));
        self.pair(&from, &to, value)
    }

    /// The same of schemas that were gathered.
    pub(super) fn pair(&mut self, from: &Conjunction<'a>, to: &Conjunction<'a>, value: &str) -> Vec<Found> {
        self.steps += 1;
        if self.steps > MOST_STEPS || self.depth > MAX_DEPTH {
            let node =
                |side: &Conjunction<'a>| side.nodes.first().map(|node| node.at.clone()).unwrap_or_default();
            let what = "(the schemas branch or nest too much)".to_owned();
            return vec![Found {
                rule: Rule::Incomparable,
                level: Level::Unknown,
                from: node(from),
                to: node(to),
                value: value.to_owned(),
                what,
            }];
        }
        let key = (format!("{} {}", from.key(), from.parted.join(" ")), to.key());
        if from.is_empty() || self.open.contains(&key) {
            return Vec::new();
        }
        self.open.insert(key.clone());
        self.depth += 1;
        let mut found = self.whole(from, to, value);
        // What is found of a value as a whole may be due to one of several shapes that it has: each is looked at.
        if !found.is_empty()
            && let Some(branches) = from.branches()
        {
            let mut cases = Vec::new();
            for nth in 0..branches.1.len() {
                let case = from.part(self.from, &branches, nth);
                add(&mut cases, self.pair(&case, to, value));
            }
            found = cases;
        }
        self.depth -= 1;
        self.open.remove(&key);
        found
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
        if found.is_empty() {
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
    fn listed(&self, from: &Conjunction<'a>) -> Option<Vec<Value>> {
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
        let takes = Acceptance::of(self.from, &from.nodes);
        Some(values.into_iter().filter(|value| takes.takes(value)).collect())
    }

    fn compare_listed(
        &self,
        values: &[Value],
        from: &Conjunction<'a>,
        to: &Conjunction<'a>,
        value: &str,
    ) -> Vec<Found> {
        let takes = Acceptance::of(self.to, &to.nodes);
        let refused: Vec<&Value> = values.iter().filter(|value| !takes.takes(value)).collect();
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
    pub(super) fn included(&mut self, from: &Conjunction<'a>, to: &Node<'a>, value: &str) -> bool {
        if from.nodes.iter().any(|from| self.equal(from, to)) {
            return true;
        }
        let to = Conjunction::of(self.to, std::slice::from_ref(to));
        self.pair(from, &to, value).iter().all(|found| found.level == Level::Note)
    }
}

/// Says whether values fit schemas of one bundle.
pub(super) struct Acceptance(RefCell<Vec<jsonschema::Validator>>, bool);

impl Acceptance {
    fn of(bundle: &Bundle, nodes: &[Node<'_>]) -> Self {
        let definitions = bundle.schema.get("$defs").cloned().unwrap_or_default();
        let mut sound = true;
        let mut validators = Vec::new();
        for node in nodes {
            let built = validator(&json!({ "allOf": [node.schema], "$defs": definitions }));
            match built {
                Ok(validator) => validators.push(validator),
                Err(_) => sound = false,
            }
        }
        Self(RefCell::new(validators), sound)
    }

    /// A schema that does not compile takes nothing.
    fn takes(&self, value: &Value) -> bool {
        self.1 && self.0.borrow().iter().all(|validator| validator.is_valid(value))
    }
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
    Found { rule, level, from: origin, to: to.at.clone(), value: value.to_owned(), what: what.to_owned() }
}

pub(super) fn unknown(from: &Conjunction<'_>, to: &Node<'_>, value: &str, what: &str) -> Found {
    Found { level: Level::Unknown, ..found(Rule::Incomparable, from, to, value, what) }
}

/// Adds what is not there yet.
pub(super) fn add(all: &mut Vec<Found>, more: Vec<Found>) {
    for found in more {
        let same = |other: &Found| {
            (other.rule, &other.value, &other.what) == (found.rule, &found.value, &found.what)
        };
        if !all.iter().any(same) {
            all.push(found);
        }
    }
}
