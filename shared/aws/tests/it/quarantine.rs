use doorward_aws::{DynamoLedger, DynamoQuarantine};
use doorward_core::ports::{Claim, Ledger as _, Quarantine as _};
use doorward_model::{
    Call, CallId, DecisionNote, Effect, EventKind, EventRecord, Outcome, UnreadEvent, UnreadReason,
};
use jiff::ToSpan;
use serde_json::json;

use crate::sample;
use crate::store::{Store, TABLE};

pub(crate) fn record(note: &str) -> EventRecord {
    let own = json!({ "eventSource": "aws:s3", "note": note });
    EventRecord::new(
        EventKind::S3,
        &"bucket:receipts".parse().unwrap(),
        "ObjectCreated:Put",
        "eu-central-1",
        own,
    )
}

pub(crate) fn denied(id: &str) -> Call {
    let mut call = sample::call(id);
    call.outcome = Outcome::Denied;
    call.code = Some("forbidden");
    call.cause = Some("a policy forbids it".into());
    call.action = Some("receiptUploaded".into());
    call.decision =
        Some(DecisionNote { effect: Effect::Deny, policies: vec!["no-exe".into()], errors: vec![] });
    call
}

#[tokio::test]
async fn an_event_is_kept_once_with_its_reason() {
    let store = Store::start().await;
    let quarantine = DynamoQuarantine::new(&store.clients, TABLE);
    let expires = sample::now() + 24.hours();
    for _ in 0..2 {
        quarantine.keep(&denied("e-1"), &record("x"), expires).await.unwrap();
        assert_eq!(store.asked(), ["PutItem"]);
    }
    let items = quarantine.list(10).await.unwrap();
    assert_eq!(items.len(), 1);
    let item = &items[0];
    assert_eq!((item.call.as_str(), item.code.as_deref()), ("e-1", Some("forbidden")));
    assert_eq!(item.policies, ["no-exe"]);
    assert_eq!((item.source.as_str(), item.sender.as_str()), ("s3", "bucket:receipts"));
    assert_eq!(item.expires, expires.as_second());
    let kept: serde_json::Value = serde_json::from_str(item.record.as_deref().unwrap()).unwrap();
    assert_eq!(kept, *record("x").record);
    assert_eq!(quarantine.get("e-1").await.unwrap().as_ref(), Some(item));
    assert_eq!(quarantine.get("e-2").await.unwrap(), None);
}

#[tokio::test]
async fn a_record_that_is_larger_than_an_item_is_kept_beside_it_in_parts() {
    let store = Store::start().await;
    let quarantine = DynamoQuarantine::new(&store.clients, TABLE);
    // As large as a message of SQS may be, and as what invokes a function.
    for (bytes, parts) in [(1024 * 1024, 3), (6_000_000, 18)] {
        let large = record(&"x".repeat(bytes));
        let whole = large.record.to_string();
        let expires = sample::now() + 24.hours();
        quarantine.keep(&denied("e-1"), &large, expires).await.unwrap();
        assert_eq!(store.asked(), vec!["PutItem"; parts + 1]);
        let item = quarantine.get("e-1").await.unwrap().unwrap();
        assert_eq!((item.record.as_deref(), item.record_bytes), (Some(&*whole), whole.len() as u64));
        let listed = quarantine.list(10).await.unwrap();
        assert_eq!(listed.iter().map(|item| item.call.as_str()).collect::<Vec<_>>(), ["e-1"]);
        let released = quarantine.begin_release("e-1", sample::now()).await.unwrap().unwrap();
        assert_eq!(released.event(), Some(format!("{{\"Records\":[{whole}]}}")));
        store.asked();
        assert_eq!(quarantine.end_release("e-1", sample::now()).await, Ok(true));
        assert_eq!(store.asked(), vec!["DeleteItem"; parts + 1]);
        // Kept again, and dropped.
        quarantine.keep(&denied("e-1"), &large, expires).await.unwrap();
        store.asked();
        assert_eq!(quarantine.drop("e-1").await, Ok(true));
        assert_eq!(store.asked(), vec!["DeleteItem"; parts + 1]);
        assert_eq!(quarantine.get("e-1").await.unwrap(), None);
        assert_eq!(quarantine.drop("e-1").await, Ok(false));
        store.asked();
    }
}

#[tokio::test]
async fn a_list_reads_on_over_pages_and_stops_where_it_is_told() {
    let store = Store::start().await;
    let quarantine = DynamoQuarantine::new(&store.clients, TABLE);
    for number in 0..25 {
        let record = record(&"x".repeat(60_000));
        quarantine.keep(&denied(&format!("e-{number:02}")), &record, sample::now()).await.unwrap();
    }
    store.asked();
    assert_eq!(quarantine.list(100).await.unwrap().len(), 25);
    assert_eq!(store.asked(), ["Query", "Query"]);
    let few = quarantine.list(3).await.unwrap();
    assert_eq!(few.iter().map(|item| item.call.as_str()).collect::<Vec<_>>(), ["e-00", "e-01", "e-02"]);
}

#[tokio::test]
async fn a_release_that_ends_well_takes_the_event_out_and_any_other_leaves_it() {
    let store = Store::start().await;
    let quarantine = DynamoQuarantine::new(&store.clients, TABLE);
    let (now, later) = (sample::now(), sample::now() + 1.minute());
    quarantine.keep(&denied("e-1"), &record("x"), now + 24.hours()).await.unwrap();
    assert_eq!(quarantine.begin_release("e-2", now).await.unwrap(), None);

    let item = quarantine.begin_release("e-1", now).await.unwrap().unwrap();
    let event: serde_json::Value = serde_json::from_str(&item.event().unwrap()).unwrap();
    assert_eq!(event, json!({ "Records": [*record("x").record] }));
    assert_eq!(item.released, Some(now), "it is there until the release has ended");
    quarantine.undo_release("e-1", now).await.unwrap();
    assert_eq!(quarantine.get("e-1").await.unwrap().unwrap().released, None);

    // It is refused again while it is on its way: then it has its new reason, and stays.
    quarantine.begin_release("e-1", now).await.unwrap();
    let mut broken = denied("e-1");
    broken.code = Some("malformed-request");
    quarantine.keep(&broken, &record("x"), now + 24.hours()).await.unwrap();
    assert!(!quarantine.end_release("e-1", now).await.unwrap());
    let kept = quarantine.get("e-1").await.unwrap().unwrap();
    assert_eq!((kept.code.as_deref(), kept.released), (Some("malformed-request"), None));

    // A release that another has overtaken takes nothing out.
    quarantine.begin_release("e-1", now).await.unwrap();
    quarantine.begin_release("e-1", later).await.unwrap();
    assert!(!quarantine.end_release("e-1", now).await.unwrap());
    assert!(quarantine.end_release("e-1", later).await.unwrap());
    assert_eq!(quarantine.get("e-1").await.unwrap(), None);
    assert!(!quarantine.drop("e-1").await.unwrap());
    quarantine.keep(&denied("e-1"), &record("x"), now).await.unwrap();
    assert!(quarantine.drop("e-1").await.unwrap());
}

#[tokio::test]
async fn a_released_call_is_claimed_once() {
    let store = Store::start().await;
    let ledger = DynamoLedger::new(&store.clients, TABLE);
    let expires = sample::now() + 24.hours();
    let mut call = denied("e-1");
    call.quarantined = true;
    assert!(!ledger.release("e-1", sample::now()).await.unwrap(), "there is no row");
    ledger.record(&call, expires).await.unwrap();
    call.quarantined = false;
    assert!(matches!(ledger.claim(&call, expires).await.unwrap(), Claim::Taken { .. }));
    assert!(ledger.release("e-1", sample::now()).await.unwrap());
    assert_eq!(ledger.claim(&call, expires).await.unwrap(), Claim::Ours);
    let mut other = call.clone();
    other.invocation = "another".to_owned();
    assert!(matches!(ledger.claim(&other, expires).await.unwrap(), Claim::Taken { .. }));
    assert!(!ledger.release("e-1", sample::now()).await.unwrap(), "it is in quarantine no more");
}

#[tokio::test]
async fn a_call_whose_first_try_was_lost_can_be_released() {
    let store = Store::start().await;
    let ledger = DynamoLedger::new(&store.clients, TABLE);
    let expires = sample::now() + 24.hours();
    let mut lost = denied("e-1");
    lost.deadline = Some(sample::now() + 30.seconds());
    assert_eq!(ledger.claim(&lost, expires).await.unwrap(), Claim::Ours);
    assert!(!ledger.release("e-1", sample::now()).await.unwrap(), "it may be under way");
    let later = sample::now() + 1.minute();
    assert!(ledger.release("e-1", later).await.unwrap());
    let mut again = lost.clone();
    again.invocation = "another".to_owned();
    assert_eq!(ledger.claim(&again, expires).await.unwrap(), Claim::Ours);
    // The lost one says nothing any more.
    ledger.resolve(&lost).await.unwrap_err();
}

pub(crate) fn unread(payload: &str) -> UnreadEvent {
    UnreadEvent {
        id: CallId::new("unknown-1"),
        invocation: "invocation".into(),
        deadline: sample::now(),
        reason: UnreadReason::Shape,
        cause: "it has none of the forms".into(),
        bytes: payload.len() as u64,
        digest: "sha256:0a".into(),
        payload: payload.into(),
    }
}

#[tokio::test]
async fn an_event_that_nobody_reads_is_kept_once_as_it_came() {
    let store = Store::start().await;
    let quarantine = DynamoQuarantine::new(&store.clients, TABLE);
    // A text, so that what stands in it twice is not lost.
    let payload = r#"{"a":1, "a":2}"#;
    let (now, expires) = (sample::now(), sample::now() + 24.hours());
    for at in [now, now + 1.minute()] {
        quarantine.keep_unread(&unread(payload), at, expires).await.unwrap();
        assert_eq!(store.asked(), ["PutItem"]);
    }
    let [item] = quarantine.list(10).await.unwrap().try_into().unwrap();
    assert_eq!((item.call.as_str(), item.at, item.expires), ("unknown-1", now, expires.as_second()));
    assert_eq!((item.code.as_deref(), item.source.as_str()), (Some("unknown-event"), "unknown"));
    assert_eq!(item.cause.as_deref(), Some("it has none of the forms"));
    assert_eq!((item.reference.as_deref(), item.record_bytes), (Some("sha256:0a"), 14));
    assert_eq!(item.event().as_deref(), Some(payload));
    assert!(item.is_unread());

    // What is released and is still none is kept anew.
    quarantine.begin_release("unknown-1", now).await.unwrap();
    quarantine.keep_unread(&unread(payload), now + 1.hour(), expires).await.unwrap();
    assert!(!quarantine.end_release("unknown-1", now).await.unwrap());
    assert_eq!(quarantine.get("unknown-1").await.unwrap().unwrap().at, now + 1.hour());
}

#[tokio::test]
async fn a_large_event_that_nobody_reads_is_kept_whole() {
    let store = Store::start().await;
    let quarantine = DynamoQuarantine::new(&store.clients, TABLE);
    let large = format!("\"{}\"", "x".repeat(320 * 1024));
    quarantine.keep_unread(&unread(&large), sample::now(), sample::now()).await.unwrap();
    let item = quarantine.get("unknown-1").await.unwrap().unwrap();
    assert_eq!((item.event(), item.record_bytes), (Some(large.clone()), large.len() as u64));
    assert_eq!(item.reference.as_deref(), Some("sha256:0a"));
}
