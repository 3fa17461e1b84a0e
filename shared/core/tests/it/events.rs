use doorward_core::ports::Ledger as _;
use doorward_core::{Answer, EventAnswer};
use doorward_model::{Call, Inbound, Outcome, TargetFault, TrustLevel};
use doorward_testkit::s3;

use crate::shop::Shop;

async fn send(shop: &Shop, inbound: Inbound) -> EventAnswer {
    match shop.world.door.serve(inbound).await {
        Answer::Event(answer) => answer,
        Answer::Http(reply) => panic!("an HTTP answer: {reply:?}"),
    }
}

fn receipt(shop: &Shop, id: &str, key: &str) -> Inbound {
    s3(id, key, 1000, shop.world.now())
}

fn row(shop: &Shop, id: &str) -> Outcome {
    shop.world.ledger.rows()[id].call.outcome
}

/// The shop whose rule of receipts has these words.
fn on_deny(word: &str, repeated: &str) -> Shop {
    let words = format!("on_deny = \"{word}\"\nrepeated = \"{repeated}\"");
    Shop::with(move |config| config.replace("on_deny = \"quarantine\"", &words))
}

#[tokio::test]
async fn a_permitted_event_reaches_its_target_once_however_often_it_comes() {
    let shop = Shop::new();
    for expected in [Outcome::Admitted, Outcome::Repeated, Outcome::Repeated] {
        assert_eq!(send(&shop, receipt(&shop, "e1", "inbox/a.pdf")).await, EventAnswer::Done(expected));
    }
    assert_eq!(shop.world.targets.sent(), ["receipts receiptUploaded"]);
    assert_eq!(shop.world.ledger.rows().len(), 1);
    assert_eq!(row(&shop, "e1"), Outcome::Admitted);
    assert_eq!(shop.world.ledger.rows()["e1"].call.trust, Some(TrustLevel::Attested));
}

#[tokio::test]
async fn a_denied_event_is_kept_with_its_reason_and_its_target_is_never_called() {
    let shop = Shop::new();
    for _ in 0..2 {
        let answer = send(&shop, receipt(&shop, "e1", "inbox/a.exe")).await;
        assert_eq!(answer, EventAnswer::Done(Outcome::Denied));
    }
    let items = shop.world.quarantine.items();
    assert_eq!((items.len(), items["e1"].code), (1, Some("forbidden")));
    assert_eq!(row(&shop, "e1"), Outcome::Denied);
    assert!(shop.world.targets.sent().is_empty());
}

#[tokio::test]
async fn on_deny_says_what_becomes_of_a_denied_event() {
    let shop = on_deny("discard", "skip");
    assert_eq!(send(&shop, receipt(&shop, "e1", "inbox/a.exe")).await, EventAnswer::Done(Outcome::Denied));
    assert!(shop.world.quarantine.items().is_empty());
    let shop = on_deny("fail", "skip");
    assert!(matches!(send(&shop, receipt(&shop, "e1", "inbox/a.exe")).await, EventAnswer::Again(_)));
    assert!(shop.world.quarantine.items().is_empty());
}

#[tokio::test]
async fn an_event_that_no_rule_knows_is_kept() {
    let shop = Shop::new();
    let answer = send(&shop, receipt(&shop, "e1", "outbox/a.pdf")).await;
    assert_eq!(answer, EventAnswer::Done(Outcome::Invalid));
    assert_eq!(shop.world.quarantine.items()["e1"].code, Some("not-found"));
    assert_eq!(row(&shop, "e1"), Outcome::Invalid, "a pinned sender is known");
}

#[tokio::test]
async fn a_failed_event_may_be_tried_again_and_counts_once() {
    let shop = Shop::new();
    shop.world.targets.fail(TargetFault::Failed("Error".into()));
    assert!(matches!(send(&shop, receipt(&shop, "e1", "inbox/a.pdf")).await, EventAnswer::Again(_)));
    assert_eq!(row(&shop, "e1"), Outcome::TargetFailed);
    shop.world.targets.answer(200, "{}");
    assert_eq!(send(&shop, receipt(&shop, "e1", "inbox/a.pdf")).await, EventAnswer::Done(Outcome::Admitted));
    assert_eq!(row(&shop, "e1"), Outcome::Admitted);
    assert_eq!(shop.world.ledger.rows().len(), 1);
}

/// A first try that claimed the call and left no outcome.
async fn cut_off(shop: &Shop, inbound: &Inbound) {
    let cut = doorward_model::Call::begin(inbound, shop.world.now());
    doorward_core::ports::Ledger::claim(shop.world.ledger.as_ref(), &cut, shop.world.now()).await.unwrap();
}

#[tokio::test]
async fn a_retry_of_the_same_invocation_knows_that_the_first_try_is_over() {
    let shop = Shop::new();
    cut_off(&shop, &receipt(&shop, "e1", "inbox/a.pdf")).await;
    assert_eq!(send(&shop, receipt(&shop, "e1", "inbox/a.pdf")).await, EventAnswer::Done(Outcome::Repeated));
    assert_eq!(shop.world.quarantine.items().len(), 1);
}

#[tokio::test]
async fn an_event_without_time_is_neither_claimed_nor_sent() {
    let shop = Shop::new();
    let mut inbound = receipt(&shop, "e1", "inbox/a.pdf");
    inbound.deadline = shop.world.now() + std::time::Duration::from_millis(400);
    assert!(matches!(send(&shop, inbound).await, EventAnswer::Again(_)));
    assert!(shop.world.targets.sent().is_empty());
    assert_eq!(row(&shop, "e1"), Outcome::Unavailable);
    assert_eq!(send(&shop, receipt(&shop, "e1", "inbox/a.pdf")).await, EventAnswer::Done(Outcome::Admitted));
}

#[tokio::test]
async fn a_call_that_was_cut_off_half_way_stays_unresolved_and_never_reaches_the_target_again() {
    let shop = Shop::new();
    cut_off(&shop, &receipt(&shop, "e1", "inbox/a.pdf")).await;
    let mut inbound = receipt(&shop, "e1", "inbox/a.pdf");
    inbound.invocation = "another".into();
    assert!(matches!(send(&shop, inbound).await, EventAnswer::Again(_)));
    assert!(shop.world.quarantine.items().is_empty(), "it may still end");
    shop.world.clock.advance(std::time::Duration::from_secs(36));
    let mut later = receipt(&shop, "e1", "inbox/a.pdf");
    later.invocation = "another".into();
    assert_eq!(send(&shop, later).await, EventAnswer::Done(Outcome::Repeated));
    assert_eq!(
        shop.world.quarantine.items()["e1"].cause.as_deref(),
        Some("the first one was cut off half-way")
    );
    assert!(shop.world.targets.sent().is_empty());
    assert_eq!(row(&shop, "e1"), Outcome::Unresolved);
}

#[tokio::test]
async fn events_are_limited_by_the_plan_that_their_rule_names_and_kept_when_it_binds() {
    let shop = Shop::new();
    for n in 0..20 {
        let answer = send(&shop, receipt(&shop, &format!("e{n}"), "inbox/a.pdf")).await;
        assert_eq!(answer, EventAnswer::Done(Outcome::Admitted), "no plan, no limit");
    }
    let shop = Shop::with(|config| config.replace("on_deny = ", "plan = \"default\"\non_deny = "));
    for n in 0..12 {
        let outcome = if n < 10 { Outcome::Admitted } else { Outcome::Throttled };
        let answer = send(&shop, receipt(&shop, &format!("e{n}"), "inbox/a.pdf")).await;
        assert_eq!(answer, EventAnswer::Done(outcome));
    }
    assert_eq!(shop.world.quarantine.items().keys().collect::<Vec<_>>(), ["e10", "e11"]);
    assert_eq!(row(&shop, "e11"), Outcome::Throttled);
    shop.world.clock.advance(std::time::Duration::from_secs(60));
    assert_eq!(send(&shop, receipt(&shop, "e11", "inbox/a.pdf")).await, EventAnswer::Done(Outcome::Repeated));
    assert_eq!(shop.world.targets.sent().len(), 10, "what is kept runs only when it is released");
}

#[tokio::test]
async fn a_broken_record_of_a_known_sender_is_kept() {
    let shop = Shop::new();
    let mut broken = receipt(&shop, "e1", "inbox/a.pdf");
    if let doorward_model::Message::Event(record) = &mut broken.message {
        record.fault = Some("it has no key".into());
    }
    assert_eq!(send(&shop, broken).await, EventAnswer::Done(Outcome::Invalid));
    assert_eq!(shop.world.quarantine.items()["e1"].cause.as_deref(), Some("it has no key"));
    assert!(shop.world.targets.sent().is_empty());
}

#[tokio::test]
async fn an_event_that_never_ran_and_was_sent_back_is_decided_anew() {
    for repeated in ["skip", "answer"] {
        let shop = on_deny("fail", repeated);
        for _ in 0..2 {
            let again = send(&shop, receipt(&shop, "e1", "inbox/a.exe")).await;
            assert!(matches!(again, EventAnswer::Again(_)), "{repeated}: {again:?}");
        }
        assert_eq!(row(&shop, "e1"), Outcome::Denied);
        // The same event, as policies that were mended see it.
        let end = send(&shop, receipt(&shop, "e1", "inbox/a.pdf")).await;
        assert_eq!(end, EventAnswer::Done(Outcome::Admitted), "{repeated}");
        assert_eq!(shop.world.targets.sent(), ["receipts receiptUploaded"]);
        assert_eq!((shop.world.ledger.rows().len(), row(&shop, "e1")), (1, Outcome::Admitted));
        // And from then on it is done.
        let end = send(&shop, receipt(&shop, "e1", "inbox/a.pdf")).await;
        assert_eq!(end, EventAnswer::Done(Outcome::Repeated), "{repeated}");
        assert_eq!(shop.world.targets.sent().len(), 1);
    }
}

#[tokio::test]
async fn a_broken_event_that_was_sent_back_is_decided_anew() {
    let shop = on_deny("fail", "skip");
    let mut broken = receipt(&shop, "e1", "inbox/a.pdf");
    if let doorward_model::Message::Event(record) = &mut broken.message {
        record.fault = Some("it has no size".into());
    }
    assert!(matches!(send(&shop, broken).await, EventAnswer::Again(_)));
    assert_eq!(row(&shop, "e1"), Outcome::Invalid);
    assert_eq!(send(&shop, receipt(&shop, "e1", "inbox/a.pdf")).await, EventAnswer::Done(Outcome::Admitted));
}

#[tokio::test]
async fn an_event_that_was_discarded_or_kept_is_skipped_when_it_comes_again() {
    for (word, kept) in [("discard", 0), ("quarantine", 1)] {
        for repeated in ["skip", "answer"] {
            let shop = on_deny(word, repeated);
            let first = send(&shop, receipt(&shop, "e1", "inbox/a.exe")).await;
            assert_eq!(first, EventAnswer::Done(Outcome::Denied), "{word}");
            let again = send(&shop, receipt(&shop, "e1", "inbox/a.pdf")).await;
            assert_eq!(again, EventAnswer::Done(Outcome::Repeated), "{word} {repeated}");
            assert!(shop.world.targets.sent().is_empty());
            assert_eq!((shop.world.quarantine.items().len(), row(&shop, "e1")), (kept, Outcome::Denied));
        }
    }
}

#[tokio::test]
async fn an_event_that_comes_again_is_skipped_or_answered_as_the_first_was() {
    for (first, word, repeated, again) in [
        (Outcome::Denied, "fail", "answer", true),
        (Outcome::Invalid, "fail", "answer", true),
        (Outcome::Denied, "quarantine", "answer", false),
        (Outcome::Denied, "discard", "answer", false),
        (Outcome::Admitted, "fail", "answer", false),
    ] {
        let shop = on_deny(word, repeated);
        // It ended for good, by a configuration that is no longer in force.
        let event = receipt(&shop, "e1", "inbox/a.pdf");
        let mut call = Call::begin(&event, shop.world.now());
        call.outcome = first;
        shop.world.ledger.record(&call, shop.world.now()).await.unwrap();
        let answer = send(&shop, event).await;
        assert_eq!(matches!(answer, EventAnswer::Again(_)), again, "{first} {word} {repeated}: {answer:?}");
        assert!(again || answer == EventAnswer::Done(Outcome::Repeated), "{answer:?}");
        assert!(shop.world.targets.sent().is_empty() && shop.world.quarantine.items().is_empty());
        assert_eq!(row(&shop, "e1"), first);
    }
}
