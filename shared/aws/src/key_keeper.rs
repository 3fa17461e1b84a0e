use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem, Update};
use doorward_core::ApiKeyRecord;
use doorward_core::ports::StoreError;
use jiff::Timestamp;

use crate::api_keys::{LISTED, item, listed_place, own_place, record};
use crate::passing::transact;
use crate::{AwsClients, DynamoApiKeys, sdk_error};

/// Makes, lists and revokes API keys in `<table>-state`. Nothing removes one: who shows it after its end is told apart
/// from who makes one up.
#[derive(Debug, Clone)]
pub struct KeyKeeper {
    client: aws_sdk_dynamodb::Client,
    table: String,
    keys: DynamoApiKeys,
}

impl KeyKeeper {
    /// The keys in the tables that begin with `table`.
    #[must_use]
    pub fn new(clients: &AwsClients, table: &str) -> Self {
        let keys = DynamoApiKeys::new(clients, table);
        Self { client: clients.dynamodb.clone(), table: format!("{table}-state"), keys }
    }

    /// Keeps a new key; `false` where one of its hash or id is there, and nothing is written.
    ///
    /// # Errors
    /// [`StoreError`] when the record is not sound, or the table does not answer.
    pub async fn create(&self, made: &ApiKeyRecord) -> Result<bool, StoreError> {
        made.check().map_err(|cause| StoreError(cause.to_string()))?;
        let puts = [own_place(made.hash), listed_place(&made.id)].into_iter().map(|place| {
            let put = Put::builder()
                .table_name(&self.table)
                .set_item(Some(item(place, made)?))
                .condition_expression("attribute_not_exists(#owner)")
                .expression_attribute_names("#owner", "owner")
                .build();
            put.map(|put| TransactWriteItem::builder().put(put).build()).map_err(|_| unwritable())
        });
        let written = transact(&self.client, puts.collect::<Result<_, _>>()?).await?;
        // A write whose answer was lost is found in its place.
        Ok(written || self.get(&made.id).await?.as_ref() == Some(made))
    }

    /// The key with this id.
    ///
    /// # Errors
    /// [`StoreError`] when the table does not answer, or the item is none of ours.
    pub async fn get(&self, id: &str) -> Result<Option<ApiKeyRecord>, StoreError> {
        let (owner, item) = listed_place(id);
        self.keys.read(&owner, &item).await
    }

    /// Every key, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`] when the table does not answer, or an item is none of ours.
    pub async fn list(&self) -> Result<Vec<ApiKeyRecord>, StoreError> {
        let mut listed = Vec::new();
        let mut start = None;
        loop {
            let page = self
                .client
                .query()
                .table_name(&self.table)
                .key_condition_expression("#owner = :owner")
                .expression_attribute_names("#owner", "owner")
                .expression_attribute_values(":owner", AttributeValue::S(LISTED.to_owned()))
                .consistent_read(true)
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(|error| StoreError(sdk_error::brief(&error)))?;
            for item in page.items.unwrap_or_default() {
                listed.push(record(item)?);
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                listed.sort_by(|one, other| (one.created, &one.id).cmp(&(other.created, &other.id)));
                return Ok(listed);
            }
        }
    }

    /// Revokes the key with this id at `at`, and says what is kept of it then; `None` where there is none. One that was
    /// revoked before stays as it is.
    ///
    /// # Errors
    /// [`StoreError`] when the table does not answer, or the item is none of ours.
    pub async fn revoke(&self, id: &str, at: Timestamp) -> Result<Option<ApiKeyRecord>, StoreError> {
        let Some(found) = self.get(id).await? else { return Ok(None) };
        if found.revoked.is_some() {
            return Ok(Some(found));
        }
        let updates = [own_place(found.hash), listed_place(id)].map(|(owner, item)| {
            let update = Update::builder()
                .table_name(&self.table)
                .key("owner", AttributeValue::S(owner))
                .key("item", AttributeValue::S(item))
                .update_expression("SET #revoked = :at")
                .condition_expression("attribute_exists(#owner) AND attribute_not_exists(#revoked)")
                .expression_attribute_names("#owner", "owner")
                .expression_attribute_names("#revoked", "revoked")
                .expression_attribute_values(":at", AttributeValue::S(at.to_string()))
                .build();
            update.map(|update| TransactWriteItem::builder().update(update).build())
        });
        let updates = updates.into_iter().collect::<Result<_, _>>().map_err(|_| unwritable())?;
        if transact(&self.client, updates).await? {
            return Ok(Some(ApiKeyRecord { revoked: Some(at), ..found }));
        }
        // Somebody else did, or it was this very write, whose answer was lost.
        match self.get(id).await? {
            Some(found) if found.revoked.is_some() => Ok(Some(found)),
            _ => Err(StoreError("the API key and the list of keys do not agree".to_owned())),
        }
    }
}

fn unwritable() -> StoreError {
    StoreError("the API key cannot be written as an item".to_owned())
}
