use doorward_config::{EventRule, OnDeny, Repeated, UnknownEvents};
use doorward_model::{Call, Outcome, Refusal};

use crate::door::Door;

/// What becomes of an event record that was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Nothing: that it is recorded is all.
    Dropped,
    /// It is kept in quarantine, and its source is done with it.
    Kept,
    /// Its source sends it again.
    Again,
}

impl Door {
    /// What its rule says, where the fault is the record's or the caller's. What the door or the target lacks may be
    /// there at the next delivery.
    pub(crate) fn fate(&self, refusal: &Refusal, call: &Call) -> Fate {
        match refusal {
            // Nothing else will come of it, so that it is kept is what makes it known.
            Refusal::NotFound | Refusal::Repetition { lost: true, .. } => Fate::Kept,
            // The first delivery may still end.
            Refusal::Repetition { first: Outcome::Unresolved, lost: false } => Fate::Again,
            // What the first one was kept for, it is kept for once.
            Refusal::Repetition { first: Outcome::Denied | Outcome::Invalid, .. }
                if self.answers_repetitions(call) && self.on_deny(call) == OnDeny::Fail =>
            {
                Fate::Again
            }
            Refusal::Repetition { .. } => Fate::Dropped,
            Refusal::Denied(_)
            | Refusal::TooLarge { .. }
            | Refusal::Inflates(_)
            | Refusal::Contract(_)
            | Refusal::Purpose(_)
            | Refusal::Uncountable(_)
            | Refusal::Malformed(_) => match self.on_deny(call) {
                OnDeny::Discard => Fate::Dropped,
                OnDeny::Quarantine => Fate::Kept,
                OnDeny::Fail => Fate::Again,
            },
            // Nothing is wrong with the record, so it is never thrown away.
            Refusal::Limited(_) => match self.on_deny(call) {
                OnDeny::Discard | OnDeny::Quarantine => Fate::Kept,
                OnDeny::Fail => Fate::Again,
            },
            // A source that is not pinned is a mistake of the deployment's, or a forgery: whoever looks at it can say.
            Refusal::UnknownFront => match self.rules.config().door.unknown_events {
                UnknownEvents::Quarantine => Fate::Kept,
                UnknownEvents::Fail => Fate::Again,
            },
            Refusal::MethodNotAllowed { .. }
            | Refusal::Flooded { .. }
            | Refusal::Unauthenticated(_)
            | Refusal::InsufficientScope { .. }
            | Refusal::KeysAway
            | Refusal::SecretsAway
            | Refusal::NeedsBody
            | Refusal::UnsupportedMediaType
            | Refusal::Idempotency(_)
            | Refusal::StoreAway
            | Refusal::Target(_)
            | Refusal::BrokenAnswer(_) => Fate::Again,
        }
    }

    fn answers_repetitions(&self, call: &Call) -> bool {
        self.event_rule(call).is_some_and(|rule| rule.repeated == Repeated::Answer)
    }

    /// A record that no rule claims is kept.
    fn on_deny(&self, call: &Call) -> OnDeny {
        self.event_rule(call).map_or(OnDeny::Quarantine, |rule| rule.on_deny)
    }

    /// The rule of an event; `None` where none is about it, and of any other call.
    pub(crate) fn event_rule(&self, call: &Call) -> Option<&EventRule> {
        self.rules.config().events.iter().find(|rule| Some(&rule.id) == call.action.as_ref())
    }
}
