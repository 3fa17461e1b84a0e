//! Events as their sources send them, made up: for `doorward emit`, and for policy tests.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorward_model::EventKind;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::s3::{self, S3Sample};

/// What a made-up event is about.
#[derive(Debug, Clone, Copy)]
pub struct Sample<'a> {
    /// Its source.
    pub kind: EventKind,
    /// The source's own type, where it has several.
    pub event_type: Option<&'a str>,
    /// Attributes and claims, by the names that policies have for them.
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
    match sample.kind {
        EventKind::S3 => sample.s3(),
        EventKind::Sqs => json!({ "Records": [sample.message()] }),
        EventKind::Sns => json!({ "Records": [sample.notification()] }),
        EventKind::EventBridge => sample.bus_event(),
        EventKind::Schedule => sample.schedule(),
        EventKind::DynamoDb => json!({ "Records": [sample.change()] }),
        EventKind::Kinesis => json!({ "Records": [sample.kinesis()] }),
        EventKind::CloudEvents => sample.cloud_event(),
    }
}

impl Sample<'_> {
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

    fn text(&self, name: &str) -> Option<&str> {
        self.told.get(name).and_then(Value::as_str)
    }

    /// The id of the front, or a word for it.
    fn front(&self) -> &str {
        self.text(self.kind.front_attribute()).unwrap_or("sample")
    }

    fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:aws:{service}:{}:{}:{resource}", self.region, self.account)
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

    /// A number of as many digits.
    fn number(&self, digits: usize) -> String {
        let seed = self.seed();
        let number: String =
            seed.bytes().cycle().skip(1).take(digits - 1).map(|byte| char::from(b'0' + byte % 10)).collect();
        format!("4{number}")
    }

    /// The payload as text: a text as it is, anything else as JSON.
    fn payload_text(&self) -> String {
        match self.payload {
            Some(Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
            None => "{}".to_owned(),
        }
    }

    fn s3(&self) -> Value {
        let mut event = s3::sample(&S3Sample {
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
        let places = [
            ("user", "/Records/0/userIdentity/principalId"),
            ("owner", "/Records/0/s3/bucket/ownerIdentity/principalId"),
        ];
        for (name, place) in places {
            if let (Some(there), Some(told)) = (event.pointer_mut(place), self.text(name)) {
                *there = told.into();
            }
        }
        event
    }

    fn message(&self) -> Value {
        let milliseconds = self.time.as_millisecond().to_string();
        let mut attributes = Map::from_iter([
            (
                "ApproximateReceiveCount".to_owned(),
                self.told.get("receives").map_or("1".to_owned(), Value::to_string).into(),
            ),
            ("SentTimestamp".to_owned(), milliseconds.as_str().into()),
            ("SenderId".to_owned(), self.text("sender").unwrap_or(self.account).into()),
            ("ApproximateFirstReceiveTimestamp".to_owned(), milliseconds.as_str().into()),
        ]);
        for (name, attribute) in [("group", "MessageGroupId"), ("deduplication", "MessageDeduplicationId")] {
            attributes.extend(self.text(name).map(|told| (attribute.to_owned(), told.into())));
        }
        if self.front().ends_with(".fifo") {
            attributes.insert("SequenceNumber".to_owned(), self.number(20).into());
        }
        json!({
            "messageId": self.uuid(),
            "receiptHandle": STANDARD.encode(self.seed()),
            "body": self.payload_text(),
            "attributes": attributes,
            "messageAttributes": self.attributes(|text| {
                json!({ "stringValue": text, "dataType": "String", "stringListValues": [], "binaryListValues": [] })
            }),
            "eventSource": "aws:sqs",
            "eventSourceARN": self.arn("sqs", self.front()),
            "awsRegion": self.region,
        })
    }

    /// The attributes of a message, all of them texts, as its service `writes` one.
    fn attributes(&self, writes: impl Fn(&Value) -> Value) -> Map<String, Value> {
        let told = self.told.get("attributes").and_then(Value::as_object).into_iter().flatten();
        told.map(|(name, text)| (name.clone(), writes(text))).collect()
    }

    fn notification(&self) -> Value {
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
                "SigningCertUrl": format!("https://sns.{}.amazonaws.com/SimpleNotificationService.pem", self.region),
                "UnsubscribeUrl": format!("https://sns.{}.amazonaws.com/?Action=Unsubscribe", self.region),
                "MessageAttributes": self.attributes(|text| json!({ "Type": "String", "Value": text })),
            },
        })
    }

    fn bus_event(&self) -> Value {
        json!({
            "version": "0",
            "id": self.uuid(),
            "detail-type": self.text("type").or(self.event_type).unwrap_or("Sample"),
            "source": self.text("source").unwrap_or("sample"),
            "account": self.account,
            "time": seconds(self.time),
            "region": self.region,
            "resources": self.told.get("resources").cloned().unwrap_or_else(|| json!([])),
            "detail": self.payload.cloned().unwrap_or_else(|| json!({})),
        })
    }

    fn schedule(&self) -> Value {
        // Schedules of EventBridge Scheduler are in groups, rules are in none.
        let (source, arn) = match self.front() {
            name if name.contains('/') => {
                ("aws.scheduler", self.arn("scheduler", &format!("schedule/{name}")))
            }
            name => ("aws.events", self.arn("events", &format!("rule/{name}"))),
        };
        json!({
            "version": "0",
            "id": self.uuid(),
            "detail-type": "Scheduled Event",
            "source": source,
            "account": self.account,
            "time": seconds(self.time),
            "region": self.region,
            "resources": [arn],
            "detail": self.payload.cloned().unwrap_or_else(|| json!({})),
        })
    }

    fn change(&self) -> Value {
        let label = self.time.strftime("%Y-%m-%dT00:00:00.000");
        let mut images = Map::new();
        for (name, image) in self.payload.and_then(Value::as_object).into_iter().flatten() {
            images.insert(name.clone(), typed_members(image));
        }
        images.entry("Keys".to_owned()).or_insert_with(|| json!({ "id": { "S": self.id } }));
        images.insert("ApproximateCreationDateTime".to_owned(), self.time.as_second().into());
        images.insert("SequenceNumber".to_owned(), self.number(21).into());
        images.insert("SizeBytes".to_owned(), 64.into());
        images.insert("StreamViewType".to_owned(), "NEW_AND_OLD_IMAGES".into());
        let user = self.text("user").map(|user| json!({ "type": "Service", "principalId": user }));
        let mut record = json!({
            "eventID": self.seed().get(..32),
            "eventName": self.event_type.unwrap_or("INSERT"),
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": self.region,
            "dynamodb": images,
            "eventSourceARN": self.arn("dynamodb", &format!("table/{}/stream/{label}", self.front())),
        });
        if let (Some(record), Some(user)) = (record.as_object_mut(), user) {
            record.insert("userIdentity".to_owned(), user);
        }
        record
    }

    fn kinesis(&self) -> Value {
        let sequence = self.number(56);
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of our time are exact")]
        let arrival = self.time.as_millisecond() as f64 / 1000.0;
        json!({
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": self.text("partition_key").unwrap_or("1"),
                "sequenceNumber": sequence,
                "data": STANDARD.encode(self.payload_text()),
                "approximateArrivalTimestamp": arrival,
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": format!("{}:{sequence}", self.text("shard").unwrap_or("shardId-000000000000")),
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": format!("arn:aws:iam::{}:role/doorward", self.account),
            "awsRegion": self.region,
            "eventSourceARN": self.arn("kinesis", &format!("stream/{}", self.front())),
        })
    }
}

fn milliseconds(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

fn seconds(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// An item in DynamoDB's JSON.
fn typed_members(item: &Value) -> Value {
    let members = item.as_object().into_iter().flatten();
    members.map(|(name, value)| (name.clone(), typed(value))).collect::<Map<_, _>>().into()
}

fn typed(value: &Value) -> Value {
    match value {
        Value::Null => json!({ "NULL": true }),
        Value::Bool(value) => json!({ "BOOL": value }),
        Value::Number(number) => json!({ "N": number.to_string() }),
        Value::String(text) => json!({ "S": text }),
        Value::Array(values) => json!({ "L": values.iter().map(typed).collect::<Vec<_>>() }),
        Value::Object(_) => json!({ "M": typed_members(value) }),
    }
}
