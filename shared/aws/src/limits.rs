use std::fmt;

use async_trait::async_trait;
use doorward_core::limit::{Ask, Assignment, GiveBack, Level, Reserved};
use doorward_core::ports::{LimitStore, StoreError};
use jiff::SignedDuration;

use crate::AwsClients;
use crate::attributes::Attributes;
use crate::limit_items::{DynamoItems, LimitItems, Updated};
use crate::limit_memory::{LimitMemory, Sighting};
use crate::limit_seen::{Levels, Seen, assignment, block_levels, lease_attribute, level, seen};
use crate::limit_update::{Size, give_back_update, limit_update};

/// Guesses of how the item is. The first failure shows it, so a second one is rarely needed and a third hardly ever.
const ATTEMPTS: usize = 3;
/// For how long a refusal is repeated without asking: a flood over its limit costs a write a second, not one a call.
const REFUSAL_HOLDS: SignedDuration = SignedDuration::from_secs(1);

/// Limits in `<table>-state`: one item per scope, one conditional write per admitted call or block.
pub struct DynamoLimits {
    items: Box<dyn LimitItems>,
    memory: LimitMemory,
}

/// What one update found.
enum Found {
    /// Taken, with a block of this size, which the item names or not.
    Taken(Attributes, Size),
    Otherwise(Attributes),
}

impl DynamoLimits {
    /// Limits in the tables that begin with `table`.
    #[must_use]
    pub fn new(clients: &AwsClients, table: &str) -> Self {
        Self::over(DynamoItems::new(clients, table))
    }

    /// Limits in these items.
    pub(crate) fn over(items: impl LimitItems + 'static) -> Self {
        Self { items: Box::new(items), memory: LimitMemory::default() }
    }

    async fn update(&self, ask: &Ask, seen: &Seen) -> Result<Found, StoreError> {
        let (update, size) = limit_update(ask, seen);
        match self.items.update(&ask.scope, update).await? {
            Updated::Done(item) => Ok(Found::Taken(item, size)),
            Updated::Otherwise(item) => {
                let lease = ask.block.as_ref().map(|block| lease_attribute(&block.lease));
                // The update was sent again because the answer to it was lost: it is done.
                if lease.is_some_and(|lease| item.contains_key(&lease)) {
                    return Ok(Found::Taken(item, size));
                }
                Ok(Found::Otherwise(item))
            }
        }
    }

    /// What limits say that would refuse the call if they were unused: no update finds out whether its plan is the right one.
    async fn never(&self, ask: &Ask, seen_last: Seen) -> Result<Reserved, StoreError> {
        let refused = |seen: &Seen| Ok(Reserved::Refused(in_order(ask, &seen.levels)));
        let Some(taken_for) = ask.assignment.as_ref().filter(|_| self.fresh(ask).is_none()) else {
            return refused(&seen_last);
        };
        let item = self.items.item(&ask.scope).await?;
        let assigned = assignment(&item);
        if assigned != *taken_for {
            return Ok(Reserved::Reassigned(assigned));
        }
        let Seen { branches, as_last, .. } = seen_last;
        let seen = Seen { branches, as_last, ..seen(&item, ask.now) };
        self.memory.remember(&ask.scope, Sighting { at: ask.now, seen: seen.clone() });
        refused(&seen)
    }

    /// What was seen of the scope, if it was seen just now.
    fn fresh(&self, ask: &Ask) -> Option<Seen> {
        let sighting = self.memory.recall(&ask.scope)?;
        (ask.now.duration_since(sighting.at).abs() < REFUSAL_HOLDS).then_some(sighting.seen)
    }
}

impl fmt::Debug for DynamoLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DynamoLimits")
    }
}

#[async_trait]
impl LimitStore for DynamoLimits {
    async fn reserve(&self, ask: &Ask) -> Result<Reserved, StoreError> {
        if ask.slots.is_empty() && ask.block.is_none() {
            return Ok(Reserved::Granted { levels: Vec::new(), block: 0, named: false });
        }
        let mut seen_last = self.memory.recall(&ask.scope).map(|sighting| sighting.seen).unwrap_or_default();
        if refuses(ask, &Levels::default()) {
            return self.never(ask, seen_last).await;
        }
        if let Some(levels) = self.recall(ask) {
            return Ok(Reserved::Refused(levels));
        }
        let (mut as_last, mut attempts) = (seen_last.as_last, 0);
        while attempts < ATTEMPTS {
            attempts += 1;
            let (found, branches) = (self.update(ask, &seen_last).await?, seen_last.branches_of(ask));
            let (Found::Taken(item, _) | Found::Otherwise(item)) = &found;
            let done = matches!(found, Found::Taken(..));
            if !done && attempts == 1 {
                as_last = !as_last;
            }
            // What is seen now says itself which update is the right one.
            seen_last = Seen { branches, as_last: false, ..seen(item, ask.now) };
            self.memory
                .remember(&ask.scope, Sighting { at: ask.now, seen: Seen { as_last, ..seen_last.clone() } });
            match found {
                Found::Taken(_, Size { units: block, named }) => {
                    let levels = in_order(ask, &seen_last.levels);
                    return Ok(Reserved::Granted { levels, block, named });
                }
                Found::Otherwise(item) => {
                    let assigned = assignment(&item);
                    if ask.assignment.as_ref().is_some_and(|assignment| *assignment != assigned) {
                        return Ok(Reserved::Reassigned(assigned));
                    }
                    if refuses(ask, &seen_last.levels) {
                        return Ok(Reserved::Refused(in_order(ask, &seen_last.levels)));
                    }
                }
            }
        }
        Ok(Reserved::Contended)
    }

    fn recall(&self, ask: &Ask) -> Option<Vec<Level>> {
        let seen = self.fresh(ask)?;
        refuses(ask, &seen.levels).then(|| in_order(ask, &seen.levels))
    }

    async fn give_back(&self, back: &GiveBack) -> Result<(), StoreError> {
        match give_back_update(back) {
            // Where it finds the item otherwise, it went back before, or its window is over.
            Some(update) => self.items.update(&back.scope, update).await.map(drop),
            None => Ok(()),
        }
    }

    async fn assignment(&self, scope: &str) -> Result<Assignment, StoreError> {
        Ok(assignment(&self.items.item(scope).await?))
    }

    async fn levels(&self, ask: &Ask) -> Result<Vec<Level>, StoreError> {
        Ok(in_order(ask, &seen(&self.items.item(&ask.scope).await?, ask.now).levels))
    }
}

/// Whether a slot refuses where the scope stands at `levels`.
fn refuses(ask: &Ask, levels: &Levels) -> bool {
    ask.slots.iter().any(|slot| slot.refuses(level(slot, levels), ask.units, ask.now))
        || ask.block.as_ref().is_some_and(|block| block.size(&block_levels(block, levels), ask.now).is_none())
}

/// The levels of the slots, and then of those of the block.
fn in_order(ask: &Ask, levels: &Levels) -> Vec<Level> {
    let block = ask.block.iter().flat_map(|block| &block.slots);
    ask.slots.iter().chain(block).map(|slot| level(slot, levels)).collect()
}
