//! The files of a project, where they are written.

use std::collections::BTreeMap;
use std::path::Path;

use doorward_core::Bundle;

use crate::output::Failure;

/// Writes all files or none: one that is there already is not written over.
pub(super) fn write(folder: &Path, files: &BTreeMap<String, String>, force: bool) -> Result<(), Failure> {
    let cannot = |path: &Path, error: std::io::Error| {
        Failure::new(format!("cannot write `{}`: {error}", path.display()))
    };
    let root = Bundle::root(folder);
    let place = |name: &String| if name == "doorward.toml" { folder.join(name) } else { root.join(name) };
    let there: Vec<String> = files
        .keys()
        .map(place)
        .filter(|path| path.exists())
        .map(|path| format!("`{}`", path.display()))
        .collect();
    if !there.is_empty() && !force {
        let failure = Failure::new(format!(
            "{} there already",
            match there.as_slice() {
                [one] => format!("{one} is"),
                many => format!("{} are", many.join(", ")),
            }
        ));
        return Err(failure.hint("name another folder by `--out`, or write over it by `--force`"));
    }
    for (name, text) in files {
        let path = place(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(|error| cannot(parent, error))?;
        }
        std::fs::write(&path, text).map_err(|error| cannot(&path, error))?;
    }
    Ok(())
}
