use doorward_model::{Arn, EventKind, EventPayload, FrontKind, Item, ItemValue, Pin, Trace, parse_json};
use serde_json::{Map, Value};

use super::{Reading, ShapeFault, optional_text, text, told};
use crate::dynamodb;
use crate::moment;

/// What `eventSource` says.
pub(super) const SOURCE: &str = "aws:dynamodb";

/// The images of an item and its key, by the names that a record has for them.
const IMAGES: [&str; 3] = ["Keys", "NewImage", "OldImage"];

/// The table whose stream a record says it is of.
pub(super) fn pin(record: &Value) -> Option<Pin> {
    let (table, _) = record.get("eventSourceARN")?.as_str()?.split_once("/stream/")?;
    Pin::by_arn(FrontKind::Table, table)
}

/// A change of an item ("Using AWS Lambda with Amazon DynamoDB", AWS Lambda guide). All of it is attested: it is the table's.
pub(super) fn read(record: &Value) -> Result<Reading, ShapeFault> {
    let Pin { front, arn: pinned } = pin(record).ok_or(ShapeFault::Missing("/eventSourceARN"))?;
    let arn_text = text(record, "/eventSourceARN")?;
    let arn = Arn::of(arn_text, "dynamodb").ok_or(ShapeFault::Missing("/eventSourceARN"))?;
    let name = text(record, "/eventName")?;
    if !EventKind::DynamoDb.types().contains(&name) {
        return Err(ShapeFault::Member("/eventName"));
    }
    let sequence = text(record, "/dynamodb/SequenceNumber")?;
    let mut payload = Map::new();
    for image in IMAGES {
        match record.get("dynamodb").and_then(|said| said.get(image)) {
            None | Some(Value::Null) => {}
            Some(Value::Object(members)) => {
                let item = dynamodb::item(members.clone()).ok_or(ShapeFault::Member("/dynamodb"))?;
                payload.insert(image.to_owned(), plain_item(item));
            }
            Some(_) => return Err(ShapeFault::Member("/dynamodb")),
        }
    }
    Ok(Reading {
        kind: EventKind::DynamoDb,
        event_type: name.to_owned(),
        region: arn.region.to_owned(),
        account: Some(arn.account.to_owned()),
        happened: record.pointer("/dynamodb/ApproximateCreationDateTime").and_then(moment::of),
        attributes: told([
            ("table", Some(front.id.as_str().into())),
            ("user", user(record)?.map(Value::from)),
        ]),
        claims: told([]),
        payload: EventPayload::Json(payload.into()),
        item: Some(sequence.to_owned()),
        identity: [arn_text, text(record, "/eventID")?, sequence].map(str::to_owned).into(),
        trace: Trace::default(),
        front,
        arn: pinned,
    })
}

/// Who made the change, where that is a service: the table itself removes items whose time to live is over.
fn user(record: &Value) -> Result<Option<&str>, ShapeFault> {
    let said = optional_text(record, "/userIdentity/principalId")?;
    Ok(said.or(optional_text(record, "/userIdentity/PrincipalId")?))
}

fn plain_item(item: Item) -> Value {
    item.into_iter().map(|(name, value)| (name, plain(value))).collect::<Map<_, _>>().into()
}

/// An attribute as plain JSON. A number of more digits than JSON readers keep exactly stays a text, and so do bytes, in
/// base64.
fn plain(value: ItemValue) -> Value {
    match value {
        ItemValue::Null => Value::Null,
        ItemValue::Bool(value) => value.into(),
        ItemValue::Text(text) => text.into(),
        ItemValue::Number(text) => match parse_json(text.as_bytes(), 1) {
            Ok(number @ Value::Number(_)) => number,
            _ => text.into(),
        },
        ItemValue::List(values) => values.into_iter().map(plain).collect(),
        ItemValue::Record(members) => plain_item(members),
        ItemValue::Binary(bytes) => {
            use base64::Engine as _;
            base64::engine::general_purpose::STANDARD.encode(bytes).into()
        }
    }
}
