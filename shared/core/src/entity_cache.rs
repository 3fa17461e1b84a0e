use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use doorward_model::EntityName;
use doorward_policy::Loaded;
use jiff::Timestamp;

use crate::recent::{Bounds, Recent, is_fresh};

/// What was read of entities lately. It belongs to the policies whose schema typed it, and goes with them. Only what is
/// there is kept: a flood of ids that name nothing takes no place from what does.
#[derive(Debug)]
pub(crate) struct EntityCache {
    read: Mutex<Recent<EntityName, Read>>,
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

/// What one generation holds: entities, and the payload of their items in bytes; typed, it takes several times the place.
const GENERATION: Bounds = Bounds { entries: 512, weight: 1024 * 1024 };

impl Default for EntityCache {
    fn default() -> Self {
        Self { read: Mutex::new(Recent::new(GENERATION)) }
    }
}

impl EntityCache {
    /// The entity, if it was read less than `fresh` before `now`.
    pub(crate) fn recall(&self, name: &EntityName, fresh: Duration, now: Timestamp) -> Option<Arc<Loaded>> {
        let mut entities = self.lock();
        let read = entities.get(name)?;
        is_fresh(read.at, fresh, now).then(|| Arc::clone(&read.loaded))
    }

    pub(crate) fn remember(&self, name: &EntityName, read: Read) {
        let bytes = read.bytes;
        self.lock().insert(name.clone(), read, bytes);
    }

    /// The entity is not what it was.
    pub(crate) fn forget(&self, name: &EntityName) {
        self.lock().remove(name);
    }

    /// A poisoned lock holds whole entities, which stay good.
    fn lock(&self) -> MutexGuard<'_, Recent<EntityName, Read>> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
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
            has_purpose: false,
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
    fn large_entities_leave_room_for_few() {
        let (cache, loaded) = (EntityCache::default(), loaded());
        for n in 0..100 {
            let read = Read { at: at(0), loaded: Arc::clone(&loaded), bytes: GENERATION.weight / 4 };
            cache.remember(&order(n), read);
        }
        assert_eq!(cache.lock().len(), 8);
        assert!(cache.recall(&order(99), FRESH, at(0)).is_some());
        assert!(cache.recall(&order(1), FRESH, at(0)).is_none());
    }
}
