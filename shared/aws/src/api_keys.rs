use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use doorward_core::ports::{ApiKeys, StoreError};
use doorward_core::{ApiKeyRecord, KeyHash};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::attributes::{self, Attributes};
use crate::{AwsClients, sdk_error};

/// The partition of `<table>-state` that lists every key, by its id.
pub(crate) const LISTED: &str = "keys";
/// The one item of a key's own partition.
const ITEM: &str = "key";

/// API keys in `<table>-state`: `key#<hash>`/`key` is what the door reads of one, and `keys`/`<id>` says the same for who
/// lists and revokes them. Both are written in one transaction.
///
/// The read is consistent: what was read before a key was revoked is used for the refresh interval at most, and a stale
/// answer would begin another one.
#[derive(Debug, Clone)]
pub struct DynamoApiKeys {
    client: aws_sdk_dynamodb::Client,
    table: String,
}

impl DynamoApiKeys {
    /// The keys in the tables that begin with `table`.
    #[must_use]
    pub fn new(clients: &AwsClients, table: &str) -> Self {
        Self { client: clients.dynamodb.clone(), table: format!("{table}-state") }
    }

    /// The record that stands in this place, if it is sound.
    pub(crate) async fn read(&self, owner: &str, item: &str) -> Result<Option<ApiKeyRecord>, StoreError> {
        let read = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("owner", AttributeValue::S(owner.to_owned()))
            .key("item", AttributeValue::S(item.to_owned()))
            .consistent_read(true)
            .send()
            .await;
        read.map_err(|error| StoreError(sdk_error::brief(&error)))?.item.map(record).transpose()
    }
}

#[async_trait]
impl ApiKeys for DynamoApiKeys {
    async fn find(&self, hash: &KeyHash) -> Result<Option<ApiKeyRecord>, StoreError> {
        let (owner, item) = own_place(*hash);
        self.read(&owner, &item).await
    }
}

/// Where a key's own item stands.
pub(crate) fn own_place(hash: KeyHash) -> (String, String) {
    (format!("key#{}", hash.to_hex()), ITEM.to_owned())
}

/// Where the list has it.
pub(crate) fn listed_place(id: &str) -> (String, String) {
    (LISTED.to_owned(), id.to_owned())
}

/// A key as an item. What ends it is not called `expires`, by which the table forgets items: a key that is shown after
/// its end is still told from one that never was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct KeyItem {
    owner: String,
    item: String,
    hash: String,
    id: String,
    client: String,
    plan: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    groups: Vec<String>,
    created: Timestamp,
    ends: Option<Timestamp>,
    revoked: Option<Timestamp>,
    note: Option<String>,
}

/// The item of `record` in this place.
pub(crate) fn item((owner, item): (String, String), record: &ApiKeyRecord) -> Result<Attributes, StoreError> {
    let ApiKeyRecord { hash, id, owner: client, plan, groups, created, expires, revoked, note } =
        record.clone();
    let hash = hash.to_hex();
    let item = KeyItem { owner, item, hash, id, client, plan, groups, created, ends: expires, revoked, note };
    attributes::write(&item).map_err(|_| StoreError("the API key cannot be written as an item".to_owned()))
}

/// What the item says, if a door may believe it.
pub(crate) fn record(item: Attributes) -> Result<ApiKeyRecord, StoreError> {
    let unreadable = || StoreError("the item of an API key cannot be read".to_owned());
    let KeyItem { owner: _, item: _, hash, id, client, plan, groups, created, ends, revoked, note } =
        attributes::read(item).map_err(|_| unreadable())?;
    let hash = KeyHash::from_hex(&hash).ok_or_else(unreadable)?;
    let record =
        ApiKeyRecord { hash, id, owner: client, plan, groups, created, expires: ends, revoked, note };
    record.check().map_err(|_| unreadable())?;
    Ok(record)
}
