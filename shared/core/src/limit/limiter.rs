use std::num::NonZeroU64;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use doorward_config::{LimitMode, LimitRule};
use doorward_model::LimitNote;
use jiff::Timestamp;

use super::leases::{Given, LeaseKey, Leases, Look, Wanted};
use super::local::LocalLimits;
use super::taken::{Part, Taken};
use super::{Ask, Assignment, Block, GiveBack, Level, Reserved, Scope, Slot};
use crate::ports::{LimitStore, StoreError};
use crate::recent::{Bounds, Recent, is_fresh};

/// Callers of whom a generation remembers the plan.
const GENERATION: usize = 4_096;

/// Holds calls to their limits: in the table, by blocks from it, or by what this sandbox keeps.
#[derive(Debug)]
pub(crate) struct Limiter {
    leases: Leases,
    local: LocalLimits,
    /// Which plan each caller was assigned, and when that was known.
    assignments: Mutex<Recent<String, (Timestamp, Assignment)>>,
}

/// What a call asks.
pub(crate) struct Demand<'d> {
    /// Its limits, the caller's own first.
    pub(crate) scopes: &'d [Scope<'d>],
    /// From each.
    pub(crate) units: u64,
    pub(crate) now: Timestamp,
    /// The plan that `scopes` were made for.
    pub(crate) assignment: Option<Assignment>,
    /// How old what this sandbox knows may be.
    pub(crate) refresh: Duration,
}

/// What became of it.
pub(crate) enum Verdict {
    /// Everything was taken.
    Granted(Taken, Vec<LimitNote>),
    /// Nothing was; what is left of the limits that were looked at, and the first that binds.
    Refused(Vec<LimitNote>, LimitNote),
    /// Nothing was: the caller is on another plan.
    Reassigned(Assignment),
    /// Nothing was: too many calls take from the same limits at once.
    Contended,
}

impl Limiter {
    pub(crate) fn new(sandbox: String) -> Self {
        let assignments = Mutex::new(Recent::new(Bounds::entries(GENERATION)));
        Self { leases: Leases::new(sandbox), local: LocalLimits::default(), assignments }
    }

    /// Takes from all limits, or from none.
    pub(crate) async fn take(
        &self,
        store: &dyn LimitStore,
        demand: &Demand<'_>,
    ) -> Result<Verdict, StoreError> {
        let mut taken = Taken { units: demand.units, parts: Vec::new() };
        let mut notes = Vec::new();
        if let Some(refused) = self.refused_at_once(store, demand) {
            return Ok(refused);
        }
        if let Some(refused) = self.take_local(demand, &mut taken, &mut notes)? {
            self.put_back(&taken, demand.units, demand.now);
            return Ok(refused);
        }
        for scope in demand.scopes {
            match self.take_scope(store, scope, demand, &mut taken, &mut notes).await {
                Ok(None) => {}
                Ok(Some(verdict)) => {
                    self.give_back(store, &taken, demand.units, demand.now).await;
                    return Ok(verdict);
                }
                Err(error) => {
                    // The table is not asked to take back what it may not even have given.
                    self.put_back(&taken, demand.units, demand.now);
                    return Err(error);
                }
            }
        }
        Ok(Verdict::Granted(taken, notes))
    }

    /// Whether a limit refused just now: a flood over one limit takes from no other.
    fn refused_at_once(&self, store: &dyn LimitStore, demand: &Demand<'_>) -> Option<Verdict> {
        if let [_] = demand.scopes {
            return None;
        }
        demand.scopes.iter().find_map(|scope| {
            if let Some((notes, bound)) = self.leases.refusing(scope, demand.units, demand.now) {
                return Some(Verdict::Refused(notes, bound));
            }
            let slots = scope.slots(LimitMode::Hard, demand.now);
            if slots.is_empty() {
                return None;
            }
            let ask = Ask {
                scope: scope.key.clone(),
                now: demand.now,
                units: demand.units,
                slots,
                block: None,
                assignment: None,
            };
            let levels = store.recall(&ask)?;
            let (notes, bound) = refusal(&ask.slots, &levels, None, demand)?;
            Some(Verdict::Refused(notes, bound))
        })
    }

    /// `None` where the sandbox gave what it was asked for.
    fn take_local(
        &self,
        demand: &Demand<'_>,
        taken: &mut Taken,
        notes: &mut Vec<LimitNote>,
    ) -> Result<Option<Verdict>, StoreError> {
        for scope in demand.scopes.iter().filter(|scope| scope.has(LimitMode::Local)) {
            let slots = scope.slots(LimitMode::Local, demand.now);
            match self.local.take(&scope.key, &slots, demand.units, demand.now) {
                Ok(levels) => {
                    notes.extend(note_all(&slots, &levels, demand));
                    taken.parts.push(Part::Local { scope: scope.key.clone(), slots });
                }
                Err(levels) => {
                    return refused(&slots, &levels, None, demand)
                        .map(|(notes, bound)| Some(Verdict::Refused(notes, bound)));
                }
            }
        }
        Ok(None)
    }

    /// `None` where the scope gave what it was asked for.
    async fn take_scope(
        &self,
        store: &dyn LimitStore,
        scope: &Scope<'_>,
        demand: &Demand<'_>,
        taken: &mut Taken,
        notes: &mut Vec<LimitNote>,
    ) -> Result<Option<Verdict>, StoreError> {
        let Some(key) = LeaseKey::of(scope) else {
            return self.ask(store, scope, None, demand, taken, notes).await;
        };
        let mut look = self.leases.look(&key, demand.units, demand.now);
        let turn;
        let _begun;
        if let Look::Missing = look {
            turn = self.leases.turns.take(&key);
            _begun = turn.begin().await;
            // Who waited may find the block that the one before asked for.
            look = self.leases.look(&key, demand.units, demand.now);
        }
        match look {
            Look::Spent(spent, slots) => {
                add(notes, spent);
                taken.parts.push(Part::Leased { key, slots });
                self.ask(store, scope, None, demand, taken, notes).await
            }
            Look::Held(notes, bound) => Ok(Some(Verdict::Refused(notes, bound))),
            Look::Missing => {
                let slots = scope.slots(LimitMode::Leased, demand.now);
                let wanted = self.leases.want(key, slots, demand.units, demand.now);
                self.ask(store, scope, Some(wanted), demand, taken, notes).await
            }
        }
    }

    /// Asks the table for what the scope's hard limits give, and for a block of the leased ones.
    async fn ask(
        &self,
        store: &dyn LimitStore,
        scope: &Scope<'_>,
        wanted: Option<Wanted>,
        demand: &Demand<'_>,
        taken: &mut Taken,
        notes: &mut Vec<LimitNote>,
    ) -> Result<Option<Verdict>, StoreError> {
        let hard = scope.slots(LimitMode::Hard, demand.now);
        if hard.is_empty() && wanted.is_none() {
            return Ok(None);
        }
        let ask = Ask {
            scope: scope.key.clone(),
            now: demand.now,
            units: demand.units,
            slots: hard,
            block: wanted.as_ref().map(|wanted| wanted.block.clone()),
            assignment: demand.assignment.clone().filter(|_| scope.is_caller),
        };
        let reserved = store.reserve(&ask).await;
        let Ask { slots: hard, assignment, .. } = ask;
        if let Some(wanted) = &wanted
            && !matches!(reserved, Ok(Reserved::Granted { .. }))
        {
            self.leases.forgo(wanted);
        }
        let reserved = reserved?;
        match reserved {
            Reserved::Granted { mut levels, block: size, named } => {
                if let Some(assignment) = assignment {
                    self.remember(&scope.key, assignment, demand.now);
                }
                let leased = levels.split_off(hard.len().min(levels.len()));
                notes.extend(note_all(&hard, &levels, demand));
                if !hard.is_empty() {
                    taken.parts.push(Part::Hard { scope: scope.key.clone(), quotas: quotas(hard) });
                }
                if let Some(wanted) = wanted {
                    let key = wanted.key.clone();
                    let given = Given { levels: leased, size, named };
                    let (spent, slots) = self.leases.take_up(wanted, given, demand.now, demand.refresh);
                    add(notes, spent);
                    taken.parts.push(Part::Leased { key, slots });
                }
                Ok(None)
            }
            Reserved::Refused(levels) => {
                let mut slots = hard;
                let block = wanted.as_ref().map(|wanted| &wanted.block);
                slots.extend(block.iter().flat_map(|block| block.slots.iter().cloned()));
                let (notes, bound) = refused(&slots, &levels, block, demand)?;
                if let Some(Wanted { key, block, .. }) = &wanted
                    && block.slots.iter().any(|slot| slot.name == bound.name)
                {
                    self.leases.refused(key, &notes, &bound, demand.units, demand.now);
                }
                Ok(Some(Verdict::Refused(notes, bound)))
            }
            Reserved::Contended => Ok(Some(Verdict::Contended)),
            Reserved::Reassigned(assignment) => {
                self.remember(&scope.key, assignment.clone(), demand.now);
                Ok(Some(Verdict::Reassigned(assignment)))
            }
        }
    }

    /// Gives back `units` of what was taken: quotas of the table at once, the rest in memory. A table that does not answer
    /// keeps them.
    pub(crate) async fn give_back(&self, store: &dyn LimitStore, taken: &Taken, units: u64, now: Timestamp) {
        self.put_back(taken, units, now);
        for part in &taken.parts {
            let Part::Hard { scope, quotas } = part else { continue };
            // What a window that is over gave helps nobody, and may be forgotten.
            let slots = quotas.iter().filter(|quota| quota.ends().is_some_and(|ends| ends > now));
            let slots: Vec<Slot> = slots.cloned().collect();
            if !slots.is_empty() && units > 0 {
                let back = GiveBack { scope: scope.clone(), slots, units, lease: None };
                let _ = store.give_back(&back).await;
            }
        }
    }

    /// What this sandbox keeps takes its part back.
    fn put_back(&self, taken: &Taken, units: u64, now: Timestamp) {
        for part in &taken.parts {
            match part {
                Part::Hard { .. } => {}
                Part::Leased { key, slots } => self.leases.put_back(key, slots, units, now),
                Part::Local { scope, slots } => self.local.put_back(scope, slots, units),
            }
        }
    }

    /// Hands in what is left of every block: this sandbox serves no more calls. Within the time that its end leaves.
    pub(crate) async fn close(&self, store: &dyn LimitStore, now: Timestamp) {
        let rest = self.leases.hand_in(now);
        futures_util::future::join_all(rest.iter().map(|back| store.give_back(back))).await;
    }

    /// Takes one from what this sandbox gives of questions that are no calls: one a second for each `scope`, five at once.
    pub(crate) fn ask_locally(&self, scope: &str, now: Timestamp) -> Result<(), LimitNote> {
        let (period, burst) = (Duration::from_secs(1), const { NonZeroU64::new(5).unwrap() });
        let slot = Slot::of("questions", LimitRule::Rate { units: 1, period, burst }, now);
        let slots = std::slice::from_ref(&slot);
        match self.local.take(scope, slots, 1, now) {
            Ok(_) => Ok(()),
            Err(levels) => Err(slot.note(levels.first().copied().unwrap_or(Level::Rate(None)), 1, now)),
        }
    }

    /// The levels of limits that this sandbox keeps.
    pub(crate) fn local_levels(&self, scope: &str, slots: &[Slot]) -> Vec<Level> {
        self.local.levels(scope, slots)
    }

    /// The plan that the caller was assigned, as far as this sandbox knows: good enough to ask with.
    pub(crate) fn known_assignment(&self, scope: &str) -> Assignment {
        self.recall(scope).map(|(_, assignment)| assignment).unwrap_or_default()
    }

    /// The plan that the caller was assigned, for callers whose own limits are not asked for in the table.
    pub(crate) async fn assignment(
        &self,
        store: &dyn LimitStore,
        scope: &str,
        now: Timestamp,
        refresh: Duration,
    ) -> Result<Assignment, StoreError> {
        if let Some((at, assignment)) = self.recall(scope)
            && is_fresh(at, refresh, now)
        {
            return Ok(assignment);
        }
        self.read_assignment(store, scope, now).await
    }

    /// The plan that the caller is assigned now.
    pub(crate) async fn read_assignment(
        &self,
        store: &dyn LimitStore,
        scope: &str,
        now: Timestamp,
    ) -> Result<Assignment, StoreError> {
        let assignment = store.assignment(scope).await?;
        self.remember(scope, assignment.clone(), now);
        Ok(assignment)
    }

    fn recall(&self, scope: &str) -> Option<(Timestamp, Assignment)> {
        let mut assignments = self.assignments.lock().unwrap_or_else(PoisonError::into_inner);
        assignments.get(&scope.to_owned()).cloned()
    }

    fn remember(&self, scope: &str, assignment: Assignment, now: Timestamp) {
        let mut assignments = self.assignments.lock().unwrap_or_else(PoisonError::into_inner);
        assignments.insert(scope.to_owned(), (now, assignment), 0);
    }
}

/// Adds `more`, which often are all.
fn add(notes: &mut Vec<LimitNote>, more: Vec<LimitNote>) {
    if notes.is_empty() { *notes = more } else { notes.extend(more) }
}

fn quotas(mut slots: Vec<Slot>) -> Vec<Slot> {
    slots.retain(|slot| slot.ends().is_some());
    slots
}

fn note_all(slots: &[Slot], levels: &[Level], demand: &Demand<'_>) -> Vec<LimitNote> {
    let pairs = slots.iter().zip(levels);
    pairs.map(|(slot, level)| slot.note(*level, demand.units, demand.now)).collect()
}

/// What is left of each limit, and the first that binds; `None` where none does.
fn refusal(
    slots: &[Slot],
    levels: &[Level],
    block: Option<&Block>,
    demand: &Demand<'_>,
) -> Option<(Vec<LimitNote>, LimitNote)> {
    let needs = |slot: &Slot| match block {
        Some(block) if block.slots.contains(slot) => block.needs(slot),
        _ => demand.units,
    };
    let bound = slots
        .iter()
        .zip(levels)
        .find(|(slot, level)| slot.refuses(**level, needs(slot), demand.now))
        .map(|(slot, level)| slot.note(*level, needs(slot), demand.now))?;
    Some((note_all(slots, levels, demand), bound))
}

/// As [`refusal`]. A store that refuses without a level that binds cannot be believed.
fn refused(
    slots: &[Slot],
    levels: &[Level],
    block: Option<&Block>,
    demand: &Demand<'_>,
) -> Result<(Vec<LimitNote>, LimitNote), StoreError> {
    let refusal = refusal(slots, levels, block, demand);
    refusal.ok_or_else(|| StoreError("the limits refuse without a cause".to_owned()))
}
