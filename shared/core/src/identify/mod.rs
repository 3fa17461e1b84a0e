//! Who calls: a file for each kind of credentials.

pub(crate) mod api_keys;
mod front_claims;
mod tokens;

use doorward_config::{Credential, Issuer};
use doorward_model::entity_type::EVENT_SOURCE;
use doorward_model::{AuthFault, Call, EntityName, EventRecord, Principal, Refusal, Stage};
use serde_json::Map;

use crate::api_key::ApiKey;
use crate::door::Door;
use crate::find::{Found, HttpCall, Subject};
use crate::rules::RouteRules;
use crate::screen::Screened;
use crate::token_claims;

/// A call whose caller is proven.
pub(crate) struct Identified<'c> {
    found: Found<'c>,
    principal: Principal,
    /// The API key that proved it, where one did.
    key: Option<ApiKey>,
}

impl<'c> Identified<'c> {
    pub(crate) fn into_parts(self) -> (Found<'c>, Principal) {
        (self.found, self.principal)
    }

    pub(crate) fn take_key(&mut self) -> Option<ApiKey> {
        self.key.take()
    }
}

impl Door {
    /// Who calls? From verified credentials, or from the envelope of a pinned event source; never from what the
    /// caller says of itself.
    pub(crate) async fn identify<'c>(
        &self,
        screened: Screened<'c>,
        call: &mut Call,
    ) -> Result<Identified<'c>, Refusal> {
        self.enter(call, Stage::Identify);
        let found = screened.into_found();
        let (principal, key) = match found.subject() {
            Subject::Http(http) => self.prove(http, call).await?,
            Subject::Event { record, .. } => (sender(record), None),
        };
        call.caller = Some(principal.name.clone());
        if let Some(plan) = &principal.plan {
            call.plan = Some(plan.clone());
        }
        Ok(Identified { found, principal, key })
    }

    /// The first kind of credentials that the request shows, of those that its route accepts, is the one that counts.
    async fn prove(
        &self,
        http: &HttpCall<'_>,
        call: &mut Call,
    ) -> Result<(Principal, Option<ApiKey>), Refusal> {
        for credential in &http.rules.route.auth {
            let caller = match credential {
                Credential::Token(_) => self.token_caller(http, call).await?.map(|caller| (caller, None)),
                Credential::ApiKey => {
                    self.key_caller(http, call).await?.map(|(caller, key)| (caller, Some(key)))
                }
                Credential::Anonymous => None,
            };
            if let Some(proven) = caller {
                return Ok(proven);
            }
        }
        nobody(http.rules).map(|caller| (caller, None))
    }
}

/// The caller who shows no credentials.
fn nobody(rules: &RouteRules) -> Result<Principal, Refusal> {
    if rules.route.is_anonymous() {
        Ok(Principal::anonymous())
    } else {
        Err(Refusal::Unauthenticated(AuthFault::Missing))
    }
}

/// The source of an event, which its own envelope proves.
fn sender(record: &EventRecord) -> Principal {
    Principal {
        name: EntityName::new(EVENT_SOURCE, &record.sender),
        parents: Vec::new(),
        claims: Map::new(),
        attributes: Map::new(),
        plan: None,
    }
}

/// The caller of a rehearsal: of a request the one who is named, without any proof. No call that is served may come here.
pub(crate) fn rehearsed(found: &Found<'_>, caller: Option<&Principal>) -> Result<Principal, Refusal> {
    match (found.subject(), caller) {
        (Subject::Http(http), Some(caller)) => {
            stated(&http.rules.issuers, caller).map_err(Refusal::Unauthenticated)
        }
        (Subject::Http(http), None) => nobody(http.rules),
        (Subject::Event { record, .. }, _) => Ok(sender(record)),
    }
}

/// The caller as a token would make it of the first of the `issuers` that makes such principals and whose declared
/// claims are there; the claims of `caller` are those of the token.
pub(crate) fn stated(issuers: &[Issuer], caller: &Principal) -> Result<Principal, AuthFault> {
    let mut faults = Vec::new();
    for issuer in issuers.iter().filter(|issuer| issuer.principal.type_name == caller.name.type_name) {
        match token_claims::declared(issuer, &caller.claims) {
            Ok(claims) => {
                let attributes = token_claims::attributes(issuer, &claims);
                return Ok(Principal { claims, attributes, ..caller.clone() });
            }
            Err(fault) => faults.push(fault),
        }
    }
    match faults.into_iter().next() {
        Some(fault) => Err(fault),
        None => Ok(Principal { claims: Map::new(), attributes: Map::new(), ..caller.clone() }),
    }
}

/// The longest id of a caller or a group, in bytes: escaped, it is part of a DynamoDB key of at most 2,048.
const MAX_ID: usize = 512;

pub(crate) fn is_id(text: &str) -> bool {
    (1..=MAX_ID).contains(&text.len()) && !text.chars().any(char::is_control)
}
