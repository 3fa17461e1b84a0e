//! What is deployed: release builds for arm64, zipped with everything that governs.

use std::collections::BTreeSet;
use std::process::Command;

use doorward_tests::cargo_lambda;
use doorward_tests::tools::Tools;
use doorward_tests::workspace;

const DOOR: [&str; 3] = ["authorizer", "dispatcher", "rollup"];
const TARGETS: [&str; 3] = ["orders", "receipts", "worker"];

/// The largest `bootstrap` of the door, in bytes.
const LARGEST: u64 = 15_000_000;

#[test]
#[ignore = "builds release code for another machine, which takes many minutes"]
fn zips_hold_an_arm64_bootstrap_and_everything_under_policies() {
    let tools = Tools::install().unwrap();
    let packages = cargo_lambda::build(&tools, &[DOOR.as_slice(), &TARGETS].concat()).unwrap();
    for name in [DOOR.as_slice(), &TARGETS].concat() {
        let folder = tempfile::tempdir().unwrap();
        let unpacked = Command::new(tools.python())
            .args(["-m", "zipfile", "-e"])
            .arg(packages.join(name).join("bootstrap.zip"))
            .arg(folder.path())
            .status()
            .unwrap();
        assert!(unpacked.success(), "{name}");
        let bootstrap = std::fs::read(folder.path().join("bootstrap")).unwrap();
        // ELF header: magic, and `e_machine` 183 (AArch64) at offset 18.
        assert_eq!((&bootstrap[..4], &bootstrap[18..20]), (&b"\x7fELF"[..], &[183, 0][..]), "{name}");
        if DOOR.contains(&name) {
            assert!((bootstrap.len() as u64) < LARGEST, "{name} has {} bytes", bootstrap.len());
            let governs = |root: &std::path::Path| files(root).into_iter().collect::<BTreeSet<_>>();
            let expected = governs(&workspace::root().join("policies"));
            assert!(expected.len() >= 6);
            assert_eq!(governs(&folder.path().join("policies")), expected, "{name}");
        }
    }
}

/// Every file below `root`, relative to it.
fn files(root: &std::path::Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(root).unwrap().display().to_string());
            }
        }
    }
    found
}
