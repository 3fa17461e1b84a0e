use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use doorward_core::ports::{Decisions, KeepError, StoreError};
use doorward_model::{CallId, DecisionRecord, Effect};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::attributes;
use crate::{AwsClients, sdk_error};

/// The largest record that is kept, in bytes of JSON.
const LARGEST: usize = 32 * 1024;
/// How many partitions the records of an hour are spread over: one takes a thousand writes a second.
const SHARDS: u32 = 16;

/// Recorded decisions in `<table>-state`: partition `decision#<hour>#<shard>`, sort key `<time>#<call>`, so that writes
/// spread over partitions and a range of time is read back hour by hour.
#[derive(Debug, Clone)]
pub struct DynamoDecisions {
    client: aws_sdk_dynamodb::Client,
    table: String,
}

/// One recorded decision.
#[derive(Debug, Serialize, Deserialize)]
struct DecisionItem {
    owner: String,
    item: String,
    /// The action's id, by which ranges are filtered.
    action: String,
    /// What was decided, for whoever looks at the table.
    effect: Effect,
    /// The [`DecisionRecord`] as JSON text.
    record: String,
    /// When the table may forget it, in seconds since the epoch.
    expires: i64,
}

/// Which recorded decisions are read.
#[derive(Debug, Clone)]
pub struct DecisionRange {
    /// From this time on.
    pub since: Timestamp,
    /// Up to and with this time.
    pub until: Timestamp,
    /// Of this action only.
    pub action: Option<String>,
    /// At most so many, the newest.
    pub most: usize,
}

/// What a range holds.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedDecisions {
    /// The decisions, in the order of their times.
    pub records: Vec<DecisionRecord>,
    /// Times and call ids of items that this version cannot read.
    pub unreadable: Vec<String>,
    /// Whether there are older ones in the range.
    pub more: bool,
}

impl DynamoDecisions {
    /// The decisions in the tables that begin with `table`.
    #[must_use]
    pub fn new(clients: &AwsClients, table: &str) -> Self {
        Self { client: clients.dynamodb.clone(), table: format!("{table}-state") }
    }

    /// The decisions in `range`.
    ///
    /// # Errors
    /// [`StoreError`] when the table does not answer, or an item is none of ours.
    pub async fn read(&self, range: &DecisionRange) -> Result<RecordedDecisions, StoreError> {
        let mut items: Vec<DecisionItem> = Vec::new();
        let mut hour = start_of_hour(range.until);
        // One more than is asked for shows that there are more.
        let enough = range.most.saturating_add(1);
        // DynamoDB refuses a range that ends before it begins.
        while range.since <= range.until && hour >= start_of_hour(range.since) && items.len() < enough {
            let mut found = self.read_hour(hour, range, enough).await?;
            found.sort_by(|one, other| other.item.cmp(&one.item));
            items.extend(found);
            match hour.checked_sub(jiff::SignedDuration::from_hours(1)) {
                Ok(before) => hour = before,
                Err(_) => break,
            }
        }
        let more = items.len() > range.most;
        items.truncate(range.most);
        let mut read = RecordedDecisions { records: Vec::new(), unreadable: Vec::new(), more };
        for item in items.into_iter().rev() {
            match serde_json::from_str(&item.record) {
                Ok(record) => read.records.push(record),
                Err(_) => read.unreadable.push(item.item),
            }
        }
        Ok(read)
    }

    /// The newest items of one hour, at most `most` of each shard, all shards at once.
    async fn read_hour(
        &self,
        hour: Timestamp,
        range: &DecisionRange,
        most: usize,
    ) -> Result<Vec<DecisionItem>, StoreError> {
        let mut shards = tokio::task::JoinSet::new();
        for shard in 0..SHARDS {
            let (reader, range) = (self.clone(), range.clone());
            let owner = owner(hour, shard);
            shards.spawn(async move { reader.read_shard(&owner, &range, most).await });
        }
        let mut items = Vec::new();
        while let Some(shard) = shards.join_next().await {
            items.extend(shard.map_err(|_| StoreError("a read was cut off".to_owned()))??);
        }
        Ok(items)
    }

    async fn read_shard(
        &self,
        owner: &str,
        range: &DecisionRange,
        most: usize,
    ) -> Result<Vec<DecisionItem>, StoreError> {
        let mut items = Vec::new();
        let mut start = None;
        loop {
            let mut query = self
                .client
                .query()
                .table_name(&self.table)
                .key_condition_expression("#owner = :owner AND #item BETWEEN :since AND :until")
                .expression_attribute_names("#owner", "owner")
                .expression_attribute_names("#item", "item")
                .expression_attribute_values(":owner", text(owner))
                .expression_attribute_values(":since", text(&moment(range.since)))
                // Behind every call id at that time.
                .expression_attribute_values(":until", text(&format!("{}$", moment(range.until))))
                .scan_index_forward(false)
                .set_exclusive_start_key(start);
            if let Some(action) = &range.action {
                query = query
                    .filter_expression("#action = :action")
                    .expression_attribute_names("#action", "action")
                    .expression_attribute_values(":action", text(action));
            }
            let page = query.send().await.map_err(|error| StoreError(sdk_error::brief(&error)))?;
            for item in page.items.unwrap_or_default() {
                if items.len() == most {
                    return Ok(items);
                }
                items.push(attributes::read(item).map_err(|_| {
                    StoreError("an item among the recorded decisions cannot be read".to_owned())
                })?);
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(items);
            }
        }
    }
}

#[async_trait]
impl Decisions for DynamoDecisions {
    async fn keep(&self, record: &DecisionRecord, expires: Timestamp) -> Result<(), KeepError> {
        let unwritable = || StoreError("the decision cannot be written as an item".to_owned());
        let json = serde_json::to_string(record).map_err(|_| unwritable())?;
        if json.len() > LARGEST {
            return Err(KeepError::TooLarge(json.len()));
        }
        let item = DecisionItem {
            owner: owner(record.at, shard(&record.call)),
            item: format!("{}#{}", moment(record.at), record.call),
            action: record.facts.action.clone(),
            effect: record.decision.effect,
            record: json,
            expires: expires.as_second(),
        };
        let item = attributes::write(&item).map_err(|_| unwritable())?;
        // Written a second time, it is the same item.
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item)).send().await;
        put.map(drop).map_err(|error| StoreError(sdk_error::brief(&error)).into())
    }
}

/// `decision#2026-11-24T12#07`.
fn owner(at: Timestamp, shard: u32) -> String {
    format!("decision#{}#{shard:02}", at.strftime("%Y-%m-%dT%H"))
}

/// A time as texts of it are ordered.
fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

fn start_of_hour(at: Timestamp) -> Timestamp {
    let whole = at.as_second() - at.as_second().rem_euclid(60 * 60);
    Timestamp::from_second(whole).unwrap_or(at)
}

/// By the call's id, the same on every machine (FNV-1a).
fn shard(call: &CallId) -> u32 {
    let mix = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    call.as_str().bytes().fold(0x811c_9dc5, mix) % SHARDS
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_ordered_as_time_is() {
        let at: Timestamp = "2026-11-24T12:59:59.999999999Z".parse().unwrap();
        assert_eq!(owner(at, 7), "decision#2026-11-24T12#07");
        assert_eq!(moment(at), "2026-11-24T12:59:59.999999Z");
        assert_eq!(moment("2026-11-24T12:00:00Z".parse().unwrap()), "2026-11-24T12:00:00.000000Z");
        assert_eq!(start_of_hour(at).to_string(), "2026-11-24T12:00:00Z");
        assert!(format!("{}#{}", moment(at), "~") < format!("{}$", moment(at)));
    }

    #[test]
    fn calls_are_spread_over_shards() {
        let mut met = [0_u32; SHARDS as usize];
        for number in 0..1600 {
            met[shard(&CallId::new(format!("s3-{number:032x}"))) as usize] += 1;
        }
        assert!(met.iter().all(|calls| (50..=150).contains(calls)), "{met:?}");
    }
}
