//! Declared claims: `claims` of an issuer, and the attributes that they give to principals.

use doorward_config::{Config, parse};
use expect_test::{Expect, expect};

use crate::shop::{SHOP, check_text};

const PRINCIPAL: &str = r#"principal = { type = "User", id = "sub", groups = "groups" }"#;

/// The shop whose issuer declares `claims`, of which `attributes` are attributes.
fn declaring(claims: &str, attributes: &str) -> String {
    let principal = PRINCIPAL.replace(" }", &format!(", attributes = {attributes} }}"));
    let principal = if attributes.is_empty() { PRINCIPAL.to_owned() } else { principal };
    SHOP.replace(PRINCIPAL, &format!("claims = {claims}\n{principal}"))
}

/// With a second issuer of the same principal type, which the first route accepts too.
fn with_second(first: &str, claims: &str, principal: &str) -> String {
    let second = format!(
        "[[issuers]]\nname = \"two\"\nissuer = \"https://two.example/\"\naudiences = [\"a\"]\n\
         algorithms = [\"ES256\"]\nclaims = {claims}\nprincipal = {principal}\n\n[[plans]]"
    );
    first.replace(r#"groups = "groups""#, r#"prefix = "one:""#).replace("[[plans]]", &second)
}

fn accepted(text: &str) -> Config {
    parse("doorward.toml", text).map_err(|faults| faults.to_string()).unwrap()
}

#[track_caller]
fn check(claims: &str, attributes: &str, expected: Expect) {
    check_text(&declaring(claims, attributes), expected);
}

#[test]
fn every_type_is_cedars_word() {
    let text = declaring(
        r#"{ a = "String", b = "Long", c = "Bool", d = "decimal", e = "datetime", f = "ipaddr", g = "Set<String>",
             "https://shop.example/h" = { type = "Set<Long>", required = true } }"#
            .replace('\n', "")
            .as_str(),
        r#"["a", "https://shop.example/h"]"#,
    );
    let config = accepted(&text);
    let shown: Vec<String> = config.issuers[0]
        .claims
        .iter()
        .map(|(name, claim)| format!("{name}{}: {}", if claim.required { "" } else { "?" }, claim.ty.word()))
        .collect();
    assert_eq!(
        shown,
        [
            "a?: String",
            "b?: Long",
            "c?: Bool",
            "d?: decimal",
            "e?: datetime",
            "f?: ipaddr",
            "g?: Set<String>",
            "https://shop.example/h: Set<Long>",
        ]
    );
    assert_eq!(config.issuers[0].principal.attributes, ["a", "https://shop.example/h"]);
}

#[test]
fn other_types_and_names_are_refused() {
    check(
        r#"{ tenant = "string" }"#,
        "",
        expect![[r#"
        doorward.toml:15:21: unknown value `string`
          hint: did you mean `String`?"#]],
    );
    check(
        r#"{ tenant = "Set<Bool>", age = 7 }"#,
        "",
        expect![[r#"
        doorward.toml:15:21: unknown value `Set<Bool>`
          hint: did you mean `Set<Long>`?
        doorward.toml:15:40: expected a table, found an integer"#]],
    );
    check(
        r#"{ tenant = { required = true }, level = { type = "Long", required = "yes" } }"#,
        "",
        expect![[r#"
            doorward.toml:15:21: missing key `type` in a claim
            doorward.toml:15:78: expected a boolean, found a string"#]],
    );
    check(
        r#"{ tenant = { type = "Long", requird = true } }"#,
        "",
        expect![[r#"
        doorward.toml:15:38: unknown key `requird` in a claim
          hint: did you mean `required`?"#]],
    );
    check(
        r#"{ "" = "Long", "a\u0007" = "Long" }"#,
        "",
        expect![[r#"
        doorward.toml:15:12: an empty text cannot name a claim
          hint: use 1 to 256 bytes without control characters
        doorward.toml:15:25: `a�` cannot name a claim
          hint: use 1 to 256 bytes without control characters"#]],
    );
    check(
        &format!(r#"{{ {} = "Long" }}"#, "a".repeat(257)),
        "",
        expect![[r#"
        doorward.toml:15:12: `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…` cannot name a claim
          hint: use 1 to 256 bytes without control characters"#]],
    );
    check(r#"["tenant"]"#, r#"["tenant"]"#, expect!["doorward.toml:15:10: expected a table, found an array"]);
}

#[test]
fn attributes_are_declared_claims() {
    check(
        r#"{ tenant = "String" }"#,
        r#"["tenent"]"#,
        expect![[r#"
            doorward.toml:16:75: no claim is named `tenent`
              hint: did you mean `tenant`?"#]],
    );
    check(
        "{}",
        r#"["sub"]"#,
        expect![[r#"
            doorward.toml:16:75: no claim is named `sub`
              hint: no claim is declared"#]],
    );
    check(
        r#"{ tenant = "String" }"#,
        "[]",
        expect!["doorward.toml:16:74: expected at least one element, found an empty array"],
    );
    check(
        r#"{ tenant = "String" }"#,
        r#"["tenant", "tenant"]"#,
        expect!["doorward.toml:16:85: listed twice"],
    );
    check(
        r#"{ tenant = "Text" }"#,
        r#"["tenant"]"#,
        expect![[r#"
        doorward.toml:15:21: unknown value `Text`
          hint: expected `String`, `Long`, `Bool`, `decimal`, `datetime`, `ipaddr`, `Set<String>` or `Set<Long>`"#]],
    );
    check_text(
        &SHOP.replace(r#"groups = "groups""#, r#"attributes = ["tenant"]"#),
        expect![[r#"
            doorward.toml:15:56: no claim is named `tenant`
              hint: no claim is declared"#]],
    );
}

#[test]
fn issuers_of_one_route_declare_a_claim_alike() {
    let first = declaring(r#"{ level = "Long", tenant = "String" }"#, "");
    let text = with_second(
        &first,
        r#"{ level = "String", tenant = "String" }"#,
        r#"{ type = "Device", id = "sub" }"#,
    );
    accepted(&text);
    let both = r#"auth = ["main", "two"]"#;
    check_text(
        &text.replace(r#"auth = ["main"]"#, both),
        expect![[r#"
        doorward.toml:31:8: the issuers `main` and `two` declare the claim `level` as `Long` and `String`
          hint: declare it alike, or let the route accept only one of them"#]],
    );
    let alike = with_second(
        &first,
        r#"{ level = { type = "Long", required = true } }"#,
        r#"{ type = "Device", id = "sub" }"#,
    );
    accepted(&alike.replace(r#"auth = ["main"]"#, both));
}

#[test]
fn issuers_give_a_type_its_attributes_alike() {
    let first = declaring(r#"{ level = "Long", tenant = "String" }"#, r#"["level", "tenant"]"#);
    let second = |attributes: &str| {
        let principal =
            format!(r#"{{ type = "User", id = "sub", prefix = "two:", attributes = {attributes} }}"#);
        with_second(&first, r#"{ level = "String", tenant = "String" }"#, &principal)
    };
    check_text(
        &second(r#"["tenant", "level"]"#),
        expect![[r#"
        doorward.toml:50:1: the issuers `two` and `main` give `User` the attribute `level` as `String` and `Long`
          hint: declare the claim alike, or give each a `type` of its own"#]],
    );
    accepted(&second(r#"["tenant"]"#));
    accepted(
        &second(r#"["level"]"#)
            .replace(r#"{ type = "User", id = "sub", prefix = "two:""#, r#"{ type = "Device", id = "sub""#),
    );
}
