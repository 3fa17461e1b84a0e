use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use doorward_core::ports::{BundleNews, CallBlock, Clock, Fetch, FetchError, Journal, StoreError};
use doorward_core::{Bundle, Door, Ports, Rules};
use doorward_model::{
    Call, CallId, EventKind, EventPayload, EventRecord, Front, FrontKind, FrontVerified, HttpRequest,
    Inbound, Message, PathForm, ReplyForm, Trace, UnreadEvent,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::clock::ManualClock;
use crate::idempotency::MemoryIdempotency;
use crate::plans::MemoryPlans;
use crate::secrets::MemorySecrets;
use crate::stores::{
    MemoryAggregates, MemoryApiKeys, MemoryDecisions, MemoryEntities, MemoryLedger, MemoryLimits,
    MemoryQuarantine, MemorySwitches,
};
use crate::targets::{BoundedFront, ScriptedTargets};

/// What the front of a [`World`] can carry, in bytes.
pub const MAX_ANSWER: usize = 100_000;

/// Documents by URL, as an issuer serves them, and how often they were asked for.
#[derive(Debug, Default)]
pub struct StaticDocuments {
    documents: Mutex<HashMap<String, String>>,
    asked: Mutex<Vec<String>>,
    slow: std::sync::atomic::AtomicBool,
}

impl StaticDocuments {
    /// From now on every answer lets other calls go first.
    pub fn slow(&self, slow: bool) {
        self.slow.store(slow, std::sync::atomic::Ordering::SeqCst);
    }

    /// Serves `text` at `url` from now on.
    pub fn put(&self, url: &str, text: impl Into<String>) {
        self.documents.lock().unwrap_or_else(PoisonError::into_inner).insert(url.to_owned(), text.into());
    }

    /// `url` is away from now on.
    pub fn remove(&self, url: &str) {
        self.documents.lock().unwrap_or_else(PoisonError::into_inner).remove(url);
    }

    /// How often anything was asked for.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

#[async_trait]
impl Fetch for StaticDocuments {
    async fn get(&self, url: &str, limit: usize) -> Result<Bytes, FetchError> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(url.to_owned());
        let fault = |cause: &str| FetchError { url: url.to_owned(), cause: cause.to_owned() };
        if self.slow.load(std::sync::atomic::Ordering::SeqCst) {
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
        }
        let documents = self.documents.lock().unwrap_or_else(PoisonError::into_inner);
        let text = documents.get(url).ok_or_else(|| fault("nothing is there"))?;
        if text.len() > limit { Err(fault("too large")) } else { Ok(Bytes::from(text.clone())) }
    }
}

/// A journal that remembers its lines.
#[derive(Debug, Default)]
pub struct Lines {
    calls: Mutex<Vec<Call>>,
    complaints: Mutex<Vec<String>>,
    news: Mutex<Vec<BundleNews>>,
    kept: Mutex<Vec<(String, Call)>>,
    unread: Mutex<Vec<(UnreadEvent, bool)>>,
    full: std::sync::atomic::AtomicBool,
}

impl Lines {
    /// Every call's line, in order.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Every event that nobody could read, and whether quarantine has it.
    #[must_use]
    pub fn unread(&self) -> Vec<(UnreadEvent, bool)> {
        self.unread.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Everything that went wrong on our side.
    #[must_use]
    pub fn complaints(&self) -> Vec<String> {
        self.complaints.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on nothing can be kept in it, or it can again.
    pub fn fill(&self, full: bool) {
        self.full.store(full, std::sync::atomic::Ordering::SeqCst);
    }

    /// What was kept here instead of the ledger: the id of the item that the ledger would hold, and a call of it.
    #[must_use]
    pub fn kept(&self) -> Vec<(String, Call)> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn put(&self, id: &str, call: &Call) -> Result<(), StoreError> {
        if self.full.load(std::sync::atomic::Ordering::SeqCst) {
            return Err(StoreError("the log is closed".to_owned()));
        }
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).push((id.to_owned(), call.clone()));
        Ok(())
    }

    /// What looks for newer bundles came to, since the last time.
    #[must_use]
    pub fn news(&self) -> Vec<BundleNews> {
        std::mem::take(&mut *self.news.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Journal for Lines {
    fn write(&self, call: &Call) {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call.clone());
    }

    fn keep(&self, call: &Call, _: Timestamp) -> Result<(), StoreError> {
        self.put(call.id.as_str(), call)
    }

    fn keep_block(&self, block: &CallBlock<'_>) -> Result<(), StoreError> {
        block.calls.iter().try_for_each(|held| self.put(block.id, &held.call))
    }

    fn complain(&self, _: &Call, cause: &str) {
        self.complaints.lock().unwrap_or_else(PoisonError::into_inner).push(cause.to_owned());
    }

    fn unread(&self, event: &UnreadEvent, kept: bool) {
        self.unread.lock().unwrap_or_else(PoisonError::into_inner).push((event.clone(), kept));
    }

    fn report(&self, news: &BundleNews) {
        self.news.lock().unwrap_or_else(PoisonError::into_inner).push(news.clone());
    }
}

/// A door on stand-ins, each of which a test can look at and turn off.
#[expect(missing_docs, reason = "each stand-in says what it is")]
pub struct World {
    pub clock: Arc<ManualClock>,
    pub documents: Arc<StaticDocuments>,
    pub api_keys: Arc<MemoryApiKeys>,
    pub secrets: Arc<MemorySecrets>,
    pub limits: Arc<MemoryLimits>,
    pub switches: Arc<MemorySwitches>,
    pub aggregates: Arc<MemoryAggregates>,
    /// What was kept of plans.
    pub plans: Arc<MemoryPlans>,
    pub ledger: Arc<MemoryLedger>,
    pub decisions: Arc<MemoryDecisions>,
    pub idempotency: Arc<MemoryIdempotency>,
    pub quarantine: Arc<MemoryQuarantine>,
    pub entities: Arc<MemoryEntities>,
    pub targets: Arc<ScriptedTargets>,
    pub front: Arc<BoundedFront>,
    pub lines: Arc<Lines>,
    pub ports: Ports,
    pub door: Arc<Door>,
}

impl World {
    /// A door over `config` and `files`, at `now`.
    ///
    /// # Errors
    /// The faults of the files, rendered.
    pub fn new(config: &str, files: &[(&str, &str)], now: Timestamp) -> Result<Self, String> {
        let files = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        let bundle = Bundle { config: ("doorward.toml".to_owned(), config.to_owned()), files };
        let rules = Rules::compile(&bundle, |_| None).map_err(|faults| faults.to_string())?;
        let clock = Arc::new(ManualClock::at(now));
        let documents = Arc::new(StaticDocuments::default());
        let api_keys = Arc::new(MemoryApiKeys::default());
        let secrets = Arc::new(MemorySecrets::default());
        let limits = Arc::new(MemoryLimits::default());
        let switches = Arc::new(MemorySwitches::default());
        let aggregates = Arc::new(MemoryAggregates::default());
        let plans = Arc::new(MemoryPlans::default());
        let ledger = Arc::new(MemoryLedger::default());
        let decisions = Arc::new(MemoryDecisions::default());
        let idempotency = Arc::new(MemoryIdempotency::default());
        let quarantine = Arc::new(MemoryQuarantine::default());
        let entities = Arc::new(MemoryEntities::default());
        let targets = Arc::new(ScriptedTargets::default());
        let front = Arc::new(BoundedFront::new(MAX_ANSWER));
        let lines = Arc::new(Lines::default());
        let ports = Ports {
            clock: clock.clone(),
            fetch: documents.clone(),
            api_keys: api_keys.clone(),
            secrets: Some(secrets.clone()),
            limits: limits.clone(),
            switches: switches.clone(),
            aggregates: aggregates.clone(),
            plans: Some(plans.clone()),
            ledger: ledger.clone(),
            decisions: decisions.clone(),
            idempotency: idempotency.clone(),
            quarantine: quarantine.clone(),
            entities: entities.clone(),
            targets: targets.clone(),
            answers: front.clone(),
            journal: lines.clone(),
        };
        let door = Arc::new(Door::new(Arc::new(rules), ports.clone()));
        Ok(Self {
            clock,
            documents,
            api_keys,
            secrets,
            limits,
            switches,
            aggregates,
            plans,
            ledger,
            decisions,
            idempotency,
            quarantine,
            entities,
            targets,
            front,
            lines,
            ports,
            door,
        })
    }

    /// A clock's reading.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// An HTTP request through the function URL `shopurl`, whose call id is `id`.
#[must_use]
pub fn http(
    id: &str,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
    now: Timestamp,
) -> Inbound {
    let mut fields = HeaderMap::new();
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
            fields.append(name, value);
        }
    }
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let request = HttpRequest {
        method,
        path: path.to_owned(),
        path_form: PathForm::Encoded,
        query: query.to_owned(),
        headers: fields,
        body: Bytes::copy_from_slice(body.as_bytes()),
        source_ip: Some(std::net::Ipv4Addr::new(192, 0, 2, 1).into()),
        host: "shop.example".to_owned(),
        stage: None,
        socket: None,
        verified: FrontVerified::default(),
        reply: ReplyForm::V2,
    };
    inbound(id, Front { kind: FrontKind::FunctionUrl, id: "shopurl".to_owned() }, Message::Http(request), now)
}

/// An S3 record from the bucket `receipts`, whose call id is `id`.
#[must_use]
pub fn s3(id: &str, key: &str, size: u64, now: Timestamp) -> Inbound {
    let front = Front { kind: FrontKind::Bucket, id: "receipts".to_owned() };
    let attributes: BTreeMap<String, Value> = BTreeMap::from([
        ("bucket".to_owned(), json!("receipts")),
        ("key".to_owned(), json!(key)),
        ("size".to_owned(), json!(size)),
    ]);
    let own = json!({ "s3": {
        "s3SchemaVersion": "1.0",
        "configurationId": "receipts",
        "bucket": { "name": "receipts" },
        "object": { "key": key.replace(' ', "+"), "size": size },
    } });
    let payload = json!({ "bucket": { "name": "receipts" }, "object": { "key": key, "size": size } });
    let record = EventRecord {
        happened: Some(now),
        attributes,
        payload: EventPayload::Json(payload),
        ..EventRecord::new(EventKind::S3, &front, "ObjectCreated:Put", "us-east-1", own)
    };
    inbound(id, front, Message::Event(record), now)
}

fn inbound(id: &str, front: Front, message: Message, now: Timestamp) -> Inbound {
    Inbound {
        front,
        call: CallId::new(id),
        invocation: format!("invocation-{id}"),
        gateway_request: None,
        received: None,
        deadline: now.saturating_add(Duration::from_secs(30)).unwrap_or(Timestamp::MAX),
        trace: Trace::default(),
        message,
    }
}
