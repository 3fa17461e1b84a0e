//! Schemas of which one, or at least one, or none holds.

use super::conjunction::{Conjunction, Node};
use super::include::{Found, Inclusion, add, found, unknown};
use super::rule::Rule;
use super::types::Types;

/// Members that are looked into for what tells two objects apart.
const MAX_TELLING: usize = 4;

impl<'a> Inclusion<'a> {
    pub(super) fn branches(&mut self, from: &Conjunction<'a>, to: &Node<'a>, value: &str) -> Vec<Found> {
        let mut all = Vec::new();
        for kind in ["anyOf", "oneOf"] {
            let branches = to.items(kind);
            if !branches.is_empty() {
                add(&mut all, self.branch(from, to, kind, &branches, value));
            }
        }
        if to.schema.get("if").is_some()
            && (to.schema.get("then").is_some() || to.schema.get("else").is_some())
        {
            let keywords = ["if", "then", "else"];
            let same = |inclusion: &mut Self, node: &Node<'a>| {
                keywords.iter().all(|keyword| match (node.keyword(keyword), to.keyword(keyword)) {
                    (Some(from), Some(to)) => inclusion.equal(&from, &to),
                    (None, None) => true,
                    _ => false,
                })
            };
            if !from.nodes.iter().any(|node| same(self, node)) {
                all.push(unknown(from, to, value, "`if`"));
            }
        }
        all
    }

    /// Whether some branch takes all of `from`, and where only one may, no other takes any of it.
    fn branch(
        &mut self,
        from: &Conjunction<'a>,
        to: &Node<'a>,
        kind: &str,
        branches: &[Node<'a>],
        value: &str,
    ) -> Vec<Found> {
        let mut overlapping = false;
        for (nth, branch) in branches.iter().enumerate() {
            if !self.included(from, branch) {
                continue;
            }
            let mut others = branches.iter().enumerate().filter(|(other, _)| *other != nth);
            if kind == "anyOf" || others.all(|(_, other)| self.is_excluded(from, other)) {
                return Vec::new();
            }
            overlapping = true;
        }
        if overlapping {
            return vec![unknown(from, to, value, "(the branches of `oneOf` may overlap)")];
        }
        // Parted by the branches of `from`, the question may have an answer; this one is then not told.
        if from.branches().is_some() {
            return vec![unknown(from, to, value, &format!("`{kind}`"))];
        }
        let types: Vec<_> = from.types().each().collect();
        if types.len() > 1 {
            let mut all = Vec::new();
            for (name, _) in types {
                let Some(schema) = type_schema(name) else { continue };
                let mut case = from.clone();
                case.add(self.from, &Node { schema, at: format!("only {name}") });
                add(&mut all, self.branch(&case, to, kind, branches, value));
            }
            return all;
        }
        self.nearest(from, to, branches, value)
    }

    /// What keeps `from` out of the branch that it fits best; where that is its kind of value, it has no branch.
    fn nearest(
        &mut self,
        from: &Conjunction<'a>,
        to: &Node<'a>,
        branches: &[Node<'a>],
        value: &str,
    ) -> Vec<Found> {
        let mut best: Option<(usize, Vec<Found>)> = None;
        let branches = branches.iter().map(|branch| Conjunction::of(self.to, std::slice::from_ref(branch)));
        let branches: Vec<_> = branches.filter(|branch| !self.disjoint(from, branch, 0)).collect();
        for branch in &branches {
            let found = self.pair(from, branch, value);
            let weight = self.weight(&found);
            if best.as_ref().is_none_or(|(least, _)| weight < *least) {
                best = Some((weight, found));
            }
        }
        let what =
            || from.nodes.last().map(|node| format!("`{}`", self.from.origin(&node.at))).unwrap_or_default();
        match best {
            Some((_, found)) if branches.len() == 1 => found,
            Some((weight, found)) if branches.len() <= 8 && weight <= 2 => found,
            Some(_) => vec![unknown(from, to, value, "(it fits no branch as a whole)")],
            None => vec![found(Rule::Branch, from, to, value, &what())],
        }
    }

    pub(super) fn negation(&mut self, from: &Conjunction<'a>, to: &Node<'a>, value: &str) -> Option<Found> {
        let refused = to.keyword("not")?;
        let same =
            from.nodes.iter().filter_map(|node| node.keyword("not")).any(|held| self.equal(&held, &refused));
        let excluded = same || self.is_excluded(from, &refused);
        (!excluded).then(|| unknown(from, to, value, "`not`"))
    }

    /// Whether no value of `from` fits `branch`, as far as that is known.
    fn is_excluded(&mut self, from: &Conjunction<'a>, branch: &Node<'a>) -> bool {
        let excluded = from.excluded.clone();
        if excluded.iter().any(|other| self.equal(other, branch)) {
            return true;
        }
        let branch = Conjunction::of(self.to, std::slice::from_ref(branch));
        self.disjoint(from, &branch, 0)
    }

    /// Whether no value fits both: they differ in type, list other values, or tell each other apart by a member that
    /// one of them requires.
    fn disjoint(&self, from: &Conjunction<'a>, to: &Conjunction<'a>, depth: usize) -> bool {
        let types = from.types().and(to.types());
        if from.is_empty() || to.is_empty() || types.is_empty() {
            return true;
        }
        if let Some(values) = listed(from)
            && let Some(others) = listed(to)
        {
            return !values.iter().any(|value| others.iter().any(|other| may_equal(value, other)));
        }
        if types != Types::OBJECT || depth == MAX_TELLING {
            return false;
        }
        let required = from.nodes.iter().chain(&to.nodes).flat_map(|node| node.names("required"));
        let names: Vec<&str> = required.collect();
        names.into_iter().any(|name| {
            let held = Conjunction::of(self.from, &from.member(name));
            let wanted = Conjunction::of(
                self.to,
                &to.nodes.iter().flat_map(|node| node.said_of(name)).collect::<Vec<_>>(),
            );
            self.disjoint(&held, &wanted, depth + 1)
        })
    }
}

pub(super) fn listed<'a>(side: &Conjunction<'a>) -> Option<Vec<&'a serde_json::Value>> {
    side.nodes.iter().find_map(|node| match (node.schema.get("const"), node.schema.get("enum")) {
        (Some(only), _) => Some(vec![only]),
        (None, Some(serde_json::Value::Array(values))) => Some(values.iter().collect()),
        _ => None,
    })
}

/// Whether two values may be one: what holds others is not looked into.
pub(super) fn may_equal(a: &serde_json::Value, b: &serde_json::Value) -> bool {
    use serde_json::Value::{Array, Number, Object};
    match (a, b) {
        (Number(a), Number(b)) => super::number::compare(a, b).is_eq(),
        (Array(_), Array(_)) | (Object(_), Object(_)) => true,
        (a, b) => a == b,
    }
}

/// The schema of one type, which stands in no bundle.
fn type_schema(name: &str) -> Option<&'static serde_json::Value> {
    use std::sync::LazyLock;
    static SCHEMAS: LazyLock<serde_json::Map<String, serde_json::Value>> = LazyLock::new(|| {
        let names = ["null", "boolean", "object", "array", "string", "number"];
        names.iter().map(|name| ((*name).to_owned(), serde_json::json!({ "type": name }))).collect()
    });
    SCHEMAS.get(name)
}
