use async_trait::async_trait;
use aws_sdk_dynamodb::operation::get_item::builders::GetItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use bytes::Bytes;
use doorward_core::ports::{Publications, StoreError};
use doorward_core::{Archive, Publication};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::attributes::{self, Attributes};
use crate::{AwsClients, sdk_error};

/// The partition of `<table>-state` that holds every publication.
pub(crate) const OWNER: &str = "bundle";
/// The item that says which one is in force.
pub(crate) const CURRENT: &str = "current";

/// Publications in `<table>-state`: `bundle`/`current` is the one in force, and `bundle#<archive>` holds an archive's
/// parts, `000`, `001`, …, under its own SHA-256, so that what is read is never half of one and half of another.
#[derive(Debug, Clone)]
pub struct DynamoPublications {
    client: aws_sdk_dynamodb::Client,
    table: String,
}

/// What the sort keys of publications begin with.
pub(crate) const PREFIX: &str = "publication#";

/// The sort key of the publication with this number.
pub(crate) fn publication_name(sequence: u64) -> String {
    format!("{PREFIX}{sequence:020}")
}

/// A publication as an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PublicationItem {
    owner: String,
    item: String,
    sequence: u64,
    digest: String,
    archive: String,
    bytes: u64,
    at: Timestamp,
    /// Not in what was published before doors were named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    door: Option<String>,
}

impl PublicationItem {
    pub(crate) fn of(item: String, publication: &Publication) -> Self {
        let Publication { sequence, digest, archive, bytes, at, door } = publication.clone();
        Self { owner: OWNER.to_owned(), item, sequence, digest, archive, bytes, at, door }
    }
}

/// The publication in `item`, if it has the form of one.
pub(crate) fn publication(item: Attributes) -> Result<Publication, StoreError> {
    let read: Option<PublicationItem> = attributes::read(item).ok();
    let hash = |text: &str| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match read {
        Some(PublicationItem { sequence: sequence @ 1.., digest, archive, bytes, at, door, .. })
            if hash(&digest) && hash(&archive) =>
        {
            Ok(Publication { sequence, digest, archive, bytes, at, door })
        }
        _ => Err(StoreError("a publication in the table cannot be read".to_owned())),
    }
}

/// The partition of an archive's parts.
pub(crate) fn parts_owner(archive: &str) -> String {
    format!("{OWNER}#{archive}")
}

/// The sort key of an archive's part.
pub(crate) fn part_name(part: usize) -> String {
    format!("{part:03}")
}

/// A part's bytes, at most: an item has 400 KB with its names.
pub(crate) const PART_BYTES: usize = 350_000;
/// The attribute that holds a part's bytes.
pub(crate) const DATA: &str = "data";
/// The attribute that says in each part how many there are.
pub(crate) const PARTS: &str = "parts";
/// More parts than this are no archive that this door would take.
const MOST_PARTS: usize = Archive::MAX_BYTES.div_ceil(PART_BYTES);

impl DynamoPublications {
    /// Publications in the tables that begin with `table`.
    #[must_use]
    pub fn new(clients: &AwsClients, table: &str) -> Self {
        Self { client: clients.dynamodb.clone(), table: format!("{table}-state") }
    }

    fn get(&self, owner: &str, item: &str) -> GetItemFluentBuilder {
        self.client
            .get_item()
            .table_name(&self.table)
            .key("owner", AttributeValue::S(owner.to_owned()))
            .key("item", AttributeValue::S(item.to_owned()))
            .consistent_read(true)
    }

    async fn read(&self, owner: &str, item: &str) -> Result<Option<Attributes>, StoreError> {
        let read = self.get(owner, item).send().await;
        Ok(read.map_err(|error| StoreError(sdk_error::brief(&error)))?.item)
    }

    /// One part, and how many its archive has; `None` when it is not there, or is none.
    async fn part(&self, owner: &str, part: usize) -> Result<Option<(Vec<u8>, usize)>, StoreError> {
        let Some(mut item) = self.read(owner, &part_name(part)).await? else { return Ok(None) };
        let parts = item.get(PARTS).and_then(|parts| parts.as_n().ok()).and_then(|parts| parts.parse().ok());
        let data = match item.remove(DATA) {
            Some(AttributeValue::B(data)) => Some(data.into_inner()),
            _ => None,
        };
        Ok(data.zip(parts))
    }
}

#[async_trait]
impl Publications for DynamoPublications {
    async fn current(&self) -> Result<Option<Publication>, StoreError> {
        self.read(OWNER, CURRENT).await?.map(publication).transpose()
    }

    async fn numbered(&self, sequence: u64) -> Result<Option<Publication>, StoreError> {
        self.read(OWNER, &publication_name(sequence)).await?.map(publication).transpose()
    }

    async fn fetch(&self, wanted: &Publication) -> Result<Option<Bytes>, StoreError> {
        let owner = parts_owner(&wanted.archive);
        let Some((mut archive, parts)) = self.part(&owner, 0).await? else { return Ok(None) };
        if parts > MOST_PARTS {
            return Ok(None);
        }
        for part in 1..parts {
            match self.part(&owner, part).await? {
                Some((data, of)) if of == parts => archive.extend(data),
                _ => return Ok(None),
            }
        }
        Ok(Some(archive.into()))
    }
}
