use std::path::{Path, PathBuf};

use serde_json::json;

use crate::output::{Exit, Failure, Format, say};
use crate::project::Project;

/// Writes the Cedar schema that policies are checked against, for editors and Cedar's own tools.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  doorward policy schema\n  doorward policy schema --output policies/doorward.cedarschema\n\nExit codes: 0 written, 1 could not run, 3 invalid input"
)]
pub(crate) struct Arguments {
    /// The project's folder, or its doorward.toml.
    #[arg(default_value = ".")]
    path: PathBuf,
    /// The file to write; standard output by default.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments, format: Format) -> Result<Exit, Failure> {
    let Project { rules, .. } = Project::open(&arguments.path)?;
    let (schema, unstated) = (rules.policies().schema(), rules.policies().unstated());
    if let Some(file) = &arguments.output {
        write(file, schema)?;
    }
    match format {
        Format::Json => {
            say!("{}", json!({ "schema": schema, "unstated": unstated, "file": arguments.output }))
        }
        Format::Human => {
            match &arguments.output {
                Some(file) => say!("wrote `{}`", file.display()),
                None => say!("{}", schema.trim_end()),
            }
            for line in unstated {
                eprintln!("note: policies cannot read {line}");
            }
        }
    }
    Ok(Exit::Ok)
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(file, text)
        .map_err(|error| Failure::new(format!("cannot write `{}`: {error}", file.display())))
}
