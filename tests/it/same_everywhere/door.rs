//! The two shipped functions in this process: the code of the binaries itself, over doors on stand-ins.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use doorward_config::{Endpoint, Target};
use doorward_core::limit::{Ask, Assignment, GiveBack, Level, Reserved, Slot};
use doorward_core::ports::{
    BundleNews, CallBlock, Claim, Forward, Journal, Ledger, LimitStore, StoreError, Switches, Targets,
};
use doorward_core::{Door, LiveDoor, Ports, Rules};
use doorward_events::records::Openings;
use doorward_events::{Entrance, Envelope};
use doorward_model::{Body, Call, CallId, Reply, TargetFault, UnreadEvent};
use doorward_testkit::{FunctionResult, ManualClock, World};
use jiff::Timestamp;
use lambda_runtime::Context;
use serde_json::Value;
use serde_json::value::RawValue;

use super::callers::Callers;
use super::outcome::Outcome;

#[path = "../../../functions/authorizer/src/admit.rs"]
mod admit;
#[path = "../../../functions/dispatcher/src/serve.rs"]
mod serve;
#[path = "../../../functions/dispatcher/src/unread.rs"]
mod unread;

/// A function's door and the line of its last call.
pub(crate) struct OwnDoor {
    live: LiveDoor,
    rules: Arc<Rules>,
    ports: Ports,
    pub(crate) clock: Arc<ManualClock>,
    last: Arc<LastLine>,
    runtime: tokio::runtime::Runtime,
}

impl OwnDoor {
    pub(crate) fn open(rules: &Arc<Rules>, callers: &Callers, now: Timestamp) -> Self {
        // A world for its stand-ins; its own door is not asked.
        let world = World::new(ANY, &[], now).unwrap_or_else(|faults| panic!("{faults}"));
        callers.api_key_records().into_iter().for_each(|record| world.api_keys.put(record));
        // In the place of those stand-ins that remember every call.
        let last = Arc::new(LastLine::default());
        let mut ports = world.ports.clone();
        ports.journal = last.clone();
        ports.ledger = Arc::new(NothingKept);
        ports.limits = Arc::new(NothingKept);
        ports.switches = Arc::new(NothingKept);
        ports.targets = Arc::new(Answering);
        let live = LiveDoor::fixed(Door::new(Arc::clone(rules), ports.clone()));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { live, rules: Arc::clone(rules), ports, clock: world.clock, last, runtime }
    }

    /// A new sandbox at another time: it remembers nobody's calls.
    pub(crate) fn begin(&mut self, now: Timestamp) {
        self.clock.set(now);
        self.live = LiveDoor::fixed(Door::new(Arc::clone(&self.rules), self.ports.clone()));
    }

    fn take_line(&self) -> Option<Call> {
        self.last.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// What the dispatcher makes of `event`.
    pub(crate) fn dispatch(&self, event: &Value) -> Outcome {
        let _ = self.take_line();
        let said = self.runtime.block_on(serve::serve(&self.live, &raw(event), &context()));
        let line = self.take_line();
        Outcome::of_dispatcher(said.map_err(|failure| failure.error_type), line.as_ref())
    }

    /// What the authorizer answers to `question`, and what it came to.
    pub(crate) fn authorize(&self, question: &Value) -> (FunctionResult, Outcome) {
        let _ = self.take_line();
        let result = self.answer(question);
        let line = self.take_line();
        let outcome = Outcome::of_authorizer(&result, line.as_ref());
        (result, outcome)
    }

    /// What the authorizer answers to `question`.
    pub(crate) fn ask(&self, question: &Value) -> FunctionResult {
        let result = self.answer(question);
        drop(self.take_line());
        result
    }

    fn answer(&self, question: &Value) -> FunctionResult {
        let said = self.runtime.block_on(admit::admit(&self.live, &raw(question), &context()));
        said.map_or_else(|failure| FunctionResult::Failed(failure.error_message), FunctionResult::Returned)
    }

    /// What the authorizer's pipeline makes of an event that no gateway would ask it about.
    pub(crate) fn admit_event(&self, event: &Value) -> Outcome {
        let _ = self.take_line();
        let text = event.to_string();
        let envelope = Envelope::new(text.as_bytes(), REQUEST, 0, None);
        match doorward_events::read(&envelope, &Openings::new()) {
            Ok(Entrance::Http(inbound)) => {
                let admission = self.runtime.block_on(self.live.current().admit(inbound));
                drop(self.take_line());
                Outcome::of_admission(&admission)
            }
            Ok(other) => panic!("not a request: {other:?}"),
            Err(_) => Outcome::unread(),
        }
    }
}

const ANY: &str = r#"
fronts = ["function-url:url1"]
[door]
name = "any"
table = "any"
[[targets]]
name = "any"
lambda = "any"
[[routes]]
id = "any"
match = "GET /"
target = "any"
auth = ["anonymous"]
"#;

const REQUEST: &str = "59eab6c4-bc95-4f1c-92fc-8dfb5adcae36";

fn raw(event: &Value) -> Box<RawValue> {
    serde_json::value::to_raw_value(event).unwrap()
}

fn context() -> Context {
    let mut context = Context::default();
    context.request_id = REQUEST.to_owned();
    context
}

/// A journal that holds one line.
#[derive(Default)]
struct LastLine(Mutex<Option<Call>>);

impl Journal for LastLine {
    fn write(&self, call: &Call) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(call.clone());
    }

    fn keep(&self, call: &Call, _: Timestamp) -> Result<(), StoreError> {
        panic!("the ledger is away: {call:?}");
    }

    fn keep_block(&self, block: &CallBlock<'_>) -> Result<(), StoreError> {
        panic!("the ledger is away: {block:?}");
    }

    fn complain(&self, call: &Call, cause: &str) {
        panic!("something is away: {cause}: {call:?}");
    }

    fn unread(&self, event: &UnreadEvent, _: bool) {
        panic!("every front's request is read: {event:?}");
    }

    fn report(&self, _: &BundleNews) {}
}

/// Stores that take everything and keep nothing: no plan limits the lock, and no call comes twice.
struct NothingKept;

#[async_trait]
impl Ledger for NothingKept {
    async fn claim(&self, _: &Call, _: Timestamp) -> Result<Claim, StoreError> {
        Ok(Claim::Ours)
    }

    async fn resolve(&self, _: &Call) -> Result<(), StoreError> {
        Ok(())
    }

    async fn record(&self, _: &Call, _: Timestamp) -> Result<(), StoreError> {
        Ok(())
    }

    async fn record_block(&self, block: &CallBlock<'_>) -> Result<HashSet<CallId>, StoreError> {
        Ok(block.calls.iter().map(|batched| batched.call.id.clone()).collect())
    }
}

#[async_trait]
impl LimitStore for NothingKept {
    async fn reserve(&self, _: &Ask) -> Result<Reserved, StoreError> {
        Ok(Reserved::Granted { levels: Vec::new(), block: 0, named: false })
    }

    fn recall(&self, _: &Ask) -> Option<Vec<Level>> {
        None
    }

    async fn give_back(&self, _: &GiveBack) -> Result<(), StoreError> {
        Ok(())
    }

    async fn levels(&self, ask: &Ask) -> Result<Vec<Level>, StoreError> {
        Ok(ask.slots.iter().map(Slot::unused).collect())
    }

    async fn assignment(&self, _: &str) -> Result<Assignment, StoreError> {
        Ok(Assignment::default())
    }
}

#[async_trait]
impl Switches for NothingKept {
    async fn off(&self) -> Result<HashSet<String>, StoreError> {
        Ok(HashSet::new())
    }
}

/// A target that answers 200.
struct Answering;

#[async_trait]
impl Targets for Answering {
    async fn send(
        &self,
        _: &Target,
        _: &Endpoint,
        _: Forward<'_>,
        _: Duration,
    ) -> Result<Reply, TargetFault> {
        let headers = http::HeaderMap::new();
        Ok(Reply { status: http::StatusCode::OK, headers, body: Body::from(b"{}".to_vec()) })
    }
}
