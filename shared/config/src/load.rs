use std::collections::HashMap;
use std::time::Duration;

use doorward_model::{Fault, Place};

use crate::reader::{Section, Value};
use crate::report::{Reported, quote};

/// `load = …` of a route's resource: policies are asked with the attributes that an item gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadRule {
    /// The table that holds the items.
    pub table: EntityTable,
    /// For how long an item that was read is used again, zero for never; `None` where `[door] refresh` says it.
    pub cache: Option<Duration>,
    /// Where the configuration says so.
    pub place: Place,
}

/// A DynamoDB table that holds an item per entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntityTable {
    /// The door's own `<table>-state`.
    State,
    /// A table of the user's own, whose items are found by the partition key alone.
    Own {
        /// Its name.
        name: String,
        /// The attribute that is its partition key, which holds the entity's id.
        key: String,
        /// The type of that attribute.
        key_type: KeyType,
    },
}

/// Types of a partition key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyType {
    /// DynamoDB's `S`.
    Text,
    /// DynamoDB's `N`.
    Number,
}

/// The longest time for which an item is used again.
const LONGEST_CACHE: Duration = Duration::from_secs(60 * 60);

/// Reads `load = "table"`, or a table that says more.
pub(crate) fn read(value: Value<'_>) -> Result<LoadRule, Reported> {
    let place = value.place();
    if value.is_text() {
        let table = value.choice(&[("table", ())]).map(|()| EntityTable::State)?;
        return Ok(LoadRule { table, cache: None, place });
    }
    value.section("`load`", |section| {
        let table = read_table(section);
        let cache = section.optional("cache", |value| value.duration(Duration::ZERO..=LONGEST_CACHE));
        Ok(LoadRule { table: table?, cache: cache?, place })
    })
}

fn read_table(section: &mut Section<'_>) -> Result<EntityTable, Reported> {
    let name = section.optional("table", |value| value.parse(table));
    let key = section.optional("key", |value| Ok((value.parse(key)?, value)));
    let key_types = [("string", KeyType::Text), ("number", KeyType::Number)];
    let key_type = section.optional("key_type", |value| Ok((value.choice(&key_types)?, value)));
    let (key, key_type) = (key?, key_type?);
    let Some(name) = name? else {
        let of_a_key = key.map(|(_, value)| value).or(key_type.map(|(_, value)| value));
        return match of_a_key {
            None => Ok(EntityTable::State),
            Some(value) => {
                let fault = Fault::new("a key belongs to a table of your own");
                Err(value.fault(fault.hint("name the `table`, or leave the key out")))
            }
        };
    };
    Ok(EntityTable::Own {
        name,
        key: key.map_or_else(|| "id".to_owned(), |(key, _)| key),
        key_type: key_type.map_or(KeyType::Text, |(key_type, _)| key_type),
    })
}

/// The name of a DynamoDB table (Amazon DynamoDB Developer Guide, "Naming rules").
fn table(text: &str) -> Result<String, Fault> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if (3..=255).contains(&text.len()) && text.chars().all(allowed) {
        return Ok(text.to_owned());
    }
    let fault = Fault::new(format!("{} is not the name of a DynamoDB table", quote(text)));
    Err(fault.hint("use 3 to 255 letters, digits, `-`, `_` and `.`"))
}

/// The name of an attribute that is a key: at most 255 bytes.
fn key(text: &str) -> Result<String, Fault> {
    if (1..=255).contains(&text.len()) && !text.chars().any(char::is_control) {
        return Ok(text.to_owned());
    }
    let fault = Fault::new(format!("{} cannot name the key of a DynamoDB table", quote(text)));
    Err(fault.hint("use 1 to 255 bytes without control characters"))
}

/// The table that each type is read from, with the line that says so.
#[derive(Default)]
pub(crate) struct Loaded(HashMap<String, (EntityTable, usize)>);

impl Loaded {
    /// Two routes that read a type from two tables would mean two things by one name.
    pub(crate) fn claim(
        &mut self,
        type_name: &str,
        rule: &LoadRule,
        value: Value<'_>,
    ) -> Result<(), Reported> {
        let own = (rule.table.clone(), value.line());
        let (table, line) = self.0.entry(type_name.to_owned()).or_insert(own);
        if *table == rule.table {
            return Ok(());
        }
        let fault = Fault::new(format!("{} is read from another table elsewhere", quote(type_name)));
        Err(value.fault(fault.hint(format!("it is first read on line {line}: a type has one table"))))
    }
}
