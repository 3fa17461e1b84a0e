use doorward_events::records::envelope;
use doorward_model::{EventKind, EventPayload};
use serde_json::json;

use super::{IN_ORDER, batch, call, calls, change, event, records, told};
use crate::samples::with;

#[test]
fn a_change_is_read_whole_and_its_images_are_plain() {
    let sent = records(&[change()]);
    let read = call(&sent);
    let record = event(&read);
    assert_eq!((record.source, record.sender.as_str()), (EventKind::DynamoDb, "table:Example-Table"));
    assert_eq!((record.event_type.as_str(), record.account.as_deref()), ("INSERT", Some("123456789012")));
    assert_eq!(told(&record.attributes), json!({ "table": "Example-Table" }));
    assert_eq!(record.item.as_deref(), Some("111"));
    assert_eq!(record.happened, Some("2015-04-09T00:00:00.5Z".parse().unwrap()));
    let images = json!({
        "Keys": { "Id": 101 },
        // More digits than readers keep.
        "NewImage": { "Message": "New item!", "Id": 101, "Big": "123456789012345678901234567890" }
    });
    assert_eq!(record.payload, EventPayload::Json(images));
    assert_eq!(envelope(&[record]), sent);
    assert_eq!(batch(&sent, &[]).answer, IN_ORDER);
}

#[test]
fn odd_changes_are_changes_all_the_same() {
    let removed = json!({
        "eventName": "REMOVE",
        "dynamodb": { "NewImage": null, "OldImage": {
            "b": { "B": "aGk=" }, "n": { "NULL": true }, "m": { "M": { "schön": { "L": [{ "BOOL": true }] } } }, "s": { "SS": ["a"] }
        } },
        "userIdentity": { "type": "Service", "principalId": "dynamodb.amazonaws.com" }
    });
    let read = call(&records(&[with(change(), removed)]));
    let images = json!({
        "Keys": { "Id": 101 },
        "OldImage": { "b": "aGk=", "n": null, "m": { "schön": [true] }, "s": ["a"] }
    });
    assert_eq!(event(&read).payload, EventPayload::Json(images));
    assert_eq!(event(&read).attributes["user"], "dynamodb.amazonaws.com");
    let bare = with(
        change(),
        json!({ "dynamodb": { "NewImage": null, "Keys": null, "StreamViewType": "KEYS_ONLY" } }),
    );
    assert_eq!(event(&call(&records(&[bare]))).payload, EventPayload::Json(json!({})));
}

#[test]
fn a_broken_change_is_kept_for_its_table() {
    for broken in [
        json!({ "eventName": "TRUNCATE" }),
        json!({ "dynamodb": { "SequenceNumber": null } }),
        json!({ "dynamodb": { "NewImage": { "x": { "Q": "1" } } } }),
        json!({ "eventID": null }),
    ] {
        let read = calls(&records(&[change(), with(change(), broken.clone())]), &[]);
        assert_eq!(
            (event(&read[1]).sender.as_str(), event(&read[1]).fault.is_some()),
            ("table:Example-Table", true),
            "{broken}"
        );
    }
}
