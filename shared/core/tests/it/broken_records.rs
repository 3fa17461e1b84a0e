//! What is declared for a queue holds for what of it cannot be read.

use doorward_model::{CallId, Inbound};

use crate::batches::Source;

const HEAD: &str = r#"
fronts = ["queue:uploads", "bucket:inbox"]
[door]
name = "shop"
table = "doorward"
[[targets]]
name = "receipts"
lambda = "receipts"
"#;

const POLICIES: &str = r#"permit (principal, action in Action::"events", resource);"#;

fn rule(id: &str, through: &str, key: &str, on_deny: &str) -> String {
    format!(
        "[[events]]\nid = \"{id}\"\nsource = \"s3\"\n{through}match = {{ bucket = \"inbox\", key = \"{key}\" }}\n\
         target = \"receipts\"\non_deny = \"{on_deny}\"\n"
    )
}

/// What comes again, and what is kept, of one broken record.
async fn check(front: &str, sender: &str, rules: &[String], again: bool, kept: bool) {
    let source = Source::with(front, &format!("{HEAD}{}", rules.concat()), POLICIES);
    let records = [source.record("1", sender)];
    let expected: &[&str] = if again { &["1"] } else { &[] };
    assert_eq!(source.serve(&records).await, expected, "{rules:?}");
    assert_eq!(!source.world.quarantine.items().is_empty(), kept, "{rules:?}");
    assert!(source.world.targets.sent().is_empty());
}

#[tokio::test]
async fn rules_that_open_a_queue_speak_for_its_broken_messages() {
    let through = "through = [\"queue:uploads\"]\n";
    let rules = |first: &str, second: &str| {
        [rule("aUploaded", through, "a/*", first), rule("bUploaded", through, "b/*", second)]
    };
    check("queue:uploads", "broken", &rules("fail", "fail"), true, false).await;
    check("queue:uploads", "broken", &rules("discard", "discard"), false, false).await;
    check("queue:uploads", "broken", &rules("quarantine", "quarantine"), false, true).await;
    check("queue:uploads", "broken", &rules("fail", "discard"), false, true).await;
    // Its source cannot be told of it: whatever is declared, it is kept, and its neighbours do not come again with it.
    check("queue:uploads", "nameless", &rules("fail", "fail"), false, true).await;
}

#[tokio::test]
async fn a_broken_record_is_of_the_rules_that_what_is_read_of_it_leaves_open() {
    let rules = |first: &str, second: &str| {
        [rule("aUploaded", "", "a/*", first), rule("bUploaded", "", "b/*", second)]
    };
    check("bucket:inbox", "broken", &rules("fail", "fail"), true, false).await;
    check("bucket:inbox", "broken", &rules("fail", "quarantine"), false, true).await;
}

#[tokio::test]
async fn a_message_without_an_id_is_kept_and_its_neighbours_are_done() {
    let source = Source::of("queue:payments");
    let mut records: Vec<Inbound> =
        source.records(&[("1", "strict"), ("2", "strict-denied"), ("3", "strict")]);
    if let Some(Inbound { message: doorward_model::Message::Event(record), .. }) = records.get_mut(1) {
        record.item = None;
    }
    assert_eq!(source.serve(&records).await, [""; 0]);
    assert_eq!(source.world.targets.batches(), [["1", "3"]]);
    let kept = source.world.quarantine.items();
    assert_eq!(kept.keys().cloned().collect::<Vec<_>>(), [CallId::new("2").to_string()]);
}
