//! What the pipeline asks of the world. Everything else in this crate is pure.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use doorward_config::{Endpoint, EntityTable, Plan, Rewrite, SecretRef, Target};
use doorward_model::{
    Call, CallId, CanonicalPath, DecisionRecord, EventRecord, HttpRequest, IdempotencyRecord, InvocationType,
    Item, Outcome, Principal, Reply, ReplyForm, Secret, TargetFault, Trace, UnreadEvent,
};
use http::{HeaderMap, HeaderName, StatusCode};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::api_key::{ApiKeyRecord, KeyHash};
use crate::limit::{Ask, Assignment, GiveBack, Level, Reserved};
use crate::publication::Publication;
use crate::usage::{Bucket, Group, Sums};

/// The time of day.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// Reads small public documents: key sets and discovery documents.
#[async_trait]
pub trait Fetch: Send + Sync {
    /// The body of a `200` answer to `GET url`, at most `limit` bytes of it, within a few seconds. Redirects are not
    /// followed; anything but `https`, or `http` on loopback, is refused.
    async fn get(&self, url: &str, limit: usize) -> Result<Bytes, FetchError>;
}

/// Why a document could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot read `{url}`: {cause}")]
pub struct FetchError {
    /// What was asked for.
    pub url: String,
    /// Why, lowercase.
    pub cause: String,
}

/// The API keys that were made, each by its hash.
#[async_trait]
pub trait ApiKeys: Send + Sync {
    /// What is kept of the key with this hash, as it is now; `None` where no such key was made. A key that was revoked
    /// is still there.
    async fn find(&self, hash: &KeyHash) -> Result<Option<ApiKeyRecord>, StoreError>;
}

/// Reads secrets from where they are kept.
#[async_trait]
pub trait Secrets: Send + Sync {
    /// The secret as it is there now, within a few seconds; it is not empty.
    async fn read(&self, reference: &SecretRef) -> Result<Secret, SecretError>;
}

/// Why a secret cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot read `{reference}`: {cause}")]
pub struct SecretError {
    /// What was asked for.
    pub reference: SecretRef,
    /// Why, lowercase; nothing of what is kept there.
    pub cause: String,
    /// Whether that is its store's word: nothing is kept there, and what was read of it before must not serve on.
    pub gone: bool,
}

/// Rates and quotas, shared by every sandbox.
#[async_trait]
pub trait LimitStore: Send + Sync {
    /// Takes `ask.units` from every slot of the scope and a block from those of the block, or nothing from any.
    async fn reserve(&self, ask: &Ask) -> Result<Reserved, StoreError>;

    /// The levels that refuse `ask`, if that was seen just now.
    fn recall(&self, ask: &Ask) -> Option<Vec<Level>>;

    /// Gives back to quotas what was not used. Nothing goes back twice.
    async fn give_back(&self, back: &GiveBack) -> Result<(), StoreError>;

    /// The levels of the ask's slots, of which nothing is taken.
    async fn levels(&self, ask: &Ask) -> Result<Vec<Level>, StoreError>;

    /// The plan that the caller whose scope this is was assigned.
    async fn assignment(&self, scope: &str) -> Result<Assignment, StoreError>;
}

/// What the roll-up has summed up.
#[async_trait]
pub trait Aggregates: Send + Sync {
    /// What `caller`, such as `User::"alice"`, used in `bucket`, by group.
    async fn of_caller(&self, bucket: Bucket, caller: &str) -> Result<BTreeMap<Group, Sums>, StoreError>;
}

/// What is switched off, in the state table.
#[async_trait]
pub trait Switches: Send + Sync {
    /// Everything that is: `caller#User::"alice"`, `action#createOrder`, `target#orders`.
    async fn off(&self) -> Result<HashSet<String>, StoreError>;
}

/// What plans were, in the state table: past calls are priced by it.
#[async_trait]
pub trait PlanKeeper: Send + Sync {
    /// Keeps the definition of each plan's version that is not kept yet. Nobody waits for it: what could not be kept is
    /// told to operators, and is tried again by the next sandbox that starts.
    async fn keep(&self, plans: &[Plan]);
}

/// The record of every call.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// Writes the intent of a call before its target is called, unless the call is there already. One that ended in a
    /// way that may be tried again, or never ran and was sent back to its source, is taken over.
    async fn claim(&self, call: &Call, expires: Timestamp) -> Result<Claim, StoreError>;

    /// Writes the outcome of a call that this caller of `claim` holds, unless it was written before.
    async fn resolve(&self, call: &Call) -> Result<(), StoreError>;

    /// Writes a call that was not claimed; one that is there already stays as it is, but for one that was sent back to its
    /// source, which the last outcome takes the place of.
    async fn record(&self, call: &Call, expires: Timestamp) -> Result<(), StoreError>;

    /// Writes calls as one item, unless there is one of that id, and says which of them the item of that id holds. It may
    /// hold the first of them alone, where all would be too large; or others, where an earlier write of it got through.
    async fn record_block(&self, block: &CallBlock<'_>) -> Result<HashSet<CallId>, StoreError>;
}

/// Calls that one item of the ledger holds.
#[derive(Debug, Clone, Copy)]
pub struct CallBlock<'a> {
    /// The item's key: `block#<sandbox>#<n>`.
    pub id: &'a str,
    /// At least one.
    pub calls: &'a [BatchedCall],
}

/// A call that was answered and waits to be written with others.
#[derive(Debug, Clone)]
pub struct BatchedCall {
    /// The call as it ended.
    pub call: Arc<Call>,
    /// When the ledger may forget it.
    pub expires: Timestamp,
    /// Since when it waits.
    pub held: Timestamp,
}

/// What a claim found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// This invocation holds the call.
    Ours,
    /// The call was here before.
    Taken {
        /// How it ended; [`Outcome::Unresolved`] when no end is known.
        first: Outcome,
        /// The invocation that claimed it.
        invocation: String,
        /// When the platform ends that invocation, where it sets an end.
        until: Option<Timestamp>,
    },
}

/// Decisions and what they were made from, where the configuration has them recorded.
#[async_trait]
pub trait Decisions: Send + Sync {
    /// Keeps `record` until `expires`.
    async fn keep(&self, record: &DecisionRecord, expires: Timestamp) -> Result<(), KeepError>;
}

/// Why a decision was not kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeepError {
    /// It is larger than a record may be, in bytes.
    #[error("it is larger than a record may be: {0} bytes")]
    TooLarge(usize),
    /// The store gave no answer.
    #[error(transparent)]
    Away(#[from] StoreError),
}

/// The most that is kept of an answer, in bytes of its body and its fields: an item of DynamoDB has 400 KB.
pub const LARGEST_STORED_ANSWER: usize = 320 * 1024;

/// The idempotency keys that calls were given, in the state table, and the answers to those calls.
#[async_trait]
pub trait IdempotencyStore: Send + Sync {
    /// What stands under the key with this id, as it is now, whether or not its window is over.
    async fn find(&self, id: &str) -> Result<Option<IdempotencyRecord>, StoreError>;

    /// Puts `record` where nothing stands, or over what `found` says, as long as that stands as it was found. A write
    /// of this very record that got through before, unheard, is `Written`.
    async fn put(
        &self,
        record: &IdempotencyRecord,
        found: Option<&IdempotencyRecord>,
    ) -> Result<Put, StoreError>;
}

/// What a conditional write came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Put {
    /// It stands.
    Written,
    /// Nothing was written: this stands there, or nothing does any more.
    Otherwise(Option<Box<IdempotencyRecord>>),
}

/// Where denied and broken events are kept.
#[async_trait]
pub trait Quarantine: Send + Sync {
    /// Keeps `record` with the reason that `call` notes. It is known as `call.kept_as`, or as the call: what is
    /// there under that id stays as it is.
    async fn keep(&self, call: &Call, record: &EventRecord, expires: Timestamp) -> Result<(), StoreError>;

    /// Keeps an event that nobody could read, as it came in at `now`. Keeping it twice keeps one item.
    async fn keep_unread(
        &self,
        event: &UnreadEvent,
        now: Timestamp,
        expires: Timestamp,
    ) -> Result<(), StoreError>;

    /// The record of the CloudEvent that is kept as `call`, where it is being released; `None` of anything else.
    async fn released(&self, call: &str) -> Result<Option<Value>, StoreError>;
}

/// What was published for running doors, in the state table: whoever may write there governs the door.
#[async_trait]
pub trait Publications: Send + Sync {
    /// The publication that is in force, as it is now; `None` before the first.
    async fn current(&self) -> Result<Option<Publication>, StoreError>;

    /// The publication that was given this number; `None` where there is none.
    async fn numbered(&self, sequence: u64) -> Result<Option<Publication>, StoreError>;

    /// The archive of `publication`, as it stands in the store; `None` when a part of it is missing.
    async fn fetch(&self, publication: &Publication) -> Result<Option<Bytes>, StoreError>;
}

/// What a look for a newer bundle came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BundleNews {
    /// From now on calls go by it.
    Taken {
        /// What was published.
        publication: Publication,
        /// The digest of the bundle that was in force until now.
        before: String,
    },
    /// It was refused, and is not looked at again; the bundle `held` stays in force.
    Refused {
        /// What was published.
        publication: Publication,
        /// The digest of the bundle that is in force.
        held: String,
        /// Why, lowercase.
        cause: String,
    },
    /// The store gave no answer; the bundle `held` stays in force.
    Away {
        /// The digest of the bundle that is in force.
        held: String,
        /// Why, lowercase.
        cause: String,
    },
}

/// What policies read of resources, an item an entity.
#[async_trait]
pub trait EntityStore: Send + Sync {
    /// The attributes of the entity `id`, as the table has them now: those of [`EntitySource::attributes`] that it has,
    /// and no others. `None` where it is not there.
    async fn load(&self, source: &EntitySource, id: &str) -> Result<Option<Item>, StoreError>;
}

/// Where the entities of one type are, and what is read of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntitySource {
    /// Their Cedar type.
    pub type_name: String,
    /// The table.
    pub table: EntityTable,
    /// Names of their attributes.
    pub attributes: Vec<String>,
}

/// Why a store gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the store is away: {0}")]
pub struct StoreError(pub String);

/// What the front can carry back.
pub trait AnswerBound: Send + Sync {
    /// Whether an answer with this body still fits, in the `form` in which the front takes it.
    ///
    /// # Errors
    /// Why it does not, lowercase, for operators.
    fn fits(
        &self,
        form: ReplyForm,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<(), String>;
}

/// What calls are forwarded to.
#[async_trait]
pub trait Targets: Send + Sync {
    /// Calls `target` at `endpoint`, one of its own, once, and waits for its answer at most `within`: a body that comes
    /// later than that is cut, unless it may pass on (`forward.stream`). An event's answer has a status of success when the target took it. Where only the message was taken
    /// on, the status is 202. A function that is invoked for its caller and fails answers `X-Amz-Function-Error` and its error.
    async fn send(
        &self,
        target: &Target,
        endpoint: &Endpoint,
        forward: Forward<'_>,
        within: Duration,
    ) -> Result<Reply, TargetFault>;
}

/// What a target is sent.
#[derive(Debug, Clone, Copy)]
pub struct Forward<'a> {
    /// The call, with its caller, plan and purpose.
    pub call: &'a Call,
    /// The caller.
    pub principal: &'a Principal,
    /// Trace context to carry on.
    pub trace: &'a Trace,
    /// The payload's form.
    pub message: ForwardMessage<'a>,
    /// Where the answer may pass on while it comes in: how long that may take.
    pub stream: Option<StreamTime>,
}

/// How long an answer that passes on while it comes in is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamTime {
    /// To its end.
    pub whole: Duration,
    /// Until something more of it comes.
    pub pause: Duration,
}

/// The forms of what is sent.
#[derive(Debug, Clone, Copy)]
pub enum ForwardMessage<'a> {
    /// An HTTP request.
    Http {
        /// The request as it came in.
        request: &'a HttpRequest,
        /// The route as the configuration writes it: `POST /orders/{id}`.
        route_key: &'a str,
        /// The one reading of the path.
        path: &'a CanonicalPath,
        /// Decoded path parameters.
        parameters: &'a [(String, String)],
        /// Fields of the request that hold credentials of the door's own: the target is not sent them.
        withheld: &'a [HeaderName],
        /// What a server is sent in the place of path and query.
        rewrite: Option<&'a Rewrite>,
    },
    /// A payload for a function, or for what takes messages; its caller used the Lambda Invoke API.
    Invoke {
        /// A JSON text, as the caller sent it.
        payload: &'a Bytes,
        /// `RequestResponse`, or `Event`, of which nothing is answered but that it was taken.
        kind: InvocationType,
        /// The version or alias to call in the place of the endpoint's own.
        qualifier: Option<&'a str>,
        /// What the caller tells the function beside the payload: a JSON object, whose `custom` is an object too.
        client_context: Option<&'a Map<String, Value>>,
        /// Whether the end of the function's log is asked for.
        log_tail: bool,
    },
    /// A CloudEvent, for what takes messages.
    CloudEvent {
        /// It, in the JSON event format.
        text: &'a str,
        /// Its `type`.
        event_type: &'a str,
    },
    /// Records of one event, which keep their source's own form: one, but for functions and servers.
    Event {
        /// At least one, in their order.
        records: &'a [&'a EventRecord],
    },
}

/// One line per call, for whoever operates the door.
pub trait Journal: Send + Sync {
    /// Writes `call` as one JSON line.
    fn write(&self, call: &Call);

    /// Writes what the ledger would hold of `call` as one line, from which it can be put there later.
    ///
    /// # Errors
    /// [`StoreError`] where the line cannot be written.
    fn keep(&self, call: &Call, expires: Timestamp) -> Result<(), StoreError>;

    /// As [`Self::keep`], of calls that the ledger would hold in one item.
    ///
    /// # Errors
    /// [`StoreError`] where the line cannot be written.
    fn keep_block(&self, block: &CallBlock<'_>) -> Result<(), StoreError>;

    /// Writes what went wrong on our side of a call.
    fn complain(&self, call: &Call, cause: &str);

    /// Writes an event that nobody could read as one JSON line, without its payload; `kept` says whether quarantine has it.
    fn unread(&self, event: &UnreadEvent, kept: bool);

    /// Writes what a look for a newer bundle came to, as one JSON line.
    fn report(&self, news: &BundleNews);
}
