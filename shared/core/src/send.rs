use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use doorward_config::Retry;
use doorward_model::{
    Body, BodyError, Call, EventRecord, InvocationType, Refusal, Reply, Stage, TargetFault, TargetNote,
};
use http::{HeaderName, StatusCode};

use crate::balance::Pool;
use crate::check_response::{asked_plain, passes_on};
use crate::claim::RESERVE;
use crate::cloudevents;
use crate::deadline::time_for_target;
use crate::door::Door;
use crate::find::{Found, HttpCall, Subject};
use crate::idempotency::may_have_begun;
use crate::identify::api_keys::withheld;
use crate::invoke::{self, Invoked};
use crate::ports::{Forward, ForwardMessage, StreamTime};
use crate::reserve::Admitted;

/// A call that its target answered.
pub(crate) struct Sent<'c> {
    admitted: Admitted<'c>,
    reply: Reply,
}

/// The first wait before a call is tried again at the same place, which doubles with each try up to the longest.
const FIRST_BACKOFF: Duration = Duration::from_millis(25);
const LONGEST_BACKOFF: Duration = Duration::from_secs(1);

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
                let keyed = http.event.is_none() && http.request.headers.contains_key(IDEMPOTENCY_KEY);
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
        let forward =
            Forward { call, principal: permitted.principal(), trace: found.trace(), message, stream };
        let mut note = TargetNote::default();
        let answer = match self.fleet.pool(&found.target().name) {
            Some(pool) => self.tries(pool, forward, repeatable, Duration::ZERO, &mut note).await,
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
                    Some(pool) => self.tries(pool, forward, false, spare, &mut note).await,
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

    /// Tries the endpoints of the target until one answers, nothing is left to try, or it would not be safe to.
    async fn tries(
        &self,
        pool: &Arc<Pool>,
        forward: Forward<'_>,
        repeatable: bool,
        kept: Duration,
        note: &mut TargetNote,
    ) -> Result<Reply, TargetFault> {
        let target = pool.target();
        let begun = self.ports.clock.now();
        let left = || {
            let now = self.ports.clock.now();
            let spent = Duration::try_from(now.duration_since(begun)).unwrap_or_default();
            let own = target.timeout.saturating_sub(spent);
            let longest = self.rules.config().door.integration_timeout;
            time_for_target(forward.call, forward.stream.is_some(), longest, now)
                .map_or(own, |left| left.saturating_sub(kept).min(own))
        };
        let sticky = sticky_key(&forward);
        let mut tried: Vec<usize> = Vec::new();
        let mut last = None;
        let mut pause = Duration::ZERO;
        let spare = RESERVE.min(target.timeout / 10);
        pool.pay_in();
        loop {
            let choice = match pool.choose(forward.principal, &sticky, &tried, self.ports.clock.now()) {
                Ok(choice) => choice,
                Err(retry_after) => return last.unwrap_or(Err(TargetFault::LeftAlone { retry_after })),
            };
            let mut choice = choice;
            let Some(endpoint) = choice.endpoint() else { return Err(TargetFault::TimedOut) };
            let index = choice.index();
            let again = tried.contains(&index);
            // What was certainly not carried out goes to another endpoint for nothing: nobody is sent more by it.
            let costs = again || !last.as_ref().is_some_and(is_untouched);
            if let Some(answer) = last.take_if(|_| costs && !pool.take_retry()) {
                note.not_retried = Some("budget");
                return answer;
            }
            if again {
                if let Some(answer) = last.take_if(|_| left() <= pause.saturating_add(spare)) {
                    note.not_retried = Some("time");
                    return answer;
                }
                tokio::time::sleep(pause).await;
            }
            let attempt = target.retry.as_ref().and_then(|retry| retry.attempt_timeout);
            let within = left().min(attempt.unwrap_or(Duration::MAX));
            if within.is_zero() {
                return Err(TargetFault::TimedOut);
            }
            note.tries += 1;
            note.endpoint.clone_from(&endpoint.address);
            let answered = async {
                let reply = self.ports.targets.send(target, endpoint, forward, within).await?;
                self.gather(forward.stream.is_some(), reply).await
            };
            let mut answer =
                tokio::time::timeout(within, answered).await.unwrap_or(Err(TargetFault::TimedOut));
            match (verdict(&forward.message, &answer), &mut answer) {
                // A stream that passes on is outstanding until its end, which is what it says of its endpoint.
                (Verdict::There, Ok(reply)) if matches!(reply.body, Body::Stream(_)) => {
                    let clock = Arc::clone(&self.ports.clock);
                    reply.body = std::mem::take(&mut reply.body).on_end(move |end| match end {
                        Ok(()) => choice.answered(),
                        Err(BodyError::Cut(_)) => choice.failed(clock.now()),
                        Err(BodyError::TimedOut | BodyError::TooLarge { .. }) => {}
                    });
                }
                (Verdict::There, _) => choice.answered(),
                (Verdict::Away, _) => choice.failed(self.ports.clock.now()),
                (Verdict::Unknown, _) => {}
            }
            let untouched = is_untouched(&answer);
            note.touched |= may_have_begun(&answer);
            let Some(retry) = target.retry.as_ref().filter(|retry| wants_retry(retry, &answer)) else {
                return answer;
            };
            pause = pool.jitter(backoff(note.tries));
            note.not_retried = match () {
                () if !(untouched || repeatable) => Some("not-idempotent"),
                () if note.tries >= retry.attempts.get() => Some("attempts"),
                () if left() <= spare => Some("time"),
                () => None,
            };
            if note.not_retried.is_some() {
                return answer;
            }
            last = Some(answer);
            if !tried.contains(&index) {
                tried.push(index);
            }
        }
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

/// What a try says of its endpoint.
enum Verdict {
    There,
    Away,
    Unknown,
}

/// Errors under the runtimes' own names that a function's code brings about while it runs: a promise that is rejected with
/// nobody to catch it, an event that is none to it, and a result that cannot be written.
const OF_THE_CODE: [&str; 3] =
    ["Runtime.UnhandledPromiseRejection", "Runtime.UnmarshalError", "Runtime.MarshalError"];

/// What a try says of the endpoint. A function that is invoked for its caller hands its error on as its answer.
fn verdict(message: &ForwardMessage<'_>, answer: &Result<Reply, TargetFault>) -> Verdict {
    let error = match (message, answer) {
        (ForwardMessage::Invoke { .. }, Ok(reply)) => invoke::function_error(reply),
        _ => None,
    };
    error.map_or_else(|| of_answer(answer), |kind| of_answer(&Err(TargetFault::Failed(kind))))
}

/// What a caller can bring about by a payload of their own is no fault of the endpoint's: an error status of the target, or
/// a function that throws. One that cannot so much as run is.
fn of_answer(answer: &Result<Reply, TargetFault>) -> Verdict {
    let cannot_run = |kind: &str| {
        let of_lambda = ["Runtime.", "Sandbox.", "Extension."].iter().any(|own| kind.starts_with(own));
        of_lambda && !OF_THE_CODE.contains(&kind)
    };
    match answer {
        Ok(reply) if is_gateway_fault(reply.status) => Verdict::Away,
        Ok(_) => Verdict::There,
        Err(TargetFault::Failed(kind)) if !cannot_run(kind) => Verdict::There,
        Err(TargetFault::TooLarge(_)) => Verdict::There,
        Err(
            TargetFault::Failed(_)
            | TargetFault::TimedOut
            | TargetFault::Unreachable(_)
            | TargetFault::Reset(_)
            | TargetFault::Unreadable(_)
            | TargetFault::Address(_),
        ) => Verdict::Away,
        Err(TargetFault::Credentials(_) | TargetFault::LeftAlone { .. } | TargetFault::Unfit(_)) => {
            Verdict::Unknown
        }
    }
}

/// RFC 9110 sections 15.6.3 to 15.6.5: whoever says so got no answer.
fn is_gateway_fault(status: StatusCode) -> bool {
    matches!(status, StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT)
}

/// Whether another try could end better.
fn wants_retry(retry: &Retry, answer: &Result<Reply, TargetFault>) -> bool {
    match answer {
        Ok(reply) => retry.statuses.contains(&reply.status),
        Err(
            TargetFault::Unreachable(_)
            | TargetFault::TimedOut
            | TargetFault::Reset(_)
            | TargetFault::Address(_)
            | TargetFault::Unreadable(_),
        ) => true,
        // What is too large once is too large twice.
        Err(
            TargetFault::Failed(_)
            | TargetFault::TooLarge(_)
            | TargetFault::Credentials(_)
            | TargetFault::LeftAlone { .. }
            | TargetFault::Unfit(_),
        ) => false,
    }
}

/// Whether nothing was carried out for certain.
fn is_untouched(answer: &Result<Reply, TargetFault>) -> bool {
    answer.as_ref().is_err_and(TargetFault::is_untouched)
}

/// At most so long, of which as much by chance ("Exponential Backoff And Jitter", AWS Architecture Blog: full jitter).
fn backoff(tries: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(tries.saturating_sub(1));
    FIRST_BACKOFF.saturating_mul(doubled).min(LONGEST_BACKOFF)
}

/// What sticky calls go by: the caller, and for callers without a name the address that they call from.
fn sticky_key(forward: &Forward<'_>) -> String {
    let name = &forward.principal.name;
    match forward.message {
        ForwardMessage::Http { request, .. } if name.type_name == doorward_model::entity_type::ANONYMOUS => {
            request.source_ip.map(|address| address.to_string()).unwrap_or_default()
        }
        _ => name.to_string(),
    }
}
