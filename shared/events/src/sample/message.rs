use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use serde_json::{Map, Value, json};

use super::message_attributes::{self as attributes, Attribute};
use super::numbers::Numbers;
use super::{Sample, milliseconds, partition};

impl Sample<'_> {
    /// A message of a queue ("Using Lambda with Amazon SQS", AWS Lambda guide).
    pub(super) fn message(&self, numbers: &Numbers) -> Value {
        let body = self.payload_text();
        let own: Vec<Attribute<'_>> = self.message_attributes();
        let mut message = json!({
            "messageId": self.uuid(),
            "receiptHandle": STANDARD.encode(self.seed()),
            "body": body,
            "attributes": self.system_attributes(numbers),
            "messageAttributes": attributes::object(&own, Attribute::in_queue),
            "md5OfBody": hex(&Md5::digest(&body)),
            "eventSource": "aws:sqs",
            "eventSourceARN": self.arn("sqs", self.front()),
            "awsRegion": self.region,
        });
        if let (Some(members), false) = (message.as_object_mut(), own.is_empty()) {
            members.insert("md5OfMessageAttributes".to_owned(), hex(&attributes::checksum(&own)).into());
        }
        message
    }

    /// What the queue says of its message; the group and what follows are those of FIFO queues.
    fn system_attributes(&self, numbers: &Numbers) -> Map<String, Value> {
        let milliseconds = self.time.as_millisecond().to_string();
        let receives = self.told.get("receives").map_or("1".to_owned(), Value::to_string);
        let is_fifo = self.front().ends_with(".fifo");
        [
            ("ApproximateReceiveCount", Some(receives)),
            ("SentTimestamp", Some(milliseconds.clone())),
            ("SenderId", Some(self.text("sender").unwrap_or(self.account).to_owned())),
            ("ApproximateFirstReceiveTimestamp", Some(milliseconds)),
            ("MessageGroupId", self.text("group").map(str::to_owned)),
            ("MessageDeduplicationId", self.text("deduplication").map(str::to_owned)),
            ("SequenceNumber", is_fifo.then(|| numbers.of(20))),
        ]
        .into_iter()
        .filter_map(|(name, told)| Some((name.to_owned(), told?.into())))
        .collect()
    }

    /// A notification as it is handed to a function ("Invoking Lambda functions with Amazon SNS notifications", AWS Lambda
    /// guide).
    pub(super) fn notification(&self) -> Value {
        let topic = self.arn("sns", self.front());
        json!({
            "EventSource": "aws:sns",
            "EventVersion": "1.0",
            "EventSubscriptionArn": format!("{topic}:{}", self.uuid()),
            "Sns": {
                "Type": "Notification",
                "MessageId": self.uuid(),
                "TopicArn": topic,
                "Subject": self.text("subject"),
                "Message": self.payload_text(),
                "Timestamp": milliseconds(self.time),
                "SignatureVersion": "1",
                "Signature": STANDARD.encode(self.seed()),
                "SigningCertUrl": self.certificate(),
                "UnsubscribeUrl": self.unsubscribe(),
                "MessageAttributes": attributes::object(&self.message_attributes(), Attribute::in_topic),
            },
        })
    }

    /// The same as it stands in a message: it has other names for its URLs, and only those members that say something. A
    /// FIFO topic's has a number.
    pub(super) fn notification_in_queue(&self) -> Value {
        let own = self.message_attributes();
        let is_fifo = self.front().ends_with(".fifo");
        let number = || Numbers { seed: self.seed(), place: 0 }.of(20).into();
        let members = [
            ("Type", Some("Notification".into())),
            ("MessageId", Some(self.uuid().into())),
            ("SequenceNumber", is_fifo.then(number)),
            ("TopicArn", Some(self.arn("sns", self.front()).into())),
            ("Subject", self.text("subject").map(Value::from)),
            ("Message", Some(self.payload_text().into())),
            ("Timestamp", Some(milliseconds(self.time).into())),
            ("SignatureVersion", Some("1".into())),
            ("Signature", Some(STANDARD.encode(self.seed()).into())),
            ("SigningCertURL", Some(self.certificate().into())),
            ("UnsubscribeURL", Some(self.unsubscribe().into())),
            (
                "MessageAttributes",
                (!own.is_empty()).then(|| attributes::object(&own, Attribute::in_topic).into()),
            ),
        ];
        members.into_iter().filter_map(|(name, said)| Some((name.to_owned(), said?))).collect()
    }

    fn certificate(&self) -> String {
        format!("{}/SimpleNotificationService.pem", self.sns())
    }

    fn unsubscribe(&self) -> String {
        format!("{}/?Action=Unsubscribe", self.sns())
    }

    fn sns(&self) -> String {
        let domain = if partition(self.region) == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" };
        format!("https://sns.{}.{domain}", self.region)
    }

    fn message_attributes(&self) -> Vec<Attribute<'_>> {
        let told = self.told.get("attributes").and_then(Value::as_object).into_iter().flatten();
        told.map(|(name, said)| Attribute::of(name, said)).collect()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
