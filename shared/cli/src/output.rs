use std::borrow::Cow;
use std::ffi::OsString;
use std::fmt::Display;
use std::io::{IsTerminal, Write as _};

use clap::ValueEnum;
use doorward_model::Faults;
use serde_json::json;

use crate::faults;
use crate::project::Sources;

/// `--format`: how results are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shape {
    /// For people.
    #[default]
    Human,
    /// For programs.
    Json,
    /// `usage report`, `invoice` and `export`: comma-separated values, with a header (RFC 4180).
    Csv,
    /// `usage export`: a JSON object a line.
    Jsonl,
    /// `usage export`: CloudEvents, one a line.
    Cloudevents,
    /// `usage export`: Stripe's meter events, one a line.
    Stripe,
}

impl Shape {
    /// For verbs that write for people and programs alone.
    pub(crate) fn format(self) -> Result<Format, Failure> {
        match self {
            Self::Human => Ok(Format::Human),
            Self::Json => Ok(Format::Json),
            Self::Csv | Self::Jsonl | Self::Cloudevents | Self::Stripe => {
                Err(Failure::usage("this verb writes `--format human` or `json` only"))
            }
        }
    }

    /// For verbs that write CSV, too.
    pub(crate) fn or_csv(self) -> Result<Self, Failure> {
        match self {
            Self::Human | Self::Json | Self::Csv => Ok(self),
            Self::Jsonl | Self::Cloudevents | Self::Stripe => {
                Err(Failure::usage("this verb writes `--format human`, `json` or `csv` only"))
            }
        }
    }
}

/// How most verbs write results.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
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
    let _ = writeln!(std::io::stdout().lock(), "{}", harmless(&line.to_string()));
}

/// Writes a title, bold on a terminal.
pub(crate) fn say_title(text: &str) {
    let _ = match is_terminal() {
        true => writeln!(std::io::stdout().lock(), "\u{1b}[1m{text}\u{1b}[0m"),
        false => writeln!(std::io::stdout().lock(), "{text}"),
    };
}

/// `text` without what a terminal takes for orders: it may hold what callers and other operators wrote.
fn harmless(text: &str) -> Cow<'_, str> {
    let is_order = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t');
    if !text.contains(is_order) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        if is_order(letter) { shown.extend(letter.escape_unicode()) } else { shown.push(letter) }
    }
    Cow::Owned(shown)
}

/// What `clap` says of a command line: help and version are answers, all else is invalid input, and told as any other
/// failure where `arguments` ask for JSON.
pub(crate) fn usage(usage: &clap::Error, arguments: &[OsString]) -> Exit {
    if usage.use_stderr() && asks_for_json(arguments) {
        let failure = in_parts(&usage.render().to_string());
        report(&failure, Format::Json);
        return failure.exit();
    }
    // Nobody is left to tell when standard error is closed.
    let _ = usage.print();
    if usage.use_stderr() { Exit::Invalid } else { Exit::Ok }
}

/// Whether `arguments`, which could not be parsed, hold `--format json` or `--format=json`.
fn asks_for_json(arguments: &[OsString]) -> bool {
    let options = arguments.split(|argument| argument == "--").next().unwrap_or_default();
    options.iter().any(|option| option == "--format=json")
        || options
            .windows(2)
            .any(|two| matches!(two, [option, value] if option == "--format" && value == "json"))
}

/// The failure that `clap` words in paragraphs: what is wrong, tips, and the usage.
fn in_parts(said: &str) -> Failure {
    let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let paragraphs: Vec<String> = said.split("\n\n").map(one_line).collect();
    let part = |start: &str| paragraphs.iter().find_map(|text| text.strip_prefix(start));
    // Where nothing at all is asked for, the help stands in the place of an error.
    let message = part("error: ").unwrap_or("no verb is named").to_owned();
    let usage = || part("Usage: ").map(|usage| format!("usage: {usage}"));
    Failure::Usage { message, hint: part("tip: ").map(str::to_owned).or_else(usage) }
}

/// Whether people are looking, who like colours and progress.
pub(crate) fn is_terminal() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_is_found_in_what_cannot_be_parsed() {
        for (line, json) in [
            ("doorward check --format json", true),
            ("doorward --format=json chek", true),
            ("doorward policy can User --format json", true),
            ("doorward check --format human", false),
            ("doorward check json --format", false),
            ("doorward check -- --format json", false),
            ("doorward", false),
        ] {
            let arguments: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            assert_eq!(asks_for_json(&arguments), json, "{line}");
        }
    }

    #[test]
    fn what_others_wrote_gives_a_terminal_no_orders() {
        assert_eq!(harmless("a\tb\r\nc — ✓"), "a\tb\r\nc — ✓");
        assert_eq!(harmless("\u{1b}[2Jx\u{7}\u{9b}y\u{7f}"), "\\u{1b}[2Jx\\u{7}\\u{9b}y\\u{7f}");
    }

    #[test]
    fn what_clap_says_is_a_message_and_a_next_step() {
        #[track_caller]
        fn check(said: &str, expected: (&str, Option<&str>)) {
            let Failure::Usage { message, hint } = in_parts(said) else { panic!("{said}") };
            assert_eq!((message.as_str(), hint.as_deref()), expected);
        }
        let missing = "error: the following required arguments were not provided:\n  --key <KEY>\n\nUsage: doorward emit s3 --key <KEY>\n\nFor more information, try '--help'.\n";
        let said = "the following required arguments were not provided: --key <KEY>";
        check(missing, (said, Some("usage: doorward emit s3 --key <KEY>")));
        let unknown = "error: unrecognized subcommand 'chek'\n\n  tip: a similar subcommand exists: 'check'\n\nUsage: doorward\n";
        check(unknown, ("unrecognized subcommand 'chek'", Some("a similar subcommand exists: 'check'")));
        check(
            "The front door\n\nUsage: doorward <COMMAND>\n",
            ("no verb is named", Some("usage: doorward <COMMAND>")),
        );
        check("error: odd", ("odd", None));
    }
}
