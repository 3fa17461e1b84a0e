use std::num::NonZeroU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use doorward_config::{Limit, LimitRule, UnknownEvents};
use doorward_model::{Front, Inbound, Message, Refusal, UnreadEvent};
use jiff::Timestamp;

use crate::claim::{RESERVE, after, within};
use crate::door::Door;
use crate::limit::{Level, Slot};
use crate::ports::StoreError;

/// How many events of unknown shape or source a sandbox keeps in a minute. Who may invoke the function could send any
/// number of them, each another; what is over it fails, and comes again as its source is set to.
const A_MINUTE: NonZeroU64 = const { NonZeroU64::new(60).unwrap() };

/// What is left of [`A_MINUTE`].
pub(crate) struct Bound {
    rate: Limit,
    level: Mutex<Option<Level>>,
}

impl Default for Bound {
    fn default() -> Self {
        let rule =
            LimitRule::Rate { units: A_MINUTE.get(), period: Duration::from_secs(60), burst: A_MINUTE };
        Self { rate: Limit::hard(String::new(), rule), level: Mutex::default() }
    }
}

impl Bound {
    /// Takes one, or says how long to wait.
    fn take(&self, now: Timestamp) -> Result<(), Duration> {
        let slot = Slot::at(&self.rate, now);
        // A poisoned lock holds plain numbers, which stay good.
        let mut level = self.level.lock().unwrap_or_else(PoisonError::into_inner);
        let held = level.unwrap_or_else(|| slot.unused());
        if slot.refuses(held, 1, now) {
            return Err(slot.note(held, 1, now).reset);
        }
        *level = Some(slot.after(held, 1, now));
        Ok(())
    }
}

/// Why an event that nobody could read is not kept.
#[derive(Debug, thiserror::Error)]
pub enum NotKept {
    /// `[door] unknown_events` has it fail.
    #[error("`unknown_events` is `fail`")]
    Configured,
    /// This sandbox has kept as many as it does in a minute.
    #[error("this sandbox keeps {A_MINUTE} such events in a minute, and has kept so many")]
    TooMany,
    /// Quarantine gave no answer.
    #[error(transparent)]
    Away(#[from] StoreError),
}

impl Door {
    /// Keeps an event that nobody could read in quarantine, from where it can be released; the same one twice is kept once.
    /// There is no call of it: whose it is, and what it asks for, nobody can say.
    ///
    /// # Errors
    /// [`NotKept`]: its source must be told that it failed.
    pub async fn keep_unread(&self, event: &UnreadEvent) -> Result<(), NotKept> {
        let kept = self.try_keep_unread(event).await;
        self.ports.journal.unread(event, kept.is_ok());
        kept
    }

    async fn try_keep_unread(&self, event: &UnreadEvent) -> Result<(), NotKept> {
        let door = &self.rules.config().door;
        if door.unknown_events == UnknownEvents::Fail {
            return Err(NotKept::Configured);
        }
        let now = self.ports.clock.now();
        self.unread.take(now).map_err(|_| NotKept::TooMany)?;
        // A platform without deadlines gives a time in the past.
        let left = (event.deadline > now).then(|| event.deadline.duration_since(now));
        let left = left.map(|left| Duration::try_from(left).unwrap_or_default().saturating_sub(RESERVE));
        let keeping = self.ports.quarantine.keep_unread(event, now, after(now, door.retention));
        Ok(within(left, keeping).await?)
    }

    /// Whether this front may send.
    #[must_use]
    pub fn pins(&self, front: &Front) -> bool {
        self.rules.config().fronts.contains(front)
    }

    /// Whether a record of a source that is not pinned may cost the write that keeps it. A request of such a front never
    /// does.
    pub(crate) fn bound_unpinned(&self, inbound: &Inbound, refusal: Refusal) -> Refusal {
        let is_kept = matches!(inbound.message, Message::Event(_))
            && self.rules.config().door.unknown_events == UnknownEvents::Quarantine;
        match (refusal, is_kept) {
            (Refusal::UnknownFront, true) => match self.unread.take(self.ports.clock.now()) {
                Ok(()) => Refusal::UnknownFront,
                Err(retry_after) => Refusal::Flooded { retry_after },
            },
            (refusal, _) => refusal,
        }
    }
}

/// One for all doors of a sandbox: a new bundle is no new chance for who floods.
pub(crate) type SharedBound = Arc<Bound>;
