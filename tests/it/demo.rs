//! The first of the two commands, as the README gives it.

use std::process::Command;

use doorward_tests::{binaries, workspace};
use serde_json::Value;

#[test]
fn every_scene_ends_as_expected() {
    let demo = Command::new(binaries::path("doorward"))
        .args(["demo", "--all", "--format", "json"])
        .current_dir(workspace::root())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&demo.stderr);
    let told: Value = serde_json::from_slice(&demo.stdout).unwrap_or_else(|error| panic!("{error}\n{said}"));
    let acts = told["acts"].as_array().unwrap();
    let unexpected: Vec<&Value> =
        acts.iter().filter(|act| act["unexpected"] != Value::Array(vec![])).collect();
    assert!(unexpected.is_empty(), "{unexpected:#?}\n{said}");
    assert!(acts.len() >= 30, "{} acts", acts.len());
    assert!(demo.status.success(), "{said}");
    for act in acts {
        assert!(!act["why"].as_array().unwrap().is_empty(), "not explained: {act:#}");
    }
    assert!(!told["usage"].as_array().unwrap().is_empty());
}
