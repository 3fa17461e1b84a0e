//! Events as their sources send them, made up: for `doorward emit`, and for policy tests.

mod bus;
mod message;
mod message_attributes;
mod numbers;
mod stream;

use std::collections::BTreeMap;

use doorward_model::{EventKind, RecordEnvelope};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::s3::{self, S3Sample};
use numbers::Numbers;

/// What a made-up event is about.
#[derive(Debug, Clone, Copy)]
pub struct Sample<'a> {
    /// Its source.
    pub kind: EventKind,
    /// The source's own type, where it has several.
    pub event_type: Option<&'a str>,
    /// Attributes and claims, by the names that policies have for them. Of the `attributes` of a message each is a text, or
    /// `{"type": …, "value": …}` of another data type, bytes in base64.
    pub told: &'a BTreeMap<String, Value>,
    /// Body, message, detail or data; of a table, its images in plain JSON by the names that a record has for them.
    pub payload: Option<&'a Value>,
    /// A new one makes a new event, the same one a repetition.
    pub id: &'a str,
    /// When it happened.
    pub time: Timestamp,
    /// The AWS region.
    pub region: &'a str,
    /// Twelve digits.
    pub account: &'a str,
}

/// A whole event with one record. Everything in it follows from the sample.
#[must_use]
pub fn sample(sample: &Sample<'_>) -> Value {
    let around = match sample.kind {
        EventKind::EventBridge | EventKind::Schedule | EventKind::CloudEvents => RecordEnvelope::Nothing,
        EventKind::S3 | EventKind::Sqs | EventKind::Sns | EventKind::DynamoDb | EventKind::Kinesis => {
            RecordEnvelope::Records
        }
    };
    sample_batch(&[*sample], around)
}

/// A whole event with a record for each sample, in their order, which their sequence numbers have as well. They are of one
/// source; what is `around` them says who hands them over. Without anything around it, an event is the first one.
#[must_use]
pub fn sample_batch(samples: &[Sample<'_>], around: RecordEnvelope) -> Value {
    let Some(first) = samples.first() else { return Value::Null };
    let records = samples.iter().enumerate().map(|(place, sample)| {
        let record = sample.record(&Numbers { seed: first.seed(), place });
        match around {
            RecordEnvelope::List => stream::as_pipes_have_it(record),
            RecordEnvelope::Records | RecordEnvelope::Nothing => record,
        }
    });
    match around {
        RecordEnvelope::Records => json!({ "Records": records.collect::<Vec<_>>() }),
        RecordEnvelope::List => records.collect(),
        RecordEnvelope::Nothing => records.take(1).collect::<Vec<_>>().pop().unwrap_or_default(),
    }
}

/// What a queue or topic that the source sends its event to has for a message: the whole notification of a bucket, the
/// notification of a topic in its JSON ("Amazon SNS message and JSON formats", SNS guide), the event of a bus. `None` of sources that send to
/// functions alone.
#[must_use]
pub fn sample_message(sample: &Sample<'_>) -> Option<String> {
    let event = match sample.kind {
        EventKind::S3 | EventKind::EventBridge | EventKind::Schedule => self::sample(sample),
        EventKind::Sns => sample.notification_in_queue(),
        EventKind::Sqs | EventKind::DynamoDb | EventKind::Kinesis | EventKind::CloudEvents => return None,
    };
    Some(event.to_string())
}

impl Sample<'_> {
    fn record(&self, numbers: &Numbers) -> Value {
        match self.kind {
            EventKind::S3 => self.upload(),
            EventKind::Sqs => self.message(numbers),
            EventKind::Sns => self.notification(),
            EventKind::EventBridge => self.bus_event(),
            EventKind::Schedule => self.schedule(),
            EventKind::DynamoDb => self.change(numbers),
            EventKind::Kinesis => self.shard_record(numbers),
            EventKind::CloudEvents => self.cloud_event(),
        }
    }

    /// The event itself, in structured mode: what it comes in is a request.
    fn cloud_event(&self) -> Value {
        let mut event = self.told.clone();
        for (name, value) in [("id", self.id), ("type", self.event_type.unwrap_or("com.example.sample"))] {
            event.insert(name.to_owned(), value.into());
        }
        event.insert("specversion".to_owned(), "1.0".into());
        event.entry("source".to_owned()).or_insert_with(|| "/sample".into());
        event.entry("time".to_owned()).or_insert_with(|| self.time.to_string().into());
        event.extend(self.payload.map(|data| ("data".to_owned(), data.clone())));
        event.into_iter().collect()
    }

    /// The record of a bucket's notification.
    fn upload(&self) -> Value {
        let mut record = s3::sample_record(&S3Sample {
            bucket: self.front(),
            key: self.text("key").unwrap_or("sample"),
            size: self.told.get("size").and_then(Value::as_u64).unwrap_or(1024),
            version: self.text("version"),
            event: self.event_type.unwrap_or("ObjectCreated:Put"),
            sequencer: self.id,
            time: self.time,
            region: self.region,
            account: self.account,
        });
        let places =
            [("user", "/userIdentity/principalId"), ("owner", "/s3/bucket/ownerIdentity/principalId")];
        for (name, place) in places {
            if let (Some(there), Some(told)) = (record.pointer_mut(place), self.text(name)) {
                *there = told.into();
            }
        }
        record
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.told.get(name).and_then(Value::as_str)
    }

    /// The id of the front, or a word for it.
    fn front(&self) -> &str {
        self.text(self.kind.front_attribute()).unwrap_or("sample")
    }

    fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:{}:{service}:{}:{}:{resource}", partition(self.region), self.region, self.account)
    }

    /// Digits of the sample's own.
    fn seed(&self) -> String {
        let parts = [self.kind.word(), self.front(), self.id];
        let digest =
            parts.iter().fold(Sha256::new(), |digest, part| digest.chain_update(part).chain_update([0]));
        digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// A UUID of them.
    fn uuid(&self) -> String {
        let seed = self.seed();
        let part = |from: usize, to: usize| seed.get(from..to).unwrap_or_default();
        format!("{}-{}-4{}-8{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
    }

    /// The payload as text: a text as it is, anything else as JSON.
    fn payload_text(&self) -> String {
        match self.payload {
            Some(Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
            None => "{}".to_owned(),
        }
    }
}

/// The partition of a region, which its ARNs begin with ("Amazon Resource Names", IAM guide).
pub(crate) fn partition(region: &str) -> &'static str {
    match region {
        china if china.starts_with("cn-") => "aws-cn",
        government if government.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

fn milliseconds(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

fn seconds(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
