//! `doorward contract diff`: what it says and how it exits.

use std::path::Path;
use std::process::{Command, Output};

use doorward_tests::{binaries, workspace};
use serde_json::Value;

use crate::policy_tests::said;

fn diff(folder: &Path, old: &str, new: &str, more: &[&str]) -> Output {
    std::fs::write(folder.join("old.yaml"), old).unwrap();
    std::fs::write(folder.join("new.yaml"), new).unwrap();
    let mut command = Command::new(binaries::path("doorward"));
    command
        .args(["contract", "diff", "old.yaml", "new.yaml"])
        .args(more)
        .current_dir(folder)
        .output()
        .unwrap()
}

#[track_caller]
fn check(old: &str, new: &str, more: &[&str], code: i32, expected: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let output = diff(folder.path(), old, new, more);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(code), "{said}");
    for words in expected {
        assert!(said.contains(words), "`{words}` is missing:\n{said}");
    }
    said
}

fn shop() -> String {
    std::fs::read_to_string(workspace::root().join("policies/contracts/shop.yaml")).unwrap()
}

#[test]
fn breaks_exit_with_2_and_name_their_places() {
    let shop = shop();
    check(&shop, &shop, &[], 0, &["0 breaking, 0 unknown, 0 compatible"]);
    let other = shop.replace("operationId: getOrder", "operationId: readOrder");
    check(
        &shop,
        &other,
        &[],
        2,
        &["breaking operation-id-changed: GET /orders/{id} readOrder", "old.yaml:24 -> new.yaml:24"],
    );
}

#[test]
fn what_is_never_compared_is_said() {
    let shop = shop();
    check(&shop, &shop, &["--all"], 0, &["not compared: callbacks, webhooks, links"]);
    let said = check(&shop, &shop, &["--format", "json"], 0, &[]);
    let told: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(told["not_compared"][0], "callbacks");
}

#[test]
fn what_cannot_be_compared_counts_unless_somebody_looked() {
    let shop = shop();
    let other = shop.replace("^[0-9]{1,12}$", "^[0-9]{1,11}$");
    assert_ne!(shop, other);
    check(&shop, &other, &[], 2, &["unknown pattern-changed"]);
    check(&shop, &other, &["--allow-unknown"], 0, &["unknown pattern-changed"]);
}

#[test]
fn schemas_are_compared_by_which_way_their_values_travel() {
    let (old, new) =
        ("type: object\nproperties: {a: {type: number}}", "type: object\nproperties: {a: {type: integer}}");
    check(old, new, &[], 2, &["breaking type-removed: /a: can no longer be a `number` that is not whole"]);
    check(old, new, &["--values", "out"], 0, &["0 breaking, 0 unknown, 1 compatible"]);
    let said = check(old, new, &["--format", "json"], 2, &[]);
    let told: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(told["changes"][0]["new"]["pointer"], "/properties/a");
    assert_eq!((&told["breaking"], &told["changes"][0]["code"]), (&1.into(), &"type-removed".into()));
}

#[test]
fn references_to_other_files_are_followed() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("common.json"), r#"{"$defs": {"id": {"type": "string"}}}"#).unwrap();
    let old = "properties: {a: {$ref: 'common.json#/$defs/id'}}";
    let output = diff(folder.path(), old, "properties: {a: {type: string, maxLength: 9}}", &[]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("breaking bound-tightened: /a"), "{}", said(&output));
}

#[test]
fn what_is_not_sound_is_invalid() {
    let shop = shop();
    for other in ["a: [", "type: object\n$ref: '#/nowhere'", "type: string", "swagger: '2.0'"] {
        check(&shop, other, &[], 3, &[]);
    }
}
