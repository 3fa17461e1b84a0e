use doorward_model::{Arn, EventKind, EventPayload, FrontKind, Pin, Trace};
use serde_json::Value;

use super::attributes::{self, Names};
use super::{Reading, ShapeFault, optional_text, text, told};

/// What `EventSource` says.
pub(super) const SOURCE: &str = "aws:sns";

const ATTRIBUTES: Names = Names { place: "/MessageAttributes", data_type: "Type", text: "Value" };

/// The topic that a record says it is of.
pub(super) fn pin(record: &Value) -> Option<Pin> {
    Pin::by_arn(FrontKind::Topic, record.pointer("/Sns/TopicArn")?.as_str()?)
}

/// A record of a notification ("Invoking Lambda functions with Amazon SNS notifications", AWS Lambda guide).
pub(super) fn read(record: &Value) -> Result<Reading, ShapeFault> {
    match record.get("Sns") {
        Some(notification) => read_notification(notification),
        None => Err(ShapeFault::Missing("/Sns")),
    }
}

/// A notification itself, as it also stands in the message of a queue ("Amazon SNS message and JSON formats", SNS guide). The
/// service attests topic, id and time; subject, attributes and message are the publisher's.
pub(super) fn read_notification(notification: &Value) -> Result<Reading, ShapeFault> {
    // Confirmations are for whoever subscribes, no events.
    if text(notification, "/Type")? != "Notification" {
        return Err(ShapeFault::Member("/Type"));
    }
    let arn_text = text(notification, "/TopicArn")?;
    let Pin { front, arn: pinned } =
        Pin::by_arn(FrontKind::Topic, arn_text).ok_or(ShapeFault::Member("/TopicArn"))?;
    let arn = Arn::of(arn_text, "sns").ok_or(ShapeFault::Member("/TopicArn"))?;
    let id = text(notification, "/MessageId")?;
    let payload = match optional_text(notification, "/Message")? {
        Some(message) => EventPayload::Text(message.to_owned()),
        None => EventPayload::Absent,
    };
    let mut claims = told([("subject", optional_text(notification, "/Subject")?.map(Value::from))]);
    attributes::claim(notification, &ATTRIBUTES, &mut claims)?;
    Ok(Reading {
        kind: EventKind::Sns,
        event_type: "Notification".to_owned(),
        region: arn.region.to_owned(),
        account: Some(arn.account.to_owned()),
        happened: optional_text(notification, "/Timestamp")?.and_then(|time| time.parse().ok()),
        attributes: told([("topic", Some(front.id.as_str().into()))]),
        claims,
        payload,
        item: None,
        identity: vec![arn_text.to_owned(), id.to_owned()],
        trace: Trace {
            traceparent: optional_text(notification, "/MessageAttributes/traceparent/Value")?
                .map(str::to_owned),
            xray: None,
        },
        front,
        arn: pinned,
    })
}
