use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem, Update};
use doorward_core::limit::caller_scope;
use doorward_core::ports::StoreError;
use doorward_model::EntityName;
use jiff::Timestamp;
use serde::Deserialize;

use crate::attributes::{self, Attributes};
use crate::{AwsClients, sdk_error};

/// The item that holds what a caller consumed, and which plan the caller was assigned.
pub(crate) const LIMITS: &str = "limits";
/// What the items of a caller's history begin with.
pub(crate) const HISTORY: &str = "plan#";
/// How often an assignment is tried that meets calls which change the same item.
const ATTEMPTS: usize = 5;

/// Which plans callers were assigned, in `<table>-state`: owner `caller#<caller>`. The attribute `plan` of the item
/// `limits` is what holds, checked by the update that every call makes of it; the items `plan#<time>` are its history.
#[derive(Debug, Clone)]
pub struct Assignments {
    client: aws_sdk_dynamodb::Client,
    table: String,
}

/// A change of a caller's plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assigned {
    /// When.
    pub at: Timestamp,
    /// The plan; `None` where the assignment was taken back.
    pub plan: Option<String>,
    /// Who did it, as they said.
    pub by: Option<String>,
}

#[derive(Deserialize)]
struct HistoryItem {
    item: String,
    plan: Option<String>,
    by: Option<String>,
}

#[derive(Deserialize)]
struct Current {
    owner: String,
    plan: Option<String>,
}

impl Assignments {
    /// The assignments in the tables that begin with `table`.
    #[must_use]
    pub fn new(clients: &AwsClients, table: &str) -> Self {
        Self { client: clients.dynamodb.clone(), table: format!("{table}-state") }
    }

    /// Puts `caller` on a plan, whatever the caller's credentials, the route or the event say; or takes that back. What
    /// holds and its history change together.
    ///
    /// # Errors
    /// [`StoreError`] when the table does not answer, or calls of the caller get in between again and again.
    pub async fn assign(&self, caller: &EntityName, change: &Assigned) -> Result<(), StoreError> {
        for _ in 1..ATTEMPTS {
            match self.try_to_assign(caller, change).await {
                Err(StoreError(cause)) if cause.contains("TransactionCanceled") => {}
                done => return done,
            }
        }
        self.try_to_assign(caller, change).await
    }

    async fn try_to_assign(&self, caller: &EntityName, change: &Assigned) -> Result<(), StoreError> {
        let Assigned { at, plan, by } = change;
        let update = Update::builder()
            .table_name(&self.table)
            .key("owner", text(&caller_scope(caller)))
            .key("item", text(LIMITS))
            .expression_attribute_names("#plan", "plan");
        let update = match plan {
            Some(plan) => {
                update
                    // Who is assigned a plan stays so, however long no call comes.
                    .update_expression("SET #plan = :plan REMOVE expires")
                    .expression_attribute_values(":plan", text(plan))
            }
            None => update.update_expression("REMOVE #plan"),
        };
        let mut put = Put::builder()
            .table_name(&self.table)
            .item("owner", text(&caller_scope(caller)))
            .item("item", text(&format!("{HISTORY}{at:.9}")));
        for (name, value) in [("plan", plan), ("by", by)] {
            if let Some(value) = value {
                put = put.item(name, text(value));
            }
        }
        let incomplete = |error: aws_sdk_dynamodb::error::BuildError| StoreError(error.to_string());
        let update = TransactWriteItem::builder().update(update.build().map_err(incomplete)?).build();
        let put = TransactWriteItem::builder().put(put.build().map_err(incomplete)?).build();
        let written =
            self.client.transact_write_items().transact_items(update).transact_items(put).send().await;
        written.map(drop).map_err(|error| StoreError(sdk_error::brief(&error)))
    }

    /// The plan that `caller` is assigned; `None` where it is left to credentials, routes and events.
    ///
    /// # Errors
    /// [`StoreError`] when the table does not answer.
    pub async fn current(&self, caller: &EntityName) -> Result<Option<String>, StoreError> {
        let read = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("owner", text(&caller_scope(caller)))
            .key("item", text(LIMITS))
            .projection_expression("#owner, #plan")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_names("#plan", "plan")
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| StoreError(sdk_error::brief(&error)))?;
        let current = read.item.map(attributes::read::<Current>).transpose().map_err(|_| unreadable())?;
        Ok(current.and_then(|current| current.plan))
    }

    /// Every change of `caller`'s plan, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`] when the table does not answer, or an item is none of ours.
    pub async fn history(&self, caller: &EntityName) -> Result<Vec<Assigned>, StoreError> {
        let items = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("#owner = :owner AND begins_with(#item, :history)")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_names("#item", "item")
            .expression_attribute_values(":owner", text(&caller_scope(caller)))
            .expression_attribute_values(":history", text(HISTORY))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<Attributes>, _>>()
            .await
            .map_err(|error| StoreError(sdk_error::brief(&error)))?;
        let change = |item: Attributes| {
            let HistoryItem { item, plan, by } = attributes::read(item).ok()?;
            Some(Assigned { at: item.strip_prefix(HISTORY)?.parse().ok()?, plan, by })
        };
        items.into_iter().map(change).collect::<Option<_>>().ok_or_else(unreadable)
    }

    /// Every caller who is assigned a plan, and the plan, in the order of callers. This reads the whole table.
    ///
    /// # Errors
    /// [`StoreError`] when the table does not answer.
    pub async fn all(&self) -> Result<Vec<(String, String)>, StoreError> {
        let items = self
            .client
            .scan()
            .table_name(&self.table)
            .filter_expression("#item = :limits AND begins_with(#owner, :caller) AND attribute_exists(#plan)")
            .projection_expression("#owner, #plan")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_names("#item", "item")
            .expression_attribute_names("#plan", "plan")
            .expression_attribute_values(":limits", text(LIMITS))
            .expression_attribute_values(":caller", text("caller#"))
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<Attributes>, _>>()
            .await
            .map_err(|error| StoreError(sdk_error::brief(&error)))?;
        let assigned = items.into_iter().map(|item| {
            let Current { owner, plan } = attributes::read(item).map_err(|_| unreadable())?;
            let caller = owner.strip_prefix("caller#").map(str::to_owned);
            Ok(caller.zip(plan))
        });
        let mut assigned = assigned.filter_map(Result::transpose).collect::<Result<Vec<_>, StoreError>>()?;
        assigned.sort();
        Ok(assigned)
    }
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn unreadable() -> StoreError {
    StoreError("an assignment in the table cannot be read".to_owned())
}
