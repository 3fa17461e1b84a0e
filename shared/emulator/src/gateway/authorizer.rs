//! The Lambda authorizer in front of an API's routes.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::access_log::{AuthorizerOutcome, Trail};
use super::authorizer_cache::AuthorizerCache;
use super::iam_policy::Decision;
use super::identity_source::{Asked, IdentitySource, identity};
use super::verdict::{Described, Verdict, VerdictForm};
use crate::lambda::{Invocation, Lambda};

/// Time API Gateway gives an authorizer.
const LIMIT: Duration = Duration::from_secs(10);
/// The error message by which an authorizer asks for a 401 instead of a 500.
const UNAUTHORIZED: &str = "Unauthorized";

/// An authorizer and its cache.
pub(super) struct AuthorizerGate {
    function: String,
    sources: Vec<IdentitySource>,
    /// What the whole of the first source's value must match.
    validation: Option<regex_lite::Regex>,
    form: VerdictForm,
    cache: Mutex<AuthorizerCache>,
}

/// Why a request does not pass.
#[derive(Debug, PartialEq)]
pub(super) enum Stopped {
    /// 401.
    Unauthorized,
    /// 403, by a statement that denies or by none that allows.
    Forbidden { explicit: bool, described: Described },
    /// 500.
    Failed,
}

impl AuthorizerGate {
    pub(super) fn new(
        function: String,
        sources: Vec<IdentitySource>,
        form: VerdictForm,
        ttl: Duration,
    ) -> Self {
        Self { function, sources, validation: None, form, cache: Mutex::new(AuthorizerCache::new(ttl)) }
    }

    /// The same one, which is not asked about values that do not match.
    pub(super) fn validating(self, validation: Option<regex_lite::Regex>) -> Self {
        Self { validation, ..self }
    }

    pub(super) fn function(&self) -> &str {
        &self.function
    }

    /// Lets a request to the method or route of `arn` pass with what the authorizer says of its caller, or stops it.
    /// `event` makes what the authorizer is asked from the values of the identity sources. How it went is written to
    /// `trail`.
    pub(super) async fn pass(
        &self,
        lambda: &Lambda,
        asked: &Asked<'_>,
        arn: &str,
        event: impl FnOnce(&[String]) -> Bytes,
        trail: &mut Trail,
    ) -> Result<Described, Stopped> {
        let Some(identity) = identity(&self.sources, asked).filter(|identity| self.is_valid(identity)) else {
            trail.authorizer = Some(AuthorizerOutcome::MissingIdentitySource);
            return Err(Stopped::Unauthorized);
        };
        let cached = self.cache.lock().unwrap_or_else(PoisonError::into_inner).get(&identity, Instant::now());
        if let Some(verdict) = cached {
            trail.authorizer = Some(AuthorizerOutcome::CacheHit);
            return decide(verdict, arn);
        }
        let invocation = Invocation::new(event(&identity), asked.inbound.trace());
        let answered = self.ask(lambda, invocation, trail).await;
        let verdict = answered.inspect_err(|_| trail.authorizer = Some(AuthorizerOutcome::Error))?;
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.put(identity, verdict.clone(), Instant::now());
        drop(cache);
        let decision = decide(verdict, arn);
        let outcome = if decision.is_ok() { AuthorizerOutcome::Allow } else { AuthorizerOutcome::Deny };
        trail.authorizer = Some(outcome);
        decision
    }

    fn is_valid(&self, identity: &[String]) -> bool {
        match (&self.validation, identity.first()) {
            (Some(validation), Some(value)) => validation.is_match(value),
            _ => true,
        }
    }

    async fn ask(
        &self,
        lambda: &Lambda,
        invocation: Invocation,
        trail: &mut Trail,
    ) -> Result<Verdict, Stopped> {
        trail.authorizer_request_id = Some(invocation.id.clone());
        let mut failed = |reason: String| {
            trail.authorizer_error = Some(reason);
            Stopped::Failed
        };
        let answer = match tokio::time::timeout(LIMIT, lambda.invoke(&self.function, invocation)).await {
            Err(_) => return Err(failed(format!("no answer within {} s", LIMIT.as_secs()))),
            Ok(Err(fault)) => return Err(failed(fault.to_string())),
            Ok(Ok(answer)) => answer,
        };
        if answer.is_error {
            return Err(match answer.error_message() {
                Some(message) if message == UNAUTHORIZED => Stopped::Unauthorized,
                message => failed(message.unwrap_or_default()),
            });
        }
        Verdict::read(&answer.payload, self.form).map_err(|error| failed(error.to_string()))
    }
}

fn decide(verdict: Verdict, arn: &str) -> Result<Described, Stopped> {
    let decision = verdict.decide(arn);
    let described = verdict.into_described();
    match decision {
        Decision::Allow => Ok(described),
        Decision::ExplicitDeny => Err(Stopped::Forbidden { explicit: true, described }),
        Decision::ImplicitDeny => Err(Stopped::Forbidden { explicit: false, described }),
    }
}
