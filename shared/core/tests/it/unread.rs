//! Events that nobody can read, or whose source is not pinned: kept once, so many in a minute, and never of a request.

use std::time::Duration;

use doorward_core::{Answer, NotKept};
use doorward_model::{CallId, Inbound, Message, Outcome, UnreadEvent, UnreadReason};
use doorward_testkit::http as request;
use http::Method;

use crate::batches::{CONFIG, POLICIES, Source};
use crate::shop::{Shop, now};

fn unread(payload: &str) -> UnreadEvent {
    UnreadEvent {
        id: CallId::new(format!("unknown-{payload}")),
        invocation: "invocation".to_owned(),
        deadline: now() + Duration::from_secs(30),
        reason: UnreadReason::Shape,
        cause: "it has none of the forms".to_owned(),
        bytes: payload.len() as u64,
        digest: "sha256:0".to_owned(),
        payload: payload.to_owned(),
    }
}

/// Records of a queue that is not pinned.
fn foreign(source: &mut Source, count: usize) -> Vec<Inbound> {
    source.front.id = "mallory".to_owned();
    (0..count).map(|nth| source.record(&format!("{nth:03}"), "good")).collect()
}

#[tokio::test]
async fn an_event_that_nobody_reads_is_kept_once_and_has_a_line_each_time() {
    let source = Source::of("queue:payments");
    for _ in 0..3 {
        source.world.door.keep_unread(&unread("{}")).await.unwrap();
    }
    source.world.door.keep_unread(&unread("[]")).await.unwrap();
    let kept = source.world.quarantine.unread();
    assert_eq!(kept.keys().collect::<Vec<_>>(), ["unknown-[]", "unknown-{}"]);
    assert_eq!(kept["unknown-{}"], unread("{}"));
    assert_eq!(source.world.lines.unread().iter().filter(|(_, kept)| *kept).count(), 4);
    assert!(source.world.ledger.rows().is_empty(), "nobody's call is recorded");
}

#[tokio::test]
async fn a_queue_pinned_by_arn_is_that_of_its_account_and_region() {
    let pinned = r#"fronts = ["queue:arn:aws:sqs:eu-central-1:123456789012:payments","#;
    let config = CONFIG.replacen(r#"fronts = ["queue:payments","#, pinned, 1);
    let source = Source::with("queue:payments", &config, POLICIES);
    let of = |id: &str, arn: Option<&str>| {
        let mut inbound = source.record(id, "good");
        let Message::Event(record) = &mut inbound.message else { panic!("an event") };
        record.arn = arn.map(|arn| format!("arn:aws:sqs:{arn}:payments"));
        inbound
    };
    let records = [
        of("own", Some("eu-central-1:123456789012")),
        of("region", Some("eu-west-3:123456789012")),
        of("account", Some("eu-central-1:999999999999")),
        of("none", None),
    ];
    assert_eq!(source.serve(&records).await, [""; 0]);
    let mut codes: Vec<_> =
        source.world.lines.calls().iter().map(|call| (call.id.to_string(), call.code)).collect();
    codes.sort();
    let unknown = |id: &str| (id.to_owned(), Some("unknown-front"));
    assert_eq!(codes, [unknown("account"), unknown("none"), ("own".to_owned(), None), unknown("region")]);
}

#[tokio::test]
async fn a_record_of_a_source_that_is_not_pinned_is_kept_and_goes_no_further() {
    let mut source = Source::of("queue:payments");
    let records = foreign(&mut source, 3);
    for _ in 0..2 {
        assert_eq!(source.serve(&records).await, [""; 0], "its source is done with it");
    }
    let items = source.world.quarantine.items();
    assert_eq!(items.len(), 3);
    assert!(items.values().all(|call| call.code == Some("unknown-front") && call.caller.is_none()));
    assert!(source.world.targets.batches().is_empty() && source.world.ledger.rows().is_empty());
    let lines = source.world.lines.calls();
    assert!(lines.iter().all(|call| call.outcome == Outcome::Denied && call.quarantined), "{lines:?}");
}

#[tokio::test]
async fn a_sandbox_keeps_so_many_in_a_minute_and_the_rest_fails() {
    let mut source = Source::of("queue:payments");
    let records = foreign(&mut source, 59);
    assert_eq!(source.serve(&records).await, [""; 0]);
    source.world.door.keep_unread(&unread("{}")).await.unwrap();
    let refused = source.world.door.keep_unread(&unread("[]")).await;
    assert!(matches!(refused, Err(NotKept::TooMany)), "{refused:?}");
    let more = source.record("060", "good");
    assert_eq!(source.serve(std::slice::from_ref(&more)).await, ["060"]);
    assert_eq!(source.world.quarantine.items().len(), 59);
    assert_eq!(source.world.quarantine.switch.calls(), 60, "what is over it costs no write");
    assert_eq!(source.world.lines.calls().last().unwrap().code, Some("too-many-requests"));
    // What is pinned does not count.
    source.front.id = "payments".to_owned();
    assert_eq!(source.serve(&source.records(&[("1", "good"), ("2", "broken")])).await, [""; 0]);
    source.world.clock.advance(Duration::from_secs(60));
    assert_eq!(source.serve(&[more]).await, [""; 0], "there is room again");
    assert_eq!(source.world.quarantine.items().len(), 61);
}

#[tokio::test]
async fn where_order_counts_what_is_over_the_bound_comes_again_with_all_behind_it() {
    for front in ["queue:payments.fifo", "stream:clicks"] {
        let mut source = Source::of(front);
        let records = foreign(&mut source, 100);
        let again = source.serve(&records).await;
        assert_eq!(again, (60..100).map(|nth| format!("{nth:03}")).collect::<Vec<_>>(), "{front}");
        source.world.clock.advance(Duration::from_secs(60));
        assert_eq!(source.serve(&records[60..]).await, [""; 0], "{front}: it ends");
        assert_eq!(source.world.quarantine.items().len(), 100, "{front}");
    }
}

#[tokio::test]
async fn the_configuration_may_have_them_fail() {
    let mut source = Source::strict("queue:payments");
    let refused = source.world.door.keep_unread(&unread("{}")).await;
    assert!(matches!(refused, Err(NotKept::Configured)), "{refused:?}");
    let records = foreign(&mut source, 2);
    assert_eq!(source.serve(&records).await, ["000", "001"]);
    assert_eq!(source.world.quarantine.switch.calls(), 0);
    let [(event, kept)] = source.world.lines.unread().try_into().unwrap();
    assert_eq!((event.id.as_str(), kept), ("unknown-{}", false), "it has its line all the same");
}

#[tokio::test]
async fn what_cannot_be_kept_comes_again() {
    let mut source = Source::of("queue:payments");
    source.world.quarantine.switch.away(true);
    let refused = source.world.door.keep_unread(&unread("{}")).await;
    assert!(matches!(refused, Err(NotKept::Away(_))), "{refused:?}");
    let records = foreign(&mut source, 2);
    assert_eq!(source.serve(&records).await, ["000", "001"]);
    source.world.quarantine.switch.away(false);
    source.world.door.keep_unread(&unread("{}")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_takes_no_longer_than_the_invocation_has() {
    let source = Source::of("queue:payments");
    source.world.quarantine.switch.hang(true);
    let refused = source.world.door.keep_unread(&unread("{}")).await;
    assert!(matches!(refused, Err(NotKept::Away(_))), "{refused:?}");
}

#[tokio::test]
async fn a_request_of_a_front_that_is_not_pinned_costs_no_write() {
    let shop = Shop::new();
    for _ in 0..200 {
        let mut forged = request("r1", Method::GET, "/orders/1001", &[], "", shop.world.now());
        forged.front.id = "forged".to_owned();
        let Answer::Http(reply) = shop.world.door.serve(forged).await else {
            panic!("a request is answered")
        };
        assert_eq!(reply.status, 403);
    }
    assert_eq!((shop.world.quarantine.switch.calls(), shop.world.ledger.switch.calls()), (0, 0));
    shop.world.door.keep_unread(&unread("{}")).await.unwrap();
}
