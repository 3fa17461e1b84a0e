use async_trait::async_trait;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use doorward_core::limit::{Ask, Level, Reserved};
use doorward_core::ports::{LimitStore, StoreError};
use jiff::SignedDuration;

use crate::attributes::Attributes;
use crate::limit_memory::{LimitMemory, Sighting};
use crate::limit_update::{Levels, level, levels, limit_update};
use crate::{AwsClients, sdk_error};

/// Guesses of how the item is. The first failure shows it, so a second one is rarely needed and a third hardly ever.
const ATTEMPTS: usize = 3;
/// For how long a refusal is repeated without asking: a flood over its limit costs a write a second, not one a call.
const REFUSAL_HOLDS: SignedDuration = SignedDuration::from_secs(1);

/// Limits in `<table>-state`: one item per scope, one conditional write per admitted call.
#[derive(Debug)]
pub struct DynamoLimits {
    client: aws_sdk_dynamodb::Client,
    table: String,
    memory: LimitMemory,
}

/// What one update found.
enum Found {
    Taken(Attributes),
    Otherwise(Attributes),
}

impl DynamoLimits {
    /// Limits in the tables that begin with `table`.
    #[must_use]
    pub fn new(clients: &AwsClients, table: &str) -> Self {
        let client = clients.dynamodb.clone();
        Self { client, table: format!("{table}-state"), memory: LimitMemory::default() }
    }

    async fn update(&self, ask: &Ask, seen: &Levels) -> Result<Found, StoreError> {
        let made = limit_update(ask, seen);
        let sent = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("owner", AttributeValue::S(ask.scope.clone()))
            .key("item", AttributeValue::S("limits".to_owned()))
            .update_expression(made.update)
            .condition_expression(made.condition)
            .set_expression_attribute_names(Some(made.names))
            .set_expression_attribute_values(Some(made.values))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match sent {
            Ok(output) => Ok(Found::Taken(output.attributes.unwrap_or_default())),
            Err(SdkError::ServiceError(error)) => match error.into_err() {
                UpdateItemError::ConditionalCheckFailedException(failed) => {
                    Ok(Found::Otherwise(failed.item.unwrap_or_default()))
                }
                error => Err(StoreError(sdk_error::code(&error))),
            },
            Err(error) => Err(StoreError(sdk_error::brief(&error))),
        }
    }
}

#[async_trait]
impl LimitStore for DynamoLimits {
    async fn reserve(&self, ask: &Ask) -> Result<Reserved, StoreError> {
        if ask.slots.is_empty() {
            return Ok(Reserved::Granted(Vec::new()));
        }
        let sighting = self.memory.recall(&ask.scope).unwrap_or_default();
        let fresh = ask.now.duration_since(sighting.at).abs() < REFUSAL_HOLDS;
        if never_gives(ask) || (fresh && refuses(ask, &sighting.levels)) {
            return Ok(Reserved::Refused(in_order(ask, &sighting.levels)));
        }
        let mut seen = sighting.levels;
        for _ in 0..ATTEMPTS {
            let found = self.update(ask, &seen).await?;
            let (Found::Taken(item) | Found::Otherwise(item)) = &found;
            seen = levels(item);
            self.memory.remember(&ask.scope, Sighting { at: ask.now, levels: seen.clone() });
            match found {
                Found::Taken(_) => return Ok(Reserved::Granted(in_order(ask, &seen))),
                Found::Otherwise(_) if refuses(ask, &seen) => {
                    return Ok(Reserved::Refused(in_order(ask, &seen)));
                }
                Found::Otherwise(_) => {}
            }
        }
        Err(StoreError("the limits of this caller are contended".to_owned()))
    }
}

/// Whether a slot refuses however little was used: a limit of zero, or more units than a burst.
fn never_gives(ask: &Ask) -> bool {
    ask.slots.iter().any(|slot| slot.refuses(slot.unused(), ask.units, ask.now))
}

fn refuses(ask: &Ask, seen: &Levels) -> bool {
    ask.slots.iter().any(|slot| slot.refuses(level(slot, seen), ask.units, ask.now))
}

fn in_order(ask: &Ask, seen: &Levels) -> Vec<Level> {
    ask.slots.iter().map(|slot| level(slot, seen)).collect()
}
