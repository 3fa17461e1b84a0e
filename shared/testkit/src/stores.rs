use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use doorward_core::limit::{Ask, Assignment, GiveBack, Level, Reserved, Slot, SlotRule};
use doorward_core::ports::{
    Aggregates, ApiKeys, CallBlock, Claim, Decisions, EntitySource, EntityStore, KeepError, Ledger,
    LimitStore, Quarantine, StoreError, Switches,
};
use doorward_core::usage::{Bucket, Group, Sums};
use doorward_core::{ApiKeyRecord, KeyHash};
use doorward_model::{Call, CallId, DecisionRecord, EventRecord, Item, Outcome, UnreadEvent};
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::Notify;

/// Whether a store answers, and how often it was asked.
#[derive(Debug, Default)]
pub struct Switch {
    away: AtomicBool,
    hangs: AtomicBool,
    released: Notify,
    calls: AtomicUsize,
    takes_ms: AtomicU64,
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

    /// From now on every answer takes so long, by tokio's time.
    pub fn slow(&self, takes: Duration) {
        self.takes_ms.store(u64::try_from(takes.as_millis()).unwrap_or(u64::MAX), Ordering::SeqCst);
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
        let takes = Duration::from_millis(self.takes_ms.load(Ordering::SeqCst));
        if !takes.is_zero() {
            tokio::time::sleep(takes).await;
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
    leases: Mutex<HashSet<String>>,
    plans: Mutex<HashMap<String, String>>,
    contended: AtomicBool,
}

impl MemoryLimits {
    /// From now on others change every item that is asked for, or they do not.
    pub fn contend(&self, contended: bool) {
        self.contended.store(contended, Ordering::SeqCst);
    }

    /// The caller, such as `User::"alice"`, is on this plan from now on; `None` for no plan of its own.
    pub fn assign(&self, caller: &str, plan: Option<&str>) {
        let scope = format!("caller#{caller}");
        match plan {
            Some(plan) => lock(&self.plans).insert(scope, plan.to_owned()),
            None => lock(&self.plans).remove(&scope),
        };
    }

    /// What the quota `name` has given to `scope` in `window`.
    #[must_use]
    pub fn used(&self, scope: &str, name: &str, window: &str) -> u64 {
        match lock(&self.levels).get(&format!("{scope}/{name}/{window}")) {
            Some(Level::Quota(used)) => *used,
            _ => 0,
        }
    }
}

fn level_key(scope: &str, slot: &Slot) -> String {
    match &slot.rule {
        SlotRule::Rate { interval, .. } => format!("{scope}/{}/{interval}", slot.name),
        SlotRule::Quota { window, .. } => format!("{scope}/{}/{window}", slot.name),
    }
}

#[async_trait]
impl LimitStore for MemoryLimits {
    async fn reserve(&self, ask: &Ask) -> Result<Reserved, StoreError> {
        self.switch.ask().await?;
        let assigned = Assignment(lock(&self.plans).get(&ask.scope).cloned());
        if ask.assignment.as_ref().is_some_and(|assignment| *assignment != assigned) {
            return Ok(Reserved::Reassigned(assigned));
        }
        if self.contended.load(Ordering::SeqCst) {
            return Ok(Reserved::Contended);
        }
        let mut levels = lock(&self.levels);
        let mut level =
            |slot: &Slot| *levels.entry(level_key(&ask.scope, slot)).or_insert_with(|| slot.unused());
        let hard: Vec<Level> = ask.slots.iter().map(&mut level).collect();
        let leased: Vec<Level> = ask.block.iter().flat_map(|block| &block.slots).map(&mut level).collect();
        let size = ask.block.as_ref().map(|block| block.size(&leased, ask.now));
        let refuses =
            ask.slots.iter().zip(&hard).any(|(slot, level)| slot.refuses(*level, ask.units, ask.now));
        if refuses || size == Some(None) {
            return Ok(Reserved::Refused(hard.into_iter().chain(leased).collect()));
        }
        let block = size.flatten().unwrap_or(0);
        lock(&self.leases).extend(ask.block.iter().map(|block| block.lease.clone()));
        let slots = ask.slots.iter().map(|slot| (slot, ask.units));
        let slots = slots.chain(ask.block.iter().flat_map(|of| &of.slots).map(|slot| (slot, block)));
        let after = slots.zip(hard.into_iter().chain(leased)).map(|((slot, units), level)| {
            let after = slot.after(level, units, ask.now);
            levels.insert(level_key(&ask.scope, slot), after);
            after
        });
        Ok(Reserved::Granted { levels: after.collect(), block, named: true })
    }

    fn recall(&self, _: &Ask) -> Option<Vec<Level>> {
        None
    }

    async fn give_back(&self, back: &GiveBack) -> Result<(), StoreError> {
        self.switch.ask().await?;
        if back.lease.as_ref().is_some_and(|lease| !lock(&self.leases).remove(lease)) {
            return Ok(());
        }
        let mut levels = lock(&self.levels);
        for slot in &back.slots {
            if let Some(level) = levels.get_mut(&level_key(&back.scope, slot)) {
                *level = slot.before(*level, back.units);
            }
        }
        Ok(())
    }

    async fn levels(&self, ask: &Ask) -> Result<Vec<Level>, StoreError> {
        self.switch.ask().await?;
        let levels = lock(&self.levels);
        let level = |slot: &Slot| levels.get(&level_key(&ask.scope, slot)).copied();
        Ok(ask.slots.iter().map(|slot| level(slot).unwrap_or_else(|| slot.unused())).collect())
    }

    async fn assignment(&self, scope: &str) -> Result<Assignment, StoreError> {
        self.switch.ask().await?;
        Ok(Assignment(lock(&self.plans).get(scope).cloned()))
    }
}

/// Aggregates in memory.
#[derive(Debug, Default)]
pub struct MemoryAggregates {
    /// Turns the store off, and counts its reads.
    pub switch: Switch,
    sums: Mutex<BTreeMap<(Bucket, Group), Sums>>,
}

impl MemoryAggregates {
    /// The group has these sums in the bucket from now on.
    pub fn put(&self, bucket: Bucket, group: Group, sums: Sums) {
        lock(&self.sums).insert((bucket, group), sums);
    }
}

#[async_trait]
impl Aggregates for MemoryAggregates {
    async fn of_caller(&self, bucket: Bucket, caller: &str) -> Result<BTreeMap<Group, Sums>, StoreError> {
        self.switch.ask().await?;
        let sums = lock(&self.sums);
        let own = sums.iter().filter(|((of, group), _)| *of == bucket && group.caller == caller);
        Ok(own.map(|((_, group), sums)| (group.clone(), *sums)).collect())
    }
}

/// Switches in memory.
#[derive(Debug, Default)]
pub struct MemorySwitches {
    /// Turns the store off, and counts its reads.
    pub switch: Switch,
    off: Mutex<HashSet<String>>,
}

impl MemorySwitches {
    /// `key`, such as `action#createOrder`, is switched off from now on, or on again.
    pub fn set(&self, key: &str, off: bool) {
        if off {
            lock(&self.off).insert(key.to_owned());
        } else {
            lock(&self.off).remove(key);
        }
    }
}

#[async_trait]
impl Switches for MemorySwitches {
    async fn off(&self) -> Result<HashSet<String>, StoreError> {
        self.switch.ask().await?;
        Ok(lock(&self.off).clone())
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
    blocks: Mutex<BTreeMap<String, Vec<Call>>>,
    deaf: AtomicBool,
}

impl MemoryLedger {
    /// From now on blocks are written, and whoever writes them hears nothing of it; or does again.
    pub fn deafen(&self, deaf: bool) {
        self.deaf.store(deaf, Ordering::SeqCst);
    }

    /// Every block, by its id: the calls in the order in which they were given.
    #[must_use]
    pub fn blocks(&self) -> BTreeMap<String, Vec<Call>> {
        lock(&self.blocks).clone()
    }

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
            && !row.call.may_be_tried_again()
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
        let mut rows = lock(&self.rows);
        if rows.get(call.id.as_str()).is_none_or(|row| row.call.sent_back) {
            rows.insert(call.id.to_string(), Row { call: call.clone(), expires });
        }
        Ok(())
    }

    async fn record_block(&self, block: &CallBlock<'_>) -> Result<HashSet<CallId>, StoreError> {
        self.switch.ask().await?;
        let mut blocks = lock(&self.blocks);
        let calls = || block.calls.iter().map(|held| Call::clone(&held.call)).collect();
        let held = blocks.entry(block.id.to_owned()).or_insert_with(calls);
        if self.deaf.load(Ordering::SeqCst) {
            return Err(StoreError("no answer".to_owned()));
        }
        Ok(held.iter().map(|call| call.id.clone()).collect())
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
    records: Mutex<BTreeMap<String, Value>>,
    unread: Mutex<BTreeMap<String, UnreadEvent>>,
}

impl MemoryQuarantine {
    /// Every item, by call id.
    #[must_use]
    pub fn items(&self) -> BTreeMap<String, Call> {
        lock(&self.items).clone()
    }

    /// Every event that nobody could read, by its id.
    #[must_use]
    pub fn unread(&self) -> BTreeMap<String, UnreadEvent> {
        lock(&self.unread).clone()
    }

    /// What is kept of each event, by call id.
    #[must_use]
    pub fn records(&self) -> BTreeMap<String, Value> {
        lock(&self.records).clone()
    }
}

#[async_trait]
impl Quarantine for MemoryQuarantine {
    async fn keep(&self, call: &Call, record: &EventRecord, _: Timestamp) -> Result<(), StoreError> {
        self.switch.ask().await?;
        let id = call.kept_as.as_ref().unwrap_or(&call.id).to_string();
        lock(&self.items).entry(id.clone()).or_insert_with(|| call.clone());
        lock(&self.records).entry(id).or_insert_with(|| Value::clone(&record.record));
        Ok(())
    }

    async fn keep_unread(&self, event: &UnreadEvent, _: Timestamp, _: Timestamp) -> Result<(), StoreError> {
        self.switch.ask().await?;
        lock(&self.unread).entry(event.id.to_string()).or_insert_with(|| event.clone());
        Ok(())
    }

    async fn released(&self, call: &str) -> Result<Option<Value>, StoreError> {
        self.switch.ask().await?;
        Ok(lock(&self.records).get(call).cloned())
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
