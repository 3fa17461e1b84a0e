use std::time::Duration;

/// An event source mapping from a stream to a function, with the parameters that Lambda has for it
/// (<https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html>,
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html>).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamMapping {
    /// The stream.
    pub source: StreamSource,
    /// The function that gets its records.
    pub function: String,
    /// `BatchSize`: most records of one invocation.
    pub batch_size: usize,
    /// `MaximumBatchingWindowInSeconds`: how long records are gathered before the function is invoked.
    pub batching_window: Duration,
    /// `StartingPosition`.
    pub starting_position: StartingPosition,
    /// `MaximumRetryAttempts`: how often records that fail are handed over again; `None` for as long as the stream has
    /// them.
    pub maximum_retry_attempts: Option<u32>,
    /// `BisectBatchOnFunctionError`: a batch that fails as a whole is split in two, which costs no attempt.
    pub bisect_batch_on_function_error: bool,
    /// `FunctionResponseTypes` holds `ReportBatchItemFailures`: the function says which records failed.
    pub report_batch_item_failures: bool,
    /// `DestinationConfig.OnFailure`: the name of a local standard queue that is told of records that are given up.
    pub on_failure: Option<String>,
}

/// A stream of the emulator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamSource {
    /// The stream of the table with this whole name. It must have one.
    Table(String),
    /// The Kinesis stream of this name.
    Kinesis(String),
}

/// Where a mapping begins to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StartingPosition {
    /// At the oldest record.
    #[default]
    TrimHorizon,
    /// Behind the newest.
    Latest,
}

impl StreamMapping {
    /// A mapping of a table's stream as Lambda makes it: batches of 100, at once, from the oldest record on, again for as
    /// long as it takes.
    #[must_use]
    pub fn new(table: &str, function: &str) -> Self {
        Self {
            source: StreamSource::Table(table.to_owned()),
            function: function.to_owned(),
            batch_size: 100,
            batching_window: Duration::ZERO,
            starting_position: StartingPosition::TrimHorizon,
            maximum_retry_attempts: None,
            bisect_batch_on_function_error: false,
            report_batch_item_failures: false,
            on_failure: None,
        }
    }

    /// The same of a Kinesis stream.
    #[must_use]
    pub fn kinesis(stream: &str, function: &str) -> Self {
        Self { source: StreamSource::Kinesis(stream.to_owned()), ..Self::new("", function) }
    }
}

/// An event source mapping from a queue to a function, with the parameters that Lambda has for it
/// (<https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html>).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueMapping {
    /// The name of a local queue.
    pub queue: String,
    /// The function that gets its messages.
    pub function: String,
    /// `BatchSize`: most messages of one invocation. More than 10 need a window of a second or more, and a standard queue.
    pub batch_size: usize,
    /// `MaximumBatchingWindowInSeconds`: how long messages are gathered before the function is invoked. Standard queues
    /// only.
    pub batching_window: Duration,
    /// `FunctionResponseTypes` holds `ReportBatchItemFailures`: the function says which messages failed.
    pub report_batch_item_failures: bool,
    /// `ScalingConfig.MaximumConcurrency`: most invocations at a time, 2 to 1,000; 5 where `None`, with which Lambda begins.
    pub maximum_concurrency: Option<usize>,
}

impl QueueMapping {
    /// A mapping as Lambda makes it: batches of 10, at once, done with or failed as a whole.
    #[must_use]
    pub fn new(queue: &str, function: &str) -> Self {
        Self {
            queue: queue.to_owned(),
            function: function.to_owned(),
            batch_size: 10,
            batching_window: Duration::ZERO,
            report_batch_item_failures: false,
            maximum_concurrency: None,
        }
    }
}
