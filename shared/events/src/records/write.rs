use std::sync::Arc;

use doorward_model::{EventRecord, RecordEnvelope, parse_json};
use serde_json::{Map, Value, json};

use crate::envelope::MAX_DEPTH;

/// The event that a target receives for some records of one invocation, in their order: their source's own envelope around
/// the records as they came. Of a message that carries several events it holds those of which the calls are among them.
#[must_use]
pub fn envelope(records: &[&EventRecord]) -> Value {
    let mut written: Vec<Value> = Vec::with_capacity(records.len());
    let mut rest = records;
    while let Some((first, behind)) = rest.split_first() {
        // What one message carries stands side by side.
        let same = behind.iter().take_while(|other| Arc::ptr_eq(&first.record, &other.record)).count();
        let (own, next) = rest.split_at(same + 1);
        written.push(narrowed(own).unwrap_or_else(|| Value::clone(&first.record)));
        rest = next;
    }
    match records.first().map(|record| record.envelope) {
        Some(RecordEnvelope::List) => written.into(),
        Some(RecordEnvelope::Nothing) if written.len() == 1 => written.into_iter().next().unwrap_or_default(),
        Some(RecordEnvelope::Records | RecordEnvelope::Nothing) | None => json!({ "Records": written }),
    }
}

/// The message of which only some events go on; `None` where all of them do.
fn narrowed(records: &[&EventRecord]) -> Option<Value> {
    let first = records.first()?;
    let carried = first.carried.as_ref().filter(|carried| records.len() < carried.count)?;
    let places: Vec<usize> =
        records.iter().filter_map(|record| Some(record.carried.as_ref()?.place)).collect();
    let mut record = Value::clone(&first.record);
    let message = match record.pointer("/body").is_some() {
        true => "/body",
        false => "/Sns/Message",
    };
    narrow(record.pointer_mut(message)?, carried.through.len(), &places)?;
    // They are those of the whole message.
    if let Some(members) = record.as_object_mut() {
        members.remove("md5OfBody");
    }
    Some(record)
}

/// Leaves the records at `places` in the notification that `text` is, `depth` messages within it.
fn narrow(text: &mut Value, depth: usize, places: &[usize]) -> Option<()> {
    let mut document = parse_json(text.as_str()?.as_bytes(), MAX_DEPTH).ok()?;
    match depth {
        0 => {
            let records = document.get_mut("Records")?.as_array_mut()?;
            let mut place = 0;
            records.retain(|_| {
                place += 1;
                places.contains(&(place - 1))
            });
        }
        _ => narrow(document.get_mut("Message")?, depth - 1, places)?,
    }
    *text = document.to_string().into();
    Some(())
}

/// What is answered to a source that takes the failures of single records. An empty list is a success of all.
#[must_use]
pub fn item_failures<'a>(items: impl IntoIterator<Item = &'a str>) -> Value {
    let failures: Vec<Map<String, Value>> = items
        .into_iter()
        .map(|item| Map::from_iter([("itemIdentifier".to_owned(), Value::from(item))]))
        .collect();
    json!({ "batchItemFailures": failures })
}
