use doorward_config::{Durability, OnStoreFailure, PurposeRule, Route, UnitsRule, UnitsTerm};
use expect_test::expect;

use crate::shop::{SHOP, check};

const UNITS: &str = "units = 2";
const PURPOSE: &str = r#"purpose = "checkout""#;
const ON_DENY: &str = "on_deny = \"discard\"";

/// The first route of the shop with one place changed.
#[track_caller]
fn route(found: &str, replacement: &str) -> Route {
    let config = doorward_config::parse("doorward.toml", &SHOP.replace(found, replacement));
    config.unwrap().routes.remove(0)
}

/// What `units` come to in a call of 2,500 bytes in which every number is 7.
#[track_caller]
fn units(text: &str, expected: &str) {
    let rule = route(UNITS, &format!("units = \"{text}\"")).units;
    let found = match rule {
        UnitsRule::Formula(formula) => formula.term.evaluate(2500, &|_| Ok(7)).and_then(UnitsRule::bound),
        UnitsRule::Fixed(units) => Ok(units),
        UnitsRule::Answered { .. } => panic!("no header is named"),
    };
    assert_eq!(found.map_or_else(|fault| fault.to_string(), |units| units.to_string()), expected, "{text}");
}

#[test]
fn units_are_an_arithmetic_over_whole_numbers() {
    units("1 + context.input.items.size", "8");
    units("2 + 3 * context.input.a", "23");
    units("(2 + 3) * context.input.a", "35");
    units("20 - context.input.a - 3", "10");
    units("100 / context.input.a / 2", "7");
    units("(context.request.bytes + 1023) / 1024", "3");
    units("min(context.input.a, 5, 9)", "5");
    units("max(context.input.a, 5) * 2", "14");
    units("context.input[\\\"a b\\\"]", "7");
}

#[test]
fn units_never_wrap_round_and_are_never_free() {
    let bounds = |units: &str| format!("the units come to {units}, which is not between 1 and 1000000");
    units("context.input.a - 7", &bounds("0"));
    units("3 - context.input.a", &bounds("-4"));
    units("context.input.a * 1_000_000", &bounds("7000000"));
    units("context.input.a * 9_223_372_036_854_775_807", "the units do not fit into 64 bits");
    units("1 / (context.input.a - 7)", "the units divide by zero");
}

#[test]
fn an_arithmetic_that_reads_nothing_is_a_number() {
    assert_eq!(route(UNITS, r#"units = "min(2 * 3, 9)""#).units, UnitsRule::Fixed(6.try_into().unwrap()));
    check(
        UNITS,
        r#"units = "1 - 1""#,
        expect!["doorward.toml:32:9: the units come to 0, which is not between 1 and 1000000"],
    );
    check(UNITS, r#"units = "1 / 0""#, expect!["doorward.toml:32:9: the units divide by zero"]);
}

#[test]
fn what_is_no_arithmetic_is_shown_where_it_is_not() {
    check(
        UNITS,
        r#"units = "1 +""#,
        expect!["doorward.toml:32:13: expected a number, `context.…`, `min`, `max` or `(`, found the end"],
    );
    check(
        UNITS,
        r#"units = "1 2""#,
        expect!["doorward.toml:32:12: expected an operator or the end, found `2`"],
    );
    check(
        UNITS,
        r#"units = "(1 + context.request.bytes""#,
        expect!["doorward.toml:32:36: expected `)`, found the end"],
    );
    check(
        UNITS,
        r#"units = "1 + -2""#,
        expect!["doorward.toml:32:14: expected a number, `context.…`, `min`, `max` or `(`, found `-`"],
    );
    check(
        UNITS,
        r#"units = "mix(1, 2)""#,
        expect![[r#"
        doorward.toml:32:10: unknown word `mix`
          hint: did you mean `min`?"#]],
    );
    check(
        UNITS,
        r#"units = "min(context.request.bytes)""#,
        expect!["doorward.toml:32:10: expected at least two numbers to choose from"],
    );
    check(
        UNITS,
        r#"units = "context.token.units""#,
        expect![[r#"
        doorward.toml:32:10: `context.token.units` cannot be counted
          hint: count `context.input.…`, a whole number or the `.size` of a list or text of the contract's, or `context.request.bytes`"#]],
    );
    check(
        UNITS,
        r#"units = "context.input""#,
        expect![[r#"
        doorward.toml:32:10: `context.input` cannot be counted
          hint: count `context.input.…`, a whole number or the `.size` of a list or text of the contract's, or `context.request.bytes`"#]],
    );
    check(UNITS, r#"units = "context.input..a""#, expect!["doorward.toml:32:24: expected a name, found `.`"]);
    check(
        UNITS,
        r#"units = "1.5""#,
        expect!["doorward.toml:32:11: expected an operator or the end, found `.`"],
    );
    check(
        UNITS,
        r#"units = "7x + 1""#,
        expect!["doorward.toml:32:10: `7x` is not a whole number of 64 bits"],
    );
    check(
        UNITS,
        r#"units = "99999999999999999999""#,
        expect!["doorward.toml:32:10: `99999999999999999999` is not a whole number of 64 bits"],
    );
    check(
        UNITS,
        r#"units = """#,
        expect!["doorward.toml:32:10: expected a number, `context.…`, `min`, `max` or `(`, found the end"],
    );
    check(
        UNITS,
        "units = 2.0",
        expect![[r#"
        doorward.toml:32:9: expected a number, an arithmetic or a header field of the answer
          hint: write `3`, `"1 + context.input.items.size"` or `{ header = "x-units", most = 100 }`"#]],
    );
    // What is written with escapes is shown as a whole.
    check(
        UNITS,
        r#"units = "1 + context.input[\"a\" + 1""#,
        expect!["doorward.toml:32:9: expected `]`, found `+`"],
    );
}

#[test]
fn an_arithmetic_is_bounded() {
    let nested = format!("units = \"{}1{}\"", "(".repeat(17), ")".repeat(17));
    check(UNITS, &nested, expect!["doorward.toml:32:26: it is nested deeper than 16 levels"]);
    let wide = format!("units = \"1{}\"", " + 1".repeat(64));
    check(UNITS, &wide, expect!["doorward.toml:32:266: it has more than 64 numbers, paths and parentheses"]);
    let long = format!("units = \"{}\"", "9".repeat(513));
    check(
        UNITS,
        &long,
        expect![[r#"
        doorward.toml:32:10: an arithmetic of 513 bytes is too long
          hint: use at most 512 bytes"#]],
    );
}

#[test]
fn a_path_knows_where_it_stands() {
    let UnitsRule::Formula(formula) = route(UNITS, "units = \"1 + context.input.items.size\"").units else {
        panic!("it reads the payload");
    };
    let UnitsTerm::Operation(_, _, right) = formula.term else { panic!("it is a sum") };
    let UnitsTerm::Input(input) = *right else { panic!("its right part is a path") };
    assert_eq!(input.steps, ["items", "size"]);
    assert_eq!((input.place.line, input.place.column), (32, 14));
}

#[test]
fn targets_may_say_the_units() {
    let rule = route(UNITS, r#"units = { header = "x-units", most = 100 }"#).units;
    let most = 100.try_into().unwrap();
    assert_eq!(rule, UnitsRule::Answered { header: "x-units".parse().unwrap(), most, pass: false });
    check(
        UNITS,
        r#"units = { header = "X-Units", most = 0, passes = true }"#,
        expect![[r#"
        doorward.toml:32:20: `X-Units` is not in lower case, as policies read it
          hint: write `x-units`
        doorward.toml:32:38: `0` is not between 1 and 1000000
        doorward.toml:32:41: unknown key `passes` in `units`
          hint: expected `header`, `most` or `pass`"#]],
    );
    check(UNITS, r#"units = { most = 7 }"#, expect!["doorward.toml:32:9: missing key `header` in `units`"]);
}

#[test]
fn purposes_come_from_fields_and_claims() {
    let rule = route(PURPOSE, r#"purpose = { header = "x-purpose", required = true }"#).purpose;
    let name = "x-purpose".parse().unwrap();
    assert_eq!(rule, Some(PurposeRule::Header { name, required: true }));
    let claims = SHOP.replace("audiences", "claims = { purpose = \"String\", level = \"Long\" }\naudiences");
    let config = doorward_config::parse("f", &claims.replace(PURPOSE, r#"purpose = { claim = "purpose" }"#));
    let rule = config.unwrap().routes.remove(0).purpose;
    assert_eq!(rule, Some(PurposeRule::Claim { name: "purpose".to_owned(), required: false }));
    for (purpose, expected) in [
        ("purpose = { claim = \"level\" }", "the claim `level` is declared as `Long`"),
        ("purpose = { claim = \"purpos\" }", "no issuer of the route declares the claim `purpos`"),
    ] {
        let faults = doorward_config::parse("f", &claims.replace(PURPOSE, purpose)).unwrap_err();
        assert!(faults.to_string().contains(expected), "{faults}");
    }
}

#[test]
fn purposes_come_from_nowhere_else() {
    check(
        PURPOSE,
        r#"purpose = { header = "authorization" }"#,
        expect![[r#"
        doorward.toml:33:22: the header field `authorization` holds credentials
          hint: policies read who was proven by them: `principal` and `context.token`"#]],
    );
    check(
        PURPOSE,
        r#"purpose = { header = "x-api-key" }"#,
        expect![[r#"
        doorward.toml:33:22: the header field `x-api-key` holds credentials
          hint: policies read who was proven by them: `principal` and `context.token`"#]],
    );
    check(
        PURPOSE,
        r#"purpose = { header = "x-doorward-purpose" }"#,
        expect![[r#"
        doorward.toml:33:22: the header field `x-doorward-purpose` is not the caller's to write
          hint: such fields are the door's and AWS's own: name another"#]],
    );
    check(
        PURPOSE,
        r#"purpose = { claim = "purpose" }"#,
        expect![[r#"
        doorward.toml:33:21: no issuer of the route declares the claim `purpose`
          hint: declare it in the issuer's `claims` as a `String`"#]],
    );
    check(
        PURPOSE,
        r#"purpose = { header = "x-purpose", claim = "purpose" }"#,
        expect![[r#"
        doorward.toml:33:43: no issuer of the route declares the claim `purpose`
          hint: declare it in the issuer's `claims` as a `String`"#]],
    );
    check(
        PURPOSE,
        r#"purpose = { required = true }"#,
        expect![[r#"
        doorward.toml:33:11: `purpose` names no place that it comes from
          hint: write `header` or `claim`, or one of `[door] purposes`"#]],
    );
    check(
        "auth = [\"main\"]\ncontract = \"contracts/shop.yaml#createOrder\"\nunits = 2\npurpose = \"checkout\"",
        "auth = [\"anonymous\"]\npurpose = { claim = \"purpose\" }",
        expect![[r#"
            doorward.toml:31:21: only tokens have claims, and `auth` names no issuer
              hint: name a `header`, or accept the tokens of an issuer"#]],
    );
    let none = SHOP.replace("purposes = [\"checkout\", \"analytics\"]\n", "");
    let none = none.replace(PURPOSE, r#"purpose = { header = "x-purpose" }"#);
    let faults = doorward_config::parse("f", &none).unwrap_err().to_string();
    assert!(faults.contains("no purpose is declared, so callers could state none"), "{faults}");
}

#[test]
fn a_route_says_when_its_calls_are_written_and_what_if_they_cannot_be() {
    let plain = route(UNITS, UNITS);
    assert_eq!((plain.durability, plain.on_store_failure), (Durability::BeforeAnswer, OnStoreFailure::Deny));
    let stated = route(UNITS, "durability = \"batched\"\non_store_failure = \"allow-and-journal\"");
    assert_eq!(
        (stated.durability, stated.on_store_failure),
        (Durability::Batched, OnStoreFailure::AllowAndJournal)
    );
    check(
        UNITS,
        r#"durability = "batch""#,
        expect![[r#"
        doorward.toml:32:14: unknown value `batch`
          hint: did you mean `batched`?"#]],
    );
    check(
        UNITS,
        r#"on_store_failure = "allow""#,
        expect![[r#"
        doorward.toml:32:20: unknown value `allow`
          hint: expected `deny` or `allow-and-journal`"#]],
    );
    check(r#"refresh = "30s""#, "batch = 0", expect!["doorward.toml:4:9: `0` is not between 1 and 1000"]);
    check(
        r#"refresh = "30s""#,
        "batch = 1001",
        expect!["doorward.toml:4:9: `1001` is not between 1 and 1000"],
    );
}

#[test]
fn what_is_delivered_again_is_written_before_its_target_is_called() {
    check(
        ON_DENY,
        "durability = \"before-answer\"",
        expect![[r#"
        doorward.toml:47:14: the calls of an event are written before the target is called
          hint: their senders deliver again, and nothing else makes that known: write `intent`, or leave it out"#]],
    );
    check(
        ON_DENY,
        "on_store_failure = \"deny\"",
        expect![[r#"
            doorward.toml:47:1: unknown key `on_store_failure` in `[[events]]`
              hint: expected `id`, `source`, `through`, `match`, `attributes`, `target`, `on_deny`, `repeated`, `purpose`, `plan`, `contract` or `durability`"#]],
    );
    let webhook = |more: &str| {
        let hook = "[[webhooks]]\nname = \"pay\"\nscheme = \"stripe\"\nsecrets = [\"env:PAY\"]\n\n[[targets]]\nname = \"orders\"";
        SHOP.replacen("[[targets]]\nname = \"orders\"", hook, 1)
            .replace("auth = [\"main\"]\n", &format!("auth = [\"pay\"]\n{more}\n"))
    };
    let taken = doorward_config::parse("f", &webhook("")).unwrap().routes.remove(0);
    assert_eq!(taken.durability, Durability::Intent);
    assert!(doorward_config::parse("f", &webhook("durability = \"intent\"")).is_ok());
    let faults = |more: &str| doorward_config::parse("f", &webhook(more)).unwrap_err().to_string();
    expect![[r#"
        f:36:14: the calls of a route that takes webhooks are written before the target is called
          hint: their senders deliver again, and nothing else makes that known: write `intent`, or leave it out
        f:37:20: a webhook cannot be taken while the ledger is away
          hint: nothing would tell its deliveries apart, and its sender delivers again: leave it out"#]].assert_eq(&faults("durability = \"batched\"\non_store_failure = \"allow-and-journal\""));
}
