//! `doorward plans`: a file per verb.

mod assign;
mod show;
mod switch;

use clap::Subcommand;
use doorward_config::{Config, suggest};
use doorward_model::{EntityName, ParseEntityError};

use crate::output::{Exit, Failure, Format};

/// Puts callers on plans, shows plans and who is on which, and switches callers, actions and targets off.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Assign(assign::Arguments),
    Show(show::Arguments),
    Switch(switch::Arguments),
}

pub(crate) async fn run(arguments: Arguments, format: Format) -> Result<Exit, Failure> {
    match arguments.verb {
        Verb::Assign(arguments) => assign::run(&arguments, format).await,
        Verb::Show(arguments) => show::run(&arguments, format).await,
        Verb::Switch(arguments) => switch::run(&arguments, format).await,
    }
}

/// A caller, as policies write it: `User::"alice"`.
fn caller(text: &str) -> Result<EntityName, ParseEntityError> {
    text.parse()
}

/// `name`, which must be a plan of the configuration's.
fn declared<'n>(name: &'n str, config: &Config) -> Result<&'n str, Failure> {
    if config.plan(name).is_some() {
        return Ok(name);
    }
    let failure = Failure::usage(format!("no plan is named `{name}`"));
    let next = suggest(name, config.plans.iter().map(|plan| plan.name.as_str()));
    Err(failure.hint(next.unwrap_or_else(|| "no plan is declared".to_owned())))
}
