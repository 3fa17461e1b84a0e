use jiff::Timestamp;

use super::{Level, Slot, SlotRule};

/// What is asked of the limits of one scope: all of its slots give, or none does.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    /// Whose limits: `caller#User::"alice"`.
    pub scope: String,
    /// The sandbox's clock.
    pub now: Timestamp,
    /// How much the call takes of each of `slots`.
    pub units: u64,
    /// The limits that hold now and are asked at each call.
    pub slots: Vec<Slot>,
    /// Units that the sandbox takes from further limits to spend by itself.
    pub block: Option<Block>,
    /// The plan that the caller is taken to be on; nothing is given where that is not so. `None` where the scope is no
    /// caller's.
    pub assignment: Option<Assignment>,
}

/// The plan that a caller was assigned, or that none was.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Assignment(pub Option<String>);

/// A block of units: as many from each of its slots.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// The limits that give it.
    pub slots: Vec<Slot>,
    /// How much it holds at least: what is missing for the call.
    pub least: u64,
    /// How much it may hold.
    pub most: u64,
    /// Whether it is the first one of its sandbox: how much will be spent is not known yet.
    pub first: bool,
    /// Its name, which no other block ever has: where it stands in the item, a write that is sent again is known for the
    /// one that was done.
    pub lease: String,
    /// When its name may be forgotten.
    pub expires: Timestamp,
    /// The name of the block that it takes the place of.
    pub replaces: Option<String>,
}

/// A quota gives a block of at most one part in so many of what is left of it, so that sandboxes that sleep strand little
/// of a small one, and where little is left, blocks are of one unit.
const SHARE: u64 = 16;

/// The same of a sandbox's first block, of a quota and of a rate: thousands of sandboxes may begin at once.
const FIRST_SHARE: u64 = 4_096;
const FIRST_RATE_SHARE: u64 = 256;

/// A block of less than one part in so many of what is left of its quotas is not worth a name.
const NAME_SHARE: u64 = 256;

/// A rate that is spent as it comes gives at most so many blocks a second: an item takes about a thousand writes.
const BLOCKS_A_SECOND: u64 = 200;

impl Block {
    /// How much to ask for where the slots stand at `levels`; `None` where one of them does not give what it must.
    #[must_use]
    pub fn size(&self, levels: &[Level], now: Timestamp) -> Option<u64> {
        let mut size = self.most.max(self.least);
        for (slot, level) in self.slots.iter().zip(levels) {
            let available = slot.available(*level, now);
            if available < self.needs(slot) {
                return None;
            }
            let share = match (slot.ends(), self.first) {
                (Some(_), false) => available / SHARE,
                (Some(_), true) => available / FIRST_SHARE,
                (None, false) => available,
                (None, true) => available / FIRST_RATE_SHARE,
            };
            size = size.min(share.max(self.least));
        }
        Some(size)
    }

    /// Whether a block of `size` is worth a name where the slots stand at `levels`: what is left of it may go back, and is
    /// not little.
    #[must_use]
    pub fn is_worth_a_name(&self, size: u64, levels: &[Level], now: Timestamp) -> bool {
        let pairs = self.slots.iter().zip(levels).filter(|(slot, _)| slot.ends().is_some());
        let left = pairs.map(|(slot, level)| slot.available(*level, now)).min();
        size > self.least && left.is_some_and(|left| size.saturating_mul(NAME_SHARE) >= left)
    }

    /// What `slot` must give for there to be a block: what is missing, and of a fast rate more where more is wanted, so
    /// that sandboxes that spend it as it comes do not come for every unit.
    #[must_use]
    pub fn needs(&self, slot: &Slot) -> u64 {
        let SlotRule::Rate { units, period, interval, tolerance } = slot.rule else { return self.least };
        let chunk = units.div_ceil(period.as_secs().max(1).saturating_mul(BLOCKS_A_SECOND));
        let burst = u64::try_from(tolerance / interval.max(1)).unwrap_or(0) + 1;
        chunk.min(burst / 2).min(self.most).max(self.least)
    }
}

/// What the limits answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reserved {
    /// Taken.
    Granted {
        /// The levels after it, of the slots and then of the block's slots, in their order.
        levels: Vec<Level>,
        /// How much the block holds; zero where none was asked for.
        block: u64,
        /// Whether the block's name stands in the item. One that has none goes back by a single try.
        named: bool,
    },
    /// Nothing was taken; the levels that refused it, in the same order.
    Refused(Vec<Level>),
    /// Nothing was taken: the caller is on another plan.
    Reassigned(Assignment),
    /// Nothing was taken: others changed the scope's item each time that it was tried.
    Contended,
}

/// Units that go back to quotas of one scope. Rates come back by themselves.
#[derive(Debug, Clone, PartialEq)]
pub struct GiveBack {
    /// Whose limits.
    pub scope: String,
    /// The quotas, at the windows from which the units were taken.
    pub slots: Vec<Slot>,
    /// How much.
    pub units: u64,
    /// The block that it is the rest of. It goes back once, however often that is tried; what no block names is tried once.
    pub lease: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorward_config::{Limit, LimitRule, Window};
    use std::num::NonZeroU64;
    use std::time::Duration;

    fn now() -> Timestamp {
        "2026-11-24T12:00:00Z".parse().unwrap()
    }

    fn quota(units: u64) -> Slot {
        Slot::at(&Limit::hard("q", LimitRule::Quota { units, window: Window::Day }), now())
    }

    fn rate(units: u64, burst: u64) -> Slot {
        let burst = NonZeroU64::new(burst).unwrap();
        Slot::at(&Limit::hard("r", LimitRule::Rate { units, period: Duration::from_secs(1), burst }), now())
    }

    #[track_caller]
    fn check(slots: &[(Slot, u64)], least: u64, most: u64, expected: Option<u64>) {
        let (slots, levels): (Vec<Slot>, Vec<Level>) = slots
            .iter()
            .map(|(slot, taken)| (slot.clone(), slot.after(slot.unused(), *taken, now())))
            .unzip();
        let block =
            Block { slots, least, most, first: false, lease: "a".into(), expires: now(), replaces: None };
        assert_eq!(block.size(&levels, now()), expected);
    }

    #[test]
    fn a_first_block_is_small_and_a_small_block_has_no_name() {
        let block = |slot: Slot, first| Block {
            slots: vec![slot],
            least: 1,
            most: 64,
            first,
            lease: "a".into(),
            expires: now(),
            replaces: None,
        };
        let size = |slot: Slot| block(slot.clone(), true).size(&[slot.unused()], now());
        assert_eq!(
            [1_000, 40_960, 10_000_000].map(|units| size(quota(units))),
            [Some(1), Some(10), Some(64)]
        );
        assert_eq!([10, 2_560].map(|burst| size(rate(5000, burst))), [Some(1), Some(10)]);
        let named =
            |slot: Slot, size| block(slot.clone(), false).is_worth_a_name(size, &[slot.unused()], now());
        assert_eq!([1, 2, 3, 4].map(|size| named(quota(1_000), size)), [false, false, false, true]);
        assert!(!named(quota(1), 1) && !named(rate(5, 10), 10), "there is nothing to go back");
    }

    #[test]
    fn blocks_shrink_as_a_quota_runs_out() {
        check(&[(quota(1600), 0)], 1, 50, Some(50));
        check(&[(quota(1600), 0)], 1, 500, Some(100));
        check(&[(quota(1600), 1500)], 1, 500, Some(6));
        check(&[(quota(1600), 1590)], 1, 500, Some(1));
        check(&[(quota(1600), 1590)], 7, 500, Some(7));
        check(&[(quota(1600), 1599)], 1, 500, Some(1));
        check(&[(quota(1600), 1600)], 1, 500, None);
        check(&[(quota(1600), 1590)], 11, 500, None);
        check(&[(quota(0), 0)], 1, 1, None);
    }

    #[test]
    fn a_rate_gives_what_it_has_and_a_fast_one_no_crumbs() {
        check(&[(rate(5, 10), 0)], 1, 50, Some(10));
        check(&[(rate(5, 10), 9)], 1, 50, Some(1));
        check(&[(rate(5, 10), 10)], 1, 50, None);
        check(&[(rate(5000, 5000), 4980)], 1, 100, None);
        check(&[(rate(5000, 5000), 4975)], 1, 100, Some(25));
        check(&[(rate(5000, 5000), 4999)], 1, 1, Some(1));
        check(&[(rate(5000, 10), 5)], 1, 100, Some(5));
    }

    #[test]
    fn the_slot_that_gives_least_decides() {
        check(&[(rate(5, 10), 0), (quota(1600), 0)], 1, 50, Some(10));
        check(&[(rate(5, 100), 0), (quota(160), 0)], 1, 50, Some(10));
        check(&[(rate(5, 100), 0), (quota(160), 160)], 1, 50, None);
    }
}
