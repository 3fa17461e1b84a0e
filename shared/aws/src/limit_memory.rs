use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use crate::limit_seen::Seen;

/// Half of the scopes that are remembered.
const GENERATION: usize = 2048;

/// What this sandbox last saw of each scope. It chooses the first guess and repeats fresh refusals; it never admits.
/// When the young generation is full it becomes the old one, and what was old and not seen again is forgotten.
#[derive(Debug, Default)]
pub(crate) struct LimitMemory {
    generations: Mutex<Generations>,
}

#[derive(Debug, Default)]
struct Generations {
    young: HashMap<String, Sighting>,
    old: HashMap<String, Sighting>,
}

/// What a scope's item said at the time of the call that saw it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sighting {
    pub(crate) at: Timestamp,
    pub(crate) seen: Seen,
}

impl LimitMemory {
    pub(crate) fn recall(&self, scope: &str) -> Option<Sighting> {
        let generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        generations.young.get(scope).or_else(|| generations.old.get(scope)).cloned()
    }

    pub(crate) fn remember(&self, scope: &str, sighting: Sighting) {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        if generations.young.len() >= GENERATION {
            generations.old = std::mem::take(&mut generations.young);
        }
        generations.young.insert(scope.to_owned(), sighting);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_bounded_and_keeps_what_was_seen_last() {
        let memory = LimitMemory::default();
        for scope in 0..GENERATION * 5 {
            memory.remember("steady", Sighting::default());
            memory.remember(&scope.to_string(), Sighting::default());
        }
        assert!(memory.recall("steady").is_some());
        assert!(memory.recall(&(GENERATION * 5 - 1).to_string()).is_some());
        assert!(memory.recall("0").is_none());
        let generations = memory.generations.lock().unwrap();
        assert!(generations.young.len() + generations.old.len() <= 2 * GENERATION);
    }
}
