use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Who does something for a key, and who waits for it, one at a time. There are as many entries as calls under way.
#[derive(Debug)]
pub(crate) struct Turns<K, T> {
    under_way: Mutex<HashMap<K, Arc<tokio::sync::Mutex<T>>>>,
}

impl<K, T> Default for Turns<K, T> {
    fn default() -> Self {
        Self { under_way: Mutex::default() }
    }
}

impl<K: Eq + Hash + Clone, T: Default> Turns<K, T> {
    /// The right to do it for `key`, or to wait for who does. What is left in it is for those who wait.
    pub(crate) fn take(&self, key: &K) -> Turn<'_, K, T> {
        let shared = Arc::clone(self.lock().entry(key.clone()).or_default());
        Turn { turns: self, key: key.clone(), shared }
    }
}

impl<K, T> Turns<K, T> {
    /// A poisoned lock holds whole entries, which stay good.
    fn lock(&self) -> MutexGuard<'_, HashMap<K, Arc<tokio::sync::Mutex<T>>>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }
}

/// One call's part in it.
pub(crate) struct Turn<'t, K: Eq + Hash, T> {
    turns: &'t Turns<K, T>,
    key: K,
    shared: Arc<tokio::sync::Mutex<T>>,
}

impl<K: Eq + Hash, T: Default> Turn<'_, K, T> {
    /// Waits until nobody else is at it.
    pub(crate) async fn begin(&self) -> tokio::sync::MutexGuard<'_, T> {
        self.shared.lock().await
    }
}

impl<K: Eq + Hash, T> Drop for Turn<'_, K, T> {
    /// The last one clears up. Turns are taken and given back under the lock, so the count is exact: the map's and this.
    fn drop(&mut self) {
        let mut under_way = self.turns.lock();
        if under_way.get(&self.key).is_some_and(|shared| Arc::strong_count(shared) <= 2) {
            under_way.remove(&self.key);
        }
    }
}
