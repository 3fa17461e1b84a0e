//! The embedded store's streams.

use dynoxide::Database;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::batch::Record;
use crate::options::StartingPosition;

/// A table's stream.
pub(super) struct Stream {
    database: Database,
    /// As the store has it.
    arn: String,
    /// As functions get it.
    shown: String,
    region: String,
}

/// One shard of a stream; cheap to clone.
#[derive(Clone)]
pub(super) struct TableShard {
    database: Database,
    arn: String,
    id: String,
    shown: String,
    region: String,
}

impl Stream {
    /// The stream of `table`; `None` where it has none.
    pub(super) fn open(database: &Database, table: &str, region: &str, account: &str) -> Option<Self> {
        let described = database.describe_table(input(json!({ "TableName": table }))?).ok()?;
        let described = serde_json::to_value(described).ok()?;
        let arn = described.pointer("/Table/LatestStreamArn")?.as_str()?.to_owned();
        let label = arn.rsplit('/').next()?;
        let shown = format!("arn:aws:dynamodb:{region}:{account}:table/{table}/stream/{label}");
        Some(Self { database: database.clone(), region: region.to_owned(), shown, arn })
    }

    /// Its shards.
    pub(super) fn shards(&self) -> Vec<TableShard> {
        let shard = |id: String| TableShard {
            database: self.database.clone(),
            arn: self.arn.clone(),
            id,
            shown: self.shown.clone(),
            region: self.region.clone(),
        };
        describe(&self.database, &self.arn).into_iter().map(|(id, _)| shard(id)).collect()
    }
}

/// The shards, with the sequence number of the last record of each.
fn describe(database: &Database, arn: &str) -> Vec<(String, Option<String>)> {
    let described =
        input(json!({ "StreamArn": arn })).and_then(|request| database.describe_stream(request).ok());
    let shards = described.map(|described| described.stream_description.shards).unwrap_or_default();
    shards
        .into_iter()
        .map(|shard| (shard.shard_id, shard.sequence_number_range.ending_sequence_number))
        .collect()
}

impl TableShard {
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// The stream's ARN, as functions get it.
    pub(super) fn stream_arn(&self) -> &str {
        &self.shown
    }

    /// The sequence number of its last record; `None` where it has none.
    pub(super) fn last(&self) -> Option<String> {
        describe(&self.database, &self.arn).into_iter().find(|(id, _)| *id == self.id)?.1
    }

    /// The iterator at which reading begins.
    pub(super) fn begin(&self, position: StartingPosition) -> Option<String> {
        let kind = match position {
            StartingPosition::TrimHorizon => "TRIM_HORIZON",
            StartingPosition::Latest => "LATEST",
        };
        let request = json!({ "StreamArn": self.arn, "ShardId": self.id, "ShardIteratorType": kind });
        self.database.get_shard_iterator(input(request)?).ok()?.shard_iterator
    }

    /// At most `most` records from `iterator` on, and the iterator behind them.
    pub(super) fn read(&self, iterator: &str, most: usize) -> (Vec<Record>, Option<String>) {
        let request = json!({ "ShardIterator": iterator, "Limit": most });
        let page = input(request).and_then(|request| self.database.get_records(request).ok());
        // Read from here again, then.
        let Some(page) = page else { return (Vec::new(), Some(iterator.to_owned())) };
        let records =
            page.records.iter().filter_map(|record| self.record(serde_json::to_value(record).ok()?));
        (records.collect(), page.next_shard_iterator)
    }

    /// A record as Lambda hands it over: from this region, with the stream's ARN.
    fn record(&self, mut value: Value) -> Option<Record> {
        let sequence = value.pointer("/dynamodb/SequenceNumber")?.as_str()?.to_owned();
        let members = value.as_object_mut()?;
        members.insert("awsRegion".to_owned(), self.region.clone().into());
        members.insert("eventSourceARN".to_owned(), self.shown.clone().into());
        Some(Record { id: sequence, value })
    }
}

fn input<T: DeserializeOwned>(request: Value) -> Option<T> {
    serde_json::from_value(request).ok()
}
