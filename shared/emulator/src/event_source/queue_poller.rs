//! Polls one queue for one mapping.
//! <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>
//!
//! What was done with is deleted; what failed stays, and is seen again after the queue's visibility timeout, or goes to its
//! dead-letter queue.
//!
//! Nobody else sees a message that is gathered or handled, however short that timeout is: Lambda refuses a mapping whose queue
//! has one below its function's timeout, and what is handled twice at a time would be counted twice.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::LOG;
use super::batch::{MOST_BYTES, Record, event, within_payload};
use super::report;
use super::target::{Outcome, Target};
use crate::logs::Logs;
use crate::options::QueueMapping;
use crate::sqs::{LONGEST_VISIBILITY, Receiving, Sqs};

/// One poll: the longest that SQS has.
const WAIT: Duration = Duration::from_secs(20);
/// Until a message is deleted or given back, which is at the end of its invocation.
const HIDDEN: Duration = Duration::from_secs(LONGEST_VISIBILITY);
/// Concurrent batches with which Lambda begins.
const CONCURRENCY: usize = 5;

pub(super) struct QueuePoller<T> {
    pub(super) mapping: QueueMapping,
    pub(super) sqs: Arc<Sqs>,
    pub(super) target: T,
    pub(super) logs: Logs,
    pub(super) stopping: watch::Receiver<bool>,
}

/// Messages that are handed over together.
#[derive(Default)]
struct Gathered {
    records: Vec<Record>,
    /// The receipt handle of each message that is neither deleted nor given back.
    receipts: HashMap<String, String>,
    bytes: usize,
}

impl<T: Target> QueuePoller<T> {
    pub(super) async fn run(self) {
        let poller = Arc::new(self);
        let most = poller.mapping.maximum_concurrency.unwrap_or(CONCURRENCY).max(1);
        let free = Arc::new(Semaphore::new(most));
        let mut running = JoinSet::new();
        let mut stopping = poller.stopping.clone();
        loop {
            let next = async {
                // Nothing is received that nobody has a hand for.
                let hand = Arc::clone(&free).acquire_owned().await;
                (hand, poller.gather().await)
            };
            let (hand, gathered) = tokio::select! {
                biased;
                _ = stopping.wait_for(|stopping| *stopping) => break,
                next = next => next,
            };
            let poller = Arc::clone(&poller);
            running.spawn(async move {
                poller.hand_over(gathered).await;
                drop(hand);
            });
            while running.try_join_next().is_some() {}
        }
        while running.join_next().await.is_some() {}
    }

    /// A batch: as many as there are, or as come within the window.
    async fn gather(&self) -> Gathered {
        let size = self.mapping.batch_size.max(1);
        let mut gathered = Gathered::default();
        let mut until = None;
        while gathered.records.len() < size && gathered.bytes < MOST_BYTES {
            let wait = until.map_or(WAIT, |until: Instant| until.saturating_duration_since(Instant::now()));
            let most = size.saturating_sub(gathered.records.len());
            let receiving = Receiving { most, hidden: Some(HIDDEN), wait: Some(wait) };
            match self.sqs.receive(&self.mapping.queue, receiving).await {
                Ok(received) => {
                    let arn = self.sqs.arn(&self.mapping.queue);
                    for message in received {
                        let value = message.to_event(&arn, self.sqs.region());
                        gathered.add(Record { id: message.id, value }, message.receipt);
                    }
                }
                // It was deleted, and may be made again.
                Err(_) => tokio::time::sleep(WAIT).await,
            }
            if !gathered.records.is_empty() {
                let end = *until.get_or_insert_with(|| Instant::now() + self.mapping.batching_window);
                if Instant::now() >= end {
                    break;
                }
            }
        }
        gathered
    }

    async fn hand_over(&self, gathered: Gathered) {
        let Gathered { records, mut receipts, .. } = gathered;
        let queue = &self.mapping.queue;
        for batch in within_payload(records) {
            let outcome = self.target.invoke(event(&batch)).await.outcome;
            let failed = failed(self.mapping.report_batch_item_failures, &batch, &outcome);
            for record in batch.iter().filter(|record| !failed.contains(record.id.as_str())) {
                if let Some(receipt) = receipts.remove(&record.id) {
                    let _ = self.sqs.delete(queue, &receipt);
                }
            }
            if !failed.is_empty() {
                self.log(&failed, &outcome);
                // What is behind it in its group must not overtake it.
                if self.sqs.is_fifo(queue) == Some(true) {
                    break;
                }
                let failed: Vec<String> = failed.iter().filter_map(|id| receipts.remove(*id)).collect();
                let _ = self.sqs.give_back(queue, &failed);
            }
        }
        // Of a FIFO queue, what failed and what was not handed over for that.
        let left: Vec<String> = receipts.into_values().collect();
        let _ = self.sqs.give_back(queue, &left);
    }

    fn log(&self, failed: &HashSet<&str>, outcome: &Outcome) {
        let cause = match outcome {
            Outcome::Answered(_) => "the function's answer",
            Outcome::Failed(why) | Outcome::Refused(why) => why,
        };
        let line = json!({
            "level": "ERROR",
            "message": "messages stay in the queue",
            "queue": self.mapping.queue,
            "function": self.mapping.function,
            "cause": cause,
            "messages": failed.len(),
        });
        self.logs.record(LOG, None, line.to_string());
    }
}

impl Gathered {
    fn add(&mut self, record: Record, receipt: String) {
        self.bytes += record.size();
        self.receipts.insert(record.id.clone(), receipt);
        self.records.push(record);
    }
}

/// The ids of the messages of `batch` that are not done with: those that are reported, or all where the invocation failed,
/// the answer is no report, or it reports a message that was not there.
fn failed<'a>(reports: bool, batch: &'a [Record], outcome: &Outcome) -> HashSet<&'a str> {
    let all = || batch.iter().map(|record| record.id.as_str()).collect();
    let answer = match outcome {
        Outcome::Failed(_) | Outcome::Refused(_) => return all(),
        Outcome::Answered(_) if !reports => return HashSet::new(),
        Outcome::Answered(answer) => answer,
    };
    let Some(failures) = report::failures(answer) else { return all() };
    let known = |id: &String| batch.iter().find(|record| record.id == *id).map(|record| record.id.as_str());
    failures.iter().map(known).collect::<Option<_>>().unwrap_or_else(all)
}

#[cfg(test)]
#[path = "queue_poller_tests.rs"]
mod tests;
