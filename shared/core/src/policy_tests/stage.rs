use std::collections::BTreeSet;

use bytes::Bytes;
use doorward_config::{RequestSample, Sample, SampleCall, suggest};
use doorward_model::entity_type::GROUP;
use doorward_model::{
    CallId, EntityName, Fault, Faults, Front, FrontKind, FrontVerified, HttpRequest, Inbound, Message,
    PathForm, Principal, Refusal, ReplyForm, Trace,
};
use jiff::Timestamp;
use serde_json::Map;

use super::Entrance;
use super::question::{OwnedQuestion, with_hint};
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
                let front = request.front.clone().or_else(|| pinned(rules));
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
    let claims = sample.claims.iter().filter_map(|claims| claims.value.as_object()).flatten();
    Ok(Some(Principal {
        name: stated.value.clone(),
        parents: sample.groups.iter().map(|group| EntityName::new(GROUP, group)).collect(),
        claims: claims.map(|(name, value)| (name.clone(), value.clone())).collect(),
        attributes: Map::new(),
        plan: None,
    }))
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
fn pinned(rules: &Rules) -> Option<Front> {
    let fronts = &rules.config().fronts;
    let of = |kind| fronts.iter().find(|front| front.kind == kind).cloned();
    of(FrontKind::FunctionUrl).or_else(|| of(FrontKind::HttpApi))
}

/// Stands in where fronts are pinned by the deployment only.
fn nowhere() -> Front {
    Front { kind: FrontKind::FunctionUrl, id: "rehearsal".to_owned() }
}

fn inbound(sample: &RequestSample, front: Front, at: Timestamp) -> Inbound {
    let path_form = match front.kind {
        FrontKind::HttpApi => PathForm::Decoded,
        FrontKind::RestApi
        | FrontKind::WebSocketApi
        | FrontKind::FunctionUrl
        | FrontKind::Alb
        | FrontKind::Bucket => PathForm::Encoded,
    };
    Inbound {
        front,
        call: CallId::new("rehearsal"),
        invocation: "rehearsal".to_owned(),
        gateway_request: None,
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
            socket: None,
            verified: FrontVerified::default(),
            reply: ReplyForm::V2,
        }),
    }
}
