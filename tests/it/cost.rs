//! `doorward cost` of real projects: what it counts is what the store is asked for (`call_cost` in `shared/aws`).

use std::process::{Command, Output};

use doorward_tests::{binaries, workspace};
use serde_json::{Value, json};

const CONFIG: &str = r#"
[door]
name = "shop"
table = "doorward"
fronts = ["function-url:shopurl", "http-api:a1b2c3"]

[[targets]]
name = "x"
lambda = "x"

[[routes]]
id = "hard"
match = "GET /hard"
target = "x"
auth = ["anonymous"]

[[routes]]
id = "intent"
match = "GET /intent"
target = "x"
auth = ["anonymous"]
durability = "intent"

[[routes]]
id = "batched"
match = "GET /batched"
target = "x"
auth = ["anonymous"]
durability = "batched"

[[plans]]
name = "default"
limits = [LIMITS]
"#;

fn cost(path: &std::path::Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(binaries::path("doorward"));
    command.arg("cost").args(arguments).arg("--path").arg(path).output().unwrap()
}

/// The estimates of a project whose default plan has these limits.
fn estimated(limits: &str, arguments: &[&str]) -> Value {
    let project = tempfile::tempdir().unwrap();
    std::fs::write(project.path().join("doorward.toml"), CONFIG.replace("LIMITS", limits)).unwrap();
    let output = cost(project.path(), &[arguments, &["--format", "json"]].concat());
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Requests and write units of each route, in thousandths.
fn thousandths(estimated: &Value) -> Vec<(String, i64, i64)> {
    let number = |estimate: &Value, name: &str| (estimate[name].as_f64().unwrap() * 1000.0).round() as i64;
    let routes = estimated["configured"].as_array().unwrap().iter();
    let each = routes.map(|route| {
        let name = route["action"].as_str().unwrap().to_owned();
        (name, number(route, "store_calls"), number(route, "write_units"))
    });
    each.collect()
}

#[track_caller]
fn check(limits: &str, expected: [(&str, i64, i64); 3]) {
    let expected = expected.map(|(name, calls, units)| (name.to_owned(), calls, units));
    assert_eq!(thousandths(&estimated(limits, &[])), expected);
}

#[test]
fn every_mode_and_durability_costs_what_the_store_is_asked_for() {
    let hard = r#"{ rate = "1000/s", burst = 2000 }, { quota = "1000000/day" }"#;
    check(hard, [("hard", 2_000, 2_000), ("intent", 3_000, 3_000), ("batched", 1_010, 1_090)]);
    let further = format!(r#"{hard}, {{ quota = "1000000/day", by = "action", name = "all" }}"#);
    check(&further, [("hard", 3_000, 3_000), ("intent", 4_000, 4_000), ("batched", 2_010, 2_090)]);
    let leased = r#"{ rate = "1000/s", burst = 5000, mode = "leased" }"#;
    check(leased, [("hard", 1_004, 1_004), ("intent", 2_004, 2_004), ("batched", 14, 94)]);
    let local = r#"{ rate = "1000/s", burst = 5000, mode = "local" }"#;
    check(local, [("hard", 1_000, 1_000), ("intent", 2_000, 2_000), ("batched", 10, 90)]);
}

#[test]
fn dollars_are_those_of_so_many_calls_and_gateways_take_their_own() {
    let estimated = estimated(r#"{ quota = "1000000/day" }"#, &["--calls", "10M"]);
    assert_eq!(estimated["calls"], 10_000_000);
    assert_eq!(estimated["gateways"], json!([{ "front": "http-api:a1b2c3", "dollars_per_million": 1.0 }]));
    for estimate in estimated["configured"].as_array().unwrap() {
        let (million, all) =
            (estimate["dollars_per_million"].as_f64().unwrap(), estimate["dollars"].as_f64().unwrap());
        assert!(million > 0.5 && (all - 10.0 * million).abs() < 1e-9, "{estimate}");
    }
    assert_eq!(estimated["modes"].as_array().unwrap().len(), 9);
}

#[test]
fn the_shop_is_estimated_and_nonsense_is_refused() {
    let shop = workspace::root().join("policies");
    let output = cost(&shop, &[]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && said.contains("createOrder") && said.contains("us-east-1"), "{said}");
    for arguments in [["--calls", "-1"], ["--rate", "0"], ["--ms", "NaN"], ["--memory", "x"]] {
        assert_eq!(cost(&shop, &arguments).status.code(), Some(3), "{arguments:?}");
    }
}
