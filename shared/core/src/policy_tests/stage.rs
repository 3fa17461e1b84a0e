use std::collections::BTreeSet;

use bytes::Bytes;
use doorward_config::{Placed, RequestSample, Sample, SampleCall, suggest};
use doorward_model::entity_type::{CERTIFICATE, GROUP};
use doorward_model::{
    CallId, Claims, EntityName, Fault, Faults, Front, FrontKind, FrontVerified, HttpRequest, Inbound,
    Message, PathForm, Principal, Refusal, ReplyForm, Socket, SocketEvent, Trace, TrustLevel,
};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::Entrance;
use super::question::{OwnedQuestion, SOME_CONNECTION, with_hint};
use crate::identify::{certificates, iam};
use crate::rehearsal::{Ask, Entrant, Rehearsed};
use crate::rules::Rules;

/// A sample without fault, ready to be played.
pub(super) enum Staged {
    /// It asks the policies alone.
    Question(Box<OwnedQuestion>),
    /// It goes the way of a call.
    Call(Box<Entrant>),
}

impl Staged {
    pub(super) fn new(rules: &Rules, sample: &Sample, entrance: &Entrance<'_>) -> Result<Self, Faults> {
        let principal = principal(rules, sample);
        let (inbound, any_front) = match &sample.call {
            SampleCall::Question(question) => {
                let question = OwnedQuestion::new(rules, sample, principal, question)?;
                return Ok(Self::Question(Box::new(question)));
            }
            SampleCall::Request(request) => {
                let front = request.front.clone().or_else(|| pinned(rules, request.route_key.is_some()));
                let any_front = front.is_none();
                (inbound(request, front.unwrap_or_else(nowhere), sample.at), any_front)
            }
            SampleCall::Event(_) | SampleCall::Envelope(_) => (entrance(sample)?, false),
        };
        let principal = principal?;
        let item = sample.item.as_ref().map(|item| item.value.clone());
        Ok(Self::Call(Box::new(Entrant { inbound, any_front, principal, item, at: sample.at })))
    }

    /// What becomes of it, where `ask` answers for the policies.
    pub(super) fn play(&self, rules: &Rules, ask: &mut Ask<'_>) -> Rehearsed {
        match self {
            Self::Call(entrant) => rules.rehearse_call(entrant, ask),
            Self::Question(question) => {
                let decision = question.decide(ask);
                Rehearsed {
                    action: Some(question.action.clone()),
                    caller: Some(question.principal.name.clone()),
                    trust: Some(question.principal.trust),
                    resource: Some(question.resource.clone()),
                    refusal: decision.deny.clone().map(Refusal::Denied),
                    decision: Some(decision),
                    explanation: None,
                }
            }
        }
    }

    pub(super) fn explain(&self, rules: &Rules) -> Rehearsed {
        let mut explanation = None;
        let rehearsed = self.play(rules, &mut |question| {
            let explained = rules.policies().explain(question);
            let decision = explained.decision.clone();
            explanation = Some(explained);
            decision
        });
        Rehearsed { explanation, ..rehearsed }
    }
}

/// The caller, as the sample states it; of a type that the project has.
fn principal(rules: &Rules, sample: &Sample) -> Result<Option<Principal>, Faults> {
    let Some(stated) = &sample.principal else { return Ok(None) };
    rules.check_type(stated)?;
    check_claims(rules, sample)?;
    check_parents(rules, stated, sample)?;
    let attributes = attributes(rules, stated, sample)?;
    let claims = sample.claims.iter().filter_map(|claims| claims.value.as_object()).flatten();
    let groups = sample.groups.iter().map(|group| EntityName::new(GROUP, group));
    let parents = sample.parents.iter().map(|parent| parent.value.clone());
    Ok(Some(Principal {
        name: stated.value.clone(),
        // Their action says how they are proven.
        trust: TrustLevel::Unproven,
        parents: groups.chain(parents).collect(),
        claims: claims.map(|(name, value)| (name.clone(), value.clone())).collect(),
        attributes,
        plan: None,
    }))
}

/// What no principal of its type can be in is no test of anything. Groups have a key of their own.
fn check_parents(rules: &Rules, caller: &Placed<EntityName>, sample: &Sample) -> Result<(), Faults> {
    let child = &caller.value.type_name;
    let misplaced = |parent: &&Placed<EntityName>| {
        parent.value.type_name == GROUP || !rules.policies().may_be_in(child, &parent.value.type_name)
    };
    let faults = sample.parents.iter().filter(misplaced).map(|parent| {
        let fault = Fault::new(format!("a `{child}` cannot be in {} by its credentials", parent.value));
        let fault = fault.at(parent.place.clone());
        if parent.value.type_name == GROUP {
            fault.hint("state groups as `groups`, by their ids")
        } else {
            fault
        }
    });
    Faults(faults.collect()).or(())
}

/// The stated attributes, which must be those that the credentials of such a caller give.
fn attributes(
    rules: &Rules,
    caller: &Placed<EntityName>,
    sample: &Sample,
) -> Result<Map<String, Value>, Faults> {
    let type_name = &caller.value.type_name;
    let Some(stated) = &sample.attributes else { return Ok(Map::new()) };
    let declared = given_attributes(rules, type_name);
    let mut faults = Vec::new();
    for (name, value) in stated.value.as_object().into_iter().flatten() {
        let fault = match declared.get(name) {
            Some(claim) if claim.ty.admits(value) => continue,
            Some(claim) => {
                Fault::new(format!("the attribute `{name}` of `{type_name}` is a `{}`", claim.ty.word()))
            }
            None => {
                let fault = Fault::new(format!("no credentials give a `{type_name}` the attribute `{name}`"));
                with_hint(fault, suggest(name, declared.keys().map(String::as_str)))
            }
        };
        faults.push(match stated.member_place(name) {
            Some(place) => fault.at(place.clone()),
            None => fault,
        });
    }
    Faults(faults).or(stated.value.as_object().cloned().unwrap_or_default())
}

/// What callers of this type are given by credentials other than tokens, of which `claims` state what they say.
fn given_attributes(rules: &Rules, type_name: &str) -> Claims {
    let config = rules.config();
    let of_iam = config.iam.as_ref().and_then(|iam| iam::attributes(type_name, iam));
    let certificate = config.certificates.is_some() && type_name == CERTIFICATE;
    of_iam.or_else(|| certificate.then(certificates::attributes)).unwrap_or_default()
}

/// Claims that no issuer declares reach no policy.
fn check_claims(rules: &Rules, sample: &Sample) -> Result<(), Faults> {
    let declared: BTreeSet<&str> =
        rules.config().issuers.iter().flat_map(|issuer| issuer.claims.keys()).map(String::as_str).collect();
    let Some(stated) = &sample.claims else { return Ok(()) };
    let unknown = stated.value.as_object().into_iter().flat_map(Map::keys);
    let unknown = unknown.filter(|name| !declared.contains(name.as_str())).map(|name| {
        let fault = Fault::new(format!("no issuer declares the claim `{name}`"));
        let fault = match stated.member_place(name) {
            Some(place) => fault.at(place.clone()),
            None => fault,
        };
        with_hint(fault, suggest(name, declared.iter().copied()))
    });
    Faults(unknown.collect()).or(())
}

/// The first front that takes requests. One that hands paths over as they were sent comes first: it can tell most.
fn pinned(rules: &Rules, by_connection: bool) -> Option<Front> {
    let fronts = &rules.config().fronts;
    let of = |kind| fronts.iter().find(|front| front.kind == kind).cloned();
    if by_connection {
        return of(FrontKind::WebSocketApi);
    }
    of(FrontKind::FunctionUrl).or_else(|| of(FrontKind::HttpApi))
}

/// Stands in where fronts are pinned by the deployment only.
fn nowhere() -> Front {
    Front { kind: FrontKind::FunctionUrl, id: "rehearsal".to_owned() }
}

fn inbound(sample: &RequestSample, front: Front, at: Timestamp) -> Inbound {
    let path_form = match front.kind {
        FrontKind::HttpApi => PathForm::Decoded,
        _ => PathForm::Encoded,
    };
    Inbound {
        front,
        call: CallId::new("rehearsal"),
        invocation: "rehearsal".to_owned(),
        gateway_request: None,
        received: None,
        deadline: at,
        trace: Trace::default(),
        message: Message::Http(HttpRequest {
            method: sample.method.clone(),
            path: sample.path.clone(),
            path_form,
            query: sample.query.clone(),
            headers: sample.headers.clone(),
            body: Bytes::from(sample.body.clone()),
            source_ip: sample.source_ip,
            host: String::new(),
            stage: None,
            socket: sample.route_key.as_ref().map(|key| Box::new(socket(key, at))),
            verified: FrontVerified::default(),
            reply: ReplyForm::V2,
        }),
    }
}

/// A connection that was opened just now.
fn socket(route_key: &str, at: Timestamp) -> Socket {
    Socket {
        event: SocketEvent::of_key(route_key),
        route_key: route_key.to_owned(),
        connection: SOME_CONNECTION.to_owned(),
        message: None,
        stage: String::new(),
        connected: Some(at),
        closed: None,
    }
}
