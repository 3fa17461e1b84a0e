use async_trait::async_trait;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use doorward_core::limit::{Ask, Assignment, GiveBack, Level, Reserved};
use doorward_core::ports::{LimitStore, StoreError};
use jiff::SignedDuration;

use crate::attributes::Attributes;
use crate::limit_memory::{LimitMemory, Sighting};
use crate::limit_update::{
    Levels, PLAN, Seen, assignment, attribute, block_levels, lease_attribute, level, limit_update, seen,
};
use crate::{AwsClients, sdk_error};

/// Guesses of how the item is. The first failure shows it, so a second one is rarely needed and a third hardly ever.
const ATTEMPTS: usize = 3;
/// For how long a refusal is repeated without asking: a flood over its limit costs a write a second, not one a call.
const REFUSAL_HOLDS: SignedDuration = SignedDuration::from_secs(1);

/// Limits in `<table>-state`: one item per scope, one conditional write per admitted call or block.
#[derive(Debug)]
pub struct DynamoLimits {
    client: aws_sdk_dynamodb::Client,
    table: String,
    memory: LimitMemory,
}

/// What one update found.
enum Found {
    /// Taken, with a block of this size.
    Taken(Attributes, u64),
    Otherwise(Attributes),
}

impl DynamoLimits {
    /// Limits in the tables that begin with `table`.
    #[must_use]
    pub fn new(clients: &AwsClients, table: &str) -> Self {
        let client = clients.dynamodb.clone();
        Self { client, table: format!("{table}-state"), memory: LimitMemory::default() }
    }

    /// An update of the scope's item.
    fn update_of(&self, scope: &str) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.table)
            .key("owner", AttributeValue::S(scope.to_owned()))
            .key("item", AttributeValue::S("limits".to_owned()))
    }

    async fn update(&self, ask: &Ask, seen: &Seen) -> Result<Found, StoreError> {
        let made = limit_update(ask, seen);
        let sent = self
            .update_of(&ask.scope)
            .update_expression(made.update)
            .condition_expression(made.condition)
            .set_expression_attribute_names(Some(made.names))
            .set_expression_attribute_values(Some(made.values))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match sent {
            Ok(output) => Ok(Found::Taken(output.attributes.unwrap_or_default(), made.size)),
            Err(SdkError::ServiceError(error)) => match error.into_err() {
                UpdateItemError::ConditionalCheckFailedException(failed) => {
                    let item = failed.item.unwrap_or_default();
                    let lease = ask.block.as_ref().map(|block| lease_attribute(&block.lease));
                    // The update was sent again because the answer to it was lost: it is done.
                    if lease.is_some_and(|lease| item.contains_key(&lease)) {
                        return Ok(Found::Taken(item, made.size));
                    }
                    Ok(Found::Otherwise(item))
                }
                error => Err(StoreError(sdk_error::code(&error))),
            },
            Err(error) => Err(StoreError(sdk_error::brief(&error))),
        }
    }

    /// What was seen of the scope, if it was seen just now.
    fn fresh(&self, ask: &Ask) -> Option<Seen> {
        let sighting = self.memory.recall(&ask.scope)?;
        (ask.now.duration_since(sighting.at).abs() < REFUSAL_HOLDS).then_some(sighting.seen)
    }
}

#[async_trait]
impl LimitStore for DynamoLimits {
    async fn reserve(&self, ask: &Ask) -> Result<Reserved, StoreError> {
        if ask.slots.is_empty() && ask.block.is_none() {
            return Ok(Reserved::Granted { levels: Vec::new(), block: 0 });
        }
        let mut seen_last = self.memory.recall(&ask.scope).map(|sighting| sighting.seen).unwrap_or_default();
        if refuses(ask, &Levels::new()) {
            return Ok(Reserved::Refused(in_order(ask, &seen_last.levels)));
        }
        if let Some(levels) = self.recall(ask) {
            return Ok(Reserved::Refused(levels));
        }
        for _ in 0..ATTEMPTS {
            let found = self.update(ask, &seen_last).await?;
            let (Found::Taken(item, _) | Found::Otherwise(item)) = &found;
            seen_last = seen(item, ask.now);
            self.memory.remember(&ask.scope, Sighting { at: ask.now, seen: seen_last.clone() });
            match found {
                Found::Taken(_, block) => {
                    return Ok(Reserved::Granted { levels: in_order(ask, &seen_last.levels), block });
                }
                Found::Otherwise(item) => {
                    let assigned = assignment(&item);
                    if ask.assignment.as_ref().is_some_and(|assignment| *assignment != assigned) {
                        return Ok(Reserved::Reassigned(assigned));
                    }
                    if refuses(ask, &seen_last.levels) {
                        return Ok(Reserved::Refused(in_order(ask, &seen_last.levels)));
                    }
                }
            }
        }
        Err(StoreError("the limits of this scope are contended".to_owned()))
    }

    fn recall(&self, ask: &Ask) -> Option<Vec<Level>> {
        let seen = self.fresh(ask)?;
        refuses(ask, &seen.levels).then(|| in_order(ask, &seen.levels))
    }

    async fn give_back(&self, back: &GiveBack) -> Result<(), StoreError> {
        let mut update = self.update_of(&back.scope);
        let (mut sets, mut conditions) = (Vec::new(), Vec::new());
        for (index, slot) in back.slots.iter().enumerate() {
            let name = format!("#s{index}");
            sets.push(format!("{name} = {name} - :units"));
            conditions.push(format!("{name} >= :units"));
            update = update.expression_attribute_names(name, attribute(slot));
        }
        if sets.is_empty() || back.units == 0 {
            return Ok(());
        }
        let mut expression = format!("SET {}", sets.join(", "));
        if let Some(lease) = &back.lease {
            expression.push_str(" REMOVE #lease");
            conditions.push("attribute_exists(#lease)".to_owned());
            update = update.expression_attribute_names("#lease", lease_attribute(lease));
        }
        let update = update
            .update_expression(expression)
            .condition_expression(conditions.join(" AND "))
            .expression_attribute_values(":units", AttributeValue::N(back.units.to_string()));
        let sent = if back.lease.is_some() {
            update.send().await.map(drop)
        } else {
            // Nothing names it, so a second one could not be told from the first.
            let once = aws_sdk_dynamodb::config::Config::builder().retry_config(RetryConfig::disabled());
            update.customize().config_override(once).send().await.map(drop)
        };
        match sent {
            Ok(()) => Ok(()),
            // It went back before, or its window is over.
            Err(SdkError::ServiceError(error)) if error.err().is_conditional_check_failed_exception() => {
                Ok(())
            }
            Err(error) => Err(StoreError(sdk_error::brief(&error))),
        }
    }

    async fn assignment(&self, scope: &str) -> Result<Assignment, StoreError> {
        let read = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("owner", AttributeValue::S(scope.to_owned()))
            .key("item", AttributeValue::S("limits".to_owned()))
            .projection_expression("#plan")
            .expression_attribute_names("#plan", PLAN)
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| StoreError(sdk_error::brief(&error)))?;
        Ok(assignment(&read.item.unwrap_or_default()))
    }
}

/// Whether a slot refuses where the scope stands at `levels`.
fn refuses(ask: &Ask, levels: &Levels) -> bool {
    ask.slots.iter().any(|slot| slot.refuses(level(slot, levels), ask.units, ask.now))
        || ask.block.as_ref().is_some_and(|block| block.size(&block_levels(block, levels), ask.now).is_none())
}

/// The levels of the slots, and then of those of the block.
fn in_order(ask: &Ask, levels: &Levels) -> Vec<Level> {
    let block = ask.block.iter().flat_map(|block| &block.slots);
    ask.slots.iter().chain(block).map(|slot| level(slot, levels)).collect()
}
