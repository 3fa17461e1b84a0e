use expect_test::expect;

use crate::shop::check;

#[test]
fn missing_keys_are_reported_at_the_header() {
    check("name = \"shop\"\n", "", expect!["doorward.toml:1:1: missing key `name` in `[door]`"]);
    check("table = \"doorward\"\n", "", expect!["doorward.toml:1:1: missing key `table` in `[door]`"]);
}

#[test]
fn names_are_plain() {
    check(
        r#"name = "shop""#,
        r#"name = "my \"shop\"""#,
        expect![[r#"
        doorward.toml:2:8: `my "shop"` is not a name
          hint: use 1 to 64 letters, digits, `-`, `_` and `.`, beginning with a letter or digit"#]],
    );
    check(
        r#"table = "doorward""#,
        r#"table = """#,
        expect![[r#"
            doorward.toml:3:9: an empty text cannot begin the name of a DynamoDB table
              hint: use 1 to 248 letters, digits, `-`, `_` and `.`"#]],
    );
    check(
        r#""checkout", "analytics""#,
        r#""checkout", "check out", "checkout""#,
        expect![[r#"
        doorward.toml:5:25: `check out` is not a name
          hint: use 1 to 64 letters, digits, `-`, `_` and `.`, beginning with a letter or digit
        doorward.toml:5:38: listed twice"#]],
    );
}

#[test]
fn durations_are_bounded() {
    check(
        r#"refresh = "30s""#,
        r#"refresh = "30""#,
        expect![[r#"
        doorward.toml:4:11: `30` is not a duration
          hint: write a whole number and one of `ms`, `s`, `m`, `h` and `d`, such as `30s`"#]],
    );
    check(
        r#"refresh = "30s""#,
        r#"refresh = "0s""#,
        expect!["doorward.toml:4:11: `0s` is not between `1s` and `1h`"],
    );
    check(
        r#"refresh = "30s""#,
        r#"retention = "3651d""#,
        expect!["doorward.toml:4:13: `3651d` is not between `1d` and `3650d`"],
    );
    check(
        r#"refresh = "30s""#,
        r#"record_decisions = "91d""#,
        expect!["doorward.toml:4:20: `91d` is not between `1d` and `90d`"],
    );
    check(
        r#"refresh = "30s""#,
        "record_decisions = true",
        expect!["doorward.toml:4:20: expected a string, found a boolean"],
    );
}

#[test]
fn a_candidate_set_is_a_folder_below_the_governing_one() {
    check(
        "[[plans]]",
        "[shadow]\n[[plans]]",
        expect!["doorward.toml:49:1: missing key `policies` in `[shadow]`"],
    );
    check(
        "[[plans]]",
        "[shadow]\npolicies = \"../candidate\"\nenforce = true\n[[plans]]",
        expect![[r#"
            doorward.toml:50:12: `../candidate` leaves the folder of the configuration
              hint: write a path below the folder of the configuration
            doorward.toml:51:1: unknown key `enforce` in `[shadow]`
              hint: expected `policies`"#]],
    );
}

#[test]
fn newer_bundles_come_from_the_table_or_from_nowhere() {
    check(
        r#"refresh = "30s""#,
        r#"updates = "tabel""#,
        expect![[r#"
            doorward.toml:4:11: unknown value `tabel`
              hint: did you mean `table`?"#]],
    );
}

#[test]
fn sizes_and_rates_are_bounded() {
    check(
        r#"refresh = "30s""#,
        r#"max_body = "7MiB""#,
        expect!["doorward.toml:4:12: `7MiB` is not between 1 byte and `6MiB`"],
    );
    check(
        r#"refresh = "30s""#,
        "max_body = 0",
        expect!["doorward.toml:4:12: `0` is not between 1 and 6291456"],
    );
    check(
        r#"refresh = "30s""#,
        r#"max_body = "1 MB""#,
        expect![[r#"
        doorward.toml:4:12: `1 MB` is not a size
          hint: write bytes as an integer, or a text such as `256KiB` or `1MiB`"#]],
    );
    check(
        r#"refresh = "30s""#,
        "screen_rate = 0",
        expect!["doorward.toml:4:15: `0` is not between 1 and 1000000"],
    );
    check(
        r#"refresh = "30s""#,
        "screen_rate = -0x1",
        expect![
            "doorward.toml:4:15: not valid TOML: integers with a radix cannot be signed, expected nothing"
        ],
    );
    check(
        r#"refresh = "30s""#,
        "screen_rate = -5",
        expect!["doorward.toml:4:15: `-5` is not between 1 and 1000000"],
    );
    check(
        r#"refresh = "30s""#,
        "screen_rate = 99999999999999999999999",
        expect!["doorward.toml:4:15: `99999999999999999999999` is not between 1 and 1000000"],
    );
}
