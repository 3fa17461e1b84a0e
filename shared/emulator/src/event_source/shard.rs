//! A shard of a stream, whatever kind of stream it is.

use super::batch::Record;
use super::table_shard::TableShard;
use crate::kinesis::KinesisShard;
use crate::options::StartingPosition;

/// Cheap to clone.
#[derive(Clone)]
pub(super) enum Shard {
    Table(TableShard),
    Kinesis(KinesisShard),
}

impl Shard {
    pub(super) fn id(&self) -> &str {
        match self {
            Self::Table(shard) => shard.id(),
            Self::Kinesis(shard) => shard.id(),
        }
    }

    pub(super) fn stream_arn(&self) -> &str {
        match self {
            Self::Table(shard) => shard.stream_arn(),
            Self::Kinesis(shard) => shard.stream_arn(),
        }
    }

    /// How the records that are given up are named to an on-failure destination.
    pub(super) fn batch_info(&self) -> &'static str {
        match self {
            Self::Table(_) => "DDBStreamBatchInfo",
            Self::Kinesis(_) => "KinesisBatchInfo",
        }
    }

    /// Where a record says when it came, in seconds since 1970.
    pub(super) fn arrival(&self) -> &'static str {
        match self {
            Self::Table(_) => "/dynamodb/ApproximateCreationDateTime",
            Self::Kinesis(_) => "/kinesis/approximateArrivalTimestamp",
        }
    }

    /// The sequence number of its last record; `None` where it has none. They are equally long, so that they sort as texts.
    pub(super) fn last(&self) -> Option<String> {
        match self {
            Self::Table(shard) => shard.last(),
            Self::Kinesis(shard) => shard.last(),
        }
    }

    /// The iterator at which reading begins.
    pub(super) fn begin(&self, position: StartingPosition) -> Option<String> {
        match self {
            Self::Table(shard) => shard.begin(position),
            Self::Kinesis(shard) => Some(match position {
                StartingPosition::TrimHorizon => 0,
                StartingPosition::Latest => shard.end(),
            })
            .map(|place| place.to_string()),
        }
    }

    /// At most `most` records from `iterator` on, and the iterator behind them.
    pub(super) fn read(&self, iterator: &str, most: usize) -> (Vec<Record>, Option<String>) {
        match self {
            Self::Table(shard) => shard.read(iterator, most),
            Self::Kinesis(shard) => {
                let (events, next) = shard.read(iterator.parse().unwrap_or_default(), most);
                let record = |(id, value)| Record { id, value };
                (events.into_iter().map(record).collect(), Some(next.to_string()))
            }
        }
    }
}
