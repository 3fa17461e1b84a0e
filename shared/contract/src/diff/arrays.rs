//! Lists.

use serde_json::Value;

use super::conjunction::{Conjunction, Node};
use super::include::{Found, Inclusion, add, found};
use super::rule::Rule;
use super::scalars::counts;

impl<'a> Node<'a> {
    /// What the schema says of the item `nth`.
    pub(super) fn item(&self, nth: usize) -> Option<Node<'a>> {
        self.items("prefixItems").get(nth).cloned().or_else(|| self.keyword("items"))
    }
}

impl<'a> Inclusion<'a> {
    pub(super) fn arrays(&mut self, from: &Conjunction<'a>, to: &Node<'a>, value: &str) -> Vec<Found> {
        let mut all = counts(from, to, value, "minItems", "maxItems");
        let is_unique = |node: &Node<'_>| node.schema.get("uniqueItems") == Some(&Value::Bool(true));
        let at_most_one = from.count("maxItems", false).is_some_and(|most| most <= 1);
        if is_unique(to) && !from.nodes.iter().any(is_unique) && !at_most_one {
            all.push(found(Rule::Unique, from, to, value, ""));
        }
        add(&mut all, self.items(from, to, value));
        add(&mut all, self.contained(from, to, value));
        all
    }

    /// Item by item where some schema tells them apart, then the rest together.
    fn items(&mut self, from: &Conjunction<'a>, to: &Node<'a>, value: &str) -> Vec<Found> {
        let most = from.count("maxItems", false).unwrap_or(u64::MAX);
        let told_apart =
            from.nodes.iter().chain([to]).map(|node| node.items("prefixItems").len()).max().unwrap_or(0);
        let mut all = Vec::new();
        for nth in 0..=told_apart {
            // Every place from `told_apart` on is alike.
            if u64::try_from(nth).is_ok_and(|nth| nth >= most) {
                break;
            }
            let Some(wanted) = to.item(nth) else { continue };
            let held: Vec<Node<'a>> = from.nodes.iter().filter_map(|node| node.item(nth)).collect();
            let place = if nth == told_apart { format!("{value}/*") } else { format!("{value}/{nth}") };
            add(&mut all, self.compare(&held, &[wanted], &place));
        }
        all
    }

    fn contained(&mut self, from: &Conjunction<'a>, to: &Node<'a>, value: &str) -> Vec<Found> {
        if to.schema.get("contains").is_none() {
            return Vec::new();
        }
        let keywords = ["contains", "minContains", "maxContains"];
        let same = |inclusion: &mut Self, node: &Node<'a>| {
            keywords.iter().all(|keyword| match (node.keyword(keyword), to.keyword(keyword)) {
                (Some(from), Some(to)) => {
                    from.schema == to.schema || (*keyword == "contains" && inclusion.equal(&from, &to))
                }
                (None, None) => true,
                _ => false,
            })
        };
        if from.nodes.iter().any(|node| same(self, node)) {
            return Vec::new();
        }
        vec![found(Rule::Contains, from, to, value, "")]
    }
}
