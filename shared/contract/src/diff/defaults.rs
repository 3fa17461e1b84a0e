//! Defaults: what is meant by leaving a value out.
//!
//! `default` says nothing about which values are taken, so that no checker reads it; but who leaves the value out is
//! served otherwise where it changes. Of a parameter, a default that comes, goes or changes breaks, as in oasdiff. Of a
//! member of a body it is unknown: oasdiff takes it for a mere note, though whether the target goes by it, only the
//! target knows. What is required on both sides has none.

use std::collections::BTreeSet;

use serde_json::Value;

use super::change::{Change, Severity};
use super::conjunction::{Conjunction, Key, Node};
use super::schemas::{Schema, site};
use crate::pointer;

/// Pairs of schemas that are looked at.
const MOST_STEPS: usize = 20_000;
/// Nesting of the values that are looked at.
const MAX_DEPTH: usize = 48;

/// The defaults of two schemas, whose value is itself left out where `may_be_left_out`.
pub(super) fn compare(
    severity: Severity,
    may_be_left_out: bool,
    old: Schema<'_>,
    new: Schema<'_>,
) -> Vec<Change> {
    let mut walk = Walk { severity, old, new, seen: BTreeSet::new(), changes: Vec::new() };
    walk.pair(&[root(old)], &[root(new)], "", may_be_left_out, 0);
    walk.changes
}

fn root(schema: Schema<'_>) -> Node<'_> {
    Node { schema: &schema.bundle.schema, at: String::new() }
}

struct Walk<'a> {
    severity: Severity,
    old: Schema<'a>,
    new: Schema<'a>,
    seen: BTreeSet<(Key, Key)>,
    changes: Vec<Change>,
}

impl<'a> Walk<'a> {
    fn pair(
        &mut self,
        held_old: &[Node<'a>],
        held_new: &[Node<'a>],
        value: &str,
        may_be_left_out: bool,
        depth: usize,
    ) {
        let old = &Conjunction::of(self.old.bundle, held_old);
        let new = &Conjunction::of(self.new.bundle, held_new);
        if may_be_left_out {
            let all = |held: &[Node<'a>], gathered: &Conjunction<'a>| [held, &gathered.nodes].concat();
            self.value(&all(held_old, old), &all(held_new, new), value);
        }
        let key = (old.key(), new.key());
        if depth > MAX_DEPTH || self.seen.len() > MOST_STEPS || !self.seen.insert(key) {
            return;
        }
        let names = old.named();
        for name in names.intersection(&new.named()) {
            let is_required = old.requires(name) && new.requires(name);
            self.pair(
                &old.member(name),
                &new.member(name),
                &pointer::join(value, name),
                !is_required,
                depth + 1,
            );
        }
        for keyword in ["items", "additionalProperties"] {
            let inner = |side: &Conjunction<'a>| {
                side.nodes.iter().filter_map(|node| node.keyword(keyword)).collect::<Vec<_>>()
            };
            self.pair(&inner(old), &inner(new), &format!("{value}/*"), false, depth + 1);
        }
        // Branches are told apart by their places.
        for keyword in ["anyOf", "oneOf"] {
            let branches = |side: &Conjunction<'a>| {
                side.nodes.iter().flat_map(|node| node.items(keyword)).collect::<Vec<_>>()
            };
            for (old, new) in branches(old).iter().zip(&branches(new)) {
                let (old, new) = (std::slice::from_ref(old), std::slice::from_ref(new));
                self.pair(old, new, value, may_be_left_out, depth + 1);
            }
        }
    }

    fn value(&mut self, old: &[Node<'a>], new: &[Node<'a>], value: &str) {
        let (was, is) = (stated(self.old, old), stated(self.new, new));
        let what = match (&was, &is) {
            (None, None) => return,
            (Some((was, _)), Some((is, _))) if was == is => return,
            (Some((was, _)), Some((is, _))) => {
                format!("left out, it means {} now, and meant {}", shown(is), shown(was))
            }
            (None, Some((is, _))) => {
                format!("left out, it means {} now, and no default was stated", shown(is))
            }
            (Some((was, _)), None) => {
                format!("left out, it meant {}, and no default is stated now", shown(was))
            }
        };
        let place = |side: Schema<'a>, found: Option<(&'a Value, String)>, all: &[Node<'a>]| {
            let at = found.map(|(_, at)| at).or_else(|| all.first().map(|node| node.at.clone()));
            site(side, &at.unwrap_or_default())
        };
        let change = Change {
            severity: self.severity,
            code: "default-changed",
            operation: None,
            part: String::new(),
            value: value.to_owned(),
            what,
            old: place(self.old, was, old),
            new: place(self.new, is, new),
        };
        // A schema that is referred to from several places is told of once.
        let same = |other: &Change| {
            (&other.what, &other.old, &other.new) == (&change.what, &change.old, &change.new)
        };
        if !self.changes.iter().any(same) {
            self.changes.push(change);
        }
    }
}

/// The default that stands in one of the schemas, as its writer wrote it.
fn stated<'a>(side: Schema<'a>, all: &[Node<'a>]) -> Option<(&'a Value, String)> {
    all.iter().find_map(|node| {
        let default = side.documents.value(&pointer::join(&side.bundle.origin(&node.at), "default"))?;
        Some((default, node.at.clone()))
    })
}

fn shown(value: &Value) -> String {
    format!("`{}`", pointer::shown(&value.to_string()))
}
