//! Tables and streams.

use doorward_model::EventKind;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::draft::{Batch, Common, Draft};
use super::exact::item;
use crate::output::Failure;

#[derive(clap::Args)]
pub(super) struct TableArguments {
    /// The table's name.
    #[arg(long)]
    table: String,
    /// What became of the item: `INSERT` by default, with `--ttl` `REMOVE`.
    #[arg(long, value_parser = ["INSERT", "MODIFY", "REMOVE"])]
    event: Option<String>,
    /// Its key, in plain JSON; its images have it as well.
    #[arg(long)]
    keys: String,
    /// What it is, in plain JSON.
    #[arg(long)]
    new: Option<String>,
    /// What it was, in plain JSON.
    #[arg(long)]
    old: Option<String>,
    /// The table removed it itself, since its time to live was over: `userIdentity` says so.
    #[arg(long)]
    ttl: bool,
    #[command(flatten)]
    batch: Batch,
    #[command(flatten)]
    common: Common,
}

/// Who removes items whose time to live is over ("DynamoDB Streams and Time to Live", DynamoDB guide).
const TABLE_ITSELF: &str = "dynamodb.amazonaws.com";

impl TableArguments {
    pub(super) fn event(&self, now: Timestamp) -> Result<String, Failure> {
        let event = self.event.as_deref().unwrap_or(if self.ttl { "REMOVE" } else { "INSERT" });
        let refused = match event {
            "REMOVE" if self.new.is_some() => Some("an item that is removed has no `--new`"),
            "INSERT" if self.old.is_some() => Some("an item that is inserted has no `--old`"),
            "INSERT" | "MODIFY" if self.ttl => Some("what a table does for `--ttl` is a `REMOVE`"),
            _ => None,
        };
        if let Some(refused) = refused {
            return Err(Failure::usage(refused));
        }
        let images = self.images()?;
        let drafts = self.common.ids(now, self.batch.count()).into_iter().map(|id| {
            let user = self.ttl.then(|| TABLE_ITSELF.into());
            let told = [("table", Some(self.table.as_str().into())), ("user", user)];
            let draft = Draft::new(EventKind::DynamoDb, id, &self.common.place, told);
            draft.with_type(event).with_images(images.clone())
        });
        Ok(self.batch.event(&drafts.collect::<Vec<_>>(), now))
    }

    /// Key and images in DynamoDB's JSON, by the names that a record has for them.
    fn images(&self) -> Result<Map<String, Value>, Failure> {
        let keys = item("--keys", &self.keys)?;
        if !(1..=2).contains(&keys.len()) || !keys.values().all(is_key) {
            return Err(Failure::usage("`--keys` holds no key of a table")
                .hint("a key has one or two members, each a number or a text that is not empty"));
        }
        let mut images = Map::new();
        for (name, option, stated) in [("NewImage", "--new", &self.new), ("OldImage", "--old", &self.old)] {
            let Some(stated) = stated else { continue };
            let mut image = item(option, stated)?;
            for (member, key) in &keys {
                if image.entry(member.as_str()).or_insert_with(|| key.clone()) != key {
                    return Err(Failure::usage(format!("`{option}` has another `{member}` than `--keys`")));
                }
            }
            images.insert(name.to_owned(), image.into());
        }
        images.insert("Keys".to_owned(), keys.into());
        Ok(images)
    }
}

/// Keys are of the types `S`, `N` and `B`, of which plain JSON has two.
fn is_key(value: &Value) -> bool {
    let text = value.get("S").and_then(Value::as_str);
    value.get("N").is_some() || text.is_some_and(|text| !text.is_empty())
}

/// 1 to 256 characters (`PutRecord`, Kinesis API reference).
fn partition_key(text: &str) -> Result<String, &'static str> {
    match (1..=256).contains(&text.chars().count()) {
        true => Ok(text.to_owned()),
        false => Err("a partition key has 1 to 256 characters"),
    }
}

#[derive(clap::Args)]
pub(super) struct StreamArguments {
    /// The stream's name.
    #[arg(long)]
    stream: String,
    /// The data; several are as many records.
    #[arg(long, required = true)]
    data: Vec<String>,
    /// The partition key.
    #[arg(long, default_value = "1", value_parser = partition_key)]
    partition_key: String,
    #[command(flatten)]
    batch: Batch,
    #[command(flatten)]
    common: Common,
}

impl StreamArguments {
    pub(super) fn event(&self, now: Timestamp) -> String {
        let data = self.batch.each(&self.data);
        let ids = self.common.ids(now, data.len());
        let drafts = data.into_iter().zip(ids).map(|(data, id)| {
            let told = [
                ("stream", Some(self.stream.as_str().into())),
                ("partition_key", Some(self.partition_key.as_str().into())),
            ];
            Draft::new(EventKind::Kinesis, id, &self.common.place, told).with_payload(data.into())
        });
        self.batch.event(&drafts.collect::<Vec<_>>(), now)
    }
}
