use std::time::Duration;

/// How much time tries of one target get, and how much of it answers take.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// The most that a try got.
    given: Duration,
    /// What the slowest answer took lately; `None` before the first one.
    took: Option<Duration>,
}

impl Pace {
    /// An answer came after so long. What was slow once is forgotten with the answers after it.
    pub(super) fn answered(&mut self, took: Duration) {
        self.took = Some(took.max(self.took.unwrap_or_default() / 8 * 7));
    }

    /// Whether a try that gets `within` has the time of a whole one, which is to have `whole`, but for a tenth of it. Where the
    /// platform never leaves as much, the most that it left is a whole one.
    pub(super) fn is_whole(&mut self, within: Duration, whole: Duration) -> bool {
        self.given = self.given.max(within);
        within >= whole.min(self.given) / 10 * 9
    }

    /// How much of what is `left` a call may take to try an endpoint that was left alone, while another one could answer it: as
    /// much as leaves that one the time that answers take, and a quarter more. `None` where there is no time for both.
    pub(super) fn trial(&self, left: Duration) -> Option<Duration> {
        let needed = self.took.map_or(left / 2, |took| took.saturating_add(took / 4));
        left.checked_sub(needed).filter(|rest| *rest >= needed)
    }

    /// Whether it is known how long answers take, and so whether a trial had the time for one.
    pub(super) fn is_known(&self) -> bool {
        self.took.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn a_try_is_whole_but_for_a_tenth() {
        let mut pace = Pace::default();
        assert!(pace.is_whole(ms(1500), ms(1500)) && pace.is_whole(ms(1350), ms(1500)));
        assert!(!pace.is_whole(ms(1349), ms(1500)) && !pace.is_whole(ms(500), ms(1500)));
        assert!(pace.is_whole(ms(9000), ms(1500)));
    }

    #[test]
    fn where_the_platform_leaves_less_the_most_that_it_left_is_whole() {
        let mut pace = Pace::default();
        assert!(pace.is_whole(ms(20_000), ms(60_000)));
        assert!(!pace.is_whole(ms(10_000), ms(60_000)));
        assert!(pace.is_whole(ms(29_000), ms(60_000)));
        assert!(!pace.is_whole(ms(20_000), ms(60_000)));
    }

    #[test]
    fn a_trial_leaves_the_time_that_answers_take() {
        let mut pace = Pace::default();
        assert_eq!((pace.trial(ms(2000)), pace.is_known()), (Some(ms(1000)), false));
        pace.answered(ms(600));
        assert_eq!((pace.trial(ms(2000)), pace.is_known()), (Some(ms(1250)), true));
        assert_eq!((pace.trial(ms(1500)), pace.trial(ms(1499))), (Some(ms(750)), None));
        // The next ones are quick: it is forgotten by an eighth each.
        pace.answered(ms(8));
        assert_eq!(pace.trial(ms(2000)), Some(ms(2000) - Duration::from_micros(656_250)));
        (0..100).for_each(|_| pace.answered(ms(8)));
        assert_eq!(pace.trial(ms(2000)), Some(ms(1990)));
    }
}
