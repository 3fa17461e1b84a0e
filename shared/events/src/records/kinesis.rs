use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorward_model::{EventKind, EventPayload, Front, FrontKind, Trace};
use serde_json::Value;

use super::{Reading, ShapeFault, optional_text, text, told};
use crate::arn::Arn;
use crate::moment;

/// What `eventSource` says.
pub(super) const SOURCE: &str = "aws:kinesis";

/// The stream that a record says it is of.
pub(super) fn front(record: &Value) -> Option<Front> {
    let arn = Arn::of(record.get("eventSourceARN")?.as_str()?, "kinesis")?;
    format!("{}:{}", FrontKind::Stream.word(), arn.resource.strip_prefix("stream/")?).parse().ok()
}

/// A record of a stream ("Using Lambda to process records from Amazon Kinesis Data Streams", AWS Lambda guide), whose
/// `kinesis` EventBridge Pipes leave out, with its members in the record itself. Partition key and data are the producer's.
pub(super) fn read(record: &Value) -> Result<Reading, ShapeFault> {
    let front = front(record).ok_or(ShapeFault::Missing("/eventSourceARN"))?;
    let arn_text = text(record, "/eventSourceARN")?;
    let arn = Arn::of(arn_text, "kinesis").ok_or(ShapeFault::Missing("/eventSourceARN"))?;
    let own = record.get("kinesis").unwrap_or(record);
    let sequence = text(own, "/sequenceNumber")?;
    let data = match own.get("data") {
        Some(Value::String(data)) => STANDARD.decode(data).map_err(|_| ShapeFault::Base64("/data"))?,
        _ => return Err(ShapeFault::Member("/data")),
    };
    let payload = match String::from_utf8(data) {
        Ok(text) if text.is_empty() => EventPayload::Absent,
        Ok(text) => EventPayload::Text(text),
        Err(error) => EventPayload::Binary(error.as_bytes().len()),
    };
    let event_id = text(record, "/eventID")?;
    let shard = event_id.split_once(':').map(|(shard, _)| Value::from(shard));
    Ok(Reading {
        kind: EventKind::Kinesis,
        event_type: optional_text(record, "/eventName")?.unwrap_or("aws:kinesis:record").to_owned(),
        region: arn.region.to_owned(),
        account: Some(arn.account.to_owned()),
        happened: own.get("approximateArrivalTimestamp").and_then(moment::of),
        attributes: told([("stream", Some(front.id.as_str().into())), ("shard", shard)]),
        claims: told([("partition_key", Some(text(own, "/partitionKey")?.into()))]),
        payload,
        item: Some(sequence.to_owned()),
        identity: vec![arn_text.to_owned(), event_id.to_owned()],
        trace: Trace::default(),
        front,
    })
}
