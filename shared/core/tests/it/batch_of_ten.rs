//! Ten records of which the fifth fails, in every way that there is, of a source without an order and of both that have one:
//! what comes again, what is sent, what is kept, and that it ends.

use std::collections::BTreeMap;

use doorward_model::{BatchOrder, EventPayload, Inbound, Message, TargetFault};

use crate::batches::Source;

const FRONTS: [&str; 3] = ["queue:payments", "queue:payments.fifo", "stream:clicks"];
/// The fifth.
const ODD: usize = 4;

/// A rule for each word that the senders of its records begin with.
fn config() -> String {
    let mut config = r#"
fronts = ["queue:payments", "queue:payments.fifo", "stream:clicks"]
[door]
name = "shop"
table = "doorward"
max_body = 1000
[[targets]]
name = "payments"
lambda = "payments"
[[plans]]
name = "nothing"
limits = [{ quota = "0/day" }]
"#
    .to_owned();
    for (source, member) in [("sqs", "sender"), ("kinesis", "partition_key")] {
        for (word, more) in [
            ("good", ""),
            ("loose", "on_deny = \"discard\""),
            ("strict", "on_deny = \"fail\""),
            ("limited", "plan = \"nothing\""),
            ("held", "plan = \"nothing\"\non_deny = \"fail\""),
        ] {
            config += &format!(
                "[[events]]\nid = \"{word}_{source}\"\nsource = \"{source}\"\ntarget = \"payments\"\n\
                 match = {{ {member} = \"{word}*\" }}\n{more}\n"
            );
        }
    }
    config
}

const POLICIES: &str = r#"
permit (principal, action in Action::"events", resource);
forbid (principal, action in [Action::"good_sqs", Action::"loose_sqs", Action::"strict_sqs"], resource)
when { context.event has sender && context.event.sender like "*denied" };
forbid (principal, action in [Action::"good_kinesis", Action::"loose_kinesis", Action::"strict_kinesis"], resource)
when { context.claimed.partition_key like "*denied" };
"#;

fn ids(of: std::ops::RangeInclusive<usize>) -> Vec<String> {
    of.map(|nth| format!("{nth:02}")).collect()
}

/// Ten, of which the fifth is `odd`.
fn ten(source: &Source, odd: &str) -> Vec<Inbound> {
    let senders = (0..10).map(|place| if place == ODD { odd } else { "good" });
    let mut records: Vec<_> =
        ids(1..=10).iter().zip(senders).map(|(id, sender)| source.record(id, sender)).collect();
    let fifth = &mut records[ODD];
    let Message::Event(event) = &mut fifth.message else { panic!("a record is an event") };
    match odd {
        "good-large" | "strict-large" => event.payload = EventPayload::Text("x".repeat(1001)),
        "good-forged" => fifth.front.id = "mallory".to_owned(),
        _ => {}
    }
    records
}

/// How often each record was sent, since the last time.
fn sent(source: &Source) -> BTreeMap<String, usize> {
    let mut sent = BTreeMap::new();
    count(source, &mut sent);
    sent
}

fn count(source: &Source, sent: &mut BTreeMap<String, usize>) {
    source.world.targets.batches().into_iter().flatten().for_each(|id| *sent.entry(id).or_insert(0) += 1);
}

fn others() -> BTreeMap<String, usize> {
    ids(1..=10).into_iter().filter(|id| id != "05").map(|id| (id, 1)).collect()
}

#[tokio::test]
async fn what_is_done_with_holds_nothing_up() {
    for (odd, code) in [
        ("good-denied", Some("forbidden")),
        ("good-broken", Some("malformed-request")),
        ("good-nameless", Some("malformed-request")),
        // Its source could not be told that this one alone comes again.
        ("strict-nameless", Some("malformed-request")),
        ("good-large", Some("payload-too-large")),
        ("good-forged", Some("unknown-front")),
        ("nobody", Some("not-found")),
        ("limited", Some("quota-exceeded")),
        ("loose-denied", None),
        ("loose-broken", None),
    ] {
        for front in FRONTS {
            let source = Source::with(front, &config(), POLICIES);
            let records = ten(&source, odd);
            for _ in 0..2 {
                assert_eq!(source.serve(&records).await, [""; 0], "{odd} {front}");
            }
            assert_eq!(sent(&source), others(), "{odd} {front}: each of the others once");
            let kept = source.world.quarantine.items();
            let codes: Vec<_> = kept.iter().map(|(id, call)| (id.as_str(), call.code)).collect();
            let expected: Vec<_> = code.into_iter().map(|code| ("05", Some(code))).collect();
            assert_eq!(codes, expected, "{odd} {front}");
        }
    }
}

#[tokio::test]
async fn what_fails_as_declared_comes_again_by_itself_or_with_all_behind_it() {
    for odd in ["strict-denied", "strict-broken", "strict-large", "held"] {
        for front in FRONTS {
            let source = Source::with(front, &config(), POLICIES);
            let records = ten(&source, odd);
            let has_order = source.order() != BatchOrder::None;
            let expected = if has_order { ids(5..=10) } else { ids(5..=5) };
            let (mut waiting, mut counted) = (records, BTreeMap::new());
            // As often as the source is set to.
            for _ in 0..3 {
                let again = source.serve(&waiting).await;
                assert_eq!(again, expected, "{odd} {front}");
                waiting.retain(|inbound| again.contains(&inbound.call.to_string()));
                count(&source, &mut counted);
                let before = if has_order { 4 } else { 9 };
                assert_eq!(counted.len(), before, "{odd} {front}: nothing behind it is sent");
            }
            // Then it gives this one up.
            waiting.retain(|inbound| inbound.call.as_str() != "05");
            assert_eq!(source.serve(&waiting).await, [""; 0], "{odd} {front}");
            count(&source, &mut counted);
            assert_eq!(counted, others(), "{odd} {front}: each of the others once");
            assert!(source.world.quarantine.items().is_empty(), "{odd} {front}");
        }
    }
}

#[tokio::test]
async fn what_its_target_reports_comes_again_by_itself_or_with_all_behind_it() {
    for front in FRONTS {
        let source = Source::with(front, &config(), POLICIES);
        source.fails(&["05"]);
        let mut waiting = ten(&source, "good");
        let again = source.serve(&waiting).await;
        let (expected, twice) = match source.order() {
            BatchOrder::None => (ids(5..=5), ids(5..=5)),
            // What the function did not report, it has done.
            BatchOrder::Fifo => (ids(5..=10), ids(5..=5)),
            // It stopped there.
            BatchOrder::Stream => (ids(5..=10), ids(5..=10)),
        };
        assert_eq!(again, expected, "{front}");
        source.world.targets.answer(200, "{}");
        waiting.retain(|inbound| again.contains(&inbound.call.to_string()));
        assert_eq!(source.serve(&waiting).await, [""; 0], "{front}");
        let counted = ids(1..=10).into_iter().map(|id| (id.clone(), 1 + usize::from(twice.contains(&id))));
        assert_eq!(sent(&source), counted.collect(), "{front}");
    }
}

#[tokio::test]
async fn while_something_is_away_all_that_depends_on_it_comes_again_and_nothing_is_done_twice() {
    for front in FRONTS {
        // The target.
        let source = Source::with(front, &config(), POLICIES);
        source.world.targets.fail(TargetFault::Failed("Error".into()));
        let records = ten(&source, "good");
        assert_eq!(source.serve(&records).await, ids(1..=10), "{front}");
        source.world.targets.answer(200, "{}");
        assert_eq!(source.serve(&records).await, [""; 0], "{front}");
        assert_eq!(source.world.targets.batches(), [ids(1..=10), ids(1..=10)], "{front}");

        // The ledger.
        let source = Source::with(front, &config(), POLICIES);
        source.world.ledger.switch.away(true);
        assert_eq!(source.serve(&records).await, ids(1..=10), "{front}");
        assert!(source.world.targets.batches().is_empty(), "{front}: nothing is sent that cannot be claimed");
        source.world.ledger.switch.away(false);
        assert_eq!(source.serve(&records).await, [""; 0], "{front}");
        assert_eq!(source.world.targets.batches(), [ids(1..=10)], "{front}");

        // Quarantine, which only the fifth needs.
        let source = Source::with(front, &config(), POLICIES);
        source.world.quarantine.switch.away(true);
        let records = ten(&source, "good-denied");
        let expected = if source.order() == BatchOrder::None { ids(5..=5) } else { ids(5..=10) };
        assert_eq!(source.serve(&records).await, expected, "{front}");
        source.world.quarantine.switch.away(false);
        assert_eq!(source.serve(&records).await, [""; 0], "{front}");
        assert_eq!(sent(&source), others(), "{front}: each of the others once");
        assert_eq!(source.world.quarantine.items().len(), 1, "{front}");
    }
}
