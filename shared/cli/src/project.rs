use std::path::{Path, PathBuf};
use std::process::Command;

use doorward_core::{Bundle, Rules};

use crate::output::Failure;

/// The texts of a project's files, by the names that faults use, and where these files are.
#[derive(Debug)]
pub(crate) struct Sources {
    bundle: Bundle,
    /// The configuration, as a path from here.
    config: PathBuf,
}

impl Sources {
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let (config, text) = &self.bundle.config;
        if name == config { Some(text) } else { self.bundle.files.get(name).map(String::as_str) }
    }

    /// The path from here, which an editor can open.
    pub(crate) fn path(&self, name: &str) -> String {
        let own = self.config.parent().unwrap_or(Path::new(""));
        let path =
            if name == self.bundle.config.0 { self.config.clone() } else { Bundle::root(own).join(name) };
        path.strip_prefix(".").unwrap_or(&path).display().to_string()
    }
}

/// A project whose files are sound.
pub(crate) struct Project {
    /// Where `doorward.toml` is, absolute.
    pub(crate) config: PathBuf,
    pub(crate) rules: Rules,
}

impl Project {
    /// Reads and checks the project at `path`, a folder or a `doorward.toml`.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let found =
            if path.is_file() { path.to_path_buf() } else { Bundle::locate(path).map_err(missing)? };
        let config = found.canonicalize().map_err(Failure::new)?;
        let bundle = Bundle::read(&config).map_err(Failure::new)?;
        match Rules::compile(&bundle, |_| None) {
            Ok(rules) => Ok(Self { config, rules }),
            Err(faults) => Err(Failure::Invalid { faults, sources: Sources { bundle, config: found } }),
        }
    }
}

fn missing(error: impl std::fmt::Display) -> Failure {
    Failure::new(error).hint("go to the project's folder, or name it: `doorward check PATH`")
}

/// The root of the cargo workspace around the current folder, where functions are built.
pub(crate) fn workspace_root() -> Result<PathBuf, Failure> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let found = Command::new(cargo)
        .args(["locate-project", "--workspace", "--message-format", "plain"])
        .output()
        .map_err(|error| Failure::new(format!("cannot run `cargo`: {error}")))?;
    if !found.status.success() {
        return Err(Failure::new("there is no cargo workspace here")
            .hint("functions are built by cargo: go to their workspace"));
    }
    let manifest = PathBuf::from(String::from_utf8_lossy(&found.stdout).trim());
    manifest.parent().map(Path::to_path_buf).ok_or_else(|| Failure::new("the workspace has no folder"))
}
