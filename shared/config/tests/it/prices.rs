use doorward_config::{Plan, PlanDefinition, parse};
use expect_test::{Expect, expect};

use crate::shop::{SHOP, check_text};

const LIMITS: &str =
    r#"limits = [{ rate = "5/s", burst = 10 }, { quota = "1000/month", mode = "hard", by = "caller" }]"#;

/// [`SHOP`] with `price` on its plan.
fn priced(price: &str) -> String {
    SHOP.replace(LIMITS, &format!("{LIMITS}\nprice = {price}"))
}

/// The faults of a plan with this price.
#[track_caller]
fn check(price: &str, expected: Expect) {
    check_text(&priced(price), expected);
}

fn plan(text: &str) -> Plan {
    parse("doorward.toml", text).unwrap().plans.remove(0)
}

#[test]
fn a_price_has_a_currency_and_tiers() {
    check(
        "{}",
        expect![[r#"
        doorward.toml:52:9: missing key `currency` in `price`
        doorward.toml:52:9: missing key `tiers` in `price`"#]],
    );
    check(
        r#"{ currency = "eur", tiers = [{ unit = "1" }] }"#,
        expect![[r#"
        doorward.toml:52:22: `eur` is not a currency
          hint: write the three capital letters of ISO 4217, such as `EUR`"#]],
    );
    check(
        r#"{ currency = "EUR", tiers = [{ unit = "1" }], vat = "19" }"#,
        expect![[r#"
        doorward.toml:52:55: unknown key `vat` in `price`
          hint: expected `currency`, `included`, `tiers` or `actions`"#]],
    );
}

#[test]
fn tiers_rise_and_the_last_is_open() {
    check(
        r#"{ currency = "EUR", tiers = [] }"#,
        expect![[r#"
        doorward.toml:52:37: the last tier ends, and what is used beyond it has no price
          hint: end with a tier without `up_to`, such as `{ unit = "0.0005" }`"#]],
    );
    check(
        r#"{ currency = "EUR", tiers = [{ up_to = 5, unit = "1" }] }"#,
        expect![[r#"
        doorward.toml:52:37: the last tier ends, and what is used beyond it has no price
          hint: end with a tier without `up_to`, such as `{ unit = "0.0005" }`"#]],
    );
    check(
        r#"{ currency = "EUR", tiers = [{ unit = "1" }, { unit = "2" }] }"#,
        expect![[r#"
        doorward.toml:52:54: no unit reaches this tier: the one before it has no end
          hint: give the one before it an `up_to`"#]],
    );
    check(
        r#"{ currency = "EUR", tiers = [{ up_to = 5, unit = "2" }, { up_to = 5, unit = "1" }, { unit = "0" }] }"#,
        expect![[r#"
            doorward.toml:52:75: no unit falls into the tier: 5 are priced before it
              hint: `up_to` counts from the month's first unit, included ones too"#]],
    );
    check(
        r#"{ currency = "EUR", included = 1000, tiers = [{ up_to = 1000, unit = "2" }, { unit = "0" }] }"#,
        expect![[r#"
            doorward.toml:52:65: no unit falls into the tier: 1000 are priced before it
              hint: `up_to` counts from the month's first unit, included ones too"#]],
    );
    check(
        r#"{ currency = "EUR", tiers = [{ up_to = 0, unit = "2" }, { unit = "0" }] }"#,
        expect!["doorward.toml:52:48: `0` is not between 1 and 9007199254740991"],
    );
}

#[test]
fn prices_are_exact_decimals() {
    check(
        r#"{ currency = "EUR", tiers = [{ unit = 0.0008 }] }"#,
        expect![[r#"
        doorward.toml:52:47: a price is written as a text
          hint: write it in quotes, such as `"0.0008"`: a float is not exact"#]],
    );
    check(
        r#"{ currency = "EUR", tiers = [{ unit = "-1" }] }"#,
        expect![[r#"
        doorward.toml:52:47: `-1` is not a price
          hint: write digits and one point, such as `0.0008`"#]],
    );
    check(
        r#"{ currency = "EUR", tiers = [{ unit = "8e-4" }] }"#,
        expect![[r#"
        doorward.toml:52:47: `8e-4` is not a price
          hint: write digits and one point, such as `0.0008`"#]],
    );
    check(
        r#"{ currency = "EUR", tiers = [{ unit = "0.0000000001" }] }"#,
        expect!["doorward.toml:52:47: `0.0000000001` has more than 9 decimal places"],
    );
    check(
        r#"{ currency = "EUR", tiers = [{ unit = "1000000" }] }"#,
        expect!["doorward.toml:52:47: `1000000` is a million or more"],
    );
    check(
        r#"{ currency = "EUR", included = -1, tiers = [{ unit = "1" }] }"#,
        expect!["doorward.toml:52:40: `-1` is not between 0 and 9007199254740991"],
    );
}

#[test]
fn prices_of_actions_are_of_declared_ones() {
    check(
        r#"{ currency = "EUR", tiers = [{ unit = "1" }], actions = { createOrders = "1", receiptUploaded = "x" } }"#,
        expect![[r#"
            doorward.toml:52:67: no route or event is named `createOrders`
              hint: did you mean `createOrder`?
            doorward.toml:52:105: `x` is not a price
              hint: write digits and one point, such as `0.0008`"#]],
    );
}

#[test]
fn a_price_is_read() {
    let price = r#"{ currency = "EUR", included = 1000, tiers = [{ up_to = 100000, unit = "0.0008" }, { unit = "0.0005" }], actions = { createOrder = "0.010" } }"#;
    let plan = plan(&priced(price));
    expect![[r#"
        Some(
            Price {
                currency: EUR,
                included: 1000,
                tiers: [
                    Tier {
                        up_to: Some(
                            100000,
                        ),
                        unit: 0.0008,
                    },
                    Tier {
                        up_to: None,
                        unit: 0.0005,
                    },
                ],
                actions: {
                    "createOrder": 0.010,
                },
            },
        )
    "#]]
    .assert_debug_eq(&plan.price);
    let kept = PlanDefinition::kept(plan.definition.text(), &plan.version).unwrap();
    assert_eq!(kept.price(), plan.price);
}

#[test]
fn a_version_is_of_what_a_plan_says() {
    let first = plan(SHOP);
    expect![[r#"{"limits":[{"burst":10,"rate":"5/s"},{"by":"caller","mode":"hard","quota":"1000/month"}]}"#]]
        .assert_eq(first.definition.text());
    expect!["b5cdb95055ac"].assert_eq(&first.version);
    let version = |from: &str, to: &str| {
        let text = SHOP.replace(from, to);
        assert_ne!(text, SHOP);
        plan(&text).version
    };
    // Neither names, nor the order of keys, nor comments.
    for (from, to) in [
        (r#"name = "default""#, r#"name = "other" # of others"#),
        (r#"{ rate = "5/s", burst = 10 }"#, r#"{ burst = 10, rate = "5/s" }"#),
        (
            LIMITS,
            "[[plans.limits]]\nrate = \"5/s\"\nburst = 1_0\n[[plans.limits]]\nby = \"caller\"\nmode = \"hard\"\nquota = \"1000/month\"",
        ),
    ] {
        assert_eq!(version(from, to), first.version, "{to}");
    }
    for (from, to) in [("burst = 10", "burst = 11"), ("1000/month", "1001/month")] {
        assert_ne!(version(from, to), first.version, "{to}");
    }
    let price =
        |unit: &str| plan(&priced(&format!(r#"{{ tiers = [{{ unit = "{unit}" }}], currency = "EUR" }}"#)));
    assert_ne!(price("0.1").version, first.version);
    assert_ne!(price("0.1").version, price("0.2").version);
    assert_eq!(price("0.1").version, price("0.10").version);
}
