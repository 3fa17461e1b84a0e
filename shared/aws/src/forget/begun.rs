//! The pseudonym of a caller who is being forgotten: `caller#<caller>`/`forgetting` in `<table>-state`, with `pseudonym`.
//! It is written before anything else and deleted behind everything else, so that whoever goes on after having been cut
//! off goes on to the same one, and nothing leads to the caller afterwards.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use doorward_core::ports::StoreError;

use super::Forget;
use crate::attributes::Attributes;
use crate::sdk_error;

pub(super) const ITEM: &str = "forgetting";

impl Forget {
    /// Writes the pseudonym, unless there is one; the one that is there then.
    pub(super) async fn write_begun(&self) -> Result<String, StoreError> {
        let mut item = self.begun_key();
        item.insert("pseudonym".to_owned(), AttributeValue::S(self.pseudonym.to().to_owned()));
        let put = self
            .client
            .put_item()
            .table_name(&*self.state_table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(#owner)")
            .expression_attribute_names("#owner", "owner")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match put {
            Ok(_) => Ok(self.pseudonym.to().to_owned()),
            Err(SdkError::ServiceError(error)) => match error.into_err() {
                PutItemError::ConditionalCheckFailedException(failed) => {
                    let begun = failed.item.as_ref().and_then(|item| item.get("pseudonym")?.as_s().ok());
                    begun.cloned().ok_or_else(|| {
                        StoreError("the pseudonym that was begun with cannot be read".to_owned())
                    })
                }
                error => Err(StoreError(sdk_error::code(&error))),
            },
            Err(error) => Err(StoreError(sdk_error::brief(&error))),
        }
    }

    pub(super) async fn delete_begun(&self) -> Result<(), StoreError> {
        let delete = self.client.delete_item().table_name(&*self.state_table).set_key(Some(self.begun_key()));
        delete.send().await.map(drop).map_err(|error| StoreError(sdk_error::brief(&error)))
    }

    fn begun_key(&self) -> Attributes {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        [("owner".to_owned(), text(&self.scope)), ("item".to_owned(), text(ITEM))].into()
    }
}
