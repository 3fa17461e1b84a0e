use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use doorward_core::Publication;
use doorward_core::ports::{Publications, StoreError};

use crate::stores::Switch;

/// Publications in memory, which a test makes, breaks and takes back.
#[derive(Debug, Default)]
pub struct MemoryPublications {
    /// Turns the looks off, and counts them.
    pub looks: Switch,
    /// Turns the fetches off, and counts them.
    pub fetches: Switch,
    current: Mutex<Option<Publication>>,
    numbered: Mutex<HashMap<u64, Publication>>,
    archives: Mutex<HashMap<String, Bytes>>,
}

impl MemoryPublications {
    /// From now on `publication` is in force, whatever it says.
    pub fn point_at(&self, publication: Publication) {
        lock(&self.numbered).insert(publication.sequence, publication.clone());
        *lock(&self.current) = Some(publication);
    }

    /// Keeps these bytes as the archive of `publication`, whatever they are.
    pub fn keep(&self, publication: &Publication, archive: &[u8]) {
        lock(&self.archives).insert(publication.archive.clone(), Bytes::copy_from_slice(archive));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl Publications for MemoryPublications {
    async fn current(&self) -> Result<Option<Publication>, StoreError> {
        self.looks.ask().await?;
        Ok(lock(&self.current).clone())
    }

    async fn numbered(&self, sequence: u64) -> Result<Option<Publication>, StoreError> {
        Ok(lock(&self.numbered).get(&sequence).cloned())
    }

    async fn fetch(&self, publication: &Publication) -> Result<Option<Bytes>, StoreError> {
        self.fetches.ask().await?;
        Ok(lock(&self.archives).get(&publication.archive).cloned())
    }
}
