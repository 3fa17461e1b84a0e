//! `doorward usage`: a file per verb.

mod archive;
mod archive_folder;
mod calls;
mod csv;
mod export;
mod findings;
mod import;
mod invoice;
mod invoice_forms;
mod prices;
mod rebuild;
mod report;

use clap::Subcommand;

use doorward_model::{EntityName, ParseEntityError};

use crate::output::{Exit, Failure, Shape};

/// What was used: reported, priced, exported, kept beyond the ledger.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Archive(archive::Arguments),
    Export(export::Arguments),
    Invoice(invoice::Arguments),
    Report(report::Arguments),
    Rebuild(rebuild::Arguments),
    Import(import::Arguments),
}

pub(crate) async fn run(arguments: Arguments, shape: Shape) -> Result<Exit, Failure> {
    match arguments.verb {
        Verb::Archive(arguments) => archive::run(&arguments, shape.format()?).await,
        Verb::Export(arguments) => export::run(&arguments, shape).await,
        Verb::Invoice(arguments) => invoice::run(&arguments, shape.or_csv()?).await,
        Verb::Report(arguments) => report::run(&arguments, shape.or_csv()?).await,
        Verb::Rebuild(arguments) => rebuild::run(&arguments, shape.format()?).await,
        Verb::Import(arguments) => import::run(&arguments, shape.format()?).await,
    }
}

/// A caller, as policies write it: `User::"alice"`.
fn caller(text: &str) -> Result<EntityName, ParseEntityError> {
    text.parse()
}
