//! Lengths of texts: characters are Unicode's, not units of an encoding.

use serde_json::{Value, json};

use super::{BOTH, DRAFT202012, check};

#[test]
fn lengths_count_characters() {
    // A dragon is two units of UTF-16 and four of UTF-8; a letter with a combining accent is two characters.
    let dragons = |count: usize| Value::from("🐲".repeat(count));
    check(
        &BOTH,
        &json!({"maxLength": 2}),
        &[dragons(2), json!("e\u{301}"), json!(100)],
        &[dragons(3), json!("e\u{301}x")],
    );
    check(
        &BOTH,
        &json!({"minLength": 2}),
        &[dragons(2), json!("e\u{301}"), json!([])],
        &[dragons(1), json!("é")],
    );
    let written: Value = serde_json::from_str(r#""\ud83d\udc32""#).unwrap();
    check(&BOTH, &json!({"minLength": 1, "maxLength": 1}), &[written, json!("\u{0}")], &[json!("")]);
}

#[test]
fn limits_may_be_written_as_decimals() {
    check(&BOTH, &json!({"maxLength": 2.0}), &[json!("ab")], &[json!("abc")]);
    check(&BOTH, &json!({"minLength": 2.0}), &[json!("ab")], &[json!("a")]);
    check(&BOTH, &json!({"minItems": 1.0, "maxItems": 2.0}), &[json!([1])], &[json!([]), json!([1, 2, 3])]);
    check(
        &BOTH,
        &json!({"minProperties": 1.0, "maxProperties": 1.0}),
        &[json!({"a": 1})],
        &[json!({}), json!({"a": 1, "b": 2})],
    );
    check(
        &[DRAFT202012],
        &json!({"contains": {"const": 1}, "minContains": 2.0, "maxContains": 2.0}),
        &[json!([1, 1])],
        &[json!([1]), json!([1, 1, 1])],
    );
}
