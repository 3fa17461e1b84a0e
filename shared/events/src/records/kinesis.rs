use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorward_model::{Arn, EventKind, EventPayload, FrontKind, Pin, Trace};
use serde_json::Value;

use super::{Reading, ShapeFault, optional_text, text, told};
use crate::moment;

/// What `eventSource` says.
pub(super) const SOURCE: &str = "aws:kinesis";

/// The stream that a record says it is of. A mapping that reads as a consumer with enhanced fan-out names the consumer:
/// `arn:aws:kinesis:REGION:ACCOUNT:stream/NAME/consumer/CONSUMER:CREATED` ("ConsumerARN", Kinesis Data Streams API reference).
pub(super) fn pin(record: &Value) -> Option<Pin> {
    let arn = record.get("eventSourceARN")?.as_str()?;
    let stream = arn.split_once("/consumer/").filter(|(_, consumer)| !consumer.is_empty());
    Pin::by_arn(FrontKind::Stream, stream.map_or(arn, |(stream, _)| stream))
}

/// A record of a stream ("Using Lambda to process records from Amazon Kinesis Data Streams", AWS Lambda guide), whose
/// `kinesis` EventBridge Pipes leave out, with its members in the record itself. Partition key and data are the producer's.
pub(super) fn read(record: &Value) -> Result<Reading, ShapeFault> {
    let Pin { front, arn: pinned } = pin(record).ok_or(ShapeFault::Missing("/eventSourceARN"))?;
    let arn_text = pinned.as_deref().unwrap_or_default();
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
        // Of the stream, not of who reads it: every consumer is handed the same record.
        identity: vec![arn_text.to_owned(), event_id.to_owned()],
        trace: Trace::default(),
        front,
        arn: pinned,
    })
}
