//! One queue: what is in it, who may see it when, and which messages are repetitions.
//!
//! Messages come in the order in which they were sent, which AWS promises of FIFO queues only.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::time::Instant;
use uuid::Uuid;

use super::fault::SqsFault;
use super::message::{Message, Received, Sending, Sent};
use super::settings::Settings;
use crate::clock::Clock;

/// How long a FIFO queue knows a deduplication id, from its first message on.
const DEDUPLICATION: Duration = Duration::from_secs(300);
/// How long after a purge there is no other.
const PURGE: Duration = Duration::from_secs(60);
/// Sequence numbers have 20 digits and grow.
const FIRST_SEQUENCE: u128 = 18_849_496_460_467_696_128;
const SEQUENCE_STEP: u128 = 256;

pub(super) struct Queue {
    pub(super) name: String,
    pub(super) settings: Settings,
    /// Milliseconds since 1970.
    pub(super) created: i64,
    pub(super) modified: i64,
    clock: Clock,
    /// In their order.
    messages: BTreeMap<u64, Message>,
    next: u64,
    sequence: u128,
    seen: HashMap<(Option<String>, String), (Instant, Sent)>,
    purged: Option<Instant>,
}

/// How many messages a queue holds, by what may happen to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Counts {
    pub(super) visible: usize,
    pub(super) in_flight: usize,
    pub(super) delayed: usize,
}

impl Queue {
    pub(super) fn new(name: String, settings: Settings, now: Instant, clock: Clock) -> Self {
        let created = clock.millis(now);
        Self {
            name,
            settings,
            created,
            modified: created,
            clock,
            messages: BTreeMap::new(),
            next: 0,
            sequence: FIRST_SEQUENCE,
            seen: HashMap::new(),
            purged: None,
        }
    }

    pub(super) fn send(&mut self, mut sending: Sending, now: Instant) -> Result<Sent, SqsFault> {
        sending.check(self.settings.maximum_size)?;
        let delay = sending.delay.unwrap_or(self.settings.delay);
        if !self.settings.is_fifo {
            if let Some(id) = &sending.deduplication_id {
                return Err(not_here(id, "MessageDeduplicationId"));
            }
            let message = Message::new(sending, now, delay, self.clock);
            let sent = message.sent();
            self.put(message);
            return Ok(sent);
        }
        if let Some(delay) = sending.delay.filter(|delay| !delay.is_zero()) {
            return Err(not_here(&delay.as_secs().to_string(), "DelaySeconds"));
        }
        let group = sending.group.clone().ok_or(SqsFault::Missing("MessageGroupId"))?;
        let id = self.deduplication_id(&sending)?;
        sending.deduplication_id = Some(id.clone());
        let scope = self.settings.deduplicates_in_group.then_some(group);
        self.seen.retain(|_, (until, _)| *until > now);
        if let Some((_, first)) = self.seen.get(&(scope.clone(), id.clone())) {
            return Ok(first.clone());
        }
        let mut message = Message::new(sending, now, self.settings.delay, self.clock);
        message.sequence = Some(self.next_sequence());
        let sent = message.sent();
        self.seen.insert((scope, id), (now + DEDUPLICATION, sent.clone()));
        self.put(message);
        Ok(sent)
    }

    fn deduplication_id(&self, sending: &Sending) -> Result<String, SqsFault> {
        match &sending.deduplication_id {
            Some(id) => Ok(id.clone()),
            None if self.settings.content_based_deduplication => {
                let hash = digest(&SHA256, sending.body.as_bytes());
                Ok(hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
            }
            None => Err(SqsFault::parameter(
                "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided \
                 explicitly",
            )),
        }
    }

    fn next_sequence(&mut self) -> String {
        self.sequence += SEQUENCE_STEP;
        self.sequence.to_string()
    }

    fn put(&mut self, message: Message) {
        self.messages.insert(self.next, message);
        self.next += 1;
    }

    /// Takes a message in that the queue of this ARN has given up.
    pub(super) fn put_given_up(&mut self, mut message: Message, by: &str, now: Instant) {
        message.visible_at = now;
        message.receipt = None;
        message.given_up_by = Some(by.to_owned());
        // A standard queue counts its age from when it was first sent, a FIFO queue anew.
        if self.settings.is_fifo {
            message.enqueued = now;
            message.sequence = Some(self.next_sequence());
        }
        self.put(message);
    }

    /// At most `most` messages, invisible to others for `hidden`, and those that have been received `exhausted` times
    /// already, which are here no more.
    pub(super) fn receive(
        &mut self,
        most: usize,
        hidden: Option<Duration>,
        exhausted: Option<u32>,
        now: Instant,
    ) -> (Vec<Received>, Vec<Message>) {
        self.expire(now);
        let hidden = hidden.unwrap_or(self.settings.visibility);
        let (mut received, mut given_up) = (Vec::new(), Vec::new());
        for order in self.visible(now) {
            if received.len() >= most {
                break;
            }
            let Some(message) = self.messages.get_mut(&order) else { continue };
            if exhausted.is_some_and(|most| message.receive_count >= most) {
                given_up.extend(self.messages.remove(&order));
                continue;
            }
            let receipt = STANDARD.encode(format!("{}/{order}/{}", self.name, Uuid::new_v4()));
            received.push(message.receive(receipt, now, hidden, self.clock));
        }
        (received, given_up)
    }

    /// Which messages may be received, in their order: in a FIFO queue none behind one of its group that may not.
    fn visible(&self, now: Instant) -> Vec<u64> {
        let mut blocked: HashSet<&str> = HashSet::new();
        let mut visible = Vec::new();
        for (order, message) in &self.messages {
            match message.group().filter(|_| self.settings.is_fifo) {
                Some(group) if blocked.contains(group) => {}
                Some(group) if !message.is_visible(now) => {
                    blocked.insert(group);
                }
                None if !message.is_visible(now) => {}
                _ => visible.push(*order),
            }
        }
        visible
    }

    /// When the next message becomes visible by itself.
    pub(super) fn next_visible(&self, now: Instant) -> Option<Instant> {
        self.messages.values().map(|message| message.visible_at).filter(|at| *at > now).min()
    }

    fn expire(&mut self, now: Instant) {
        let retention = self.settings.retention;
        self.messages.retain(|_, message| message.enqueued + retention > now);
    }

    /// The place of the message with this handle; none where it is gone, or was received again since.
    fn place(&self, receipt: &str) -> Result<Option<u64>, SqsFault> {
        let text = STANDARD.decode(receipt).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let mut parts = text.as_deref().unwrap_or_default().split('/');
        let (Some(name), Some(order)) = (parts.next(), parts.next()) else {
            return Err(SqsFault::ReceiptHandle);
        };
        let order: u64 = order.parse().map_err(|_| SqsFault::ReceiptHandle)?;
        if name != self.name {
            return Err(SqsFault::ReceiptHandle);
        }
        let message = self.messages.get(&order);
        Ok(message.filter(|message| message.receipt.as_deref() == Some(receipt)).map(|_| order))
    }

    /// A message that is gone already, or was received again since, is no fault, but the latter stays.
    pub(super) fn delete(&mut self, receipt: &str, now: Instant) -> Result<(), SqsFault> {
        let Some(order) = self.place(receipt)? else { return Ok(()) };
        let in_flight = self.messages.get(&order).is_some_and(|message| message.is_in_flight(now));
        if self.settings.is_fifo && !in_flight {
            return Err(SqsFault::Parameter(format!(
                "Value {receipt} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired."
            )));
        }
        self.messages.remove(&order);
        Ok(())
    }

    pub(super) fn change_visibility(
        &mut self,
        receipt: &str,
        hidden: Duration,
        now: Instant,
    ) -> Result<(), SqsFault> {
        let order = self.place(receipt)?.ok_or(SqsFault::NotInflight)?;
        match self.messages.get_mut(&order).filter(|message| message.is_in_flight(now)) {
            Some(message) => message.visible_at = now + hidden,
            None => return Err(SqsFault::NotInflight),
        }
        Ok(())
    }

    pub(super) fn purge(&mut self, now: Instant) -> Result<(), SqsFault> {
        if self.purged.is_some_and(|purged| now < purged + PURGE) {
            return Err(SqsFault::PurgeInProgress(self.name.clone()));
        }
        self.purged = Some(now);
        self.messages.clear();
        Ok(())
    }

    pub(super) fn counts(&mut self, now: Instant) -> Counts {
        self.expire(now);
        let mut counts = Counts::default();
        for message in self.messages.values() {
            let kind = if message.is_visible(now) {
                &mut counts.visible
            } else if message.is_in_flight(now) {
                &mut counts.in_flight
            } else {
                &mut counts.delayed
            };
            *kind += 1;
        }
        counts
    }
}

fn not_here(value: &str, parameter: &str) -> SqsFault {
    SqsFault::Parameter(format!(
        "Value {value} for parameter {parameter} is invalid. Reason: The request include parameter that is not valid for \
         this queue type."
    ))
}

#[cfg(test)]
#[path = "queue_tests.rs"]
mod tests;
