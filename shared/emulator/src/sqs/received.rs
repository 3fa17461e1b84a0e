//! A received message in JSON: as `ReceiveMessage` returns it, and as a function gets it.

use serde_json::{Map, Value, json};

use super::attribute::{self, Attribute};
use super::message::Received;

/// Which of a message's attributes a receiver asks for.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// `All`, or names.
    pub(super) system: Vec<String>,
    /// `All` or `.*`, names, or beginnings such as `order.*`.
    pub(super) attributes: Vec<String>,
}

impl Asked {
    fn system(&self, name: &str) -> bool {
        self.system.iter().any(|asked| asked == "All" || asked == name)
    }

    fn attribute(&self, name: &str) -> bool {
        self.attributes.iter().any(|asked| match asked.strip_suffix(".*") {
            Some(beginning) => name.starts_with(beginning),
            None => asked == "All" || asked == name,
        })
    }
}

impl Received {
    /// `Message`, with what is asked for.
    pub(super) fn to_json(&self, asked: &Asked) -> Value {
        let mut message = json!({
            "MessageId": self.id,
            "ReceiptHandle": self.receipt,
            "MD5OfBody": self.body_checksum,
            "Body": self.body,
        });
        let system: Map<String, Value> = self
            .system
            .iter()
            .filter(|(name, _)| asked.system(name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        if !system.is_empty() {
            insert(&mut message, "Attributes", system.into());
        }
        let chosen: Vec<(&String, &Attribute)> =
            self.attributes.iter().filter(|(name, _)| asked.attribute(name)).collect();
        if let Some(checksum) = attribute::checksum(chosen.iter().copied()) {
            let attributes: Map<String, Value> =
                chosen.iter().map(|(name, attribute)| ((*name).clone(), attribute.to_json())).collect();
            insert(&mut message, "MD5OfMessageAttributes", checksum.into());
            insert(&mut message, "MessageAttributes", attributes.into());
        }
        message
    }

    /// A record of Lambda's event, from the queue of this ARN in this region
    /// (<https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>).
    pub(crate) fn to_event(&self, arn: &str, region: &str) -> Value {
        let attributes: Map<String, Value> =
            self.attributes.iter().map(|(name, attribute)| (name.clone(), attribute.to_event())).collect();
        let mut record = json!({
            "messageId": self.id,
            "receiptHandle": self.receipt,
            "body": self.body,
            "attributes": self.system,
            "messageAttributes": attributes,
        });
        if let Some(checksum) = attribute::checksum(self.attributes.iter()) {
            insert(&mut record, "md5OfMessageAttributes", checksum.into());
        }
        insert(&mut record, "md5OfBody", self.body_checksum.clone().into());
        insert(&mut record, "eventSource", "aws:sqs".into());
        insert(&mut record, "eventSourceARN", arn.into());
        insert(&mut record, "awsRegion", region.into());
        record
    }
}

fn insert(object: &mut Value, name: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}
