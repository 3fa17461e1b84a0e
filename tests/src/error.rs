use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output};

/// An outside tool could not be installed, started or used.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// The file or folder at `path` could not be read, written or locked.
    #[error("cannot use `{}`: {source}", path.display())]
    File {
        /// What was to be used.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The program is missing or may not be executed.
    #[error("cannot run `{program}`: {source}")]
    Start {
        /// The program alone, without its arguments.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// The program ran and said no.
    #[error("`{command}` failed with {status}:\n{output}")]
    Failed {
        /// Program and arguments.
        command: String,
        /// How it ended.
        status: ExitStatus,
        /// Standard output, then standard error.
        output: String,
    },
    /// A server ended, or did not listen in time.
    #[error("`{program}` did not come up at {address}, see `{}`", log.display())]
    NotUp {
        /// The program alone, without its arguments.
        program: String,
        /// Where it should have listened.
        address: String,
        /// What it printed.
        log: PathBuf,
    },
    /// A value that cargo-lambda's environment files cannot hold.
    #[error("the value of `{name}` has a quote or a line break, which an environment file cannot hold")]
    EnvironmentValue {
        /// The variable's name.
        name: String,
    },
    /// `cargo metadata` does not know this workspace.
    #[error("cannot read the workspace: {0}")]
    Workspace(#[from] cargo_metadata::Error),
}

impl ToolError {
    /// For `map_err` after an operation on `path`.
    pub(crate) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::File { path: path.to_owned(), source }
    }
}

/// Runs `command` to its end and returns what it printed on standard output.
pub(crate) fn run(command: &mut Command) -> Result<String, ToolError> {
    let Output { status, stdout, stderr } =
        command.output().map_err(|source| cannot_start(command, source))?;
    let stdout = String::from_utf8_lossy(&stdout).into_owned();
    if status.success() {
        return Ok(stdout);
    }
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let command = words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
    Err(ToolError::Failed { command, status, output: stdout + &String::from_utf8_lossy(&stderr) })
}

pub(crate) fn cannot_start(command: &Command, source: io::Error) -> ToolError {
    ToolError::Start { program: command.get_program().to_string_lossy().into_owned(), source }
}
