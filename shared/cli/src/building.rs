use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

use crate::output::{Failure, is_terminal};

/// Builds every binary of the workspace at `root`, showing progress, and returns where each one is.
///
/// The whole workspace is built rather than single packages: cargo resolves features for what it is asked to build,
/// and another selection would compile the AWS SDKs a second time.
pub(crate) fn build_functions(root: &Path) -> Result<BTreeMap<String, PathBuf>, Failure> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut building = Command::new(cargo)
        .current_dir(root)
        .args(["build", "--bins", "--message-format", "json-render-diagnostics"])
        // cargo draws its own bar where people look; elsewhere only its complaints are of use.
        .args((!is_terminal()).then_some("--quiet"))
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| Failure::new(format!("cannot run `cargo`: {error}")))?;
    let mut binaries = BTreeMap::new();
    let messages = building.stdout.take().map(BufReader::new);
    for line in messages.into_iter().flat_map(BufRead::lines).map_while(Result::ok) {
        if let Some((name, path)) =
            serde_json::from_str::<Value>(&line).ok().and_then(|message| binary(&message))
        {
            binaries.insert(name, path);
        }
    }
    let status = building.wait().map_err(Failure::new)?;
    if status.success() { Ok(binaries) } else { Err(Failure::new("the functions could not be built")) }
}

/// Name and place of the binary that cargo's message announces.
fn binary(message: &Value) -> Option<(String, PathBuf)> {
    let path = message.get("executable")?.as_str()?;
    let target = message.get("target")?;
    let is_binary = target.get("kind")?.as_array()?.iter().any(|kind| kind == "bin");
    is_binary.then_some(())?;
    Some((target.get("name")?.as_str()?.to_owned(), PathBuf::from(path)))
}

/// A spinner with a text on a terminal, a plain line elsewhere; gone when it is dropped.
pub(crate) struct Progress(Option<ProgressBar>);

impl Progress {
    pub(crate) fn start(text: &str) -> Self {
        if !is_terminal() {
            eprintln!("{text} …");
            return Self(None);
        }
        let bar = ProgressBar::new_spinner().with_message(text.to_owned());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(80));
        Self(Some(bar))
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
