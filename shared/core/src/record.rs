use std::time::Duration;

use doorward_model::{Call, EventKind, EventRecord, Outcome, Refusal, TargetFault};

use crate::check_response::Answered;
use crate::claim::{after, within};
use crate::door::Door;
use crate::fate::Fate;
use crate::ports::{KeepError, StoreError};
use crate::reserve::Tab;

/// How long a refusal waits for its record, and any call for that of its decision.
const LONGEST_RECORD: Duration = Duration::from_secs(1);
/// What is kept of the platform's time to hand the answer over.
const ANSWER: Duration = Duration::from_millis(100);

impl Door {
    /// Writes down how the call ended, whatever it is. An admitted call that cannot be recorded is not answered as
    /// admitted: usage is never lost. Refusals of unknown callers cost no write, only a line.
    pub(crate) async fn record(
        &self,
        outcome: Result<Answered, Refusal>,
        event: Option<&EventRecord>,
        mut tab: Tab,
        call: &mut Call,
    ) -> Result<Answered, Refusal> {
        let outcome = self.end_key(outcome, call).await;
        let outcome = self.take_for_keeping(outcome, event, &mut tab, call).await;
        conclude(outcome.as_ref().err(), ending(&outcome, event, call), call, self.ports.clock.now());
        self.close_tab(tab, call).await;
        let kept = match event {
            Some(record) if self.is_to_keep(outcome.as_ref().err(), record, call) => {
                let keeping = self.ports.quarantine.keep(call, record, self.expiry(call));
                self.in_time(call, keeping).await.map(|()| call.quarantined = true)
            }
            _ => Ok(()),
        };
        call.sent_back = self.is_sent_back(outcome.as_ref().err(), event, call);
        let written = match kept {
            Ok(()) => self.write(call).await,
            Err(error) => Err(error),
        };
        self.write_overdue(call).await;
        match written {
            Ok(()) => outcome,
            Err(error) => {
                let refusal = self.store_away(call, &error);
                // A refusal stands, recorded or not; but an event that could not be recorded must come again.
                if outcome.is_ok() || event.is_some() {
                    conclude(Some(&refusal), Outcome::Unavailable, call, self.ports.clock.now());
                    return Err(refusal);
                }
                outcome
            }
        }
    }

    fn is_to_keep(&self, refusal: Option<&Refusal>, event: &EventRecord, call: &Call) -> bool {
        refusal.is_some_and(|refusal| {
            // Whoever sent it by a request hears when there is room again.
            let comes_again = is_of_request(event) && matches!(refusal, Refusal::Limited(_));
            self.fate(refusal, call) == Fate::Kept && !comes_again
        })
    }

    /// Whether its source delivers the refused event again. What may be tried again by its outcome needs no other word, and a
    /// CloudEvent is a call of each request's own until it is claimed.
    fn is_sent_back(&self, refusal: Option<&Refusal>, event: Option<&EventRecord>, call: &Call) -> bool {
        let never_ran = matches!(call.outcome, Outcome::Denied | Outcome::Invalid | Outcome::Unauthenticated);
        never_ran
            && event.is_some_and(|event| !is_of_request(event))
            && refusal.is_some_and(|refusal| self.fate(refusal, call) == Fate::Again)
    }

    /// Whoever sends events by requests says how many there are, and what is kept of them costs as much as what is sent on: it is
    /// taken from the same limits, and beyond them nothing is kept.
    async fn take_for_keeping(
        &self,
        outcome: Result<Answered, Refusal>,
        event: Option<&EventRecord>,
        tab: &mut Tab,
        call: &mut Call,
    ) -> Result<Answered, Refusal> {
        let sent = event.filter(|event| is_of_request(event));
        if sent.is_some_and(|event| self.is_to_keep(outcome.as_ref().err(), event, call)) {
            self.take_unsent(tab, call).await?;
        }
        outcome
    }

    /// What an authorizer records: refusals of known callers. Who passes is recorded by the dispatcher behind; where there
    /// is none, here, and does not pass unrecorded. `opens` says whether the answer lets in, be it to other routes.
    pub(crate) async fn record_admission(
        &self,
        outcome: Result<(), Refusal>,
        opens: bool,
        call: &mut Call,
    ) -> Option<Refusal> {
        let mut refusal = outcome.err();
        conclude(refusal.as_ref(), Outcome::Passed, call, self.ports.clock.now());
        let alone = self.rules.config().authorizer.alone;
        if (refusal.is_some() || alone)
            && let Err(error) = self.write(call).await
        {
            if refusal.is_some() && !(alone && opens) {
                self.ports.journal.complain(call, &error.to_string());
            } else {
                let away = self.store_away(call, &error);
                conclude(Some(&away), Outcome::Unavailable, call, self.ports.clock.now());
                refusal = Some(away);
            }
        }
        self.write_overdue(call).await;
        call.finish(self.ports.clock.now());
        self.ports.journal.write(call);
        refusal
    }

    /// A refusal waits for its record only so long: it stands without it, and the stores may be what is away. So does a
    /// call that goes on without them, which is then kept in the log.
    async fn write(&self, call: &mut Call) -> Result<(), StoreError> {
        let stands = call.outcome != Outcome::Admitted && !call.claimed;
        let longest = (stands || call.goes_on).then_some(LONGEST_RECORD);
        let left = call.time_left(self.ports.clock.now(), ANSWER);
        let row = self.write_row(call, longest.into_iter().chain(left).min());
        let (written, unrecorded) = tokio::join!(row, self.keep_decision(call, left));
        call.unrecorded = unrecorded.or(call.unrecorded);
        match written {
            Err(error) if call.goes_on && is_kept(call) => {
                self.ports.journal.complain(call, &error.to_string());
                match call.batched && !call.claim_tried {
                    true => self.journal_batched(call).await?,
                    false => self.ports.journal.keep(call, self.expiry(call))?,
                }
                call.journaled = true;
                Ok(())
            }
            written => written,
        }
    }

    /// Keeps the decision where decisions are recorded, beside the call's row. The call does not depend on it: `Some`
    /// says why it was not kept.
    async fn keep_decision(&self, call: &Call, left: Option<Duration>) -> Option<&'static str> {
        let kept_for = self.rules.config().door.record_decisions?;
        // The first one's record stands.
        let record = call.record.as_ref().filter(|_| call.outcome != Outcome::Repeated)?;
        let expires = after(call.at, kept_for);
        let longest = left.into_iter().chain([LONGEST_RECORD]).min();
        let kept = within(longest, async {
            // What is too large is no fault of the store's.
            match self.ports.decisions.keep(record, expires).await {
                Ok(()) => Ok(None),
                Err(KeepError::TooLarge(_)) => Ok(Some("too-large")),
                Err(KeepError::Away(error)) => Err(error),
            }
        });
        kept.await.unwrap_or_else(|error| {
            self.ports.journal.complain(call, &format!("the decision is not recorded: {error}"));
            Some("store-away")
        })
    }

    /// How long what does not change a refusal may take.
    pub(crate) fn left_for_record(&self, call: &Call) -> Option<Duration> {
        let left = call.time_left(self.ports.clock.now(), ANSWER);
        left.into_iter().chain([LONGEST_RECORD]).min()
    }

    async fn write_row(&self, call: &Call, time: Option<Duration>) -> Result<(), StoreError> {
        if call.claimed {
            return within(time, self.ports.ledger.resolve(call)).await;
        }
        if !is_kept(call) {
            return Ok(());
        }
        if call.batched {
            return self.write_batched(call, time).await;
        }
        within(time, self.ports.ledger.record(call, self.expiry(call))).await
    }
}

/// Whether the ledger holds such a call. Of a repetition, the first one's row stands; who only asks whether they may makes no
/// use of anything.
fn is_kept(call: &Call) -> bool {
    !call.is_dry_run() && (call.claimed || (call.outcome != Outcome::Repeated && call.caller.is_some()))
}

/// Whether a sender who waits for an answer brought the event.
fn is_of_request(event: &EventRecord) -> bool {
    event.source == EventKind::CloudEvents
}

/// How an answered call ended. A webhook's sender takes nothing but success for an end and delivers again, so the next
/// delivery must not be a repetition of a call that its target turned down.
fn ending(outcome: &Result<Answered, Refusal>, event: Option<&EventRecord>, call: &mut Call) -> Outcome {
    match outcome {
        Ok(answered) if answered.is_again() => Outcome::Repeated,
        // Nothing was called.
        Ok(_) if call.is_dry_run() => Outcome::Passed,
        Ok(answered) if answered.function_error().is_some() => {
            call.cause =
                answered.function_error().map(|kind| TargetFault::Failed(kind.to_owned()).to_string());
            Outcome::TargetFailed
        }
        Ok(answered)
            if call.claimed && event.is_none_or(is_of_request) && !answered.status().is_success() =>
        {
            call.cause = Some(format!("the target answered {}", answered.status().as_u16()));
            Outcome::TargetFailed
        }
        _ => Outcome::Admitted,
    }
}

/// Closes the open stage and writes the outcome into the call. What never got to its target consumed nothing.
fn conclude(refusal: Option<&Refusal>, otherwise: Outcome, call: &mut Call, now: jiff::Timestamp) {
    let stage = call.leave(now);
    match refusal {
        None => call.outcome = otherwise,
        Some(refusal) => {
            call.outcome = refusal.outcome();
            call.code = Some(refusal.code());
            call.cause = refusal.cause();
            call.status = Some(refusal.status().as_u16());
            call.refused_at = stage.or(call.refused_at);
            if refusal.outcome() != Outcome::TargetFailed {
                call.units = 0;
            }
            if !refusal.violations().is_empty() {
                call.violations = refusal.violations().to_vec();
            }
        }
    }
    call.finish(now);
}
