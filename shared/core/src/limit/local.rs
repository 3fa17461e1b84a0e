use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use super::{Level, Slot, SlotRule};
use crate::recent::{Bounds, Recent};

/// Levels that one generation holds.
const GENERATION: usize = 8_192;

/// The limits that this sandbox keeps by itself.
#[derive(Debug)]
pub(crate) struct LocalLimits {
    levels: Mutex<Recent<String, Level>>,
}

impl Default for LocalLimits {
    fn default() -> Self {
        Self { levels: Mutex::new(Recent::new(Bounds::entries(GENERATION))) }
    }
}

impl LocalLimits {
    /// Takes `units` from every slot of the scope, or from none; the levels after it, or those that refused it.
    pub(crate) fn take(
        &self,
        scope: &str,
        slots: &[Slot],
        units: u64,
        now: Timestamp,
    ) -> Result<Vec<Level>, Vec<Level>> {
        let mut levels = self.levels.lock().unwrap_or_else(PoisonError::into_inner);
        let keys: Vec<String> = slots.iter().map(|slot| key(scope, slot)).collect();
        let before: Vec<Level> =
            keys.iter().zip(slots).map(|(key, slot)| *levels.get_or_insert(key, slot.unused())).collect();
        if slots.iter().zip(&before).any(|(slot, level)| slot.refuses(*level, units, now)) {
            return Err(before);
        }
        let after = slots.iter().zip(&before).map(|(slot, level)| slot.after(*level, units, now));
        let after: Vec<Level> = after.collect();
        for (key, level) in keys.into_iter().zip(&after) {
            levels.insert(key, *level, 0);
        }
        Ok(after)
    }

    /// How the slots of the scope stand.
    pub(crate) fn levels(&self, scope: &str, slots: &[Slot]) -> Vec<Level> {
        let mut levels = self.levels.lock().unwrap_or_else(PoisonError::into_inner);
        let level = |slot: &Slot| levels.get(&key(scope, slot)).copied().unwrap_or_else(|| slot.unused());
        slots.iter().map(level).collect()
    }

    /// `units` of quotas were not used after all. Rates come back by themselves.
    pub(crate) fn put_back(&self, scope: &str, slots: &[Slot], units: u64) {
        let mut levels = self.levels.lock().unwrap_or_else(PoisonError::into_inner);
        for slot in slots.iter().filter(|slot| slot.ends().is_some()) {
            if let Some(level) = levels.get(&key(scope, slot)) {
                *level = slot.before(*level, units);
            }
        }
    }
}

fn key(scope: &str, slot: &Slot) -> String {
    match &slot.rule {
        SlotRule::Rate { interval, .. } => format!("{scope}\n{}\n{interval}", slot.name),
        SlotRule::Quota { window, .. } => format!("{scope}\n{}\n{window}", slot.name),
    }
}
