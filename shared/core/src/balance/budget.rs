use doorward_config::Retry;

/// What a retry costs, in hundredths: a call pays in as many of them as the budget has percents.
const COST: u32 = 100;
/// Retries that are there before any call was made, so that a process that serves few calls can retry at all.
const FIRST: u32 = 3;
/// Retries that can be saved up: a target that fails after a long good time is not met by a flood of them.
const MOST: u32 = 10;

/// How many retries are left. While a target is away, retries would multiply what it is sent just when it can bear
/// least: each call pays a share of one in, and each retry takes a whole one out.
#[derive(Debug)]
pub(super) struct Budget {
    percent: u32,
    /// In hundredths of a retry.
    saved: u32,
}

impl Budget {
    pub(super) fn new(retry: Option<&Retry>) -> Self {
        let percent = retry.map_or(0, |retry| retry.budget);
        Self { percent, saved: if percent == 0 { 0 } else { FIRST * COST } }
    }

    /// A call is made.
    pub(super) fn pay_in(&mut self) {
        self.saved = (self.saved + self.percent).min(MOST * COST);
    }

    /// Takes a retry out, if one is there.
    pub(super) fn take(&mut self) -> bool {
        let left = self.saved.checked_sub(COST);
        self.saved = left.unwrap_or(self.saved);
        left.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(percent: u32) -> Budget {
        Budget::new(Some(&Retry { budget: percent, ..Retry::default() }))
    }

    #[track_caller]
    fn check(percent: u32, calls: u32, retries: u32) {
        let mut budget = budget(percent);
        for _ in 0..calls {
            budget.pay_in();
        }
        let taken = (0..1_000).take_while(|_| budget.take()).count();
        assert_eq!(u32::try_from(taken), Ok(retries), "{percent}% of {calls}");
    }

    #[test]
    fn each_hundred_calls_pay_for_so_many_retries_beside_the_first_three() {
        check(20, 0, 3);
        check(20, 4, 3);
        check(20, 5, 4);
        check(20, 10, 5);
        check(100, 2, 5);
        check(20, 1_000_000, 10);
        check(0, 1_000, 0);
    }

    #[test]
    fn a_target_that_always_fails_is_tried_again_for_the_share_of_its_calls() {
        let mut budget = budget(20);
        let mut retried = 0;
        for _ in 0..1_000 {
            budget.pay_in();
            retried += u32::from(budget.take());
        }
        assert_eq!(retried, 203);
    }

    #[test]
    fn without_retries_there_is_no_budget() {
        assert!(!Budget::new(None).take());
    }
}
