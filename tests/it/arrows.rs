//! The arrows between the crates, as `shared/ARCHITECTURE.md` draws them.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, MetadataCommand, Package};

/// What each crate may depend on, dev-dependencies aside; `*` is anything of ours.
const ARROWS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("config", &["model"]),
    ("policy", &["model"]),
    ("contract", &["model"]),
    ("events", &["model"]),
    ("core", &["model", "config", "policy", "contract"]),
    ("aws", &["core", "events", "model", "config"]),
    ("emulator", &["core", "events", "model"]),
    ("testkit", &["core", "config", "model"]),
    ("cli", &["*"]),
    ("tests", &["*"]),
    ("authorizer", &["core", "events", "aws", "model", "config"]),
    ("dispatcher", &["core", "events", "aws", "model", "config"]),
    // Targets are the user's: they know nothing of the door.
    ("orders", &[]),
    ("receipts", &[]),
];

/// Names that only one of our crates may depend on.
const CONFINED: &[(&str, &[&str])] = &[
    ("cedar-policy", &["policy"]),
    ("aws-sdk-dynamodb", &["aws"]),
    ("aws-sdk-lambda", &["aws"]),
    ("jsonschema", &["contract"]),
    ("lambda_runtime", &["authorizer", "dispatcher", "receipts"]),
    ("lambda_http", &["orders"]),
];

fn packages() -> BTreeMap<String, Package> {
    let metadata = MetadataCommand::new().exec().unwrap();
    let ours = metadata.workspace_packages().into_iter().cloned();
    ours.map(|package| (package.name.trim_start_matches("doorward-").to_owned(), package)).collect()
}

fn depends_on(package: &Package) -> BTreeSet<&str> {
    let shipped =
        package.dependencies.iter().filter(|dependency| dependency.kind != DependencyKind::Development);
    shipped.map(|dependency| dependency.name.as_str()).collect()
}

#[test]
fn every_crate_keeps_to_its_arrows() {
    let packages = packages();
    let drawn: BTreeSet<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    assert_eq!(packages.keys().map(String::as_str).collect::<BTreeSet<_>>(), drawn, "a crate without arrows");
    for (name, allowed) in ARROWS {
        for dependency in
            depends_on(&packages[*name]).iter().filter_map(|name| name.strip_prefix("doorward-"))
        {
            assert!(
                allowed.contains(&"*") || allowed.contains(&dependency),
                "`{name}` may not know `{dependency}`"
            );
        }
    }
}

#[test]
fn foreign_types_stop_at_one_crate() {
    for (name, package) in packages() {
        for (foreign, allowed) in CONFINED {
            let known = depends_on(&package).contains(foreign);
            assert!(!known || allowed.contains(&name.as_str()), "`{name}` may not know `{foreign}`");
        }
    }
}
