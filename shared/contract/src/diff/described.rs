//! Members that answers were described with and are no longer.
//!
//! A caller may read what need not come. Whether anybody does only they know, so that its loss is for review, whatever
//! the newer schema says of other members. What stands in another part of the schema (`allOf`, a branch), or is held to
//! `patternProperties` or to a schema of additional members, is still described.
//!
//! Alternatives are looked at one by one, each with those of the newer schema that no listed value (`const`, `enum`)
//! tells from it; what one of these describes is. Members that are required are not told of here: that others than
//! those come who do is a break.

use std::collections::{BTreeSet, HashSet, VecDeque};

use super::branches::{listed, may_equal};
use super::conjunction::{Conjunction, Key, Node};
use super::equal::Equality;
use super::include::{Found, Level, add, found, unknown};
use super::rule::Rule;
use super::types::Types;
use crate::bundle::Bundle;
use crate::pointer;

/// Alternatives, and pairs of them, that one question looks at; beyond, it is not answered.
const MOST_STEPS: usize = 100_000;

/// A value of answers: what the older schema says of it, and what each alternative of the newer one does.
struct Step<'a> {
    old: Vec<Node<'a>>,
    new: Vec<Vec<Node<'a>>>,
    value: String,
}

struct Search<'a> {
    old: &'a Bundle,
    new: &'a Bundle,
    equality: Equality,
    open: VecDeque<Step<'a>>,
    seen: HashSet<(Key, Vec<Key>)>,
    found: Vec<Found>,
    steps: usize,
}

/// Every member that `old` describes, does not require, and that `new` does not describe; the nearest of those that share
/// a schema.
pub(super) fn lost(old: &Bundle, new: &Bundle) -> Vec<Found> {
    let first = Step { old: root(old), new: vec![root(new)], value: String::new() };
    let mut search = Search {
        old,
        new,
        equality: Equality::default(),
        open: VecDeque::from([first]),
        seen: HashSet::new(),
        found: Vec::new(),
        steps: 0,
    };
    while let Some(step) = search.open.pop_front() {
        if search.step(&step).is_none() {
            let from = Conjunction::of(old, &step.old);
            let node = Node { schema: &new.schema, at: String::new() };
            add(&mut search.found, vec![unknown(&from, &node, "", "(the schemas branch or nest too much)")]);
            break;
        }
    }
    search.found
}

/// The schemas of the whole value, by the places that others refer to them by.
fn root(bundle: &Bundle) -> Vec<Node<'_>> {
    let whole = Conjunction::of(bundle, &[Node { schema: &bundle.schema, at: String::new() }]);
    whole.nodes.into_iter().filter(|node| !node.at.is_empty()).collect()
}

impl<'a> Search<'a> {
    /// `None` where it takes too long.
    fn step(&mut self, step: &Step<'a>) -> Option<()> {
        if step.new.iter().any(|new| self.is_same(&step.old, new)) {
            return Some(());
        }
        let old = Conjunction::of(self.old, &step.old);
        let new: Vec<_> = step.new.iter().map(|nodes| Conjunction::of(self.new, nodes)).collect();
        let mut key: Vec<Key> = new.iter().map(Conjunction::key).collect();
        key.sort_unstable();
        key.dedup();
        if !self.seen.insert((old.key(), key)) {
            return Some(());
        }
        let mut newer = Vec::new();
        for new in &new {
            self.cases(self.new, new, &mut newer)?;
        }
        let mut older = Vec::new();
        self.cases(self.old, &old, &mut older)?;
        for case in older.iter().filter(|case| !case.is_empty()) {
            self.steps += newer.len();
            if self.steps > MOST_STEPS {
                return None;
            }
            let answering: Vec<_> = newer.iter().filter(|new| !self.are_apart(case, new)).collect();
            self.members(case, &answering, &step.value);
            self.others(case, &answering, &step.value);
            self.items(case, &answering, &step.value);
        }
        Some(())
    }

    /// Whether each schema of the one is among those of the other.
    fn is_same(&mut self, old: &[Node<'a>], new: &[Node<'a>]) -> bool {
        let (left, right, equality) = (self.old, self.new, &mut self.equality);
        let mut equal = |old: &Node<'a>, new: &Node<'a>| equality.holds(left, right, old.schema, new.schema);
        old.iter().all(|old| new.iter().any(|new| equal(old, new)))
            && new.iter().all(|new| old.iter().any(|old| equal(old, new)))
    }

    /// What may hold together: one branch of each list, with the lists that it brings; of several lists, each by itself.
    fn cases(
        &mut self,
        bundle: &'a Bundle,
        whole: &Conjunction<'a>,
        cases: &mut Vec<Conjunction<'a>>,
    ) -> Option<()> {
        self.steps += 1;
        if self.steps > MOST_STEPS {
            return None;
        }
        let is_open = |(at, _): &(String, Vec<Node<'a>>)| !whole.parted.contains(at);
        let lists: Vec<_> = whole.nodes.iter().flat_map(lists).filter(is_open).collect();
        let parts: Vec<_> = whole.nodes.iter().flat_map(parts).filter(is_open).collect();
        let mut rest = whole.clone();
        rest.parted.extend(lists.iter().chain(&parts).map(|(at, _)| at.clone()));
        if lists.is_empty() {
            cases.push(rest.clone());
        }
        for branch in lists.iter().chain(&parts).flat_map(|(_, branches)| branches) {
            let mut case = rest.clone();
            case.add(bundle, branch);
            self.cases(bundle, &case, cases)?;
        }
        Some(())
    }

    /// Whether listed values tell the two apart: their own, or those of a member of both, of objects.
    fn are_apart(&self, old: &Conjunction<'a>, new: &Conjunction<'a>) -> bool {
        if !old.types().meets(new.types()) || differ(old, new) {
            return true;
        }
        let mut names = old.nodes.iter().filter_map(|node| node.members("properties")).flatten();
        let own = |side: &Conjunction<'a>, name: &str| -> Vec<Node<'a>> {
            side.nodes.iter().filter_map(|node| node.keyword("properties")?.keyword(name)).collect()
        };
        names.any(|(name, _)| {
            let held = Conjunction::of(self.old, &own(old, name));
            differ(&held, &Conjunction::of(self.new, &own(new, name)))
        })
    }

    fn members(&mut self, case: &Conjunction<'a>, new: &[&Conjunction<'a>], value: &str) {
        let new: Vec<_> = new.iter().filter(|new| new.types().meets(Types::OBJECT)).collect();
        let Some(first) = new.first().and_then(|new| new.nodes.first().cloned()) else { return };
        if !case.types().meets(Types::OBJECT) {
            return;
        }
        let places = case.nodes.iter().filter_map(|node| node.keyword("properties"));
        let named = places.flat_map(|all| {
            let names = all.schema.as_object().into_iter().flatten();
            names.filter_map(|(name, _)| Some((name.as_str(), all.keyword(name)?))).collect::<Vec<_>>()
        });
        let mut told = BTreeSet::new();
        for (name, place) in named.filter(|(name, _)| told.insert(*name)) {
            let held = said_of(case, name);
            if Conjunction::of(self.old, &held).is_empty() {
                continue;
            }
            let is_refused =
                |new: &Conjunction<'a>| Conjunction::of(self.new, &said_of(new, name)).is_empty();
            let taking: Vec<_> = new.iter().filter(|new| !is_refused(new)).collect();
            let wanted: Vec<_> = taking.iter().map(|new| described(new, name)).collect();
            let wanted: Vec<_> = wanted.into_iter().filter(|wanted| !wanted.is_empty()).collect();
            if !wanted.is_empty() {
                self.open.push_back(Step { old: held, new: wanted, value: pointer::join(value, name) });
            } else if !case.requires(name) && !taking.iter().any(|new| new.requires(name)) {
                let rule = if taking.is_empty() { Rule::Property } else { Rule::Declared };
                let what = format!("`{}`", pointer::shown(name));
                let found = found(rule, case, &first, value, &what);
                add(&mut self.found, vec![Found { level: Level::Unknown, from: place.at, ..found }]);
            }
        }
    }

    /// Members that are not named.
    fn others(&mut self, case: &Conjunction<'a>, new: &[&Conjunction<'a>], value: &str) {
        let place = format!("{value}/*");
        let of_rest = |side: &Conjunction<'a>| -> Vec<Node<'a>> {
            side.nodes.iter().filter_map(Node::additional).filter(says_something).collect()
        };
        let mut held = vec![(None, of_rest(case))];
        let patterns = case.nodes.iter().flat_map(Node::patterns);
        held.extend(patterns.map(|(pattern, schema)| (Some(pattern), vec![schema])));
        for (pattern, old) in held.into_iter().filter(|(_, held)| !held.is_empty()) {
            let wanted = |new: &&Conjunction<'a>| {
                let same = new.nodes.iter().flat_map(Node::patterns);
                let same = same.filter(|(own, _)| Some(*own) == pattern).map(|(_, schema)| schema);
                let same: Vec<_> = same.collect();
                if same.is_empty() { of_rest(new) } else { same }
            };
            self.descend(old, new.iter().map(wanted), &place);
        }
    }

    fn items(&mut self, case: &Conjunction<'a>, new: &[&Conjunction<'a>], value: &str) {
        let sides = || new.iter().copied().chain([case]);
        let lengths = sides().flat_map(|side| side.nodes.iter().map(|node| node.items("prefixItems").len()));
        let told_apart = lengths.max().unwrap_or(0);
        let said = |side: &Conjunction<'a>, nth| -> Vec<Node<'a>> {
            side.nodes.iter().filter_map(|node| node.item(nth)).collect()
        };
        for nth in 0..=told_apart {
            let place = if nth == told_apart { format!("{value}/*") } else { format!("{value}/{nth}") };
            self.descend(said(case, nth), new.iter().map(|new| said(new, nth)), &place);
        }
    }

    /// Looks at a part of the value, where both schemas say something of it.
    fn descend(&mut self, old: Vec<Node<'a>>, new: impl Iterator<Item = Vec<Node<'a>>>, value: &str) {
        let new: Vec<_> = new.filter(|new| !new.is_empty()).collect();
        if !old.is_empty() && !new.is_empty() {
            self.open.push_back(Step { old, new, value: value.to_owned() });
        }
    }
}

/// The lists of branches of which one holds, and where each stands.
fn lists<'a>(node: &Node<'a>) -> Vec<(String, Vec<Node<'a>>)> {
    let lists = ["anyOf", "oneOf"].map(|name| (format!("{}/{name}", node.at), node.items(name)));
    lists.into_iter().filter(|(_, branches)| !branches.is_empty()).collect()
}

/// The schemas of which each may hold or not.
fn parts<'a>(node: &Node<'a>) -> Vec<(String, Vec<Node<'a>>)> {
    let single = ["then", "else"].into_iter().filter_map(|name| node.keyword(name));
    let of_members = node.keyword("dependentSchemas").into_iter().flat_map(|all| {
        let names = all.schema.as_object().into_iter().flat_map(|schemas| schemas.keys());
        names.filter_map(|name| all.keyword(name)).collect::<Vec<_>>()
    });
    single.chain(of_members).map(|part| (part.at.clone(), vec![part])).collect()
}

/// What the schemas say of the member `name`.
fn said_of<'a>(side: &Conjunction<'a>, name: &str) -> Vec<Node<'a>> {
    side.nodes.iter().flat_map(|node| node.said_of(name)).collect()
}

/// The same as far as it describes the member: that others may be there, too, does not.
fn described<'a>(side: &Conjunction<'a>, name: &str) -> Vec<Node<'a>> {
    let of_node = |node: &Node<'a>| {
        let named = node.said_by_name(name);
        if named.is_empty() { node.additional().into_iter().filter(says_something).collect() } else { named }
    };
    let said: Vec<Node<'a>> = side.nodes.iter().flat_map(of_node).collect();
    if !said.is_empty() {
        return said;
    }
    side.unevaluated().into_iter().filter(says_something).collect()
}

fn says_something(node: &Node<'_>) -> bool {
    node.schema.as_object().is_some_and(|keywords| !keywords.is_empty())
}

/// Whether both list their values, and none is listed by both.
fn differ(old: &Conjunction<'_>, new: &Conjunction<'_>) -> bool {
    match (listed(old), listed(new)) {
        (Some(values), Some(others)) => {
            !values.iter().any(|value| others.iter().any(|other| may_equal(value, other)))
        }
        _ => false,
    }
}
