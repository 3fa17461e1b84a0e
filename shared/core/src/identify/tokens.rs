//! Callers who show a bearer token of an issuer.

use std::sync::Arc;

use doorward_config::{Issuer, PrincipalRule};
use doorward_model::entity_type::GROUP;
use doorward_model::{AuthFault, Call, EntityName, MalformedFault, Principal, Refusal, TrustLevel};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::connections::Opened;
use super::{connections, front_claims, is_id};
use crate::api_key::ApiKey;
use crate::claim::RESERVE;
use crate::door::Door;
use crate::find::HttpCall;
use crate::keys::{KeySet, KeysAway};
use crate::rules::RouteRules;
use crate::token::Unverified;
use crate::token_claims;

impl Door {
    /// Whose token the request shows, and its claims; `None` where it shows none. What is meant as an API key is no token where keys are
    /// taken, nor are credentials of another scheme.
    pub(super) async fn token_caller(
        &self,
        http: &HttpCall<'_>,
        call: &mut Call,
    ) -> Result<Option<(Principal, Map<String, Value>)>, Refusal> {
        let opened = connections::opened(self.rules.config(), http).map_err(Refusal::Unauthenticated)?;
        if let Some(Opened::Token(claims)) = opened {
            let issuer = of_route(http.rules, &claims).map_err(Refusal::Unauthenticated)?;
            let at = connections::must_hold_at(http, self.ports.clock.now());
            return attested(http, issuer, claims, at, call).map(Some);
        }
        if let Some((claims, issuer)) = front_claims::of_call(http) {
            let claims = front_claims::read(claims, issuer).map_err(Refusal::Unauthenticated)?;
            return attested(http, issuer, claims, self.ports.clock.now(), call).map(Some);
        }
        let token = match bearer(&http.request.headers) {
            // Other credentials may be shown beside, and what the front verified may stand in the field itself:
            // `AWS4-HMAC-SHA256 Credential=…`.
            Err(Refusal::Unauthenticated(AuthFault::NotAToken)) => None,
            shown => shown?,
        };
        let Some(token) = token else { return Ok(None) };
        if http.rules.route.accepts_api_keys()
            && ApiKey::is_meant(&self.rules.config().api_keys.prefix, token)
        {
            return Ok(None);
        }
        let token = Unverified::read(token).map_err(Refusal::Unauthenticated)?;
        let issuer = issuer(http.rules, &token).map_err(Refusal::Unauthenticated)?;
        let set = self.key_set(issuer, token.kid(), call).await?;
        let key = set.find(token.kid(), token.algorithm());
        let key = key.ok_or(Refusal::Unauthenticated(AuthFault::UnknownKey))?;
        let claims = token.verify(key, issuer, self.ports.clock.now()).map_err(Refusal::Unauthenticated)?;
        Ok(Some((caller(http.rules, issuer, &claims, TrustLevel::Verified, call)?, claims)))
    }

    /// The issuer's keys, unless the platform would end the call before they are here.
    async fn key_set(&self, issuer: &Issuer, kid: Option<&str>, call: &Call) -> Result<Arc<KeySet>, Refusal> {
        let (fetch, clock) = (self.ports.fetch.as_ref(), self.ports.clock.as_ref());
        let asked = self.keys.set(&issuer.name, kid, fetch, clock);
        let found = match call.time_left(clock.now(), RESERVE) {
            None => asked.await,
            Some(left) => tokio::time::timeout(left, asked).await.unwrap_or(Err(KeysAway)),
        };
        found.map_err(|KeysAway| Refusal::KeysAway)
    }
}

/// The caller of claims that others verified, if they hold at `at`.
fn attested(
    http: &HttpCall<'_>,
    issuer: &Issuer,
    claims: Map<String, Value>,
    at: Timestamp,
    call: &mut Call,
) -> Result<(Principal, Map<String, Value>), Refusal> {
    token_claims::check(&claims, issuer, at).map_err(Refusal::Unauthenticated)?;
    Ok((caller(http.rules, issuer, &claims, TrustLevel::Attested, call)?, claims))
}

/// The issuer that the token names, if this route accepts it and it accepts the token's algorithm.
fn issuer<'c>(rules: &'c RouteRules, token: &Unverified<'_>) -> Result<&'c Issuer, AuthFault> {
    let issuer = of_route(rules, token.claims())?;
    if !issuer.algorithms.contains(&token.algorithm()) {
        return Err(AuthFault::Algorithm);
    }
    Ok(issuer)
}

fn of_route<'c>(rules: &'c RouteRules, claims: &Map<String, Value>) -> Result<&'c Issuer, AuthFault> {
    token_claims::issuer(rules.issuers.iter(), claims).ok_or(AuthFault::Issuer)
}

/// The token of RFC 6750 section 2.1. Other schemes are no credentials of ours; two header fields are ambiguous.
pub(super) fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    let malformed = || Refusal::Malformed(MalformedFault::Header("authorization".to_owned()));
    let mut fields = headers.get_all(AUTHORIZATION).iter();
    let Some(field) = fields.next() else { return Ok(None) };
    if fields.next().is_some() {
        return Err(malformed());
    }
    let text = field.to_str().map_err(|_| malformed())?;
    let (scheme, token) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
    if scheme.eq_ignore_ascii_case("bearer") {
        Ok(Some(token.trim_matches(' ')))
    } else {
        Err(Refusal::Unauthenticated(AuthFault::NotAToken))
    }
}

/// The caller of a token that holds, if it reaches as far as the route.
fn caller(
    rules: &RouteRules,
    issuer: &Issuer,
    claims: &Map<String, Value>,
    trust: TrustLevel,
    call: &mut Call,
) -> Result<Principal, Refusal> {
    let principal = principal(issuer, claims, trust).map_err(Refusal::Unauthenticated)?;
    let scopes = &rules.route.scopes;
    if token_claims::has_scopes(claims, scopes).map_err(Refusal::Unauthenticated)? {
        return Ok(principal);
    }
    // Who calls is proven, so the refusal is recorded as theirs.
    call.is_by(principal.name, trust);
    Err(Refusal::InsufficientScope { scopes: scopes.names.clone(), any: scopes.any })
}

fn principal(
    issuer: &Issuer,
    claims: &Map<String, Value>,
    trust: TrustLevel,
) -> Result<Principal, AuthFault> {
    let PrincipalRule { type_name, id, groups, prefix, attributes: _ } = &issuer.principal;
    let own = claims.get(id).and_then(Value::as_str).filter(|own| is_id(own));
    let own = own.ok_or_else(|| AuthFault::Claim(id.clone()))?;
    let prefix = prefix.as_deref().unwrap_or_default();
    let parents = match groups.as_deref().map(|name| (name, claims.get(name))) {
        None | Some((_, None)) => Vec::new(),
        Some((name, Some(listed))) => {
            read_groups(listed, prefix).ok_or_else(|| AuthFault::Claim(name.to_owned()))?
        }
    };
    let name = EntityName::new(type_name, format!("{prefix}{own}"));
    let claims = token_claims::declared(issuer, claims)?;
    let attributes = token_claims::attributes(issuer, &claims);
    Ok(Principal { name, trust, parents, attributes, claims, plan: None })
}

/// A list of texts, or one text; anything else proves no membership.
fn read_groups(listed: &Value, prefix: &str) -> Option<Vec<EntityName>> {
    let group = |value: &Value| {
        let name = value.as_str().filter(|name| is_id(name))?;
        Some(EntityName::new(GROUP, format!("{prefix}{name}")))
    };
    match listed {
        Value::Array(values) => values.iter().map(group).collect(),
        single => Some(vec![group(single)?]),
    }
}
