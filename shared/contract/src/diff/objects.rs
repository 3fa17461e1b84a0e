//! Objects: their members, named or not.

use std::collections::BTreeSet;

use serde_json::Value;

use super::conjunction::{Conjunction, NOTHING, Node};
use super::include::{Found, Inclusion, Level, add, found, matches, unknown};
use super::rule::Rule;
use super::scalars::counts;
use super::types::Types;
use crate::pointer;

/// What a schema says of members that are not named is not read where it depends on others.
const OPENING: [&str; 3] = ["if", "dependentSchemas", "unevaluatedProperties"];

impl<'a> Node<'a> {
    /// What the schema says of the member `name`.
    pub(super) fn said_of(&self, name: &str) -> Vec<Node<'a>> {
        let mut said = self.said_by_name(name);
        if said.is_empty() {
            said.extend(self.additional());
        }
        said
    }

    /// The same without what it says of members that it does not name.
    pub(super) fn said_by_name(&self, name: &str) -> Vec<Node<'a>> {
        let mut said: Vec<Node<'a>> =
            self.keyword("properties").and_then(|all| all.keyword(name)).into_iter().collect();
        if let Some(patterns) = self.keyword("patternProperties") {
            let all = self.members("patternProperties").into_iter().flat_map(|all| all.keys());
            said.extend(
                all.filter(|pattern| matches(pattern, name)).filter_map(|pattern| patterns.keyword(pattern)),
            );
        }
        said
    }

    fn named(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let properties =
            self.members("properties").into_iter().flat_map(|all| all.keys().map(String::as_str));
        properties.chain(self.names("required"))
    }

    pub(super) fn patterns(&self) -> Vec<(&'a str, Node<'a>)> {
        let patterns = self.keyword("patternProperties");
        let names = self.members("patternProperties").into_iter().flat_map(|all| all.keys());
        names.filter_map(|name| Some((name.as_str(), patterns.as_ref()?.keyword(name)?))).collect()
    }
}

impl<'a> Conjunction<'a> {
    /// Whether members that no schema here describes are not sent: some are described, and nothing speaks of others.
    fn is_closed(&self) -> bool {
        let describes = |node: &Node<'a>| {
            node.members("properties").is_some_and(|all| !all.is_empty()) || !node.patterns().is_empty()
        };
        let opens = |node: &Node<'a>| {
            node.additional().is_some() || OPENING.iter().any(|keyword| node.schema.get(keyword).is_some())
        };
        self.nodes.iter().any(describes) && !self.nodes.iter().any(opens) && self.branches().is_none()
    }

    /// What holds of the member `name`.
    pub(super) fn member(&self, name: &str) -> Vec<Node<'a>> {
        let mut said: Vec<Node<'a>> = self.nodes.iter().flat_map(|node| node.said_of(name)).collect();
        let is_named = self.elsewhere.contains(name)
            || self.nodes.iter().any(|node| node.named().any(|named| named == name));
        if said.is_empty() && !is_named && self.is_closed() {
            said.push(Node { schema: &NOTHING, at: "undescribed".to_owned() });
        }
        if said.is_empty() {
            said.extend(self.unevaluated());
        }
        said
    }

    /// What holds of members that no schema here describes. What sees members by cases is not read.
    pub(super) fn unevaluated(&self) -> Vec<Node<'a>> {
        let by_cases = ["anyOf", "oneOf", "if", "dependentSchemas"];
        let is_plain = |node: &Node<'a>| {
            node.additional().is_none() && !by_cases.iter().any(|keyword| node.schema.get(keyword).is_some())
        };
        match self.nodes.iter().all(is_plain) {
            true => self.nodes.iter().filter_map(Node::unevaluated).collect(),
            false => Vec::new(),
        }
    }

    /// Members that some schema here names.
    pub(super) fn named(&self) -> BTreeSet<&'a str> {
        self.nodes.iter().flat_map(Node::named).chain(self.elsewhere.iter().copied()).collect()
    }
}

impl<'a> Inclusion<'a> {
    pub(super) fn objects(&mut self, from: &Conjunction<'a>, to: &Node<'a>, value: &str) -> Vec<Found> {
        let mut all = self.required(from, to, value);
        let least = whole_or_zero(to, "minProperties");
        let sure = from.nodes.iter().flat_map(|node| node.names("required")).collect::<BTreeSet<_>>().len();
        if !u64::try_from(sure).is_ok_and(|sure| sure >= least) {
            all.extend(counts(from, to, value, "minProperties", "none"));
        }
        all.extend(counts(from, to, value, "none", "maxProperties"));
        add(&mut all, self.named_members(from, to, value));
        add(&mut all, self.other_members(from, to, value));
        add(&mut all, self.names_of_members(from, to, value));
        all.extend(self.dependencies(from, to, value));
        all
    }

    fn required(&self, from: &Conjunction<'a>, to: &Node<'a>, value: &str) -> Vec<Found> {
        let missing = to.names("required").filter(|name| !from.requires(name));
        let told = missing.map(|name| {
            let is_known = from
                .nodes
                .iter()
                .any(|node| node.members("properties").is_some_and(|all| all.contains_key(name)));
            let rule = if is_known { Rule::Required } else { Rule::NewRequired };
            found(rule, from, to, value, &format!("`{}`", pointer::shown(name)))
        });
        told.collect()
    }

    fn named_members(&mut self, from: &Conjunction<'a>, to: &Node<'a>, value: &str) -> Vec<Found> {
        let mut names = from.named();
        names.extend(to.named());
        let mut all = Vec::new();
        for name in names {
            let wanted = to.said_of(name);
            if wanted.is_empty() {
                continue;
            }
            let held = from.member(name);
            if Conjunction::of(self.from, &held).is_empty() {
                continue;
            }
            if Conjunction::of(self.to, &wanted).is_empty() {
                all.push(found(Rule::Property, from, to, value, &format!("`{}`", pointer::shown(name))));
                continue;
            }
            add(&mut all, self.compare(&held, &wanted, &pointer::join(value, name)));
        }
        all
    }

    /// Members that neither names: those that a pattern matches, and the rest.
    fn other_members(&mut self, from: &Conjunction<'a>, to: &Node<'a>, value: &str) -> Vec<Found> {
        let place = format!("{value}/*");
        let mut all = Vec::new();
        for (pattern, wanted) in to.patterns() {
            add(&mut all, self.others(from, &[pattern], &wanted, &place));
        }
        if let Some(wanted) = to.additional() {
            let more = self.others(from, &[], &wanted, &place);
            if wanted.schema == &Value::Bool(false) && !more.is_empty() {
                all.push(match from.nodes.iter().any(|node| node.unevaluated().is_some()) {
                    true => unknown(from, to, value, "`unevaluatedProperties`"),
                    false => found(Rule::Others, from, to, value, ""),
                });
            } else {
                add(&mut all, more);
            }
        }
        all
    }

    /// What `from` says of members that it does not name, against `wanted`. Those that match one of its own patterns
    /// are held to what it says of these, the rest to what it says of the rest.
    fn others(
        &mut self,
        from: &Conjunction<'a>,
        same: &[&str],
        wanted: &Node<'a>,
        place: &str,
    ) -> Vec<Found> {
        let of_pattern = |node: &Node<'a>| {
            let patterns = node.patterns().into_iter();
            patterns
                .filter(|(pattern, _)| same.contains(pattern))
                .map(|(_, schema)| schema)
                .collect::<Vec<_>>()
        };
        let held: Vec<Node<'a>> = from.nodes.iter().flat_map(of_pattern).collect();
        if !held.is_empty() {
            return self.compare(&held, std::slice::from_ref(wanted), place);
        }
        let mut all = Vec::new();
        let mut rest: Vec<Node<'a>> = from.nodes.iter().filter_map(Node::additional).collect();
        if rest.is_empty() {
            rest = from.unevaluated();
        }
        if !(rest.is_empty() && from.is_closed()) {
            add(&mut all, self.compare(&rest, std::slice::from_ref(wanted), place));
        }
        for (_, schema) in from.nodes.iter().flat_map(Node::patterns) {
            add(&mut all, self.compare(&[schema], std::slice::from_ref(wanted), place));
        }
        all
    }

    fn names_of_members(&mut self, from: &Conjunction<'a>, to: &Node<'a>, value: &str) -> Vec<Found> {
        let Some(wanted) = to.keyword("propertyNames") else { return Vec::new() };
        let held: Vec<Node<'a>> =
            from.nodes.iter().filter_map(|node| node.keyword("propertyNames")).collect();
        if !held.is_empty() && self.compare(&held, std::slice::from_ref(&wanted), value).is_empty() {
            return Vec::new();
        }
        vec![found(Rule::Names, from, to, value, "")]
    }

    fn dependencies(&mut self, from: &Conjunction<'a>, to: &Node<'a>, value: &str) -> Vec<Found> {
        let mut all = Vec::new();
        for (member, needed) in to.members("dependentRequired").into_iter().flatten() {
            let held = |name: &Value| {
                let stated = |node: &Node<'a>| {
                    let own = node.members("dependentRequired").and_then(|all| all.get(member)?.as_array());
                    own.is_some_and(|own| own.contains(name))
                };
                name.as_str().is_some_and(|name| from.requires(name)) || from.nodes.iter().any(stated)
            };
            if !needed.as_array().into_iter().flatten().all(held) {
                all.push(found(Rule::Dependency, from, to, value, &format!("`{}`", pointer::shown(member))));
            }
        }
        if let Some(schemas) = to.members("dependentSchemas") {
            let keyword = to.keyword("dependentSchemas");
            for name in schemas.keys() {
                let Some(wanted) = keyword.as_ref().and_then(|keyword| keyword.keyword(name)) else {
                    continue;
                };
                let held =
                    from.nodes.iter().filter_map(|node| node.keyword("dependentSchemas")?.keyword(name));
                let held: Vec<Node<'a>> = held.collect();
                if !held.iter().any(|held| self.equal(held, &wanted)) {
                    all.push(unknown(from, to, value, "`dependentSchemas`"));
                }
            }
        }
        all
    }

    /// Members that `from` describes and `to` lets pass without a word.
    pub(super) fn undescribed(
        &self,
        from: &Conjunction<'a>,
        to: &Conjunction<'a>,
        value: &str,
    ) -> Vec<Found> {
        let says_more = |node: &Node<'a>| {
            OPENING.iter().chain(&["anyOf", "oneOf"]).any(|keyword| node.schema.get(keyword).is_some())
        };
        if !from.types().meets(Types::OBJECT) || to.nodes.iter().any(says_more) {
            return Vec::new();
        }
        let Some(first) = to.nodes.first() else { return Vec::new() };
        let known = |name: &str| {
            to.nodes.iter().any(|node| !node.said_of(name).is_empty() || node.named().any(|own| own == name))
        };
        let names = from
            .nodes
            .iter()
            .flat_map(|node| node.members("properties").into_iter().flat_map(|all| all.keys()));
        let names: BTreeSet<&String> = names.filter(|name| !known(name)).collect();
        let note = |name: &&String| Found {
            level: Level::Note,
            ..found(Rule::Declared, from, first, value, &format!("`{}`", pointer::shown(name)))
        };
        names.iter().map(note).collect()
    }
}

fn whole_or_zero(node: &Node<'_>, keyword: &str) -> u64 {
    node.schema.get(keyword).and_then(super::conjunction::whole).unwrap_or(0)
}
