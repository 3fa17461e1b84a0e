use expect_test::expect;

use crate::shop::{SHOP, check};

const MATCH: &str = r#"match = { bucket = "receipts", event = "ObjectCreated:*", key = "inbox/*" }"#;

#[test]
fn an_event_names_a_source_and_what_it_has() {
    check(
        r#"source = "s3""#,
        r#"source = "sqs""#,
        expect![[r#"
            doorward.toml:45:11: events of `sqs` have no `bucket`
              hint: expected `account`, `deduplication`, `event`, `group`, `queue`, `receives`, `region` or `sender`
            doorward.toml:45:59: events of `sqs` have no `key`
              hint: expected `account`, `deduplication`, `event`, `group`, `queue`, `receives`, `region` or `sender`"#]],
    );
    check(MATCH, "", expect!["doorward.toml:42:1: missing key `match` in `[[events]]`"]);
    check(
        MATCH,
        r#"match = { buckets = "receipts", prefix = "inbox/" }"#,
        expect![[r#"
            doorward.toml:45:11: events of `s3` have no `buckets`
              hint: did you mean `bucket`?
            doorward.toml:45:33: events of `s3` have no `prefix`
              hint: expected `account`, `bucket`, `event`, `key`, `owner`, `region`, `size`, `user` or `version`"#]],
    );
    check(
        MATCH,
        r#"match = { size = 5 }"#,
        expect!["doorward.toml:45:18: expected a string, found an integer"],
    );
    check(
        r#"target = "receipts""#,
        r#"target = "receipt""#,
        expect![[r#"
        doorward.toml:46:10: no target is named `receipt`
          hint: did you mean `receipts`?"#]],
    );
    check(
        r#"on_deny = "discard""#,
        r#"on_deny = "drop""#,
        expect![[r#"
        doorward.toml:47:11: unknown value `drop`
          hint: expected `discard`, `quarantine` or `fail`"#]],
    );
    check(
        r#"on_deny = "discard""#,
        r#"repeated = "again""#,
        expect![[r#"
        doorward.toml:47:12: unknown value `again`
          hint: expected `skip` or `answer`"#]],
    );
    check(
        r#"on_deny = "discard""#,
        r#"purpose = "audit""#,
        expect![[r#"
        doorward.toml:47:11: no purpose is named `audit`
          hint: expected `checkout` or `analytics`"#]],
    );
}

#[test]
fn patterns_are_ones_that_can_match() {
    check(
        "inbox/*",
        "",
        expect![[r#"
        doorward.toml:45:65: an empty pattern matches nothing
          hint: write `*` for anything"#]],
    );
    check(
        "inbox/*",
        "inbox/**",
        expect![[r#"
        doorward.toml:45:65: `inbox/**` holds `**`
          hint: one `*` matches any run of characters, slashes included"#]],
    );
    check("inbox/*", "inbox/\\u0000", expect!["doorward.toml:45:65: `inbox/�` holds a control character"]);
    check(
        "ObjectCreated:*",
        "s3:ObjectCreated:*",
        expect![[r#"
        doorward.toml:45:40: `s3:ObjectCreated:*` never matches: records have no `s3:`
          hint: write `ObjectCreated:*`"#]],
    );
}

#[test]
fn a_bucket_that_is_named_is_pinned() {
    check(
        r#"bucket = "receipts""#,
        r#"bucket = "invoices""#,
        expect![[r#"
        doorward.toml:45:20: the bucket `invoices` may not send anything
          hint: add `bucket:invoices` to `fronts`"#]],
    );
    check(
        "\"bucket:receipts\"",
        "",
        expect![[r#"
        doorward.toml:45:20: the bucket `receipts` may not send anything
          hint: add `bucket:receipts` to `fronts`"#]],
    );
    // While `fronts` are faulty, no bucket can be judged.
    check(
        "\"bucket:receipts\"",
        "\"bucket:\"",
        expect![
            "doorward.toml:7:30: `bucket:` is not a front: expected `rest-api:ID`, `http-api:ID`, `websocket-api:ID`, `function-url:ID`, `alb:NAME/ID`, `bucket:NAME`, `queue:NAME`, `topic:NAME`, `bus:ACCOUNT`, `schedule:NAME`, `schedule:GROUP/NAME`, `table:NAME` or `stream:NAME`"
        ],
    );
}

/// The shop with its uploads in the messages of these.
fn through(through: &str) -> String {
    SHOP.replace("source = \"s3\"", &format!("source = \"s3\"\nthrough = {through}"))
        .replace("\"bucket:receipts\"", "\"queue:uploads\", \"topic:uploads\"")
}

#[test]
fn an_event_may_come_in_messages_and_then_its_outermost_is_pinned() {
    let config =
        doorward_config::parse("doorward.toml", &through(r#"["queue:uploads", "topic:any"]"#)).unwrap();
    let rule = &config.events[0];
    assert_eq!(rule.outermost(), doorward_model::EventKind::Sqs);
    assert_eq!(
        rule.through.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["queue:uploads", "topic:any"]
    );
    // What the topic claims to be need not be pinned, and neither must the bucket.
    assert_eq!(
        config.openings().into_iter().map(|(front, depth)| (front.to_string(), depth)).collect::<Vec<_>>(),
        [("queue:uploads".to_owned(), 2)]
    );
    assert!(doorward_config::parse("doorward.toml", &through(r#"["topic:uploads"]"#)).is_ok());
}

#[test]
fn what_carries_no_events_or_is_not_pinned_is_a_fault() {
    let check = |value: &str, expected: &str| {
        let faults = doorward_config::parse("doorward.toml", &through(value)).unwrap_err().to_string();
        assert!(faults.contains(expected), "{value}: {faults}");
    };
    check(r#"["bucket:uploads"]"#, "`bucket:uploads` carries no events of others");
    check(r#"["stream:uploads"]"#, "`stream:uploads` carries no events of others");
    check(r#"["queue:other"]"#, "the queue `other` may not send anything");
    check(
        r#"["topic:uploads", "queue:uploads"]"#,
        "a queue hands its messages over to nobody but a function",
    );
    check(r#"["queue:uploads", "topic:a", "topic:b"]"#, "at most 2 messages are within each other");
    check(r#""queue:uploads""#, "expected an array");
    check(r#"["uploads"]"#, "is not a front");
}

#[test]
fn each_source_has_names_of_its_own_to_match() {
    let check = |source: &str, front: &str, matches: &str| {
        let text = SHOP
            .replace("source = \"s3\"", &format!("source = \"{source}\""))
            .replace("{ bucket = \"receipts\", event = \"ObjectCreated:*\", key = \"inbox/*\" }", matches)
            .replace("\"bucket:receipts\"", &format!("\"{front}\""));
        let read = doorward_config::parse("doorward.toml", &text);
        assert!(read.is_ok(), "{}", read.unwrap_err());
    };
    check(
        "sqs",
        "queue:payments",
        r#"{ queue = "payments", sender = "AROA*", group = "a", account = "123456789012" }"#,
    );
    check("sns", "topic:orders", r#"{ topic = "orders", subject = "*", region = "eu-*" }"#);
    check(
        "eventbridge",
        "bus:123456789012",
        r#"{ source = "shop.*", event = "Order*", account = "123456789012", by_aws = "false" }"#,
    );
    check("schedule", "schedule:default/nightly", r#"{ schedule = "default/nightly" }"#);
    check("dynamodb", "table:orders", r#"{ table = "orders", event = "INSERT" }"#);
    check("kinesis", "stream:clicks", r#"{ stream = "clicks", partition_key = "*" }"#);
}

#[test]
fn a_rule_of_messages_names_the_attributes_that_policies_read() {
    let with = |source: &str, front: &str, attributes: &str| {
        let text = SHOP
            .replace("source = \"s3\"", &format!("source = \"{source}\"\nattributes = {attributes}"))
            .replace("{ bucket = \"receipts\", event = \"ObjectCreated:*\", key = \"inbox/*\" }", "{}")
            .replace("\"bucket:receipts\"", &format!("\"{front}\""));
        doorward_config::parse("doorward.toml", &text)
    };
    for (source, front) in [("sqs", "queue:payments"), ("sns", "topic:orders")] {
        let config =
            with(source, front, r#"["tenant", "a.b-c_1"]"#).unwrap_or_else(|faults| panic!("{faults}"));
        assert_eq!(config.events[0].attributes, ["tenant", "a.b-c_1"]);
        let claims = config.events[0].claims();
        assert!(claims["attributes"].required && claims["attribute_names"].required);
    }
    let check = |source: &str, attributes: &str, expected: &str| {
        let faults = with(source, "queue:payments", attributes).unwrap_err().to_string();
        assert!(faults.contains(expected), "{attributes}: {faults}");
    };
    check("kinesis", r#"["tenant"]"#, "events of `kinesis` have no message attributes");
    check("sqs", "[]", "expected at least one element");
    check("sqs", r#"["tenant", "tenant"]"#, "listed twice");
    for name in ["", "a b", "é", ".a", "a.", "a..b", "AWS.x", "amazon.x", &"x".repeat(257)] {
        check("sqs", &format!("[\"{name}\"]"), "is not the name of a message attribute");
    }
}
