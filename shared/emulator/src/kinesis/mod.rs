//! Amazon Kinesis Data Streams: streams in memory, into which records are put over the API and which event source mappings
//! read.
//! <https://docs.aws.amazon.com/streams/latest/dev/key-concepts.html>
//!
//! What is absent: making, splitting and merging shards over the API, reading over it (consumers are mapped functions),
//! encryption, throughput limits, CBOR.

mod api;
mod fault;
mod hash_range;
mod shard;

use std::collections::BTreeMap;

use tokio::time::Instant;

pub(crate) use self::api::router;
use self::fault::KinesisFault;
pub(crate) use self::shard::KinesisShard;
use self::shard::Put;
use crate::clock::Clock;
use crate::error::EmulatorError;
use crate::options::KinesisStream;

/// Most bytes of a record's data and partition key together: 1 MiB unless a stream is set to more.
/// <https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html>
const LARGEST_RECORD: usize = 1_048_576;
const LONGEST_KEY: usize = 256;

/// The streams of one account in one region.
pub(crate) struct Kinesis {
    region: String,
    account: String,
    /// Milliseconds since 1970.
    created: i64,
    streams: BTreeMap<String, Vec<KinesisShard>>,
}

/// A record that is to be put.
struct NewRecord {
    data: Vec<u8>,
    partition_key: String,
    /// Decimal; instead of the partition key's own hash.
    explicit_hash_key: Option<String>,
}

impl Kinesis {
    pub(crate) fn new(region: &str, account: &str, streams: &[KinesisStream]) -> Result<Self, EmulatorError> {
        let clock = Clock::start();
        let mut all = Self {
            region: region.to_owned(),
            account: account.to_owned(),
            created: clock.millis(Instant::now()),
            streams: BTreeMap::new(),
        };
        for stream in streams {
            let arn = all.arn(&stream.name);
            let shard = |index| KinesisShard::new(index, &arn, region, account, clock);
            let shards = (0..stream.shards).map(shard).collect();
            let is_named = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
            let is_stream = (1..=128).contains(&stream.name.len())
                && stream.name.bytes().all(is_named)
                && (1..=1000).contains(&stream.shards);
            if !is_stream || all.streams.insert(stream.name.clone(), shards).is_some() {
                return Err(EmulatorError::KinesisStream(stream.name.clone()));
            }
        }
        Ok(all)
    }

    fn arn(&self, stream: &str) -> String {
        format!("arn:aws:kinesis:{}:{}:stream/{stream}", self.region, self.account)
    }

    /// The shards of a stream.
    pub(crate) fn shards(&self, stream: &str) -> Option<Vec<KinesisShard>> {
        self.streams.get(stream).cloned()
    }

    /// The shard's id and the record's sequence number.
    fn put(&self, stream: &str, record: NewRecord) -> Result<(String, String), KinesisFault> {
        let put = self.put_all(stream, vec![record])?;
        put.into_iter().next().ok_or_else(|| self.not_found(stream))
    }

    /// The same of all records, or of none of them where one cannot be put.
    fn put_all(&self, stream: &str, records: Vec<NewRecord>) -> Result<Vec<(String, String)>, KinesisFault> {
        let shards = self.streams.get(stream).ok_or_else(|| self.not_found(stream))?;
        let placed = records.into_iter().map(|record| {
            check(&record)?;
            let hash = hash(&record)?;
            let shard = shards.get(hash_range::shard(hash, shards.len()));
            Ok((shard.ok_or_else(|| self.not_found(stream))?, record))
        });
        let placed: Vec<(&KinesisShard, NewRecord)> = placed.collect::<Result<_, KinesisFault>>()?;
        let put = placed.into_iter().map(|(shard, NewRecord { data, partition_key, .. })| {
            (shard.id().to_owned(), shard.put(Put { data, partition_key }, Instant::now()))
        });
        Ok(put.collect())
    }

    fn not_found(&self, stream: &str) -> KinesisFault {
        KinesisFault::NotFound(format!("Stream {stream} under account {} not found.", self.account))
    }
}

fn hash(record: &NewRecord) -> Result<u128, KinesisFault> {
    match &record.explicit_hash_key {
        None => Ok(hash_range::of_key(&record.partition_key)),
        Some(key) => hash_range::explicit(key).ok_or_else(|| {
            KinesisFault::Argument(format!(
                "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was {key}"
            ))
        }),
    }
}

fn check(record: &NewRecord) -> Result<(), KinesisFault> {
    if !(1..=LONGEST_KEY).contains(&record.partition_key.chars().count()) {
        return Err(KinesisFault::Validation(format!(
            "1 validation error detected: Value at 'partitionKey' failed to satisfy constraint: Member must have length \
             between 1 and {LONGEST_KEY}"
        )));
    }
    if record.data.len() + record.partition_key.len() > LARGEST_RECORD {
        return Err(KinesisFault::Validation(format!(
            "1 validation error detected: Value at 'data' failed to satisfy constraint: Member must have length less than \
             or equal to {LARGEST_RECORD}"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
