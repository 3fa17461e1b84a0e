use std::time::Duration;

/// An event source mapping from a table's stream to a function, with the parameters that Lambda has for it
/// (<https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html>).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamMapping {
    /// The table's whole name. It must have a stream.
    pub table: String,
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
    /// A mapping as Lambda makes it: batches of 100, at once, from the oldest record on, again for as long as it takes.
    #[must_use]
    pub fn new(table: &str, function: &str) -> Self {
        Self {
            table: table.to_owned(),
            function: function.to_owned(),
            batch_size: 100,
            batching_window: Duration::ZERO,
            starting_position: StartingPosition::TrimHorizon,
            maximum_retry_attempts: None,
            bisect_batch_on_function_error: false,
            report_batch_item_failures: false,
        }
    }
}
