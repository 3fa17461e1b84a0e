use std::path::{Path, PathBuf};
use std::process::Command;

use doorward_config::Config;
use doorward_core::{Bundle, BundleError, Rules, Source};
use doorward_model::Fault;

use crate::output::Failure;

/// The texts of a project's files, by the names that faults use, and where these files are, as paths from here.
#[derive(Debug)]
pub(crate) struct Sources {
    /// Nothing where an archive was refused.
    bundle: Option<Box<Bundle>>,
    config: PathBuf,
    /// What all other names are relative to.
    root: PathBuf,
}

impl Sources {
    fn of(source: Source, found: &Path) -> Self {
        let (config, root) = match &source {
            Source::Files(_) => (found.to_path_buf(), Bundle::root(found.parent().unwrap_or(Path::new("")))),
            // As they are laid out in it.
            Source::Archive(_) => (found.join("doorward.toml"), found.join("policies")),
        };
        Self { bundle: Some(Box::new(source.into_bundle())), config, root }
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let Bundle { config: (config, text), files } = self.bundle.as_deref()?;
        if name == config { Some(text) } else { files.get(name).map(String::as_str) }
    }

    /// The path from here, which an editor can open.
    pub(crate) fn path(&self, name: &str) -> String {
        let is_config = self.bundle.as_ref().is_some_and(|bundle| name == bundle.config.0);
        let path = if is_config { self.config.clone() } else { self.root.join(name) };
        path.strip_prefix(".").unwrap_or(&path).display().to_string()
    }
}

/// A project whose files are sound.
pub(crate) struct Project {
    /// Where `doorward.toml` or the archive is, absolute.
    pub(crate) config: PathBuf,
    pub(crate) bundle: Bundle,
    pub(crate) rules: Rules,
}

impl Project {
    /// Reads and checks the project at `path`: a folder, a `doorward.toml`, or an archive, whose word that it was
    /// checked is not taken.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let (source, found) = read(path)?;
        match Rules::compile(source.bundle(), |_| None) {
            Err(faults) => Err(Failure::Invalid { faults, sources: Sources::of(source, &found) }),
            Ok(rules) => {
                let config = found.canonicalize().map_err(Failure::new)?;
                Ok(Self { config, bundle: source.into_bundle(), rules })
            }
        }
    }
}

/// The configuration of the project at `path` alone, whatever is wrong with the rest.
pub(crate) fn configuration(path: &Path) -> Result<Config, Failure> {
    let (source, found) = read(path)?;
    let (name, text) = &source.bundle().config;
    match doorward_config::parse(name, text) {
        Ok(config) => Ok(config),
        Err(faults) => Err(Failure::Invalid { faults, sources: Sources::of(source, &found) }),
    }
}

fn read(path: &Path) -> Result<(Source, PathBuf), Failure> {
    let located = if path.is_file() { Ok(path.to_path_buf()) } else { Bundle::locate(path) };
    let missing = "go to the project's folder, or name it: `doorward check PATH`";
    let found = located.map_err(|error| Failure::new(error).hint(missing))?;
    match Source::open(&found) {
        Ok(source) => Ok((source, found)),
        Err(error @ BundleError::Archive { .. }) => {
            let sources = Sources { bundle: None, config: found.clone(), root: found };
            Err(Failure::Invalid { faults: Fault::new(error.to_string()).into(), sources })
        }
        Err(error) => Err(Failure::new(error)),
    }
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
