use std::path::PathBuf;

use clap::Subcommand;
use comfy_table::Table;
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use doorward_aws::{Switchboard, SwitchedOff};
use doorward_config::{Config, suggest};
use doorward_core::limit::caller_scope;
use doorward_model::EntityName;
use jiff::Timestamp;
use serde_json::json;

use super::caller;
use crate::endpoint::Dynamodb;
use crate::output::{Exit, Failure, Format, say};
use crate::project;

/// Kill switches: holds a caller, an action or a target to a rate of zero, everywhere within `[door] refresh`.
#[derive(clap::Args)]
#[command(mut_arg("dynamodb_url", |argument| argument.global(true)))]
#[command(after_help = "\
Examples:
  doorward plans switch off --caller 'User::\"alice\"' --reason 'key leaked'
  doorward plans switch off --action createOrder
  doorward plans switch off --target orders
  doorward plans switch on --action createOrder
  doorward plans switch list

Exit codes: 0 switched or listed, 1 could not run, 2 it was not off, 3 invalid input")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
    /// The project's folder, its doorward.toml, or an archive: its configuration names the table, actions and targets.
    #[arg(long, default_value = ".", global = true)]
    path: PathBuf,
    #[command(flatten)]
    dynamodb: Dynamodb,
}

#[derive(Subcommand)]
enum Verb {
    /// Refuses all calls of a caller, to an action or to a target.
    Off {
        #[command(flatten)]
        what: What,
        /// Why; who lists switches reads it.
        #[arg(long)]
        reason: Option<String>,
    },
    /// Takes that back.
    On {
        #[command(flatten)]
        what: What,
    },
    /// Lists what is off.
    List,
}

#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct What {
    /// A caller, as policies write it.
    #[arg(long, value_parser = caller)]
    caller: Option<EntityName>,
    /// The id of a route or an event.
    #[arg(long)]
    action: Option<String>,
    /// The name of a target.
    #[arg(long)]
    target: Option<String>,
}

impl What {
    /// The switch's key.
    fn key(&self) -> String {
        match (&self.caller, &self.action, &self.target) {
            (Some(caller), _, _) => caller_scope(caller),
            (_, Some(action), _) => format!("action#{action}"),
            (_, _, Some(target)) => format!("target#{target}"),
            // The command line holds one of them.
            (None, None, None) => String::new(),
        }
    }

    /// What is switched off must be there: a name that is written wrong would switch nothing off, and nobody would know.
    fn check(&self, config: &Config) -> Result<(), Failure> {
        let routes = config.routes.iter().map(|route| route.id.as_str());
        let actions: Vec<&str> = routes.chain(config.events.iter().map(|event| event.id.as_str())).collect();
        let targets: Vec<&str> = config.targets.iter().map(|target| target.name.as_str()).collect();
        known("route or event", self.action.as_deref(), &actions)?;
        known("target", self.target.as_deref(), &targets)
    }
}

fn known(kind: &str, name: Option<&str>, names: &[&str]) -> Result<(), Failure> {
    let Some(name) = name.filter(|name| !names.contains(name)) else { return Ok(()) };
    let failure = Failure::usage(format!("no {kind} is named `{name}`"));
    Err(failure
        .hint(suggest(name, names.iter().copied()).unwrap_or_else(|| format!("no {kind} is declared"))))
}

pub(crate) async fn run(arguments: &Arguments, format: Format) -> Result<Exit, Failure> {
    let config = project::configuration(&arguments.path)?;
    let board = Switchboard::new(&arguments.dynamodb.clients()?, &config.door.table);
    let away = |error| arguments.dynamodb.failed(&format!("{}-state", config.door.table), &error);
    match &arguments.verb {
        Verb::Off { what, reason } => {
            what.check(&config)?;
            let off = SwitchedOff { key: what.key(), since: Timestamp::now(), reason: reason.clone() };
            let off = board.off(&off).await.map_err(away)?;
            match format {
                Format::Json => say!("{}", as_json(&off)),
                Format::Human => {
                    let within = config.door.refresh;
                    say!("`{}` is switched off, everywhere within {within:?}", off.key);
                }
            }
            Ok(Exit::Ok)
        }
        Verb::On { what } => {
            let key = what.key();
            let was_off = board.on(&key).await.map_err(away)?;
            match format {
                Format::Json => say!("{}", json!({ "switch": key, "was_off": was_off })),
                Format::Human if was_off => say!("`{key}` is switched on again"),
                Format::Human => say!("`{key}` was not switched off"),
            }
            Ok(if was_off { Exit::Ok } else { Exit::Different })
        }
        Verb::List => {
            list(&board.list().await.map_err(away)?, format);
            Ok(Exit::Ok)
        }
    }
}

fn list(off: &[SwitchedOff], format: Format) {
    match format {
        Format::Json => say!("{}", off.iter().map(as_json).collect::<serde_json::Value>()),
        Format::Human if off.is_empty() => say!("nothing is switched off"),
        Format::Human => {
            let mut table = Table::new();
            table.load_style(UTF8_HORIZONTAL_ONLY).set_header(["switched off", "since", "reason"]);
            for SwitchedOff { key, since, reason } in off {
                table.add_row([key.clone(), format!("{since:.0}"), reason.clone().unwrap_or_default()]);
            }
            say!("{table}");
        }
    }
}

fn as_json(SwitchedOff { key, since, reason }: &SwitchedOff) -> serde_json::Value {
    json!({ "switch": key, "since": since, "reason": reason })
}
