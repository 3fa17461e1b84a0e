//! Items as JSON sees them: every value that serializes becomes attributes and reads back.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// An item, by attribute name.
pub(crate) type Attributes = HashMap<String, AttributeValue>;

/// The attributes of `value`, which must serialize as a JSON object; members that are `null` are left out.
pub(crate) fn write(value: &impl Serialize) -> Result<Attributes, serde_json::Error> {
    let members: Map<String, Value> = serde_json::from_value(serde_json::to_value(value)?)?;
    Ok(attributes(members))
}

/// The value whose attributes these are; those that it does not know are ignored.
pub(crate) fn read<T: DeserializeOwned>(item: Attributes) -> Result<T, serde_json::Error> {
    serde_json::from_value(Value::Object(item.into_iter().map(|(name, value)| (name, json(value))).collect()))
}

fn attributes(members: Map<String, Value>) -> Attributes {
    members
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name, attribute(value)))
        .collect()
}

fn attribute(value: Value) -> AttributeValue {
    match value {
        Value::Null => AttributeValue::Null(true),
        Value::Bool(value) => AttributeValue::Bool(value),
        Value::Number(value) => AttributeValue::N(value.to_string()),
        Value::String(value) => AttributeValue::S(value),
        Value::Array(values) => AttributeValue::L(values.into_iter().map(attribute).collect()),
        Value::Object(members) => AttributeValue::M(attributes(members)),
    }
}

/// Sets and binaries, which nothing here writes, read as `null`.
fn json(value: AttributeValue) -> Value {
    match value {
        AttributeValue::Bool(value) => Value::Bool(value),
        AttributeValue::N(value) => serde_json::from_str(&value).unwrap_or(Value::Null),
        AttributeValue::S(value) => Value::String(value),
        AttributeValue::L(values) => Value::Array(values.into_iter().map(json).collect()),
        AttributeValue::M(members) => {
            Value::Object(members.into_iter().map(|(name, value)| (name, json(value))).collect())
        }
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back_without_its_nulls() {
        let value = serde_json::json!({
            "text": "x", "number": 18_446_744_073_709_551_615_u64, "flag": true, "absent": null,
            "list": ["a", 1], "record": { "inner": "y", "absent": null },
        });
        let item = write(&value).unwrap();
        assert_eq!(item["number"], AttributeValue::N("18446744073709551615".into()));
        assert!(!item.contains_key("absent"));
        let mut expected = value;
        expected.as_object_mut().unwrap().remove("absent");
        expected["record"].as_object_mut().unwrap().remove("absent");
        assert_eq!(read::<Value>(item).unwrap(), expected);
    }

    #[test]
    fn only_objects_are_items() {
        assert!(write(&"text").is_err());
    }
}
