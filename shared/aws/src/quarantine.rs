use async_trait::async_trait;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::delete_item::builders::DeleteItemFluentBuilder;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use doorward_core::ports::{Quarantine, StoreError};
use doorward_model::{Call, CallId, EventKind, EventRecord, RecordEnvelope, UnreadEvent, Violation};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::attributes::{self, Attributes};
use crate::item::{LedgerItem, cut};
use crate::quarantine_parts::Parts;
use crate::{AwsClients, sdk_error};

/// The partition of `<table>-state` that holds them all.
pub(crate) const OWNER: &str = "quarantine";
/// What stands for the source of an event that has none that is known.
const UNREAD: &str = "unknown";

/// Denied and broken events in `<table>-state`, an item each, with the reason.
#[derive(Debug, Clone)]
pub struct DynamoQuarantine {
    pub(crate) client: aws_sdk_dynamodb::Client,
    pub(crate) table: String,
}

/// One event in quarantine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QuarantineItem {
    /// The partition: always `quarantine`.
    owner: String,
    /// The id of its call. A CloudEvent has one of its own, from its sender, `source` and `id`, whichever request brought it.
    #[serde(rename = "item")]
    pub call: String,
    /// The call that was refused, by which the ledger explains it, where that is another: of the first request that brought
    /// the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// When it came in.
    pub at: Timestamp,
    /// The refusal's stable word.
    pub code: Option<String>,
    /// Why, for operators.
    pub cause: Option<String>,
    /// Ids of the policies that determined it, at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<String>,
    /// Where it broke its contract, at most 20 places.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub violations: Vec<Violation>,
    /// The event rule's id, where one matched.
    pub action: Option<String>,
    /// The source as a principal: `EventSource::"receipts"`.
    pub caller: Option<String>,
    /// The kind of source: `s3`; `unknown` of an event that nobody could read, and then it is the sender as well.
    pub source: String,
    /// The source's own type: `ObjectCreated:Put`.
    pub event_type: String,
    /// The thing that sent it: the bucket's name.
    pub sender: String,
    /// The AWS region in which it happened.
    pub region: String,
    /// When it happened, as the source says.
    pub happened: Option<Timestamp>,
    /// The record in the source's own form, as JSON text; `None` in a list where it is larger than 320 KB, and where it was
    /// forgotten.
    pub record: Option<String>,
    /// Where the record lies, where it is larger than an item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) parts: Option<Parts>,
    /// Its length, in bytes of JSON.
    pub record_bytes: u64,
    /// What its source puts around it: `records`, `list` or `nothing`.
    #[serde(default = "in_records")]
    pub envelope: String,
    /// By what its source knows it: a message's id, or a sequence number. Of an event that nobody could read, `sha256:` and the
    /// digest of its payload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Since when it is on its way through the door again; it stays here until that has ended well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released: Option<Timestamp>,
    /// Whether the queue that hears of what is kept has not heard of it yet, as far as is known.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    untold: bool,
    /// When the table may forget it, in seconds since the epoch.
    pub expires: i64,
}

impl DynamoQuarantine {
    /// The quarantine in the tables that begin with `table`.
    #[must_use]
    pub fn new(clients: &AwsClients, table: &str) -> Self {
        Self { client: clients.dynamodb.clone(), table: format!("{table}-state") }
    }

    /// The event of the call with this id.
    ///
    /// # Errors
    /// [`StoreError`] when the table does not answer, or the item is none of ours.
    pub async fn get(&self, call: &str) -> Result<Option<QuarantineItem>, StoreError> {
        let read = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("owner", AttributeValue::S(OWNER.to_owned()))
            .key("item", AttributeValue::S(call.to_owned()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| StoreError(sdk_error::brief(&error)))?;
        self.whole(read.item).await
    }

    async fn whole(&self, found: Option<Attributes>) -> Result<Option<QuarantineItem>, StoreError> {
        match found {
            Some(found) => {
                Ok(Some(self.read_apart(attributes::read(found).map_err(|_| unreadable())?).await?))
            }
            None => Ok(None),
        }
    }

    /// Marks the event as being released at `now`. The event; `None` where there is none.
    ///
    /// # Errors
    /// [`StoreError`] when the table does not answer, or the item is none of ours.
    pub async fn begin_release(
        &self,
        call: &str,
        now: Timestamp,
    ) -> Result<Option<QuarantineItem>, StoreError> {
        let update =
            self.update(call).update_expression("SET #released = :now").return_values(ReturnValue::AllNew);
        let update = update.expression_attribute_values(":now", AttributeValue::S(now.to_string()));
        match update
            .condition_expression("attribute_exists(#owner)")
            .expression_attribute_names("#owner", "owner")
            .send()
            .await
        {
            Ok(done) => self.whole(done.attributes).await,
            Err(error) => absent(&error).then_some(None).ok_or_else(|| StoreError(sdk_error::brief(&error))),
        }
    }

    /// Takes the event out that was released at `at` and has ended well; `false` where it came back meanwhile.
    ///
    /// # Errors
    /// [`StoreError`] when the table does not answer.
    pub async fn end_release(&self, call: &str, at: Timestamp) -> Result<bool, StoreError> {
        let delete = self
            .delete(call)
            .return_values(ReturnValue::AllOld)
            .condition_expression("#released = :at")
            .expression_attribute_names("#released", "released")
            .expression_attribute_values(":at", AttributeValue::S(at.to_string()));
        match delete.send().await {
            Ok(deleted) => self.deleted(deleted.attributes).await,
            Err(SdkError::ServiceError(error)) if error.err().is_conditional_check_failed_exception() => {
                Ok(false)
            }
            Err(error) => Err(StoreError(sdk_error::brief(&error))),
        }
    }

    /// Leaves the event where it is, since its release came to nothing.
    ///
    /// # Errors
    /// [`StoreError`] when the table does not answer.
    pub async fn undo_release(&self, call: &str, at: Timestamp) -> Result<(), StoreError> {
        let update =
            self.update(call).update_expression("REMOVE #released").condition_expression("#released = :at");
        match update.expression_attribute_values(":at", AttributeValue::S(at.to_string())).send().await {
            Ok(_) => Ok(()),
            Err(error) if absent(&error) => Ok(()),
            Err(error) => Err(StoreError(sdk_error::brief(&error))),
        }
    }

    /// Deletes the event for good; `false` where there is none.
    ///
    /// # Errors
    /// [`StoreError`] when the table does not answer.
    pub async fn drop(&self, call: &str) -> Result<bool, StoreError> {
        let deleted = self.delete(call).return_values(ReturnValue::AllOld).send().await;
        let deleted = deleted.map_err(|error| StoreError(sdk_error::brief(&error)))?;
        self.deleted(deleted.attributes).await
    }

    /// Deletes what is left of an item that is gone: `false` where none was there. Parts that cannot be deleted now, nothing
    /// tells of, and the table forgets them.
    async fn deleted(&self, item: Option<Attributes>) -> Result<bool, StoreError> {
        let Some(item) = item.filter(|item| !item.is_empty()) else { return Ok(false) };
        if let Ok(item) = attributes::read::<QuarantineItem>(item) {
            self.drop_parts(&item).await?;
        }
        Ok(true)
    }

    fn update(&self, call: &str) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.table)
            .key("owner", AttributeValue::S(OWNER.to_owned()))
            .key("item", AttributeValue::S(call.to_owned()))
            .expression_attribute_names("#released", "released")
    }

    fn delete(&self, call: &str) -> DeleteItemFluentBuilder {
        self.client
            .delete_item()
            .table_name(&self.table)
            .key("owner", AttributeValue::S(OWNER.to_owned()))
            .key("item", AttributeValue::S(call.to_owned()))
    }

    /// At most `most` events, in the order of their ids.
    ///
    /// # Errors
    /// [`StoreError`] when the table does not answer, or an item is none of ours.
    pub async fn list(&self, most: usize) -> Result<Vec<QuarantineItem>, StoreError> {
        let mut items = Vec::new();
        let mut start = None;
        loop {
            let page = self
                .client
                .query()
                .table_name(&self.table)
                .key_condition_expression("#owner = :owner")
                .expression_attribute_names("#owner", "owner")
                .expression_attribute_values(":owner", AttributeValue::S(OWNER.to_owned()))
                .consistent_read(true)
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(|error| StoreError(sdk_error::brief(&error)))?;
            for item in page.items.unwrap_or_default() {
                if items.len() == most {
                    return Ok(items);
                }
                items.push(attributes::read(item).map_err(|_| unreadable())?);
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(items);
            }
        }
    }

    /// Keeps `item`, unless it is there: the first reason stands. The item that is there then.
    async fn put(&self, item: &QuarantineItem) -> Result<Option<QuarantineItem>, StoreError> {
        let apart = self.write_apart(item).await?;
        let written = attributes::write(&apart)
            .map_err(|_| StoreError("the event cannot be kept as an item".to_owned()))?;
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(written))
            // What was released and comes back has a reason of its own.
            .condition_expression("attribute_not_exists(#owner) OR attribute_exists(#released)")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_names("#released", "released")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match put {
            Ok(_) => Ok(None),
            Err(SdkError::ServiceError(error)) => match error.into_err() {
                PutItemError::ConditionalCheckFailedException(failed) => {
                    failed.item.map(attributes::read).transpose().map_err(|_| unreadable())
                }
                error => Err(StoreError(sdk_error::code(&error))),
            },
            Err(error) => Err(StoreError(sdk_error::brief(&error))),
        }
    }

    /// Keeps the event for a queue to hear of. What that is to be told: the item that is there, unless it heard of it.
    pub(crate) async fn keep_untold(
        &self,
        item: QuarantineItem,
    ) -> Result<Option<QuarantineItem>, StoreError> {
        let item = QuarantineItem { untold: true, ..item };
        let found = self.put(&item).await?;
        Ok(Some(found.unwrap_or(item)).filter(|item| item.untold))
    }

    /// Notes that the queue has heard of the event.
    pub(crate) async fn note_told(&self, item: &QuarantineItem) -> Result<(), StoreError> {
        let noted = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("owner", AttributeValue::S(OWNER.to_owned()))
            .key("item", AttributeValue::S(item.call.clone()))
            .update_expression("REMOVE #untold")
            // One that was refused anew meanwhile is told of by itself.
            .condition_expression("#at = :at")
            .expression_attribute_names("#untold", "untold")
            .expression_attribute_names("#at", "at")
            .expression_attribute_values(":at", AttributeValue::S(item.at.to_string()));
        match noted.send().await {
            Ok(_) => Ok(()),
            Err(error) if absent(&error) => Ok(()),
            Err(error) => Err(StoreError(sdk_error::brief(&error))),
        }
    }
}

#[async_trait]
impl Quarantine for DynamoQuarantine {
    async fn keep(&self, call: &Call, record: &EventRecord, expires: Timestamp) -> Result<(), StoreError> {
        self.put(&QuarantineItem::of(call, record, expires)).await.map(drop)
    }

    async fn keep_unread(
        &self,
        event: &UnreadEvent,
        now: Timestamp,
        expires: Timestamp,
    ) -> Result<(), StoreError> {
        self.put(&QuarantineItem::unread(event, now, expires)).await.map(drop)
    }

    async fn released(&self, call: &str) -> Result<Option<Value>, StoreError> {
        let item = self.get(call).await?;
        let item = item.filter(|item| item.is_cloud_event() && item.released.is_some());
        Ok(item.and_then(|item| serde_json::from_str(item.record.as_deref()?).ok()))
    }
}

impl QuarantineItem {
    fn is_cloud_event(&self) -> bool {
        self.source == EventKind::CloudEvents.word()
    }

    /// Whether the whole event is kept, of which nobody could say what its records are.
    #[must_use]
    pub fn is_unread(&self) -> bool {
        self.source == UNREAD
    }

    pub(crate) fn unread(event: &UnreadEvent, now: Timestamp, expires: Timestamp) -> Self {
        let UnreadEvent { id, reason, cause, payload, digest, bytes, .. } = event;
        Self {
            owner: OWNER.to_owned(),
            call: id.as_str().to_owned(),
            at: now,
            code: Some(reason.code().to_owned()),
            cause: Some(cut(cause)),
            policies: Vec::new(),
            violations: Vec::new(),
            action: None,
            caller: None,
            source: UNREAD.to_owned(),
            event_type: String::new(),
            sender: UNREAD.to_owned(),
            region: String::new(),
            happened: None,
            record_bytes: *bytes,
            record: Some(payload.clone()),
            parts: None,
            envelope: envelope_word(RecordEnvelope::Nothing).to_owned(),
            reference: Some(digest.clone()),
            refused: None,
            released: None,
            untold: false,
            expires: expires.as_second(),
        }
    }

    pub(crate) fn of(call: &Call, event: &EventRecord, expires: Timestamp) -> Self {
        let kept_as = call.kept_as.as_ref().filter(|kept| **kept != call.id);
        let LedgerItem { call, at, code, cause, policies, violations, action, caller, .. } =
            LedgerItem::of(call);
        let record = event.record.to_string();
        Self {
            owner: OWNER.to_owned(),
            refused: kept_as.map(|_| call.clone()),
            call: kept_as.map_or(call, CallId::to_string),
            at,
            code,
            cause,
            policies,
            violations,
            action,
            caller,
            source: event.source.word().to_owned(),
            event_type: cut(&event.event_type),
            sender: event.sender.clone(),
            region: cut(&event.region),
            happened: event.happened,
            record_bytes: record.len() as u64,
            record: Some(record),
            parts: None,
            envelope: envelope_word(event.envelope).to_owned(),
            reference: event.item.as_deref().map(cut),
            released: None,
            untold: false,
            expires: expires.as_second(),
        }
    }
}

impl QuarantineItem {
    /// The event that brings the record to the door again, as its source sent it: a JSON text; `None` where the record is not
    /// kept. Of a CloudEvent it names the call alone: who sent it cannot be said by whoever may invoke the door.
    #[must_use]
    pub fn event(&self) -> Option<String> {
        let record = self.record.as_deref()?;
        if self.is_cloud_event() {
            return Some(json!({ "doorward": { "release": self.call } }).to_string());
        }
        Some(match self.envelope.as_str() {
            "list" => format!("[{record}]"),
            "nothing" => record.to_owned(),
            _ => format!(r#"{{"Records":[{record}]}}"#),
        })
    }
}

fn in_records() -> String {
    envelope_word(RecordEnvelope::Records).to_owned()
}

fn envelope_word(envelope: RecordEnvelope) -> &'static str {
    match envelope {
        RecordEnvelope::Records => "records",
        RecordEnvelope::List => "list",
        RecordEnvelope::Nothing => "nothing",
    }
}

/// Whether an update found no such item.
fn absent(error: &SdkError<UpdateItemError>) -> bool {
    error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception)
}

fn unreadable() -> StoreError {
    StoreError("an item of the quarantine cannot be read".to_owned())
}
