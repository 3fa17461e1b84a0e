use doorward_config::{Credential, RouteMatch, Scopes};
use doorward_model::{Call, EntityName, Inbound, Message, PathForm, Principal, Refusal};
use http::Method;

use super::Reuse;
use crate::api_key::ApiKey;
use crate::door::Door;
use crate::identify::{BodyGiven, Identified};
use crate::rules::{RouteRules, Rules};
use crate::screen::Screened;

/// A route without parameters: its method and its path.
pub type StaticRoute = (Method, String);

/// What one answer says of all routes.
#[derive(Debug)]
pub struct Shared {
    /// Every route that the caller may call.
    pub routes: Vec<StaticRoute>,
    /// Who calls, the same on each of them; `None` where they are none.
    pub caller: Option<EntityName>,
    /// The plan that the caller is on.
    pub plan: Option<String>,
    /// The API key that proved the caller, for the gateway's own usage plans.
    pub usage_key: Option<ApiKey>,
}

/// Who calls, as the routes that accept the same credentials and require the same scopes would prove it.
struct Proven<'r> {
    auth: &'r [Credential],
    scopes: &'r Scopes,
    caller: Result<Principal, Refusal>,
    key: Option<ApiKey>,
}

impl Rules {
    /// The routes about which one answer is shared.
    fn shared_routes(&self) -> impl Iterator<Item = (&RouteRules, &Method, &String)> {
        self.routes.iter().filter(|rules| rules.route.authorizer).filter_map(|rules| {
            match &rules.route.matched {
                // Of those that take any method nothing is shared (`proof`).
                RouteMatch::Http { method, path } => Some((rules, method.only()?, path)),
                RouteMatch::Socket(_) | RouteMatch::Invoke(_) => None,
            }
        })
    }
}

impl Door {
    /// What is shared of an answer that would say `outcome`, and what it says then.
    pub(crate) async fn share(
        &self,
        reuse: Reuse,
        inbound: &Inbound,
        outcome: Result<(), Refusal>,
    ) -> (Result<(), Refusal>, Option<Shared>) {
        let is_kept = outcome.as_ref().err().is_none_or(|refusal| reuse.may_keep(refusal));
        if reuse != Reuse::Shared || !is_kept {
            return (outcome, None);
        }
        let shared = match (&inbound.message, &outcome) {
            // What is found nowhere was not screened, and credentials are looked at now.
            (Message::Http(request), Err(refusal)) if is_of_finding(refusal) => {
                match self.screen_request(request) {
                    Ok(()) => self.permitted_routes(inbound).await,
                    Err(flooded) => Err(flooded),
                }
            }
            _ => self.permitted_routes(inbound).await,
        };
        match shared {
            Ok(shared) => (outcome, Some(shared)),
            Err(refusal) => (Err(refusal), None),
        }
    }

    /// Every route that the caller of `inbound` may call, whichever it asks for. Each is decided as if it were asked
    /// for, with what the request shows beside its method and path; credentials are verified once for the routes that
    /// accept the same.
    ///
    /// # Errors
    /// What must not be kept: something is away at the moment, the request has no single reading for some route, or
    /// nobody is proven on any of them, which may soon be otherwise.
    async fn permitted_routes(&self, inbound: &Inbound) -> Result<Shared, Refusal> {
        let mut shared = Shared { routes: Vec::new(), caller: None, plan: None, usage_key: None };
        let mut proven: Vec<Proven<'_>> = Vec::new();
        for (rules, method, path) in self.rules.shared_routes() {
            let Some(asked) = asking_for(inbound, method, path) else { continue };
            let mut call = Call::begin(&asked, self.ports.clock.now());
            if self.may_call(&asked, rules, &mut proven, &mut call).await? {
                shared.routes.push((method.clone(), path.clone()));
                shared.caller = call.caller;
                shared.plan = call.plan;
            }
        }
        if shared.routes.is_empty()
            && let Some(stranger) = stranger(&proven)
        {
            return Err(stranger);
        }
        let key = proven.into_iter().find_map(|proven| proven.key);
        shared.usage_key = key.filter(|_| self.rules.config().authorizer.usage_identifier);
        Ok(shared)
    }

    async fn may_call<'r>(
        &'r self,
        asked: &Inbound,
        rules: &'r RouteRules,
        proven: &mut Vec<Proven<'r>>,
        call: &mut Call,
    ) -> Result<bool, Refusal> {
        let found = match self.find(asked, call) {
            Ok(found) => found,
            Err(refusal) => return passing(refusal),
        };
        let (auth, scopes) = (rules.route.auth.as_slice(), &rules.route.scopes);
        let known = proven.iter().find(|proven| proven.auth == auth && proven.scopes == scopes);
        let identified = match known.map(|known| known.caller.clone()) {
            Some(Ok(caller)) => Identified::known(self.rules.config(), found, caller, call),
            Some(Err(_)) => return Ok(false),
            // The request itself was screened already.
            None => match self.identify(Screened::again(found), BodyGiven::No, call).await {
                Ok(mut identified) => {
                    let (caller, key) = (Ok(identified.caller().clone()), identified.take_key());
                    proven.push(Proven { auth, scopes, caller, key });
                    identified
                }
                Err(refusal) => {
                    passing(refusal.clone())?;
                    proven.push(Proven { auth, scopes, caller: Err(refusal), key: None });
                    return Ok(false);
                }
            },
        };
        match self.permit_without_body(identified, call).await {
            Ok(()) => Ok(true),
            Err(refusal) => passing(refusal),
        }
    }
}

/// A refusal that stands is an answer; one that passes says nothing. That nobody is proven stands for one route, as
/// others may take the same credentials.
fn passing(refusal: Refusal) -> Result<bool, Refusal> {
    let stands = matches!(refusal, Refusal::Unauthenticated(_)) || Reuse::Shared.may_keep(&refusal);
    if stands { Ok(false) } else { Err(refusal) }
}

/// Why nobody is proven, where no route knows the caller.
fn stranger(proven: &[Proven<'_>]) -> Option<Refusal> {
    let is_unproven = |proven: &Proven<'_>| matches!(proven.caller, Err(Refusal::Unauthenticated(_)));
    if proven.iter().all(is_unproven) { proven.first()?.caller.as_ref().err().cloned() } else { None }
}

/// Whether it is told before a request is screened.
fn is_of_finding(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::UnknownFront | Refusal::NotFound | Refusal::MethodNotAllowed { .. } | Refusal::Malformed(_)
    )
}

/// The same request for another route, without what a front puts before the path.
fn asking_for(inbound: &Inbound, method: &Method, path: &str) -> Option<Inbound> {
    let mut asked = inbound.clone();
    let Message::Http(request) = &mut asked.message else { return None };
    request.method = method.clone();
    path.clone_into(&mut request.path);
    request.path_form = PathForm::Encoded;
    request.stage = None;
    request.host = String::new();
    Some(asked)
}
