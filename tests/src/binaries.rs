//! The workspace's own binaries, as cargo builds them for whoever runs them.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use crate::workspace;

/// The binary `name`, built if need be. The whole workspace is built, so that no dependency is compiled with other
/// features than the tests' own.
///
/// # Panics
/// When cargo cannot build.
#[must_use]
pub fn path(name: &str) -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER
        .get_or_init(|| {
            let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
            let building = Command::new(cargo)
                .args(["build", "--quiet", "--bins"])
                .current_dir(workspace::root())
                .status();
            assert!(building.is_ok_and(|status| status.success()), "the binaries cannot be built");
            workspace::target_dir().expect("cargo says where it builds").join("debug")
        })
        .join(name)
}
