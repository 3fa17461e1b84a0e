use std::time::Duration;

/// A local SQS queue. A name that ends in `.fifo` is a FIFO queue's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// Its name.
    pub name: String,
    /// `VisibilityTimeout`.
    pub visibility_timeout: Duration,
    /// `ContentBasedDeduplication`; FIFO queues only.
    pub content_based_deduplication: bool,
    /// `RedrivePolicy`: where messages go that were received too often.
    pub dead_letters: Option<DeadLetters>,
}

/// Where a queue's messages go in the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetters {
    /// The name of a queue that stands before this one in the list, and is of the same kind.
    pub queue: String,
    /// `maxReceiveCount`: how often a message is received before.
    pub maximum_receives: u32,
}

impl Queue {
    /// A queue as SQS makes it: invisible for 30 seconds, again for as long as it takes.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            visibility_timeout: Duration::from_secs(30),
            content_based_deduplication: false,
            dead_letters: None,
        }
    }

    /// Whether it is a FIFO queue.
    #[must_use]
    pub fn is_fifo(&self) -> bool {
        self.name.ends_with(".fifo")
    }
}

/// A local Kinesis stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KinesisStream {
    /// Its name.
    pub name: String,
    /// How many shards it has, which share the range of partition keys' hashes evenly.
    pub shards: u32,
}

impl KinesisStream {
    /// A stream of one shard.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), shards: 1 }
    }
}
