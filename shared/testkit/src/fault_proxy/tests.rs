use std::sync::mpsc;

use tokio::io::BufReader;
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::http1::HttpMessage;

/// A store that answers with the number of the request, and what it was asked.
struct Counter {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<HttpMessage>>>,
}

impl Counter {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen: Arc<Mutex<Vec<HttpMessage>>> = Arc::default();
        let counted = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let seen = Arc::clone(&counted);
                tokio::spawn(async move {
                    let mut connection = BufReader::new(connection);
                    while let Ok(Some(request)) = HttpMessage::read(&mut connection).await {
                        let number = {
                            let mut seen = seen.lock().unwrap();
                            seen.push(request);
                            seen.len()
                        };
                        let body = format!(r#"{{"n":{number},"ConsumedCapacity":{{"CapacityUnits":2.0}}}}"#);
                        HttpMessage::answer(200, body).write(&mut connection).await.unwrap();
                    }
                });
            }
        });
        Self { address, seen }
    }

    fn count(&self) -> usize {
        self.seen.lock().unwrap().len()
    }
}

/// One request on a connection of its own; `Ok(None)` when it was closed, an error when it was reset or cut off.
async fn ask(proxy: &FaultProxy, operation: &str) -> std::io::Result<Option<HttpMessage>> {
    let mut connection = BufReader::new(TcpStream::connect(proxy.address()).await?);
    let request = HttpMessage {
        start: "POST / HTTP/1.1".into(),
        fields: vec![("x-amz-target".into(), format!("DynamoDB_20120810.{operation}"))],
        body: br#"{"TableName":"t","TransactItems":[{},{}]}"#.to_vec(),
    };
    request.write(&mut connection).await?;
    HttpMessage::read(&mut connection).await
}

async fn fixture() -> (Counter, FaultProxy) {
    let store = Counter::start().await;
    let proxy = FaultProxy::start(store.address);
    (store, proxy)
}

#[tokio::test]
async fn what_meets_no_fault_goes_through_counted_and_priced() {
    let (store, proxy) = fixture().await;
    assert_eq!(ask(&proxy, "PutItem").await.unwrap().unwrap().status(), 200);
    assert_eq!(ask(&proxy, "GetItem").await.unwrap().unwrap().status(), 200);
    let seen: Vec<String> =
        store.seen.lock().unwrap().iter().map(|seen| String::from_utf8(seen.body.clone()).unwrap()).collect();
    assert!(
        seen[0].contains(r#""ReturnConsumedCapacity":"TOTAL""#) && !seen[1].contains("Capacity"),
        "{seen:?}"
    );
    let operations = proxy.take();
    let told: Vec<_> =
        operations.iter().map(|one| (one.asked.operation.as_str(), one.status, one.write_units)).collect();
    assert_eq!(told, [("PutItem", Some(200), 2.0), ("GetItem", Some(200), 0.0)]);
    assert_eq!((proxy.connections(), proxy.take().len()), (2, 0));
}

/// What a caller sees, in a word.
async fn outcome(proxy: &FaultProxy) -> String {
    let asked = tokio::time::timeout(std::time::Duration::from_millis(100), ask(proxy, "PutItem"));
    match asked.await {
        Err(_) => "nothing".to_owned(),
        Ok(Err(error)) => format!("{:?}", error.kind()),
        Ok(Ok(None)) => "closed".to_owned(),
        Ok(Ok(Some(answer))) => format!("{} {}", answer.status(), String::from_utf8_lossy(&answer.body)),
    }
}

#[tokio::test]
async fn each_fault_is_what_its_name_says() {
    for fault in Fault::ALL {
        let (store, proxy) = fixture().await;
        proxy.rule(rules::next(rules::is("PutItem"), [fault.clone()]));
        let seen = outcome(&proxy).await;
        let expected = match fault {
            Fault::Throttled => {
                "400 {\"__type\":\"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException\""
            }
            Fault::AccountThrottled => {
                "400 {\"__type\":\"com.amazon.coral.availability#ThrottlingException\""
            }
            Fault::ServerError | Fault::ServerErrorAfterCommit => {
                "500 {\"__type\":\"com.amazonaws.dynamodb.v20120810#InternalServerError\""
            }
            Fault::Conflict => {
                "400 {\"__type\":\"com.amazonaws.dynamodb.v20120810#TransactionConflictException\""
            }
            Fault::HeldBeforeCommit | Fault::HeldAfterCommit | Fault::Late => "nothing",
            Fault::ClosedBeforeCommit => "closed",
            Fault::ResetBeforeCommit | Fault::ResetAfterCommit => "ConnectionReset",
            Fault::Truncated => "UnexpectedEof",
            Fault::Shortened => "200 {\"n\":1,",
            Fault::Interrupted(..) => unreachable!("it needs a hook"),
        };
        assert!(seen.starts_with(expected), "{fault:?}: {seen}");
        // What is late comes when the caller is gone.
        while fault.commits() && store.count() == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(store.count(), usize::from(fault.commits()), "{fault:?}");
        assert!(outcome(&proxy).await.starts_with("200"), "{fault:?}: once only");
    }
}

#[tokio::test]
async fn a_transaction_says_which_item_is_held() {
    let (_store, proxy) = fixture().await;
    proxy.rule(rules::always(rules::is("TransactWriteItems"), Fault::Conflict));
    let answer = ask(&proxy, "TransactWriteItems").await.unwrap().unwrap();
    let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(body["CancellationReasons"][0]["Code"], "TransactionConflict");
    assert_eq!(body["CancellationReasons"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn hooks_run_at_their_step() {
    for (step, commits, answered) in
        [(Step::Asked, 0, false), (Step::Committed, 1, false), (Step::Answered, 1, true)]
    {
        let (store, proxy) = fixture().await;
        let (ran, runs) = mpsc::channel();
        proxy.rule(rules::nth(
            2,
            rules::is("PutItem"),
            Fault::Interrupted(
                step,
                Arc::new(move || {
                    let _ = ran.send(());
                }),
            ),
        ));
        assert!(outcome(&proxy).await.starts_with("200"));
        assert_eq!(ask(&proxy, "PutItem").await.unwrap().is_some(), answered, "{step:?}");
        runs.recv().unwrap();
        assert_eq!(store.count(), 1 + commits, "{step:?}");
    }
}

#[tokio::test]
async fn a_store_that_is_away_comes_back() {
    let (store, proxy) = fixture().await;
    proxy.away();
    assert_eq!(outcome(&proxy).await, "nothing");
    proxy.back();
    assert!(outcome(&proxy).await.starts_with("200"));
    assert_eq!(store.count(), 1);
}

#[tokio::test]
async fn the_same_seed_decides_the_same() {
    let decide = |seed| {
        let mut rule = rules::chance(seed, 0.5, Fault::ALL.to_vec());
        let asked =
            Asked { operation: "PutItem".into(), nth: 1, body: serde_json::Value::Null, invocation: None };
        (0..50).map(|_| format!("{:?}", rule(&asked))).collect::<Vec<_>>()
    };
    assert_eq!(decide(7), decide(7));
    assert_ne!(decide(7), decide(8));
}

#[test]
fn what_is_carried_out_and_sent_again_was_not_heard_of() {
    let operation = |invocation: &str, fault: Option<Fault>, status| {
        let invocation = Some(invocation.to_owned());
        let asked =
            Asked { operation: "UpdateItem".into(), nth: 1, body: serde_json::Value::Null, invocation };
        Operation { asked, fault, status, write_units: 1.0 }
    };
    let check = |operations: &[Operation], expected| assert_eq!(ambiguous(operations.iter()), expected);
    check(&[operation("a", None, Some(200)), operation("b", None, Some(200))], 0);
    check(
        &[operation("a", None, Some(200)), operation("b", None, Some(200)), operation("a", None, Some(400))],
        1,
    );
    check(&[operation("a", None, None), operation("a", None, Some(200))], 0);
    check(&[operation("a", Some(Fault::Truncated), Some(200)), operation("a", None, Some(200))], 1);
    check(&[operation("a", Some(Fault::Truncated), Some(200))], 1);
}
