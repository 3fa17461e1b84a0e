//! `doorward policy`: a file per verb.

mod can;
mod entrance;
mod explain;
mod other;
mod recorded;
mod replay;
mod schema;
mod showing;
pub(crate) mod suite;
mod test;

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
    Can(can::Arguments),
    Explain(explain::Arguments),
    Schema(schema::Arguments),
    Replay(replay::Arguments),
    Test(test::Arguments),
}

pub(crate) async fn run(arguments: Arguments, format: Format) -> Result<Exit, Failure> {
    match arguments.verb {
        Verb::Can(arguments) => can::run(&arguments, format),
        Verb::Explain(arguments) => explain::run(arguments, format).await,
        Verb::Schema(arguments) => schema::run(&arguments, format),
        Verb::Replay(arguments) => replay::run(&arguments, format).await,
        Verb::Test(arguments) => test::run(&arguments, format),
    }
}
