use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use aws_lambda_events::s3::S3EventRecord;
use doorward_model::{
    CallId, EventKind, EventPayload, EventRecord, Front, FrontKind, Inbound, Message, Pin, RecordEnvelope,
    Trace,
};
use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::envelope::Envelope;
use crate::identity;

/// A record that has no reading and names no bucket to keep it for, among records that may have one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("record {index} cannot be read: {fault}")]
pub struct BrokenRecord {
    /// Its place among the event's records, from 0.
    pub index: usize,
    /// Why.
    pub fault: RecordFault,
    /// The record as it came.
    pub record: Value,
}

/// Why a record has no reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecordFault {
    /// Its `eventSource` is another than that of its neighbours.
    #[error("its source is not S3, unlike that of other records in the event")]
    Source,
    /// A member of the wrong type, or one missing that every notification has.
    #[error("it does not have the form of an S3 notification")]
    Form,
    /// A member without which it cannot be decided on.
    #[error("`{0}` is missing or empty")]
    Missing(&'static str),
    /// A key that is not form-encoded UTF-8.
    #[error("the object's key is not form-encoded")]
    Key,
    /// Neither a sequencer nor a request id: it could not be told from its own repetition.
    #[error("it has neither a sequencer nor a request id, so repetitions of it could not be told")]
    Identity,
}

/// Reads one record. `value` stays as it was received: targets get it unchanged. Asynchronous invocations that fail are
/// dropped after two retries, so a record that has no reading but a bucket is a call too, with its fault.
pub(super) fn read(envelope: &Envelope<'_>, index: usize, value: Value) -> Result<Inbound, BrokenRecord> {
    let reading = Reading::of(&value)
        .or_else(|fault| Reading::of_broken(&value, fault, envelope.request_id, index).ok_or(fault));
    let reading = match reading {
        Ok(reading) => reading,
        Err(fault) => return Err(BrokenRecord { index, fault, record: value }),
    };
    Ok(Inbound {
        call: reading.call,
        invocation: envelope.request_id.to_owned(),
        gateway_request: reading.request,
        received: None,
        deadline: envelope.deadline,
        trace: Trace { traceparent: None, xray: envelope.xray.map(str::to_owned) },
        message: Message::Event(EventRecord {
            source: EventKind::S3,
            event_type: reading.event_type,
            region: reading.region,
            // A notification names the bucket's owner by canonical user id only, which is no account id.
            account: None,
            sender: reading.front.to_string(),
            arn: bucket_arn(&value, &reading.front),
            happened: reading.happened,
            attributes: reading.attributes,
            claims: BTreeMap::new(),
            carried: None,
            payload: reading.payload,
            item: None,
            record: Arc::new(value),
            envelope: RecordEnvelope::Records,
            fault: reading.fault.map(|fault| fault.to_string()),
        }),
        front: reading.front,
    })
}

/// The ARN of the bucket, where the record gives that of the one that it names.
fn bucket_arn(record: &Value, front: &Front) -> Option<String> {
    let Pin { front: named, arn } =
        Pin::by_arn(FrontKind::Bucket, record.pointer("/s3/bucket/arn")?.as_str()?)?;
    arn.filter(|_| named == *front)
}

/// What a record says.
pub(crate) struct Reading {
    pub(crate) call: CallId,
    front: Front,
    /// S3's id of the request that caused it.
    request: Option<String>,
    pub(crate) event_type: String,
    pub(crate) region: String,
    pub(crate) happened: Option<Timestamp>,
    pub(crate) attributes: BTreeMap<String, Value>,
    pub(crate) payload: EventPayload,
    fault: Option<RecordFault>,
}

impl Reading {
    pub(crate) fn of(value: &Value) -> Result<Self, RecordFault> {
        if !super::comes_from_s3(value) {
            return Err(RecordFault::Source);
        }
        let record = S3EventRecord::deserialize(value).map_err(|_| RecordFault::Form)?;
        let bucket = present(record.s3.bucket.name.as_deref(), "s3.bucket.name")?;
        let key = decode_key(present(record.s3.object.key.as_deref(), "s3.object.key")?)?;
        let event_type = event_type(present(record.event_name.as_deref(), "eventName")?);
        let region = present(record.aws_region.as_deref(), "awsRegion")?;
        Ok(Self {
            call: call_id(&record, bucket, &key, event_type)?,
            front: Front { kind: FrontKind::Bucket, id: bucket.to_owned() },
            request: record.response_elements.get(REQUEST_ID).cloned(),
            event_type: event_type.to_owned(),
            region: region.to_owned(),
            happened: happened(&record),
            attributes: attributes(&record, bucket, &key),
            payload: EventPayload::Json(payload(value, &key)),
            fault: None,
        })
    }

    /// What is left of a record with a fault; `None` unless it comes from a bucket that could be pinned as a front.
    fn of_broken(value: &Value, fault: RecordFault, invocation: &str, index: usize) -> Option<Self> {
        if !super::comes_from_s3(value) {
            return None;
        }
        let bucket = value.pointer("/s3/bucket/name")?.as_str()?;
        let front: Front = format!("{}:{bucket}", FrontKind::Bucket.word()).parse().ok()?;
        let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
        Some(Self {
            call: identity::of_broken(EventKind::S3, invocation, index),
            front,
            request: None,
            event_type: event_type(text("eventName")).to_owned(),
            region: text("awsRegion").to_owned(),
            happened: None,
            attributes: BTreeMap::from([("bucket".to_owned(), Value::from(bucket))]),
            payload: EventPayload::Absent,
            fault: Some(fault),
        })
    }
}

/// S3 writes names without `s3:`, configurations and senders like S3 with it: one event either way.
fn event_type(name: &str) -> &str {
    name.strip_prefix("s3:").unwrap_or(name)
}

const REQUEST_ID: &str = "x-amz-request-id";

fn present<'a>(member: Option<&'a str>, name: &'static str) -> Result<&'a str, RecordFault> {
    member.filter(|text| !text.is_empty()).ok_or(RecordFault::Missing(name))
}

fn happened(record: &S3EventRecord) -> Option<Timestamp> {
    let nanoseconds = i32::try_from(record.event_time.timestamp_subsec_nanos()).ok()?;
    Timestamp::new(record.event_time.timestamp(), nanoseconds).ok()
}

/// S3 writes keys as `application/x-www-form-urlencoded`: `+` is a space, and a plus is `%2B`.
fn decode_key(key: &str) -> Result<String, RecordFault> {
    let is_escape =
        |rest: &str| rest.as_bytes().get(..2).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit));
    if !key.split('%').skip(1).all(is_escape) {
        return Err(RecordFault::Key);
    }
    let spaced = key.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().map(Cow::into_owned).map_err(|_| RecordFault::Key)
}

fn attributes(record: &S3EventRecord, bucket: &str, key: &str) -> BTreeMap<String, Value> {
    let object = &record.s3.object;
    [
        ("bucket", Some(Value::from(bucket))),
        ("key", Some(Value::from(key))),
        ("size", object.size.map(Value::from)),
        ("version", object.version_id.as_deref().map(Value::from)),
        ("owner", owner(record).map(Value::from)),
        ("user", record.principal_id.principal_id.as_deref().map(Value::from)),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name.to_owned(), value?)))
    .collect()
}

/// The canonical user id of whom the bucket belongs to.
fn owner(record: &S3EventRecord) -> Option<&str> {
    record.s3.bucket.owner_identity.as_ref()?.principal_id.as_deref()
}

/// The sequencer orders all that happened to one key; where S3 sends none, its request id stands in.
fn call_id(record: &S3EventRecord, bucket: &str, key: &str, event_type: &str) -> Result<CallId, RecordFault> {
    let object = &record.s3.object;
    let filled = |text: &&str| !text.is_empty();
    let sequencer = object.sequencer.as_deref().filter(filled).map(|sequencer| ("sequencer", sequencer));
    let request = || record.response_elements.get(REQUEST_ID).map(String::as_str).filter(filled);
    let (kind, moment) =
        sequencer.or_else(|| request().map(|id| ("request", id))).ok_or(RecordFault::Identity)?;
    let version = object.version_id.as_deref().unwrap_or_default();
    Ok(identity::of(EventKind::S3, [kind, moment, bucket, key, version, event_type]))
}

/// `s3` of a notification (`bucket` and `object`), without what says how the notification itself is made. The key is
/// decoded, as `match` and policies have it.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>
fn payload(record: &Value, key: &str) -> Value {
    let about_notifications = ["s3SchemaVersion", "configurationId"];
    let members = record.get("s3").and_then(Value::as_object).into_iter().flatten();
    let kept = members.filter(|(name, _)| !about_notifications.contains(&name.as_str()));
    let mut payload: Map<String, Value> = kept.map(|(name, value)| (name.clone(), value.clone())).collect();
    if let Some(Value::Object(object)) = payload.get_mut("object") {
        object.insert("key".to_owned(), key.into());
    }
    Value::Object(payload)
}
