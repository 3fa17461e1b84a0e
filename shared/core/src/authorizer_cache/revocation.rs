use std::time::Duration;

use doorward_config::{Config, JwksLocation, RouteMatch, Updates};

use super::Reuse;
use crate::keys;

/// How long something that was taken back may still let a caller in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    /// What was taken back.
    pub what: &'static str,
    /// The longest time from then; `None` until the next deployment.
    pub within: Option<Duration>,
}

/// How long a connection of a WebSocket API lasts at most ("Amazon API Gateway quotas", connection duration). Its messages are
/// decided about one by one, by what is known then; but that it is open, so that targets may write to it, and the signature of
/// the token that opened it, are not looked at again.
const CONNECTION: Duration = Duration::from_secs(2 * 60 * 60);

/// How long each kind of revocation takes at most, while what the door asks is there. Behind a dispatcher, which decides
/// again, what a gateway keeps lets nobody in for longer. Without one, every kind takes the time of the cache more. Either way
/// it keeps refusals, so what a caller is given may take the time of the cache until it helps.
#[must_use]
pub fn revocations(config: &Config) -> Vec<Revocation> {
    let kept = match Reuse::of(&config.authorizer) {
        Reuse::Never => Duration::ZERO,
        Reuse::Own | Reuse::Shared => config.authorizer.cache,
    };
    let more = if config.authorizer.alone { kept } else { Duration::ZERO };
    let refresh = config.door.refresh;
    let mut found = Vec::new();
    let mut say = |what, within: Option<Duration>| {
        found.push(Revocation { what, within: within.map(|within| within + more) });
    };
    if let Some(leeway) = config.issuers.iter().map(|issuer| issuer.leeway).max() {
        say("a token that expires", Some(leeway));
    }
    if config.issuers.iter().any(|issuer| !matches!(issuer.jwks, JwksLocation::File { .. })) {
        say("a key that its issuer withdraws", Some(keys::oldest(refresh)));
    }
    if config.routes.iter().any(doorward_config::Route::accepts_api_keys) {
        say("an API key that is revoked", Some(refresh));
    }
    let policy = match config.door.updates {
        Updates::Table => Some(refresh),
        Updates::None => None,
    };
    say("a policy that is changed", policy);
    let loads = config.routes.iter().filter_map(|route| route.resource.as_ref()?.load.as_ref());
    if let Some(longest) = loads.map(|load| load.cache.unwrap_or(refresh)).max() {
        say("an item that a route loads", Some(longest));
    }
    if config.routes.iter().any(|route| matches!(route.matched, RouteMatch::Socket(_))) {
        found.push(Revocation {
            what: "a connection that was opened before any of these",
            within: Some(CONNECTION),
        });
    }
    if !kept.is_zero() {
        found.push(Revocation {
            what: "a refusal, after what it was refused for is given",
            within: Some(kept),
        });
    }
    found
}
