//! What made-up events are made of.

use std::collections::BTreeMap;

use doorward_events::{Sample, sample, sample_batch, sample_message};
use doorward_model::{EventKind, RecordEnvelope};
use jiff::Timestamp;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::exact::with_member;
use crate::output::Failure;

pub(super) const REGION: &str = "us-east-1";
pub(super) const ACCOUNT: &str = "123456789012";

/// Where events come from.
#[derive(clap::Args)]
pub(super) struct Place {
    /// The account that it comes from.
    #[arg(long, default_value = ACCOUNT, value_parser = account)]
    account: String,
    /// The region that it comes from.
    #[arg(long, default_value = REGION, value_parser = region)]
    region: String,
}

fn account(text: &str) -> Result<String, &'static str> {
    match text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => Ok(text.to_owned()),
        false => Err("an account has twelve digits"),
    }
}

fn region(text: &str) -> Result<String, &'static str> {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    match !text.is_empty() && text.bytes().all(is_plain) {
        true => Ok(text.to_owned()),
        false => Err("write a region such as `eu-central-1`"),
    }
}

/// What events of all sources but S3 have in common.
#[derive(clap::Args)]
pub(super) struct Common {
    /// Two events with the same one are one event. A fresh one by default; of several, each has its number behind it.
    #[arg(long)]
    id: Option<String>,
    #[command(flatten)]
    pub(super) place: Place,
}

impl Common {
    /// The ids of so many records.
    pub(super) fn ids(&self, now: Timestamp, count: usize) -> Vec<String> {
        let id = self.id.clone().unwrap_or_else(|| fresh(now));
        match count {
            1 => vec![id],
            _ => (1..=count).map(|place| format!("{id}-{place}")).collect(),
        }
    }
}

pub(super) fn fresh(now: Timestamp) -> String {
    format!("{:016X}", now.as_nanosecond())
}

/// How records are handed over.
#[derive(clap::Args)]
pub(super) struct Batch {
    /// So many records of each, in one event.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=MOST))]
    count: u16,
    /// As EventBridge Pipes hand them over: an array, with nothing around it.
    #[arg(long)]
    pipe: bool,
}

/// The most records that Lambda hands over at once ("Event source mapping batch size", AWS Lambda guide).
const MOST: i64 = 10_000;

impl Batch {
    pub(super) fn count(&self) -> usize {
        self.count.into()
    }

    /// Each of them as often as is asked for.
    pub(super) fn each<'a>(&self, stated: &'a [String]) -> Vec<&'a str> {
        stated.iter().flat_map(|one| std::iter::repeat_n(one.as_str(), self.count())).collect()
    }

    pub(super) fn is_asked_for(&self) -> bool {
        self.pipe || self.count > 1
    }

    pub(super) fn event(&self, drafts: &[Draft], now: Timestamp) -> String {
        let around = if self.pipe { RecordEnvelope::List } else { RecordEnvelope::Records };
        let mut event =
            sample_batch(&drafts.iter().map(|draft| draft.sample(now)).collect::<Vec<_>>(), around);
        let records = match around {
            RecordEnvelope::List => Some(&mut event),
            RecordEnvelope::Records | RecordEnvelope::Nothing => event.get_mut("Records"),
        };
        let records = records.and_then(Value::as_array_mut).into_iter().flatten();
        for (record, draft) in records.zip(drafts) {
            let change = record.get_mut("dynamodb").and_then(Value::as_object_mut);
            if let (Some(change), Some(images)) = (change, &draft.images) {
                change.extend(images.clone());
            }
        }
        event.to_string()
    }
}

/// One made-up event.
pub(super) struct Draft {
    pub(super) kind: EventKind,
    event_type: Option<String>,
    pub(super) told: BTreeMap<String, Value>,
    payload: Option<Value>,
    /// The detail as it was written, in the place of a payload.
    detail: Option<Box<RawValue>>,
    /// The images of an item in DynamoDB's JSON, in the place of those of the payload.
    images: Option<Map<String, Value>>,
    id: String,
    region: String,
    account: String,
}

impl Draft {
    pub(super) fn new<const N: usize>(
        kind: EventKind,
        id: String,
        place: &Place,
        told: [(&str, Option<Value>); N],
    ) -> Self {
        let told = told.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        let Place { account, region } = place;
        Self {
            kind,
            event_type: None,
            told: told.collect(),
            payload: None,
            detail: None,
            images: None,
            id,
            region: region.clone(),
            account: account.clone(),
        }
    }

    pub(super) fn with_payload(self, payload: Value) -> Self {
        Self { payload: Some(payload), ..self }
    }

    pub(super) fn with_detail(self, detail: Box<RawValue>) -> Self {
        Self { detail: Some(detail), ..self }
    }

    /// Images by the names that a record has for them.
    pub(super) fn with_images(self, images: Map<String, Value>) -> Self {
        let plain: Map<String, Value> = images.keys().map(|name| (name.clone(), Map::new().into())).collect();
        Self { images: Some(images), ..self.with_payload(plain.into()) }
    }

    pub(super) fn with_type(self, event_type: &str) -> Self {
        Self { event_type: Some(event_type.to_owned()), ..self }
    }

    fn sample(&self, now: Timestamp) -> Sample<'_> {
        Sample {
            kind: self.kind,
            event_type: self.event_type.as_deref(),
            told: &self.told,
            payload: self.payload.as_ref(),
            id: &self.id,
            time: now,
            region: &self.region,
            account: &self.account,
        }
    }

    /// The event that it alone is.
    pub(super) fn event(&self, now: Timestamp) -> String {
        let event = sample(&self.sample(now));
        match &self.detail {
            Some(detail) => with_member(&event, "detail", detail),
            None => event.to_string(),
        }
    }

    /// What it is in a message.
    pub(super) fn message(&self, now: Timestamp) -> Value {
        match self.detail {
            Some(_) => Some(self.event(now)),
            None => sample_message(&self.sample(now)),
        }
        .into()
    }
}

/// What an option holds, in JSON.
pub(super) fn json(option: &str, text: &str) -> Result<Value, Failure> {
    serde_json::from_str(text).map_err(|error| Failure::usage(format!("`{option}` is no JSON: {error}")))
}

/// The same, where it must be an object.
pub(super) fn object(option: &str, text: &str) -> Result<Map<String, Value>, Failure> {
    match json(option, text)? {
        Value::Object(members) => Ok(members),
        _ => Err(Failure::usage(format!("`{option}` is no JSON object"))),
    }
}
