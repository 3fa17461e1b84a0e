use expect_test::expect;

use crate::shop::check;

const LIMITS: &str =
    r#"limits = [{ rate = "5/s", burst = 10 }, { quota = "1000/month", mode = "hard", by = "caller" }]"#;

#[test]
fn a_plan_has_limits() {
    check(LIMITS, "", expect!["doorward.toml:49:1: missing key `limits` in `[[plans]]`"]);
    check(
        LIMITS,
        "limits = []",
        expect!["doorward.toml:51:10: a plan without limits holds nobody to anything"],
    );
    check(
        LIMITS,
        r#"limits = [{ rate = "5/s" }, { rate = "5/s", burst = 9 }]"#,
        expect![[r#"
            doorward.toml:51:29: two limits of the plan would be named `default-rate-per-second`
              hint: keep the stricter one, or give one of them a `name`"#]],
    );
    check(
        r#"name = "default""#,
        "name = \"default\"\nlimits = [{ rate = \"1/s\" }]\n[[plans]]\nname = \"default\"",
        expect![[r#"
            doorward.toml:53:8: a second plan is named `default`
              hint: the first one is on line 50"#]],
    );
}

#[test]
fn a_limit_is_a_rate_or_a_quota() {
    check(LIMITS, "limits = [{}]", expect!["doorward.toml:51:11: a limit has a `rate` or a `quota`"]);
    check(
        LIMITS,
        r#"limits = [{ rate = "5/s", quota = "10/day" }]"#,
        expect![[r#"
        doorward.toml:51:11: a limit has a `rate` or a `quota`, not both
          hint: write two limits: all limits of a plan hold"#]],
    );
    check(
        LIMITS,
        r#"limits = [{ quota = "10/day", burst = 1 }]"#,
        expect!["doorward.toml:51:39: only a `rate` has a `burst`"],
    );
}

#[test]
fn rates_and_quotas_are_written_in_one_way() {
    check(
        "5/s",
        "5/sec",
        expect![[r#"
        doorward.toml:51:20: `5/sec` is not a rate
          hint: write units and one of `s`, `m`, `h` and `d`, such as `5/s`"#]],
    );
    check(
        "5/s",
        "1000/month",
        expect![[r#"
        doorward.toml:51:20: `1000/month` is not a rate
          hint: a calendar window is a quota: write `quota = "1000/month"`"#]],
    );
    check("5/s", "1000001/s", expect!["doorward.toml:51:20: `1000001/s` is more than a million per second"]);
    check(
        "1000/month",
        "1000/year",
        expect![[r#"
        doorward.toml:51:51: `1000/year` is not a quota
          hint: write units and one of `minute`, `hour`, `day` and `month`, such as `1000/month`"#]],
    );
    check("burst = 10", "burst = 0", expect!["doorward.toml:51:35: `0` is not between 1 and 2678400000000"]);
    check(
        "burst = 10",
        "burst = 13392001",
        expect![[r#"
        doorward.toml:51:35: a burst of 13392001 takes more than 31 days to come back
          hint: lower `burst`, or use a `quota`"#]],
    );
}

#[test]
fn outcomes_are_those_that_can_be_given_back_or_charged() {
    check(
        LIMITS,
        &format!("{LIMITS}\nrefund = [\"admitted\"]\ncharge = [\"denied\", \"denied\"]"),
        expect![[r#"
            doorward.toml:52:11: unknown value `admitted`
              hint: expected `target-failed` or `unavailable`
            doorward.toml:53:21: listed twice"#]],
    );
}
