use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorward_model::{Item, ItemValue};
use serde_json::{Map, Value};

/// The item whose attributes `members` are in DynamoDB's JSON: `{"n": {"N": "1"}, "s": {"S": "x"}}`; `None` for anything
/// else (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_AttributeValue.html>).
pub(crate) fn item(members: Map<String, Value>) -> Option<Item> {
    members.into_iter().map(|(name, value)| Some((name, attribute(value)?))).collect()
}

fn attribute(value: Value) -> Option<ItemValue> {
    let Value::Object(typed) = value else { return None };
    let mut typed = typed.into_iter();
    let (Some((kind, value)), None) = (typed.next(), typed.next()) else { return None };
    match (kind.as_str(), value) {
        ("S", Value::String(text)) => Some(ItemValue::Text(text)),
        ("N", Value::String(text)) => number(text),
        ("B", Value::String(text)) => binary(text),
        ("BOOL", Value::Bool(value)) => Some(ItemValue::Bool(value)),
        ("NULL", Value::Bool(true)) => Some(ItemValue::Null),
        ("L", Value::Array(values)) => list(values, attribute),
        ("M", Value::Object(members)) => item(members).map(ItemValue::Record),
        ("SS", Value::Array(values)) => list(values, |value| text(value).map(ItemValue::Text)),
        ("NS", Value::Array(values)) => list(values, |value| number(text(value)?)),
        ("BS", Value::Array(values)) => list(values, |value| binary(text(value)?)),
        _ => None,
    }
}

fn list(values: Vec<Value>, of: impl FnMut(Value) -> Option<ItemValue>) -> Option<ItemValue> {
    values.into_iter().map(of).collect::<Option<_>>().map(ItemValue::List)
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

/// DynamoDB keeps 38 digits and exponents up to 125.
const LONGEST_NUMBER: usize = 64;

fn number(text: String) -> Option<ItemValue> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    let is_number = text.len() <= LONGEST_NUMBER && is_plain && text.parse::<f64>().is_ok();
    is_number.then_some(ItemValue::Number(text))
}

fn binary(text: String) -> Option<ItemValue> {
    STANDARD.decode(text).ok().map(ItemValue::Binary)
}
