use std::time::Duration;

use doorward_config::Durability;
use doorward_model::{Call, Outcome, Refusal, Stage};
use jiff::{SignedDuration, Timestamp};

use crate::check_response::Answered;
use crate::door::Door;
use crate::permit::Permitted;
use crate::ports::{self, StoreError};

/// A call that this invocation alone carries to its target.
pub(crate) struct Claimed<'c>(Permitted<'c>);

impl<'c> Claimed<'c> {
    pub(crate) fn permitted(&self) -> &Permitted<'c> {
        &self.0
    }
}

/// What is kept of the platform's time to refuse, to record that and to answer.
pub(crate) const RESERVE: Duration = Duration::from_millis(500);

/// How long a call that goes on without the stores waits for one of them.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// How far the clocks of two sandboxes may differ.
pub(crate) const SKEW: SignedDuration = SignedDuration::from_secs(5);

/// What becomes of a call that may be made.
#[expect(clippy::large_enum_variant, reason = "one value per call, never moved about")]
pub(crate) enum Turn<'c> {
    /// It goes on to its target.
    Runs(Claimed<'c>),
    /// It was made before, and is answered as it was then.
    Answered(Answered),
}

impl Door {
    /// Was this call here before? Sources deliver an event again whenever they are not sure, and so do senders of
    /// webhooks, whose deliveries others may send again too; who finds it taken never reaches the target. Plain HTTP
    /// calls are their own identity: theirs is a claim only where it must be known of each that its target may have been
    /// called.
    pub(crate) async fn claim<'c>(
        &self,
        permitted: Permitted<'c>,
        call: &mut Call,
    ) -> Result<Turn<'c>, Refusal> {
        self.enter(call, Stage::Claim);
        if let Some(answered) = self.take_key(&permitted, call).await? {
            return Ok(Turn::Answered(answered));
        }
        let delivery = call.delivery.take();
        let is_delivery = delivery.is_some();
        if let Some(delivery) = delivery {
            call.go_by(delivery);
        }
        if is_delivery || permitted.found().durability() == Durability::Intent {
            call.claim_tried = true;
            let longest = call.goes_on.then_some(LONGEST_WAIT);
            let time = call.time_left(self.ports.clock.now(), RESERVE).into_iter().chain(longest).min();
            let claim = within(time, self.ports.ledger.claim(call, self.expiry(call))).await;
            match claim.map_err(|error| self.store_away(call, &error)) {
                Err(_) if call.goes_on => {}
                Err(refusal) => return Err(refusal),
                Ok(ports::Claim::Ours) => call.claimed = true,
                Ok(ports::Claim::Taken { first, invocation, until }) => {
                    // The platform tries an invocation again only when the try before it is over.
                    let over = invocation == call.invocation
                        || until.is_some_and(|until| self.ports.clock.now().duration_since(until) > SKEW);
                    return Err(Refusal::Repetition { first, lost: first == Outcome::Unresolved && over });
                }
            }
        }
        Ok(Turn::Runs(Claimed(permitted)))
    }

    /// When the ledger may forget this call.
    pub(crate) fn expiry(&self, call: &Call) -> Timestamp {
        after(call.at, self.rules.config().door.retention)
    }

    /// A store's answer, unless the platform would end the invocation first: then the caller could not be answered.
    pub(crate) async fn in_time<T>(
        &self,
        call: &Call,
        asked: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        within(call.time_left(self.ports.clock.now(), RESERVE), asked).await
    }

    pub(crate) fn store_away(&self, call: &Call, error: &StoreError) -> Refusal {
        self.ports.journal.complain(call, &error.to_string());
        Refusal::StoreAway
    }
}

/// `duration` after `at`, or the end of time.
pub(crate) fn after(at: Timestamp, duration: Duration) -> Timestamp {
    let duration = SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX);
    at.saturating_add(duration).unwrap_or(Timestamp::MAX)
}

/// A store's answer if it comes in time; `None` sets no time.
pub(crate) async fn within<T>(
    time: Option<Duration>,
    asked: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    match time {
        None => asked.await,
        // What could not be waited for is not asked either: it might be done all the same.
        Some(Duration::ZERO) => Err(StoreError("there is no time left".to_owned())),
        Some(time) => match tokio::time::timeout(time, asked).await {
            Ok(answer) => answer,
            Err(_) => Err(StoreError("no answer in the time that is left".to_owned())),
        },
    }
}
