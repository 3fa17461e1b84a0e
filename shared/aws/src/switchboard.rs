use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use doorward_core::ports::StoreError;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::attributes::{self, Attributes};
use crate::{AwsClients, sdk_error};

/// The partition of every switch.
const OWNER: &str = "switches";

/// What is switched off, for operators: owner `switches` of `<table>-state`, an item for each.
#[derive(Debug, Clone)]
pub struct Switchboard {
    client: aws_sdk_dynamodb::Client,
    table: String,
}

/// Something that is switched off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwitchedOff {
    /// `caller#User::"alice"`, `action#createOrder` or `target#orders`.
    #[serde(rename = "item")]
    pub key: String,
    /// Since when.
    pub since: Timestamp,
    /// Why, as it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

#[derive(Serialize)]
struct SwitchItem<'a> {
    owner: &'static str,
    #[serde(flatten)]
    off: &'a SwitchedOff,
}

impl Switchboard {
    /// The switches in the tables that begin with `table`.
    #[must_use]
    pub fn new(clients: &AwsClients, table: &str) -> Self {
        Self { client: clients.dynamodb.clone(), table: format!("{table}-state") }
    }

    /// Switches off. What is off already stays so since then, for the newer reason.
    ///
    /// # Errors
    /// [`StoreError`] when the table does not answer.
    pub async fn off(&self, off: &SwitchedOff) -> Result<SwitchedOff, StoreError> {
        let before = self.list().await?.into_iter().find(|known| known.key == off.key);
        let off = SwitchedOff { since: before.map_or(off.since, |before| before.since), ..off.clone() };
        let item = attributes::write(&SwitchItem { owner: OWNER, off: &off });
        let item = item.map_err(|error| StoreError(error.to_string()))?;
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item)).send().await;
        put.map(|_| off).map_err(|error| StoreError(sdk_error::brief(&error)))
    }

    /// Switches on again. `false` where it was not off.
    ///
    /// # Errors
    /// [`StoreError`] when the table does not answer.
    pub async fn on(&self, key: &str) -> Result<bool, StoreError> {
        let deleted = self
            .client
            .delete_item()
            .table_name(&self.table)
            .key("owner", AttributeValue::S(OWNER.to_owned()))
            .key("item", AttributeValue::S(key.to_owned()))
            .return_values(ReturnValue::AllOld)
            .send()
            .await
            .map_err(|error| StoreError(sdk_error::brief(&error)))?;
        Ok(deleted.attributes.is_some_and(|attributes| !attributes.is_empty()))
    }

    /// Everything that is off, by its key.
    ///
    /// # Errors
    /// [`StoreError`] when the table does not answer, or an item is none of ours.
    pub async fn list(&self) -> Result<Vec<SwitchedOff>, StoreError> {
        let items = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("#owner = :owner")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":owner", AttributeValue::S(OWNER.to_owned()))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<Attributes>, _>>()
            .await
            .map_err(|error| StoreError(sdk_error::brief(&error)))?;
        let items = items.into_iter().map(attributes::read).collect::<Result<_, _>>();
        items.map_err(|_| StoreError("a switch in the table cannot be read".to_owned()))
    }
}
