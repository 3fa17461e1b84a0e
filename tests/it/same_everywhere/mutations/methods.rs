//! Other methods, and other spellings of a method.

use super::{Mutation, mutation};

const METHODS: &[&str] = &[
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get", "Get", "post",
    "delete", "PROPFIND", "QUERY", "PURGE", "M-SEARCH", "FOO", "GET2", "ANY",
];

pub(super) fn all() -> Vec<Mutation> {
    let method = |method: &'static str| {
        mutation(format!("method: {method}"), move |request, _, _| request.method = method.to_owned())
    };
    METHODS.iter().copied().map(method).collect()
}
