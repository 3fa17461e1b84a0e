//! Events within messages.

use std::collections::BTreeMap;

use doorward_model::{EventKind, EventPayload, Front, parse_json};
use serde_json::Value;

use super::{Reading, ShapeFault, eventbridge, is_bus_event, sns};
use crate::envelope::MAX_DEPTH;
use crate::s3::{self, TestEvent};

/// What a message carries.
pub(super) enum Opened {
    Events(Vec<Carried>),
    /// What S3 sends when notifications of this bucket are configured: there is nothing to do.
    Test(TestEvent),
}

/// An event within a message: what is claimed of it.
pub(super) struct Carried {
    pub(super) kind: EventKind,
    /// Within which other messages, the outermost first.
    pub(super) through: Vec<Front>,
    pub(super) event_type: String,
    pub(super) claims: BTreeMap<String, Value>,
    pub(super) payload: EventPayload,
    pub(super) identity: Vec<String>,
    pub(super) happened: Option<jiff::Timestamp>,
}

/// Opens the text of a message; `depth` says how many messages may be within each other, this one included.
/// What calls itself a test event of S3's and is not exactly one is broken.
pub(super) fn open(front: &Front, message: &EventPayload, depth: usize) -> Result<Opened, ShapeFault> {
    let EventPayload::Text(text) = message else { return Err(ShapeFault::Carries) };
    let value = parse_json(text.as_bytes(), MAX_DEPTH).map_err(|_| ShapeFault::Carries)?;
    let Value::Object(document) = &value else { return Err(ShapeFault::Carries) };
    if s3::is_called_test(document) {
        return s3::read_test(document, Some(front)).map(Opened::Test).ok_or(ShapeFault::Test);
    }
    if document.contains_key("TopicArn") {
        return open_notification(front, &value, depth);
    }
    if is_bus_event(document) {
        let reading = eventbridge::read(&value).map_err(|_| ShapeFault::Carried)?;
        // The record of the call is the message, not this.
        let payload = match reading.payload {
            EventPayload::At(place) => EventPayload::Json(value.pointer(place).cloned().unwrap_or_default()),
            own => own,
        };
        return Ok(Opened::Events(vec![of(Reading { payload, ..reading })]));
    }
    match document.get("Records") {
        Some(Value::Array(records)) if !records.is_empty() => {
            records.iter().map(of_s3).collect::<Result<_, _>>().map(Opened::Events)
        }
        _ => Err(ShapeFault::Carries),
    }
}

fn open_notification(front: &Front, notification: &Value, depth: usize) -> Result<Opened, ShapeFault> {
    let reading = sns::read_notification(notification).map_err(|_| ShapeFault::Carried)?;
    if depth < 2 {
        return Ok(Opened::Events(vec![of(reading)]));
    }
    match open(front, &reading.payload, depth - 1) {
        Ok(Opened::Test(test)) => Ok(Opened::Test(test)),
        Ok(Opened::Events(mut events)) => {
            for event in &mut events {
                event.through.insert(0, reading.front.clone());
            }
            Ok(Opened::Events(events))
        }
        // It carries none: then it is the event.
        Err(ShapeFault::Carries) => Ok(Opened::Events(vec![of(reading)])),
        Err(fault) => Err(fault),
    }
}

fn of(reading: Reading) -> Carried {
    let Reading { kind, event_type, region, account, attributes, mut claims, .. } = reading;
    claims.extend(attributes.into_iter().filter(|(name, _)| name != "by_aws"));
    claims.entry("type".to_owned()).or_insert_with(|| event_type.as_str().into());
    claims.insert("region".to_owned(), region.into());
    claims.extend(account.map(|account| ("account".to_owned(), account.into())));
    Carried {
        kind,
        through: Vec::new(),
        event_type,
        claims,
        payload: reading.payload,
        identity: reading.identity,
        happened: reading.happened,
    }
}

fn of_s3(record: &Value) -> Result<Carried, ShapeFault> {
    let reading = s3::Reading::of(record).map_err(|_| ShapeFault::Carried)?;
    let mut claims = reading.attributes;
    claims.insert("type".to_owned(), reading.event_type.as_str().into());
    claims.insert("region".to_owned(), reading.region.into());
    Ok(Carried {
        kind: EventKind::S3,
        through: Vec::new(),
        event_type: reading.event_type,
        claims,
        payload: reading.payload,
        identity: vec![reading.call.as_str().to_owned()],
        happened: reading.happened,
    })
}
