use std::num::NonZeroU64;

use doorward_model::{Call, DecisionRecord, DenyReason, Principal, Refusal, Stage, Violation};
use doorward_policy::{
    CallContext, Connection, Context, Decision, Input, Invocation, Judgement, Loaded, Question, Unwritable,
};
use jiff::Timestamp;

use crate::check_request::Checked;
use crate::door::Door;
use crate::find::{Found, Subject};
use crate::identify::Identified;
use crate::inflation;
use crate::purpose;

/// A call that the policies permit, with a payload that keeps its contract.
pub(crate) struct Permitted<'c> {
    found: Found<'c>,
    principal: Principal,
    units: NonZeroU64,
}

impl<'c> Permitted<'c> {
    pub(crate) fn found(&self) -> &Found<'c> {
        &self.found
    }

    pub(crate) fn principal(&self) -> &Principal {
        &self.principal
    }

    /// What is taken from limits for it; an answer may settle for less.
    pub(crate) fn units(&self) -> NonZeroU64 {
        self.units
    }
}

impl Door {
    /// May this caller do this? Only who may hears of a fault in the payload.
    pub(crate) async fn permit<'c>(
        &self,
        checked: Checked<'c>,
        call: &mut Call,
    ) -> Result<Permitted<'c>, Refusal> {
        let Checked { found, principal, payload, units } = checked;
        self.ask_policies(&found, &principal, payload.input(), call).await?;
        payload.release()?;
        if let Some((request, allowance)) = found.coded() {
            let held = inflation::hold(&request.headers, &request.body, allowance).await;
            held.map_err(|bomb| Refusal::Inflates(bomb.to_string()))?;
        }
        let units = units.map_err(Refusal::Uncountable)?;
        call.units = units.get();
        Ok(Permitted { found, principal, units })
    }

    /// The same question where there is no body to look at. What depends on it is left open, so the answer permits
    /// nothing but to ask the dispatcher.
    pub(crate) async fn permit_without_body(
        &self,
        identified: Identified<'_>,
        call: &mut Call,
    ) -> Result<(), Refusal> {
        let (found, principal) = identified.into_parts();
        self.ask_policies(&found, &principal, Input::Absent, call).await
    }

    async fn ask_policies(
        &self,
        found: &Found<'_>,
        principal: &Principal,
        input: Input<'_>,
        call: &mut Call,
    ) -> Result<(), Refusal> {
        self.enter(call, Stage::Permit);
        let purpose = purpose::of(found, principal, &self.rules.config().door.purposes)?;
        call.purpose = purpose.map(str::to_owned);
        let loaded = self.load(found, call).await?;
        let judge = |input| {
            self.rules.policies().judge(&question(
                found,
                principal,
                purpose,
                loaded.as_deref(),
                input,
                call.at,
            ))
        };
        let (judgement, fault) = match judge(input) {
            Judgement { decision: Decision { deny: Some(DenyReason::InputUnfit(pointer)), .. }, .. } => {
                (judge(Input::Faulty), Some(unfit(pointer)))
            }
            judgement => (judgement, None),
        };
        // What an authorizer decides is decided again behind it, and recorded there.
        let facts = if matches!(input, Input::Absent) { Ok(None) } else { judgement.facts() };
        let facts = facts.unwrap_or_else(|Unwritable| {
            call.unrecorded = Some("unwritable");
            None
        });
        let Judgement { decision, shadow, .. } = judgement;
        call.record = facts.map(|facts| {
            Box::new(DecisionRecord {
                call: call.id.clone(),
                at: call.at,
                bundle: self.rules.digest().to_owned(),
                decision: decision.note.clone(),
                cause: decision.deny.as_ref().map(ToString::to_string),
                facts,
            })
        });
        call.shadow = shadow;
        call.decision = Some(decision.note);
        decision.deny.map(Refusal::Denied).or(fault).map_or(Ok(()), Err)
    }
}

/// What who may do this hears of a payload that keeps its contract and still cannot be decided by.
pub(crate) fn unfit(pointer: String) -> Refusal {
    let rule = "must be a number that policies can compare: of at most four decimal places, between \
                -922337203685477 and 922337203685477, or a whole one of 64 bits";
    Refusal::Contract(vec![Violation {
        pointer,
        part: "body".to_owned(),
        rule: rule.to_owned(),
        names: Vec::new(),
    }])
}

/// What the policies are asked of a call that came in at `now`.
pub(crate) fn question<'a>(
    found: &'a Found<'_>,
    principal: &'a Principal,
    purpose: Option<&'a str>,
    loaded: Option<&'a Loaded>,
    input: Input<'a>,
    now: Timestamp,
) -> Question<'a> {
    Question {
        principal,
        action: found.action(),
        resource: found.resource(),
        resource_parents: found.resource_parents(),
        loaded,
        context: Context { now, purpose, call: call_context(found), input },
    }
}

fn call_context<'a>(found: &'a Found<'_>) -> CallContext<'a> {
    match found.subject() {
        Subject::Http(http) => CallContext::Http {
            method: http.request.method.as_str(),
            path: http.path.as_str(),
            source_ip: http.request.source_ip,
            headers: &http.named.headers,
            query: &http.named.query,
            invocation: http
                .invocation
                .as_ref()
                .map(|asked| Invocation { kind: asked.decided.word(), qualifier: asked.qualifier }),
            connection: http.request.socket.as_ref().map(|socket| Connection {
                route_key: &socket.route_key,
                event: socket.event.word(),
                id: &socket.connection,
                connected: socket.connected,
            }),
            claimed: http.event.map(|event| &event.attributes),
        },
        Subject::Event { record, .. } => CallContext::Event(record),
    }
}
