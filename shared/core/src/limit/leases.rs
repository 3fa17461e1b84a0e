use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use doorward_config::LimitMode;
use doorward_model::LimitNote;
use foldhash::fast::FixedState;
use jiff::{SignedDuration, Timestamp};

use super::{Block, GiveBack, Level, Scope, Slot, nanoseconds};
use crate::recent::{Bounds, Recent};
use crate::turns::Turns;

/// For how long the name of a block stands in the item.
const TERM: SignedDuration = SignedDuration::from_secs(15);
/// How much sooner its sandbox stops spending it: clocks differ.
const SKEW: Duration = Duration::from_secs(5);
/// A block is what this sandbox will spend in this time, in seconds, if it goes on as it did.
const AHEAD: f64 = 5.0;
/// All sandboxes together hold this part of a rate's burst, or less, if they spend as fast as it comes back.
const BURST_SHARE: f64 = 0.5;
/// The largest first block, in units.
const FIRST: u64 = 64;
/// How many times larger than the one before it a block may be.
const GROWTH: u64 = 4;
/// The largest block, in units.
const LARGEST: u64 = 1_000_000;
/// For how long a refusal is repeated without asking, at first and at most: sandboxes that have run out do not crowd the item.
const FIRST_HOLD: i64 = 200_000_000;
const LONGEST_HOLD: i64 = 1_000_000_000;
/// Leases that one generation holds.
const GENERATION: usize = 4_096;

/// What tells leases apart: the scope, and its leased limits with their amounts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct LeaseKey {
    scope: String,
    limits: u64,
}

impl LeaseKey {
    /// `None` where no limit of the scope is leased.
    pub(crate) fn of(scope: &Scope<'_>) -> Option<Self> {
        let mut hasher = FixedState::default().build_hasher();
        let mut any = false;
        for (limit, rule) in scope.limits.iter().filter(|(limit, _)| limit.mode == LimitMode::Leased) {
            any = true;
            (&limit.name, rule).hash(&mut hasher);
        }
        any.then(|| Self { scope: scope.key.clone(), limits: hasher.finish() })
    }
}

/// The blocks that this sandbox holds.
#[derive(Debug)]
pub(crate) struct Leases {
    /// What the names of this sandbox's blocks begin with.
    sandbox: String,
    named: AtomicU64,
    held: Mutex<Recent<LeaseKey, Lease>>,
    /// One block at a time is asked for.
    pub(crate) turns: Turns<LeaseKey, ()>,
}

#[derive(Debug)]
struct Lease {
    /// `None` before the first one, and where the item does not name it.
    name: Option<String>,
    /// The slots as they were when it was given, and their levels then.
    slots: Vec<Slot>,
    levels: Vec<Level>,
    left: u64,
    /// How much the last block held.
    size: u64,
    /// When the last block was given, and how much was spent since.
    since: i64,
    spent: u64,
    /// When it is no longer spent.
    until: i64,
    refusal: Option<Refusal>,
    /// For how long the last refusal was repeated; shorter after each block.
    hold: i64,
}

#[derive(Debug, Clone)]
struct Refusal {
    /// What is left of each limit, and of the one that binds.
    notes: Vec<LimitNote>,
    bound: LimitNote,
    /// How much was asked for.
    units: u64,
    until: i64,
}

/// A block that is asked for, and what it is asked for beside.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) key: LeaseKey,
    pub(crate) block: Block,
    /// What the block before it had left, set aside for this call.
    pub(crate) aside: u64,
}

/// A block that was given.
#[derive(Debug)]
pub(crate) struct Given {
    /// The levels of its slots after it.
    pub(crate) levels: Vec<Level>,
    pub(crate) size: u64,
    /// Whether the item names it.
    pub(crate) named: bool,
}

/// What a look at a lease found.
#[derive(Debug)]
pub(crate) enum Look {
    /// It had enough, and was spent from.
    Spent(Vec<LimitNote>),
    /// It has not, and the limits refused a block just now: what was left of each, and of the one that binds.
    Held(Vec<LimitNote>, LimitNote),
    /// It has not.
    Missing,
}

impl Leases {
    /// `sandbox` tells the blocks of this sandbox from those of all others.
    pub(crate) fn new(sandbox: String) -> Self {
        let held = Mutex::new(Recent::new(Bounds::entries(GENERATION)));
        Self { sandbox, named: AtomicU64::new(0), held, turns: Turns::default() }
    }

    /// Spends `units`, if there are as many.
    pub(crate) fn look(&self, key: &LeaseKey, units: u64, now: Timestamp) -> Look {
        let at = nanoseconds(now);
        let mut held = self.held();
        let Some(lease) = held.get(key) else { return Look::Missing };
        if lease.left_at(at) >= units {
            lease.left -= units;
            lease.spent = lease.spent.saturating_add(units);
            return Look::Spent(lease.notes(units, now));
        }
        if let Some(refusal) = &lease.refusal
            && at < refusal.until
            && units >= refusal.units
        {
            return Look::Held(refusal.notes.clone(), refusal.bound.clone());
        }
        Look::Missing
    }

    /// The block that a call for `units` needs, beside what there is of the one before.
    pub(crate) fn want(&self, key: LeaseKey, slots: Vec<Slot>, units: u64, now: Timestamp) -> Wanted {
        let at = nanoseconds(now);
        let mut held = self.held();
        let lease = held.get(&key);
        let (mut aside, mut most, mut first, mut replaces) = (0, FIRST, true, None);
        if let Some(lease) = lease {
            if lease.slots == slots {
                // Others do not spend it while the block is asked for.
                aside = lease.left_at(at).min(units);
                lease.left -= aside;
            }
            first = lease.size == 0;
            if !first {
                most = lease.next_size(at);
            }
            replaces.clone_from(&lease.name);
        }
        drop(held);
        let least = units - aside;
        let expires = now.saturating_add(TERM).unwrap_or(Timestamp::MAX);
        let block =
            Block { slots, least, most: most.max(least), first, lease: self.name(), expires, replaces };
        Wanted { key, block, aside }
    }

    /// The block was not given.
    pub(crate) fn forgo(&self, wanted: &Wanted) {
        if let Some(lease) = self.held().get(&wanted.key)
            && lease.slots == wanted.block.slots
        {
            lease.left = lease.left.saturating_add(wanted.aside);
        }
    }

    /// A name for the next block.
    fn name(&self) -> String {
        format!("{}{:x}", self.sandbox, self.named.fetch_add(1, Ordering::Relaxed))
    }

    /// Takes up a block that was given, and spends from it what the call needs beside what was set aside for it.
    pub(crate) fn take_up(
        &self,
        wanted: Wanted,
        given: Given,
        now: Timestamp,
        refresh: Duration,
    ) -> Vec<LimitNote> {
        let Wanted { key, block, aside } = wanted;
        let Given { levels, size, named } = given;
        let units = block.least.saturating_add(aside);
        let at = nanoseconds(now);
        let mut held = self.held();
        let (mut before, mut hold) = (0, 0);
        if let Some(lease) = held.get(&key) {
            hold = lease.hold / 2;
            if lease.slots == block.slots {
                before = lease.left_at(at);
            }
        }
        let longest = Duration::try_from(TERM).unwrap_or_default().saturating_sub(SKEW);
        let longest = i64::try_from(longest.min(refresh).as_nanos()).unwrap_or(0);
        let ends = block.slots.iter().filter_map(Slot::ends).map(nanoseconds).min().unwrap_or(i64::MAX);
        let lease = Lease {
            name: named.then_some(block.lease),
            slots: block.slots,
            levels,
            // A store that gives less than the least gives nothing beyond the call.
            left: before.saturating_add(size.saturating_sub(block.least)),
            size,
            since: at,
            spent: units,
            until: at.saturating_add(longest).min(ends),
            refusal: None,
            hold,
        };
        let notes = lease.notes(units, now);
        held.insert(key, lease, 0);
        notes
    }

    /// Remembers that the limits refused a block for `units`.
    pub(crate) fn refused(
        &self,
        key: &LeaseKey,
        notes: &[LimitNote],
        bound: &LimitNote,
        units: u64,
        now: Timestamp,
    ) {
        let at = nanoseconds(now);
        let mut held = self.held();
        let lease = held.get_or_insert(key, Lease::none(at));
        lease.hold = (lease.hold * 2).clamp(FIRST_HOLD, LONGEST_HOLD);
        let (notes, bound, until) = (notes.to_vec(), bound.clone(), at.saturating_add(lease.hold));
        lease.refusal = Some(Refusal { notes, bound, units, until });
    }

    /// `units` were not used after all. What was taken of a window that is over stays taken.
    pub(crate) fn put_back(&self, key: &LeaseKey, quotas: &[Slot], units: u64, now: Timestamp) {
        let at = nanoseconds(now);
        let mut held = self.held();
        if let Some(lease) = held.get(key)
            && lease.until > at
            && quotas.iter().all(|quota| lease.slots.contains(quota))
        {
            lease.left = lease.left.saturating_add(units);
            lease.spent = lease.spent.saturating_sub(units);
        }
    }

    /// The rest of every block, which this sandbox will not spend any more.
    pub(crate) fn hand_in(&self, now: Timestamp) -> Vec<GiveBack> {
        let at = nanoseconds(now);
        let rest = |(key, lease): (LeaseKey, Lease)| {
            let slots: Vec<Slot> = lease.slots.iter().filter(|slot| slot.ends().is_some()).cloned().collect();
            let units = lease.left_at(at);
            let is_rest = units > 0 && !slots.is_empty();
            is_rest.then_some(GiveBack { scope: key.scope, slots, units, lease: lease.name })
        };
        self.held().drain().filter_map(rest).collect()
    }

    fn held(&self) -> MutexGuard<'_, Recent<LeaseKey, Lease>> {
        // A poisoned lock holds plain numbers, which stay good.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lease {
    fn none(at: i64) -> Self {
        let (slots, levels) = (Vec::new(), Vec::new());
        Self {
            name: None,
            slots,
            levels,
            left: 0,
            size: 0,
            since: at,
            spent: 0,
            until: at,
            refusal: None,
            hold: 0,
        }
    }

    fn left_at(&self, at: i64) -> u64 {
        if at < self.until { self.left } else { 0 }
    }

    /// What this sandbox will spend, if it goes on as it did since the last block.
    fn next_size(&self, at: i64) -> u64 {
        // A rate over less than a millisecond says nothing.
        let seconds = (at.saturating_sub(self.since)).max(1_000_000) as f64 / 1e9;
        let bursts = self.slots.iter().filter_map(Slot::burst_seconds).map(|burst| burst * BURST_SHARE);
        let ahead = self.spent as f64 / seconds * bursts.fold(AHEAD, f64::min);
        // A float that is too large becomes the largest integer.
        (ahead.ceil() as u64).clamp(1, self.size.max(1).saturating_mul(GROWTH)).min(LARGEST)
    }

    /// What a caller is told: what this sandbox holds is left to it.
    fn notes(&self, units: u64, now: Timestamp) -> Vec<LimitNote> {
        let pairs = self.slots.iter().zip(&self.levels);
        pairs.map(|(slot, level)| slot.note(slot.before(*level, self.left), units, now)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorward_config::{Limit, LimitRule, Window};

    fn now() -> Timestamp {
        "2026-11-24T12:00:00Z".parse().unwrap()
    }

    fn slots() -> Vec<Slot> {
        vec![Slot::of("day", LimitRule::Quota { units: 100, window: Window::Day }, now())]
    }

    /// Leases with `units` left of a block.
    fn leases(units: u64) -> (Leases, LeaseKey) {
        let rule = LimitRule::Quota { units: 100, window: Window::Day };
        let limit = Limit { mode: LimitMode::Leased, ..Limit::hard("day", rule) };
        let scope = Scope { key: "caller".into(), is_caller: true, limits: vec![(&limit, rule)] };
        let (leases, key) = (Leases::new("sandbox".into()), LeaseKey::of(&scope).unwrap());
        let wanted = leases.want(key.clone(), slots(), 1, now());
        assert_eq!((wanted.block.least, wanted.aside), (1, 0));
        let given = Given { levels: vec![Level::Quota(units + 1)], size: units + 1, named: true };
        leases.take_up(wanted, given, now(), Duration::from_secs(30));
        (leases, key)
    }

    fn left(leases: &Leases) -> u64 {
        leases.hand_in(now()).iter().map(|back| back.units).sum()
    }

    #[test]
    fn what_a_call_needs_beside_a_block_is_spent_by_no_other() {
        let (leases, key) = leases(3);
        let wanted = leases.want(key.clone(), slots(), 5, now());
        assert_eq!((wanted.block.least, wanted.aside), (2, 3));
        assert!(matches!(leases.look(&key, 1, now()), Look::Missing), "it is set aside");
        let given = Given { levels: vec![Level::Quota(7)], size: 3, named: true };
        leases.take_up(wanted, given, now(), Duration::from_secs(30));
        assert_eq!(left(&leases), 1);
    }

    #[test]
    fn what_was_set_aside_for_a_block_that_was_not_given_is_there_again() {
        let (leases, key) = leases(3);
        leases.forgo(&leases.want(key.clone(), slots(), 5, now()));
        assert!(matches!(leases.look(&key, 1, now()), Look::Spent(_)));
        assert_eq!(left(&leases), 2);
    }

    #[test]
    fn what_is_left_of_another_window_is_not_spent_beside_a_block() {
        let (leases, key) = leases(3);
        let tomorrow = now().saturating_add(SignedDuration::from_hours(24)).unwrap();
        let rule = LimitRule::Quota { units: 100, window: Window::Day };
        let wanted = leases.want(key, vec![Slot::of("day", rule, tomorrow)], 5, now());
        assert_eq!((wanted.block.least, wanted.aside), (5, 0));
    }
}
