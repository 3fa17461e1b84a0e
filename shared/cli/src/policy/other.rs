use std::path::{Path, PathBuf};

use doorward_core::{Bundle, Rules};

use crate::output::Failure;
use crate::project::{Files, Project};

/// The most files and folders below a folder of policies.
const MOST_ENTRIES: usize = 10_000;

/// What the policies at `path` make of a project: another project, or policies that stand in the place of those that the
/// project at `project` has in force.
pub(crate) fn open(path: &Path, project: &Path) -> Result<Rules, Failure> {
    if path.is_dir() && Bundle::locate(path).is_err() {
        return replace(path, project);
    }
    if path.extension().is_some_and(|extension| extension == "cedar") {
        let failure = Failure::usage(format!("`{}` is one file of policies", path.display()));
        return Err(failure.hint("name the folder that holds the whole set, or another project"));
    }
    Ok(Project::open(path)?.rules)
}

fn replace(folder: &Path, project: &Path) -> Result<Rules, Failure> {
    let folder = folder.canonicalize().map_err(Failure::new)?;
    let mut files = Vec::new();
    for path in policy_files(&folder)? {
        files.push((path.display().to_string(), read(&path)?));
    }
    if files.is_empty() {
        let failure = Failure::usage(format!("no policy is below `{}`", folder.display()));
        return Err(failure.hint("name a folder of `.cedar` files, or another project"));
    }
    let links = folder.join("links.json");
    if links.is_file() {
        files.push(("links.json".to_owned(), read(&links)?));
    }
    let project = Files::read(project)?.change(|bundle| {
        // The project's own candidates stay what they are.
        let candidates = doorward_config::shadow_folder(&bundle.config.1).map(|folder| format!("{folder}/"));
        let in_force = |name: &str| {
            let is_candidate = candidates.as_deref().is_some_and(|folder| name.starts_with(folder));
            name.ends_with(".cedar") && !is_candidate || name == "links.json"
        };
        bundle.files.retain(|name, _| !in_force(name));
        bundle.files.extend(files);
    });
    project.compile().map_err(|faults| project.invalid(faults))
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path)
        .map_err(|error| Failure::new(format!("cannot read `{}`: {error}", path.display())))
}

/// The policies below `folder`, in the order of their names.
fn policy_files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let (mut found, mut seen, mut open) = (Vec::new(), 0, vec![folder.to_path_buf()]);
    while let Some(folder) = open.pop() {
        let failed = |error| Failure::new(format!("cannot read `{}`: {error}", folder.display()));
        for entry in std::fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            seen += 1;
            if seen > MOST_ENTRIES {
                return Err(Failure::new(format!(
                    "more than {MOST_ENTRIES} files are below `{}`",
                    folder.display()
                )));
            }
            let path = entry.path();
            // Links to folders are not followed.
            if entry.file_type().map_err(failed)?.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "cedar") && path.is_file() {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
