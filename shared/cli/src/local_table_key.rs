//! By what the items of a local table are known.

use std::collections::BTreeMap;
use std::str::FromStr;

use doorward_config::KeyType;
use serde_json::{Value, json};

use crate::output::Failure;

/// The key of a table, as `--table orders=customer,number:N` gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TableKey {
    partition: Attribute,
    sort: Option<Attribute>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Attribute {
    name: String,
    /// `S`, `N` or `B`.
    ty: char,
}

/// Keys by the names of tables.
pub(crate) type TableKeys = BTreeMap<String, TableKey>;

/// What has no key that was said: a text named so.
const USUAL: &str = "id";

impl Default for TableKey {
    fn default() -> Self {
        Self { partition: Attribute { name: USUAL.to_owned(), ty: 'S' }, sort: None }
    }
}

impl TableKey {
    /// A partition key alone, as routes load by one.
    pub(crate) fn of_load(name: &str, ty: KeyType) -> Self {
        let ty = match ty {
            KeyType::Text => 'S',
            KeyType::Number => 'N',
        };
        Self { partition: Attribute { name: name.to_owned(), ty }, sort: None }
    }

    /// The input of `CreateTable` for a table of this name, with a stream of its changes or without.
    pub(crate) fn table(&self, name: &str, has_stream: bool) -> Value {
        let attributes =
            || std::iter::once((&self.partition, "HASH")).chain(self.sort.iter().map(|sort| (sort, "RANGE")));
        let stream =
            has_stream.then(|| json!({ "StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES" }));
        let members = [
            ("TableName", Some(json!(name))),
            ("AttributeDefinitions", Some(attributes().map(|(key, _)| key.definition()).collect())),
            ("KeySchema", Some(attributes().map(|(key, kind)| key.element(kind)).collect())),
            ("BillingMode", Some(json!("PAY_PER_REQUEST"))),
            ("StreamSpecification", stream),
        ];
        members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }
}

impl Attribute {
    /// In `AttributeDefinitions`.
    fn definition(&self) -> Value {
        json!({ "AttributeName": self.name, "AttributeType": self.ty.to_string() })
    }

    /// In `KeySchema`.
    fn element(&self, kind: &str) -> Value {
        json!({ "AttributeName": self.name, "KeyType": kind })
    }
}

/// Reads `orders=customer,number:N`: a table and its key.
pub(crate) fn read(text: &str) -> Result<(String, TableKey), String> {
    let (table, key) = text.split_once('=').ok_or_else(|| said(text))?;
    if table.is_empty() {
        return Err(said(text));
    }
    Ok((table.to_owned(), key.parse().map_err(|_| said(text))?))
}

/// The keys of several tables.
///
/// # Errors
/// One table is given two.
pub(crate) fn all(given: Vec<(String, TableKey)>) -> Result<TableKeys, Failure> {
    let mut keys = TableKeys::new();
    for (table, key) in given {
        if let Some(earlier) = keys.insert(table.clone(), key) {
            return Err(Failure::usage(format!("`--table {table}=…` stands twice, first with {earlier}")));
        }
    }
    Ok(keys)
}

fn said(text: &str) -> String {
    format!(
        "`{text}` is not `TABLE=KEY` or `TABLE=KEY,SORT`, each key with `:N` or `:B` behind it where it is no text"
    )
}

impl FromStr for TableKey {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut attributes = text.split(',').map(attribute);
        let partition = attributes.next().flatten().ok_or(())?;
        let sort = attributes.next().map(|sort| sort.ok_or(())).transpose()?;
        let is_key =
            attributes.next().is_none() && sort.as_ref().is_none_or(|sort| sort.name != partition.name);
        if is_key { Ok(Self { partition, sort }) } else { Err(()) }
    }
}

/// `number:N`; a text where no type is said. Names have 1 to 255 bytes.
fn attribute(text: &str) -> Option<Attribute> {
    let (name, ty) = text.split_once(':').unwrap_or((text, "S"));
    let ty = ["S", "N", "B"].contains(&ty).then(|| ty.chars().next()).flatten()?;
    (1..=255).contains(&name.len()).then(|| Attribute { name: name.to_owned(), ty })
}

impl std::fmt::Display for TableKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Attribute { name, ty } = &self.partition;
        write!(f, "{name} ({ty})")?;
        self.sort.as_ref().map_or(Ok(()), |Attribute { name, ty }| write!(f, ", {name} ({ty})"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<(&str, &str)>) {
        let read = read(text).map(|(table, key)| (table, key.to_string()));
        let read = read.as_ref().map(|(table, key)| (table.as_str(), key.as_str()));
        assert_eq!(read.ok(), expected, "{text}");
    }

    #[test]
    fn a_key_is_of_one_attribute_or_two() {
        check("orders=id", Some(("orders", "id (S)")));
        check("shop.orders=number:N", Some(("shop.orders", "number (N)")));
        check("orders=customer,number:N", Some(("orders", "customer (S), number (N)")));
        check("orders=a:B,b:S", Some(("orders", "a (B), b (S)")));
        for text in [
            "",
            "orders",
            "=id",
            "orders=",
            "orders=id:X",
            "orders=id:",
            "orders=a,b,c",
            "orders=a,a:N",
            "orders=a,",
        ] {
            check(text, None);
        }
        assert_eq!(TableKey::default().to_string(), "id (S)");
    }

    #[test]
    fn a_table_is_made_with_its_key() {
        let (name, key) = read("orders=customer,number:N").unwrap();
        let table = key.table(&name, true);
        assert_eq!(
            table["KeySchema"],
            json!([
                { "AttributeName": "customer", "KeyType": "HASH" },
                { "AttributeName": "number", "KeyType": "RANGE" },
            ])
        );
        assert_eq!(
            table["AttributeDefinitions"][1],
            json!({ "AttributeName": "number", "AttributeType": "N" })
        );
        assert_eq!(table["StreamSpecification"]["StreamViewType"], "NEW_AND_OLD_IMAGES");
        assert_eq!(key.table(&name, false).get("StreamSpecification"), None);
    }
}
