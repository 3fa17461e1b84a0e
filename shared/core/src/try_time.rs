//! How long a try may take, and what it says of its endpoint not to have been answered in that time.

use std::time::Duration;

use doorward_model::{Reply, TargetFault};
use jiff::Timestamp;

use crate::balance::Choice;
use crate::deadline::{time_for_target, time_of_front};
use crate::door::Door;
use crate::tries::Tries;

/// The time of one try.
#[derive(Clone, Copy)]
pub(crate) struct TryTime {
    pub(crate) within: Duration,
    /// Whether it is that of a whole try: an endpoint that others left too little time says nothing by not answering.
    whole: bool,
}

impl TryTime {
    /// Whether a try that took so long was given up before the endpoint had its time.
    pub(crate) fn was_short(self, took: Duration, answer: &Result<Reply, TargetFault>) -> bool {
        let ran_out = took >= self.within || matches!(answer, Err(TargetFault::TimedOut));
        ran_out && !self.whole
    }
}

impl Door {
    /// What is left of the target's time and of the platform's.
    pub(crate) fn left(&self, tries: &Tries<'_>, begun: Timestamp) -> Duration {
        let now = self.ports.clock.now();
        let spent = Duration::try_from(now.duration_since(begun)).unwrap_or_default();
        let own = tries.pool.target().timeout.saturating_sub(spent);
        let longest = self.rules.config().door.integration_timeout;
        time_for_target(tries.forward.call, tries.forward.stream.is_some(), longest, now)
            .map_or(own, |left| left.saturating_sub(tries.kept).min(own))
    }

    /// What a whole try takes.
    pub(crate) fn whole_try(&self, tries: &Tries<'_>) -> Duration {
        let longest = self.rules.config().door.integration_timeout;
        let front = time_of_front(tries.forward.call, tries.forward.stream.is_some(), longest);
        front.map_or(tries.attempt(), |front| front.min(tries.attempt()))
    }

    /// The time of the next try after `made` others, of which `left` is there: that of an attempt while another one may follow,
    /// else all of it. Where it finds out for others whether an endpoint is back, the one that answers after it has its time too.
    pub(crate) fn time_of_try(
        &self,
        tries: &Tries<'_>,
        choice: &Choice,
        made: u32,
        left: Duration,
    ) -> TryTime {
        let retry = tries.pool.target().retry.as_ref();
        let relieved = choice.is_relieved() && retry.is_some();
        let last = retry.is_none_or(|retry| made.saturating_add(1) >= retry.attempts.get());
        let may_follow = tries.repeatable && (relieved || !last);
        let within = if may_follow { left.min(tries.attempt()) } else { left };
        match tries.pool.time_for_trial(left).filter(|_| relieved) {
            Some((trial, true)) => TryTime { within: within.min(trial), whole: true },
            Some((trial, false)) => self.judged(tries, within.min(trial)),
            None => self.judged(tries, within),
        }
    }

    fn judged(&self, tries: &Tries<'_>, within: Duration) -> TryTime {
        TryTime { within, whole: tries.pool.is_whole(within, self.whole_try(tries)) }
    }
}
