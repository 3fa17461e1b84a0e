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

/// The block that is needed.
#[derive(Debug)]
pub(crate) struct Missing {
    pub(crate) least: u64,
    pub(crate) most: u64,
    pub(crate) first: bool,
    pub(crate) replaces: Option<String>,
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
    /// It has not: so much is missing, and so much may be asked for.
    Missing(Missing),
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
        let Some(lease) = held.get(key) else {
            return Look::Missing(Missing {
                least: units,
                most: FIRST.max(units),
                first: true,
                replaces: None,
            });
        };
        let left = lease.left_at(at);
        if left >= units {
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
        let replaces = lease.name.clone();
        let (least, first) = (units - left, lease.size == 0);
        let most = if first { FIRST } else { lease.next_size(at) }.max(least);
        Look::Missing(Missing { least, most, first, replaces })
    }

    /// A name for the next block.
    pub(crate) fn name(&self) -> String {
        format!("{}{:x}", self.sandbox, self.named.fetch_add(1, Ordering::Relaxed))
    }

    /// Takes up a block of `size` that was given for a call of `units`, which is spent from it.
    pub(crate) fn take_up(
        &self,
        key: &LeaseKey,
        block: Block,
        given: Given,
        units: u64,
        now: Timestamp,
        refresh: Duration,
    ) -> Vec<LimitNote> {
        let Given { levels, size, named } = given;
        let at = nanoseconds(now);
        let mut held = self.held();
        let (mut before, mut hold) = (0, 0);
        if let Some(lease) = held.get(key) {
            hold = lease.hold / 2;
            if lease.counts_in(&block.slots) {
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
            // What was there may have been spent by others while the block was asked for.
            left: before.saturating_add(size).saturating_sub(units),
            size,
            since: at,
            spent: units,
            until: at.saturating_add(longest).min(ends),
            refusal: None,
            hold,
        };
        let notes = lease.notes(units, now);
        held.insert(key.clone(), lease, 0);
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

    /// Whether what is left of it may be spent beside a block of `slots`.
    fn counts_in(&self, slots: &[Slot]) -> bool {
        self.slots == slots
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

/// The block that is asked for.
pub(crate) fn block(scope: &Scope<'_>, missing: Missing, lease: String, now: Timestamp) -> Block {
    let Missing { least, most, first, replaces } = missing;
    let slots = scope.slots(LimitMode::Leased, now);
    let expires = now.saturating_add(TERM).unwrap_or(Timestamp::MAX);
    Block { slots, least, most, first, lease, expires, replaces }
}
