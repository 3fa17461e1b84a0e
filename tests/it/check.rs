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
