//! Buckets, buses and schedules.

use std::collections::BTreeMap;

use doorward_events::{Sample, sample};
use doorward_model::EventKind;
use jiff::Timestamp;
use serde_json::Value;

use super::draft::{ACCOUNT, Common, Draft, Place, REGION, fresh};
use super::exact::raw;
use super::way::Way;
use crate::output::Failure;

#[derive(clap::Args)]
pub(super) struct S3Arguments {
    /// The bucket that sends it.
    #[arg(long)]
    bucket: String,
    /// The object's key, as written in S3.
    #[arg(long, value_parser = key)]
    key: String,
    /// The object's size, in bytes.
    #[arg(long, default_value_t = 1024)]
    size: u64,
    /// The event's name, without `s3:`.
    #[arg(long, default_value = "ObjectCreated:Put")]
    event: String,
    /// The sequencer, hexadecimal: two events with the same one are one event. A fresh one by default; of several, each has its
    /// number behind it.
    #[arg(long)]
    sequencer: Option<String>,
    /// The object's version, in a versioned bucket.
    #[arg(long)]
    object_version: Option<String>,
    /// Who caused it: `AWS:` and the unique id of a user or role.
    #[arg(long)]
    user: Option<String>,
    #[command(flatten)]
    way: Way,
    #[command(flatten)]
    place: Place,
}

impl S3Arguments {
    pub(super) fn event(&self, now: Timestamp) -> Result<String, Failure> {
        let way = self.way.of(EventKind::S3)?;
        let sequencer = self.sequencer.clone().unwrap_or_else(|| fresh(now));
        let ids: Vec<String> = match way.count() {
            1 => vec![sequencer],
            count => (1..=count).map(|place| format!("{sequencer}{place:04X}")).collect(),
        };
        Ok(way.event(&ids, &self.place, now, |id| {
            let told = [
                ("bucket", Some(self.bucket.as_str().into())),
                ("key", Some(self.key.as_str().into())),
                ("size", Some(self.size.into())),
                ("version", self.object_version.as_deref().map(Value::from)),
                ("user", self.user.as_deref().map(Value::from)),
            ];
            Draft::new(EventKind::S3, id, &self.place, told).with_type(&self.event)
        }))
    }
}

/// An S3 notification as a bucket sends it now.
pub(crate) fn s3_event(bucket: &str, key: &str, size: u64, event: &str, sequencer: Option<&str>) -> Value {
    let now = Timestamp::now();
    let told: BTreeMap<String, Value> =
        [("bucket", bucket.into()), ("key", key.into()), ("size", Value::from(size))]
            .map(|(name, value)| (name.to_owned(), value))
            .into();
    sample(&Sample {
        kind: EventKind::S3,
        event_type: Some(event),
        told: &told,
        payload: None,
        id: sequencer.unwrap_or(&fresh(now)),
        time: now,
        region: REGION,
        account: ACCOUNT,
    })
}

/// 1 to 1,024 bytes ("Naming Amazon S3 objects", S3 guide).
fn key(text: &str) -> Result<String, &'static str> {
    match (1..=1024).contains(&text.len()) {
        true => Ok(text.to_owned()),
        false => Err("a key has 1 to 1024 bytes"),
    }
}

/// Names of rules, schedules and their groups are of one form (`PutRule` and `CreateSchedule`, API references).
fn schedule(text: &str) -> Result<String, &'static str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let is_name = |name: &str| (1..=64).contains(&name.len()) && name.bytes().all(is_plain);
    match text.split('/').count() <= 2 && text.split('/').all(is_name) {
        true => Ok(text.to_owned()),
        false => Err("write `NAME` or `GROUP/NAME`, each 1 to 64 letters, digits, `-`, `_` and `.`"),
    }
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
    /// Resources that it is about, by their ARNs.
    #[arg(long)]
    resource: Vec<String>,
    #[command(flatten)]
    way: Way,
    #[command(flatten)]
    common: Common,
}

impl BusArguments {
    pub(super) fn event(&self, now: Timestamp) -> Result<String, Failure> {
        let way = self.way.of(EventKind::EventBridge)?;
        let detail = raw("--detail", &self.detail)?;
        Ok(way.event(&self.common.ids(now, way.count()), &self.common.place, now, |id| {
            let told = [
                ("source", Some(self.source.as_str().into())),
                ("type", Some(self.detail_type.as_str().into())),
                ("resources", Some(self.resource.clone().into())),
            ];
            let draft = Draft::new(EventKind::EventBridge, id, &self.common.place, told);
            draft.with_detail(detail.clone())
        }))
    }
}

#[derive(clap::Args)]
pub(super) struct ScheduleArguments {
    /// The name of an EventBridge rule, or `GROUP/NAME` of a schedule of EventBridge Scheduler, which has no input of its own.
    #[arg(long, value_parser = schedule)]
    name: String,
    /// The detail, in JSON: `{}`, which the Scheduler writes as a text.
    #[arg(long, default_value = "{}")]
    detail: String,
    #[command(flatten)]
    way: Way,
    #[command(flatten)]
    common: Common,
}

impl ScheduleArguments {
    pub(super) fn event(&self, now: Timestamp) -> Result<String, Failure> {
        let way = self.way.of(EventKind::Schedule)?;
        let detail = raw("--detail", &self.detail)?;
        Ok(way.event(&self.common.ids(now, way.count()), &self.common.place, now, |id| {
            let told = [("schedule", Some(self.name.as_str().into()))];
            let draft = Draft::new(EventKind::Schedule, id, &self.common.place, told);
            match self.name.contains('/') {
                true => draft.with_payload(detail.get().into()),
                false => draft.with_detail(detail.clone()),
            }
        }))
    }
}
