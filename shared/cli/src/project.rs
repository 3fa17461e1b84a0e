use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use doorward_config::Config;
use doorward_core::{Bundle, BundleError, PolicyTestFiles, Rules, Source};
use doorward_model::{Fault, Faults};

use crate::output::Failure;

/// The texts of a project's files, by the names that faults use, and where these files are, as paths from here.
#[derive(Debug)]
pub(crate) struct Sources {
    /// Nothing where an archive was refused.
    bundle: Option<Arc<Bundle>>,
    /// What lies beside the policies and is no part of the bundle, where it was read.
    pub(crate) beside: PolicyTestFiles,
    /// Files from elsewhere, by the paths that the user gave.
    pub(crate) given: Vec<(String, String)>,
    config: PathBuf,
    /// What all other names are relative to.
    root: PathBuf,
}

impl Sources {
    fn new(bundle: Option<Arc<Bundle>>, config: PathBuf, root: PathBuf) -> Self {
        Self { bundle, beside: PolicyTestFiles::default(), given: Vec::new(), config, root }
    }

    /// Of files that are no part of a project.
    pub(crate) fn of_files(given: Vec<(String, String)>) -> Self {
        Self { given, ..Self::new(None, PathBuf::new(), PathBuf::new()) }
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let bundle = self.bundle.as_deref();
        let own = bundle.map(|bundle| &bundle.config).into_iter().chain(&self.given);
        let own = own.into_iter().find(|(own, _)| own == name).map(|(_, text)| text);
        let read =
            || bundle.and_then(|bundle| bundle.files.get(name)).or_else(|| self.beside.files.get(name));
        own.or_else(read).map(String::as_str)
    }

    /// The path from here, which an editor can open.
    pub(crate) fn path(&self, name: &str) -> String {
        if self.given.iter().any(|(given, _)| given == name) {
            return name.to_owned();
        }
        let is_config = self.bundle.as_ref().is_some_and(|bundle| name == bundle.config.0);
        let path = if is_config { self.config.clone() } else { self.root.join(name) };
        let here = std::env::current_dir().unwrap_or_default();
        let path = path.strip_prefix(&here).unwrap_or(&path);
        path.strip_prefix(".").unwrap_or(path).display().to_string()
    }
}

/// A project whose files are sound.
pub(crate) struct Project {
    /// Where `doorward.toml` or the archive is, absolute.
    pub(crate) config: PathBuf,
    pub(crate) bundle: Arc<Bundle>,
    pub(crate) rules: Rules,
    pub(crate) sources: Sources,
}

impl Project {
    /// Reads and checks the project at `path`: a folder, a `doorward.toml`, or an archive, whose word that it was
    /// checked is not taken.
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

    /// Reads what lies beside the policies and is no part of the bundle.
    pub(crate) fn read_beside(&mut self) -> Result<(), Failure> {
        self.sources.beside = beside(&self.config)?;
        Ok(())
    }
}

/// A project's files, before anything is known of them.
pub(crate) struct Files {
    /// Where `doorward.toml` or the archive is, absolute.
    config: PathBuf,
    bundle: Arc<Bundle>,
    pub(crate) sources: Sources,
    /// The digest that is to be found again: that of an archive which this version of the door packed.
    stated: Option<String>,
}

impl Files {
    /// Reads the project at `path`.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let (source, found) = read(path)?;
        let config = found.canonicalize().map_err(Failure::new)?;
        let (place, root) = match &source {
            Source::Files(_) => (found.clone(), Bundle::root(found.parent().unwrap_or(Path::new("")))),
            // As they are laid out in it.
            Source::Archive(_) => (found.join("doorward.toml"), found.join("policies")),
        };
        let stated = match &source {
            Source::Archive(archive) if archive.is_of_this_version() => Some(archive.digest().to_owned()),
            Source::Archive(_) | Source::Files(_) => None,
        };
        let bundle = Arc::new(source.into_bundle());
        Ok(Self { config, sources: Sources::new(Some(Arc::clone(&bundle)), place, root), bundle, stated })
    }

    /// Reads what lies beside the policies and is no part of the bundle.
    pub(crate) fn read_beside(&mut self) -> Result<(), Failure> {
        self.sources.beside = beside(&self.config)?;
        Ok(())
    }

    /// The same with a changed bundle; files from elsewhere have absolute paths for names.
    pub(crate) fn change(mut self, change: impl FnOnce(&mut Bundle)) -> Self {
        change(Arc::make_mut(&mut self.bundle));
        self.sources.bundle = Some(Arc::clone(&self.bundle));
        self.stated = None;
        self
    }

    /// Checks them. A door takes the word of an archive that its own version packed, so one with a false word is at
    /// fault, whatever is in it.
    pub(crate) fn compile(&self) -> Result<Rules, Faults> {
        let rules = Rules::compile(&self.bundle, |_| None)?;
        match &self.stated {
            Some(stated) if *stated != rules.digest() => Err(Fault::new(format!(
                "the archive states the digest `{stated}`, and what it holds is found to have `{}`",
                rules.digest()
            ))
            .hint("its schema or its depth is not what this version of the door finds: pack it anew from its files")
            .into()),
            _ => Ok(rules),
        }
    }

    pub(crate) fn with(self, rules: Rules) -> Project {
        Project { config: self.config, bundle: self.bundle, rules, sources: self.sources }
    }

    pub(crate) fn invalid(self, faults: Faults) -> Failure {
        Failure::Invalid { faults, sources: Box::new(self.sources) }
    }
}

/// An archive holds nothing but what governs.
fn beside(config: &Path) -> Result<PolicyTestFiles, Failure> {
    if config.extension().is_some_and(|ending| ending == "toml") {
        return PolicyTestFiles::read(config).map_err(Failure::new);
    }
    Ok(PolicyTestFiles::default())
}

/// The configuration of the project at `path` alone, whatever is wrong with the rest.
pub(crate) fn configuration(path: &Path) -> Result<Config, Failure> {
    let files = Files::read(path)?;
    let (name, text) = &files.bundle.config;
    match doorward_config::parse(name, text) {
        Ok(config) => Ok(config),
        Err(faults) => Err(files.invalid(faults)),
    }
}

/// Where the configuration or the archive is that `path` names, or that is in the folder which it names.
fn locate(path: &Path) -> Result<PathBuf, Failure> {
    let next = "go to the project's folder, or name it: `doorward check PATH`";
    if path.is_dir() {
        return Bundle::locate(path).map_err(|error| Failure::new(error).hint(next));
    }
    let shown = path.display();
    if !path.is_file() {
        return Err(Failure::new(format!("there is no `{shown}`")).hint(next));
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if [".toml", ".tar.gz", ".tgz"].iter().any(|ending| name.ends_with(ending)) {
        return Ok(path.to_path_buf());
    }
    Err(Failure::new(format!("`{shown}` is not a doorward.toml or a bundle")).hint(next))
}

/// The files of the project at `path`, unchecked, and where its configuration or its archive is.
pub(crate) const ANEW: &str = "build it anew from its files: `doorward bundle build PATH`";

fn read(path: &Path) -> Result<(Source, PathBuf), Failure> {
    let found = locate(path)?;
    match Source::open(&found) {
        Ok(source) => Ok((source, found)),
        Err(error @ BundleError::Archive { .. }) => {
            let sources = Box::new(Sources::new(None, found.clone(), found));
            Err(Failure::Invalid { faults: Fault::new(error.to_string()).hint(ANEW).into(), sources })
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
