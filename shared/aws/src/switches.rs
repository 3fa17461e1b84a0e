use std::collections::HashSet;

use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use doorward_core::ports::{StoreError, Switches};

use crate::{AwsClients, sdk_error};

/// The partition of `<table>-state` that holds them: an item for each thing that is switched off.
pub(crate) const OWNER: &str = "switches";

/// What is switched off, in `<table>-state`.
#[derive(Debug, Clone)]
pub struct DynamoSwitches {
    client: aws_sdk_dynamodb::Client,
    table: String,
}

impl DynamoSwitches {
    /// The switches in the tables that begin with `table`.
    #[must_use]
    pub fn new(clients: &AwsClients, table: &str) -> Self {
        Self { client: clients.dynamodb.clone(), table: format!("{table}-state") }
    }
}

#[async_trait]
impl Switches for DynamoSwitches {
    async fn off(&self) -> Result<HashSet<String>, StoreError> {
        let mut off = HashSet::new();
        let mut start = None;
        loop {
            let page = self
                .client
                .query()
                .table_name(&self.table)
                .key_condition_expression("#owner = :owner")
                .projection_expression("#item")
                .expression_attribute_names("#owner", "owner")
                .expression_attribute_names("#item", "item")
                .expression_attribute_values(":owner", AttributeValue::S(OWNER.to_owned()))
                .consistent_read(true)
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(|error| StoreError(sdk_error::brief(&error)))?;
            for mut item in page.items.unwrap_or_default() {
                if let Some(AttributeValue::S(key)) = item.remove("item") {
                    off.insert(key);
                }
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(off);
            }
        }
    }
}
