use std::path::{Path, PathBuf};

use doorward_core::Archive;
use serde_json::json;

use crate::output::{Exit, Failure, Format, say};
use crate::policy::suite::Suite;
use crate::project::Project;

/// Checks a project, runs its policy tests, and packs what governs it into one file: the same files make the same bytes.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  doorward bundle build\n  doorward bundle build shop --output shop.tar.gz\n\nExit codes: 0 written, 1 could not run, 3 invalid input, or a policy test fails, and nothing written"
)]
pub(crate) struct Arguments {
    /// The project's folder, or its doorward.toml.
    #[arg(default_value = ".")]
    path: PathBuf,
    /// The file to write.
    #[arg(long, value_name = "FILE", default_value = Archive::FILE_NAME)]
    output: PathBuf,
}

pub(crate) fn run(arguments: &Arguments, format: Format) -> Result<Exit, Failure> {
    let Project { bundle, rules, .. } = Suite::open(&arguments.path)?.run()?.passed()?.project;
    let archive = Archive::pack(&bundle, &rules).map_err(Failure::new)?;
    let (file, files) = (&arguments.output, bundle.files.len() + 1);
    write(file, &archive)?;
    match format {
        Format::Json => say!(
            "{}",
            json!({ "file": file, "bundle": rules.digest(), "files": files, "bytes": archive.len() })
        ),
        Format::Human => say!(
            "wrote `{}`: the bundle {} of {files} files in {} bytes",
            file.display(),
            rules.short_digest(),
            archive.len()
        ),
    }
    Ok(Exit::Ok)
}

/// The file is there whole or not at all.
fn write(file: &Path, archive: &[u8]) -> Result<(), Failure> {
    let mut beside = file.as_os_str().to_owned();
    beside.push(format!(".{}.part", std::process::id()));
    let written = std::fs::write(&beside, archive).and_then(|()| std::fs::rename(&beside, file));
    written.map_err(|error| {
        let _ = std::fs::remove_file(&beside);
        Failure::new(format!("cannot write `{}`: {error}", file.display()))
    })
}
