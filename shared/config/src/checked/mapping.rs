use std::time::Duration;

use doorward_model::Front;

/// How Lambda hands over what a pinned queue, stream or table has: its event source mapping, with the parameters that
/// `CreateEventSourceMapping` has for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// What it reads from: a queue, a stream of Kinesis, or a table whose stream it is.
    pub front: Front,
    /// `BatchSize`: most records of one invocation; Lambda's own where nothing is said.
    pub batch_size: usize,
    /// `MaximumBatchingWindowInSeconds`, in whole seconds: how long records are gathered.
    pub batching_window: Duration,
    /// What only mappings of its kind of source have.
    pub kind: MappingKind,
}

/// What only mappings of one kind of source have. `None` where nothing is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MappingKind {
    /// Of a queue of SQS.
    Queue(QueueRule),
    /// Of a stream of Kinesis, or of a table's.
    Stream(StreamRule),
}

/// What a queue and its mapping are set to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueueRule {
    /// `ScalingConfig.MaximumConcurrency`: most invocations at a time.
    pub maximum_concurrency: Option<usize>,
    /// `VisibilityTimeout` of the queue, in whole seconds: how long a message that failed is away before it comes again.
    pub visibility_timeout: Option<Duration>,
    /// `maxReceiveCount` of the queue's `RedrivePolicy`: how often a message comes before it is a dead letter.
    pub maximum_receives: Option<u32>,
}

/// What a stream's mapping is set to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamRule {
    /// `MaximumRetryAttempts`: how often records that fail are handed over again.
    pub maximum_retry_attempts: Option<u32>,
    /// `BisectBatchOnFunctionError`: whether a batch that fails as a whole is split in two.
    pub bisect_batch_on_function_error: bool,
    /// `StartingPosition`.
    pub starting_position: StartingPosition,
}

impl Default for StreamRule {
    fn default() -> Self {
        Self {
            maximum_retry_attempts: None,
            bisect_batch_on_function_error: true,
            starting_position: StartingPosition::default(),
        }
    }
}

/// Where a mapping begins to read its stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum StartingPosition {
    /// `TRIM_HORIZON`: at the oldest record, so that none is lost that came before the mapping did.
    #[default]
    TrimHorizon,
    /// `LATEST`: behind the newest.
    Latest,
}
