use std::fmt::Display;
use std::io::{IsTerminal, Write as _};

use clap::ValueEnum;
use doorward_model::Faults;
use serde_json::json;

use crate::faults;
use crate::project::Sources;

/// How results are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Human,
    /// For programs.
    Json,
}

/// What an exit code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything was well.
    Ok,
    /// It could not run.
    CouldNotRun,
    /// Denied, or different from what was expected.
    Different,
    /// The input is invalid.
    Invalid,
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Ok => 0,
            Exit::CouldNotRun => 1,
            Exit::Different => 2,
            Exit::Invalid => 3,
        })
    }
}

/// Why a verb ended without a result.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It could not run; and the next step, where there is one.
    CouldNotRun { message: String, hint: Option<String> },
    /// What was asked for makes no sense; and what would, where that can be told.
    Usage { message: String, hint: Option<String> },
    /// The user's files are wrong.
    Invalid { faults: Faults, sources: Box<Sources> },
}

impl Failure {
    /// A verb that could not run because of `error`.
    pub(crate) fn new(error: impl Display) -> Self {
        Self::CouldNotRun { message: error.to_string(), hint: None }
    }

    /// A verb that was asked for what makes no sense.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), hint: None }
    }

    /// The same, with the next step.
    pub(crate) fn hint(self, next: impl Into<String>) -> Self {
        match self {
            Self::CouldNotRun { message, .. } => Self::CouldNotRun { message, hint: Some(next.into()) },
            Self::Usage { message, .. } => Self::Usage { message, hint: Some(next.into()) },
            invalid @ Self::Invalid { .. } => invalid,
        }
    }

    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::CouldNotRun { .. } => Exit::CouldNotRun,
            Self::Usage { .. } | Self::Invalid { .. } => Exit::Invalid,
        }
    }
}

/// Tells why a verb ended without a result: people on standard error, programs on standard output.
pub(crate) fn report(failure: &Failure, format: Format) {
    match (failure, format) {
        (Failure::CouldNotRun { message, hint } | Failure::Usage { message, hint }, Format::Human) => {
            eprintln!("error: {message}");
            if let Some(hint) = hint {
                eprintln!("hint: {hint}");
            }
        }
        (Failure::CouldNotRun { message, hint } | Failure::Usage { message, hint }, Format::Json) => {
            say!("{}", json!({ "error": message, "hint": hint }));
        }
        (Failure::Invalid { faults, sources }, Format::Human) => faults::render(faults, sources),
        (Failure::Invalid { faults, sources }, Format::Json) => say!("{}", faults::as_json(faults, sources)),
    }
}

/// Writes a line to standard output. That nobody reads on (`doorward demo | head`) is no fault of ours.
macro_rules! say {
    ($($argument:tt)*) => { $crate::output::write_line(format_args!($($argument)*)) };
}
pub(crate) use say;

pub(crate) fn write_line(line: std::fmt::Arguments<'_>) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// What `clap` says of a command line: help and version are answers, all else is invalid input.
pub(crate) fn usage(usage: &clap::Error) -> Exit {
    // Nobody is left to tell when standard error is closed.
    let _ = usage.print();
    if usage.use_stderr() { Exit::Invalid } else { Exit::Ok }
}

/// Whether people are looking, who like colours and progress.
pub(crate) fn is_terminal() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}
