use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use doorward_core::ports::{IdempotencyStore, Put, StoreError};
use doorward_model::IdempotencyRecord;

use crate::stores::Switch;

/// Idempotency keys in memory.
#[derive(Debug, Default)]
pub struct MemoryIdempotency {
    /// Turns the store off, and counts what it is asked.
    pub switch: Switch,
    records: Mutex<BTreeMap<String, IdempotencyRecord>>,
}

impl MemoryIdempotency {
    /// Every record, by the key's id.
    #[must_use]
    pub fn records(&self) -> BTreeMap<String, IdempotencyRecord> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, IdempotencyRecord>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl IdempotencyStore for MemoryIdempotency {
    async fn find(&self, id: &str) -> Result<Option<IdempotencyRecord>, StoreError> {
        self.switch.ask().await?;
        Ok(self.lock().get(id).cloned())
    }

    async fn put(
        &self,
        record: &IdempotencyRecord,
        found: Option<&IdempotencyRecord>,
    ) -> Result<Put, StoreError> {
        self.switch.ask().await?;
        let mut records = self.lock();
        let stands = records.get(&record.id);
        if stands != found && stands != Some(record) {
            return Ok(Put::Otherwise(stands.cloned().map(Box::new)));
        }
        records.insert(record.id.clone(), record.clone());
        Ok(Put::Written)
    }
}
