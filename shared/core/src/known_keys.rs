use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::api_key::{ApiKeyRecord, KeyHash};
use crate::ports::{ApiKeys, Clock, StoreError};
use crate::recent::{Bounds, Recent, is_fresh};
use crate::turns::Turns;

/// What a sandbox knows of API keys that were shown lately. What is older than the refresh interval is not used, whether
/// the store answers or not: a revoked key stops within that time.
///
/// Keys that are there and keys that are not take no place from each other, so a flood of made-up keys costs a look-up
/// each, which the screen bounds by address, and no owner of a key feels it.
#[derive(Debug)]
pub(crate) struct KnownKeys {
    there: Mutex<Recent<KeyHash, Look>>,
    absent: Mutex<Recent<KeyHash, Timestamp>>,
    /// A look-up under way, and why it failed; who waited for it does not wait for another.
    turns: Turns<KeyHash, Option<StoreError>>,
}

/// A record, and when it was asked for.
#[derive(Debug)]
struct Look {
    at: Timestamp,
    record: Arc<ApiKeyRecord>,
}

/// Keys that one generation holds, of each kind.
const GENERATION: Bounds = Bounds::entries(1024);
/// For how long a key that was not there is not looked for again.
const ABSENT: Duration = Duration::from_secs(5);

/// What is known of a key.
enum Known {
    There(Arc<ApiKeyRecord>),
    Absent,
}

impl Default for KnownKeys {
    fn default() -> Self {
        let (there, absent) = (Recent::new(GENERATION), Recent::new(GENERATION));
        Self { there: Mutex::new(there), absent: Mutex::new(absent), turns: Turns::default() }
    }
}

impl KnownKeys {
    /// The record of the key with this hash, which was read less than `refresh` ago; `None` where there is none.
    pub(crate) async fn find(
        &self,
        hash: KeyHash,
        refresh: Duration,
        store: &dyn ApiKeys,
        clock: &dyn Clock,
    ) -> Result<Option<Arc<ApiKeyRecord>>, StoreError> {
        let known = match self.recall(&hash, refresh, clock.now()) {
            Some(known) => known,
            None => self.look(hash, refresh, store, clock).await?,
        };
        Ok(match known {
            Known::There(record) => Some(record),
            Known::Absent => None,
        })
    }

    fn recall(&self, hash: &KeyHash, refresh: Duration, now: Timestamp) -> Option<Known> {
        let there = lock(&self.there)
            .get(hash)
            .and_then(|look| is_fresh(look.at, refresh, now).then(|| Known::There(Arc::clone(&look.record))));
        let absent =
            || lock(&self.absent).get(hash).is_some_and(|at| is_fresh(*at, ABSENT.min(refresh), now));
        there.or_else(|| absent().then_some(Known::Absent))
    }

    /// Asks the store, once however many calls show the key at the same time.
    async fn look(
        &self,
        hash: KeyHash,
        refresh: Duration,
        store: &dyn ApiKeys,
        clock: &dyn Clock,
    ) -> Result<Known, StoreError> {
        let turn = self.turns.take(&hash);
        let mut failed = turn.begin().await;
        if let Some(error) = failed.as_ref() {
            return Err(error.clone());
        }
        if let Some(known) = self.recall(&hash, refresh, clock.now()) {
            return Ok(known);
        }
        // What is revoked while the store answers may be missing from the answer, so its age counts from here.
        let at = clock.now();
        let found = store.find(&hash).await.and_then(|found| match found {
            Some(record) if record.hash != hash => Err(StoreError("the record is another key's".to_owned())),
            found => Ok(found),
        });
        match found {
            Ok(Some(record)) => {
                let record = Arc::new(record);
                lock(&self.absent).remove(&hash);
                lock(&self.there).insert(hash, Look { at, record: Arc::clone(&record) }, 0);
                Ok(Known::There(record))
            }
            Ok(None) => {
                lock(&self.there).remove(&hash);
                lock(&self.absent).insert(hash, at, 0);
                Ok(Known::Absent)
            }
            Err(error) => {
                *failed = Some(error.clone());
                Err(error)
            }
        }
    }
}

/// A poisoned lock holds whole entries, which stay good.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::api_key::{ApiKey, RANDOM_BYTES};

    struct Nobody(AtomicUsize);

    #[async_trait::async_trait]
    impl ApiKeys for Nobody {
        async fn find(&self, _: &KeyHash) -> Result<Option<ApiKeyRecord>, StoreError> {
            self.0.fetch_add(1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            Ok(None)
        }
    }

    struct Still;

    impl Clock for Still {
        fn now(&self) -> Timestamp {
            Timestamp::UNIX_EPOCH
        }
    }

    fn hash(n: u64) -> KeyHash {
        let mut random = [0; RANDOM_BYTES];
        random[..8].copy_from_slice(&n.to_be_bytes());
        ApiKey::generate("dwk", &random).hash()
    }

    #[tokio::test]
    async fn made_up_keys_take_bounded_room_and_leave_nothing_behind() {
        let (known, store) = (KnownKeys::default(), Nobody(AtomicUsize::new(0)));
        let refresh = Duration::from_secs(30);
        let count = GENERATION.entries as u64 * 3;
        for n in 0..count {
            assert!(known.find(hash(n), refresh, &store, &Still).await.unwrap().is_none());
        }
        assert_eq!(store.0.load(Ordering::SeqCst) as u64, count);
        assert!(lock(&known.absent).len() <= 2 * GENERATION.entries);
        assert_eq!((lock(&known.there).len(), known.turns.len()), (0, 0));
    }

    #[tokio::test]
    async fn calls_with_one_key_ask_once_and_an_abandoned_one_leaves_nothing_behind() {
        let (known, store) = (KnownKeys::default(), Nobody(AtomicUsize::new(0)));
        let find = || known.find(hash(1), Duration::from_secs(30), &store, &Still);
        let (a, b, c) = tokio::join!(find(), find(), find());
        assert!(a.unwrap().is_none() && b.unwrap().is_none() && c.unwrap().is_none());
        assert_eq!(store.0.load(Ordering::SeqCst), 1);
        let other = known.find(hash(2), Duration::from_secs(30), &store, &Still);
        assert!(futures_util::FutureExt::now_or_never(other).is_none(), "it is given up half-way");
        assert_eq!(known.turns.len(), 0);
    }
}
