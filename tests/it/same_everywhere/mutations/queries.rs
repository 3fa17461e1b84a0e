//! Queries, of which one parameter is read by a policy.

use super::{Mutation, mutation};

const QUERIES: &[&str] = &[
    "",
    "scope",
    "scope=",
    "scope=mine",
    "scope=all",
    "scope=mine&scope=all",
    "scope=all&scope=mine",
    "scope=mine&scope=mine",
    "scope=al%6C",
    "sc%6Fpe=all",
    "SCOPE=all",
    "scope[]=all",
    "scope=%zz",
    "scope=%",
    "scope=%FF",
    "scope=mine%00",
    "scope=mine;scope=all",
    "scope=+mine",
    "scope=mine,all",
    "scope=all%20",
    "&&scope=mine&",
    "scope==all",
    "scope=mine&x=%zz",
    "%73cope=mine&scope=all",
    "scope=m%C3%AFne",
    "a=1&b=2&scope=mine&a=3",
];

pub(super) fn all() -> Vec<Mutation> {
    let query = |query: &'static str| {
        mutation(format!("query: {query}"), move |request, _, _| request.query = query.to_owned())
    };
    QUERIES.iter().copied().map(query).collect()
}
