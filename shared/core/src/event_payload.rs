//! What contracts see of an event.

use doorward_model::{EventKind, EventRecord};
use serde_json::{Map, Value};

/// The payload of a record: what it tells beside its envelope. Contracts describe it, and policies read it as
/// `context.input`.
pub(crate) fn of(record: &EventRecord) -> Value {
    match record.source {
        EventKind::S3 => s3(record),
    }
}

/// `s3` of a notification (`bucket` and `object`), without what says how the notification itself is made. The key is
/// decoded, as `match` and policies have it.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>
fn s3(record: &EventRecord) -> Value {
    let about_notifications = ["s3SchemaVersion", "configurationId"];
    let members = record.record.get("s3").and_then(Value::as_object).into_iter().flatten();
    let kept = members.filter(|(name, _)| !about_notifications.contains(&name.as_str()));
    let mut payload: Map<String, Value> = kept.map(|(name, value)| (name.clone(), value.clone())).collect();
    if let (Some(Value::Object(object)), Some(key)) =
        (payload.get_mut("object"), record.attributes.get("key"))
    {
        object.insert("key".to_owned(), key.clone());
    }
    Value::Object(payload)
}
