//! Event source mappings: what polls streams and queues and invokes functions with what they hold
//! (<https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html>).
//!
//! ```text
//!  table_shard ──┐
//!  kinesis ──────┴─ shard ── stream_poller ── delivery ─┐
//!                                │                      ├── batch ──▶ target: the function ──▶ report
//!                                ▼ failure_record       │
//!  sqs ──────────────────── queue_poller ───────────────┘
//! ```
//!
//! Each shard is read in order, one batch at a time. What is absent: parallel batches of one shard, tumbling windows,
//! filters, the age of records.

mod batch;
mod delivery;
mod failure_record;
mod queue_poller;
mod report;
mod shard;
mod stream_poller;
mod table_shard;
mod target;

use std::sync::Arc;
use std::time::Duration;

use dynoxide::Database;
use tokio::sync::watch;
use tokio::task::JoinSet;

use self::queue_poller::QueuePoller;
use self::shard::Shard;
use self::stream_poller::StreamPoller;
use self::table_shard::Stream;
use self::target::Function;
use crate::error::EmulatorError;
use crate::kinesis::Kinesis;
use crate::lambda::Lambda;
use crate::logs::Logs;
use crate::options::{QueueMapping, StartingPosition, StreamMapping, StreamSource};
use crate::servers::SHUTDOWN_LIMIT;
use crate::sqs::Sqs;

/// The source of lines about mappings.
const LOG: &str = "event-source-mapping";

/// What mappings read from, and whom they invoke.
pub(crate) struct Sources<'a> {
    pub(crate) database: &'a Database,
    pub(crate) sqs: &'a Arc<Sqs>,
    pub(crate) kinesis: &'a Kinesis,
    pub(crate) lambda: &'a Arc<Lambda>,
    pub(crate) region: &'a str,
    pub(crate) account: &'a str,
    pub(crate) logs: &'a Logs,
}

/// All mappings of an emulator; they end when it is dropped.
pub(crate) struct EventSources {
    stopping: watch::Sender<bool>,
    tasks: JoinSet<()>,
    shards: Vec<(Shard, watch::Receiver<String>)>,
    sqs: Arc<Sqs>,
    queues: Vec<String>,
}

impl EventSources {
    pub(crate) fn start(
        streams: Vec<StreamMapping>,
        queues: Vec<QueueMapping>,
        sources: &Sources<'_>,
    ) -> Result<Self, EmulatorError> {
        let mut all = Self {
            stopping: watch::Sender::new(false),
            tasks: JoinSet::new(),
            shards: Vec::new(),
            sqs: Arc::clone(sources.sqs),
            queues: Vec::new(),
        };
        for mapping in streams {
            all.map_stream(mapping, sources)?;
        }
        for mapping in queues {
            all.map_queue(mapping, sources)?;
        }
        Ok(all)
    }

    fn map_stream(&mut self, mapping: StreamMapping, sources: &Sources<'_>) -> Result<(), EmulatorError> {
        let function = sources.function(&mapping.function)?;
        let shards = sources.shards(&mapping.source)?;
        if let Some(queue) = &mapping.on_failure
            && sources.sqs.is_fifo(queue) != Some(false)
        {
            return Err(EmulatorError::NoQueue(queue.clone()));
        }
        let mapping = Arc::new(mapping);
        for shard in shards {
            // What is older than the newest is not for this mapping.
            let passed = match mapping.starting_position {
                StartingPosition::TrimHorizon => None,
                StartingPosition::Latest => shard.last(),
            };
            let (reached, reader) = watch::channel(passed.unwrap_or_default());
            self.shards.push((shard.clone(), reader));
            let poller = StreamPoller {
                mapping: Arc::clone(&mapping),
                shard,
                reached,
                function: function.clone(),
                sqs: Arc::clone(sources.sqs),
                logs: sources.logs.clone(),
                stopping: self.stopping.subscribe(),
                last: None,
            };
            self.tasks.spawn(poller.run());
        }
        Ok(())
    }

    fn map_queue(&mut self, mapping: QueueMapping, sources: &Sources<'_>) -> Result<(), EmulatorError> {
        let target = sources.function(&mapping.function)?;
        let is_fifo = sources.sqs.is_fifo(&mapping.queue);
        check(&mapping, is_fifo.ok_or_else(|| EmulatorError::NoQueue(mapping.queue.clone()))?)?;
        self.queues.push(mapping.queue.clone());
        let poller = QueuePoller {
            mapping,
            sqs: Arc::clone(sources.sqs),
            target,
            logs: sources.logs.clone(),
            stopping: self.stopping.subscribe(),
        };
        self.tasks.spawn(poller.run());
        Ok(())
    }

    pub(crate) fn queue_url(&self, queue: &str) -> String {
        self.sqs.queue_url(queue)
    }

    /// Returns as soon as everything that the streams hold now is delivered.
    pub(crate) async fn streams_idle(&self) {
        for (shard, reached) in &self.shards {
            let Some(last) = shard.last() else { continue };
            let _ = reached.clone().wait_for(|reached| *reached >= last).await;
        }
    }

    /// Returns as soon as each mapped queue has been seen empty: all that it held is done with, or went elsewhere.
    pub(crate) async fn queues_idle(&self) {
        for queue in &self.queues {
            self.sqs.empty(queue).await;
        }
    }

    /// Ends them; what is under way may come to its end.
    pub(crate) async fn stop(mut self) {
        self.stopping.send_replace(true);
        let all = async { while self.tasks.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(SHUTDOWN_LIMIT, all).await;
    }
}

impl Sources<'_> {
    fn function(&self, name: &str) -> Result<Function, EmulatorError> {
        if !self.lambda.knows(name) {
            return Err(EmulatorError::UnknownFunction(name.to_owned()));
        }
        Ok(Function { lambda: Arc::clone(self.lambda), name: name.to_owned() })
    }

    fn shards(&self, source: &StreamSource) -> Result<Vec<Shard>, EmulatorError> {
        match source {
            StreamSource::Table(table) => {
                let stream = Stream::open(self.database, table, self.region, self.account);
                let stream = stream.ok_or_else(|| EmulatorError::NoStream(table.clone()))?;
                Ok(stream.shards().into_iter().map(Shard::Table).collect())
            }
            StreamSource::Kinesis(name) => {
                let shards = self.kinesis.shards(name);
                let shards = shards.ok_or_else(|| EmulatorError::NoKinesisStream(name.clone()))?;
                Ok(shards.into_iter().map(Shard::Kinesis).collect())
            }
        }
    }
}

/// What Lambda refuses of a mapping
/// (<https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html>).
fn check(mapping: &QueueMapping, is_fifo: bool) -> Result<(), EmulatorError> {
    let window = mapping.batching_window;
    let most = if is_fifo || window < Duration::from_secs(1) { 10 } else { 10_000 };
    let refused = |reason: String| Err(EmulatorError::QueueMapping { queue: mapping.queue.clone(), reason });
    match mapping.maximum_concurrency {
        _ if is_fifo && !window.is_zero() => refused("a FIFO queue has no batching window".to_owned()),
        _ if window > Duration::from_secs(300) => {
            refused("its batching window is longer than 300 s".to_owned())
        }
        _ if !(1..=most).contains(&mapping.batch_size) => {
            refused(format!("its batch size is not within 1 and {most}"))
        }
        Some(most) if !(2..=1000).contains(&most) => {
            refused("its maximum concurrency is not within 2 and 1,000".to_owned())
        }
        _ => Ok(()),
    }
}
