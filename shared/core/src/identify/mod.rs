//! Who calls: a file for each kind of credentials.

pub(crate) mod api_keys;
pub(crate) mod certificates;
pub(crate) mod connections;
mod front_claims;
pub(crate) mod iam;
mod tokens;
mod webhooks;

use doorward_config::{Config, Credential};
use doorward_model::entity_type::{ANONYMOUS, EVENT_SOURCE};
use doorward_model::{AuthFault, Call, EntityName, EventRecord, Principal, Refusal, Stage, TrustLevel};
use serde_json::Map;

use crate::api_key::ApiKey;
use crate::door::Door;
use crate::find::{Found, HttpCall, Subject};
use crate::rules::RouteRules;
use crate::screen::Screened;
use crate::token_claims;

pub(crate) use connections::Proof;
pub(crate) use webhooks::{SigningKeys, signing_key};

/// Whether the request's body is here: an authorizer is given none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyGiven {
    Yes,
    No,
}

/// A call whose caller is proven.
pub(crate) struct Identified<'c> {
    found: Found<'c>,
    principal: Principal,
    /// What proved it, where a connection or a gateway could go by it.
    proof: Option<Proof>,
}

impl<'c> Identified<'c> {
    /// A call of a caller whom the same request has proven already, to a route that takes the same credentials.
    pub(crate) fn known(config: &Config, found: Found<'c>, principal: Principal, call: &mut Call) -> Self {
        Self::noted(config, found, principal, None, call)
    }

    /// A rehearsed call, whose caller is taken at their word. No call that is served may come here.
    pub(crate) fn stated(found: Found<'c>, principal: Principal) -> Self {
        Self { found, principal, proof: None }
    }

    fn noted(
        config: &Config,
        found: Found<'c>,
        principal: Principal,
        proof: Option<Proof>,
        call: &mut Call,
    ) -> Self {
        call.is_by(principal.name.clone(), principal.trust);
        if let Some(plan) = &principal.plan {
            call.plan = Some(plan.clone());
            call.plan_version = config.plan(plan).map(|plan| plan.version.clone());
        }
        Self { found, principal, proof }
    }

    pub(crate) fn found(&self) -> &Found<'c> {
        &self.found
    }

    pub(crate) fn caller(&self) -> &Principal {
        &self.principal
    }

    pub(crate) fn into_parts(self) -> (Found<'c>, Principal) {
        (self.found, self.principal)
    }

    pub(crate) fn proof(&self) -> Option<&Proof> {
        self.proof.as_ref()
    }

    /// The API key that proved the caller, where one did.
    pub(crate) fn take_key(&mut self) -> Option<ApiKey> {
        match self.proof.take() {
            Some(Proof::Key(key)) => Some(key),
            Some(Proof::Token(_)) | None => None,
        }
    }
}

impl Door {
    /// Who calls? From verified credentials, or from the envelope of a pinned event source; never from what the
    /// caller says of itself.
    pub(crate) async fn identify<'c>(
        &self,
        screened: Screened<'c>,
        body: BodyGiven,
        call: &mut Call,
    ) -> Result<Identified<'c>, Refusal> {
        self.enter(call, Stage::Identify);
        let found = screened.into_found();
        let (principal, proof) = match found.subject() {
            Subject::Http(http) => self.prove(http, body, call).await?,
            Subject::Event { record, .. } => (sender(record), None),
        };
        Ok(Identified::noted(self.rules.config(), found, principal, proof, call))
    }

    /// The first kind of credentials that the request shows, of those that its route accepts, is the one that counts.
    pub(crate) async fn prove(
        &self,
        http: &HttpCall<'_>,
        body: BodyGiven,
        call: &mut Call,
    ) -> Result<(Principal, Option<Proof>), Refusal> {
        let keyless = |caller: Option<Principal>| caller.map(|caller| (caller, None));
        for credential in &http.rules.route.auth {
            let caller = match credential {
                Credential::Token(_) => {
                    let shown = self.token_caller(http, call).await?;
                    shown.map(|(caller, claims)| (caller, Some(Proof::Token(claims))))
                }
                Credential::ApiKey => {
                    let shown = self.key_caller(http, call).await?;
                    shown.map(|(caller, key)| (caller, key.map(Proof::Key)))
                }
                Credential::Webhook(name) => keyless(self.webhook_caller(http, name, body, call).await?),
                Credential::Iam => keyless(iam::caller(http)?),
                Credential::Certificate => keyless(certificates::caller(http, self.ports.clock.now())?),
                Credential::Anonymous => None,
            };
            if let Some(proven) = caller {
                return Ok(proven);
            }
        }
        // Who shows credentials that nothing here can read does not come as one who shows none.
        if http.rules.route.issuers().next().is_some() {
            tokens::bearer(&http.request.headers)?;
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
        trust: TrustLevel::Attested,
        parents: Vec::new(),
        claims: Map::new(),
        attributes: Map::new(),
        plan: None,
    }
}

/// The caller of a rehearsal: of a request the one who is named, without any proof. No call that is served may come here.
pub(crate) fn rehearsed(found: &Found<'_>, caller: Option<&Principal>) -> Result<Principal, Refusal> {
    match (found.subject(), caller) {
        (Subject::Http(http), Some(caller)) => stated(http.rules, caller).map_err(Refusal::Unauthenticated),
        (Subject::Http(http), None) => nobody(http.rules),
        (Subject::Event { record, .. }, _) => Ok(sender(record)),
    }
}

/// The caller as the credentials that a route accepts would make it, shown to the door itself where it can be that. Of IAM callers and certificates, the attributes are
/// those of `caller`; of others, a token makes them of the claims of `caller`: one of the first issuer that makes such
/// principals and whose declared claims are there.
pub(crate) fn stated(rules: &RouteRules, caller: &Principal) -> Result<Principal, AuthFault> {
    if let Some(placed) = rules.iam.as_ref().and_then(|iam| iam::stated(caller, iam)) {
        return placed.map_err(AuthFault::Iam);
    }
    if let Some(caller) = rules.certificates.as_ref().and_then(|rules| certificates::stated(caller, rules)) {
        return Ok(caller);
    }
    // Messages show no credentials: the gateway says who opened their connection.
    let is_message = rules.route.socket().is_some_and(|rule| !rule.is_opening());
    let proven = if is_message { TrustLevel::Attested } else { TrustLevel::Verified };
    let mut faults = Vec::new();
    for issuer in rules.issuers.iter().filter(|issuer| issuer.principal.type_name == caller.name.type_name) {
        match token_claims::declared(issuer, &caller.claims) {
            Ok(claims) => {
                let attributes = token_claims::attributes(issuer, &claims);
                return Ok(Principal { claims, attributes, trust: proven, ..caller.clone() });
            }
            Err(fault) => faults.push(fault),
        }
    }
    match faults.into_iter().next() {
        Some(fault) => Err(fault),
        None => {
            let is_nobody = caller.name.type_name == ANONYMOUS;
            let trust = if is_nobody { TrustLevel::Unproven } else { proven };
            Ok(Principal { claims: Map::new(), attributes: Map::new(), trust, ..caller.clone() })
        }
    }
}

/// The longest id of a caller or a group, in bytes: escaped, it is part of a DynamoDB key of at most 2,048.
const MAX_ID: usize = 512;

pub(crate) fn is_id(text: &str) -> bool {
    (1..=MAX_ID).contains(&text.len()) && !text.chars().any(char::is_control)
}
