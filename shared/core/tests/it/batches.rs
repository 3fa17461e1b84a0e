//! Records that come in together: each is a call, and what may pass goes on together.

use std::collections::BTreeSet;
use std::sync::Arc;

use doorward_core::EventAnswer;
use doorward_model::{
    BatchOrder, CallId, EventKind, EventPayload, EventRecord, Front, Inbound, Message, Outcome, TargetFault,
    Trace,
};
use doorward_testkit::World;
use serde_json::json;

use crate::shop::now;

pub(crate) const CONFIG: &str = r#"
fronts = ["queue:payments", "queue:payments.fifo", "stream:clicks"]
[door]
name = "shop"
table = "doorward"
[[targets]]
name = "payments"
lambda = "payments"
[[targets]]
name = "audit"
http = "https://audit.example"
[[targets]]
name = "later"
lambda = "later"
invocation = "async"
[[events]]
id = "paymentAsked"
source = "sqs"
match = { sender = "good*" }
target = "payments"
[[events]]
id = "paymentAudited"
source = "sqs"
match = { sender = "audit*" }
target = "audit"
[[events]]
id = "paymentLater"
source = "sqs"
match = { sender = "later*" }
target = "later"
[[events]]
id = "paymentStrict"
source = "sqs"
match = { sender = "strict*" }
target = "payments"
on_deny = "fail"
[[events]]
id = "clicked"
source = "kinesis"
match = { stream = "clicks" }
target = "payments"
"#;

pub(crate) const POLICIES: &str = r#"
permit (principal, action in Action::"events", resource);
forbid (principal, action in [Action::"paymentAsked", Action::"paymentStrict"], resource)
when { context.event has sender && context.event.sender like "*denied" };
forbid (principal, action == Action::"clicked", resource)
when { context.claimed.partition_key like "*denied" };
"#;

pub(crate) struct Source {
    pub(crate) world: World,
    pub(crate) front: Front,
    kind: EventKind,
}

impl Source {
    pub(crate) fn of(front: &str) -> Self {
        Self::with(front, CONFIG, POLICIES)
    }

    /// Where events of unknown source fail, as all of them did once.
    pub(crate) fn strict(front: &str) -> Self {
        Self::with(front, &CONFIG.replace("table =", "unknown_events = \"fail\"\ntable ="), POLICIES)
    }

    pub(crate) fn with(front: &str, config: &str, policies: &str) -> Self {
        let world = World::new(config, &[("events.cedar", policies)], now())
            .unwrap_or_else(|faults| panic!("{faults}"));
        let front: Front = front.parse().unwrap();
        Self { world, kind: EventKind::of_front(front.kind).unwrap(), front }
    }

    pub(crate) fn order(&self) -> BatchOrder {
        match (self.kind, self.front.id.ends_with(".fifo")) {
            (EventKind::Kinesis, _) => BatchOrder::Stream,
            (_, true) => BatchOrder::Fifo,
            _ => BatchOrder::None,
        }
    }

    /// A record whose item is `id`, sent by `sender`; what is `broken` has no reading, and what is `nameless` no item either.
    pub(crate) fn record(&self, id: &str, sender: &str) -> Inbound {
        let mut record =
            EventRecord::new(self.kind, &self.front, "Message", "eu-central-1", json!({ "id": id }));
        record.item = Some(id.to_owned());
        record.payload = EventPayload::Text("{}".to_owned());
        record.fault =
            (sender.ends_with("broken") || sender.ends_with("nameless")).then(|| "it is broken".to_owned());
        record.item = record.item.filter(|_| !sender.ends_with("nameless"));
        let member = (self.kind.front_attribute().to_owned(), json!(self.front.id));
        match self.kind {
            EventKind::Kinesis => {
                record.attributes = [member].into();
                record.claims = [("partition_key".to_owned(), json!(sender))].into();
            }
            _ => record.attributes = [member, ("sender".to_owned(), json!(sender))].into(),
        }
        Inbound {
            front: self.front.clone(),
            call: CallId::new(id),
            invocation: "invocation".to_owned(),
            gateway_request: None,
            received: None,
            deadline: now() + std::time::Duration::from_secs(30),
            trace: Trace::default(),
            message: Message::Event(record),
        }
    }

    pub(crate) fn records(&self, of: &[(&str, &str)]) -> Vec<Inbound> {
        of.iter().map(|(id, sender)| self.record(id, sender)).collect()
    }

    /// The ids of those that must come again.
    pub(crate) async fn serve(&self, records: &[Inbound]) -> Vec<String> {
        let answers = self.world.door.serve_batch(records, self.order()).await;
        assert_eq!(answers.len(), records.len());
        let again = records.iter().zip(answers).filter(|(_, answer)| matches!(answer, EventAnswer::Again(_)));
        again.map(|(inbound, _)| inbound.call.to_string()).collect()
    }

    pub(crate) fn outcome(&self, id: &str) -> Option<Outcome> {
        self.world.ledger.rows().get(id).map(|row| row.call.outcome)
    }

    pub(crate) fn fails(&self, items: &'static [&'static str]) {
        let failures: Vec<_> = items.iter().map(|item| json!({ "itemIdentifier": item })).collect();
        let body: &'static str = json!({ "batchItemFailures": failures }).to_string().leak();
        self.world.targets.answer(200, body);
    }
}

#[tokio::test]
async fn what_may_pass_goes_together_and_the_rest_is_told_apart() {
    let queue = Source::of("queue:payments");
    let records = queue.records(&[
        ("1", "good"),
        ("2", "good-denied"),
        ("3", "broken"),
        ("4", "good"),
        ("5", "strict-denied"),
    ]);
    assert_eq!(
        queue.serve(&records).await,
        ["5"],
        "what is denied and to fail comes again, and nothing else"
    );
    assert_eq!(queue.world.targets.batches(), [["1", "4"]]);
    let kept = queue.world.quarantine.items();
    assert_eq!(kept.keys().map(String::as_str).collect::<BTreeSet<_>>(), ["2", "3"].into());
    assert_eq!((kept["2"].code, kept["3"].code), (Some("forbidden"), Some("malformed-request")));
    let outcomes = ["1", "2", "3", "4", "5"].map(|id| queue.outcome(id).unwrap());
    use Outcome::{Admitted, Denied, Invalid};
    assert_eq!(outcomes, [Admitted, Denied, Invalid, Admitted, Denied]);
    // Each is a call with a line of its own.
    assert_eq!(queue.world.lines.calls().len(), 5);
}

#[tokio::test]
async fn a_record_that_stands_twice_is_one_call_and_no_try_that_was_lost() {
    for front in ["queue:payments", "queue:payments.fifo"] {
        let queue = Source::of(front);
        let twice = [("1", "good"), ("1", "good"), ("2", "good"), ("1", "good")];
        assert_eq!(queue.serve(&queue.records(&twice)).await, [""; 0], "{front}");
        let sent: Vec<String> = queue.world.targets.batches().concat();
        assert_eq!(sent, ["1", "2"], "{front}");
        assert!(queue.world.quarantine.items().is_empty(), "{front}");
        assert_eq!(queue.outcome("1"), Some(Outcome::Admitted));
        let repeated =
            queue.world.lines.calls().iter().filter(|call| call.outcome == Outcome::Repeated).count();
        assert_eq!(repeated, 2, "{front}");
    }
    // Both come again where the first does.
    let queue = Source::of("queue:payments");
    queue.fails(&["1"]);
    assert_eq!(queue.serve(&queue.records(&[("1", "good"), ("2", "good"), ("1", "good")])).await, ["1", "1"]);
    assert_eq!(queue.world.targets.batches(), [["1", "2"]]);
    assert!(queue.world.quarantine.items().is_empty());
}

#[tokio::test]
async fn what_comes_again_is_not_run_again() {
    let queue = Source::of("queue:payments");
    let records = queue.records(&[("1", "good"), ("2", "good"), ("3", "good")]);
    queue.fails(&["2"]);
    assert_eq!(queue.serve(&records).await, ["2"]);
    assert_eq!(queue.outcome("2"), Some(Outcome::TargetFailed));
    queue.world.targets.answer(200, "null");
    // All three, as if the first answer had been lost.
    assert_eq!(queue.serve(&records).await, [""; 0]);
    assert_eq!(queue.world.targets.batches(), [vec!["1", "2", "3"], vec!["2"]]);
    assert_eq!(["1", "2", "3"].map(|id| queue.outcome(id).unwrap()), [Outcome::Admitted; 3]);
}

#[tokio::test]
async fn a_target_that_fails_without_a_list_fails_all_that_it_was_given() {
    for fault in
        [TargetFault::Failed("Error".into()), TargetFault::TimedOut, TargetFault::Unreachable("x".into())]
    {
        let queue = Source::of("queue:payments");
        queue.world.targets.fail(fault);
        let records = queue.records(&[("1", "good"), ("2", "good-denied"), ("3", "good")]);
        assert_eq!(queue.serve(&records).await, ["1", "3"]);
    }
}

#[tokio::test]
async fn a_report_is_read_as_lambda_reads_it() {
    let check = |body: &'static str, failed: &'static [&'static str]| async move {
        let queue = Source::of("queue:payments");
        queue.world.targets.answer(200, body);
        let records = queue.records(&[("1", "good"), ("2", "good")]);
        assert_eq!(queue.serve(&records).await, failed, "{body}");
    };
    for success in [
        "",
        "null",
        "{}",
        "[]",
        "\"done\"",
        "7",
        "{\"batchItemFailures\": []}",
        "{\"batchItemFailures\": null}",
        "{\"ok\": 1}",
        // Of what reports nothing.
        "[null, null]",
        "Processed 2 messages.",
        "{\"statusCode\": 200, \"body\": \"done\"}",
    ] {
        check(success, &[]).await;
    }
    for failure in [
        "{\"batchItemFailures\": [{\"itemIdentifier\": \"\"}]}",
        "{\"batchItemFailures\": [{\"itemIdentifier\": null}]}",
        "{\"batchItemFailures\": [{\"itemIdentifer\": \"1\"}]}",
        "{\"batchItemFailures\": [{\"itemIdentifier\": \"1\"}, {\"itemIdentifier\": \"9\"}]}",
        "{\"batchItemFailures\": [\"1\"]}",
        "{\"batchItemFailures\": {\"itemIdentifier\": \"1\"}}",
        "{\"batchItemFailures\": 1}",
        // None that Lambda could read, and it is lost on nobody.
        "\"{\\\"batchItemFailures\\\": [{\\\"itemIdentifier\\\": \\\"1\\\"}]}\"",
        "{\"statusCode\": 200, \"body\": \"{\\\"batchItemFailures\\\": []}\"}",
        "{\"body\": {\"batchItemFailures\": [{\"itemIdentifier\": \"1\"}]}}",
        "[{\"batchItemFailures\": [{\"itemIdentifier\": \"1\"}]}]",
        "{\"batchItemFailures\": [{\"itemIdentifier\": \"1",
        "{",
        "[",
    ] {
        check(failure, &["1", "2"]).await;
    }
    check("{\"batchItemFailures\": [{\"itemIdentifier\": \"2\"}, {\"itemIdentifier\": \"2\"}]}", &["2"])
        .await;
}

#[tokio::test]
async fn each_target_gets_its_own_and_single_ones_where_it_takes_no_more() {
    let queue = Source::of("queue:payments");
    let records = queue.records(&[
        ("1", "good"),
        ("2", "audit"),
        ("3", "later"),
        ("4", "good"),
        ("5", "later"),
        ("6", "audit"),
    ]);
    assert_eq!(queue.serve(&records).await, [""; 0]);
    let mut batches = queue.world.targets.batches();
    batches.sort();
    assert_eq!(batches, [vec!["1", "4"], vec!["2", "6"], vec!["3"], vec!["5"]]);
}

#[tokio::test]
async fn a_stream_stops_at_its_lowest_failed_record() {
    let stream = Source::of("stream:clicks");
    let records = stream.records(&[("1", "a"), ("2", "denied"), ("3", "b"), ("4", "c"), ("5", "d")]);
    // Whatever else it says.
    stream.fails(&["4", "3"]);
    assert_eq!(stream.serve(&records).await, ["3", "4", "5"]);
    assert_eq!(stream.outcome("5"), Some(Outcome::TargetFailed), "nobody knows that it was run");
    stream.world.targets.answer(200, "{}");
    assert_eq!(stream.serve(&records[2..]).await, [""; 0]);
    assert_eq!(stream.world.targets.batches(), [vec!["1", "3", "4", "5"], vec!["3", "4", "5"]]);
}

#[tokio::test]
async fn a_fifo_queue_gets_everything_behind_the_first_failure_back() {
    let queue = Source::of("queue:payments.fifo");
    let records = queue.records(&[("1", "good"), ("2", "good"), ("3", "good"), ("4", "good-denied")]);
    queue.fails(&["2"]);
    assert_eq!(queue.serve(&records).await, ["2", "3", "4"]);
    queue.world.targets.answer(200, "{}");
    // What the function did not report, it has done.
    assert_eq!(queue.serve(&records[1..]).await, [""; 0]);
    assert_eq!(queue.world.targets.batches(), [vec!["1", "2", "3"], vec!["2"]]);
}

#[tokio::test]
async fn what_a_fifo_queue_brings_again_and_is_done_does_not_wait_for_what_fails() {
    let queue = Source::of("queue:payments.fifo");
    let records = queue.records(&[("1", "good"), ("2", "good")]);
    queue.fails(&["1"]);
    assert_eq!(queue.serve(&records).await, ["1", "2"], "everything behind the first failure");
    assert_eq!(queue.serve(&records).await, ["1"], "what is done does not end in a dead-letter queue");
    assert_eq!(queue.world.targets.batches(), [vec!["1", "2"], vec!["1"]]);
}

#[tokio::test]
async fn nothing_behind_a_record_that_must_come_again_is_sent_where_order_counts() {
    for front in ["queue:payments.fifo", "stream:clicks"] {
        let source = Source::of(front);
        let records = source.records(&[("1", "good"), ("2", "strict-denied"), ("3", "good")]);
        match source.order() {
            BatchOrder::Fifo => {
                assert_eq!(source.serve(&records).await, ["2", "3"]);
                assert_eq!(source.world.targets.batches(), [["1"]]);
                assert_eq!(source.outcome("3"), None, "it was not looked at");
            }
            _ => {
                source.world.ledger.switch.away(true);
                assert_eq!(source.serve(&records).await, ["1", "2", "3"]);
                assert!(source.world.targets.batches().is_empty());
            }
        }
    }
    // To wherever they go, in their order.
    let queue = Source::of("queue:payments.fifo");
    let records = queue.records(&[("1", "good"), ("2", "audit"), ("3", "audit"), ("4", "good")]);
    queue.fails(&["3"]);
    let served = queue.serve(&records).await;
    assert_eq!(served, ["1", "2", "3", "4"], "the first reports an item that it was not sent");
    assert_eq!(queue.world.targets.batches(), [["1"]]);
    queue.world.targets.answer(200, "{}");
    assert_eq!(queue.serve(&records).await, [""; 0]);
    assert_eq!(queue.world.targets.batches(), [vec!["1"], vec!["2", "3"], vec!["4"]]);
}

#[tokio::test]
async fn a_batch_of_which_every_record_is_broken_is_kept_and_done() {
    let queue = Source::of("queue:payments");
    let ids: Vec<String> = (0..100).map(|nth| nth.to_string()).collect();
    let records: Vec<Inbound> = ids.iter().map(|id| queue.record(id, "broken")).collect();
    assert_eq!(queue.serve(&records).await, [""; 0]);
    assert_eq!(queue.world.quarantine.items().len(), 100);
    assert!(queue.world.targets.batches().is_empty());
    assert_eq!(queue.serve(&[]).await, [""; 0]);
}

/// Seeded runs: a source delivers whatever must come again until nothing must, while the target fails at random. What it says
/// it has done was done once, nothing is lost, and where there is an order it is kept.
#[tokio::test]
async fn whatever_fails_each_record_is_done_once_and_in_order() {
    for seed in 0..60 {
        for front in ["queue:payments", "queue:payments.fifo", "stream:clicks"] {
            drain(seed, front).await;
        }
    }
}

async fn drain(seed: u64, front: &str) {
    let source = Source::of(front);
    let mut random = fastrand::Rng::with_seed(seed);
    let senders: Vec<&str> =
        (0..12).map(|_| *random.choice(["good", "good", "good-denied", "broken"].iter()).unwrap()).collect();
    let is_stream = source.order() == BatchOrder::Stream;
    let senders: Vec<&str> = senders
        .into_iter()
        .map(|sender| if is_stream && sender == "good-denied" { "denied" } else { sender })
        .collect();
    let ids: Vec<String> = (0..senders.len()).map(|nth| format!("{nth:02}")).collect();
    let mut waiting: Vec<Inbound> =
        ids.iter().zip(&senders).map(|(id, sender)| source.record(id, sender)).collect();
    // What the target says that it has done, in its order.
    let done = Arc::new(std::sync::Mutex::new(Vec::<String>::new()));
    let mut ended: BTreeSet<String> = BTreeSet::new();
    for _ in 0..200 {
        if waiting.is_empty() {
            break;
        }
        let (noted, order, rest) = (Arc::clone(&done), source.order(), random.u64(..));
        let targets = Arc::clone(&source.world.targets);
        let random = std::sync::Mutex::new(fastrand::Rng::with_seed(rest));
        source.world.targets.respond(move || {
            let given = targets.batches().pop().unwrap_or_default();
            let mut random = random.lock().unwrap();
            if random.u8(0..4) == 0 {
                return Err(TargetFault::Failed("Error".into()));
            }
            let mut failed: Vec<&String> = given.iter().filter(|_| random.u8(0..3) == 0).collect();
            let first = failed.first().and_then(|first| given.iter().position(|item| item == *first));
            // A function that keeps an order stops at the first that fails; of a queue it says what it has not done.
            let reached = if order == BatchOrder::None { given.len() } else { first.unwrap_or(given.len()) };
            if order == BatchOrder::Fifo {
                failed = given.iter().skip(reached).collect();
            }
            noted
                .lock()
                .unwrap()
                .extend(given.iter().take(reached).filter(|item| !failed.contains(item)).cloned());
            let failures: Vec<_> = failed.iter().map(|item| json!({ "itemIdentifier": item })).collect();
            let body = json!({ "batchItemFailures": failures }).to_string();
            Ok(doorward_model::Reply {
                status: http::StatusCode::OK,
                headers: http::HeaderMap::new(),
                body: doorward_model::Body::from(body.into_bytes()),
            })
        });
        let again = source.serve(&waiting).await;
        if source.order() != BatchOrder::None {
            let behind: Vec<String> = waiting
                .iter()
                .map(|inbound| inbound.call.to_string())
                .skip(waiting.len() - again.len())
                .collect();
            match source.order() {
                BatchOrder::Stream => {
                    assert_eq!(again, behind, "seed {seed} {front}: it comes again from one on");
                }
                // But for what an earlier delivery had done.
                _ => {
                    let ids = waiting.iter().map(|inbound| inbound.call.to_string());
                    let behind = ids.skip_while(|id| Some(id) != again.first());
                    let over: Vec<String> = behind.filter(|id| !again.contains(id)).collect();
                    assert!(over.iter().all(|id| ended.contains(id)), "seed {seed} {front}: {over:?}");
                }
            }
            ended = source.world.ledger.rows().into_keys().collect();
        }
        waiting.retain(|inbound| again.contains(&inbound.call.to_string()));
    }
    assert!(waiting.is_empty(), "seed {seed} {front}: it ends");
    let good: Vec<&String> =
        ids.iter().zip(&senders).filter(|(_, sender)| **sender == "good").map(|(id, _)| id).collect();
    let mut done = done.lock().unwrap().clone();
    if source.order() == BatchOrder::None {
        done.sort();
    }
    assert_eq!(done.iter().collect::<Vec<_>>(), good, "seed {seed} {front}");
    assert_eq!(source.world.quarantine.items().len(), ids.len() - good.len(), "seed {seed} {front}");
}
