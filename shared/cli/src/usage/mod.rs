//! `doorward usage`: a file per verb.

mod archive;
mod archive_folder;
mod rebuild;

use clap::Subcommand;

use crate::output::{Exit, Failure, Format};

/// What was used: kept beyond the ledger, summed up anew.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Archive(archive::Arguments),
    Rebuild(rebuild::Arguments),
}

pub(crate) async fn run(arguments: Arguments, format: Format) -> Result<Exit, Failure> {
    match arguments.verb {
        Verb::Archive(arguments) => archive::run(&arguments, format).await,
        Verb::Rebuild(arguments) => rebuild::run(&arguments, format).await,
    }
}
