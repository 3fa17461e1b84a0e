use aws_lambda_events::sns::SnsEvent;
use doorward_events::records::{BatchAnswer, envelope};
use doorward_model::{EventKind, EventPayload};
use serde_json::json;

use super::{batch, call, calls, event, notification, records, told};
use crate::samples::with;

#[test]
fn a_notification_is_read_whole() {
    let sent = records(&[notification()]);
    let read = call(&sent);
    let record = event(&read);
    assert_eq!((record.source, record.sender.as_str()), (EventKind::Sns, "topic:sns-lambda"));
    assert_eq!((record.region.as_str(), record.account.as_deref()), ("us-east-1", Some("123456789012")));
    assert_eq!(record.happened, Some("2019-01-02T12:45:07Z".parse().unwrap()));
    assert_eq!(told(&record.attributes), json!({ "topic": "sns-lambda" }));
    let claims = json!({
        "subject": "TestInvoke",
        "attributes": { "Test": "TestString" },
        "attribute_names": ["Test", "TestBinary"]
    });
    assert_eq!(told(&record.claims), claims);
    assert_eq!(record.payload, EventPayload::Text("Hello from SNS!".to_owned()));
    assert_eq!(envelope(&[record]), sent);
    assert_eq!(batch(&sent, &[]).answer, BatchAnswer::Whole);
    let typed: SnsEvent = serde_json::from_value(sent).unwrap();
    assert_eq!(typed.records[0].sns.message, "Hello from SNS!");
}

#[test]
fn odd_notifications_are_notifications_all_the_same() {
    for odd in [
        json!({ "Sns": { "Subject": null } }),
        json!({ "Sns": { "MessageAttributes": null, "Signature": null } }),
        json!({ "Sns": { "Message": "" } }),
        json!({ "Sns": { "Message": "\u{1f980} {\"a\": 1}" } }),
        json!({ "Sns": { "TopicArn": "arn:aws-cn:sns:cn-north-1:123456789012:sns-lambda" } }),
    ] {
        let sent = records(&[with(notification(), odd.clone())]);
        let read = call(&sent);
        assert_eq!(event(&read).fault, None, "{odd}");
        assert_eq!(envelope(&[event(&read)]), sent);
    }
}

#[test]
fn a_confirmation_and_a_notification_without_an_id_are_broken() {
    for broken in [
        json!({ "Sns": { "Type": "SubscriptionConfirmation" } }),
        json!({ "Sns": { "MessageId": null } }),
        json!({ "Sns": { "Subject": 7 } }),
    ] {
        let read = calls(&records(&[with(notification(), broken.clone())]), &[]);
        assert_eq!(event(&read[0]).sender, "topic:sns-lambda");
        assert!(event(&read[0]).fault.is_some(), "{broken}");
    }
}
