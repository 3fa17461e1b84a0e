//! The `doorward` command: a file per verb.

mod building;
mod bundle;
mod calling;
mod check;
mod clients;
mod completions;
mod demo;
mod dev;
mod emit;
mod ending;
mod endpoint;
mod explanation;
mod faults;
mod keys;
mod local_callers;
mod local_door;
mod local_fronts;
mod local_secrets;
mod local_tables;
mod moment;
mod output;
mod plans;
mod policy;
mod project;
mod token_line;
mod usage;

use std::ffi::OsString;

use clap::{Parser, Subcommand};

use crate::output::Format;

/// The front door for serverless functions.
#[derive(Parser)]
#[command(name = "doorward", version, about = "The front door for serverless functions", after_help = EXAMPLES)]
struct Arguments {
    /// How results are written.
    #[arg(long, global = true, value_enum, default_value_t)]
    format: Format,
    #[command(subcommand)]
    verb: Verb,
}

const EXAMPLES: &str = "\
Examples:
  doorward check                         look for faults in ./doorward.toml or ./policies/doorward.toml
  doorward policy test                   run the policy tests beside the policies
  doorward policy explain CALL-ID        why was this call decided so?
  doorward policy schema                 write the schema that policies are checked against
  doorward policy replay --policies policies/candidate
                                         decide recorded calls again with other policies
  doorward bundle publish                publish the bundle to running doors
  doorward keys create --owner warehouse make an API key
  doorward usage archive usage-archive   keep the ledger's calls in files
  doorward dev                           run the local door over this project's functions
  doorward emit s3 --bucket receipts --key inbox/a.pdf
  doorward demo                          run the shop demo and explain every answer

Exit codes: 0 ok, 1 could not run, 2 denied or different, 3 invalid input";

#[derive(Subcommand)]
enum Verb {
    Check(check::Arguments),
    Bundle(bundle::Arguments),
    Dev(dev::Arguments),
    Demo(demo::Arguments),
    Emit(emit::Arguments),
    Keys(keys::Arguments),
    Plans(plans::Arguments),
    Policy(policy::Arguments),
    Usage(usage::Arguments),
    Completions(completions::Arguments),
}

fn main() -> std::process::ExitCode {
    doorward_aws::block_on(run).unwrap_or_else(|error| {
        output::report(&output::Failure::new(error), Format::default());
        output::Exit::CouldNotRun.into()
    })
}

async fn run() -> std::process::ExitCode {
    let line: Vec<OsString> = std::env::args_os().collect();
    let Arguments { format, verb } = match Arguments::try_parse_from(&line) {
        Ok(arguments) => arguments,
        Err(usage) => return output::usage(&usage, &line).into(),
    };
    let done = match verb {
        Verb::Check(arguments) => check::run(&arguments, format),
        Verb::Bundle(arguments) => bundle::run(arguments, format).await,
        Verb::Dev(arguments) => dev::run(arguments, format).await,
        Verb::Demo(arguments) => demo::run(arguments, format).await,
        Verb::Emit(arguments) => emit::run(arguments, format).await,
        Verb::Keys(arguments) => keys::run(arguments, format).await,
        Verb::Plans(arguments) => plans::run(arguments, format).await,
        Verb::Policy(arguments) => policy::run(arguments, format).await,
        Verb::Usage(arguments) => usage::run(arguments, format).await,
        Verb::Completions(arguments) => completions::run::<Arguments>(&arguments),
    };
    done.unwrap_or_else(|failure| {
        output::report(&failure, format);
        failure.exit()
    })
    .into()
}
