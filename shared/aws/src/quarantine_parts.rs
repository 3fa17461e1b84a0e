//! Records that are larger than an item of DynamoDB: they lie beside the item that tells of them, in parts.

use aws_lc_rs::digest::{SHA256, digest};
use aws_sdk_dynamodb::types::AttributeValue;
use doorward_core::ports::StoreError;
use serde::{Deserialize, Serialize};

use crate::attributes::Attributes;
use crate::quarantine::QuarantineItem;
use crate::{DynamoQuarantine, sdk_error};

/// Larger records lie in parts, in bytes of JSON: an item has 400 KB, what is told of the record among them.
pub(crate) const LARGEST_WHOLE: usize = 320 * 1024;
/// The most of a part, in bytes.
const PART_BYTES: usize = 350_000;
/// The attribute that holds a part's text.
const DATA: &str = "data";

/// What the owners of parts begin with: the id of the call follows.
pub(crate) const PREFIX: &str = "quarantine#";

/// Where a record lies that is larger than an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Parts {
    count: usize,
    /// The SHA-256 of the whole, in hex: another record of the same call has parts of its own.
    digest: String,
}

impl Parts {
    fn key(&self, call: &str, part: usize) -> Attributes {
        let Self { digest, .. } = self;
        Attributes::from([
            ("owner".to_owned(), AttributeValue::S(format!("{PREFIX}{call}"))),
            ("item".to_owned(), AttributeValue::S(format!("{digest}#{part:03}"))),
        ])
    }
}

impl DynamoQuarantine {
    /// Writes the record apart where it is too large to stand in its item, before the item itself: what is told of is there.
    /// The item as it is to be written.
    pub(crate) async fn write_apart(&self, item: &QuarantineItem) -> Result<QuarantineItem, StoreError> {
        let Some(record) = item.record.as_deref().filter(|record| record.len() > LARGEST_WHOLE) else {
            return Ok(item.clone());
        };
        let texts = split(record);
        let digest = digest(&SHA256, record.as_bytes());
        let digest = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        let parts = Parts { count: texts.len(), digest };
        for (part, text) in texts.into_iter().enumerate() {
            let mut put = self
                .client
                .put_item()
                .table_name(&self.table)
                .set_item(Some(parts.key(&item.call, part)))
                .item(DATA, AttributeValue::S(text.to_owned()))
                .item("expires", AttributeValue::N(item.expires.to_string()));
            if let Some(caller) = &item.caller {
                put = put.item("caller", AttributeValue::S(caller.clone()));
            }
            put.send().await.map_err(|error| StoreError(sdk_error::brief(&error)))?;
        }
        let mut apart = item.clone();
        (apart.record, apart.parts) = (None, Some(parts));
        Ok(apart)
    }

    /// The item with its whole record; without, where a part of it is gone.
    pub(crate) async fn read_apart(&self, mut item: QuarantineItem) -> Result<QuarantineItem, StoreError> {
        let Some(parts) = item.parts.clone() else { return Ok(item) };
        let mut record = String::new();
        for part in 0..parts.count {
            let get = self.client.get_item().table_name(&self.table).consistent_read(true);
            let get = get.set_key(Some(parts.key(&item.call, part)));
            let read = get.send().await.map_err(|error| StoreError(sdk_error::brief(&error)))?;
            match read.item.as_ref().and_then(|found| found.get(DATA)?.as_s().ok()) {
                Some(text) => record.push_str(text),
                None => return Ok(item),
            }
        }
        item.record = Some(record);
        Ok(item)
    }

    /// Deletes the parts of what an item told of that is gone.
    pub(crate) async fn drop_parts(&self, item: &QuarantineItem) -> Result<(), StoreError> {
        let Some(parts) = &item.parts else { return Ok(()) };
        for part in 0..parts.count {
            let delete = self.client.delete_item().table_name(&self.table);
            let delete = delete.set_key(Some(parts.key(&item.call, part)));
            delete.send().await.map_err(|error| StoreError(sdk_error::brief(&error)))?;
        }
        Ok(())
    }
}

/// The text in parts of at most [`PART_BYTES`], none of which ends within a character.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut rest) = (Vec::new(), text);
    while rest.len() > PART_BYTES {
        let (part, more) = rest.split_at(rest.floor_char_boundary(PART_BYTES));
        parts.push(part);
        rest = more;
    }
    parts.push(rest);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_the_text_and_end_between_characters() {
        for text in ["x".repeat(PART_BYTES), "ä€".repeat(200_000), format!("x{}", "€".repeat(300_000))] {
            let parts = split(&text);
            assert_eq!(parts.concat(), text);
            assert!(parts.iter().all(|part| part.len() <= PART_BYTES));
            assert_eq!(parts.len(), text.len().div_ceil(PART_BYTES));
        }
    }
}
