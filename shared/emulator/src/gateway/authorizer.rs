//! The authorizer in front of an HTTP API's routes.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Map, Value};

use super::access_log::{AuthorizerOutcome, Trail};
use super::authorizer_cache::AuthorizerCache;
use super::event::{self, Placement};
use super::identity_source::{IdentitySource, identity};
use super::inbound::Inbound;
use super::verdict::Verdict;
use crate::EmulatorError;
use crate::lambda::{Invocation, Lambda};
use crate::options::Authorizer;

/// Time API Gateway gives an authorizer.
const LIMIT: Duration = Duration::from_secs(10);
/// The error message by which an authorizer asks for a 401 instead of a 500.
const UNAUTHORIZED: &str = "Unauthorized";

/// An authorizer and its cache.
pub(super) struct AuthorizerGate {
    function: String,
    sources: Vec<IdentitySource>,
    simple: bool,
    cache: Mutex<AuthorizerCache>,
}

/// Why a request does not pass.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stopped {
    /// 401.
    Unauthorized,
    /// 403.
    Forbidden,
    /// 500.
    Failed,
}

impl AuthorizerGate {
    pub(super) fn new(authorizer: Authorizer) -> Result<Self, EmulatorError> {
        let sources = authorizer.identity_sources.iter();
        Ok(Self {
            sources: sources.map(|source| IdentitySource::parse(source)).collect::<Result<_, _>>()?,
            function: authorizer.function,
            simple: authorizer.simple_responses,
            cache: Mutex::new(AuthorizerCache::new(authorizer.ttl)),
        })
    }

    pub(super) fn function(&self) -> &str {
        &self.function
    }

    /// Lets a request pass with the authorizer's context, or stops it. How it went is written to `trail`.
    pub(super) async fn pass(
        &self,
        lambda: &Lambda,
        inbound: &Inbound,
        placement: &Placement<'_>,
        route_arn: &str,
        trail: &mut Trail,
    ) -> Result<Option<Map<String, Value>>, Stopped> {
        let Some(identity) = identity(&self.sources, inbound, placement.route_key) else {
            trail.authorizer = Some(AuthorizerOutcome::MissingIdentitySource);
            return Err(Stopped::Unauthorized);
        };
        let cached = self.cache.lock().unwrap_or_else(PoisonError::into_inner).get(&identity, Instant::now());
        if let Some(verdict) = cached {
            trail.authorizer = Some(AuthorizerOutcome::CacheHit);
            return decide(verdict, route_arn);
        }
        let asked = self.ask(lambda, inbound, placement, route_arn, &identity, trail).await;
        let verdict = asked.inspect_err(|_| trail.authorizer = Some(AuthorizerOutcome::Error))?;
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.put(identity, verdict.clone(), Instant::now());
        drop(cache);
        let decision = decide(verdict, route_arn);
        let outcome = if decision.is_ok() { AuthorizerOutcome::Allow } else { AuthorizerOutcome::Deny };
        trail.authorizer = Some(outcome);
        decision
    }

    async fn ask(
        &self,
        lambda: &Lambda,
        inbound: &Inbound,
        placement: &Placement<'_>,
        route_arn: &str,
        identity: &[String],
        trail: &mut Trail,
    ) -> Result<Verdict, Stopped> {
        let event = event::authorizer(inbound, placement, route_arn, identity);
        let invocation = Invocation::new(event, inbound.trace());
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
        Verdict::read(&answer.payload, self.simple)
            .map_err(|error| failed(format!("the answer is not of the declared form: {error}")))
    }
}

fn decide(verdict: Verdict, route_arn: &str) -> Result<Option<Map<String, Value>>, Stopped> {
    if verdict.allows(route_arn) { Ok(verdict.into_context()) } else { Err(Stopped::Forbidden) }
}
