use std::time::Duration;

use jiff::Timestamp;

use crate::claim::RESERVE;

/// How many records of a batch are on their way to their target, or to their record, at a time.
pub(crate) const AT_ONCE: usize = 16;
/// What is kept of the platform's time to record each of them, where nothing is measured yet.
pub(crate) const PER_RECORD: Duration = Duration::from_millis(2);

/// The time of an invocation that a batch has: whoever claims more than can be sent and recorded before the platform ends it
/// leaves claims of which nobody knows what became.
pub(crate) struct BatchTime {
    begun: Timestamp,
    /// Until shortly before the end; `None` where the platform sets none.
    whole: Option<Duration>,
    /// For the target to answer in: at most half of it all, or a slow target would leave nothing to claim in.
    target: Duration,
    /// How many records are looked at together.
    lanes: u32,
    looked_at: u32,
    spent: Duration,
}

impl BatchTime {
    /// From `now` on, `lanes` records at a time, for targets of which the slowest may take `longest`.
    pub(crate) fn new(deadline: Option<Timestamp>, longest: Duration, lanes: usize, now: Timestamp) -> Self {
        // As of a call: a platform that sets no end gives one in the past.
        let left = deadline.and_then(|end| Duration::try_from(end.duration_since(now)).ok());
        let whole = left.filter(|left| !left.is_zero()).map(|left| left.saturating_sub(RESERVE));
        let target = whole.map_or(longest, |whole| longest.min(whole / 2));
        Self { begun: now, whole, target, lanes: count(lanes), looked_at: 0, spent: Duration::ZERO }
    }

    /// One more was looked at.
    pub(crate) fn note(&mut self, now: Timestamp) {
        self.looked_at = self.looked_at.saturating_add(1);
        self.spent = Duration::try_from(now.duration_since(self.begun)).unwrap_or_default();
    }

    /// Whether one more record may be claimed beside the `held` ones that are claimed, or are being: until they are sent and
    /// recorded there is time still. As many as are looked at together need no measure.
    pub(crate) fn has_room(&self, held: usize) -> bool {
        let Some(whole) = self.whole else { return true };
        if self.looked_at == 0 {
            return count(held) < self.lanes;
        }
        let claim = self.spent / self.looked_at;
        let needed = self.target + self.to_record(held.saturating_add(1)) + claim * self.lanes;
        self.spent + needed < whole
    }

    /// What recording so many takes: a write each, as the claim is, half as much again to be sure.
    pub(crate) fn to_record(&self, held: usize) -> Duration {
        let each = match self.looked_at {
            0 => PER_RECORD,
            looked_at => self.spent * self.lanes / looked_at / count(AT_ONCE) * 3 / 2,
        };
        each.saturating_mul(count(held))
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
