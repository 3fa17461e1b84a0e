//! What compressed bodies may inflate to.

use doorward_config::Config;
use expect_test::{Expect, expect};

use crate::shop::SHOP;

const MATCH: &str = "match = \"POST /orders\"";

fn with(key: &str, line: &str) -> Result<Config, String> {
    let config = SHOP.replacen(MATCH, &format!("{key}\n{line}"), 1);
    doorward_config::parse("f", &config).map_err(|faults| faults.to_string())
}

#[track_caller]
fn faulty(key: &str, line: &str, expected: Expect) {
    expected.assert_eq(&with(key, line).unwrap_err());
}

#[test]
fn it_is_a_size_of_up_to_2_gib() {
    let read = |line: &str| with(MATCH, line).unwrap().routes[0].max_inflated;
    assert_eq!(read(""), None);
    assert_eq!(read("max_inflated = 1"), Some(1));
    assert_eq!(read("max_inflated = \"2048MiB\""), Some(2 << 30));
    faulty(
        MATCH,
        "max_inflated = \"2049MiB\"",
        expect!["f:29:16: `2049MiB` is not between 1 byte and `2048MiB`"],
    );
    faulty(MATCH, "max_inflated = 0", expect!["f:29:16: `0` is not between 1 and 2147483648"]);
}

#[test]
fn messages_are_not_compressed() {
    faulty(
        "match = \"$disconnect\"",
        "max_inflated = \"1MiB\"",
        expect![[r#"
        f:29:16: only HTTP requests and their answers are compressed
          hint: leave `max_inflated` out
        f:31:8: the end of a connection brings no credentials of its own
          hint: list the API as `connections` in `[authorizer]`, which then says who opened the connection
        f:32:12: `$disconnect` has no payload
          hint: leave `contract` out"#]],
    );
}
