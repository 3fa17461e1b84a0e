//! Event source mappings: what polls a table's stream and invokes a function with its records
//! (<https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html>).
//!
//! Each shard is read in order, one batch at a time. What is absent: parallel batches of one shard, tumbling windows,
//! filters, the age of records (the embedded store keeps them all); an on-failure destination is a line of the log.

mod delivery;
mod stream;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use dynoxide::Database;
use jiff::Timestamp;
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use self::delivery::{Outcome, Record, World, deliver};
use self::stream::{Shard, Stream};
use crate::error::EmulatorError;
use crate::lambda::{Answer, Invocation, Lambda, SYNCHRONOUS_LIMIT, new_trace};
use crate::logs::Logs;
use crate::options::{StartingPosition, StreamMapping};
use crate::servers::SHUTDOWN_LIMIT;

/// How often a stream is looked at: Lambda does it four times a second.
const POLL: Duration = Duration::from_millis(250);
/// Waits before records are handed over again, doubled each time.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// What the records of one invocation may take of its payload, in bytes.
const MOST_BYTES: usize = SYNCHRONOUS_LIMIT - 1024;
/// The source of lines about mappings.
const LOG: &str = "event-source-mapping";

/// All mappings of an emulator; they end when it is dropped.
pub(crate) struct EventSources {
    stopping: watch::Sender<bool>,
    tasks: JoinSet<()>,
    shards: Vec<(Shard, watch::Receiver<String>)>,
}

impl EventSources {
    pub(crate) fn start(
        mappings: Vec<StreamMapping>,
        database: &Database,
        lambda: &Arc<Lambda>,
        (region, account): (&str, &str),
        logs: &Logs,
    ) -> Result<Self, EmulatorError> {
        let mut all = Self { stopping: watch::Sender::new(false), tasks: JoinSet::new(), shards: Vec::new() };
        for mapping in mappings {
            if !lambda.knows(&mapping.function) {
                return Err(EmulatorError::UnknownFunction(mapping.function));
            }
            let stream = Stream::open(database, &mapping.table, region, account)
                .ok_or_else(|| EmulatorError::NoStream(mapping.table.clone()))?;
            let mapping = Arc::new(mapping);
            for shard in stream.shards() {
                // What is older than the newest is not for this mapping.
                let passed = match mapping.starting_position {
                    StartingPosition::TrimHorizon => None,
                    StartingPosition::Latest => shard.last(),
                };
                let (reached, reader) = watch::channel(passed.unwrap_or_default());
                all.shards.push((shard.clone(), reader));
                let poller = Poller {
                    mapping: Arc::clone(&mapping),
                    shard,
                    reached,
                    lambda: Arc::clone(lambda),
                    logs: logs.clone(),
                    stopping: all.stopping.subscribe(),
                };
                all.tasks.spawn(poller.run());
            }
        }
        Ok(all)
    }

    /// Returns as soon as everything that the streams hold now is delivered.
    pub(crate) async fn idle(&self) {
        for (shard, reached) in &self.shards {
            let Some(last) = shard.last() else { continue };
            // Sequence numbers are equally long, so that they sort as texts.
            let _ = reached.clone().wait_for(|reached| *reached >= last).await;
        }
    }

    /// Ends them; what is under way may come to its end.
    pub(crate) async fn stop(mut self) {
        self.stopping.send_replace(true);
        let all = async { while self.tasks.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(SHUTDOWN_LIMIT, all).await;
    }
}

/// Reads one shard for one mapping.
struct Poller {
    mapping: Arc<StreamMapping>,
    shard: Shard,
    /// The sequence number of the last record that was dealt with.
    reached: watch::Sender<String>,
    lambda: Arc<Lambda>,
    logs: Logs,
    stopping: watch::Receiver<bool>,
}

impl Poller {
    async fn run(mut self) {
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
                let last = batch.last().map(|record| record.sequence.clone());
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
}

impl World for Poller {
    async fn invoke(&mut self, records: &[Record]) -> Outcome {
        let records: Vec<_> = records.iter().map(|record| &record.value).collect();
        let payload = Bytes::from(json!({ "Records": records }).to_string());
        let invocation = Invocation::new(payload, new_trace(Timestamp::now()));
        match self.lambda.invoke_from_source(&self.mapping.function, invocation).await {
            Ok(Answer { payload, is_error: false }) => Outcome::Answered(payload.to_vec()),
            Ok(answer) => {
                Outcome::Failed(answer.error_message().unwrap_or_else(|| "the function failed".to_owned()))
            }
            Err(fault) => Outcome::Failed(fault.to_string()),
        }
    }

    async fn wait(&mut self, attempt: u32) -> bool {
        let wait = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1)));
        self.pause(wait.min(LONGEST_WAIT)).await
    }

    /// A line with what Lambda tells an on-failure destination
    /// (<https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html>).
    fn discard(&mut self, records: &[Record], why: &str) {
        let StreamMapping { table, function, .. } = &*self.mapping;
        let sequence = |record: Option<&Record>| record.map(|record| record.sequence.clone());
        let line = json!({
            "level": "ERROR",
            "message": "records are given up",
            "table": table,
            "function": function,
            "cause": why,
            "DDBStreamBatchInfo": {
                "shardId": self.shard.id(),
                "startSequenceNumber": sequence(records.first()),
                "endSequenceNumber": sequence(records.last()),
                "batchSize": records.len(),
            },
        });
        self.logs.record(LOG, None, line.to_string());
    }
}

/// Batches that fit into an invocation's payload each. A record alone always fits: an item has 400 KB.
fn within_payload(records: Vec<Record>) -> Vec<Vec<Record>> {
    let mut batches: Vec<Vec<Record>> = Vec::new();
    let mut bytes = usize::MAX;
    for record in records {
        let own = record.value.to_string().len() + 1;
        if bytes.saturating_add(own) > MOST_BYTES {
            batches.push(Vec::new());
            bytes = 0;
        }
        bytes += own;
        if let Some(batch) = batches.last_mut() {
            batch.push(record);
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_fit_into_a_payload() {
        let record = |bytes: usize| Record { sequence: String::new(), value: json!("x".repeat(bytes)) };
        let sizes =
            |records: Vec<Record>| -> Vec<usize> { within_payload(records).iter().map(Vec::len).collect() };
        assert_eq!(sizes(Vec::new()), [0; 0]);
        assert_eq!(sizes(vec![record(10); 1000]), [1000]);
        assert_eq!(sizes(vec![record(2 * 1024 * 1024); 5]), [2, 2, 1]);
    }
}
