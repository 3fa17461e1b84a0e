use std::time::Duration;

use bytes::Bytes;
use doorward_model::{
    Body, Call, EventRecord, InvocationType, Refusal, Reply, Stage, TargetFault, TargetNote,
};
use http::HeaderName;

use crate::check_response::{asked_plain, passes_on};
use crate::cloudevents;
use crate::door::Door;
use crate::find::{Found, HttpCall, Subject};
use crate::idempotency::has_key;
use crate::identify::api_keys::withheld;
use crate::invoke::Invoked;
use crate::ports::{Forward, ForwardMessage, StreamTime};
use crate::reserve::Admitted;
use crate::tries::Tries;

/// A call that its target answered.
pub(crate) struct Sent<'c> {
    admitted: Admitted<'c>,
    reply: Reply,
}

/// draft-ietf-httpapi-idempotency-key-header: who sends it lets the call be repeated.
pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

impl<'c> Sent<'c> {
    pub(crate) fn found(&self) -> &Found<'c> {
        self.admitted.permitted().found()
    }

    pub(crate) fn reply_mut(&mut self) -> &mut Reply {
        &mut self.reply
    }

    pub(crate) fn into_reply(self) -> Reply {
        self.reply
    }
}

impl Door {
    /// The target. The door gives up before the platform or the front would, so that the caller hears of it and it is
    /// recorded.
    pub(crate) async fn send<'c>(
        &self,
        admitted: Admitted<'c>,
        call: &mut Call,
    ) -> Result<Sent<'c>, Refusal> {
        self.enter(call, Stage::Send);
        let permitted = admitted.permitted();
        let found = permitted.found();
        let withheld = self.withheld(found);
        let invoked = Invoked::of(found);
        let (stream, plain) = match found.subject() {
            // What an invocation is answered, or an event, is gathered whole.
            Subject::Http(HttpCall { invocation: Some(_), .. } | HttpCall { event: Some(_), .. })
            | Subject::Event { .. } => (None, None),
            Subject::Http(http) => {
                let passes = passes_on(http.request, http.rules, call);
                let stream = passes
                    .then(|| StreamTime { whole: self.time_for_stream(call), pause: found.target().timeout });
                (stream, asked_plain(http.request, http.rules))
            }
        };
        let record = match found.subject() {
            Subject::Event { record, .. } => Some(*record),
            Subject::Http(_) => None,
        };
        let records: &[&EventRecord] = record.as_slice();
        let event = match found.subject() {
            Subject::Http(HttpCall { event: Some(event), request, .. })
                if cloudevents::takes_messages(&found.target().kind) =>
            {
                Some((event, cloudevents::text(event, request).map_err(Refusal::Target)?))
            }
            Subject::Http(_) | Subject::Event { .. } => None,
        };
        let (message, repeatable) = match found.subject() {
            Subject::Http(http) => {
                // An event is sent once, whatever its request says.
                let keyed = http.event.is_none() && has_key(&http.request.headers);
                let event = event.as_ref().map(|(event, text)| ForwardMessage::CloudEvent {
                    text,
                    event_type: event.attribute("type"),
                });
                let message = event.or_else(|| invoked.as_ref().and_then(|invoked| invoked.message(http)));
                let message = message.unwrap_or(ForwardMessage::Http {
                    request: plain.as_ref().unwrap_or(http.request),
                    route_key: &http.rules.key,
                    path: &http.path,
                    parameters: &http.parameters,
                    withheld: &withheld,
                    rewrite: http.rules.route.rewrite.as_ref(),
                });
                // RFC 9110 section 9.2.2.
                (message, keyed || http.request.method.is_idempotent())
            }
            // Its source delivers it again.
            Subject::Event { .. } => (ForwardMessage::Event { records }, false),
        };
        let inflated = found.coded().map(|(_, allowance)| allowance);
        let forward =
            Forward { call, principal: permitted.principal(), trace: found.trace(), message, stream };
        let mut note = TargetNote::default();
        let answer = match self.fleet.pool(&found.target().name) {
            Some(pool) => {
                let tries = Tries { pool, forward, repeatable, kept: Duration::ZERO, inflated };
                self.try_endpoints(&tries, &mut note).await
            }
            None => Err(TargetFault::Unreachable("it is not declared".to_owned())),
        };
        let answer = match found.subject() {
            // Its source reads nothing but whether it was taken.
            Subject::Event { .. } => answer.and_then(taken),
            Subject::Http(HttpCall { invocation: Some(invocation), .. })
                if invocation.kind == InvocationType::Event =>
            {
                answer.and_then(taken)
            }
            Subject::Http(_) => answer,
        };
        call.sent = Some(note);
        Ok(Sent { reply: answer.map_err(Refusal::Target)?, admitted })
    }

    /// Records that go to one target together, which is called once. What it answers; every call notes how it was sent. `spare`
    /// is kept of the time that is left.
    pub(crate) async fn send_together(
        &self,
        admitted: &[&Admitted<'_>],
        records: &[&EventRecord],
        spare: Duration,
        calls: &mut [&mut Call],
    ) -> Result<Bytes, TargetFault> {
        let message = ForwardMessage::Event { records };
        let answer = self.send_once(admitted, message, spare, calls).await.and_then(taken);
        Ok(match answer?.body {
            Body::Full(bytes) => bytes,
            Body::Empty | Body::Stream(_) => Bytes::new(),
        })
    }

    /// One message for calls that go to one target together, and what that answers.
    pub(crate) async fn send_once(
        &self,
        admitted: &[&Admitted<'_>],
        message: ForwardMessage<'_>,
        spare: Duration,
        calls: &mut [&mut Call],
    ) -> Result<Reply, TargetFault> {
        let now = self.ports.clock.now();
        calls.iter_mut().for_each(|call| call.enter(Stage::Send, now));
        let mut note = TargetNote::default();
        let answer = match (admitted.first(), calls.first()) {
            (Some(first), Some(call)) => {
                let permitted = first.permitted();
                let found = permitted.found();
                let (principal, trace) = (permitted.principal(), found.trace());
                let forward = Forward { call, principal, trace, message, stream: None };
                match self.fleet.pool(&found.target().name) {
                    Some(pool) => {
                        let tries = Tries { pool, forward, repeatable: false, kept: spare, inflated: None };
                        self.try_endpoints(&tries, &mut note).await
                    }
                    None => Err(TargetFault::Unreachable("it is not declared".to_owned())),
                }
            }
            _ => Err(TargetFault::Unfit("there is no record")),
        };
        for call in calls {
            call.sent = Some(note.clone());
        }
        answer
    }

    /// The door's own keys are nothing for targets, on whatever route they are shown.
    pub(crate) fn withheld(&self, found: &Found<'_>) -> Vec<HeaderName> {
        match found.subject() {
            Subject::Http(http) if self.rules.takes_api_keys => {
                withheld(&http.request.headers, &self.rules.config().api_keys)
            }
            Subject::Http(_) | Subject::Event { .. } => Vec::new(),
        }
    }
}

fn taken(reply: Reply) -> Result<Reply, TargetFault> {
    match reply.status.is_success() {
        true => Ok(reply),
        false => Err(TargetFault::Failed(format!("it answered {}", reply.status.as_u16()))),
    }
}
