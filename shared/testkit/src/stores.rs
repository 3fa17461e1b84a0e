use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use doorward_core::limit::{Ask, Level, Reserved, SlotRule};
use doorward_core::ports::{
    ApiKeys, Claim, Decisions, EntitySource, EntityStore, KeepError, Ledger, LimitStore, Quarantine,
    StoreError,
};
use doorward_core::{ApiKeyRecord, KeyHash};
use doorward_model::{Call, DecisionRecord, EventRecord, Item, Outcome};
use jiff::Timestamp;
use tokio::sync::Notify;

/// Whether a store answers, and how often it was asked.
#[derive(Debug, Default)]
pub struct Switch {
    away: AtomicBool,
    hangs: AtomicBool,
    released: Notify,
    calls: AtomicUsize,
}

impl Switch {
    /// From now on the store is away, or back.
    pub fn away(&self, away: bool) {
        self.away.store(away, Ordering::SeqCst);
    }

    /// From now on the store does not answer, or does again; who waits is answered then.
    pub fn hang(&self, hangs: bool) {
        self.hangs.store(hangs, Ordering::SeqCst);
        if !hangs {
            self.released.notify_waiters();
        }
    }

    /// How often the store was asked.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    pub(crate) async fn ask(&self) -> Result<(), StoreError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let released = self.released.notified();
        if self.hangs.load(Ordering::SeqCst) {
            released.await;
        }
        if self.away.load(Ordering::SeqCst) { Err(StoreError("switched off".to_owned())) } else { Ok(()) }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Limits in memory, by the same arithmetic as the real store.
#[derive(Debug, Default)]
pub struct MemoryLimits {
    /// Turns the store off.
    pub switch: Switch,
    levels: Mutex<HashMap<String, Level>>,
}

#[async_trait]
impl LimitStore for MemoryLimits {
    async fn reserve(&self, ask: &Ask) -> Result<Reserved, StoreError> {
        self.switch.ask().await?;
        let mut levels = lock(&self.levels);
        let keys: Vec<String> = ask
            .slots
            .iter()
            .map(|slot| match &slot.rule {
                SlotRule::Rate { .. } => format!("{}/{}", ask.scope, slot.name),
                SlotRule::Quota { window, .. } => format!("{}/{}/{window}", ask.scope, slot.name),
            })
            .collect();
        let before: Vec<Level> = keys
            .iter()
            .zip(&ask.slots)
            .map(|(key, slot)| levels.get(key).copied().unwrap_or_else(|| slot.unused()))
            .collect();
        if ask.slots.iter().zip(&before).any(|(slot, level)| slot.refuses(*level, ask.units, ask.now)) {
            return Ok(Reserved::Refused(before));
        }
        let after: Vec<Level> = ask
            .slots
            .iter()
            .zip(&before)
            .map(|(slot, level)| slot.after(*level, ask.units, ask.now))
            .collect();
        levels.extend(keys.into_iter().zip(after.iter().copied()));
        Ok(Reserved::Granted(after))
    }
}

/// One row of the ledger.
#[derive(Debug, Clone)]
pub struct Row {
    /// The call as it was last written.
    pub call: Call,
    /// When it may be forgotten.
    pub expires: Timestamp,
}

/// A ledger in memory.
#[derive(Debug, Default)]
pub struct MemoryLedger {
    /// Turns the store off.
    pub switch: Switch,
    rows: Mutex<BTreeMap<String, Row>>,
}

impl MemoryLedger {
    /// Every row, by call id.
    #[must_use]
    pub fn rows(&self) -> BTreeMap<String, Row> {
        lock(&self.rows).clone()
    }
}

#[async_trait]
impl Ledger for MemoryLedger {
    async fn claim(&self, call: &Call, expires: Timestamp) -> Result<Claim, StoreError> {
        self.switch.ask().await?;
        let mut rows = lock(&self.rows);
        if let Some(row) = rows.get(call.id.as_str())
            && (row.call.quarantined || !row.call.outcome.may_be_tried_again())
        {
            let Call { outcome: first, invocation, deadline: until, .. } = row.call.clone();
            return Ok(Claim::Taken { first, invocation, until });
        }
        let mut intent = call.clone();
        intent.outcome = Outcome::Unresolved;
        rows.insert(call.id.to_string(), Row { call: intent, expires });
        Ok(Claim::Ours)
    }

    async fn resolve(&self, call: &Call) -> Result<(), StoreError> {
        self.switch.ask().await?;
        if let Some(row) = lock(&self.rows).get_mut(call.id.as_str())
            && row.call.outcome == Outcome::Unresolved
        {
            row.call = call.clone();
        }
        Ok(())
    }

    async fn record(&self, call: &Call, expires: Timestamp) -> Result<(), StoreError> {
        self.switch.ask().await?;
        lock(&self.rows).entry(call.id.to_string()).or_insert_with(|| Row { call: call.clone(), expires });
        Ok(())
    }
}

/// Recorded decisions in memory.
#[derive(Debug, Default)]
pub struct MemoryDecisions {
    /// Turns the store off.
    pub switch: Switch,
    /// The largest record that is taken, in bytes of JSON; zero for any.
    pub largest: AtomicUsize,
    records: Mutex<Vec<(DecisionRecord, Timestamp)>>,
}

impl MemoryDecisions {
    /// Every record and when it may be forgotten, in the order in which they came.
    #[must_use]
    pub fn records(&self) -> Vec<(DecisionRecord, Timestamp)> {
        lock(&self.records).clone()
    }
}

#[async_trait]
impl Decisions for MemoryDecisions {
    async fn keep(&self, record: &DecisionRecord, expires: Timestamp) -> Result<(), KeepError> {
        self.switch.ask().await?;
        let bytes = serde_json::to_string(record).map_or(usize::MAX, |text| text.len());
        let largest = self.largest.load(Ordering::SeqCst);
        if largest > 0 && bytes > largest {
            return Err(KeepError::TooLarge(bytes));
        }
        lock(&self.records).push((record.clone(), expires));
        Ok(())
    }
}

/// A quarantine in memory: the reason by call id.
#[derive(Debug, Default)]
pub struct MemoryQuarantine {
    /// Turns the store off.
    pub switch: Switch,
    items: Mutex<BTreeMap<String, Call>>,
}

impl MemoryQuarantine {
    /// Every item, by call id.
    #[must_use]
    pub fn items(&self) -> BTreeMap<String, Call> {
        lock(&self.items).clone()
    }
}

#[async_trait]
impl Quarantine for MemoryQuarantine {
    async fn keep(&self, call: &Call, _: &EventRecord, _: Timestamp) -> Result<(), StoreError> {
        self.switch.ask().await?;
        lock(&self.items).entry(call.id.to_string()).or_insert_with(|| call.clone());
        Ok(())
    }
}

/// API keys in memory.
#[derive(Debug, Default)]
pub struct MemoryApiKeys {
    /// Turns the store off, and counts its reads.
    pub switch: Switch,
    records: Mutex<HashMap<KeyHash, ApiKeyRecord>>,
}

impl MemoryApiKeys {
    /// The key has this record from now on.
    pub fn put(&self, record: ApiKeyRecord) {
        lock(&self.records).insert(record.hash, record);
    }
}

#[async_trait]
impl ApiKeys for MemoryApiKeys {
    async fn find(&self, hash: &KeyHash) -> Result<Option<ApiKeyRecord>, StoreError> {
        self.switch.ask().await?;
        Ok(lock(&self.records).get(hash).cloned())
    }
}

/// Entities in memory, by type and id; the table is not looked at.
#[derive(Debug, Default)]
pub struct MemoryEntities {
    /// Turns the store off, and counts its reads.
    pub switch: Switch,
    items: Mutex<HashMap<(String, String), Item>>,
}

impl MemoryEntities {
    /// The entity has this item from now on.
    pub fn put(&self, type_name: &str, id: &str, item: Item) {
        lock(&self.items).insert((type_name.to_owned(), id.to_owned()), item);
    }

    /// The entity has no item from now on.
    pub fn remove(&self, type_name: &str, id: &str) {
        lock(&self.items).remove(&(type_name.to_owned(), id.to_owned()));
    }
}

#[async_trait]
impl EntityStore for MemoryEntities {
    async fn load(&self, source: &EntitySource, id: &str) -> Result<Option<Item>, StoreError> {
        self.switch.ask().await?;
        let item = lock(&self.items).get(&(source.type_name.clone(), id.to_owned())).cloned();
        let declared = |item: Item| item.into_iter().filter(|(name, _)| source.attributes.contains(name));
        Ok(item.map(|item| declared(item).collect()))
    }
}
