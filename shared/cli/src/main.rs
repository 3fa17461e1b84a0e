//! The `doorward` command: a file per verb.

mod building;
mod bundle;
mod calling;
mod check;
mod clients;
mod completions;
mod contract;
mod cost;
mod demo;
mod dev;
mod emit;
mod ending;
mod endpoint;
mod explanation;
mod faults;
mod import;
mod keys;
mod local_callers;
mod local_door;
mod local_fronts;
mod local_issuers;
mod local_secrets;
mod local_services;
mod local_sources;
mod local_table_key;
mod local_tables;
mod moment;
mod output;
mod plans;
mod policy;
mod project;
mod quarantine;
mod token_line;
mod usage;

use std::ffi::OsString;

use clap::{Parser, Subcommand};

use crate::output::{Format, Shape};

/// The front door for serverless functions.
#[derive(Parser)]
#[command(name = "doorward", version, about = "The front door for serverless functions", after_help = EXAMPLES)]
struct Arguments {
    /// How results are written.
    #[arg(long, global = true, value_enum, default_value_t)]
    format: Shape,
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
  doorward plans assign 'User::\"alice\"' partner
                                         put a caller on a plan
  doorward usage report --by caller,purpose
                                         who called how often, and for what
  doorward usage invoice --period 2026-11
                                         price a month
  doorward cost --calls 10M              estimate what the configuration costs
  doorward import openapi export.json    make a project of an OpenAPI document or API Gateway's export
  doorward contract diff OLD NEW         which changes of a contract break callers?
  doorward dev                           run the local door over this project's functions
  doorward quarantine list               which events were denied, broken or unknown?
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
    Quarantine(quarantine::Arguments),
    Usage(usage::Arguments),
    Cost(cost::Arguments),
    Contract(contract::Arguments),
    Import(import::Arguments),
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
    let Arguments { format: shape, verb } = match Arguments::try_parse_from(&line) {
        Ok(arguments) => arguments,
        Err(usage) => return output::usage(&usage, &line).into(),
    };
    let done = match (verb, shape.format()) {
        (Verb::Usage(arguments), _) => usage::run(arguments, shape).await,
        (_, Err(failure)) => Err(failure),
        (Verb::Check(arguments), Ok(format)) => check::run(&arguments, format),
        (Verb::Bundle(arguments), Ok(format)) => bundle::run(arguments, format).await,
        (Verb::Dev(arguments), Ok(format)) => dev::run(arguments, format).await,
        (Verb::Demo(arguments), Ok(format)) => demo::run(arguments, format).await,
        (Verb::Emit(arguments), Ok(format)) => emit::run(arguments, format).await,
        (Verb::Keys(arguments), Ok(format)) => keys::run(arguments, format).await,
        (Verb::Plans(arguments), Ok(format)) => plans::run(arguments, format).await,
        (Verb::Policy(arguments), Ok(format)) => policy::run(arguments, format).await,
        (Verb::Quarantine(arguments), Ok(format)) => quarantine::run(arguments, format).await,
        (Verb::Cost(arguments), Ok(format)) => cost::run(&arguments, format),
        (Verb::Import(arguments), Ok(format)) => import::run(&arguments, format),
        (Verb::Contract(arguments), Ok(format)) => contract::run(&arguments, format),
        (Verb::Completions(arguments), Ok(_)) => completions::run::<Arguments>(&arguments),
    };
    done.unwrap_or_else(|failure| {
        output::report(&failure, shape.format().unwrap_or_default());
        failure.exit()
    })
    .into()
}
