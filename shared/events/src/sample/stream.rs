use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::numbers::Numbers;
use super::{Sample, partition};

impl Sample<'_> {
    /// A change of an item ("Using AWS Lambda with Amazon DynamoDB", AWS Lambda guide).
    pub(super) fn change(&self, numbers: &Numbers) -> Value {
        let label = self.time.strftime("%Y-%m-%dT00:00:00.000");
        let mut change = Map::new();
        for (name, image) in self.payload.and_then(Value::as_object).into_iter().flatten() {
            change.insert(name.clone(), typed_members(image));
        }
        change.entry("Keys".to_owned()).or_insert_with(|| json!({ "id": { "S": self.id } }));
        let event = self.event_type.unwrap_or("INSERT");
        let view = view(event, change.contains_key("NewImage"), change.contains_key("OldImage"));
        change.insert("ApproximateCreationDateTime".to_owned(), self.time.as_second().into());
        change.insert("SequenceNumber".to_owned(), numbers.of(21).into());
        change.insert("SizeBytes".to_owned(), 64.into());
        change.insert("StreamViewType".to_owned(), view.into());
        let mut record = json!({
            "eventID": self.seed().get(..32),
            "eventName": event,
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": self.region,
            "dynamodb": change,
            "eventSourceARN": self.arn("dynamodb", &format!("table/{}/stream/{label}", self.front())),
        });
        // It is said of services alone: of the table itself, which removes items whose time to live is over.
        let user = self.text("user").map(|user| json!({ "type": "Service", "principalId": user }));
        if let (Some(record), Some(user)) = (record.as_object_mut(), user) {
            record.insert("userIdentity".to_owned(), user);
        }
        record
    }

    /// A record of a stream ("Using Lambda to process records from Amazon Kinesis Data Streams", AWS Lambda guide).
    pub(super) fn shard_record(&self, numbers: &Numbers) -> Value {
        let sequence = numbers.of(56);
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
            "invokeIdentityArn": format!("arn:{}:iam::{}:role/doorward", partition(self.region), self.account),
            "awsRegion": self.region,
            "eventSourceARN": self.arn("kinesis", &format!("stream/{}", self.front())),
        })
    }
}

/// A record as EventBridge Pipes have it: of a Kinesis stream's, what stands in `kinesis` stands in the record itself ("Amazon Kinesis
/// stream as a source", EventBridge guide).
pub(super) fn as_pipes_have_it(mut record: Value) -> Value {
    if let Some(members) = record.as_object_mut()
        && let Some(Value::Object(own)) = members.remove("kinesis")
    {
        members.extend(own);
    }
    record
}

/// What the stream of a table is told to have of an item: an image may be missing for that, or since there was none.
fn view(event: &str, new: bool, old: bool) -> &'static str {
    match (event, new, old) {
        (_, false, false) => "KEYS_ONLY",
        ("MODIFY", true, false) => "NEW_IMAGE",
        ("MODIFY", false, true) => "OLD_IMAGE",
        _ => "NEW_AND_OLD_IMAGES",
    }
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
