use std::collections::BTreeSet;

use doorward_config::{Config, EntityTable, KeyType};
use serde_json::{Value, json};

/// The one definition of the door's tables, which tests read as well.
const TABLES: &str = include_str!("../../../infra/tables.json");

/// The tables of a local door, as the emulator takes them: the door's own, and those of the user's that routes load
/// their resources from, empty.
pub(crate) fn definitions(config: &Config) -> Result<String, serde_json::Error> {
    let mut tables: Vec<Value> = serde_json::from_str(TABLES)?;
    let own = ["ledger", "state"].map(|kind| format!("{}-{kind}", config.door.table));
    let mut seen: BTreeSet<&str> = own.iter().map(String::as_str).collect();
    let loads = config.routes.iter().filter_map(|route| route.resource.as_ref()?.load.as_ref());
    for load in loads {
        let EntityTable::Own { name, key, key_type } = &load.table else { continue };
        if seen.insert(name) {
            tables.push(definition(name, key, *key_type));
        }
    }
    serde_json::to_string(&tables)
}

fn definition(name: &str, key: &str, key_type: KeyType) -> Value {
    let letter = match key_type {
        KeyType::Text => "S",
        KeyType::Number => "N",
    };
    json!({
        "TableName": name,
        "AttributeDefinitions": [{ "AttributeName": key, "AttributeType": letter }],
        "KeySchema": [{ "AttributeName": key, "KeyType": "HASH" }],
        "BillingMode": "PAY_PER_REQUEST",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_table_that_is_loaded_from_is_made_once() {
        let route = |id: &str, load: &str| {
            format!(
                "[[routes]]\nid = '{id}'\nmatch = 'GET /{id}/{{id}}'\ntarget = 't'\nauth = ['anonymous']\n\
                 resource = {{ type = '{id}', id = 'path.id', load = {load} }}\n"
            )
        };
        let text = [
            "[door]\nname = 'd'\ntable = 'd'\n[[targets]]\nname = 't'\nlambda = 't'\n".to_owned(),
            route("a", "'table'"),
            route("b", "{ table = 'own', key = 'no', key_type = 'number' }"),
            route("c", "{ table = 'own', key = 'no', key_type = 'number' }"),
            route("d", "{ table = 'd-ledger', key = 'call' }"),
        ]
        .concat();
        let config = doorward_config::parse("doorward.toml", &text).unwrap();
        let tables: Vec<Value> = serde_json::from_str(&definitions(&config).unwrap()).unwrap();
        let names: Vec<&str> = tables.iter().map(|table| table["TableName"].as_str().unwrap()).collect();
        assert_eq!(names, ["${table}-ledger", "${table}-state", "own"]);
        assert_eq!(
            tables[2]["AttributeDefinitions"][0],
            json!({ "AttributeName": "no", "AttributeType": "N" })
        );
    }
}
