//! Calls that their callers give an `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): one of them runs, the
//! others are answered as it was.
//!
//! A key is taken by a conditional write before limits are taken from and the target is called, and given up by another
//! one when the call has ended: with its answer, which stands there before the ledger has the call's row. Whoever is
//! cut off in between leaves a key of which nothing is known, and which therefore runs nothing for its window.

mod kept;
mod key;

pub(crate) use kept::may_have_begun;

use doorward_config::{IdempotencyRule, OnTargetFailure};
use doorward_model::{
    Body, Call, IdempotencyFault, IdempotencyRecord, IdempotencyState, Refusal, Reply, StoredAnswer,
};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::check_response::Answered;
use crate::claim::{SKEW, after, within};
use crate::door::Door;
use crate::find::{HttpCall, Subject};
use crate::permit::Permitted;
use crate::ports::{Put, StoreError};

/// What says that an answer is not the first one's own. No standard names it; most APIs that say it have this name.
pub(crate) const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// How often a key is tried for that others change meanwhile.
const ATTEMPTS: usize = 3;

/// Whether a request brings a key, and so may be sent again. What is read as none where keys are taken is none where they are not.
pub(crate) fn has_key(headers: &HeaderMap) -> bool {
    matches!(key::read(headers), Ok(Some(_)))
}

impl Door {
    /// Takes the key that the call brings, where its route has it taken. `Some` is the answer that the first call with
    /// it got: this one does not run. The caller was let through to here as any other is, so that nobody hears of an
    /// answer who may not ask for it any more.
    pub(crate) async fn take_key(
        &self,
        permitted: &Permitted<'_>,
        call: &mut Call,
    ) -> Result<Option<Answered>, Refusal> {
        let Subject::Http(http) = permitted.found().subject() else { return Ok(None) };
        let Some(rule) = &http.rules.route.idempotency else { return Ok(None) };
        // What changes nothing may be repeated anyway: such a route takes any method.
        if http.request.method.is_safe() {
            return Ok(None);
        }
        let key = match key::read(&http.request.headers).map_err(Refusal::Idempotency)? {
            Some(key) => key,
            None if rule.required => return Err(Refusal::Idempotency(IdempotencyFault::Missing)),
            None => return Ok(None),
        };
        let record = IdempotencyRecord {
            id: key::id(&permitted.principal().name, &http.rules.route.id, &key),
            call: call.id.clone(),
            caller: permitted.principal().name.clone(),
            fingerprint: key::fingerprint(http),
            at: call.at,
            until: call.deadline,
            window_ends: after(call.at, rule.window),
            state: IdempotencyState::InProgress,
        };
        let found = self.in_time(call, self.hold(&record)).await;
        if !matches!(found, Ok(Some(_))) {
            // Even where nothing was heard of it: what may be held is given up.
            call.key = Some(Box::new(record.clone()));
        }
        match found.map_err(|error| self.store_away(call, &error))? {
            None => Ok(None),
            Some(found) => {
                call.repeats = Some(found.call.clone());
                self.repeat(http, &record, found).map(Some)
            }
        }
    }

    /// Takes the key for `record`; `Some` is what holds it.
    async fn hold(&self, record: &IdempotencyRecord) -> Result<Option<IdempotencyRecord>, StoreError> {
        let mut found = self.ports.idempotency.find(&record.id).await?;
        for _ in 0..ATTEMPTS {
            // When the table forgets an item is its own affair: the time is what counts.
            if let Some(held) =
                found.take_if(|held| held.window_ends > record.at && held.state != IdempotencyState::Released)
            {
                return Ok(Some(held));
            }
            match self.ports.idempotency.put(record, found.as_ref()).await? {
                Put::Written => return Ok(None),
                Put::Otherwise(now) => found = now.map(|now| *now),
            }
        }
        Err(StoreError("the idempotency key of this call is contended".to_owned()))
    }

    fn repeat(
        &self,
        http: &HttpCall<'_>,
        record: &IdempotencyRecord,
        found: IdempotencyRecord,
    ) -> Result<Answered, Refusal> {
        let first = found.call;
        let fault = match found.state {
            _ if found.fingerprint != record.fingerprint => IdempotencyFault::Reused(first),
            IdempotencyState::Answered(answer) => return self.replay(http, answer),
            IdempotencyState::NotKept => IdempotencyFault::NotKept(first),
            IdempotencyState::InProgress | IdempotencyState::Released => {
                let now = self.ports.clock.now();
                match found.until.is_some_and(|until| now.duration_since(until) > SKEW) {
                    true => IdempotencyFault::Unknown(first),
                    false => IdempotencyFault::InProgress(first),
                }
            }
        };
        Err(Refusal::Idempotency(fault))
    }

    fn replay(&self, http: &HttpCall<'_>, answer: StoredAnswer) -> Result<Answered, Refusal> {
        let StoredAnswer { status, mut headers, body } = answer;
        headers.insert(IDEMPOTENT_REPLAYED, HeaderValue::from_static("true"));
        let body = if body.is_empty() { Body::Empty } else { Body::Full(body) };
        Answered::again(Reply { status, headers, body }, http.request.reply, self.ports.answers.as_ref())
    }

    /// Gives the key up that the call holds, with what came of it. An answer that cannot be kept is not given: whoever
    /// asked again would not hear it.
    pub(crate) async fn end_key(
        &self,
        outcome: Result<Answered, Refusal>,
        call: &mut Call,
    ) -> Result<Answered, Refusal> {
        let Some(held) = call.key.take() else { return outcome };
        let state = self.end(outcome.as_ref(), self.on_target_failure(call), call);
        let ended = IdempotencyRecord { state, ..(*held).clone() };
        let put = self.ports.idempotency.put(&ended, Some(&held));
        let put = match &outcome {
            Ok(_) => self.in_time(call, put).await,
            // It stands, whether or not its key is given up.
            Err(_) => within(self.left_for_record(call), put).await,
        };
        match (put, outcome) {
            (Ok(Put::Written), outcome) => outcome,
            (Ok(Put::Otherwise(_)), Ok(answered)) => {
                self.ports.journal.complain(call, "the call's idempotency key is held by another");
                Ok(answered)
            }
            (Err(error), Ok(_)) => Err(self.store_away(call, &error)),
            (Ok(Put::Otherwise(_)), Err(refusal)) => Err(refusal),
            (Err(error), Err(refusal)) => {
                self.ports.journal.complain(call, &format!("its idempotency key is not given up: {error}"));
                Err(refusal)
            }
        }
    }

    fn on_target_failure(&self, call: &Call) -> OnTargetFailure {
        let mut routes = self.rules.config().routes.iter();
        let route = routes.find(|route| Some(&route.id) == call.action.as_ref());
        let rule: Option<&IdempotencyRule> = route.and_then(|route| route.idempotency.as_ref());
        rule.map_or(OnTargetFailure::Replay, |rule| rule.on_target_failure)
    }
}
