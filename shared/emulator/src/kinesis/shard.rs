//! One shard: records in their order, for a day.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::clock::Clock;

/// How long records are kept, unless a stream is set to more.
const RETENTION: Duration = Duration::from_secs(24 * 60 * 60);

/// Clones share their records.
#[derive(Clone)]
pub(crate) struct KinesisShard {
    own: Arc<Own>,
    kept: Arc<Mutex<Kept>>,
}

struct Own {
    id: String,
    index: u32,
    stream_arn: String,
    region: String,
    account: String,
    clock: Clock,
}

#[derive(Default)]
struct Kept {
    records: VecDeque<Stored>,
    /// How many are kept no more.
    dropped: usize,
    /// How many there have been.
    count: u64,
    last: Option<String>,
}

/// A record, as it comes.
pub(super) struct Put {
    pub(super) data: Vec<u8>,
    pub(super) partition_key: String,
}

struct Stored {
    put: Put,
    sequence: String,
    arrived: Instant,
}

impl KinesisShard {
    pub(super) fn new(index: u32, stream_arn: &str, region: &str, account: &str, clock: Clock) -> Self {
        let own = Own {
            id: format!("shardId-{index:012}"),
            index,
            stream_arn: stream_arn.to_owned(),
            region: region.to_owned(),
            account: account.to_owned(),
            clock,
        };
        Self { own: Arc::new(own), kept: Arc::default() }
    }

    pub(crate) fn id(&self) -> &str {
        &self.own.id
    }

    pub(crate) fn stream_arn(&self) -> &str {
        &self.own.stream_arn
    }

    /// The number of 56 digits below which none of its records' is.
    pub(super) fn first_sequence(&self) -> String {
        self.sequence(0)
    }

    /// They grow within a shard, and no two shards have the same.
    fn sequence(&self, count: u64) -> String {
        format!("49{count:045}{:09}", self.own.index)
    }

    /// The record's sequence number.
    pub(super) fn put(&self, put: Put, now: Instant) -> String {
        let mut kept = self.lock();
        while kept.records.front().is_some_and(|oldest| oldest.arrived + RETENTION <= now) {
            kept.records.pop_front();
            kept.dropped += 1;
        }
        kept.count += 1;
        let sequence = self.sequence(kept.count);
        kept.last = Some(sequence.clone());
        kept.records.push_back(Stored { put, sequence: sequence.clone(), arrived: now });
        sequence
    }

    /// The sequence number of its last record.
    pub(crate) fn last(&self) -> Option<String> {
        self.lock().last.clone()
    }

    /// The place behind its last record.
    pub(crate) fn end(&self) -> usize {
        let kept = self.lock();
        kept.dropped + kept.records.len()
    }

    /// At most `most` records from `place` on, each with its sequence number and as a function gets it, and the place behind
    /// them.
    pub(crate) fn read(&self, place: usize, most: usize) -> (Vec<(String, Value)>, usize) {
        let kept = self.lock();
        // What is kept no more is passed over.
        let skipped = place.saturating_sub(kept.dropped);
        let records: Vec<_> = kept
            .records
            .iter()
            .skip(skipped)
            .take(most)
            .map(|record| (record.sequence.clone(), self.event(record)))
            .collect();
        let next = kept.dropped + skipped + records.len();
        (records, next)
    }

    /// A record of Lambda's event (<https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html>).
    fn event(&self, record: &Stored) -> Value {
        let Own { id, stream_arn, region, account, clock, .. } = &*self.own;
        let millis = clock.millis(record.arrived);
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of any date have a place in a double")]
        let seconds = millis as f64 / 1000.0;
        json!({
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": record.put.partition_key,
                "sequenceNumber": record.sequence,
                "data": STANDARD.encode(&record.put.data),
                "approximateArrivalTimestamp": seconds,
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": format!("{id}:{}", record.sequence),
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": format!("arn:aws:iam::{account}:role/lambda-role"),
            "awsRegion": region,
            "eventSourceARN": stream_arn,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
