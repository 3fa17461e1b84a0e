use std::sync::Arc;

use super::*;

fn sqs(queues: &[(&str, &[(&str, &str)])]) -> Arc<Sqs> {
    let sqs = Sqs::new("eu-central-1", "123456789012", "http://127.0.0.1:1".to_owned());
    for (name, attributes) in queues {
        sqs.create(name, &map(attributes)).unwrap();
    }
    Arc::new(sqs)
}

fn map(attributes: &[(&str, &str)]) -> BTreeMap<String, String> {
    attributes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn message(body: &str) -> Sending {
    Sending { body: body.to_owned(), ..Sending::default() }
}

fn waiting(seconds: u64) -> Receiving {
    Receiving { most: 10, hidden: None, wait: Some(Duration::from_secs(seconds)) }
}

const POLICY: &str =
    r#"{"deadLetterTargetArn":"arn:aws:sqs:eu-central-1:123456789012:dead","maxReceiveCount":1}"#;

#[tokio::test(start_paused = true)]
async fn a_long_poll_ends_with_the_first_message_or_its_time() {
    let sqs = sqs(&[("q", &[("DelaySeconds", "3")])]);
    let began = Instant::now();
    assert_eq!(sqs.receive("q", waiting(20)).await, Ok(Vec::new()));
    assert_eq!(began.elapsed().as_secs(), 20);
    let poll = tokio::spawn({
        let sqs = Arc::clone(&sqs);
        async move { sqs.receive("q", waiting(20)).await }
    });
    tokio::time::sleep(Duration::from_secs(5)).await;
    sqs.send("q", message("x")).unwrap();
    let received = poll.await.unwrap().unwrap();
    assert_eq!((received.len(), began.elapsed().as_secs()), (1, 28));
    // And comes again by itself.
    assert_eq!(sqs.receive("q", waiting(20)).await.unwrap().len(), 0);
    assert_eq!(sqs.receive("q", waiting(20)).await.unwrap().len(), 1);
    assert_eq!(began.elapsed().as_secs(), 58);
}

#[tokio::test(start_paused = true)]
async fn what_was_received_too_often_moves_to_the_dead_letter_queue() {
    let sqs = sqs(&[("dead", &[]), ("q", &[("RedrivePolicy", POLICY)])]);
    sqs.send("q", message("x")).unwrap();
    assert_eq!(sqs.receive("q", waiting(0)).await.unwrap().len(), 1);
    let mourner = tokio::spawn({
        let sqs = Arc::clone(&sqs);
        async move { sqs.receive("dead", waiting(20)).await }
    });
    tokio::time::sleep(Duration::from_secs(19)).await;
    sqs.change_visibility("q", "nonsense", Duration::ZERO).unwrap_err();
    assert_eq!(sqs.receive("q", waiting(20)).await, Ok(Vec::new()));
    assert_eq!(mourner.await.unwrap(), Ok(Vec::new()), "it was in flight for 30 seconds");
    let [dead] = sqs.receive("dead", waiting(0)).await.unwrap().try_into().unwrap();
    assert_eq!(dead.system["DeadLetterQueueSourceArn"], "arn:aws:sqs:eu-central-1:123456789012:q");
    sqs.empty("q").await;
    // Without it, the queue delivers on.
    sqs.delete_queue("dead").unwrap();
    sqs.send("q", message("y")).unwrap();
    for _ in 0..3 {
        assert_eq!(sqs.receive("q", waiting(20)).await.unwrap().len(), 1);
        tokio::time::sleep(Duration::from_secs(30)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn emptiness_is_waited_for() {
    let sqs = sqs(&[("q", &[])]);
    sqs.empty("q").await;
    sqs.empty("nobody").await;
    sqs.send("q", message("x")).unwrap();
    let empty = sqs.empty("q");
    tokio::pin!(empty);
    assert!(tokio::time::timeout(Duration::from_secs(100), &mut empty).await.is_err());
    let [received] = sqs.receive("q", waiting(0)).await.unwrap().try_into().unwrap();
    assert!(tokio::time::timeout(Duration::from_secs(1), &mut empty).await.is_err());
    sqs.delete("q", &received.receipt).unwrap();
    empty.await;
}

#[tokio::test]
async fn queues_are_made_once_and_as_asked() {
    let sqs = sqs(&[("q", &[("VisibilityTimeout", "5")]), ("f.fifo", &[("FifoQueue", "true")])]);
    sqs.create("q", &map(&[("VisibilityTimeout", "5")])).unwrap();
    sqs.create("q", &map(&[])).unwrap();
    let other = sqs.create("q", &map(&[("VisibilityTimeout", "6")]));
    assert_eq!(other, Err(SqsFault::QueueNameExists("VisibilityTimeout".to_owned())));
    for (name, attributes) in [
        ("", &[][..]),
        (".fifo", &[("FifoQueue", "true")]),
        ("a.b", &[]),
        ("a/b", &[]),
        ("g.fifo", &[]),
        ("r", &[("RedrivePolicy", POLICY)]),
        (&"a".repeat(81), &[]),
    ] {
        assert!(matches!(sqs.create(name, &map(attributes)), Err(SqsFault::Parameter(_))), "{name}");
    }
    sqs.create("dead", &map(&[])).unwrap();
    sqs.set("q", &map(&[("RedrivePolicy", POLICY)])).unwrap();
    // A FIFO queue's must be one as well.
    assert!(matches!(sqs.set("f.fifo", &map(&[("RedrivePolicy", POLICY)])), Err(SqsFault::Parameter(_))));
    assert_eq!(sqs.set("x", &map(&[])), Err(SqsFault::QueueDoesNotExist));
    assert_eq!(sqs.names("d"), ["dead"]);
}
