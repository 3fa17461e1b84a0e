use async_trait::async_trait;
use aws_sdk_dynamodb::config::Config;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use doorward_core::ports::StoreError;

use crate::attributes::Attributes;
use crate::limit_update::ItemUpdate;
use crate::{AwsClients, sdk_error};

/// The items of limits, each in the partition of its scope: `UpdateItem`, as far as limits use it.
#[async_trait]
pub(crate) trait LimitItems: Send + Sync {
    /// Updates the scope's item, where it is as the update's condition says.
    async fn update(&self, scope: &str, update: ItemUpdate) -> Result<Updated, StoreError>;

    /// The scope's item, as it is now; empty where it is not there.
    async fn item(&self, scope: &str) -> Result<Attributes, StoreError>;
}

/// What an update found.
pub(crate) enum Updated {
    /// It is done, and this is the item.
    Done(Attributes),
    /// The item breaks the condition, and is as it was.
    Otherwise(Attributes),
}

/// The items in `<table>-state`.
pub(crate) struct DynamoItems {
    client: aws_sdk_dynamodb::Client,
    table: String,
}

impl DynamoItems {
    pub(crate) fn new(clients: &AwsClients, table: &str) -> Self {
        Self { client: clients.dynamodb.clone(), table: format!("{table}-state") }
    }
}

/// The sort key of all of them.
const ITEM: &str = "limits";

#[async_trait]
impl LimitItems for DynamoItems {
    async fn update(&self, scope: &str, update: ItemUpdate) -> Result<Updated, StoreError> {
        let request = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("owner", AttributeValue::S(scope.to_owned()))
            .key("item", AttributeValue::S(ITEM.to_owned()))
            .update_expression(update.update)
            .condition_expression(update.condition)
            .set_expression_attribute_names(Some(update.names))
            .set_expression_attribute_values(Some(update.values))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let sent = if update.once {
            let once = Config::builder().retry_config(RetryConfig::disabled());
            request.customize().config_override(once).send().await
        } else {
            request.send().await
        };
        match sent {
            Ok(output) => Ok(Updated::Done(output.attributes.unwrap_or_default())),
            Err(SdkError::ServiceError(error)) => match error.into_err() {
                UpdateItemError::ConditionalCheckFailedException(failed) => {
                    Ok(Updated::Otherwise(failed.item.unwrap_or_default()))
                }
                error => Err(StoreError(sdk_error::code(&error))),
            },
            Err(error) => Err(StoreError(sdk_error::brief(&error))),
        }
    }

    async fn item(&self, scope: &str) -> Result<Attributes, StoreError> {
        let read = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("owner", AttributeValue::S(scope.to_owned()))
            .key("item", AttributeValue::S(ITEM.to_owned()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| StoreError(sdk_error::brief(&error)))?;
        Ok(read.item.unwrap_or_default())
    }
}
