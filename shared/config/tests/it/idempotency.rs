use std::time::Duration;

use doorward_config::{IdempotencyRule, OnTargetFailure};
use expect_test::{Expect, expect};

use crate::shop::{SHOP, check};

const AUTH: &str = "auth = [\"main\"]\ncontract";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What `createOrder` says.
fn rule(text: &str) -> Option<IdempotencyRule> {
    let config = SHOP.replacen(AUTH, &format!("idempotency = {text}\n{AUTH}"), 1);
    doorward_config::parse("f", &config).unwrap().routes.remove(0).idempotency
}

/// The faults of `createOrder` with more lines.
#[track_caller]
fn faulty(lines: &str, expected: Expect) {
    check(AUTH, &format!("{lines}\n{AUTH}"), expected);
}

#[test]
fn a_route_says_whether_its_calls_bring_keys() {
    assert_eq!(doorward_config::parse("f", SHOP).unwrap().routes[0].idempotency, None);
    assert_eq!(rule("\"off\""), None);
    let usual =
        |required| IdempotencyRule { required, window: DAY, on_target_failure: OnTargetFailure::Replay };
    assert_eq!(rule("\"required\""), Some(usual(true)));
    assert_eq!(rule("\"optional\""), Some(usual(false)));
    assert_eq!(rule("{ key = \"optional\" }"), Some(usual(false)));
    assert_eq!(
        rule(r#"{ key = "required", window = "15m", on_target_failure = "run-again" }"#),
        Some(IdempotencyRule {
            required: true,
            window: Duration::from_secs(15 * 60),
            on_target_failure: OnTargetFailure::RunAgain
        })
    );
    faulty(
        "idempotency = \"require\"",
        expect![[r#"
        doorward.toml:30:15: unknown value `require`
          hint: did you mean `required`?"#]],
    );
    faulty("idempotency = true", expect!["doorward.toml:30:15: expected a string, found a boolean"]);
    faulty(
        "idempotency = { window = \"1h\" }",
        expect!["doorward.toml:30:15: missing key `key` in `idempotency`"],
    );
    faulty(
        "idempotency = { key = \"required\", window = \"14m\", on_target_failure = \"again\" }",
        expect![[r#"
            doorward.toml:30:44: `14m` is not between `15m` and `31d`
            doorward.toml:30:71: unknown value `again`
              hint: expected `replay` or `run-again`"#]],
    );
    faulty(
        "idempotency = { key = \"required\", window = \"32d\" }",
        expect!["doorward.toml:30:44: `32d` is not between `15m` and `31d`"],
    );
}

#[test]
fn calls_that_cannot_be_held_to_their_keys_bring_none() {
    faulty(
        "idempotency = \"optional\"\ndurability = \"batched\"",
        expect![[r#"
        doorward.toml:30:15: calls with a key cannot be written in batches
          hint: their answers are written before they are given: leave `durability = "batched"` out"#]],
    );
    faulty(
        "idempotency = \"optional\"\non_store_failure = \"allow-and-journal\"",
        expect![[r#"
        doorward.toml:30:15: calls with a key cannot go on while the store is away
          hint: nothing would tell whether they ran: leave `on_store_failure` out"#]],
    );
    let get = "auth = [\"main\", \"anonymous\"]";
    check(
        get,
        "auth = [\"main\"]\nidempotency = \"optional\"",
        expect![[r#"
        doorward.toml:40:15: `GET` changes nothing, so it may be repeated anyway
          hint: leave `idempotency` out"#]],
    );
    check(
        "match = \"GET /orders/{id}\"",
        "match = \"PUT /orders/{id}\"\nidempotency = \"required\"",
        expect![[r#"
            doorward.toml:38:15: anonymous callers have no keys of their own
              hint: one would be answered with what another was told: let the route ask for credentials"#]],
    );
    check(
        "match = \"POST /orders\"\ntarget = \"orders\"\nauth = [\"main\"]\ncontract = \"contracts/shop.yaml#createOrder\"",
        "match = \"$connect\"\ntarget = \"orders\"\nauth = [\"main\"]\nidempotency = \"optional\"",
        expect![[r#"
            doorward.toml:31:15: a WebSocket route has no calls that could be repeated
              hint: leave `idempotency` out"#]],
    );
    let hook = "[[webhooks]]\nname = \"pay\"\nscheme = \"stripe\"\nsecrets = [\"env:PAY\"]\n\n[[targets]]\nname = \"orders\"";
    let config = SHOP.replacen("[[targets]]\nname = \"orders\"", hook, 1);
    let config = config.replacen(AUTH, "auth = [\"pay\"]\nidempotency = \"optional\"\ncontract", 1);
    expect![[r#"
        f:36:15: a webhook's deliveries are known by their own ids
          hint: a repetition never reaches the target: leave `idempotency` out"#]]
    .assert_eq(&doorward_config::parse("f", &config).unwrap_err().to_string());
    // What is off stands in nobody's way.
    let off = SHOP.replacen(AUTH, &format!("idempotency = \"off\"\ndurability = \"batched\"\n{AUTH}"), 1);
    assert!(doorward_config::parse("f", &off).is_ok());
}
