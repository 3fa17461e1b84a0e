use std::sync::Mutex;

use bytes::Bytes;
use serde_json::Value;

use super::super::target::Invoked;
use super::*;
use crate::options::{DeadLetters, Queue};
use crate::sqs::Sending;

/// Answers by the bodies that it is handed, after some time, and writes them down.
struct Script {
    answer: fn(&Event) -> Outcome,
    takes: Duration,
    seen: Mutex<Vec<String>>,
    running: watch::Sender<usize>,
}

/// What the script looks at: message ids and bodies.
struct Event(Vec<(String, String)>);

impl Event {
    fn bodies(&self) -> String {
        let bodies: Vec<&str> = self.0.iter().map(|(_, body)| body.get(..8).unwrap_or(body)).collect();
        bodies.join(" ")
    }

    /// Reports the messages with these bodies.
    fn report(&self, bodies: &[&str]) -> Outcome {
        let failed = self.0.iter().filter(|(_, body)| bodies.contains(&body.as_str()));
        let failures: Vec<Value> = failed.map(|(id, _)| json!({ "itemIdentifier": id })).collect();
        answered(&json!({ "batchItemFailures": failures }).to_string())
    }
}

fn answered(text: &str) -> Outcome {
    Outcome::Answered(text.as_bytes().to_vec())
}

impl Target for Arc<Script> {
    async fn invoke(&self, event: Bytes) -> Invoked {
        let event: Value = serde_json::from_slice(&event).unwrap();
        let text = |record: &Value, name: &str| record[name].as_str().unwrap().to_owned();
        let records = event["Records"].as_array().unwrap();
        let event =
            Event(records.iter().map(|record| (text(record, "messageId"), text(record, "body"))).collect());
        self.seen.lock().unwrap().push(event.bodies());
        self.running.send_modify(|running| *running += 1);
        tokio::time::sleep(self.takes).await;
        self.running.send_modify(|running| *running -= 1);
        Invoked { request_id: "r".to_owned(), outcome: (self.answer)(&event) }
    }
}

struct Stand {
    sqs: Arc<Sqs>,
    script: Arc<Script>,
    stopping: watch::Sender<bool>,
    began: Instant,
}

fn queue(name: &str) -> Queue {
    let dead = if name.ends_with(".fifo") { "dead.fifo" } else { "dead" };
    let dead_letters = DeadLetters { queue: dead.to_owned(), maximum_receives: 2 };
    Queue { dead_letters: Some(dead_letters), ..Queue::new(name) }
}

impl Stand {
    /// Nothing is polled before [`go`](Self::go).
    fn new(answer: fn(&Event) -> Outcome, takes: u64) -> Self {
        let sqs = Sqs::new("eu-central-1", "123456789012", String::new());
        sqs.make(&[Queue::new("dead"), Queue::new("dead.fifo"), queue("q"), queue("q.fifo")]).unwrap();
        let script = Script {
            answer,
            takes: Duration::from_secs(takes),
            seen: Mutex::default(),
            running: watch::Sender::new(0),
        };
        Self {
            sqs: Arc::new(sqs),
            script: Arc::new(script),
            stopping: watch::Sender::new(false),
            began: Instant::now(),
        }
    }

    fn send(&self, bodies: &str) {
        for body in bodies.split(' ') {
            self.sqs.send("q", Sending { body: body.to_owned(), ..Sending::default() }).unwrap();
        }
    }

    /// `a1` goes into group `a`.
    fn send_in_groups(&self, bodies: &str) {
        for body in bodies.split(' ') {
            let (group, deduplication_id) = (body.get(..1).map(str::to_owned), Some(body.to_owned()));
            let body = body.to_owned();
            self.sqs.send("q.fifo", Sending { body, group, deduplication_id, ..Sending::default() }).unwrap();
        }
    }

    fn go(&self, mapping: QueueMapping) {
        let poller = QueuePoller {
            mapping,
            sqs: Arc::clone(&self.sqs),
            target: Arc::clone(&self.script),
            logs: Logs::default(),
            stopping: self.stopping.subscribe(),
        };
        tokio::spawn(poller.run());
    }

    /// Runs until the queue is empty: the batches that were handed over, the seconds that it took, and what is dead.
    async fn run(&self, mapping: QueueMapping) -> (Vec<String>, u64, String) {
        let queue = mapping.queue.clone();
        let dead = if queue.ends_with(".fifo") { "dead.fifo" } else { "dead" };
        self.go(mapping);
        self.sqs.empty(&queue).await;
        let passed = self.began.elapsed().as_secs();
        let receiving = Receiving { most: 10, hidden: None, wait: Some(Duration::ZERO) };
        let dead = self.sqs.receive(dead, receiving).await.unwrap();
        let dead: Vec<String> = dead.into_iter().map(|message| message.body).collect();
        (self.script.seen.lock().unwrap().clone(), passed, dead.join(" "))
    }
}

fn mapping(queue: &str) -> QueueMapping {
    QueueMapping { report_batch_item_failures: true, ..QueueMapping::new(queue, "f") }
}

fn seen(batches: &[&str], seconds: u64, dead: &str) -> (Vec<String>, u64, String) {
    (batches.iter().map(|batch| (*batch).to_owned()).collect(), seconds, dead.to_owned())
}

#[tokio::test(start_paused = true)]
async fn what_is_done_with_is_deleted() {
    for answer in ["null", "{}", r#"{"batchItemFailures":[]}"#, r#"{"batchItemFailures":null}"#] {
        let outcome = answered(answer);
        let batch = [Record { id: "a".to_owned(), value: Value::Null }];
        assert!(failed(true, &batch, &outcome).is_empty(), "{answer}");
    }
    let stand = Stand::new(|event| event.report(&[]), 0);
    stand.send("a b c");
    assert_eq!(stand.run(mapping("q")).await, seen(&["a b c"], 0, ""));
}

#[tokio::test(start_paused = true)]
async fn what_failed_as_a_whole_comes_again_and_is_dead_in_the_end() {
    for answer in [
        |_: &Event| Outcome::Failed("as asked".to_owned()),
        |_: &Event| Outcome::Refused("throttled".to_owned()),
        |_: &Event| answered("["),
        |_: &Event| answered("[]"),
        |_: &Event| answered(r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#),
        |_: &Event| answered(r#"{"batchItemFailures":[{"itemIdentifier":null}]}"#),
        |_: &Event| answered(r#"{"batchItemFailures":[{"identifier":"a"}]}"#),
        |_: &Event| answered(r#"{"batchItemFailures":[{"itemIdentifier":"nobody"}]}"#),
    ] {
        let stand = Stand::new(answer, 0);
        stand.send("a b");
        assert_eq!(stand.run(mapping("q")).await, seen(&["a b", "a b"], 60, "a b"));
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_reported_comes_again_alone() {
    let stand = Stand::new(|event| event.report(&["b", "d"]), 0);
    stand.send("a b c d");
    assert_eq!(stand.run(mapping("q")).await, seen(&["a b c d", "b d"], 60, "b d"));
}

#[tokio::test(start_paused = true)]
async fn without_reports_any_answer_will_do() {
    let stand = Stand::new(|event| event.report(&["a"]), 0);
    stand.send("a");
    assert_eq!(stand.run(QueueMapping::new("q", "f")).await, seen(&["a"], 0, ""));
}

#[tokio::test(start_paused = true)]
async fn messages_are_gathered_for_the_window_or_until_there_are_enough() {
    let window = QueueMapping { batch_size: 4, batching_window: Duration::from_secs(10), ..mapping("q") };
    let stand = Stand::new(|event| event.report(&[]), 0);
    stand.go(window.clone());
    for body in ["a", "b", "c", "d", "e", "f"] {
        stand.send(body);
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    stand.sqs.empty("q").await;
    // `e` came after four seconds, and waited for ten.
    assert_eq!(stand.began.elapsed().as_secs(), 14);
    assert_eq!(*stand.script.seen.lock().unwrap(), ["a b c d", "e f"]);
}

#[tokio::test(start_paused = true)]
async fn a_window_takes_more_than_one_poll_brings_and_no_more_than_a_payload_holds() {
    let window =
        QueueMapping { batch_size: 10_000, batching_window: Duration::from_secs(10), ..mapping("q") };
    let stand = Stand::new(|event| event.report(&[]), 0);
    let large = ["x"; 7].map(|x| x.repeat(1_048_576));
    stand.send(&large.join(" "));
    let (batches, passed, _) = stand.run(window.clone()).await;
    let sizes: Vec<usize> = batches.iter().map(|batch| batch.split(' ').count()).collect();
    assert_eq!((sizes, passed), (vec![5, 2], 0), "it is full, whatever the window");
    let stand = Stand::new(|event| event.report(&[]), 0);
    let small: Vec<String> = (0..2000).map(|number| number.to_string()).collect();
    stand.send(&small.join(" "));
    let (batches, passed, _) = stand.run(window).await;
    assert_eq!((batches, passed), (vec![small.join(" ")], 10));
}

#[tokio::test(start_paused = true)]
async fn no_more_batches_run_at_a_time_than_may() {
    for (maximum_concurrency, most) in [(Some(2), 2), (None, 5)] {
        let stand = Stand::new(|event| event.report(&[]), 3);
        let mut running = stand.script.running.subscribe();
        let most_running = tokio::spawn(async move {
            let mut most = 0;
            while running.changed().await.is_ok() {
                most = most.max(*running.borrow_and_update());
            }
            most
        });
        stand.send("a b c d e f g h i j");
        let (batches, passed, _) =
            stand.run(QueueMapping { batch_size: 1, maximum_concurrency, ..mapping("q") }).await;
        assert_eq!((batches.len(), passed), (10, 3 * 10_u64.div_ceil(most)));
        stand.stopping.send_replace(true);
        let Stand { script, .. } = stand;
        while Arc::strong_count(&script) > 1 {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        drop(script);
        assert_eq!(most_running.await.unwrap() as u64, most);
    }
}

#[tokio::test(start_paused = true)]
async fn a_group_comes_in_order_and_waits_for_what_failed() {
    let stand = Stand::new(|event| event.report(&["a1", "a2"]), 1);
    stand.send_in_groups("a1 b1 a2 b2 a3");
    let two = QueueMapping { batch_size: 2, ..mapping("q.fifo") };
    // While `a1` is away nothing else of its group is handed over; the others pass.
    let expected = ["a1 b1", "b2", "a1 a2", "a2 a3"];
    let (batches, _, dead) = stand.run(two).await;
    assert_eq!((batches, dead), (expected.map(str::to_owned).to_vec(), "a1 a2".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn what_is_gathered_or_handled_comes_to_nobody_else_however_long_it_takes() {
    let window = QueueMapping { batching_window: Duration::from_secs(100), ..mapping("q") };
    for (mapping, waits) in [(mapping("q"), 0), (window, 100)] {
        // Both are longer than the queue's visibility timeout, which is half a minute.
        let stand = Stand::new(|event| event.report(&["b"]), 40);
        stand.send("a b");
        let (batches, passed, dead) = stand.run(mapping).await;
        assert_eq!((batches, dead), (vec!["a b".to_owned(), "b".to_owned()], "b".to_owned()));
        // What failed was away for half a minute each time.
        assert_eq!(passed, 2 * (waits + 40 + 30));
    }
}

#[tokio::test(start_paused = true)]
async fn the_end_lets_what_is_under_way_end() {
    let stand = Stand::new(|event| event.report(&[]), 5);
    stand.send("a");
    let mut running = stand.script.running.subscribe();
    stand.go(mapping("q"));
    running.wait_for(|running| *running == 1).await.unwrap();
    stand.stopping.send_replace(true);
    stand.send("b");
    running.wait_for(|running| *running == 0).await.unwrap();
    tokio::time::sleep(Duration::from_secs(100)).await;
    assert_eq!(*stand.script.seen.lock().unwrap(), ["a"]);
    assert_eq!(stand.sqs.attributes("q").unwrap()["ApproximateNumberOfMessages"], "1");
}
