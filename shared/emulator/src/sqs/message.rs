//! A message: as it is sent, kept and received.

use std::time::Duration;

use serde_json::{Map, Value};
use tokio::time::Instant;
use uuid::Uuid;

use super::attribute::{self, Attributes};
use super::fault::SqsFault;
use crate::checksum::md5_hex;
use crate::clock::Clock;

/// What a sender asks for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sending {
    pub(crate) body: String,
    pub(crate) attributes: Attributes,
    /// `AWSTraceHeader`, a system attribute; at most one of these.
    pub(crate) trace: Attributes,
    pub(crate) delay: Option<Duration>,
    pub(crate) group: Option<String>,
    pub(crate) deduplication_id: Option<String>,
    /// The unique id of who sends, or the account's.
    pub(crate) sender: String,
}

impl Sending {
    /// What counts for the bounds of messages and batches.
    pub(super) fn size(&self) -> usize {
        self.body.len() + attribute::size(&self.attributes)
    }

    pub(super) fn check(&self, maximum_size: usize) -> Result<(), SqsFault> {
        if self.body.is_empty() {
            return Err(SqsFault::Missing("MessageBody"));
        }
        if self.size() > maximum_size {
            let reason = format!("Reason: Message must be shorter than {maximum_size} bytes.");
            return Err(SqsFault::Parameter(format!("One or more parameters are invalid. {reason}")));
        }
        if !self.body.chars().all(attribute::is_allowed) {
            return Err(SqsFault::Contents);
        }
        is_id("MessageGroupId", self.group.as_deref())?;
        is_id("MessageDeduplicationId", self.deduplication_id.as_deref())
    }
}

/// 1 to 128 letters, digits and signs, where there is one.
fn is_id(name: &str, id: Option<&str>) -> Result<(), SqsFault> {
    let fits = |id: &str| (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    match id {
        Some(id) if !fits(id) => Err(SqsFault::Parameter(format!(
            "Value {id} for parameter {name} is invalid. Reason: {name} can only include alphanumeric and punctuation \
             characters. 1 to 128 in length."
        ))),
        _ => Ok(()),
    }
}

/// What a sender is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) id: String,
    pub(crate) body_checksum: String,
    pub(crate) attributes_checksum: Option<String>,
    pub(crate) system_checksum: Option<String>,
    pub(crate) sequence: Option<String>,
}

/// A message in a queue.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) id: String,
    sending: Sending,
    /// Milliseconds since 1970.
    sent: i64,
    first_received: Option<i64>,
    pub(super) receive_count: u32,
    /// The retention period begins here.
    pub(super) enqueued: Instant,
    pub(super) visible_at: Instant,
    /// Of the last time that it was received.
    pub(super) receipt: Option<String>,
    pub(super) sequence: Option<String>,
    /// ARN of the queue that gave it up.
    pub(super) given_up_by: Option<String>,
}

impl Message {
    pub(super) fn new(sending: Sending, now: Instant, delay: Duration, clock: Clock) -> Self {
        Self {
            id: Uuid::new_v4().to_string(),
            sending,
            sent: clock.millis(now),
            first_received: None,
            receive_count: 0,
            enqueued: now,
            visible_at: now + delay,
            receipt: None,
            sequence: None,
            given_up_by: None,
        }
    }

    pub(super) fn group(&self) -> Option<&str> {
        self.sending.group.as_deref()
    }

    pub(super) fn is_visible(&self, now: Instant) -> bool {
        self.visible_at <= now
    }

    /// Received, and not visible again yet.
    pub(super) fn is_in_flight(&self, now: Instant) -> bool {
        self.receipt.is_some() && !self.is_visible(now)
    }

    pub(super) fn receive(
        &mut self,
        receipt: String,
        now: Instant,
        hidden: Duration,
        clock: Clock,
    ) -> Received {
        self.receive_count = self.receive_count.saturating_add(1);
        self.first_received.get_or_insert_with(|| clock.millis(now));
        self.visible_at = now + hidden;
        self.receipt = Some(receipt.clone());
        Received {
            id: self.id.clone(),
            receipt,
            body_checksum: md5_hex(self.sending.body.as_bytes()),
            body: self.sending.body.clone(),
            attributes: self.sending.attributes.clone(),
            system: self.system(),
            group: self.sending.group.clone(),
        }
    }

    fn system(&self) -> Map<String, Value> {
        let Sending { trace, group, deduplication_id, sender, .. } = &self.sending;
        let trace = trace.values().next().and_then(|trace| trace.text().map(str::to_owned));
        let all = [
            ("ApproximateReceiveCount", Some(self.receive_count.to_string())),
            ("AWSTraceHeader", trace),
            ("SentTimestamp", Some(self.sent.to_string())),
            ("SequenceNumber", self.sequence.clone()),
            ("MessageGroupId", group.clone()),
            ("SenderId", Some(sender.clone())),
            ("MessageDeduplicationId", deduplication_id.clone()),
            ("ApproximateFirstReceiveTimestamp", self.first_received.map(|at| at.to_string())),
            ("DeadLetterQueueSourceArn", self.given_up_by.clone()),
        ];
        let present = all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into())));
        present.collect()
    }

    /// What a sender is told of it.
    pub(super) fn sent(&self) -> Sent {
        Sent {
            id: self.id.clone(),
            body_checksum: md5_hex(self.sending.body.as_bytes()),
            attributes_checksum: attribute::checksum(self.sending.attributes.iter()),
            system_checksum: attribute::checksum(self.sending.trace.iter()),
            sequence: self.sequence.clone(),
        }
    }
}

/// A message, as one receives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) id: String,
    pub(crate) receipt: String,
    pub(crate) body: String,
    pub(crate) body_checksum: String,
    pub(crate) attributes: Attributes,
    /// System attributes, such as `SenderId`.
    pub(crate) system: Map<String, Value>,
    pub(crate) group: Option<String>,
}
