use std::collections::HashSet;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use doorward_config::{Plan, PlanDefinition};
use doorward_core::ports::{PlanKeeper, StoreError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::attributes::{self, Attributes};
use crate::{AwsClients, sdk_error};

/// Longer than this, a sandbox does not wait for the store before its first call.
const PATIENCE: Duration = Duration::from_secs(1);
/// Keys of one `BatchGetItem`, at most (Amazon DynamoDB API Reference).
const MOST_KEYS: usize = 100;

/// What plans were, in `<table>-state`: owner `plan#<name>`, item `<version>`, kept for good.
#[derive(Debug, Clone)]
pub struct DynamoPlanVersions {
    client: aws_sdk_dynamodb::Client,
    table: String,
}

#[derive(Serialize, Deserialize)]
struct PlanItem {
    owner: String,
    item: String,
    definition: String,
    since: Timestamp,
}

/// A version of a plan that a door served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptPlan {
    /// Its version.
    pub version: String,
    /// What it is made of.
    pub definition: PlanDefinition,
    /// When a door first started with it.
    pub since: Timestamp,
}

impl DynamoPlanVersions {
    /// What plans were, in the tables that begin with `table`.
    #[must_use]
    pub fn new(clients: &AwsClients, table: &str) -> Self {
        Self { client: clients.dynamodb.clone(), table: format!("{table}-state") }
    }

    /// Every version that was kept of the plan with this name, in no order.
    ///
    /// # Errors
    /// [`StoreError`] when the table does not answer, or holds a version that is not what it is called.
    pub async fn all(&self, plan: &str) -> Result<Vec<KeptPlan>, StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("#owner = :owner")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":owner", AttributeValue::S(owner(plan)))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<Attributes>, _>>()
            .await;
        let items = query.map_err(|error| StoreError(sdk_error::brief(&error)))?;
        let unreadable = || StoreError(format!("a version of the plan `{plan}` cannot be read"));
        let kept = items.into_iter().map(|item| {
            let PlanItem { item, definition, since, .. } =
                attributes::read(item).map_err(|_| unreadable())?;
            let definition =
                PlanDefinition::kept(&definition, &item).map_err(|error| StoreError(error.to_string()))?;
            Ok(KeptPlan { version: item, definition, since })
        });
        kept.collect()
    }

    async fn keep_missing(&self, plans: &[Plan], now: Timestamp) -> Result<(), StoreError> {
        let mut kept = HashSet::new();
        for some in plans.chunks(MOST_KEYS) {
            kept.extend(self.kept(some).await?);
        }
        for plan in plans.iter().filter(|plan| !kept.contains(&owner(&plan.name))) {
            self.put(plan, now).await?;
        }
        Ok(())
    }

    /// Owners of the versions of `plans` that are there. What the table leaves out as too much at once counts as missing,
    /// and is then there already when it is to be put.
    async fn kept(&self, plans: &[Plan]) -> Result<Vec<String>, StoreError> {
        let mut keys = KeysAndAttributes::builder()
            .projection_expression("#owner")
            .expression_attribute_names("#owner", "owner")
            .consistent_read(true);
        for plan in plans {
            keys = keys.keys(key(plan));
        }
        let keys = keys.build().map_err(|error| StoreError(error.to_string()))?;
        let read = self.client.batch_get_item().request_items(&self.table, keys).send().await;
        let read = read.map_err(|error| StoreError(sdk_error::brief(&error)))?;
        let items = read.responses.unwrap_or_default().remove(&self.table).unwrap_or_default();
        Ok(items.iter().filter_map(|item| item.get("owner")?.as_s().ok().cloned()).collect())
    }

    /// Another sandbox may have been first: its time stands.
    async fn put(&self, plan: &Plan, now: Timestamp) -> Result<(), StoreError> {
        let item = PlanItem {
            owner: owner(&plan.name),
            item: plan.version.clone(),
            definition: plan.definition.text().to_owned(),
            since: now,
        };
        let item = attributes::write(&item).map_err(|error| StoreError(error.to_string()))?;
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(#owner)")
            .expression_attribute_names("#owner", "owner")
            .send()
            .await;
        match put {
            Ok(_) => Ok(()),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|error| error.is_conditional_check_failed_exception()) =>
            {
                Ok(())
            }
            Err(error) => Err(StoreError(sdk_error::brief(&error))),
        }
    }
}

fn owner(plan: &str) -> String {
    format!("plan#{plan}")
}

fn key(plan: &Plan) -> Attributes {
    Attributes::from([
        ("owner".to_owned(), AttributeValue::S(owner(&plan.name))),
        ("item".to_owned(), AttributeValue::S(plan.version.clone())),
    ])
}

#[async_trait]
impl PlanKeeper for DynamoPlanVersions {
    async fn keep(&self, plans: &[Plan]) {
        let keeping = self.keep_missing(plans, Timestamp::now());
        let cause = match tokio::time::timeout(PATIENCE, keeping).await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "timed out".to_owned(),
        };
        tracing::warn!(cause, "versions of plans are not kept yet");
    }
}
