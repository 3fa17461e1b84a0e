use std::time::Duration;

use doorward_model::{Front, Place};

use crate::identity_source::IdentitySource;

/// How the authorizer answers an API, and how the API reuses its answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorizer {
    /// The form of its answers; it must be the one that the API's authorizer is set to.
    pub answer: AuthorizerAnswer,
    /// For how long the gateway may reuse an answer; zero turns its cache off.
    pub cache: Duration,
    /// Whether a REST API is told the API key that was shown, as its `usageIdentifierKey`, so that it counts the call for
    /// its own usage plan. The gateway then knows the key, and may log it.
    pub usage_identifier: bool,
    /// What the gateway tells callers apart by. An answer is reused for requests that are alike in all of them.
    pub identity_sources: Vec<IdentitySource>,
    /// Whether no dispatcher stands behind it: whom it admits reaches the target.
    pub alone: bool,
    /// The WebSocket APIs that ask it before a connection is opened, and no other authorizer: whom it proved then, the
    /// connection's messages come from.
    pub connections: Vec<Front>,
    /// Where the configuration says so; `None` where it says nothing.
    pub place: Option<Place>,
}

impl Authorizer {
    /// Whether APIs that are deployed for this one are deployed for `other` as well.
    #[must_use]
    pub fn is_deployed_as(&self, other: &Self) -> bool {
        let Self { answer, cache, usage_identifier: _, identity_sources, alone, connections: _, place: _ } =
            self;
        (answer, cache, alone) == (&other.answer, &other.cache, &other.alone)
            && identity_sources.len() == other.identity_sources.len()
            && identity_sources.iter().all(|source| other.identity_sources.contains(source))
    }
}

/// The two answer forms of HTTP API Lambda authorizers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthorizerAnswer {
    /// `{"isAuthorized": …}`.
    Simple,
    /// An IAM policy document.
    IamPolicy,
}
