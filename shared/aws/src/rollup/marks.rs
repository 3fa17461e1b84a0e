use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use aws_sdk_dynamodb::types::KeysAndAttributes;
use doorward_core::ports::StoreError;
use doorward_core::usage::Marks;

use super::marker;
use crate::attributes::Attributes;
use crate::sdk_error;

/// The most items of one read
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html>).
const MOST_KEYS: usize = 100;
/// How often what a read left out is asked for again.
const ATTEMPTS: u32 = 5;
const FIRST_WAIT: Duration = Duration::from_millis(20);

/// The markers of rows, by the rows' ids.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) marks: BTreeMap<String, Marks>,
    /// Ids of rows that have a marker which cannot be read.
    pub(super) broken: BTreeSet<String>,
}

/// Reads the markers in these places, as they are now.
pub(super) async fn read(
    client: &aws_sdk_dynamodb::Client,
    table: &str,
    places: Vec<(String, usize)>,
) -> Result<Found, StoreError> {
    let mut found = Found::default();
    for places in places.chunks(MOST_KEYS) {
        let mut keys: Vec<Attributes> = places.iter().map(|(id, part)| marker::key(id, *part)).collect();
        for attempt in 0.. {
            keys = ask(client, table, keys, &mut found).await?;
            if keys.is_empty() {
                break;
            }
            if attempt == ATTEMPTS {
                return Err(StoreError("the table answers a part of what it is asked".to_owned()));
            }
            tokio::time::sleep(FIRST_WAIT * 2_u32.pow(attempt)).await;
        }
    }
    Ok(found)
}

/// Asks for these keys; those that were left out.
async fn ask(
    client: &aws_sdk_dynamodb::Client,
    table: &str,
    keys: Vec<Attributes>,
    found: &mut Found,
) -> Result<Vec<Attributes>, StoreError> {
    let keys = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build();
    let keys = keys.map_err(|_| StoreError("the request cannot be built".to_owned()))?;
    let read = client.batch_get_item().request_items(table, keys).send().await;
    let read = read.map_err(|error| StoreError(sdk_error::brief(&error)))?;
    let items: Vec<HashMap<_, _>> = read.responses.unwrap_or_default().into_values().flatten().collect();
    for item in items {
        let Some((id, part)) = marker::place(&item) else { continue };
        match marker::read(&item) {
            Some(mark) => drop(found.marks.entry(id).or_default().insert(part, mark)),
            None => drop(found.broken.insert(id)),
        }
    }
    let left = read.unprocessed_keys.unwrap_or_default();
    Ok(left.into_values().flat_map(|keys| keys.keys).collect())
}
