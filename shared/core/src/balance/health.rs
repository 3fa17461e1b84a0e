use std::time::Duration;

use doorward_config::Health;
use jiff::Timestamp;

use crate::claim::after;

/// What the calls of this process showed of one endpoint.
#[derive(Debug, Default)]
pub(super) struct Condition {
    /// Faults since it last answered.
    faults: u32,
    /// Until when it is left alone, and for how long that is; `None` while it is not.
    alone: Option<(Timestamp, Duration)>,
    /// Whether the call that tries it after its pause is under way.
    trial: bool,
}

/// What the end of a call made of its endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    None,
    /// It is left alone for so long.
    LeftAlone(Duration),
    /// It answered the call that tried it, and is one of them again.
    Back,
}

impl Condition {
    /// Whether a call may go there: while it is not left alone, or as the one call that tries it.
    pub(super) fn is_open(&self, now: Timestamp) -> bool {
        match self.alone {
            None => true,
            Some((until, pause)) => left(until, pause, now).is_zero() && !self.trial,
        }
    }

    /// Whether its pause is over and no call tries it yet.
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        self.alone.is_some() && self.is_open(now)
    }

    /// Whether nobody has tried it for as long as it was left alone.
    pub(super) fn is_overdue(&self, now: Timestamp) -> bool {
        let later = self.alone.map(|(until, pause)| left(after(until, pause), pause.saturating_mul(2), now));
        self.is_due(now) && later.is_some_and(|later| later.is_zero())
    }

    /// Whether it is not left alone.
    pub(super) fn is_well(&self) -> bool {
        self.alone.is_none()
    }

    /// How long it is still left alone; for an endpoint that is tried just now, as long as until it will be known.
    pub(super) fn wait(&self, now: Timestamp) -> Duration {
        let left = self.alone.map(|(until, pause)| left(until, pause, now));
        left.unwrap_or_default().max(Duration::from_millis(1))
    }

    /// A call goes there. Says whether it is the one that tries it.
    pub(super) fn enter(&mut self) -> bool {
        let trial = self.alone.is_some();
        self.trial |= trial;
        trial
    }

    /// A call ended of which nothing is learnt.
    pub(super) fn leave(&mut self, trial: bool) {
        if trial {
            self.trial = false;
        }
    }

    /// It answered.
    pub(super) fn answered(&mut self, trial: bool) -> Change {
        self.leave(trial);
        // Calls that began before it was left alone, and end well after, say nothing of what made it so.
        if self.alone.is_some() && !trial {
            return Change::None;
        }
        let back = self.alone.take().is_some();
        self.faults = 0;
        if back { Change::Back } else { Change::None }
    }

    /// It did not.
    pub(super) fn failed(&mut self, trial: bool, rule: &Health, now: Timestamp) -> Change {
        self.leave(trial);
        let pause = match self.alone {
            Some((_, pause)) if trial => pause.saturating_mul(2).min(rule.longest_pause),
            Some(_) => return Change::None,
            None => {
                self.faults = self.faults.saturating_add(1);
                if self.faults < rule.faults.get() {
                    return Change::None;
                }
                rule.pause
            }
        };
        self.alone = Some((after(now, pause), pause));
        Change::LeftAlone(pause)
    }
}

/// What is left of a pause. Of one that would be longer than it was to be, nothing is: the clock was set back.
fn left(until: Timestamp, pause: Duration, now: Timestamp) -> Duration {
    let left = Duration::try_from(until.duration_since(now)).unwrap_or_default();
    if left > pause { Duration::ZERO } else { left }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZeroU32;

    const START: Timestamp = Timestamp::UNIX_EPOCH;

    fn at(seconds: u64) -> Timestamp {
        after(START, Duration::from_secs(seconds))
    }

    fn rule() -> Health {
        Health {
            faults: NonZeroU32::new(3).unwrap(),
            pause: Duration::from_secs(10),
            longest_pause: Duration::from_secs(35),
        }
    }

    fn fail(condition: &mut Condition, now: Timestamp) -> Change {
        let trial = condition.enter();
        condition.failed(trial, &rule(), now)
    }

    fn fail_thrice(condition: &mut Condition) {
        let last = [at(0); 3].map(|now| fail(condition, now))[2];
        assert_eq!(last, Change::LeftAlone(Duration::from_secs(10)));
    }

    #[test]
    fn faults_in_a_row_leave_it_alone_and_an_answer_in_between_does_not() {
        let mut condition = Condition::default();
        assert_eq!(fail(&mut condition, at(0)), Change::None);
        assert_eq!(fail(&mut condition, at(0)), Change::None);
        assert_eq!(condition.answered(false), Change::None);
        assert_eq!(fail(&mut condition, at(1)), Change::None);
        assert_eq!(fail(&mut condition, at(1)), Change::None);
        assert!(condition.is_open(at(1)));
        assert_eq!(fail(&mut condition, at(1)), Change::LeftAlone(Duration::from_secs(10)));
        assert!(!condition.is_open(at(1)) && !condition.is_open(at(10)));
        assert_eq!(condition.wait(at(4)), Duration::from_secs(7));
        assert!(condition.is_open(at(11)));
    }

    #[test]
    fn one_call_tries_it_and_brings_it_back() {
        let mut condition = Condition::default();
        fail_thrice(&mut condition);
        assert!(condition.enter());
        assert!(!condition.is_open(at(11)), "one trial at a time");
        assert_eq!(condition.answered(true), Change::Back);
        assert!(condition.is_open(at(11)));
        assert_eq!(fail(&mut condition, at(11)), Change::None, "faults of before are forgotten");
    }

    #[test]
    fn a_failed_trial_doubles_the_pause_up_to_the_longest() {
        let mut condition = Condition::default();
        fail_thrice(&mut condition);
        for (now, pause) in [(10, 20), (30, 35), (65, 35)] {
            assert!(!condition.is_open(at(now - 1)) && condition.is_open(at(now)));
            assert_eq!(fail(&mut condition, at(now)), Change::LeftAlone(Duration::from_secs(pause)));
        }
    }

    #[test]
    fn who_is_not_tried_is_overdue_after_another_pause() {
        let mut condition = Condition::default();
        assert!(condition.is_well() && !condition.is_due(at(99)) && !condition.is_overdue(at(99)));
        fail_thrice(&mut condition);
        assert!(condition.is_due(at(10)) && !condition.is_overdue(at(19)) && condition.is_overdue(at(20)));
        assert!(condition.enter());
        assert!(!condition.is_overdue(at(20)), "one trial at a time");
    }

    #[test]
    fn a_trial_that_is_given_up_leaves_room_for_another() {
        let mut condition = Condition::default();
        fail_thrice(&mut condition);
        assert!(condition.enter());
        condition.leave(true);
        assert!(condition.is_open(at(11)));
    }

    #[test]
    fn a_clock_that_is_set_back_leaves_nothing_alone_for_longer() {
        let mut condition = Condition::default();
        for _ in 0..3 {
            condition.failed(false, &rule(), at(3_600));
        }
        assert!(!condition.is_open(at(3_600)) && !condition.is_open(at(3_609)));
        assert!(condition.is_open(at(60)));
    }

    #[test]
    fn calls_that_began_before_change_nothing() {
        let mut condition = Condition::default();
        fail_thrice(&mut condition);
        assert_eq!(condition.failed(false, &rule(), at(5)), Change::None);
        assert_eq!(condition.answered(false), Change::None);
        assert!(!condition.is_open(at(9)));
    }
}
