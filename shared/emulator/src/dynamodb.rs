//! The tables, and the embedded DynamoDB that holds them.

use dynoxide::Database;
use serde_json::Value;

/// Member of a table definition that is no part of a `CreateTable` input.
const TIME_TO_LIVE: &str = "TimeToLiveSpecification";

/// One table, in the form in which any DynamoDB client can create it.
#[derive(Debug, Clone, PartialEq)]
pub struct TableDefinition {
    /// `TableName`, with the prefix in place.
    pub name: String,
    /// JSON input of `CreateTable`.
    pub create_table: Value,
    /// Attribute for `UpdateTimeToLive`; `None` where items do not expire.
    pub time_to_live: Option<String>,
}

/// Why the tables cannot be created.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The text is not a JSON list of objects.
    #[error("table definitions are not a JSON list of objects: {0}")]
    Json(serde_json::Error),
    /// A definition has no `TableName`.
    #[error("table definition {0} has no `TableName`")]
    Unnamed(usize),
    /// `TimeToLiveSpecification` has no `AttributeName`.
    #[error("`TimeToLiveSpecification` of table `{0}` has no `AttributeName`")]
    TimeToLive(String),
    /// The store refuses the definition.
    #[error("cannot create table `{name}`: {reason}")]
    Refused {
        /// The table's name.
        name: String,
        /// What the store said.
        reason: String,
    },
    /// The store itself does not open.
    #[error("cannot open the embedded store: {0}")]
    Store(String),
}

/// Reads `json`, a list of `CreateTable` inputs, each with an optional member `TimeToLiveSpecification` beside
/// the input's own, and puts `prefix` where a name says `${table}`.
pub fn table_definitions(json: &str, prefix: &str) -> Result<Vec<TableDefinition>, TableError> {
    let raw: Vec<serde_json::Map<String, Value>> = serde_json::from_str(json).map_err(TableError::Json)?;
    raw.into_iter()
        .enumerate()
        .map(|(index, definition)| table_definition(index, definition, prefix))
        .collect()
}

fn table_definition(
    index: usize,
    mut definition: serde_json::Map<String, Value>,
    prefix: &str,
) -> Result<TableDefinition, TableError> {
    let name = definition.get("TableName").and_then(Value::as_str).ok_or(TableError::Unnamed(index))?;
    let name = name.replace("${table}", prefix);
    definition.insert("TableName".into(), Value::String(name.clone()));
    let time_to_live = match definition.remove(TIME_TO_LIVE) {
        None => None,
        Some(specification) => match specification.get("AttributeName").and_then(Value::as_str) {
            Some(attribute) => Some(attribute.to_owned()),
            None => return Err(TableError::TimeToLive(name)),
        },
    };
    Ok(TableDefinition { name, create_table: Value::Object(definition), time_to_live })
}

/// An empty store in memory with these tables.
pub(crate) fn open(tables: &[TableDefinition]) -> Result<Database, TableError> {
    let database = Database::memory().map_err(|error| TableError::Store(error.to_string()))?;
    for table in tables {
        create(&database, table)
            .map_err(|reason| TableError::Refused { name: table.name.clone(), reason })?;
    }
    Ok(database)
}

fn create(database: &Database, table: &TableDefinition) -> Result<(), String> {
    let input = serde_json::from_value(table.create_table.clone()).map_err(|error| error.to_string())?;
    database.create_table(input).map_err(|error| error.to_string())?;
    let Some(attribute) = &table.time_to_live else { return Ok(()) };
    let input = serde_json::json!({
        "TableName": table.name,
        TIME_TO_LIVE: { "AttributeName": attribute, "Enabled": true },
    });
    let input = serde_json::from_value(input).map_err(|error| error.to_string())?;
    database.update_time_to_live(input).map_err(|error| error.to_string())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLES: &str = r#"[
        {
            "TableName": "${table}-ledger",
            "AttributeDefinitions": [{ "AttributeName": "pk", "AttributeType": "S" }],
            "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
            "BillingMode": "PAY_PER_REQUEST",
            "TimeToLiveSpecification": { "AttributeName": "expires", "Enabled": true }
        }
    ]"#;

    #[test]
    fn reads_names_inputs_and_expiry() {
        let tables = table_definitions(TABLES, "shop").unwrap();
        assert_eq!(tables[0].name, "shop-ledger");
        assert_eq!(tables[0].time_to_live.as_deref(), Some("expires"));
        assert_eq!(tables[0].create_table["TableName"], "shop-ledger");
        assert!(tables[0].create_table.get(TIME_TO_LIVE).is_none());
    }

    #[test]
    fn creates_them_with_expiry_switched_on() {
        let database = open(&table_definitions(TABLES, "shop").unwrap()).unwrap();
        let request = serde_json::from_value(serde_json::json!({ "TableName": "shop-ledger" })).unwrap();
        let answer = serde_json::to_value(database.describe_time_to_live(request).unwrap()).unwrap();
        assert_eq!(answer["TimeToLiveDescription"]["AttributeName"], "expires");
        assert_eq!(answer["TimeToLiveDescription"]["TimeToLiveStatus"], "ENABLED");
    }

    #[track_caller]
    fn check(json: &str, message: &str) {
        let error = table_definitions(json, "t").and_then(|tables| open(&tables)).map(drop).unwrap_err();
        assert!(error.to_string().starts_with(message), "{error}");
    }

    #[test]
    fn says_what_is_wrong() {
        check("{}", "table definitions are not a JSON list of objects: ");
        check("[{}]", "table definition 0 has no `TableName`");
        check(
            r#"[{"TableName":"a","TimeToLiveSpecification":{}}]"#,
            "`TimeToLiveSpecification` of table `a` has no `AttributeName`",
        );
        check(r#"[{"TableName":"${table}-a"}]"#, "cannot create table `t-a`: ");
    }
}
