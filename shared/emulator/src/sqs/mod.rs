//! Amazon SQS: standard and FIFO queues in memory.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/welcome.html>
//!
//! ```text
//!  api ── batch ──▶ Sqs ──▶ Queue ──▶ Message ── attribute
//!                    ▲        └ settings
//!                    └── event source mappings, on-failure destinations
//! ```
//!
//! What is absent: the Query protocol, queue policies and redrive allow policies (they are kept, and allow everything),
//! encryption, tags, moves out of a dead-letter queue, the bound of messages in flight, `ReceiveRequestAttemptId`.

mod api;
mod attribute;
mod batch;
mod creation;
mod fault;
mod message;
mod queue;
mod received;
mod settings;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

pub(crate) use self::api::router;
pub(crate) use self::fault::SqsFault;
pub(crate) use self::message::Sending;
use self::message::{Received, Sent};
use self::queue::Queue;
pub(crate) use self::settings::LONGEST_VISIBILITY;
use crate::clock::Clock;

/// The queues of one account in one region.
pub(crate) struct Sqs {
    region: String,
    account: String,
    url: String,
    clock: Clock,
    queues: Mutex<Queues>,
    /// Anything that may let a message be seen or a queue be empty.
    changed: watch::Sender<()>,
}

type Queues = BTreeMap<String, Queue>;

/// What one asks for of a queue.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Receiving {
    pub(crate) most: usize,
    /// How long they are invisible to others; as the queue is set where `None`.
    pub(crate) hidden: Option<Duration>,
    /// How long to wait for the first one; as the queue is set where `None`.
    pub(crate) wait: Option<Duration>,
}

impl Sqs {
    /// `url` is where its API listens, such as `http://127.0.0.1:49152`.
    pub(crate) fn new(region: &str, account: &str, url: String) -> Self {
        Self {
            region: region.to_owned(),
            account: account.to_owned(),
            url,
            clock: Clock::start(),
            queues: Mutex::default(),
            changed: watch::Sender::new(()),
        }
    }

    pub(crate) fn arn(&self, queue: &str) -> String {
        format!("arn:aws:sqs:{}:{}:{queue}", self.region, self.account)
    }

    pub(crate) fn region(&self) -> &str {
        &self.region
    }

    /// The `SenderId` of whoever sends without being known: the account itself.
    pub(crate) fn account(&self) -> &str {
        &self.account
    }

    pub(crate) fn queue_url(&self, queue: &str) -> String {
        format!("{}/{}/{queue}", self.url, self.account)
    }

    /// The queue of such an ARN, if it is one of these.
    fn named_by(&self, arn: &str) -> Option<String> {
        let name = arn.rsplit(':').next()?;
        (self.arn(name) == arn && self.lock().contains_key(name)).then(|| name.to_owned())
    }

    pub(crate) fn has(&self, queue: &str) -> bool {
        self.lock().contains_key(queue)
    }

    pub(crate) fn is_fifo(&self, queue: &str) -> Option<bool> {
        self.lock().get(queue).map(|queue| queue.settings.is_fifo)
    }

    pub(crate) fn delete_queue(&self, name: &str) -> Result<(), SqsFault> {
        let removed = self.lock().remove(name);
        self.changed.send_replace(());
        removed.map(drop).ok_or(SqsFault::QueueDoesNotExist)
    }

    pub(crate) fn names(&self, prefix: &str) -> Vec<String> {
        self.lock().keys().filter(|name| name.starts_with(prefix)).cloned().collect()
    }

    /// All attributes of a queue, by the names that they have in AWS.
    pub(crate) fn attributes(&self, name: &str) -> Result<BTreeMap<String, String>, SqsFault> {
        self.read(name, |queue, now| {
            let counts = queue.counts(now);
            let mut all = queue.settings.attributes();
            let mut put = |name: &str, value: String| all.insert(name.to_owned(), value);
            put("QueueArn", self.arn(name));
            put("ApproximateNumberOfMessages", counts.visible.to_string());
            put("ApproximateNumberOfMessagesNotVisible", counts.in_flight.to_string());
            put("ApproximateNumberOfMessagesDelayed", counts.delayed.to_string());
            put("CreatedTimestamp", (queue.created / 1000).to_string());
            put("LastModifiedTimestamp", (queue.modified / 1000).to_string());
            all
        })
    }

    pub(crate) fn send(&self, queue: &str, sending: Sending) -> Result<Sent, SqsFault> {
        self.with(queue, |queue, now| queue.send(sending, now))
    }

    /// At most as many as asked for: as soon as there are any, or none at the end of the wait.
    pub(crate) async fn receive(&self, queue: &str, receiving: Receiving) -> Result<Vec<Received>, SqsFault> {
        let own_wait = self.read(queue, |queue, _| queue.settings.wait)?;
        let deadline = Instant::now() + receiving.wait.unwrap_or(own_wait);
        let mut changed = self.changed.subscribe();
        loop {
            changed.mark_unchanged();
            let (received, next) = self.receive_now(queue, receiving)?;
            let now = Instant::now();
            if !received.is_empty() || now >= deadline {
                return Ok(received);
            }
            let until = next.map_or(deadline, |next| next.min(deadline));
            let _ = tokio::time::timeout_at(until, changed.changed()).await;
        }
    }

    /// What there is, and when the next message becomes visible by itself.
    fn receive_now(
        &self,
        name: &str,
        receiving: Receiving,
    ) -> Result<(Vec<Received>, Option<Instant>), SqsFault> {
        let now = Instant::now();
        let own_arn = self.arn(name);
        let mut queues = self.lock();
        let redrive = queues.get(name).ok_or(SqsFault::QueueDoesNotExist)?.settings.redrive.clone();
        // Without its dead-letter queue, a queue delivers on.
        let redrive = redrive.and_then(|redrive| {
            let target = redrive.target_arn.rsplit(':').next()?.to_owned();
            queues.contains_key(&target).then_some((target, redrive.maximum_receives))
        });
        let queue = queues.get_mut(name).ok_or(SqsFault::QueueDoesNotExist)?;
        let exhausted = redrive.as_ref().map(|(_, most)| *most);
        let (received, given_up) = queue.receive(receiving.most, receiving.hidden, exhausted, now);
        let next = queue.next_visible(now);
        let moved = !given_up.is_empty();
        if let Some(target) = redrive.and_then(|(target, _)| queues.get_mut(&target)) {
            for message in given_up {
                target.put_given_up(message, &own_arn, now);
            }
        }
        drop(queues);
        if moved {
            self.changed.send_replace(());
        }
        Ok((received, next))
    }

    pub(crate) fn delete(&self, queue: &str, receipt: &str) -> Result<(), SqsFault> {
        self.with(queue, |queue, now| queue.delete(receipt, now))
    }

    pub(crate) fn change_visibility(
        &self,
        queue: &str,
        receipt: &str,
        hidden: Duration,
    ) -> Result<(), SqsFault> {
        self.with(queue, |queue, now| queue.change_visibility(receipt, hidden, now))
    }

    /// Has messages come again when the queue's visibility timeout is over from now on, all of them at once; those that are gone,
    /// or were received again since, are left alone.
    pub(crate) fn give_back(&self, queue: &str, receipts: &[String]) -> Result<(), SqsFault> {
        self.with(queue, |queue, now| {
            for receipt in receipts {
                let _ = queue.change_visibility(receipt, queue.settings.visibility, now);
            }
            Ok(())
        })
    }

    pub(crate) fn purge(&self, queue: &str) -> Result<(), SqsFault> {
        self.with(queue, Queue::purge)
    }

    /// Returns as soon as `queue` holds no message at all, or is not there.
    pub(crate) async fn empty(&self, queue: &str) {
        let mut changed = self.changed.subscribe();
        loop {
            changed.mark_unchanged();
            let counts = self.lock().get_mut(queue).map(|queue| queue.counts(Instant::now()));
            if counts.unwrap_or_default() == queue::Counts::default() {
                return;
            }
            let _ = changed.changed().await;
        }
    }

    fn read<T>(&self, queue: &str, read: impl FnOnce(&mut Queue, Instant) -> T) -> Result<T, SqsFault> {
        self.lock().get_mut(queue).map(|queue| read(queue, Instant::now())).ok_or(SqsFault::QueueDoesNotExist)
    }

    /// Does something with a queue, and tells those who wait.
    fn with<T>(
        &self,
        queue: &str,
        act: impl FnOnce(&mut Queue, Instant) -> Result<T, SqsFault>,
    ) -> Result<T, SqsFault> {
        let done = match self.lock().get_mut(queue) {
            Some(queue) => act(queue, Instant::now()),
            None => Err(SqsFault::QueueDoesNotExist),
        };
        self.changed.send_replace(());
        done
    }

    fn lock(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
