//! Reads one shard for one mapping.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::watch;
use tokio::time::Instant;

use super::LOG;
use super::batch::{Record, event, within_payload};
use super::delivery::{World, deliver};
use super::failure_record::{batch_info, failure_record};
use super::shard::Shard;
use super::target::{Function, Invoked, Outcome, Target as _};
use crate::logs::Logs;
use crate::options::StreamMapping;
use crate::sqs::{Sending, Sqs};

/// How often a stream is looked at: Lambda does it four times a second.
const POLL: Duration = Duration::from_millis(250);
/// Waits before records are handed over again, doubled each time.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

pub(super) struct StreamPoller {
    pub(super) mapping: Arc<StreamMapping>,
    pub(super) shard: Shard,
    /// The sequence number of the last record that was dealt with.
    pub(super) reached: watch::Sender<String>,
    pub(super) function: Function,
    pub(super) sqs: Arc<Sqs>,
    pub(super) logs: Logs,
    pub(super) stopping: watch::Receiver<bool>,
    /// The last invocation.
    pub(super) last: Option<Invoked>,
}

impl StreamPoller {
    pub(super) async fn run(mut self) {
        let mut iterator = self.shard.begin(self.mapping.starting_position);
        let mut gathered: Vec<Record> = Vec::new();
        let mut since = Instant::now();
        while !*self.stopping.borrow() {
            let room = self.mapping.batch_size.max(1).saturating_sub(gathered.len());
            let (records, next) = match &iterator {
                Some(at) => self.shard.read(at, room),
                None => (Vec::new(), self.shard.begin(self.mapping.starting_position)),
            };
            iterator = next;
            if gathered.is_empty() && !records.is_empty() {
                since = Instant::now();
            }
            let is_whole = !records.is_empty() && records.len() >= room;
            gathered.extend(records);
            let is_due = is_whole || since.elapsed() >= self.mapping.batching_window;
            if gathered.is_empty() || !is_due {
                if !self.pause(POLL).await {
                    return;
                }
                continue;
            }
            for batch in within_payload(std::mem::take(&mut gathered)) {
                let last = batch.last().map(|record| record.id.clone());
                let mapping = Arc::clone(&self.mapping);
                if !deliver(&mapping, batch, &mut self).await {
                    return;
                }
                self.reached.send_replace(last.unwrap_or_default());
            }
        }
    }

    /// `false` where all ends meanwhile.
    async fn pause(&mut self, time: Duration) -> bool {
        let stopped = self.stopping.wait_for(|stopping| *stopping);
        tokio::time::timeout(time, stopped).await.is_err()
    }

    fn log(&self, message: &str, cause: &str, records: &[Record]) {
        let line = json!({
            "level": "ERROR",
            "message": message,
            "stream": self.shard.stream_arn(),
            "function": self.function.name,
            "cause": cause,
            self.shard.batch_info(): batch_info(&self.shard, records),
        });
        self.logs.record(LOG, None, line.to_string());
    }
}

impl World for StreamPoller {
    async fn invoke(&mut self, records: &[Record]) -> Outcome {
        let invoked = self.function.invoke(event(records)).await;
        self.last.insert(invoked).outcome.clone()
    }

    async fn wait(&mut self, attempt: u32) -> bool {
        let wait = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1)));
        self.pause(wait.min(LONGEST_WAIT)).await
    }

    /// A line of the log, and a message to the on-failure destination.
    fn discard(&mut self, records: &[Record], invocations: u32, why: &str) {
        self.log("records are given up", why, records);
        let Some(queue) = &self.mapping.on_failure else { return };
        let arn = self.function.arn();
        let record = failure_record(&self.shard, &arn, self.last.as_ref(), records, invocations);
        let sender = self.sqs.account().to_owned();
        let sending = Sending { body: record.to_string(), sender, ..Sending::default() };
        if let Err(fault) = self.sqs.send(queue, sending) {
            self.log("the on-failure destination was not told", &fault.to_string(), records);
        }
    }
}
