//! `doorward policy`: a file per verb.

mod schema;

use clap::Subcommand;

use crate::output::{Exit, Failure, Format};

/// Works with the project's policies.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Schema(schema::Arguments),
}

pub(crate) fn run(arguments: &Arguments, format: Format) -> Result<Exit, Failure> {
    match &arguments.verb {
        Verb::Schema(arguments) => schema::run(arguments, format),
    }
}
