//! The attributes of a message, as each service writes them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use serde_json::{Map, Value, json};

/// One attribute.
pub(super) struct Attribute<'a> {
    name: &'a str,
    data_type: &'a str,
    /// Bytes in base64.
    value: &'a str,
}

impl<'a> Attribute<'a> {
    /// A text, or one whose data type is said.
    pub(super) fn of(name: &'a str, said: &'a Value) -> Self {
        let text = |member: &str| said.get(member).and_then(Value::as_str);
        match said.as_str() {
            Some(value) => Self { name, data_type: "String", value },
            None => Self {
                name,
                data_type: text("type").unwrap_or("String"),
                value: text("value").unwrap_or_default(),
            },
        }
    }

    fn is_binary(&self) -> bool {
        self.data_type.split('.').next() == Some("Binary")
    }

    /// As SQS has it in an event.
    pub(super) fn in_queue(&self) -> Value {
        let value = if self.is_binary() { "binaryValue" } else { "stringValue" };
        json!({ value: self.value, "dataType": self.data_type, "stringListValues": [], "binaryListValues": [] })
    }

    /// As SNS has it, in an event and in a message.
    pub(super) fn in_topic(&self) -> Value {
        json!({ "Type": self.data_type, "Value": self.value })
    }
}

/// All of them by their names, as their service `writes` one.
pub(super) fn object<'a>(
    attributes: &[Attribute<'a>],
    writes: impl Fn(&Attribute<'a>) -> Value,
) -> Map<String, Value> {
    attributes.iter().map(|attribute| (attribute.name.to_owned(), writes(attribute))).collect()
}

/// `md5OfMessageAttributes`: over names, types and values in the order of the names, each with its length, and a byte between
/// type and value that tells text from bytes ("Calculating the MD5 message digest for message attributes", SQS guide).
pub(super) fn checksum(attributes: &[Attribute<'_>]) -> [u8; 16] {
    let mut sorted: Vec<&Attribute<'_>> = attributes.iter().collect();
    sorted.sort_by_key(|attribute| attribute.name);
    let mut told = Vec::new();
    for attribute in sorted {
        let value = match attribute.is_binary() {
            true => STANDARD.decode(attribute.value).unwrap_or_default(),
            false => attribute.value.as_bytes().to_vec(),
        };
        counted(attribute.name.as_bytes(), &mut told);
        counted(attribute.data_type.as_bytes(), &mut told);
        told.push(if attribute.is_binary() { 2 } else { 1 });
        counted(&value, &mut told);
    }
    Md5::digest(&told).into()
}

fn counted(part: &[u8], told: &mut Vec<u8>) {
    told.extend(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
    told.extend(part);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_over_sorted_names_types_and_values() {
        let (text, bytes) = (json!("Jane"), json!({ "type": "Binary", "value": "AQI=" }));
        let own = [Attribute::of("b", &text), Attribute::of("a", &bytes)];
        let told =
            b"\0\0\0\x01a\0\0\0\x06Binary\x02\0\0\0\x02\x01\x02\0\0\0\x01b\0\0\0\x06String\x01\0\0\0\x04Jane";
        assert_eq!(checksum(&own), <[u8; 16]>::from(Md5::digest(told)));
    }
}
