//! What months cost: by hand, and against pricing every unit for itself.

use std::collections::BTreeMap;

use doorward_config::{Currency, Price, Tier};
use doorward_core::usage::Group;
use doorward_core::usage::pricing::{
    Difference, LineKey, Part, PlanVersion, PlanVersions, PricingError, Statement, Unpriced, Used, state,
    trace,
};
use doorward_model::Outcome;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

fn price(currency: &str, included: u64, tiers: &[(Option<u64>, &str)], actions: &[(&str, &str)]) -> Price {
    let tier = |(up_to, unit): &(Option<u64>, &str)| Tier { up_to: *up_to, unit: unit.parse().unwrap() };
    let action = |(action, unit): &(&str, &str)| ((*action).to_owned(), unit.parse().unwrap());
    Price {
        currency: Currency::new(currency).unwrap(),
        included,
        tiers: tiers.iter().map(tier).collect(),
        actions: actions.iter().map(action).collect(),
    }
}

fn start() -> Timestamp {
    "2026-11-01T00:00:00Z".parse().unwrap()
}

/// The versions of plans: `plan@version`, its price, and the day of November on which it was first served.
fn versions(known: &[(&str, Option<&Price>, Option<i64>)]) -> PlanVersions {
    let mut versions = PlanVersions::default();
    for (name, price, day) in known {
        let (plan, version) = name.split_once('@').unwrap();
        let since = day.map(|day| start() + SignedDuration::from_hours(24 * (day - 1)));
        versions.insert(plan.into(), version.into(), PlanVersion { price: price.cloned(), since });
    }
    versions
}

fn group(caller: &str, action: &str, plan: &str) -> Group {
    let (plan, version) = plan.split_once('@').unzip();
    Group {
        caller: caller.into(),
        action: Some(action.into()),
        target: Some("orders".into()),
        purpose: None,
        outcome: Outcome::Admitted,
        plan: plan.map(str::to_owned),
        plan_version: version.map(str::to_owned),
    }
}

/// Lines, sums and totals as text.
fn shown(statement: &Statement) -> Vec<String> {
    let mut shown = Vec::new();
    for invoice in &statement.invoices {
        for line in &invoice.lines {
            let LineKey { plan, version, part, .. } = &line.key;
            let (units, unit, amount) = (line.units, line.unit, line.amount);
            shown.push(format!("{plan}@{version} {part:?}: {units} x {unit} = {amount}"));
        }
        let (caller, currency, sum, total) =
            (&invoice.caller, invoice.currency, invoice.sum, invoice.total());
        shown.push(format!("{caller}: {sum} {currency}, to pay {total}"));
    }
    shown
}

#[track_caller]
fn check(used: &[(Group, u64)], versions: &PlanVersions, expected: &[&str]) {
    assert_eq!(shown(&state(used.to_vec(), versions).unwrap()), expected);
}

fn free() -> Price {
    price("EUR", 1_000, &[(Some(100_000), "0.0008"), (None, "0.0005")], &[("createOrder", "0.01")])
}

#[test]
fn included_units_come_first_and_tiers_after_them() {
    let versions = versions(&[("free@a", Some(&free()), Some(1))]);
    let used = |units| [(group("alice", "list", "free@a"), units)];
    check(&used(1_000), &versions, &["free@a Included: 1000 x 0 = 0", "alice: 0 EUR, to pay 0.00"]);
    check(
        &used(1_001),
        &versions,
        &[
            "free@a Included: 1000 x 0 = 0",
            "free@a Tier(1): 1 x 0.0008 = 0.0008",
            "alice: 0.0008 EUR, to pay 0.00",
        ],
    );
    // 99 000 x 0.0008 = 79.2; one more is in the second tier.
    check(
        &used(100_001),
        &versions,
        &[
            "free@a Included: 1000 x 0 = 0",
            "free@a Tier(1): 99000 x 0.0008 = 79.2",
            "free@a Tier(2): 1 x 0.0005 = 0.0005",
            "alice: 79.2005 EUR, to pay 79.20",
        ],
    );
}

#[test]
fn actions_with_a_price_are_not_counted_through() {
    let versions = versions(&[("free@a", Some(&free()), Some(1))]);
    let used = [(group("alice", "createOrder", "free@a"), 5_000), (group("alice", "list", "free@a"), 1_000)];
    check(
        &used,
        &versions,
        &[
            "free@a Included: 1000 x 0 = 0",
            "free@a Action(\"createOrder\"): 5000 x 0.01 = 50",
            "alice: 50 EUR, to pay 50.00",
        ],
    );
}

#[test]
fn the_versions_of_a_month_share_what_is_included_and_keep_their_prices() {
    let dearer = price("EUR", 500, &[(None, "0.002")], &[]);
    // `b` was served before `a`, whatever they are called; none has served `c`.
    let versions = versions(&[
        ("free@a", Some(&dearer), Some(20)),
        ("free@b", Some(&free()), Some(1)),
        ("free@c", Some(&dearer), None),
    ]);
    let used = [
        (group("alice", "list", "free@c"), 10),
        (group("alice", "list", "free@a"), 100),
        (group("alice", "list", "free@b"), 600),
    ];
    check(
        &used,
        &versions,
        &[
            "free@b Included: 600 x 0 = 0",
            "free@a Tier(1): 100 x 0.002 = 0.2",
            "free@c Tier(1): 10 x 0.002 = 0.02",
            "alice: 0.22 EUR, to pay 0.22",
        ],
    );
}

#[test]
fn callers_plans_and_currencies_are_counted_apart() {
    let yen = price("JPY", 1, &[(None, "0.5")], &[]);
    let versions = versions(&[("free@a", Some(&free()), Some(1)), ("yen@a", Some(&yen), Some(1))]);
    let used = [
        (group("bob", "list", "free@a"), 1_001),
        (group("alice", "list", "yen@a"), 4),
        (group("alice", "list", "free@a"), 1),
    ];
    check(
        &used,
        &versions,
        &[
            "free@a Included: 1 x 0 = 0",
            "alice: 0 EUR, to pay 0.00",
            "yen@a Included: 1 x 0 = 0",
            "yen@a Tier(1): 3 x 0.5 = 1.5",
            "alice: 1.5 JPY, to pay 2",
            "free@a Included: 1000 x 0 = 0",
            "free@a Tier(1): 1 x 0.0008 = 0.0008",
            "bob: 0.0008 EUR, to pay 0.00",
        ],
    );
}

#[test]
fn nothing_is_priced_by_another_version() {
    let versions = versions(&[("free@a", Some(&free()), Some(1))]);
    let used = [
        (group("alice", "list", "free@b"), 1),
        (group("alice", "list", "free@a"), 1),
        (Group { plan_version: None, ..group("alice", "list", "free@a") }, 1),
    ];
    let error = state(used, &versions).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no price is known for what was used under the plan `free` without a version, version `b` of the plan `free`"
    );
    // What consumed nothing needs no price.
    check(&[(group("alice", "list", "free@b"), 0)], &versions, &[]);
}

#[test]
fn what_has_no_price_is_said_apart() {
    let versions = versions(&[("internal@a", None, Some(1))]);
    let used = [
        (group("alice", "list", "internal@a"), 3),
        (group("alice", "other", "internal@a"), 4),
        (group("bob", "list", ""), 1),
    ];
    let used = used.map(|(group, units)| match group.plan.as_deref() {
        Some("") => (Group { plan: None, plan_version: None, ..group }, units),
        _ => (group, units),
    });
    let statement = state(used, &versions).unwrap();
    assert_eq!(shown(&statement), [""; 0]);
    let plan = Some(("internal".to_owned(), "a".to_owned()));
    assert_eq!(
        statement.unpriced,
        [
            Unpriced { caller: "alice".into(), plan, units: 7 },
            Unpriced { caller: "bob".into(), plan: None, units: 1 }
        ]
    );
}

#[test]
fn huge_numbers_of_units_are_exact_or_refused() {
    let versions = versions(&[("free@a", Some(&free()), Some(1))]);
    let used = |units| [(group("alice", "list", "free@a"), units)];
    let statement = state(used(u64::MAX), &versions).unwrap();
    // 79.2 + (18446744073709551615 - 100000) x 0.0005
    assert_eq!(statement.invoices[0].sum.to_string(), "9223372036854805.0075");
    let error = state([used(u64::MAX), used(1)].concat(), &versions).unwrap_err();
    assert_eq!(error, PricingError::TooLarge { caller: "alice".into(), plan: "free".into() });
}

const CALLERS: [&str; 3] = ["alice", "bob", "carol"];
const ACTIONS: [&str; 3] = ["list", "createOrder", "get"];
const PLANS: [&str; 5] = ["free@a", "free@b", "pro@c", "pro@d", "internal@e"];

/// A price of up to four tiers, its bounds near what the calls of a seed come to.
fn any_price(random: &mut fastrand::Rng) -> Price {
    let mut unit = || Decimal::new(random.i64(0..1_000_000_000), random.u32(0..=9)).normalize();
    let units: Vec<Decimal> = (0..4).map(|_| unit() % Decimal::from(1_000_000)).collect();
    let included = random.u64(0..40);
    let mut bound = included;
    let mut tiers = Vec::new();
    for unit in units.iter().take(random.usize(0..4)) {
        bound += random.u64(1..60);
        tiers.push(Tier { up_to: Some(bound), unit: *unit });
    }
    tiers.push(Tier { up_to: None, unit: units[3] });
    let priced = ACTIONS.iter().filter(|_| random.bool());
    let actions: BTreeMap<String, Decimal> = priced.map(|action| ((*action).to_owned(), units[0])).collect();
    Price {
        currency: Currency::new(random.choice(["EUR", "JPY"]).unwrap()).unwrap(),
        included,
        tiers,
        actions,
    }
}

fn any_call(random: &mut fastrand::Rng, nth: usize) -> Used {
    let pick = |random: &mut fastrand::Rng, of: &[&'static str]| of[random.usize(..of.len())];
    let (caller, action, plan) = (pick(random, &CALLERS), pick(random, &ACTIONS), pick(random, &PLANS));
    Used {
        call: format!("call-{nth}"),
        // Many at one time: then the id says which came first.
        at: start() + SignedDuration::from_secs(random.i64(0..50)),
        group: group(caller, action, plan),
        units: random.u64(0..9),
    }
}

/// Each unit for itself, in the order that the documentation states: no spans, no sums of units.
fn by_unit(calls: &[Used], versions: &PlanVersions) -> BTreeMap<(String, String), Decimal> {
    let mut calls: Vec<_> = calls.iter().collect();
    let version = |used: &Used| {
        let (plan, version) = (used.group.plan.clone().unwrap(), used.group.plan_version.clone().unwrap());
        versions.get(&plan, &version).unwrap().clone()
    };
    calls.sort_by_key(|used| (version(used).since, used.at, used.call.clone()));
    let mut counted: BTreeMap<(String, String), u64> = BTreeMap::new();
    let mut sums: BTreeMap<(String, String), Decimal> = BTreeMap::new();
    for used in calls {
        let Some(price) = version(used).price else { continue };
        let caller = used.group.caller.clone();
        for _ in 0..used.units {
            let cost = match price.actions.get(used.group.action.as_deref().unwrap()) {
                Some(unit) => *unit,
                None => {
                    let nth = counted.entry((caller.clone(), used.group.plan.clone().unwrap())).or_default();
                    *nth += 1;
                    let tier = price.tiers.iter().find(|tier| tier.up_to.is_none_or(|up_to| *nth <= up_to));
                    if *nth <= price.included { Decimal::ZERO } else { tier.unwrap().unit }
                }
            };
            *sums.entry((caller.clone(), price.currency.to_string())).or_default() += cost;
        }
    }
    sums
}

/// The sum of an invoice is the sum of its ledger items, to the last unit and the last decimal place.
#[test]
fn invoices_are_the_sums_of_their_calls() {
    for seed in 0..500 {
        let mut random = fastrand::Rng::with_seed(seed);
        let prices: Vec<Price> = (0..4).map(|_| any_price(&mut random)).collect();
        let mut days = [1, 2, 3, 4, 5];
        random.shuffle(&mut days);
        let known: Vec<_> = PLANS
            .iter()
            .zip(days)
            .enumerate()
            .map(|(nth, (name, day))| (*name, prices.get(nth), Some(day)))
            .collect();
        let versions = versions(&known);
        let calls: Vec<_> = (0..random.usize(0..200)).map(|nth| any_call(&mut random, nth)).collect();

        let mut aggregates: BTreeMap<Group, u64> = BTreeMap::new();
        for used in &calls {
            *aggregates.entry(used.group.clone()).or_default() += used.units;
        }
        let statement = state(aggregates, &versions).unwrap();

        let sums = statement
            .invoices
            .iter()
            .map(|invoice| ((invoice.caller.clone(), invoice.currency.to_string()), invoice.sum.exact()));
        assert_eq!(sums.collect::<BTreeMap<_, _>>(), by_unit(&calls, &versions), "seed {seed}");
        for invoice in &statement.invoices {
            let lines: Decimal = invoice.lines.iter().map(|line| line.amount.exact()).sum();
            assert_eq!(lines, invoice.sum.exact(), "seed {seed}");
        }
        let lines = statement.invoices.iter().flat_map(|invoice| &invoice.lines).map(|line| line.units);
        let units = lines.chain(statement.unpriced.iter().map(|unpriced| unpriced.units)).sum::<u64>();
        assert_eq!(units, calls.iter().map(|used| used.units).sum::<u64>(), "seed {seed}");

        let traced = trace(calls.clone(), &versions).unwrap();
        assert_eq!(traced.differences(&statement), [], "seed {seed}");
        let mut of_calls: BTreeMap<&str, u64> = BTreeMap::new();
        for (call, units) in traced.lines.values().flatten() {
            *of_calls.entry(call).or_default() += units;
        }
        for used in
            calls.iter().filter(|used| used.units > 0 && used.group.plan.as_deref() != Some("internal"))
        {
            assert_eq!(of_calls[used.call.as_str()], used.units, "seed {seed}");
        }
    }
}

#[test]
fn a_call_that_is_missing_or_too_many_shows() {
    let versions = versions(&[("free@a", Some(&price("EUR", 2, &[(None, "1")], &[])), Some(1))]);
    let call = |nth: u64, units| Used {
        call: format!("call-{nth}"),
        at: start(),
        group: group("alice", "list", "free@a"),
        units,
    };
    let statement = state([(group("alice", "list", "free@a"), 5)], &versions).unwrap();
    let key = |part| LineKey { caller: "alice".into(), plan: "free".into(), version: "a".into(), part };

    let traced = trace([call(1, 1), call(2, 4)], &versions).unwrap();
    assert_eq!(traced.differences(&statement), []);
    // The second call reaches over what is included.
    assert_eq!(traced.lines[&key(Part::Included)], [("call-1".to_owned(), 1), ("call-2".to_owned(), 1)]);
    assert_eq!(traced.lines[&key(Part::Tier(1))], [("call-2".to_owned(), 3)]);

    let missing = trace([call(1, 1)], &versions).unwrap().differences(&statement);
    assert_eq!(
        missing,
        [
            Difference { key: key(Part::Included), invoiced: 2, traced: 1 },
            Difference { key: key(Part::Tier(1)), invoiced: 3, traced: 0 }
        ]
    );
    let other = Used { group: group("bob", "list", "free@a"), ..call(3, 1) };
    let unbilled = trace([call(1, 1), call(2, 4), other], &versions).unwrap().differences(&statement);
    let bobs = LineKey { caller: "bob".into(), ..key(Part::Included) };
    assert_eq!(unbilled, [Difference { key: bobs, invoiced: 0, traced: 1 }]);
}
