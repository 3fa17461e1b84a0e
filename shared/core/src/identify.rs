use doorward_config::{Issuer, PrincipalRule, Route};
use doorward_model::{AuthFault, Call, EntityName, MalformedFault, Principal, Refusal, Stage};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use serde_json::{Map, Value};

use crate::door::Door;
use crate::find::{Found, Subject};
use crate::keys::KeyFault;
use crate::rules::EVENT_SOURCE;
use crate::screen::Screened;
use crate::token::Unverified;

/// A call whose caller is proven.
pub(crate) struct Identified<'d> {
    pub(crate) found: Found<'d>,
    pub(crate) principal: Principal,
}

/// Cedar entity type of a caller's groups.
const GROUP: &str = "Group";

impl Door {
    /// Who calls? From verified credentials, or from the envelope of a pinned event source; never from what the
    /// caller says of itself.
    pub(crate) async fn identify<'d>(
        &'d self,
        screened: Screened<'d>,
        call: &mut Call,
    ) -> Result<Identified<'d>, Refusal> {
        self.enter(call, Stage::Identify);
        let found = screened.into_found();
        let principal = match &found.subject {
            Subject::Http(http) => self.verify(http.route, &http.request.headers).await?,
            Subject::Event { record, .. } => Principal {
                name: EntityName::new(EVENT_SOURCE, &record.sender),
                parents: Vec::new(),
                issuer: None,
                claims: Map::new(),
            },
        };
        call.caller = Some(principal.name.clone());
        Ok(Identified { found, principal })
    }

    async fn verify(&self, route: &Route, headers: &HeaderMap) -> Result<Principal, Refusal> {
        let Some(token) = bearer(headers)? else {
            return if route.anonymous {
                Ok(Principal::anonymous())
            } else {
                Err(Refusal::Unauthenticated(AuthFault::Missing))
            };
        };
        let token = Unverified::read(token).map_err(Refusal::Unauthenticated)?;
        let issuer = self.issuer(route, &token).map_err(Refusal::Unauthenticated)?;
        let (fetch, clock) = (self.ports.fetch.as_ref(), self.ports.clock.as_ref());
        let set =
            self.keys.set(&issuer.name, token.kid(), fetch, clock).await.map_err(|fault| match fault {
                KeyFault::Unknown => Refusal::Unauthenticated(AuthFault::UnknownKey),
                KeyFault::Away => Refusal::KeysAway,
            })?;
        let key = set.find(token.kid(), token.algorithm());
        let key = key.ok_or(Refusal::Unauthenticated(AuthFault::UnknownKey))?;
        let claims = token.verify(key, issuer, clock.now()).map_err(Refusal::Unauthenticated)?;
        principal(issuer, claims).map_err(Refusal::Unauthenticated)
    }

    /// The issuer that the token names, if this route accepts it and it accepts the token's algorithm.
    fn issuer(&self, route: &Route, token: &Unverified<'_>) -> Result<&Issuer, AuthFault> {
        let named = token.issuer().ok_or(AuthFault::Issuer)?;
        let accepted = route.auth.iter().filter_map(|name| self.rules.config.issuer(name));
        let issuer = accepted.into_iter().find(|issuer| issuer.issuer == named).ok_or(AuthFault::Issuer)?;
        if !issuer.algorithms.contains(&token.algorithm()) {
            return Err(AuthFault::Algorithm);
        }
        Ok(issuer)
    }
}

/// The token of RFC 6750 section 2.1. Other schemes are no credentials of ours; two header fields are ambiguous.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    let malformed = || Refusal::Malformed(MalformedFault::Header("authorization"));
    let mut fields = headers.get_all(AUTHORIZATION).iter();
    let Some(field) = fields.next() else { return Ok(None) };
    if fields.next().is_some() {
        return Err(malformed());
    }
    let text = field.to_str().map_err(|_| malformed())?;
    let (scheme, token) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
    if scheme.eq_ignore_ascii_case("bearer") {
        Ok(Some(token.trim()))
    } else {
        Err(Refusal::Unauthenticated(AuthFault::NotAToken))
    }
}

fn principal(issuer: &Issuer, claims: Map<String, Value>) -> Result<Principal, AuthFault> {
    let PrincipalRule { type_name, id, groups, prefix } = &issuer.principal;
    let own = claims.get(id).and_then(Value::as_str).filter(|own| is_id(own));
    let own = own.ok_or_else(|| AuthFault::Claim(id.clone()))?;
    let prefix = prefix.as_deref().unwrap_or_default();
    let parents = match groups.as_deref().map(|name| (name, claims.get(name))) {
        None | Some((_, None)) => Vec::new(),
        Some((name, Some(listed))) => {
            read_groups(listed, prefix).ok_or_else(|| AuthFault::Claim(name.to_owned()))?
        }
    };
    Ok(Principal {
        name: EntityName::new(type_name, format!("{prefix}{own}")),
        parents,
        issuer: Some(issuer.name.clone()),
        claims,
    })
}

/// The longest id of a caller or a group, in bytes: escaped, it is part of a DynamoDB key of at most 2,048.
const MAX_ID: usize = 512;

fn is_id(text: &str) -> bool {
    (1..=MAX_ID).contains(&text.len()) && !text.chars().any(char::is_control)
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
