//! What was tried, for the end of a run.

use std::collections::{BTreeMap, BTreeSet};

use super::configured::Way;
use super::forms::Form;

/// Counts of one thread, or of all.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) requests: usize,
    /// Cases, which are requests in a form, by form.
    pub(crate) by_form: BTreeMap<String, usize>,
    /// Cases whose route was found.
    pub(crate) routed: usize,
    /// Cases that the dispatcher allows.
    pub(crate) allowed: usize,
    /// Mutations that were tried on requests of a route.
    pub(crate) tried: BTreeSet<(&'static str, usize)>,
    /// Questions by the kind of API.
    pub(crate) questions: BTreeMap<String, usize>,
    /// Answers from a cache by everything that a route depends on.
    pub(crate) exact_hits: usize,
    /// Of them, those that were right when they were made only.
    pub(crate) outlived: usize,
    /// Answers from a cache by the `authorization` field alone.
    pub(crate) shared_hits: usize,
    /// Of them, what the gateway let pass and the dispatcher refused.
    pub(crate) stopped_behind: usize,
    /// Of them, what the gateway refused and the dispatcher would have allowed: wrong refusals.
    pub(crate) wrong_refusals: usize,
    /// Requests without an identity source, which the gateway refused and the dispatcher would have allowed.
    pub(crate) without_source: usize,
    /// By the way in which the configuration has answers kept: questions that were answered as the dispatcher does, and how
    /// many of them by a kept answer.
    pub(crate) kept: BTreeMap<Way, (usize, usize)>,
    /// Differences that the form of a question explains, by what explains them.
    pub(crate) explained: BTreeMap<&'static str, usize>,
}

impl Counts {
    pub(crate) fn cases(&self) -> usize {
        self.by_form.values().sum()
    }

    pub(crate) fn case(&mut self, form: Form) {
        *self.by_form.entry(format!("{form:?}")).or_default() += 1;
    }

    pub(crate) fn explained(&mut self, why: &'static str) {
        *self.explained.entry(why).or_default() += 1;
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.requests += other.requests;
        self.routed += other.routed;
        self.allowed += other.allowed;
        self.exact_hits += other.exact_hits;
        self.outlived += other.outlived;
        self.shared_hits += other.shared_hits;
        self.stopped_behind += other.stopped_behind;
        self.wrong_refusals += other.wrong_refusals;
        self.without_source += other.without_source;
        self.tried.extend(other.tried);
        for (form, count) in other.by_form {
            *self.by_form.entry(form).or_default() += count;
        }
        for (api, count) in other.questions {
            *self.questions.entry(api).or_default() += count;
        }
        for (way, (same, kept)) in other.kept {
            let counts = self.kept.entry(way).or_default();
            counts.0 += same;
            counts.1 += kept;
        }
        for (why, count) in other.explained {
            *self.explained.entry(why).or_default() += count;
        }
    }

    /// The fewest mutations that were tried on any route, and how many routes there were.
    pub(crate) fn mutations_per_route(&self) -> (usize, usize) {
        let mut by_route: BTreeMap<&str, usize> = BTreeMap::new();
        for (route, _) in &self.tried {
            *by_route.entry(route).or_default() += 1;
        }
        (by_route.values().copied().min().unwrap_or_default(), by_route.len())
    }

    pub(crate) fn print(&self) {
        let (mutations, routes) = self.mutations_per_route();
        println!("{} cases of {} requests: {:?}", self.cases(), self.requests, self.by_form);
        println!(
            "routed {}, allowed {}; {mutations} mutations on each of {routes} routes",
            self.routed, self.allowed
        );
        println!("questions {:?}", self.questions);
        println!(
            "kept answers by all that counts: {}, of which {} outlived a token",
            self.exact_hits, self.outlived
        );
        println!(
            "kept answers by `authorization` alone: {}, of which the dispatcher stopped {} and {} were wrong refusals; {} \
             more for want of the field",
            self.shared_hits, self.stopped_behind, self.wrong_refusals, self.without_source
        );
        println!("as the configuration has answers kept, (alike, of them by a kept answer): {:?}", self.kept);
        println!("differences explained by the form of the question: {:?}", self.explained);
    }
}
