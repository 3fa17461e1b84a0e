//! Operations on messages.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Context, QueueUrl};
use crate::sqs::attribute::{self, RawAttribute};
use crate::sqs::batch;
use crate::sqs::message::{Sending, Sent};
use crate::sqs::received::Asked;
use crate::sqs::settings::{LARGEST_MESSAGE, LONGEST_DELAY, LONGEST_VISIBILITY, LONGEST_WAIT};
use crate::sqs::{Receiving, SqsFault};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SendOne {
    #[serde(default)]
    queue_url: QueueUrl,
    #[serde(flatten)]
    message: Message,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Message {
    message_body: Option<String>,
    delay_seconds: Option<i64>,
    #[serde(default)]
    message_attributes: BTreeMap<String, RawAttribute>,
    #[serde(default)]
    message_system_attributes: BTreeMap<String, RawAttribute>,
    message_deduplication_id: Option<String>,
    message_group_id: Option<String>,
}

impl Message {
    fn check(self, context: &Context<'_>) -> Result<Sending, SqsFault> {
        if let Some(name) = self.message_system_attributes.keys().find(|name| *name != "AWSTraceHeader") {
            return Err(SqsFault::Parameter(format!(
                "The message system attribute '{name}' is not supported."
            )));
        }
        let delay = self.delay_seconds.map(|delay| seconds("DelaySeconds", delay, LONGEST_DELAY));
        Ok(Sending {
            body: self.message_body.unwrap_or_default(),
            attributes: attribute::read(self.message_attributes)?,
            trace: self
                .message_system_attributes
                .into_iter()
                .map(|(name, raw)| attribute::Attribute::read(&name, raw).map(|attribute| (name, attribute)))
                .collect::<Result<_, _>>()?,
            delay: delay.transpose()?,
            group: self.message_group_id,
            deduplication_id: self.message_deduplication_id,
            sender: context.sender.clone(),
        })
    }
}

impl Sent {
    fn members(self) -> Map<String, Value> {
        let all = [
            ("MessageId", Some(self.id)),
            ("MD5OfMessageBody", Some(self.body_checksum)),
            ("MD5OfMessageAttributes", self.attributes_checksum),
            ("MD5OfMessageSystemAttributes", self.system_checksum),
            ("SequenceNumber", self.sequence),
        ];
        let present = all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into())));
        present.collect()
    }
}

pub(super) fn send(context: &Context<'_>, input: SendOne) -> Result<Value, SqsFault> {
    let queue = input.queue_url.name(context.sqs)?;
    let sending = input.message.check(context)?;
    context.sqs.send(queue, sending).map(|sent| sent.members().into())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Batch<E> {
    #[serde(default)]
    queue_url: QueueUrl,
    #[serde(default = "Vec::new")]
    entries: Vec<Entry<E>>,
}

#[derive(Deserialize)]
struct Entry<E> {
    #[serde(rename = "Id", default)]
    id: String,
    #[serde(flatten)]
    content: E,
}

pub(super) fn send_batch(context: &Context<'_>, input: Batch<Sendable>) -> Result<Value, SqsFault> {
    let queue = known(context, &input.queue_url)?;
    let entries: Vec<_> =
        input.entries.into_iter().map(|entry| (entry.id, entry.content.0.check(context))).collect();
    let sent = entries.iter().filter_map(|(_, sending)| sending.as_ref().ok()).map(Sending::size).sum();
    if sent > LARGEST_MESSAGE {
        return Err(SqsFault::BatchTooLong { limit: LARGEST_MESSAGE, sent });
    }
    batch::each(entries, |(id, _)| id, |(_, sending)| context.sqs.send(queue, sending?).map(Sent::members))
}

/// A message of a batch.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct Sendable(Message);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Receive {
    #[serde(default)]
    queue_url: QueueUrl,
    #[serde(default)]
    attribute_names: Vec<String>,
    #[serde(default)]
    message_system_attribute_names: Vec<String>,
    #[serde(default)]
    message_attribute_names: Vec<String>,
    max_number_of_messages: Option<i64>,
    visibility_timeout: Option<i64>,
    wait_time_seconds: Option<i64>,
}

pub(super) async fn receive(context: &Context<'_>, input: Receive) -> Result<Value, SqsFault> {
    let queue = known(context, &input.queue_url)?;
    let hidden = input.visibility_timeout.map(|time| seconds("VisibilityTimeout", time, LONGEST_VISIBILITY));
    let wait = input.wait_time_seconds.map(|time| seconds("WaitTimeSeconds", time, LONGEST_WAIT));
    let most = input.max_number_of_messages.unwrap_or(1);
    let receiving = Receiving {
        most: usize::try_from(most).ok().filter(|most| (1..=10).contains(most)).ok_or_else(|| {
            let reason = "Reason: Must be between 1 and 10, if provided.";
            SqsFault::Parameter(format!(
                "Value {most} for parameter MaxNumberOfMessages is invalid. {reason}"
            ))
        })?,
        hidden: hidden.transpose()?,
        wait: wait.transpose()?,
    };
    let mut system = input.attribute_names;
    system.extend(input.message_system_attribute_names);
    let asked = Asked { system, attributes: input.message_attribute_names };
    let received = context.sqs.receive(queue, receiving).await?;
    let messages: Vec<Value> = received.iter().map(|message| message.to_json(&asked)).collect();
    Ok(if messages.is_empty() { json!({}) } else { json!({ "Messages": messages }) })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Handled {
    #[serde(default)]
    queue_url: QueueUrl,
    #[serde(flatten)]
    handle: Handle,
}

/// A received message, and what is to become of it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Handle {
    receipt_handle: Option<String>,
    visibility_timeout: Option<i64>,
}

impl Handle {
    fn receipt(&self) -> Result<&str, SqsFault> {
        self.receipt_handle.as_deref().ok_or(SqsFault::Missing("ReceiptHandle"))
    }

    fn delete(&self, context: &Context<'_>, queue: &str) -> Result<(), SqsFault> {
        context.sqs.delete(queue, self.receipt()?)
    }

    fn change_visibility(&self, context: &Context<'_>, queue: &str) -> Result<(), SqsFault> {
        let time = self.visibility_timeout.ok_or(SqsFault::Missing("VisibilityTimeout"))?;
        let time = seconds("VisibilityTimeout", time, LONGEST_VISIBILITY)?;
        context.sqs.change_visibility(queue, self.receipt()?, time)
    }
}

pub(super) fn delete(context: &Context<'_>, input: &Handled) -> Result<Value, SqsFault> {
    input.handle.delete(context, input.queue_url.name(context.sqs)?).map(|()| json!({}))
}

pub(super) fn delete_batch(context: &Context<'_>, input: Batch<Handle>) -> Result<Value, SqsFault> {
    let queue = known(context, &input.queue_url)?;
    let act = |entry: Entry<Handle>| entry.content.delete(context, queue).map(|()| Map::new());
    batch::each(input.entries, |entry| &entry.id, act)
}

pub(super) fn change_visibility(context: &Context<'_>, input: &Handled) -> Result<Value, SqsFault> {
    input.handle.change_visibility(context, input.queue_url.name(context.sqs)?).map(|()| json!({}))
}

pub(super) fn change_visibility_batch(
    context: &Context<'_>,
    input: Batch<Handle>,
) -> Result<Value, SqsFault> {
    let queue = known(context, &input.queue_url)?;
    let act = |entry: Entry<Handle>| entry.content.change_visibility(context, queue).map(|()| Map::new());
    batch::each(input.entries, |entry| &entry.id, act)
}

/// The name of a queue that is there: what is wrong with the rest of the request comes after that.
fn known<'a>(context: &Context<'_>, url: &'a QueueUrl) -> Result<&'a str, SqsFault> {
    url.name(context.sqs).ok().filter(|name| context.sqs.has(name)).ok_or(SqsFault::QueueDoesNotExist)
}

fn seconds(name: &str, value: i64, most: u64) -> Result<Duration, SqsFault> {
    let refused = || {
        let reason = format!("Reason: Must be between 0 and {most}, if provided.");
        SqsFault::Parameter(format!("Value {value} for parameter {name} is invalid. {reason}"))
    };
    u64::try_from(value).ok().filter(|value| *value <= most).map(Duration::from_secs).ok_or_else(refused)
}
