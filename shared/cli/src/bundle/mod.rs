//! `doorward bundle`: a file per verb.

mod build;
mod list;
pub(crate) mod publish;

use clap::Subcommand;
use doorward_core::Publication;
use serde_json::{Value, json};

use crate::output::{Exit, Failure, Format};

/// Packs what governs a door, and publishes it to running doors.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Build(build::Arguments),
    Publish(publish::Arguments),
    List(list::Arguments),
}

pub(crate) async fn run(arguments: Arguments, format: Format) -> Result<Exit, Failure> {
    match arguments.verb {
        Verb::Build(arguments) => build::run(&arguments, format),
        Verb::Publish(arguments) => publish::run(&arguments, format).await,
        Verb::List(arguments) => list::run(&arguments, format).await,
    }
}

/// A publication for programs, and what a verb says of it beside.
fn as_json<const N: usize>(publication: &Publication, beside: [(&str, Value); N]) -> Value {
    let Publication { sequence, digest, archive, bytes, at, door } = publication;
    let own = [
        ("sequence", json!(sequence)),
        ("bundle", json!(digest)),
        ("archive", json!(archive)),
        ("bytes", json!(bytes)),
        ("at", json!(at)),
        ("door", json!(door)),
    ];
    own.into_iter().chain(beside).map(|(name, value)| (name.to_owned(), value)).collect()
}
