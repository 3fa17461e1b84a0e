use doorward_config::{Dimension, Limit, LimitMode, LimitRule, Window, parse};
use expect_test::expect;

use crate::shop::{SHOP, check};

const LIMITS: &str =
    r#"limits = [{ rate = "5/s", burst = 10 }, { quota = "1000/month", mode = "hard", by = "caller" }]"#;
const CLAIMS: &str = r#"principal = { type = "User", id = "sub", groups = "groups" }"#;

/// The limits of the plan and of the door, in a shop whose issuer declares the claims `tenant` and `roles`.
fn read(plan: &str, door: &str) -> (Vec<Limit>, Vec<Limit>) {
    let claims = format!("{CLAIMS}\nclaims = {{ tenant = \"String\", roles = \"Set<String>\" }}");
    let text = SHOP.replace(LIMITS, plan).replace(CLAIMS, &claims);
    let config =
        parse("doorward.toml", &format!("{text}\n{door}")).unwrap_or_else(|faults| panic!("{faults}"));
    (config.plans[0].limits.clone(), config.limits)
}

#[test]
fn a_limit_counts_by_whatever_tells_calls_apart() {
    let (plan, door) = read(
        r#"limits = [
            { quota = "10/day", by = ["target", "claim.tenant"], mode = "leased" },
            { rate = "1/s", by = "group", for = { group = ["partners", "staff"], action = "getOrder" }, name = "groups" },
        ]"#,
        r#"
        [[limits]]
        name = "catalog"
        rate = "100/s"
        by = "target"
        mode = "local"
        overrides = [{ match = { target = "orders", action = "createOrder" }, rate = "7/m", burst = 1 }]
        "#,
    );
    assert_eq!(plan[0].name, "default-quota-per-day-by-claim.tenant-target");
    assert_eq!(plan[0].by, [Dimension::Claim("tenant".into()), Dimension::Target]);
    assert_eq!(
        (plan[0].mode, plan[1].mode, door[0].mode),
        (LimitMode::Leased, LimitMode::Hard, LimitMode::Local)
    );
    assert_eq!(plan[0].rule, LimitRule::Quota { units: 10, window: Window::Day });
    assert_eq!(
        plan[1].only,
        [
            (Dimension::Action, vec!["getOrder".to_owned()]),
            (Dimension::Group, vec!["partners".to_owned(), "staff".to_owned()]),
        ]
    );
    let [over] = door[0].overrides.as_slice() else { panic!("{door:?}") };
    assert_eq!(
        over.matches,
        [(Dimension::Action, "createOrder".to_owned()), (Dimension::Target, "orders".to_owned())]
    );
    assert!(matches!(over.rule, LimitRule::Rate { units: 7, .. }));
}

#[test]
fn names_are_declared() {
    check(
        LIMITS,
        r#"limits = [{ rate = "1/s", for = { action = ["getOrder", "gettOrder"], target = "order" } }]"#,
        expect![[r#"
            doorward.toml:51:57: no route or event is named `gettOrder`
              hint: did you mean `getOrder`?
            doorward.toml:51:80: no target is named `order`
              hint: did you mean `orders`?"#]],
    );
    check(
        LIMITS,
        r#"limits = [{ rate = "1/s", by = "claim.tenant", overrides = [{ match = { "claim.other" = "x" }, rate = "2/s" }] }]"#,
        expect![[r#"
            doorward.toml:51:32: no issuer declares the claim `tenant`
              hint: declare it in an issuer's `claims`
            doorward.toml:51:73: no issuer declares the claim `other`
              hint: declare it in an issuer's `claims`"#]],
    );
    check(
        LIMITS,
        r#"limits = [{ rate = "1/s", by = ["caller", "tenant"] }]"#,
        expect![[r#"
        doorward.toml:51:43: calls cannot be told apart by `tenant`
          hint: use some of `caller`, `api-key`, `group`, `claim.NAME`, `source-ip`, `action` and `target`"#]],
    );
    check(
        LIMITS,
        r#"limits = [{ rate = "1/s", name = "a" }, { quota = "1/day", name = "a" }]"#,
        expect![[r#"
            doorward.toml:51:67: a second limit is named `a`
              hint: the first one is on line 51"#]],
    );
    check(
        CLAIMS,
        &format!(
            "{CLAIMS}\nclaims = {{ roles = \"Set<String>\" }}\n[[limits]]\nname = \"x\"\nby = \"claim.roles\"\nrate = \"1/s\""
        ),
        expect![[r#"
            doorward.toml:19:6: callers cannot be told apart by the claim `roles`
              hint: limits take claims of the types `String`, `Long` and `Bool`"#]],
    );
}

#[test]
fn what_cannot_be_told_apart_is_a_fault() {
    check(
        LIMITS,
        r#"limits = [{ rate = "1/s", by = "group" }]"#,
        expect![[r#"
        doorward.toml:51:11: a limit by `group` says for which groups
          hint: write `for = { group = ["partners"] }`: callers may be in many"#]],
    );
    check(
        LIMITS,
        r#"limits = [{ rate = "1/s", by = [] }]"#,
        expect!["doorward.toml:51:32: expected at least one element, found an empty array"],
    );
    check(
        LIMITS,
        r#"limits = [{ rate = "1/s", by = ["caller", "caller"] }]"#,
        expect!["doorward.toml:51:43: listed twice"],
    );
    check(
        LIMITS,
        r#"limits = [{ rate = "1/s", mode = "soft" }]"#,
        expect![[r#"
        doorward.toml:51:34: unknown value `soft`
          hint: expected `hard`, `leased` or `local`"#]],
    );
}

#[test]
fn an_override_is_of_the_limits_own_kind() {
    check(
        LIMITS,
        r#"limits = [{ rate = "1/s", overrides = [{ match = { action = "getOrder" }, quota = "1/day" }] }]"#,
        expect!["doorward.toml:51:40: the limit is a rate, and so are its overrides"],
    );
    check(
        LIMITS,
        r#"limits = [{ quota = "1/day", overrides = [{ match = { action = "getOrder" }, quota = "1/hour" }] }]"#,
        expect!["doorward.toml:51:43: the limit is a quota per day, and so are its overrides"],
    );
    check(
        LIMITS,
        r#"limits = [{ rate = "1/s", overrides = [{ match = {}, rate = "2/s" }] }]"#,
        expect!["doorward.toml:51:50: an override that matches every call is the limit itself"],
    );
    check(
        LIMITS,
        r#"limits = [{ rate = "1/s", overrides = [{ rate = "2/s" }] }]"#,
        expect!["doorward.toml:51:40: missing key `match` in an override"],
    );
}

#[test]
fn a_limit_of_the_door_has_a_name_and_says_what_it_counts_by() {
    check(
        LIMITS,
        &format!("{LIMITS}\n[[limits]]\nrate = \"1/s\""),
        expect![[r#"
        doorward.toml:52:1: missing key `name` in `[[limits]]`
        doorward.toml:52:1: missing key `by` in `[[limits]]`"#]],
    );
}
