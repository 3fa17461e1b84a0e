//! The arrows between the crates, as `shared/ARCHITECTURE.md` draws them.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, MetadataCommand, Package};

/// What of ours each crate depends on, exactly.
const ARROWS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("config", &["model"]),
    ("policy", &["model"]),
    ("contract", &["model"]),
    ("events", &["model"]),
    ("core", &["config", "contract", "model", "policy"]),
    ("aws", &["config", "core", "events", "model"]),
    ("emulator", &[]),
    ("testkit", &["config", "core", "model"]),
    ("cli", &["aws", "config", "contract", "core", "emulator", "events", "model", "policy"]),
    ("tests", &[]),
    ("authorizer", &["aws", "config", "core", "events", "model"]),
    ("dispatcher", &["aws", "core", "events", "model"]),
    ("rollup", &["aws", "events"]),
    // Targets are the user's: they know nothing of the door.
    ("orders", &[]),
    ("receipts", &[]),
    ("updates", &[]),
    ("worker", &[]),
];

/// What of ours tests may bring in beside; all other crates' tests stand on the crate alone.
const IN_TESTS: &[(&str, &[&str])] = &[
    ("aws", &["testkit"]),
    ("core", &["testkit"]),
    ("tests", &["aws", "config", "core", "emulator", "events", "model", "testkit"]),
];

/// Names that only one of our crates may depend on.
const CONFINED: &[(&str, &[&str])] = &[
    ("cedar-policy", &["policy"]),
    ("cedar-policy-core", &["policy"]),
    ("aws-sdk-dynamodb", &["aws"]),
    ("aws-sdk-lambda", &["aws"]),
    ("aws-smithy-http-client", &["aws"]),
    ("aws-credential-types", &["aws"]),
    ("dynoxide-rs", &["emulator"]),
    ("jsonschema", &["contract"]),
    ("lambda_runtime", &["authorizer", "dispatcher", "receipts", "rollup", "worker"]),
    ("lambda_http", &["orders", "updates"]),
];

fn packages() -> BTreeMap<String, Package> {
    let metadata = MetadataCommand::new().exec().unwrap();
    let ours = metadata.workspace_packages().into_iter().cloned();
    ours.map(|package| (package.name.trim_start_matches("doorward-").to_owned(), package)).collect()
}

fn depends_on(package: &Package, kind: DependencyKind) -> BTreeSet<&str> {
    let of_kind = package.dependencies.iter().filter(|dependency| dependency.kind == kind);
    of_kind.map(|dependency| dependency.name.as_str()).collect()
}

fn ours(package: &Package, kind: DependencyKind) -> BTreeSet<&str> {
    depends_on(package, kind).into_iter().filter_map(|name| name.strip_prefix("doorward-")).collect()
}

#[test]
fn the_arrows_are_as_drawn() {
    let packages = packages();
    let drawn: BTreeSet<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        packages.keys().map(String::as_str).collect::<BTreeSet<_>>(),
        drawn,
        "every crate has its arrows"
    );
    for (name, arrows) in ARROWS {
        let expected: BTreeSet<&str> = arrows.iter().copied().collect();
        assert_eq!(ours(&packages[*name], DependencyKind::Normal), expected, "`{name}`");
        let in_tests =
            IN_TESTS.iter().find(|(crate_name, _)| crate_name == name).map_or(&[][..], |(_, arrows)| arrows);
        let expected: BTreeSet<&str> = in_tests.iter().copied().collect();
        assert_eq!(ours(&packages[*name], DependencyKind::Development), expected, "the tests of `{name}`");
    }
}

#[test]
fn foreign_types_stop_at_one_crate() {
    for (name, package) in packages() {
        for (foreign, allowed) in CONFINED {
            let known = depends_on(&package, DependencyKind::Normal).contains(foreign);
            assert!(!known || allowed.contains(&name.as_str()), "`{name}` may not know `{foreign}`");
        }
    }
}
