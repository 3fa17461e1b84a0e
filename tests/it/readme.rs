//! What the README says is what the code says.

use doorward_config::Durability;
use doorward_tests::workspace;

use crate::examples::{blocks, write};
use crate::policy_tests::{doorward, said};

fn readme() -> String {
    std::fs::read_to_string(workspace::root().join("README.md")).unwrap()
}

#[test]
fn the_readme_lists_every_environment_variable() {
    let readme = readme();
    for variable in doorward_config::ENVIRONMENT {
        let default = variable.default.unwrap_or("");
        let row = format!("| `{}` | {} | {default} |", variable.name, variable.description);
        assert!(readme.contains(&row), "the README lacks this row:\n{row}");
    }
}

#[test]
fn the_commands_of_the_readme_exist() {
    let readme = readme();
    let aliases = std::fs::read_to_string(workspace::root().join(".cargo/config.toml")).unwrap();
    for alias in ["demo", "doorward"] {
        assert!(
            readme.contains(&format!("cargo {alias}")) && aliases.contains(&format!("\n{alias} = ")),
            "{alias}"
        );
    }
}

/// The keys that the configuration knows in the section that `text` ends with, as it says of one that it does not know.
fn known_keys(text: &str) -> Vec<String> {
    // Nothing that is known comes near this name, so that all are listed.
    let text = format!("{text}\nqqqqqqqqqqqqqqqqqqqqqqqqqqqq = 1\n");
    let faults = doorward_config::parse("doorward.toml", &text).unwrap_err();
    let unknown = faults.0.iter().find(|fault| fault.message.starts_with("unknown key `qqqq")).unwrap();
    let hint = unknown.hint.as_deref().unwrap();
    hint.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// One target of each kind, which has keys of its own.
const TARGETS: [&str; 6] = [
    "lambda = \"orders\"",
    "http = \"https://orders.example\"",
    "sqs = \"https://sqs.eu-west-1.amazonaws.com/123456789012/orders\"",
    "sns = \"arn:aws:sns:eu-west-1:123456789012:orders\"",
    "eventbridge = \"default\"",
    "stepfunctions = \"arn:aws:states:eu-west-1:123456789012:stateMachine:orders\"",
];

#[test]
fn the_readme_lists_every_key_of_the_configuration() {
    let readme = readme();
    for section in [
        "[door]",
        "[[domains]]",
        "[authorizer]",
        "[api_keys]",
        "[iam]",
        "[certificates]",
        "[[webhooks]]",
        "[[issuers]]",
        "[[targets]]",
        "[cors]",
        "[[routes]]",
        "[[events]]",
        "[[mappings]]",
        "[[plans]]",
        "[[limits]]",
        "[shadow]",
    ] {
        let start = readme.find(&format!("\n`{section}`")).unwrap_or_else(|| panic!("no table of {section}"));
        let table = readme[start..].split("\n|---").nth(1).unwrap().split("\n\n").next().unwrap();
        let cells = table.lines().filter_map(|row| row.strip_prefix("| ")?.split(" |").next());
        let mut listed: Vec<&str> = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
        listed.sort_unstable();
        let mut known = match section {
            "[[targets]]" => {
                TARGETS.iter().flat_map(|kind| known_keys(&format!("{section}\n{kind}"))).collect()
            }
            _ => known_keys(section),
        };
        known.sort();
        known.dedup();
        assert_eq!(listed, known, "{section}");
    }
}

/// What "Who calls" says of each kind of callers.
const CALLERS: &str = r#"
[[tests]]
name = "a customer with a token"
principal = 'User::"alice"'
groups = ["customers"]
request = { method = "GET", path = "/orders" }
decision = "allow"
policies = ["customers"]

[[tests]]
name = "a customer with an API key"
principal = 'Client::"reseller"'
groups = ["customers"]
request = { method = "GET", path = "/orders" }
decision = "allow"
policies = ["customers"]

[[tests]]
name = "a machine"
principal = 'Machine::"backup"'
request = { method = "GET", path = "/orders" }
decision = "allow"
policies = ["the-backup"]

[[tests]]
name = "who helps customers"
principal = 'Employee::"ida"'
claims = { "cognito:groups" = ["support"] }
request = { method = "GET", path = "/orders" }
decision = "allow"
policies = ["support"]

[[tests]]
name = "who works elsewhere"
principal = 'Employee::"ida"'
request = { method = "GET", path = "/orders" }
decision = "deny"

[[tests]]
name = "a role"
principal = 'Role::"arn:aws:iam::123456789012:role/warehouse"'
request = { method = "PUT", path = "/orders/42/shipment" }
decision = "allow"
policies = ["the-warehouse"]

[[tests]]
name = "the same role of another account"
principal = 'Role::"arn:aws:iam::999999999999:role/warehouse"'
request = { method = "PUT", path = "/orders/42/shipment" }
code = "invalid-identity"

[[tests]]
name = "a certificate"
principal = 'Certificate::"CN=stock,O=Tea Traders"'
request = { method = "PUT", path = "/stock" }
decision = "allow"
policies = ["a-supplier"]

[[tests]]
name = "a sender"
principal = 'Sender::"payments"'
request = { method = "POST", path = "/payments/webhook" }
decision = "allow"
policies = ["the-payment-provider"]

[[tests]]
name = "anybody"
request = { method = "GET", path = "/catalog" }
decision = "allow"
policies = ["anybody"]

[[tests]]
name = "nobody"
request = { method = "GET", path = "/orders" }
code = "missing-credentials"
"#;

#[test]
fn the_callers_of_the_readme_are_let_in_as_it_says() {
    let readme = readme();
    let chapter = readme.split("\n## ").find(|chapter| chapter.starts_with("Who calls\n")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for block in blocks(chapter) {
        let Some((_, name)) = block.file() else { continue };
        write(folder.path(), name, block.text);
    }
    std::fs::write(folder.path().join("callers.test.toml"), CALLERS).unwrap();
    for arguments in [&["policy", "test", "--deny-uncovered"][..], &["check"]] {
        let output = doorward(arguments, folder.path());
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    }
}

/// The file of "What is recorded, and what it costs".
#[test]
fn what_the_readme_says_of_recording_is_a_sound_configuration() {
    let readme = readme();
    let (_, chapter) = readme.split_once("\n## What is recorded, and what it costs\n").unwrap();
    let (chapter, _) = chapter.split_once("\n## ").unwrap();
    let block = blocks(chapter).into_iter().find(|block| block.file().is_some()).unwrap();
    let config =
        doorward_config::parse("doorward.toml", block.text).unwrap_or_else(|faults| panic!("{faults}"));
    let durabilities: Vec<_> = config.routes.iter().map(|route| route.durability).collect();
    assert_eq!(durabilities, [Durability::Batched, Durability::Intent]);
}

/// The file of "Limits".
#[test]
fn what_the_readme_says_of_limits_is_a_sound_configuration() {
    use doorward_config::{LimitMode, parse};

    let readme = readme();
    let chapter = readme.split("\n## ").find(|chapter| chapter.starts_with("Limits\n")).unwrap();
    let block = blocks(chapter).into_iter().find(|block| block.file().is_some()).unwrap();
    let config = parse("doorward.toml", block.text).unwrap_or_else(|faults| panic!("{faults}"));
    let modes = config.plans[0].limits.iter().chain(&config.limits).map(|limit| limit.mode);
    let expected = [LimitMode::Hard, LimitMode::Hard, LimitMode::Hard, LimitMode::Leased, LimitMode::Leased];
    assert_eq!(modes.collect::<Vec<_>>(), expected);
}

/// The invoice of "What it costs and who pays", by the plan that stands there.
#[test]
fn the_invoice_of_the_readme_is_what_its_plan_costs() {
    use doorward_core::usage::Group;
    use doorward_core::usage::pricing::{PlanVersion, PlanVersions, state};

    let readme = readme();
    let chapter = readme.split("\n## ").find(|chapter| chapter.starts_with("What it costs")).unwrap();
    let block = blocks(chapter).into_iter().find(|block| block.file().is_some()).unwrap();
    let rest = r#"
        [door]
        name = "d"
        table = "t"
        [[issuers]]
        name = "i"
        issuer = "https://i.example"
        audiences = ["a"]
        algorithms = ["RS256"]
        principal = { type = "User", id = "sub" }
        [[targets]]
        name = "t"
        lambda = "f"
        [[routes]]
        id = "createOrder"
        match = "POST /orders"
        target = "t"
        auth = ["i"]
        contract = "c.yaml#createOrder"
    "#;
    let config = doorward_config::parse("doorward.toml", &format!("{rest}{}", block.text)).unwrap();
    let plan = config.plan("default").unwrap();
    assert!(chapter.contains(&plan.version), "{}", plan.version);
    let group = |action: &str| Group {
        caller: r#"User::"alice""#.to_owned(),
        action: Some(action.to_owned()),
        target: None,
        purpose: None,
        outcome: doorward_model::Outcome::Admitted,
        plan: Some(plan.name.clone()),
        plan_version: Some(plan.version.clone()),
    };
    let mut versions = PlanVersions::default();
    let version = PlanVersion { price: plan.price.clone(), since: None };
    versions.insert(plan.name.clone(), plan.version.clone(), version);
    let used = [(group("listOrders"), 120_001), (group("createOrder"), 300)];
    let invoice = state(used, &versions).unwrap().invoices.remove(0);
    let printed = format!("sum {} EUR, to pay {} EUR", invoice.sum, invoice.total());
    assert!(chapter.contains(&printed), "{printed}");
    for line in &invoice.lines {
        let cells = [line.units.to_string(), line.unit.to_string(), line.amount.to_string()].join(" ");
        let shown = chapter.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
        assert!(shown.into_iter().any(|shown| shown.ends_with(&cells)), "{cells}");
    }
}
