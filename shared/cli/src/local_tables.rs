//! The tables of a local door: its own, those that routes load their resources from, and those whose streams are pinned.

use doorward_config::{Config, EntityTable};
use doorward_model::FrontKind;
use serde_json::Value;

use crate::local_sources::pinned;
use crate::local_table_key::{TableKey, TableKeys};
use crate::output::Failure;

/// The one definition of the door's tables, which tests read as well.
const TABLES: &str = include_str!("../../../infra/tables.json");

/// The user's own tables and their keys: that by which a route loads, or the one that is `given`, or else `id`.
///
/// # Errors
/// A key is given to a table that is not pinned, or that a route loads from by a key of its own.
pub(crate) fn keys(config: &Config, given: TableKeys) -> Result<TableKeys, Failure> {
    let own = own_tables(config);
    let loads = config.routes.iter().filter_map(|route| route.resource.as_ref()?.load.as_ref());
    let mut keys = TableKeys::new();
    for load in loads {
        let EntityTable::Own { name, key, key_type } = &load.table else { continue };
        if !own.contains(name) {
            keys.entry(name.clone()).or_insert_with(|| TableKey::of_load(key, *key_type));
        }
    }
    let is_pinned = |table: &str| pinned(config, FrontKind::Table).any(|name| name == table);
    for (table, key) in given {
        if own.contains(&table) || keys.contains_key(&table) {
            let fault = format!("`--table {table}=…`: what the table's key is stands in the project");
            return Err(Failure::usage(fault).hint("leave the argument out"));
        }
        if !is_pinned(&table) {
            let fault = format!("`--table {table}=…`: `fronts` has no `table:{table}`");
            return Err(Failure::usage(fault)
                .hint("only tables that are pinned are made, and those that routes load from"));
        }
        keys.insert(table, key);
    }
    for table in pinned(config, FrontKind::Table).filter(|table| !own.iter().any(|own| own == table)) {
        keys.entry(table.to_owned()).or_default();
    }
    Ok(keys)
}

fn own_tables(config: &Config) -> [String; 2] {
    ["ledger", "state"].map(|kind| format!("{}-{kind}", config.door.table))
}

/// The tables of a local door, as the emulator takes them: the door's own, and the user's with these `keys`, empty. Those that
/// are pinned have a stream.
pub(crate) fn definitions(config: &Config, keys: &TableKeys) -> Result<String, serde_json::Error> {
    let mut tables: Vec<Value> = serde_json::from_str(TABLES)?;
    let is_pinned = |table: &str| pinned(config, FrontKind::Table).any(|name| name == table);
    tables.extend(keys.iter().map(|(name, key)| key.table(name, is_pinned(name))));
    serde_json::to_string(&tables)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::local_table_key::read;

    fn config(fronts: &str) -> Config {
        let route = |id: &str, load: &str| {
            format!(
                "[[routes]]\nid = '{id}'\nmatch = 'GET /{id}/{{id}}'\ntarget = 't'\nauth = ['anonymous']\n\
                 resource = {{ type = '{id}', id = 'path.id', load = {load} }}\n"
            )
        };
        let text = [
            format!("[door]\nname = 'd'\ntable = 'd'\nfronts = [{fronts}]\n[[targets]]\nname = 't'\nlambda = 't'\n"),
            route("a", "'table'"),
            route("b", "{ table = 'own', key = 'no', key_type = 'number' }"),
            route("c", "{ table = 'own', key = 'no', key_type = 'number' }"),
            route("d", "{ table = 'd-ledger', key = 'call' }"),
        ]
        .concat();
        doorward_config::parse("doorward.toml", &text).unwrap()
    }

    /// Each table with its key and whether it has a stream.
    fn made(fronts: &str, given: &[&str]) -> Result<Vec<(String, String, bool)>, Failure> {
        let config = config(fronts);
        let given = given.iter().map(|text| read(text).unwrap()).collect();
        let keys = keys(&config, given)?;
        let tables: Vec<Value> = serde_json::from_str(&definitions(&config, &keys).unwrap()).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let key = |table: &Value| {
            let elements = table["KeySchema"].as_array().unwrap();
            elements.iter().map(|element| text(&element["AttributeName"])).collect::<Vec<_>>().join(",")
        };
        let table = |table: &Value| {
            (text(&table["TableName"]), key(table), table.get("StreamSpecification").is_some())
        };
        Ok(tables.iter().map(table).collect())
    }

    fn table(name: &str, key: &str, has_stream: bool) -> (String, String, bool) {
        (name.to_owned(), key.to_owned(), has_stream)
    }

    #[test]
    fn each_table_is_made_once() {
        let own = [table("${table}-ledger", "call", true), table("${table}-state", "owner,item", false)];
        let with = |more: &[(String, String, bool)]| [own.as_slice(), more].concat();
        let Ok(loaded) = made("", &[]) else { panic!() };
        assert_eq!(loaded, with(&[table("own", "no", false)]));
        let Ok(pinned) = made("'table:own', 'table:other', 'table:d-ledger'", &[]) else { panic!() };
        assert_eq!(pinned, with(&[table("other", "id", true), table("own", "no", true)]));
        let Ok(keyed) = made("'table:other'", &["other=customer,number:N"]) else { panic!() };
        assert_eq!(keyed, with(&[table("other", "customer,number", true), table("own", "no", false)]));
    }

    #[test]
    fn a_loaded_table_has_the_key_that_routes_name() {
        let config = config("");
        let keys = keys(&config, TableKeys::new()).unwrap_or_else(|_| panic!());
        let tables: Vec<Value> = serde_json::from_str(&definitions(&config, &keys).unwrap()).unwrap();
        assert_eq!(
            tables[2]["AttributeDefinitions"],
            json!([{ "AttributeName": "no", "AttributeType": "N" }])
        );
    }

    #[test]
    fn a_key_is_given_where_nothing_else_says_it() {
        for given in ["own=id", "d-ledger=id", "other=id"] {
            assert!(matches!(made("'table:own'", &[given]), Err(Failure::Usage { .. })), "{given}");
        }
    }
}
