use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use doorward_core::ports::{Aggregates, StoreError};
use doorward_core::usage::{Bucket, Group, Row, Sums};
use doorward_model::Outcome;

use crate::attributes::Attributes;
use crate::{AwsClients, sdk_error};

/// Reads the aggregates in `<table>-state`, as [`Row`] says where they stand.
#[derive(Debug, Clone)]
pub struct UsageReader {
    client: aws_sdk_dynamodb::Client,
    table: String,
}

impl UsageReader {
    /// The aggregates in the tables that begin with `table`.
    #[must_use]
    pub fn new(clients: &AwsClients, table: &str) -> Self {
        Self { client: clients.dynamodb.clone(), table: format!("{table}-state") }
    }

    /// What `bucket` sums up, by group: all shards at once, every page of each.
    ///
    /// # Errors
    /// [`StoreError`] when the table does not answer, or a row is none of ours: a report must not leave anything out.
    pub async fn bucket(&self, bucket: Bucket) -> Result<BTreeMap<Group, Sums>, StoreError> {
        let mut shards = tokio::task::JoinSet::new();
        for shard in 0..Row::SHARDS {
            let (reader, owner) = (self.clone(), Row::owner_of(bucket, shard));
            shards.spawn(async move { reader.rows(&owner, None).await });
        }
        let mut sums: BTreeMap<Group, Sums> = BTreeMap::new();
        while let Some(rows) = shards.join_next().await {
            for (group, row) in rows.map_err(|_| StoreError("a read was cut off".to_owned()))?? {
                *sums.entry(group).or_default() += row;
            }
        }
        Ok(sums)
    }

    async fn caller(&self, bucket: Bucket, caller: &str) -> Result<BTreeMap<Group, Sums>, StoreError> {
        let group = Group {
            caller: caller.to_owned(),
            action: None,
            target: None,
            purpose: None,
            outcome: Outcome::Admitted,
            plan: None,
            plan_version: None,
        };
        let mut sums: BTreeMap<Group, Sums> = BTreeMap::new();
        let owner = Row { bucket, group }.owner();
        for beginning in Row::items_of(caller) {
            for (group, row) in self.rows(&owner, Some(&beginning)).await? {
                if group.caller == caller {
                    *sums.entry(group).or_default() += row;
                }
            }
        }
        Ok(sums)
    }

    /// The rows of a partition, or those of them whose keys begin so.
    async fn rows(&self, owner: &str, beginning: Option<&str>) -> Result<Vec<(Group, Sums)>, StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":owner", AttributeValue::S(owner.to_owned()));
        let query = match beginning {
            None => query.key_condition_expression("#owner = :owner"),
            Some(beginning) => query
                .key_condition_expression("#owner = :owner AND begins_with(#item, :beginning)")
                .expression_attribute_names("#item", "item")
                .expression_attribute_values(":beginning", AttributeValue::S(beginning.to_owned())),
        };
        let items = query
            .consistent_read(true)
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<Attributes>, _>>()
            .await
            .map_err(|error| StoreError(sdk_error::brief(&error)))?;
        let rows = items.iter().map(|item| read(owner, item)).collect::<Option<_>>();
        rows.ok_or_else(|| StoreError(format!("a row of `{owner}` cannot be read")))
    }
}

#[async_trait]
impl Aggregates for UsageReader {
    async fn of_caller(&self, bucket: Bucket, caller: &str) -> Result<BTreeMap<Group, Sums>, StoreError> {
        self.caller(bucket, caller).await
    }
}

fn read(owner: &str, item: &Attributes) -> Option<(Group, Sums)> {
    let text = |name: &str| item.get(name)?.as_s().ok();
    let (row, _) = Row::read(owner, text("item")?, text("group").map(String::as_str)).ok()?;
    let mut whole = true;
    let sums = Sums::from_named(|name| match item.get(name) {
        None => 0,
        Some(value) => value.as_n().ok().and_then(|value| value.parse().ok()).unwrap_or_else(|| {
            whole = false;
            0
        }),
    });
    whole.then_some((row.group, sums))
}
