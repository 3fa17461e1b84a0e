//! Attributes of messages, and the checksum that SQS returns of them.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html>

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};

use super::fault::SqsFault;
use crate::checksum::md5_hex;

/// Most attributes of a message.
const MOST: usize = 10;
const LONGEST_NAME: usize = 256;

/// By name, in the order in which they are summed up.
pub(crate) type Attributes = BTreeMap<String, Attribute>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attribute {
    /// `String`, `Number` or `Binary`, with a label of the sender's own behind a point or without.
    data_type: String,
    content: Content,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Content {
    Text(String),
    Binary(Vec<u8>),
}

/// As it comes.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RawAttribute {
    data_type: Option<String>,
    string_value: Option<String>,
    binary_value: Option<String>,
    #[serde(default)]
    string_list_values: Vec<IgnoredAny>,
    #[serde(default)]
    binary_list_values: Vec<IgnoredAny>,
}

impl Attribute {
    pub(super) fn read(name: &str, raw: RawAttribute) -> Result<Self, SqsFault> {
        let refused =
            |reason: &str| Err(SqsFault::Parameter(format!("The message attribute '{name}' {reason}")));
        if !raw.string_list_values.is_empty() || !raw.binary_list_values.is_empty() {
            return Err(SqsFault::Unsupported(
                "Message attribute list values in SendMessage operation are not supported.",
            ));
        }
        let Some(data_type) = raw.data_type.filter(|data_type| !data_type.is_empty()) else {
            return refused("must contain a non-empty message attribute type.");
        };
        let base = data_type.split('.').next().unwrap_or_default();
        let content = match (base, raw.string_value, raw.binary_value) {
            ("String" | "Number", Some(text), None) if !text.is_empty() => Content::Text(text),
            ("Binary", None, Some(text)) if !text.is_empty() => match STANDARD.decode(text) {
                Ok(bytes) => Content::Binary(bytes),
                Err(_) => return refused("has a binary value that is not in Base64."),
            },
            ("String" | "Number" | "Binary", ..) => {
                return refused(
                    "must contain a non-empty message attribute value of its type, and no other.",
                );
            }
            _ => {
                return refused(
                    "has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.",
                );
            }
        };
        let is_number = |text: &str| text.len() <= 128 && text.parse::<f64>().is_ok_and(f64::is_finite);
        match &content {
            Content::Text(text) if !text.chars().all(is_allowed) => Err(SqsFault::Contents),
            Content::Text(text) if base == "Number" && !is_number(text) => {
                refused("is declared a number, and is none.")
            }
            _ => Ok(Self { data_type, content }),
        }
    }

    /// Its value, where it is a text.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            Content::Binary(_) => None,
        }
    }

    fn bytes(&self) -> &[u8] {
        match &self.content {
            Content::Text(text) => text.as_bytes(),
            Content::Binary(bytes) => bytes,
        }
    }

    /// The value under the name of its kind, which `text` and `binary` are.
    fn value(&self, text: &str, binary: &str) -> (String, Value) {
        match &self.content {
            Content::Text(value) => (text.to_owned(), json!(value)),
            Content::Binary(bytes) => (binary.to_owned(), json!(STANDARD.encode(bytes))),
        }
    }

    /// As `ReceiveMessage` returns it.
    pub(super) fn to_json(&self) -> Value {
        let mut members = Map::from_iter([self.value("StringValue", "BinaryValue")]);
        members.insert("DataType".to_owned(), json!(self.data_type));
        Value::Object(members)
    }

    /// As a function gets it.
    pub(super) fn to_event(&self) -> Value {
        let mut members = Map::from_iter([self.value("stringValue", "binaryValue")]);
        members.insert("stringListValues".to_owned(), json!([]));
        members.insert("binaryListValues".to_owned(), json!([]));
        members.insert("dataType".to_owned(), json!(self.data_type));
        Value::Object(members)
    }
}

/// What a message may say (<https://www.w3.org/TR/REC-xml/#charsets>).
pub(super) fn is_allowed(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

pub(super) fn read(raw: BTreeMap<String, RawAttribute>) -> Result<Attributes, SqsFault> {
    if raw.len() > MOST {
        return Err(SqsFault::Parameter(format!(
            "Number of message attributes [{}] exceeds the allowed maximum [{MOST}].",
            raw.len()
        )));
    }
    let checked = raw.into_iter().map(|(name, raw)| {
        if !is_name(&name) {
            return Err(SqsFault::Parameter(format!("The message attribute name '{name}' is invalid.")));
        }
        let attribute = Attribute::read(&name, raw)?;
        Ok((name, attribute))
    });
    checked.collect()
}

fn is_name(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    (1..=LONGEST_NAME).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
        && !(name.starts_with('.') || name.ends_with('.') || name.contains(".."))
        && !(lower.starts_with("aws.") || lower.starts_with("amazon."))
}

/// What they count of a message's size: names, types and values.
pub(super) fn size(attributes: &Attributes) -> usize {
    let own = |(name, attribute): (&String, &Attribute)| {
        name.len() + attribute.data_type.len() + attribute.bytes().len()
    };
    attributes.iter().map(own).sum()
}

/// `MD5OfMessageAttributes`: over names, types and values in the order of the names, each with its length, and a byte
/// between type and value that tells text from bytes; `None` without attributes.
pub(super) fn checksum<'a>(attributes: impl Iterator<Item = (&'a String, &'a Attribute)>) -> Option<String> {
    let mut text = Vec::new();
    let add = |text: &mut Vec<u8>, part: &[u8]| {
        text.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        text.extend_from_slice(part);
    };
    for (name, attribute) in attributes {
        add(&mut text, name.as_bytes());
        add(&mut text, attribute.data_type.as_bytes());
        text.push(if matches!(attribute.content, Content::Text(_)) { 1 } else { 2 });
        add(&mut text, attribute.bytes());
    }
    (!text.is_empty()).then(|| md5_hex(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes(raw: Value) -> Result<Attributes, SqsFault> {
        read(serde_json::from_value(raw).unwrap())
    }

    #[track_caller]
    fn check(raw: Value, expected: &str) {
        let attributes = attributes(raw).unwrap();
        assert_eq!(checksum(attributes.iter()).as_deref(), Some(expected));
    }

    #[test]
    fn are_summed_up_as_aws_does() {
        check(
            json!({ "timestamp": { "DataType": "Number", "StringValue": "1493147359900" } }),
            "235c5c510d26fb653d073faed50ae77c",
        );
        check(
            json!({
                "b": { "DataType": "Binary", "BinaryValue": "AP8=" },
                "a": { "DataType": "String.kind", "StringValue": "grün" },
            }),
            "702357a394731e2600a67dd556f8ebf9",
        );
        assert_eq!(checksum(Attributes::new().iter()), None);
    }

    #[track_caller]
    fn refused(raw: Value, reason: &str) {
        let fault = attributes(raw).unwrap_err();
        assert!(fault.to_string().contains(reason), "{fault}");
    }

    #[test]
    fn are_refused_where_they_are_none() {
        refused(json!({ "a": {} }), "non-empty message attribute type");
        refused(json!({ "a": { "DataType": "Text", "StringValue": "x" } }), "supported type prefixes");
        refused(
            json!({ "a": { "DataType": "String", "StringValue": "" } }),
            "non-empty message attribute value",
        );
        refused(json!({ "a": { "DataType": "String", "BinaryValue": "AA==" } }), "of its type");
        refused(json!({ "a": { "DataType": "Binary", "BinaryValue": "?" } }), "not in Base64");
        refused(json!({ "a": { "DataType": "Number", "StringValue": "x" } }), "declared a number");
        refused(json!({ "a": { "DataType": "String", "StringValue": "\u{1}" } }), "Invalid characters");
        refused(json!({ "a": { "DataType": "String", "StringListValues": ["x"] } }), "list values");
        for name in ["", ".a", "a.", "a..b", "AWS.a", "amazon.a", "a b", &"a".repeat(257)] {
            refused(json!({ name: { "DataType": "String", "StringValue": "x" } }), "is invalid");
        }
        let many: Map<String, Value> =
            (0..11).map(|n| (format!("a{n}"), json!({ "DataType": "String", "StringValue": "x" }))).collect();
        refused(Value::Object(many), "exceeds the allowed maximum");
    }
}
