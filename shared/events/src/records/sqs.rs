use doorward_model::{Arn, EventKind, EventPayload, FrontKind, Pin, Trace};
use jiff::Timestamp;
use serde_json::Value;

use super::attributes::{self, Names};
use super::{Reading, ShapeFault, optional_text, text, told};

/// What `eventSource` says.
pub(super) const SOURCE: &str = "aws:sqs";

const ATTRIBUTES: Names = Names { place: "/messageAttributes", data_type: "dataType", text: "stringValue" };

/// The queue that a message says it is of, which the event source mapping attests.
pub(super) fn pin(record: &Value) -> Option<Pin> {
    Pin::by_arn(FrontKind::Queue, record.get("eventSourceARN")?.as_str()?)
}

/// A message of a queue ("Using Lambda with Amazon SQS", AWS Lambda guide). Mapping and queue attest its ids, times and
/// `SenderId`; group, deduplication id, attributes and body are its sender's.
pub(super) fn read(record: &Value) -> Result<Reading, ShapeFault> {
    let Pin { front, arn: pinned } = pin(record).ok_or(ShapeFault::Missing("/eventSourceARN"))?;
    let arn_text = text(record, "/eventSourceARN")?;
    let arn = Arn::of(arn_text, "sqs").ok_or(ShapeFault::Missing("/eventSourceARN"))?;
    let id = text(record, "/messageId")?;
    let said = |pointer| optional_text(record, pointer).map(|text| text.map(Value::from));
    let number = |pointer| -> Result<Option<i64>, ShapeFault> {
        let text = optional_text(record, pointer)?;
        text.map(|text| text.parse().map_err(|_| ShapeFault::Member(pointer))).transpose()
    };
    let sent = number("/attributes/SentTimestamp")?;
    let payload = match optional_text(record, "/body")? {
        Some(body) => EventPayload::Text(body.to_owned()),
        None => EventPayload::Absent,
    };
    let mut claims = told([
        ("group", said("/attributes/MessageGroupId")?),
        ("deduplication", said("/attributes/MessageDeduplicationId")?),
    ]);
    attributes::claim(record, &ATTRIBUTES, &mut claims)?;
    Ok(Reading {
        kind: EventKind::Sqs,
        event_type: "Message".to_owned(),
        region: arn.region.to_owned(),
        account: Some(arn.account.to_owned()),
        happened: sent.and_then(|sent| Timestamp::from_millisecond(sent).ok()),
        attributes: told([
            ("queue", Some(front.id.as_str().into())),
            ("sender", said("/attributes/SenderId")?),
            ("receives", number("/attributes/ApproximateReceiveCount")?.map(Value::from)),
        ]),
        claims,
        payload,
        item: Some(id.to_owned()),
        identity: vec![arn_text.to_owned(), id.to_owned()],
        trace: Trace {
            traceparent: optional_text(record, "/messageAttributes/traceparent/stringValue")?
                .map(str::to_owned),
            xray: optional_text(record, "/attributes/AWSTraceHeader")?.map(str::to_owned),
        },
        front,
        arn: pinned,
    })
}
