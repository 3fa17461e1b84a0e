//! Where this workspace and what it has built lie.

use std::path::{Path, PathBuf};

use cargo_metadata::MetadataCommand;

use crate::ToolError;

/// The folder of the workspace's `Cargo.toml`.
pub fn root() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}

/// Cargo's target folder, from `CARGO_TARGET_DIR` or the configuration, as cargo itself resolves it.
pub fn target_dir() -> Result<PathBuf, ToolError> {
    let metadata = MetadataCommand::new().current_dir(root()).no_deps().exec()?;
    Ok(metadata.target_directory.into_std_path_buf())
}
