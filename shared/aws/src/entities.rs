use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use doorward_config::{EntityTable, KeyType};
use doorward_core::ports::{EntitySource, EntityStore, StoreError};
use doorward_model::{Item, ItemValue};

use crate::attributes::Attributes;
use crate::{AwsClients, sdk_error};

/// The attribute of an item in `<table>-state` that holds the entity's own: these may be named as the table's keys are.
const WITHIN: &str = "attributes";
/// The longest partition key and sort key, in bytes (Amazon DynamoDB Developer Guide, "Quotas").
const LONGEST_PARTITION_KEY: usize = 2048;
const LONGEST_SORT_KEY: usize = 1024;
/// The most digits of a number.
const LONGEST_NUMBER: usize = 38;

/// Entities in DynamoDB, an item each, read consistently and only as far as they are declared.
///
/// In `<table>-state`, `Order::"42"` is the item `owner` = `entity#Order`, `item` = `42`, and the map `attributes` holds
/// what it has. In a table of the user's own the attributes are the item's.
#[derive(Debug, Clone)]
pub struct DynamoEntities {
    client: aws_sdk_dynamodb::Client,
    state: String,
}

/// One read.
struct Ask<'a> {
    table: &'a str,
    key: Vec<(&'a str, AttributeValue)>,
    /// The map that holds the attributes, where it is not the item itself.
    within: Option<&'static str>,
}

impl DynamoEntities {
    /// Entities in the tables that begin with `table`, and in those of the user's own.
    #[must_use]
    pub fn new(clients: &AwsClients, table: &str) -> Self {
        Self { client: clients.dynamodb.clone(), state: format!("{table}-state") }
    }

    /// How the entity `id` is asked for; `None` where no item can have such a key.
    fn ask<'a>(&'a self, source: &'a EntitySource, id: &str) -> Option<Ask<'a>> {
        let text = |text: String| AttributeValue::S(text);
        match &source.table {
            EntityTable::State => {
                let owner = text(format!("entity#{}", source.type_name));
                let key = vec![("owner", owner), ("item", text(id.to_owned()))];
                let ask = Ask { table: &self.state, key, within: Some(WITHIN) };
                (1..=LONGEST_SORT_KEY).contains(&id.len()).then_some(ask)
            }
            EntityTable::Own { name, key, key_type } => {
                let value = match key_type {
                    KeyType::Text if (1..=LONGEST_PARTITION_KEY).contains(&id.len()) => text(id.to_owned()),
                    KeyType::Number if is_plain_number(id) => AttributeValue::N(id.to_owned()),
                    KeyType::Text | KeyType::Number => return None,
                };
                Some(Ask { table: name, key: vec![(key, value)], within: None })
            }
        }
    }
}

/// Whether the number is written in the one way in which DynamoDB writes it: `042` would be a second name of `42`.
fn is_plain_number(id: &str) -> bool {
    let digits = id.strip_prefix('-').unwrap_or(id);
    let whole =
        (1..=LONGEST_NUMBER).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    whole && (id == "0" || !digits.starts_with('0'))
}

#[async_trait]
impl EntityStore for DynamoEntities {
    async fn load(&self, source: &EntitySource, id: &str) -> Result<Option<Item>, StoreError> {
        let Some(Ask { table, key, within }) = self.ask(source, id) else { return Ok(None) };
        let partition = key.first().map_or("", |(name, _)| name);
        let Projection { expression, names } = Projection::new(partition, within, &source.attributes);
        let key = key.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let got = self
            .client
            .get_item()
            .table_name(table)
            .set_key(Some(key))
            .consistent_read(true)
            .projection_expression(expression)
            .set_expression_attribute_names(Some(names))
            .send()
            .await
            .map_err(|error| StoreError(format!("`{table}`: {}", sdk_error::brief(&error))))?;
        Ok(got.item.map(|item| attributes(item, within, &source.attributes)))
    }
}

/// What of an item is read. Names stand behind placeholders: they may be DynamoDB's own words, and hold dots.
struct Projection {
    expression: String,
    names: HashMap<String, String>,
}

impl Projection {
    /// The partition key is always read: an item that has none of the attributes is an item all the same.
    fn new(partition: &str, within: Option<&str>, attributes: &[String]) -> Self {
        let mut expression = "#key".to_owned();
        let mut names = HashMap::from([("#key".to_owned(), partition.to_owned())]);
        if let Some(within) = within {
            names.insert("#in".to_owned(), within.to_owned());
        }
        let path = if within.is_some() { "#in." } else { "" };
        // No two paths may overlap, and a name may not be empty.
        let taken = |name: &str| name.is_empty() || (within.is_none() && name == partition);
        for (place, name) in attributes.iter().enumerate().filter(|(_, name)| !taken(name)) {
            expression += &format!(",{path}#{place}");
            names.insert(format!("#{place}"), name.clone());
        }
        Self { expression, names }
    }
}

/// The attributes of `item` that are declared.
fn attributes(mut item: Attributes, within: Option<&str>, declared: &[String]) -> Item {
    if let Some(within) = within {
        item = match item.remove(within) {
            Some(AttributeValue::M(members)) => members,
            _ => Attributes::new(),
        };
    }
    item.into_iter().filter(|(name, _)| declared.contains(name)).map(member).collect()
}

fn member((name, value): (String, AttributeValue)) -> (String, ItemValue) {
    (name, read(value))
}

fn read(value: AttributeValue) -> ItemValue {
    let list = |texts: Vec<String>, of: fn(String) -> ItemValue| {
        ItemValue::List(texts.into_iter().map(of).collect())
    };
    match value {
        AttributeValue::S(text) => ItemValue::Text(text),
        AttributeValue::N(text) => ItemValue::Number(text),
        AttributeValue::Bool(value) => ItemValue::Bool(value),
        AttributeValue::Null(_) => ItemValue::Null,
        AttributeValue::Ss(texts) => list(texts, ItemValue::Text),
        AttributeValue::Ns(texts) => list(texts, ItemValue::Number),
        AttributeValue::L(values) => ItemValue::List(values.into_iter().map(read).collect()),
        AttributeValue::M(members) => ItemValue::Record(members.into_iter().map(member).collect()),
        AttributeValue::B(bytes) => ItemValue::Binary(bytes.into_inner()),
        AttributeValue::Bs(sets) => {
            ItemValue::List(sets.into_iter().map(|bytes| ItemValue::Binary(bytes.into_inner())).collect())
        }
        // What a later version of DynamoDB may have, which no schema types either.
        _ => ItemValue::Binary(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_one_name() {
        for id in ["0", "7", "42", "-1", "-10", &"9".repeat(38)] {
            assert!(is_plain_number(id), "{id}");
        }
        for id in
            ["", "-", "042", "-0", "00", "-042", "+1", "1.0", "1e2", " 1", "١", "0x1", "NaN", &"9".repeat(39)]
        {
            assert!(!is_plain_number(id), "{id}");
        }
    }
}
