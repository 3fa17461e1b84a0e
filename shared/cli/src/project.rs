use std::path::{Path, PathBuf};
use std::process::Command;

use doorward_core::{Bundle, PolicyTestFiles, Rules};
use doorward_model::Faults;

use crate::output::Failure;

/// The texts of a project's files, by the names that faults use, and where these files are.
#[derive(Debug)]
pub(crate) struct Sources {
    bundle: Bundle,
    /// What lies beside the policies and is no part of the bundle, where it was read.
    pub(crate) beside: PolicyTestFiles,
    /// A file from elsewhere, by the path that the user gave.
    pub(crate) given: Option<(String, String)>,
    /// The configuration, as a path from here.
    config: PathBuf,
}

impl Sources {
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let own = [Some(&self.bundle.config), self.given.as_ref()];
        let own = own.into_iter().flatten().find(|(own, _)| own == name).map(|(_, text)| text);
        let read = || self.bundle.files.get(name).or_else(|| self.beside.files.get(name));
        own.or_else(read).map(String::as_str)
    }

    /// The path from here, which an editor can open.
    pub(crate) fn path(&self, name: &str) -> String {
        if self.given.as_ref().is_some_and(|(given, _)| given == name) {
            return name.to_owned();
        }
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
    pub(crate) sources: Sources,
}

impl Project {
    /// Reads and checks the project at `path`, a folder or a `doorward.toml`.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let files = Files::read(path)?;
        match files.compile() {
            Ok(rules) => Ok(files.with(rules)),
            Err(faults) => Err(files.invalid(faults)),
        }
    }

    /// The failure that `faults` are, which were found in the project's files later.
    pub(crate) fn invalid(self, faults: Faults) -> Failure {
        Failure::Invalid { faults, sources: Box::new(self.sources) }
    }
}

/// A project's files, before anything is known of them.
pub(crate) struct Files {
    /// Where `doorward.toml` is, absolute.
    pub(crate) config: PathBuf,
    pub(crate) sources: Sources,
}

impl Files {
    /// Reads the project at `path`, a folder or a `doorward.toml`.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let found =
            if path.is_file() { path.to_path_buf() } else { Bundle::locate(path).map_err(missing)? };
        let config = found.canonicalize().map_err(Failure::new)?;
        let bundle = Bundle::read(&config).map_err(Failure::new)?;
        let beside = PolicyTestFiles::default();
        Ok(Self { config, sources: Sources { bundle, beside, given: None, config: found } })
    }

    pub(crate) fn compile(&self) -> Result<Rules, Faults> {
        Rules::compile(&self.sources.bundle, |_| None)
    }

    pub(crate) fn with(self, rules: Rules) -> Project {
        Project { config: self.config, rules, sources: self.sources }
    }

    pub(crate) fn invalid(self, faults: Faults) -> Failure {
        Failure::Invalid { faults, sources: Box::new(self.sources) }
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
