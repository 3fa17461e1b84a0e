//! Queues and topics.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorward_model::EventKind;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::draft::{Batch, Common, Draft, Place};
use super::way::Way;
use crate::output::Failure;

#[derive(clap::Args)]
pub(super) struct SqsArguments {
    /// The queue's name; `.fifo` ends that of a FIFO queue.
    #[arg(long)]
    queue: String,
    /// The message's body; several are as many messages.
    #[arg(long, required = true)]
    body: Vec<String>,
    /// Attributes of the message: `--attribute tenant=gold`, or `size:Number=3` and `raw:Binary=BASE64` of other types.
    #[arg(long, value_name = "NAME[:TYPE]=VALUE")]
    attribute: Vec<String>,
    #[command(flatten)]
    queued: Queued,
    #[command(flatten)]
    batch: Batch,
    #[command(flatten)]
    common: Common,
}

/// What a queue says of a message beside its body.
#[derive(clap::Args)]
pub(super) struct Queued {
    /// A queue's `SenderId`: the unique id of the user who sent it, `ROLE:SESSION`, or an account.
    #[arg(long)]
    sender: Option<String>,
    /// The message group; in a FIFO queue `1` by default.
    #[arg(long)]
    group: Option<String>,
    /// The deduplication id; in a FIFO queue one of its own by default.
    #[arg(long)]
    deduplication: Option<String>,
    /// How often the queue has handed it over, this time included: 1 by default.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    receives: Option<u32>,
}

/// Messages of a FIFO queue in a batch at the most ("Configuring SQS event source mappings", AWS Lambda guide).
const MOST_OF_FIFO: usize = 10;

impl Queued {
    /// Refuses so many messages of this queue where SQS would never hand them over.
    pub(super) fn check(&self, queue: &str, count: usize) -> Result<(), Failure> {
        let is_fifo = queue.ends_with(".fifo");
        let refused = match &self.deduplication {
            Some(_) if !is_fifo => "messages of a standard queue have no deduplication id",
            Some(_) if count > 1 => "a FIFO queue takes one message of each deduplication id",
            _ if is_fifo && count > MOST_OF_FIFO => "a FIFO queue's messages come 10 at a time at the most",
            _ => return Ok(()),
        };
        Err(Failure::usage(refused))
    }

    pub(super) fn is_asked_for(&self) -> bool {
        let Self { sender, group, deduplication, receives } = self;
        sender.is_some() || group.is_some() || deduplication.is_some() || receives.is_some()
    }

    /// A message of this queue, whose group and deduplication id a FIFO queue always has.
    pub(super) fn message(&self, queue: &str, id: String, place: &Place, body: Value) -> Draft {
        let is_fifo = queue.ends_with(".fifo");
        let text = |said: &Option<String>| said.as_deref().map(Value::from);
        let or = |said: &Option<String>, own: &str| text(said).or_else(|| is_fifo.then(|| own.into()));
        let told = [
            ("queue", Some(queue.into())),
            ("sender", text(&self.sender)),
            ("group", or(&self.group, "1")),
            ("deduplication", or(&self.deduplication, &id)),
            ("receives", self.receives.map(Value::from)),
        ];
        Draft::new(EventKind::Sqs, id, place, told).with_payload(body)
    }
}

impl SqsArguments {
    pub(super) fn event(&self, now: Timestamp) -> Result<String, Failure> {
        let attributes = attributes(&self.attribute)?;
        let bodies = self.batch.each(&self.body);
        self.queued.check(&self.queue, bodies.len())?;
        let ids = self.common.ids(now, bodies.len());
        let drafts = bodies.into_iter().zip(ids).map(|(body, id)| {
            let mut draft = self.queued.message(&self.queue, id, &self.common.place, body.into());
            draft.told.insert("attributes".to_owned(), attributes.clone());
            draft
        });
        Ok(self.batch.event(&drafts.collect::<Vec<_>>(), now))
    }
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
    /// Attributes of the message: `--attribute tenant=gold`, or `size:Number=3` and `raw:Binary=BASE64` of other types.
    #[arg(long, value_name = "NAME[:TYPE]=VALUE")]
    attribute: Vec<String>,
    #[command(flatten)]
    way: Way,
    #[command(flatten)]
    common: Common,
}

impl SnsArguments {
    pub(super) fn event(&self, now: Timestamp) -> Result<String, Failure> {
        let attributes = attributes(&self.attribute)?;
        let way = self.way.of_topic(&self.topic)?;
        Ok(way.event(&self.common.ids(now, way.count()), &self.common.place, now, |id| {
            let told = [
                ("topic", Some(self.topic.as_str().into())),
                ("subject", self.subject.as_deref().map(Value::from)),
                ("attributes", Some(attributes.clone())),
            ];
            let draft = Draft::new(EventKind::Sns, id, &self.common.place, told);
            draft.with_payload(self.message.as_str().into())
        }))
    }
}

/// What `--attribute` says of a message.
fn attributes(stated: &[String]) -> Result<Value, Failure> {
    let mut attributes = Map::new();
    for stated in stated {
        let wrong = |cause: &str| {
            Failure::usage(format!("`{stated}` {cause}"))
                .hint("write `--attribute tenant=gold`, `size:Number=3` or `raw:Binary=BASE64`")
        };
        let (name, value) = stated.split_once('=').ok_or_else(|| wrong("names no attribute"))?;
        let (name, data_type) = name.split_once(':').unwrap_or((name, "String"));
        if name.is_empty() {
            return Err(wrong("names no attribute"));
        }
        // A type may have a label of its own: `Number.int`.
        let is_well_formed = match data_type.split('.').next() {
            Some("String") => true,
            Some("Number") => value.parse::<f64>().is_ok_and(f64::is_finite),
            Some("Binary") => STANDARD.decode(value).is_ok(),
            _ => return Err(wrong("has another type than `String`, `Number` and `Binary`")),
        };
        if !is_well_formed {
            return Err(wrong("has no value of its type"));
        }
        if attributes.insert(name.to_owned(), json!({ "type": data_type, "value": value })).is_some() {
            return Err(Failure::usage(format!("the attribute `{name}` is given twice")));
        }
    }
    Ok(attributes.into())
}
