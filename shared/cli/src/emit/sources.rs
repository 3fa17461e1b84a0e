//! What each source is told to send.

use std::collections::BTreeMap;

use doorward_events::{Sample, sample};
use doorward_model::EventKind;
use jiff::Timestamp;
use serde_json::Value;

use super::Source;
use crate::output::Failure;

#[derive(clap::Args)]
pub(super) struct S3Arguments {
    /// The bucket that sends it.
    #[arg(long)]
    bucket: String,
    /// The object's key, as written in S3.
    #[arg(long)]
    key: String,
    /// The object's size, in bytes.
    #[arg(long, default_value_t = 1024)]
    size: u64,
    /// The event's name, without `s3:`.
    #[arg(long, default_value = "ObjectCreated:Put")]
    event: String,
    /// The sequencer: two events with the same one are one event. A fresh one by default.
    #[arg(long)]
    sequencer: Option<String>,
}

/// What events of all other sources have in common.
#[derive(clap::Args)]
struct Common {
    /// Two events with the same one are one event. A fresh one by default.
    #[arg(long)]
    id: Option<String>,
    /// The account that it comes from.
    #[arg(long, default_value = ACCOUNT)]
    account: String,
    /// The region that it comes from.
    #[arg(long, default_value = REGION)]
    region: String,
}

#[derive(clap::Args)]
pub(super) struct SqsArguments {
    /// The queue's name; `.fifo` ends that of a FIFO queue.
    #[arg(long)]
    queue: String,
    /// The message's body.
    #[arg(long)]
    body: String,
    /// Whose credentials sent it.
    #[arg(long)]
    sender: Option<String>,
    /// The message group of a FIFO queue.
    #[arg(long)]
    group: Option<String>,
    /// Attributes of the message, texts: `--attribute tenant=gold`.
    #[arg(long, value_name = "NAME=TEXT")]
    attribute: Vec<String>,
    #[command(flatten)]
    common: Common,
}

#[derive(clap::Args)]
pub(super) struct SnsArguments {
    /// The topic's name.
    #[arg(long)]
    topic: String,
    /// The message.
    #[arg(long)]
    message: String,
    /// Its subject.
    #[arg(long)]
    subject: Option<String>,
    /// Attributes of the message, texts: `--attribute tenant=gold`.
    #[arg(long, value_name = "NAME=TEXT")]
    attribute: Vec<String>,
    #[command(flatten)]
    common: Common,
}

#[derive(clap::Args)]
pub(super) struct BusArguments {
    /// Who puts it on the bus: `shop.orders`.
    #[arg(long)]
    source: String,
    /// The detail type: `OrderPlaced`.
    #[arg(long = "type")]
    detail_type: String,
    /// The detail, in JSON.
    #[arg(long, default_value = "{}")]
    detail: String,
    #[command(flatten)]
    common: Common,
}

#[derive(clap::Args)]
pub(super) struct ScheduleArguments {
    /// A rule's name, or `GROUP/NAME` of a schedule of EventBridge Scheduler.
    #[arg(long)]
    name: String,
    /// The detail, in JSON.
    #[arg(long, default_value = "{}")]
    detail: String,
    #[command(flatten)]
    common: Common,
}

#[derive(clap::Args)]
pub(super) struct TableArguments {
    /// The table's name.
    #[arg(long)]
    table: String,
    /// What became of the item: `INSERT`, `MODIFY` or `REMOVE`.
    #[arg(long, default_value = "INSERT")]
    event: String,
    /// Its key, in plain JSON.
    #[arg(long)]
    keys: String,
    /// What it is, in plain JSON.
    #[arg(long)]
    new: Option<String>,
    /// What it was, in plain JSON.
    #[arg(long)]
    old: Option<String>,
    #[command(flatten)]
    common: Common,
}

#[derive(clap::Args)]
pub(super) struct StreamArguments {
    /// The stream's name.
    #[arg(long)]
    stream: String,
    /// The data.
    #[arg(long)]
    data: String,
    /// The partition key.
    #[arg(long, default_value = "1")]
    partition_key: String,
    #[command(flatten)]
    common: Common,
}

const REGION: &str = "us-east-1";
const ACCOUNT: &str = "123456789012";

impl Source {
    /// The event, as its source sends it now.
    pub(super) fn event(&self) -> Result<Value, Failure> {
        let text = |text: &str| Value::from(text);
        Ok(match self {
            Self::S3(s3) => s3_event(&s3.bucket, &s3.key, s3.size, &s3.event, s3.sequencer.as_deref()),
            Self::Sqs(sqs) => {
                let told = [
                    ("queue", Some(sqs.queue.as_str())),
                    ("sender", sqs.sender.as_deref()),
                    ("group", sqs.group.as_deref()),
                ];
                let attributes = attributes(&sqs.attribute)?;
                sqs.common.event_with(EventKind::Sqs, None, told, attributes, Some(text(&sqs.body)))
            }
            Self::Sns(sns) => {
                let told = [("topic", Some(sns.topic.as_str())), ("subject", sns.subject.as_deref())];
                let attributes = attributes(&sns.attribute)?;
                sns.common.event_with(EventKind::Sns, None, told, attributes, Some(text(&sns.message)))
            }
            Self::Eventbridge(bus) => {
                let told = [("source", Some(bus.source.as_str())), ("type", Some(bus.detail_type.as_str()))];
                bus.common.event(EventKind::EventBridge, None, told, Some(json("--detail", &bus.detail)?))
            }
            Self::Schedule(schedule) => {
                let told = [("schedule", Some(schedule.name.as_str()))];
                let detail = json("--detail", &schedule.detail)?;
                schedule.common.event(EventKind::Schedule, None, told, Some(detail))
            }
            Self::Dynamodb(table) => {
                let images = [
                    ("Keys", Some(&table.keys)),
                    ("NewImage", table.new.as_ref()),
                    ("OldImage", table.old.as_ref()),
                ];
                let there = images.into_iter().filter_map(|(name, image)| Some((name, image?)));
                let images = there.map(|(name, image)| Ok((name.to_owned(), json(name, image)?)));
                let images = images.collect::<Result<serde_json::Map<_, _>, Failure>>()?;
                let told = [("table", Some(table.table.as_str()))];
                table.common.event(EventKind::DynamoDb, Some(&table.event), told, Some(images.into()))
            }
            Self::Kinesis(stream) => {
                let told = [
                    ("stream", Some(stream.stream.as_str())),
                    ("partition_key", Some(stream.partition_key.as_str())),
                ];
                stream.common.event(EventKind::Kinesis, None, told, Some(text(&stream.data)))
            }
            Self::Cloudevents(_) | Self::File { .. } => Value::Null,
        })
    }
}

impl Common {
    fn event<const N: usize>(
        &self,
        kind: EventKind,
        event_type: Option<&str>,
        told: [(&str, Option<&str>); N],
        payload: Option<Value>,
    ) -> Value {
        self.event_with(kind, event_type, told, None, payload)
    }

    fn event_with<const N: usize>(
        &self,
        kind: EventKind,
        event_type: Option<&str>,
        told: [(&str, Option<&str>); N],
        attributes: Option<Value>,
        payload: Option<Value>,
    ) -> Value {
        let told = told.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into())));
        let attributes = attributes.map(|attributes| ("attributes".to_owned(), attributes));
        let told: BTreeMap<String, Value> = told.chain(attributes).collect();
        let now = Timestamp::now();
        sample(&Sample {
            kind,
            event_type,
            told: &told,
            payload: payload.as_ref(),
            id: self.id.as_deref().unwrap_or(&fresh(now)),
            time: now,
            region: &self.region,
            account: &self.account,
        })
    }
}

/// An S3 notification as a bucket sends it now.
pub(crate) fn s3_event(bucket: &str, key: &str, size: u64, event: &str, sequencer: Option<&str>) -> Value {
    let now = Timestamp::now();
    let told = [("bucket", bucket.into()), ("key", key.into()), ("size", Value::from(size))];
    sample(&Sample {
        kind: EventKind::S3,
        event_type: Some(event),
        told: &told.map(|(name, value)| (name.to_owned(), value)).into(),
        payload: None,
        id: sequencer.unwrap_or(&fresh(now)),
        time: now,
        region: REGION,
        account: ACCOUNT,
    })
}

pub(super) fn fresh(now: Timestamp) -> String {
    format!("{:016X}", now.as_nanosecond())
}

/// What `--attribute` says of a message.
fn attributes(stated: &[String]) -> Result<Option<Value>, Failure> {
    let mut attributes = serde_json::Map::new();
    for stated in stated {
        let (name, text) = stated.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or_else(|| {
            Failure::new(format!("`{stated}` names no attribute")).hint("write `--attribute tenant=gold`")
        })?;
        if attributes.insert(name.to_owned(), text.into()).is_some() {
            return Err(Failure::new(format!("the attribute `{name}` is given twice")));
        }
    }
    Ok(Some(attributes.into()))
}

fn json(name: &str, text: &str) -> Result<Value, Failure> {
    serde_json::from_str(text).map_err(|error| Failure::new(format!("`{name}` is no JSON: {error}")))
}
