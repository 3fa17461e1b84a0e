//! `doorward check`, over projects in folders.

use std::path::Path;
use std::process::{Command, Output};

use doorward_tests::{binaries, workspace};
use serde_json::Value;

/// The demo's files, with some of them replaced.
pub(crate) fn project(changes: &[(&str, &dyn Fn(String) -> String)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let policies = workspace::root().join("policies");
    copy(&policies, folder.path());
    for (name, change) in changes {
        let path = folder.path().join(name);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, change(text)).unwrap();
    }
    folder
}

pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The demo's configuration with another refresh interval.
pub(crate) fn refreshed(text: &str, every: &str) -> String {
    let line = |line: &str| match line.starts_with("refresh = ") {
        true => format!("refresh = \"{every}\"\n"),
        false => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

/// Where the misspelt key of these tests stands: `doorward.toml:27:1`.
pub(crate) fn misspelt(folder: &Path) -> String {
    let text = std::fs::read_to_string(folder.join("doorward.toml")).unwrap();
    let line = text.lines().position(|line| line.starts_with("timeuot")).unwrap() + 1;
    format!("doorward.toml:{line}:1")
}

fn check(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(binaries::path("doorward")).arg("check").arg(folder).args(arguments).output().unwrap()
}

#[test]
fn routes_of_which_an_authorizer_can_prove_no_caller_are_named() {
    let run = |arguments: &[&str]| {
        let command = Command::new(binaries::path("doorward"))
            .args(arguments)
            .current_dir(workspace::root())
            .output()
            .unwrap();
        String::from_utf8(command.stdout).unwrap()
    };
    let note = "note: leave `POST /payments/webhook` without the authorizer: it is given no body, which a webhook's \
                signature covers";
    let told = run(&["check"]);
    assert_eq!(
        told.lines().filter(|line| line.contains("without the authorizer")).collect::<Vec<_>>(),
        [note]
    );
    let told: Value = serde_json::from_str(&run(&["check", "--format", "json"])).unwrap();
    assert_eq!(told["without_authorizer"], serde_json::json!(["POST /payments/webhook"]));
}

#[test]
fn a_keyword_of_a_contract_that_nothing_reads_is_noted_and_no_fault() {
    let folder = project(&[("contracts/shop.yaml", &|text| {
        text.replacen("note:", "extra: { type: string, minLenght: 1 }\n        note:", 1)
    })]);
    let output = check(folder.path(), &[]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let notes: Vec<_> = told.lines().filter(|line| line.contains("nothing reads")).collect();
    let [note] = notes.as_slice() else { panic!("{told}") };
    assert!(
        note.starts_with("note: ") && note.ends_with(": nothing reads the keyword `minLenght`"),
        "{told}"
    );
    assert!(note.contains("contracts/shop.yaml:127:"), "{told}");
    assert!(told.contains("hint: did you mean `minLength`?"), "{told}");
}

#[test]
fn events_of_streams_that_hold_their_shard_up_are_named() {
    let clicks = "[[events]]\nid = \"clicked\"\nsource = \"kinesis\"\nmatch = { stream = \"clicks\" }\ntarget = \"worker\"\n";
    for (on_deny, named) in [("fail", vec!["clicked"]), ("quarantine", vec![])] {
        let with_clicks = |text: String| {
            let text = text.replacen("fronts = [", "fronts = [\"stream:clicks\", ", 1);
            format!("{text}\n{clicks}on_deny = \"{on_deny}\"\n")
        };
        let folder = project(&[("doorward.toml", &with_clicks)]);
        let told = check(folder.path(), &["--format", "json"]);
        let told: Value = serde_json::from_slice(&told.stdout).unwrap();
        assert_eq!(told["holding_shards"], serde_json::json!(named), "{told}");
        let told = check(folder.path(), &[]);
        let told = String::from_utf8_lossy(&told.stdout).into_owned();
        assert_eq!(told.contains("set `MaximumRetryAttempts`"), !named.is_empty(), "{told}");
    }
}

#[test]
fn the_demo_has_no_fault() {
    let folder = project(&[]);
    let output = check(folder.path(), &[]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("no fault in the door `shop`"), "{output:?}");
}

#[test]
fn faults_of_all_files_are_reported_at_once_with_their_places() {
    let folder = project(&[
        ("doorward.toml", &|text| {
            text.replace("contracts/shop.yaml#getOrder", "contracts/shop.yaml#readOrder")
        }),
        ("contracts/shop.yaml", &|text| {
            text.replace("#/components/schemas/NewOrder", "#/components/schemas/Nothing")
        }),
        ("receipts.cedar", &|text| text.replace("context.event.size <=", "context.event.weight <=")),
    ]);
    let output = check(folder.path(), &["--format", "json"]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let faults = told["faults"].as_array().unwrap();
    let of = |file: &str| {
        faults
            .iter()
            .filter(|fault| fault["file"].as_str().is_some_and(|name| name.ends_with(file)))
            .collect::<Vec<_>>()
    };
    assert!(of("contracts/shop.yaml").len() >= 2, "{told:#}");
    assert!(!of("receipts.cedar").is_empty(), "{told:#}");
    for fault in faults {
        assert!(fault["line"].as_u64().is_some_and(|line| line > 0), "no place: {fault}");
    }
}

/// Cedar takes what is asked for and nowhere declared for absent, so what is behind such a guard would never forbid.
#[test]
fn a_misspelt_attribute_behind_has_is_a_fault_with_a_hint() {
    let guarded = "forbid (principal, action == Action::\"createOrder\", resource)
when { context.input.total > 500000 || (context.input has ntoe && context.input.ntoe like \"*refund*\") };\n";
    let folder = project(&[("orders.cedar", &|text| format!("{guarded}{text}"))]);
    let output = check(folder.path(), &[]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    let fault = "orders.cedar:2:59: no `ntoe` in `context.input` of `createOrder`";
    assert!(said.contains(fault) && said.contains("did you mean `note`?"), "{said}");
    assert_eq!(said.matches("ntoe").count(), 1, "{said}");
}

#[test]
fn unknown_keys_are_faults_with_a_hint() {
    let folder = project(&[("doorward.toml", &|text| text.replace("timeout = \"2s\"", "timeuot = \"2s\""))]);
    let output = check(folder.path(), &[]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    let place = format!("{}: unknown key `timeuot`", misspelt(folder.path()));
    assert!(said.contains(&place) && said.contains("`timeout`"), "{said}");
}

#[test]
fn a_folder_without_a_project_cannot_be_checked() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(check(folder.path(), &[]).status.code(), Some(1));
}

#[test]
fn a_file_that_is_no_project_is_said_to_be_none() {
    let folder = project(&[]);
    for (name, expected) in [
        ("orders.cedar", "orders.cedar` is not a doorward.toml or a bundle"),
        ("doorward.tml", "there is no `"),
    ] {
        let output = check(&folder.path().join(name), &[]);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(expected), "{output:?}");
    }
}

#[test]
fn a_schema_is_whole_lines_and_what_it_cannot_state_stands_apart() {
    let folder = project(&[
        ("shop.cedarschema", &|text| text.trim_end().to_owned()),
        ("contracts/shop.yaml", &|text| {
            text.replacen(
                "note:",
                "extra: { oneOf: [{ type: string }, { type: integer }] }\n        note:",
                1,
            )
        }),
    ]);
    let output = Command::new(binaries::path("doorward"))
        .args(["policy", "schema"])
        .arg(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(output.stdout.ends_with(b"};\n"), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("note: policies cannot read"), "{output:?}");
    let file = folder.path().join("written");
    let written = Command::new(binaries::path("doorward"))
        .args(["policy", "schema", "--output"])
        .args([&file, folder.path()])
        .output()
        .unwrap();
    assert_eq!(written.status.code(), Some(0), "{written:?}");
    assert_eq!(std::fs::read(file).unwrap(), output.stdout);
}

#[test]
fn another_place_that_a_fault_speaks_of_is_a_path_from_here_too() {
    let folder = project(&[]);
    std::fs::create_dir(folder.path().join("more")).unwrap();
    std::fs::write(folder.path().join("more/types.cedarschema"), "entity Order;\n").unwrap();
    std::fs::write(folder.path().join("more/links.json"), "[]").unwrap();
    let output = check(folder.path(), &["--format", "json"]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let faults = told["faults"].as_array().unwrap();
    let said = |words: &str| {
        let fault = faults.iter().find(|fault| fault["message"].as_str().unwrap().contains(words));
        fault.unwrap_or_else(|| panic!("`{words}`: {told:#}"))
    };
    let first = said("is declared twice");
    assert!(Path::new(first["file"].as_str().unwrap()).exists(), "{first}");
    assert!(Path::new(first["see"]["file"].as_str().unwrap()).exists(), "{first}");
    assert_ne!(first["see"]["file"], first["file"]);
    assert!(said("nothing reads `links.json`")["file"].as_str().unwrap().ends_with("more/links.json"));
}

#[test]
fn what_holds_of_kept_answers_is_told_of_each_route() {
    let folder = project(&[]);
    let output = check(folder.path(), &[]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    for line in [
        "authorizer: answers are kept for 60s by header.authorization, method, path; the dispatcher decides again",
        "  GET /orders/{id}: an answer of its own for each method and path",
        "  POST /payments/webhook: no authorizer, since a webhook's signature covers the body",
        "  PUT /orders/{id}/shipment: no authorizer, since its API checks the signatures itself",
        "what is taken back lets in for at most:",
        "  an API key that is revoked: 2s",
        "  a refusal, after what it was refused for is given: 60s",
    ] {
        assert!(said.lines().any(|said| said == line), "`{line}`: {said}");
    }
    let output = check(folder.path(), &["--format", "json"]);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let authorizer = &told["authorizer"];
    assert_eq!(authorizer["routes"][0], serde_json::json!({ "route": "POST /orders", "answers": "own" }));
    assert_eq!(authorizer["cache_seconds"], 60);
    let alone = |text: String| text.replacen("[authorizer]", "[authorizer]\nalone = true", 1);
    let open = |text: String| text.replace("context.input.total <= 100000 // cents", "true");
    let folder = project(&[
        ("doorward.toml", &alone),
        ("orders.cedar", &open),
        ("orders.test.toml", &|_| String::new()),
    ]);
    let output = check(folder.path(), &[]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = "  POST /payments/webhook: no authorizer, since a webhook's signature covers the body; alone it lets everybody in, \
                unless its API has a dispatcher";
    assert!(said.lines().any(|said| said == line), "{said}");
}

#[test]
fn answers_that_would_be_wrong_are_faults_with_a_place() {
    let folder = project(&[
        ("doorward.toml", &|text| {
            text.replacen(
                "cache = \"60s\"",
                "cache = \"60s\"\nidentity_sources = [\"header.authorization\"]",
                1,
            )
        }),
        ("orders.cedar", &|text| {
            text.replacen(
                "context.input.total <= 100000 // cents",
                "context.now > datetime(\"2026-01-01\")",
                1,
            )
        }),
    ]);
    let output = check(folder.path(), &[]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    for fault in [
        "answers about `createOrder` cannot be reused: its policies read the time (`context.now`)",
        "answers about `getOrder` cannot be shared between routes: its path has parameters",
        "a simple answer that is reused holds for every method and path of an HTTP API",
    ] {
        assert!(said.contains(fault), "`{fault}`: {said}");
    }
}
