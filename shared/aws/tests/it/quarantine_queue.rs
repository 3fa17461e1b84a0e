use doorward_aws::{DynamoQuarantine, QueuedQuarantine};
use doorward_config::QueuePlace;
use doorward_core::ports::{Quarantine as _, StoreError};
use doorward_model::CallId;
use serde_json::Value;

use crate::quarantine::{denied, record, unread};
use crate::sample;
use crate::scripted::{self, Script, Server};
use crate::store::{Store, TABLE};

fn queue(name: &str) -> QueuePlace {
    let region = "eu-west-1".to_owned();
    QueuePlace {
        url: format!("https://sqs.{region}.amazonaws.com/123456789012/{name}"),
        region: Some(region),
    }
}

/// Keeps the events `notes`, each as the call `e-1`; what the queue was sent.
async fn keep(script: Script, name: &str, notes: &[&str]) -> (Store, Server, Vec<Result<(), StoreError>>) {
    let (store, server) = (Store::start().await, scripted::serve(script).await);
    let quarantine = QueuedQuarantine::new(&store.with_queues(server.address()), TABLE, queue(name));
    let mut kept = Vec::new();
    for note in notes {
        kept.push(quarantine.keep(&denied("e-1"), &record(note), sample::now()).await);
    }
    (store, server, kept)
}

fn sent(server: &Server) -> Vec<Value> {
    let body = |request: &String| serde_json::from_str(request.split_once("\r\n\r\n").unwrap().1).unwrap();
    server.requests().iter().map(body).collect()
}

fn good() -> Script {
    Script::answer(200, &[], r#"{"MessageId":"m-1"}"#)
}

#[tokio::test]
async fn a_queue_hears_of_what_is_kept() {
    let (store, server, kept) = keep(good(), "refused", &["x"]).await;
    assert_eq!(kept, [Ok(())]);
    let [message] = sent(&server).try_into().unwrap();
    assert_eq!(message["QueueUrl"], queue("refused").url);
    assert_eq!(message["MessageAttributes"]["code"]["StringValue"], "forbidden");
    assert_eq!(message["MessageAttributes"]["source"]["StringValue"], "s3");
    assert_eq!(
        (&message["MessageGroupId"], &message["MessageDeduplicationId"]),
        (&Value::Null, &Value::Null)
    );
    let told: Value = serde_json::from_str(message["MessageBody"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&told["call"], &told["code"], &told["policies"][0]),
        (&"e-1".into(), &"forbidden".into(), &"no-exe".into())
    );
    let own: Value = serde_json::from_str(told["record"].as_str().unwrap()).unwrap();
    assert_eq!(own, *record("x").record);
    assert!(told.get("owner").is_none() && told.get("expires").is_none());
    let item = DynamoQuarantine::new(&store.clients, TABLE).get("e-1").await.unwrap().unwrap();
    assert_eq!(told["record_bytes"], item.record_bytes);
}

#[tokio::test]
async fn a_queue_hears_of_an_event_that_nobody_reads() {
    let (store, server) = (Store::start().await, scripted::serve(good()).await);
    let quarantine =
        QueuedQuarantine::new(&store.with_queues(server.address()), TABLE, queue("refused.fifo"));
    quarantine.keep_unread(&unread("[]"), sample::now(), sample::now()).await.unwrap();
    let [message] = sent(&server).try_into().unwrap();
    assert_eq!(message["MessageAttributes"]["code"]["StringValue"], "unknown-event");
    assert_eq!(message["MessageAttributes"]["source"]["StringValue"], "unknown");
    assert_eq!(message["MessageGroupId"], "unknown");
    let told: Value = serde_json::from_str(message["MessageBody"].as_str().unwrap()).unwrap();
    assert_eq!((&told["call"], &told["record"]), (&"unknown-1".into(), &"[]".into()));
}

#[tokio::test]
async fn an_event_of_which_the_queue_was_not_told_comes_again_and_it_is_told_then() {
    let (store, server, kept) = keep(Script::answer(500, &[], "{}"), "refused", &["x"]).await;
    assert!(kept[0].as_ref().unwrap_err().0.contains("the quarantine's queue"), "{kept:?}");
    assert_eq!(server.requests().len(), 1);
    // It is kept all the same, once, with the first reason.
    let other = scripted::serve(good()).await;
    let quarantine = QueuedQuarantine::new(&store.with_queues(other.address()), TABLE, queue("refused"));
    quarantine.keep(&denied("e-1"), &record("x"), sample::now()).await.unwrap();
    assert_eq!(sent(&other).len(), 1);
    quarantine.keep(&denied("e-1"), &record("x"), sample::now()).await.unwrap();
    assert_eq!(sent(&other).len(), 1, "it has heard of it");
    assert_eq!(DynamoQuarantine::new(&store.clients, TABLE).list(9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn nobody_is_told_of_what_is_not_kept() {
    let (store, server) = (Store::start().await, scripted::serve(good()).await);
    let quarantine = QueuedQuarantine::new(&store.with_queues(server.address()), TABLE, queue("refused"));
    store.fail_next(vec![doorward_testkit::fault_proxy::Fault::ServerError; 10]);
    quarantine.keep(&denied("e-1"), &record("x"), sample::now()).await.unwrap_err();
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test]
async fn a_queue_hears_once_of_what_is_kept_once_and_again_of_what_was_released_and_comes_back() {
    let (store, server) = (Store::start().await, scripted::serve(good()).await);
    let quarantine = QueuedQuarantine::new(&store.with_queues(server.address()), TABLE, queue("refused"));
    let kept = DynamoQuarantine::new(&store.clients, TABLE);
    let refused = |id: &str| {
        let mut call = denied(id);
        call.kept_as = Some(CallId::new("e-1"));
        call
    };
    for id in ["r-1", "r-2", "r-3"] {
        quarantine.keep(&refused(id), &record("x"), sample::now()).await.unwrap();
    }
    assert_eq!(sent(&server).len(), 1);
    let item = kept.get("e-1").await.unwrap().unwrap();
    assert_eq!((item.call.as_str(), item.refused.as_deref()), ("e-1", Some("r-1")));
    kept.begin_release("e-1", sample::now()).await.unwrap();
    quarantine.keep(&refused("r-4"), &record("x"), sample::now()).await.unwrap();
    let told: Vec<Value> = sent(&server)
        .iter()
        .map(|message| serde_json::from_str(message["MessageBody"].as_str().unwrap()).unwrap())
        .collect();
    let of = |name: &str| told.iter().map(|told| told[name].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(
        (of("call"), of("refused")),
        (vec!["e-1".to_owned(); 2], vec!["r-1".to_owned(), "r-4".to_owned()])
    );
    assert!(told.iter().all(|told| told.get("untold").is_none()), "{told:?}");
}

#[tokio::test]
async fn a_fifo_queue_keeps_the_order_of_a_source() {
    let (_, server, kept) = keep(good(), "refused.fifo", &["x"]).await;
    assert_eq!(kept, [Ok(())]);
    let [message] = sent(&server).try_into().unwrap();
    assert_eq!(message["MessageGroupId"], "bucket:receipts");
    assert!(message["MessageDeduplicationId"].as_str().unwrap().starts_with("e-1@"));
}

#[tokio::test]
async fn a_record_that_is_too_large_for_a_message_is_told_of_by_reference() {
    let large = "x".repeat(2_000_000);
    let (_, server, kept) = keep(good(), "refused", &[&large]).await;
    assert_eq!(kept, [Ok(())]);
    let told: Value = serde_json::from_str(sent(&server)[0]["MessageBody"].as_str().unwrap()).unwrap();
    assert_eq!(told["record"], Value::Null);
    assert!(told["record_bytes"].as_u64().unwrap() > 2_000_000);
}
