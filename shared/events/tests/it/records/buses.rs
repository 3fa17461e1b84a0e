use aws_lambda_events::eventbridge::EventBridgeEvent;
use doorward_events::records::{BatchAnswer, envelope};
use doorward_events::{EnvelopeError, UnknownEvent};
use doorward_model::{EventKind, EventPayload};
use serde_json::json;

use super::{batch, bus_event, call, event, told, try_read};
use crate::samples::with;

#[test]
fn an_event_of_a_bus_is_its_accounts_and_says_the_rest_itself() {
    let read = call(&bus_event());
    let record = event(&read);
    assert_eq!((record.source, record.sender.as_str()), (EventKind::EventBridge, "bus:111122223333"));
    assert_eq!((record.region.as_str(), record.account.as_deref()), ("us-west-1", Some("111122223333")));
    assert_eq!(told(&record.attributes), json!({ "by_aws": false }));
    let claims = json!({
        "source": "shop.orders",
        "type": "OrderPlaced",
        "resources": ["arn:aws:ec2:us-west-1:123456789012:instance/i-1234567890abcdef0"]
    });
    assert_eq!(told(&record.claims), claims);
    assert_eq!(record.own_type(), "OrderPlaced");
    assert_eq!(record.payload, EventPayload::At("/detail"));
    assert_eq!(record.happened, Some("2017-12-22T18:43:48Z".parse().unwrap()));
    assert_eq!(envelope(&[record]), bus_event());
    assert_eq!(batch(&bus_event(), &[]).answer, BatchAnswer::Whole);
    let typed: EventBridgeEvent = serde_json::from_value(bus_event()).unwrap();
    assert_eq!(typed.detail_type, "OrderPlaced");
}

#[test]
fn only_aws_says_that_it_is_aws() {
    let of = |source: &str| {
        event(&call(&with(bus_event(), json!({ "source": source })))).attributes["by_aws"].clone()
    };
    assert_eq!(of("aws.s3"), json!(true));
    assert_eq!([of("awsome"), of("com.aws.s3"), of("AWS.s3")], [json!(false), json!(false), json!(false)]);
}

#[test]
fn schedules_are_known_by_their_names() {
    let rule = json!({
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "resources": ["arn:aws:events:us-west-1:111122223333:rule/nightly"],
        "detail": {}
    });
    let scheduler = json!({
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "resources": ["arn:aws:scheduler:us-west-1:111122223333:schedule/default/nightly"],
        "detail": "{}"
    });
    let on_bus = json!({ "resources": ["arn:aws:events:us-west-1:111122223333:rule/other/nightly"] });
    for (patch, front) in [
        (rule.clone(), "schedule:nightly"),
        (scheduler, "schedule:default/nightly"),
        (with(rule.clone(), on_bus), "schedule:nightly"),
    ] {
        let read = call(&with(bus_event(), patch));
        assert_eq!((event(&read).source, read.front.to_string().as_str()), (EventKind::Schedule, front));
        assert_eq!(event(&read).attributes["schedule"], front.split_once(':').unwrap().1);
    }
    for resources in [json!([]), json!(["nightly"]), json!(["arn:aws:s3:::nightly"])] {
        let event = with(with(bus_event(), rule.clone()), json!({ "resources": resources }));
        let unknown = try_read(&event, &[]).unwrap_err();
        assert!(matches!(unknown, EnvelopeError::Unknown(UnknownEvent::BusEvent(_))), "{unknown}");
    }
}

#[test]
fn the_same_event_has_the_same_id_and_a_replay_another() {
    let id = |patch| call(&with(bus_event(), patch)).call;
    let first = id(json!({}));
    assert_eq!(id(json!({ "time": "2017-12-22T18:43:49Z" })), first);
    for other in [
        json!({ "id": "7a7e8feb-b491-4cf7-a9f1-bf3703467718" }),
        json!({ "account": "111122223334" }),
        json!({ "region": "us-west-2" }),
        json!({ "replay-name": "again" }),
    ] {
        assert_ne!(id(other.clone()), first, "{other}");
    }
}

#[test]
fn an_event_that_is_not_whole_is_unknown() {
    for broken in [
        json!({ "id": null }),
        json!({ "id": "" }),
        json!({ "account": "me" }),
        json!({ "region": 7 }),
        json!({ "resources": "all" }),
        json!({ "resources": [7] }),
    ] {
        let unknown = try_read(&with(bus_event(), broken.clone()), &[]).unwrap_err();
        assert!(matches!(unknown, EnvelopeError::Unknown(_)), "{broken}");
    }
}
