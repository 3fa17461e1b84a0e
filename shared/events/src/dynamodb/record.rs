use doorward_model::Item;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::attribute;
use crate::moment;

/// What `eventSource` says.
const SOURCE: &str = "aws:dynamodb";
/// Who removes items whose time to live is over
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html>).
const EXPIRY: (&str, &str) = ("Service", "dynamodb.amazonaws.com");
/// The longest sequence number, in digits
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_StreamRecord.html>).
const LONGEST_SEQUENCE: usize = 40;

/// One change of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamRecord {
    /// The change's own id: a record that is delivered again has it again.
    pub event_id: String,
    /// Its place in the shard, by which a failure is reported. Digits.
    pub sequence: String,
    /// The table's name.
    pub table: String,
    /// When it was made, to the second or so; `None` where that is not said.
    pub at: Option<Timestamp>,
    /// The item's key.
    pub keys: Item,
    /// What was changed.
    pub change: StreamChange,
}

/// What became of an item. An image is `None` where the stream's view leaves it out.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "images before and after the change")]
pub enum StreamChange {
    /// It was not there before.
    Insert { new: Option<Item> },
    /// It was changed.
    Modify { old: Option<Item>, new: Option<Item> },
    /// It was removed: by the table, because its time to live was over, or by somebody.
    Remove { old: Option<Item>, expired: bool },
}

/// A record that has no reading.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("record {index} cannot be read: {fault}")]
pub struct BrokenStreamRecord {
    /// Its place among the event's records, from 0.
    pub index: usize,
    /// Its place in the shard, where it says one.
    pub sequence: Option<String>,
    /// Why.
    pub fault: StreamFault,
}

/// Why a record has no reading. No message holds a value of the record's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StreamFault {
    /// Its `eventSource` is another than that of its neighbours.
    #[error("its source is not DynamoDB, unlike that of other records in the event")]
    Source,
    /// A member is missing or has the wrong type.
    #[error("`{0}` is missing or not what a stream's record has there")]
    Member(&'static str),
}

/// Whether a record says that it is of a table's stream.
pub(super) fn is_of_stream(record: &Value) -> bool {
    record.get("eventSource").is_some_and(|source| source == SOURCE)
}

pub(super) fn read(index: usize, value: Value) -> Result<StreamRecord, BrokenStreamRecord> {
    let sequence = sequence(&value);
    match reading(value, sequence.clone()) {
        Ok(record) => Ok(record),
        Err(fault) => Err(BrokenStreamRecord { index, sequence, fault }),
    }
}

fn sequence(value: &Value) -> Option<String> {
    let text = value.pointer("/dynamodb/SequenceNumber")?.as_str()?;
    let is_number =
        (1..=LONGEST_SEQUENCE).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.to_owned())
}

fn reading(value: Value, sequence: Option<String>) -> Result<StreamRecord, StreamFault> {
    use StreamFault::Member;
    if !is_of_stream(&value) {
        return Err(StreamFault::Source);
    }
    let expired = is_expiry(&value);
    let Value::Object(mut members) = value else { return Err(StreamFault::Source) };
    let mut text = |name: &'static str| match members.remove(name) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text),
        _ => Err(Member(name)),
    };
    let (event_id, name, arn) = (text("eventID")?, text("eventName")?, text("eventSourceARN")?);
    let Some(Value::Object(mut said)) = members.remove("dynamodb") else { return Err(Member("dynamodb")) };
    let old = image(&mut said, "OldImage")?;
    let new = image(&mut said, "NewImage")?;
    let change = match name.as_str() {
        "INSERT" => StreamChange::Insert { new },
        "MODIFY" => StreamChange::Modify { old, new },
        "REMOVE" => StreamChange::Remove { old, expired },
        _ => return Err(Member("eventName")),
    };
    Ok(StreamRecord {
        event_id,
        sequence: sequence.ok_or(Member("dynamodb.SequenceNumber"))?,
        table: table(&arn).ok_or(Member("eventSourceARN"))?.to_owned(),
        at: said.get("ApproximateCreationDateTime").and_then(moment::of),
        keys: image(&mut said, "Keys")?.ok_or(Member("Keys"))?,
        change,
    })
}

fn image(said: &mut Map<String, Value>, name: &'static str) -> Result<Option<Item>, StreamFault> {
    match said.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(members)) => attribute::item(members).map(Some).ok_or(StreamFault::Member(name)),
        Some(_) => Err(StreamFault::Member(name)),
    }
}

/// The table of `arn:aws:dynamodb:eu-central-1:123456789012:table/NAME/stream/LABEL`.
pub(crate) fn table(arn: &str) -> Option<&str> {
    let parts: Vec<&str> = arn.split(':').collect();
    // The label of a stream is a time, with colons of its own.
    let ["arn", _, "dynamodb", _, _, resource, ..] = parts.as_slice() else { return None };
    let mut resource = resource.split('/');
    match (resource.next(), resource.next(), resource.next()) {
        (Some("table"), Some(name), Some("stream")) if !name.is_empty() => Some(name),
        _ => None,
    }
}

fn is_expiry(value: &Value) -> bool {
    let said = |name: &str| value.pointer(&format!("/userIdentity/{name}")).and_then(Value::as_str);
    // Lambda writes these names in lower case, the streams' own API some of them otherwise.
    let kind = said("type").or_else(|| said("Type"));
    let id = said("principalId").or_else(|| said("PrincipalId"));
    (kind, id) == (Some(EXPIRY.0), Some(EXPIRY.1))
}
