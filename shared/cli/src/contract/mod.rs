//! `doorward contract`: a file per verb.

mod diff;

use clap::Subcommand;

use crate::output::{Exit, Failure, Format};

/// Works with contracts.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Diff(diff::Arguments),
}

pub(crate) fn run(arguments: &Arguments, format: Format) -> Result<Exit, Failure> {
    match &arguments.verb {
        Verb::Diff(arguments) => diff::run(arguments, format),
    }
}
