use expect_test::expect;

use crate::shop::check;

#[test]
fn a_target_is_a_named_function() {
    check(
        "lambda = \"orders\"\n",
        "",
        expect![[r#"
        doorward.toml:17:1: a target says what it is: it has none of the keys that do
          hint: set one of `lambda`, `http`, `sqs`, `sns`, `eventbridge`, `stepfunctions`"#]],
    );
    check(
        r#"lambda = "orders""#,
        r#"lambda = "https://orders.example""#,
        expect![[r#"
        doorward.toml:19:10: `https://orders.example` names no Lambda function
          hint: write a name, `name:alias`, or `arn:aws:lambda:REGION:ACCOUNT:function:NAME`"#]],
    );
    check(
        r#"function:receipts:live"#,
        "layer:receipts:1",
        expect![[r#"
        doorward.toml:24:10: `arn:aws:lambda:eu-central-1:123456789012:layer:receipts:1` names no Lambda function
          hint: write a name, `name:alias`, or `arn:aws:lambda:REGION:ACCOUNT:function:NAME`"#]],
    );
    check(
        r#"name = "receipts""#,
        r#"name = "orders""#,
        expect![[r#"
        doorward.toml:23:8: a second target is named `orders`
          hint: the first one is on line 18
        doorward.toml:46:10: no target is named `receipts`
          hint: expected `orders`"#]],
    );
    check(
        r#"name = "receipts""#,
        r#"name = "re/ceipts""#,
        expect![[r#"
        doorward.toml:23:8: `re/ceipts` is not a name
          hint: use 1 to 64 letters, digits, `-`, `_` and `.`, beginning with a letter or digit
        doorward.toml:46:10: no target is named `receipts`
          hint: did you mean `re/ceipts`?"#]],
    );
    check(
        r#"name = "receipts""#,
        r#"name = "Orders""#,
        expect![[r#"
        doorward.toml:23:8: the names `Orders` and `orders` differ only in case or punctuation
          hint: both would be meant by `DOORWARD_TARGET_ORDERS`
        doorward.toml:46:10: no target is named `receipts`
          hint: expected `Orders` or `orders`"#]],
    );
}

#[test]
fn a_target_is_waited_for_as_long_as_a_function_may_run() {
    check(
        r#"timeout = "5s""#,
        r#"timeout = "16m""#,
        expect!["doorward.toml:20:11: `16m` is not between `1ms` and `15m`"],
    );
    check(
        r#"timeout = "5s""#,
        r#"timeout = "0ms""#,
        expect!["doorward.toml:20:11: `0ms` is not between `1ms` and `15m`"],
    );
    check(
        r#"timeout = "5s""#,
        r#"timeout = "5 s""#,
        expect![[r#"
        doorward.toml:20:11: `5 s` is not a duration
          hint: write a whole number and one of `ms`, `s`, `m`, `h` and `d`, such as `30s`"#]],
    );
}
