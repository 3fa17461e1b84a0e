use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use crate::{EventKind, Front};

/// One record of an event as its source describes it.
#[derive(Debug, Clone)]
pub struct EventRecord {
    /// The kind of source that handed it over, whose service attests what is said of it.
    pub source: EventKind,
    /// The source's own type: `ObjectCreated:Put`.
    pub event_type: String,
    /// The AWS region in which it happened.
    pub region: String,
    /// The account that the service attests, where it does.
    pub account: Option<String>,
    /// What sent it, as the service attests it, written as a front: `bucket:receipts`. It is the `EventSource`
    /// principal.
    pub sender: String,
    /// The ARN of what sent it, as far as the service says it: a pin by ARN admits no other ([`crate::Pin`]).
    pub arn: Option<String>,
    /// When it happened, as the source says.
    pub happened: Option<Timestamp>,
    /// What the service attests: `bucket`, `key`, `size`, … ([`EventKind::attributes`]).
    pub attributes: BTreeMap<String, Value>,
    /// What whoever sent it says: [`EventKind::claims`], or [`EventKind::carried`] of the event within.
    pub claims: BTreeMap<String, Value>,
    /// The event that it carries, where messages of its source are opened.
    pub carried: Option<Carried>,
    /// What contracts describe.
    pub payload: EventPayload,
    /// By what its source is told that it failed, where it takes that of single records: a message's id, or a sequence
    /// number.
    pub item: Option<String>,
    /// The record in the source's own form, which the target receives unchanged.
    pub record: Arc<Value>,
    /// What stands around it.
    pub envelope: RecordEnvelope,
    /// Why the record has no reading, though its sender is known; such a record goes no further than being kept.
    pub fault: Option<String>,
}

/// An event within a message. Nothing of it is attested: whoever may send the message may have made it up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    /// The kind of the innermost event.
    pub kind: EventKind,
    /// What it passed between its source and the one that handed it over, the latest first.
    pub through: Vec<Front>,
    /// Its type.
    pub event_type: String,
    /// Its place among those that the message carries, from 0.
    pub place: usize,
    /// How many the message carries.
    pub count: usize,
}

/// The payload of a record: what it tells beside its envelope.
#[derive(Debug, Clone, PartialEq)]
pub enum EventPayload {
    /// A JSON value.
    Json(Value),
    /// The member of the record at this JSON Pointer (RFC 6901).
    At(&'static str),
    /// A text, which may be JSON: the body of a message.
    Text(String),
    /// So many bytes that are no text.
    Binary(usize),
    /// There is none.
    Absent,
}

/// What a source puts around its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RecordEnvelope {
    /// `{"Records": […]}`.
    Records,
    /// An array, as EventBridge Pipes have it.
    List,
    /// Nothing: the event is the record.
    Nothing,
}

impl EventPayload {
    /// How many bytes it has, as far as that is known without writing it.
    #[must_use]
    pub fn len_hint(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => *bytes,
            Self::Json(_) | Self::At(_) | Self::Absent => 0,
        }
    }
}

impl EventRecord {
    /// A record of which nothing is said beside where it comes from.
    #[must_use]
    pub fn new(source: EventKind, sender: &Front, event_type: &str, region: &str, record: Value) -> Self {
        Self {
            source,
            event_type: event_type.to_owned(),
            region: region.to_owned(),
            account: None,
            sender: sender.to_string(),
            arn: None,
            happened: None,
            attributes: BTreeMap::new(),
            claims: BTreeMap::new(),
            carried: None,
            payload: EventPayload::Absent,
            item: None,
            record: Arc::new(record),
            envelope: RecordEnvelope::Records,
            fault: None,
        }
    }

    /// The kind that a rule's `source` names.
    #[must_use]
    pub fn kind(&self) -> EventKind {
        self.carried.as_ref().map_or(self.source, |carried| carried.kind)
    }

    /// The type of the event that a rule is about.
    #[must_use]
    pub fn own_type(&self) -> &str {
        self.carried.as_ref().map_or(&self.event_type, |carried| &carried.event_type)
    }

    /// What is said of the event that a rule is about under this name, by whomever.
    #[must_use]
    pub fn said(&self, name: &str) -> Option<Cow<'_, str>> {
        if self.carried.is_none() {
            match name {
                "region" => return Some(Cow::Borrowed(&self.region)),
                "account" => return self.account.as_deref().map(Cow::Borrowed),
                _ => {}
            }
            if let Some(value) = self.attributes.get(name) {
                return text(value);
            }
        }
        self.claims.get(name).and_then(text)
    }
}

fn text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Bool(value) => Some(Cow::Borrowed(if *value { "true" } else { "false" })),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
