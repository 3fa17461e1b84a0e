use std::time::Duration;

use doorward_model::Fault;
use http::header::AUTHORIZATION;

use crate::checked::{Authorizer, AuthorizerAnswer};
use crate::identity_source::IdentitySource;
use crate::reader::Value;
use crate::report::Reported;
use crate::sockets;

/// What holds where there is no `[authorizer]`.
pub(crate) fn default() -> Authorizer {
    Authorizer {
        answer: AuthorizerAnswer::Simple,
        cache: Duration::ZERO,
        usage_identifier: false,
        identity_sources: Vec::new(),
        alone: false,
        connections: Vec::new(),
        place: None,
    }
}

/// The longest time for which API Gateway keeps an authorizer's answer (API Gateway, `authorizerResultTtlInSeconds`).
const LONGEST_CACHE: Duration = Duration::from_secs(60 * 60);

/// Reads `[authorizer]`.
pub(crate) fn read(value: Value<'_>) -> Result<Authorizer, Reported> {
    let place = value.place();
    value.section("`[authorizer]`", |section| {
        let default = default();
        let answers = [("simple", AuthorizerAnswer::Simple), ("iam-policy", AuthorizerAnswer::IamPolicy)];
        let answer = section.or("answer", default.answer, |value| value.choice(&answers));
        let cache =
            section.or("cache", default.cache, |value| value.duration(Duration::ZERO..=LONGEST_CACHE));
        let usage_identifier = section.or("usage_identifier", default.usage_identifier, Value::flag);
        let is_cached = cache.as_ref().is_ok_and(|cache| !cache.is_zero());
        let sources = section.optional("identity_sources", |value| read_sources(value, is_cached));
        let alone = section.or("alone", default.alone, Value::flag);
        let is_alone = alone.as_ref().is_ok_and(|alone| *alone);
        let connections = section.or("connections", default.connections, sockets::connections);
        Ok(Authorizer {
            answer: answer?,
            cache: cache?,
            usage_identifier: usage_identifier?,
            identity_sources: sources?.unwrap_or_else(|| sources_of(is_cached, is_alone)),
            alone: alone?,
            connections: connections?,
            place: Some(place),
        })
    })
}

/// Where nothing is said: without a cache nothing is needed to tell callers apart, since the authorizer hears of every
/// request; with one, each path of each caller has an answer of its own, and behind an authorizer alone each route of it.
fn sources_of(is_cached: bool, is_alone: bool) -> Vec<IdentitySource> {
    let own = [IdentitySource::Header(AUTHORIZATION), IdentitySource::Method, IdentitySource::Path];
    let route = is_alone.then_some(IdentitySource::Route);
    own.into_iter().chain(route).filter(|_| is_cached).collect()
}

fn read_sources(value: Value<'_>, is_cached: bool) -> Result<Vec<IdentitySource>, Reported> {
    let sources = value.set(|item| item.parse(IdentitySource::parse))?;
    if sources.is_empty() && is_cached {
        let fault = Fault::new("answers are reused, and nothing tells callers apart");
        return Err(value
            .fault(fault.hint("name at least the header field of the credentials, or leave `cache` out")));
    }
    Ok(sources)
}
