use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use doorward_core::Publication;
use doorward_core::ports::{Publications as _, StoreError};
use jiff::Timestamp;

use crate::attributes::{self, Attributes};
use crate::passing::transact;
use crate::publications::{
    CURRENT, DATA, OWNER, PART_BYTES, PARTS, PREFIX, PublicationItem, part_name, parts_owner, publication,
    publication_name,
};
use crate::{AwsClients, DynamoPublications, sdk_error};

/// How often a number is tried while others publish at the same time.
const ATTEMPTS: usize = 20;

/// Publishes bundles in `<table>-state`. Every publication stays as `bundle`/`publication#<number>`, and so do the
/// archives' parts: what was published can be published anew.
#[derive(Debug, Clone)]
pub struct Publisher {
    client: aws_sdk_dynamodb::Client,
    table: String,
    publications: DynamoPublications,
}

impl Publisher {
    /// A publisher into the tables that begin with `table`.
    #[must_use]
    pub fn new(clients: &AwsClients, table: &str) -> Self {
        let publications = DynamoPublications::new(clients, table);
        Self { client: clients.dynamodb.clone(), table: format!("{table}-state"), publications }
    }

    /// Stores `archive`, which holds the bundle with this digest for the door of this name, and puts it in force under
    /// the next number.
    ///
    /// # Errors
    /// [`StoreError`] when the table does not answer; what is in force stays then.
    pub async fn publish(
        &self,
        door: &str,
        digest: &str,
        archive: &[u8],
        at: Timestamp,
    ) -> Result<Publication, StoreError> {
        let first = Publication { door: Some(door.to_owned()), ..Publication::of(1, digest, archive, at) };
        let parts = archive.chunks(PART_BYTES);
        let count = AttributeValue::N(parts.len().to_string());
        for (part, data) in parts.enumerate() {
            let put = self
                .client
                .put_item()
                .table_name(&self.table)
                .item("owner", AttributeValue::S(parts_owner(&first.archive)))
                .item("item", AttributeValue::S(part_name(part)))
                .item(PARTS, count.clone())
                .item(DATA, AttributeValue::B(data.to_vec().into()));
            put.send().await.map_err(|error| StoreError(sdk_error::brief(&error)))?;
        }
        self.put_in_force(first).await
    }

    /// Puts what was published before in force anew, under the next number.
    ///
    /// # Errors
    /// [`StoreError`] when the table does not answer; what is in force stays then.
    pub async fn publish_anew(
        &self,
        earlier: &Publication,
        at: Timestamp,
    ) -> Result<Publication, StoreError> {
        self.put_in_force(Publication { at, ..earlier.clone() }).await
    }

    /// Every publication, the newest first.
    ///
    /// # Errors
    /// [`StoreError`] when the table does not answer, or an item is none of ours.
    pub async fn list(&self) -> Result<Vec<Publication>, StoreError> {
        let mut found = Vec::new();
        let mut start = None;
        loop {
            let (items, next) = self.page(start, None).await?;
            for item in items {
                found.push(publication(item)?);
            }
            start = next;
            if start.is_none() {
                return Ok(found);
            }
        }
    }

    /// The number and the pointer are written together or not at all, and only if nobody took the number meanwhile.
    async fn put_in_force(&self, wanted: Publication) -> Result<Publication, StoreError> {
        for _ in 0..ATTEMPTS {
            let sequence = self.latest().await?.checked_add(1);
            let sequence = sequence.ok_or_else(|| StoreError("there is no higher number".to_owned()))?;
            let next = Publication { sequence, ..wanted.clone() };
            if self.write(&next).await? {
                return Ok(next);
            }
            // A write whose answer was lost is found in its place.
            if self.publications.current().await?.as_ref() == Some(&next) {
                return Ok(next);
            }
        }
        Err(StoreError("others publish at the same time".to_owned()))
    }

    /// The highest number that was ever taken; zero before the first.
    async fn latest(&self) -> Result<u64, StoreError> {
        let (newest, _) = self.page(None, Some(1)).await?;
        let newest = newest.into_iter().next().map(publication).transpose()?;
        let current = self.publications.current().await?;
        Ok([newest, current].into_iter().flatten().map(|publication| publication.sequence).max().unwrap_or(0))
    }

    /// Whether the number was free and is taken now.
    async fn write(&self, next: &Publication) -> Result<bool, StoreError> {
        let number = AttributeValue::N(next.sequence.to_string());
        // Twenty digits hold every number, so that they sort as numbers do.
        let numbered = self.put(publication_name(next.sequence), next)?;
        let numbered = numbered.condition_expression("attribute_not_exists(#owner)");
        let current = self.put(CURRENT.to_owned(), next)?;
        let current = current
            .condition_expression("attribute_not_exists(#owner) OR #sequence < :sequence")
            .expression_attribute_names("#sequence", "sequence")
            .expression_attribute_values(":sequence", number);
        let puts = [numbered, current].into_iter().map(|put| {
            let put = put.table_name(&self.table).expression_attribute_names("#owner", "owner").build();
            put.map(|put| TransactWriteItem::builder().put(put).build())
        });
        let puts = puts.collect::<Result<Vec<_>, _>>().map_err(|_| unwritable())?;
        transact(&self.client, puts).await
    }

    fn put(
        &self,
        item: String,
        publication: &Publication,
    ) -> Result<aws_sdk_dynamodb::types::builders::PutBuilder, StoreError> {
        let item = attributes::write(&PublicationItem::of(item, publication)).map_err(|_| unwritable())?;
        Ok(Put::builder().set_item(Some(item)))
    }

    /// Publications, the newest first.
    async fn page(
        &self,
        start: Option<Attributes>,
        most: Option<i32>,
    ) -> Result<(Vec<Attributes>, Option<Attributes>), StoreError> {
        let page = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("#owner = :owner AND begins_with(#item, :prefix)")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_names("#item", "item")
            .expression_attribute_values(":owner", AttributeValue::S(OWNER.to_owned()))
            .expression_attribute_values(":prefix", AttributeValue::S(PREFIX.to_owned()))
            .consistent_read(true)
            .scan_index_forward(false)
            .set_limit(most)
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(|error| StoreError(sdk_error::brief(&error)))?;
        Ok((page.items.unwrap_or_default(), page.last_evaluated_key))
    }
}

fn unwritable() -> StoreError {
    StoreError("the publication cannot be written as an item".to_owned())
}
