use std::time::Duration;

use async_trait::async_trait;
use doorward_config::QueuePlace;
use doorward_core::ports::{Quarantine, StoreError};
use doorward_model::{Call, EventRecord, UnreadEvent};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::api::ServiceApi;
use crate::services::names;
use crate::services::sqs::{LARGEST, Message, typed};
use crate::{AwsClients, DynamoQuarantine, QuarantineItem};

/// How long the queue is waited for. What the call itself has left is for the pipeline to bound.
const WITHIN: Duration = Duration::from_secs(3);

/// What is left of a message for its attributes, in bytes.
const ATTRIBUTES: usize = 4 * 1024;

/// A quarantine of which a queue hears, for whoever works on what comes in there: the item is kept first, then a message says what
/// it says, and the item that it was said. An event of which the queue could not be told goes back to its source, so that the queue
/// hears of each at least once, and of one that is there and told of no more.
#[derive(Clone)]
pub struct QueuedQuarantine {
    kept: DynamoQuarantine,
    api: ServiceApi,
    queue: QueuePlace,
}

impl QueuedQuarantine {
    /// The quarantine in the tables that begin with `table`, and its queue.
    #[must_use]
    pub fn new(clients: &AwsClients, table: &str, queue: QueuePlace) -> Self {
        Self { kept: DynamoQuarantine::new(clients, table), api: clients.services.clone(), queue }
    }

    /// Keeps `item` and tells the queue of it, unless it has heard of it.
    async fn keep_and_tell(&self, item: QuarantineItem) -> Result<(), StoreError> {
        let Some(item) = self.kept.keep_untold(item).await? else { return Ok(()) };
        let body = message(&item).ok_or_else(|| StoreError("the event cannot be written".to_owned()))?;
        let is_fifo = self.queue.url.ends_with(".fifo");
        let code = item.code.as_deref().unwrap_or("unknown");
        let message = Message {
            queue_url: &self.queue.url,
            message_body: &body,
            message_attributes: [("code", typed(code)), ("source", typed(&item.source))].into(),
            message_system_attributes: None,
            // What one source sent stays in its order.
            message_group_id: is_fifo.then(|| names::fifo(&item.sender)),
            // One that was released and comes back is told of again.
            message_deduplication_id: is_fifo.then(|| names::fifo(&format!("{}@{}", item.call, item.at))),
        };
        let told = message.put(&self.api, self.queue.region.as_deref(), WITHIN).await;
        told.map_err(|error| StoreError(format!("the quarantine's queue: {error}")))?;
        self.kept.note_told(&item).await
    }
}

#[async_trait]
impl Quarantine for QueuedQuarantine {
    async fn keep(&self, call: &Call, record: &EventRecord, expires: Timestamp) -> Result<(), StoreError> {
        self.keep_and_tell(QuarantineItem::of(call, record, expires)).await
    }

    async fn keep_unread(
        &self,
        event: &UnreadEvent,
        now: Timestamp,
        expires: Timestamp,
    ) -> Result<(), StoreError> {
        self.keep_and_tell(QuarantineItem::unread(event, now, expires)).await
    }

    async fn released(&self, call: &str) -> Result<Option<Value>, StoreError> {
        self.kept.released(call).await
    }
}

/// The item's members, without those of the table's own; without the record where a message has no room for it.
fn message(item: &QuarantineItem) -> Option<String> {
    let Value::Object(mut members) = json!(item) else { return None };
    for own in ["owner", "expires", "released", "untold", "parts"] {
        members.remove(own);
    }
    if let Some(call) = members.remove("item") {
        members.insert("call".to_owned(), call);
    }
    let body = Value::Object(members.clone()).to_string();
    if body.len() + ATTRIBUTES <= LARGEST {
        return Some(body);
    }
    members.insert("record".to_owned(), Value::Null);
    Some(Value::Object(members).to_string())
}
