use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use doorward_model::EntityName;
use doorward_policy::Loaded;
use jiff::Timestamp;

/// What was read of entities lately. It belongs to the policies whose schema typed it, and goes with them.
///
/// Entities stand in two generations: when the young one is full, it becomes the old one, and what was not asked for
/// since is forgotten. Only what is there is kept: a flood of ids that name nothing takes no place from what does.
#[derive(Debug, Default)]
pub(crate) struct EntityCache {
    generations: Mutex<Generations>,
}

#[derive(Debug, Default)]
struct Generations {
    young: HashMap<EntityName, Read>,
    old: HashMap<EntityName, Read>,
    /// Of the young ones.
    bytes: usize,
}

/// An entity as it was read.
#[derive(Debug, Clone)]
pub(crate) struct Read {
    /// When its item was asked for.
    pub(crate) at: Timestamp,
    pub(crate) loaded: Arc<Loaded>,
    /// The payload of its item.
    pub(crate) bytes: usize,
}

/// Entities that one generation holds.
const GENERATION: usize = 512;
/// Payload that one generation holds; typed, it takes several times the place.
const GENERATION_BYTES: usize = 1024 * 1024;

impl EntityCache {
    /// The entity, if it was read less than `fresh` before `now`.
    pub(crate) fn recall(&self, name: &EntityName, fresh: Duration, now: Timestamp) -> Option<Arc<Loaded>> {
        let mut generations = self.lock();
        let (read, is_old) = match generations.young.get(name) {
            Some(read) => (read.clone(), false),
            None => (generations.old.get(name)?.clone(), true),
        };
        // A clock that was set back makes nothing fresh.
        let age = Duration::try_from(now.duration_since(read.at)).ok()?;
        if age >= fresh {
            return None;
        }
        let loaded = Arc::clone(&read.loaded);
        if is_old {
            generations.insert(name, read);
        }
        Some(loaded)
    }

    pub(crate) fn remember(&self, name: &EntityName, read: Read) {
        self.lock().insert(name, read);
    }

    /// The entity is not what it was.
    pub(crate) fn forget(&self, name: &EntityName) {
        self.lock().remove(name);
    }

    /// A poisoned lock holds whole entities, which stay good.
    fn lock(&self) -> MutexGuard<'_, Generations> {
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    fn insert(&mut self, name: &EntityName, read: Read) {
        self.remove(name);
        if self.young.len() >= GENERATION || self.bytes + read.bytes > GENERATION_BYTES {
            self.old = std::mem::take(&mut self.young);
            self.bytes = 0;
        }
        self.bytes += read.bytes;
        self.young.insert(name.clone(), read);
    }

    fn remove(&mut self, name: &EntityName) {
        self.old.remove(name);
        if let Some(read) = self.young.remove(name) {
            self.bytes -= read.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use doorward_model::{Item, ItemValue, Place};
    use doorward_policy::{ActionSpec, CallShape, HttpShape, Policies, SourceFile, Sources, Vocabulary};

    use super::*;

    const FRESH: Duration = Duration::from_secs(30);

    fn loaded() -> Arc<Loaded> {
        let action = ActionSpec {
            name: "get".to_owned(),
            principals: vec!["User".to_owned()],
            resource: "Order".to_owned(),
            resource_parents: Vec::new(),
            load: Some(Place::new("doorward.toml", "", 0..0)),
            call: CallShape::Http(HttpShape::default()),
        };
        let schema = SourceFile {
            name: "shop.cedarschema".to_owned(),
            text: "entity Order in [Function] = { total: Long };".to_owned(),
        };
        let vocabulary = Vocabulary { actions: vec![action], ..Vocabulary::default() };
        let policies =
            Policies::compile(&Sources { schemas: &[schema], ..Sources::default() }, &vocabulary).unwrap();
        let item = Item::from([("total".to_owned(), ItemValue::Number("1".to_owned()))]);
        Arc::new(policies.load(&order(0), &item).unwrap())
    }

    fn order(n: usize) -> EntityName {
        EntityName::new("Order", n.to_string())
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn what_is_old_or_from_the_future_is_not_recalled() {
        let (cache, loaded) = (EntityCache::default(), loaded());
        cache.remember(&order(1), Read { at: at(100), loaded, bytes: 1 });
        let recalled = |seconds| cache.recall(&order(1), FRESH, at(seconds)).is_some();
        assert_eq!([recalled(99), recalled(100), recalled(129), recalled(130)], [false, true, true, false]);
        assert!(
            cache.recall(&order(1), Duration::from_secs(31), at(130)).is_some(),
            "each route has its own"
        );
        cache.forget(&order(1));
        assert!(!recalled(100));
    }

    #[test]
    fn memory_is_bounded_and_keeps_what_was_asked_for_last() {
        for bytes in [1, GENERATION_BYTES / 10] {
            let (cache, loaded) = (EntityCache::default(), loaded());
            for n in 1..GENERATION * 5 {
                let read = Read { at: at(0), loaded: Arc::clone(&loaded), bytes };
                cache.remember(&order(n), read.clone());
                if cache.recall(&order(0), FRESH, at(0)).is_none() {
                    assert_eq!(n, 1, "it was asked for each time");
                    cache.remember(&order(0), read);
                }
                let generations = cache.lock();
                let kept = || generations.young.iter().chain(&generations.old);
                assert!(kept().count() <= 2 * GENERATION);
                assert!(kept().map(|(_, read)| read.bytes).sum::<usize>() <= 2 * GENERATION_BYTES);
                assert_eq!(
                    generations.young.values().map(|read| read.bytes).sum::<usize>(),
                    generations.bytes
                );
            }
            assert!(cache.recall(&order(GENERATION * 5 - 1), FRESH, at(0)).is_some());
            assert!(cache.recall(&order(1), FRESH, at(0)).is_none());
        }
    }
}
