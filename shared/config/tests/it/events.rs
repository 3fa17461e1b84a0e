use expect_test::expect;

use crate::shop::check;

const MATCH: &str = r#"match = { bucket = "receipts", event = "ObjectCreated:*", key = "inbox/*" }"#;

#[test]
fn an_event_names_a_source_and_what_it_has() {
    check(
        r#"source = "s3""#,
        r#"source = "sqs""#,
        expect![[r#"
        doorward.toml:44:10: unknown value `sqs`
          hint: expected `s3`"#]],
    );
    check(MATCH, "", expect!["doorward.toml:42:1: missing key `match` in `[[events]]`"]);
    check(
        MATCH,
        r#"match = { buckets = "receipts", prefix = "inbox/" }"#,
        expect![[r#"
        doorward.toml:45:11: events of `s3` have no `buckets`
          hint: did you mean `bucket`?
        doorward.toml:45:33: events of `s3` have no `prefix`
          hint: expected `bucket`, `key`, `size`, `user`, `version` or `event`"#]],
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
            "doorward.toml:7:30: `bucket:` is not a front: expected `rest-api:ID`, `http-api:ID`, `websocket-api:ID`, `function-url:ID`, `alb:NAME/ID` or `bucket:NAME`"
        ],
    );
}
