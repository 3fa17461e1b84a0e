use super::*;

struct Stand {
    queue: Queue,
    now: Instant,
}

fn stand(is_fifo: bool, attributes: &[(&str, &str)]) -> Stand {
    let attributes =
        attributes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let settings = Settings::new(is_fifo).with(&attributes).unwrap();
    let now = Instant::now();
    Stand { queue: Queue::new("q".to_owned(), settings, now, Clock::start()), now }
}

fn message(body: &str) -> Sending {
    Sending { body: body.to_owned(), sender: "AIDA".to_owned(), ..Sending::default() }
}

/// `a1` is message 1 of group `a`.
fn grouped(body: &str) -> Sending {
    Sending {
        group: body.get(..1).map(str::to_owned),
        deduplication_id: Some(body.to_owned()),
        ..message(body)
    }
}

impl Stand {
    fn send(&mut self, sending: Sending) -> Result<Sent, SqsFault> {
        self.queue.send(sending, self.now)
    }

    fn receive(&mut self, most: usize) -> Vec<Received> {
        self.queue.receive(most, None, None, self.now).0
    }

    fn bodies(&mut self, most: usize) -> String {
        let bodies: Vec<String> = self.receive(most).into_iter().map(|message| message.body).collect();
        bodies.join(" ")
    }

    fn pass(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
    }

    fn counts(&mut self) -> (usize, usize, usize) {
        let Counts { visible, in_flight, delayed } = self.queue.counts(self.now);
        (visible, in_flight, delayed)
    }
}

#[test]
fn a_message_is_hidden_until_its_timeout_and_gone_when_deleted() {
    let mut stand = stand(false, &[]);
    stand.send(message("x")).unwrap();
    let [first] = stand.receive(10).try_into().unwrap();
    assert_eq!((stand.bodies(10), stand.counts()), (String::new(), (0, 1, 0)));
    stand.pass(29);
    assert_eq!(stand.bodies(10), "");
    stand.pass(1);
    let [second] = stand.receive(10).try_into().unwrap();
    assert_eq!(second.system["ApproximateReceiveCount"], "2");
    assert_eq!(
        second.system["ApproximateFirstReceiveTimestamp"],
        first.system["ApproximateFirstReceiveTimestamp"]
    );
    // The handle of the time before is one no more.
    stand.queue.delete(&first.receipt, stand.now).unwrap();
    assert_eq!(stand.counts(), (0, 1, 0));
    stand.queue.delete(&second.receipt, stand.now).unwrap();
    stand.queue.delete(&second.receipt, stand.now).unwrap();
    assert_eq!(stand.counts(), (0, 0, 0));
}

#[test]
fn its_visibility_can_be_changed_while_it_is_in_flight() {
    let mut stand = stand(false, &[("VisibilityTimeout", "10")]);
    stand.send(message("x")).unwrap();
    let [first] = stand.receive(1).try_into().unwrap();
    let hide = |stand: &mut Stand, seconds| {
        stand.queue.change_visibility(&first.receipt, Duration::from_secs(seconds), stand.now)
    };
    hide(&mut stand, 60).unwrap();
    stand.pass(59);
    assert_eq!(stand.bodies(1), "");
    hide(&mut stand, 0).unwrap();
    assert_eq!(hide(&mut stand, 5), Err(SqsFault::NotInflight));
    assert_eq!(stand.bodies(1), "x");
    assert_eq!(stand.queue.delete("nonsense", stand.now), Err(SqsFault::ReceiptHandle));
    let others = STANDARD.encode("other/0/id");
    assert_eq!(stand.queue.delete(&others, stand.now), Err(SqsFault::ReceiptHandle));
}

#[test]
fn messages_are_delayed_and_expire() {
    let mut stand = stand(false, &[("DelaySeconds", "5"), ("MessageRetentionPeriod", "60")]);
    stand.send(message("late")).unwrap();
    stand.send(Sending { delay: Some(Duration::ZERO), ..message("now") }).unwrap();
    assert_eq!(stand.counts(), (1, 0, 1));
    assert_eq!(stand.bodies(10), "now");
    assert_eq!(stand.queue.next_visible(stand.now), Some(stand.now + Duration::from_secs(5)));
    stand.pass(5);
    assert_eq!(stand.bodies(10), "late");
    stand.pass(55);
    assert_eq!((stand.bodies(10), stand.counts()), (String::new(), (0, 0, 0)));
}

#[test]
fn what_was_received_too_often_is_given_up() {
    let mut stand = stand(false, &[("VisibilityTimeout", "0")]);
    stand.send(message("x")).unwrap();
    for _ in 0..2 {
        assert_eq!(stand.queue.receive(1, None, Some(2), stand.now).0.len(), 1);
    }
    let (received, given_up) = stand.queue.receive(1, None, Some(2), stand.now);
    assert!(received.is_empty());
    let mut graveyard = self::stand(false, &[]);
    for message in given_up {
        graveyard.queue.put_given_up(message, "arn:q", graveyard.now);
    }
    let [dead] = graveyard.receive(1).try_into().unwrap();
    assert_eq!(dead.system["ApproximateReceiveCount"], "3");
    assert_eq!(dead.system["DeadLetterQueueSourceArn"], "arn:q");
    assert_eq!((stand.counts(), dead.body.as_str()), ((0, 0, 0), "x"));
}

#[test]
fn a_group_waits_for_its_message_in_flight() {
    let mut stand = stand(true, &[]);
    for body in ["a1", "b1", "a2", "a3", "b2"] {
        stand.send(grouped(body)).unwrap();
    }
    let [first] = stand.receive(1).try_into().unwrap();
    assert_eq!(first.body, "a1");
    assert_eq!(stand.bodies(10), "b1 b2");
    assert_eq!(stand.bodies(10), "");
    stand.queue.delete(&first.receipt, stand.now).unwrap();
    assert_eq!(stand.bodies(1), "a2");
    // They come again in their order, all of them.
    stand.pass(30);
    assert_eq!(stand.bodies(10), "b1 a2 a3 b2");
    let expired = stand.queue.delete(&first.receipt, stand.now);
    assert_eq!(expired, Ok(()), "it is gone already");
}

#[test]
fn an_expired_handle_deletes_nothing_of_a_fifo_queue() {
    let mut stand = stand(true, &[]);
    stand.send(grouped("a1")).unwrap();
    let [first] = stand.receive(1).try_into().unwrap();
    stand.pass(30);
    let fault = stand.queue.delete(&first.receipt, stand.now).unwrap_err();
    assert!(fault.to_string().ends_with("The receipt handle has expired."), "{fault}");
    assert_eq!(stand.bodies(1), "a1");
}

#[test]
fn repetitions_are_taken_and_not_kept() {
    let mut stand = stand(true, &[("ContentBasedDeduplication", "true")]);
    let by_content = |body: &str| Sending { deduplication_id: None, ..grouped(body) };
    let first = stand.send(by_content("a1")).unwrap();
    stand.pass(299);
    assert_eq!(stand.send(by_content("a1")).unwrap(), first);
    let again = Sending { deduplication_id: Some("other".to_owned()), ..grouped("a1") };
    let second = stand.send(again).unwrap();
    assert!(second.sequence > first.sequence);
    assert_eq!(first.sequence.as_ref().map(String::len), Some(20));
    let received = stand.receive(10);
    assert_eq!(received.len(), 2);
    let hash = "f55ff16f66f43360266b95db6f8fec01d76031054306ae4a4b380598f6cfd114";
    assert_eq!(received[0].system["MessageDeduplicationId"], hash);
    assert_eq!(received[0].system["SequenceNumber"], first.sequence.unwrap());
    assert_eq!(received[0].system["MessageGroupId"], "a");
    // Five minutes after the first one, and not after the last.
    stand.pass(1);
    assert_ne!(stand.send(by_content("a1")).unwrap().id, first.id);
}

#[test]
fn groups_may_have_repetitions_of_their_own() {
    for (scope, kept) in [("queue", 1), ("messageGroup", 2)] {
        let mut stand = stand(true, &[("DeduplicationScope", scope)]);
        for group in ["a", "b"] {
            let sending = Sending {
                group: Some(group.to_owned()),
                deduplication_id: Some("1".to_owned()),
                ..message("x")
            };
            stand.send(sending).unwrap();
        }
        assert_eq!(stand.counts(), (kept, 0, 0), "{scope}");
    }
}

#[test]
fn what_a_queue_does_not_take_is_refused() {
    let mut standard = stand(false, &[("MaximumMessageSize", "1024")]);
    assert_eq!(standard.send(message("")), Err(SqsFault::Missing("MessageBody")));
    assert_eq!(standard.send(message("\u{b}")), Err(SqsFault::Contents));
    let refused = |stand: &mut Stand, sending: Sending, reason: &str| {
        let fault = stand.send(sending).unwrap_err();
        assert!(fault.to_string().contains(reason), "{fault}");
    };
    standard.send(message(&"x".repeat(1024))).unwrap();
    refused(&mut standard, message(&"x".repeat(1025)), "must be shorter than 1024 bytes");
    refused(&mut standard, grouped("a1"), "parameter MessageDeduplicationId is invalid");
    let fair = Sending { group: Some("tenant".to_owned()), ..message("x") };
    standard.send(fair).unwrap();
    let mut fifo = stand(true, &[]);
    assert_eq!(fifo.send(message("x")), Err(SqsFault::Missing("MessageGroupId")));
    let unnamed = Sending { deduplication_id: None, ..grouped("a1") };
    refused(&mut fifo, unnamed, "ContentBasedDeduplication enabled");
    let late = Sending { delay: Some(Duration::from_secs(1)), ..grouped("a1") };
    refused(&mut fifo, late, "parameter DelaySeconds is invalid");
    for id in ["", "a b", &"a".repeat(129)] {
        refused(&mut fifo, Sending { group: Some(id.to_owned()), ..grouped("a1") }, "MessageGroupId");
        refused(
            &mut fifo,
            Sending { deduplication_id: Some(id.to_owned()), ..grouped("a1") },
            "MessageDeduplicationId",
        );
    }
}

#[test]
fn a_queue_is_purged_once_a_minute() {
    let mut stand = stand(false, &[]);
    stand.send(message("x")).unwrap();
    stand.queue.purge(stand.now).unwrap();
    assert_eq!(stand.counts(), (0, 0, 0));
    stand.pass(59);
    assert_eq!(stand.queue.purge(stand.now), Err(SqsFault::PurgeInProgress("q".to_owned())));
    stand.pass(1);
    stand.queue.purge(stand.now).unwrap();
}
