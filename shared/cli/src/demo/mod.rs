//! `doorward demo`: the local door on the shop demo, and real calls through it, each explained from what the running
//! system itself says of it.

mod act;
mod connecting;
mod invoking;
mod ledger_table;
mod looking;
mod play;
mod scene;
mod scenes;
mod signing;
mod stage;
mod upstreams;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::building::{Progress, build_functions};
use crate::dev::usual_ports_or_free_ones;
use crate::ending::asked_to_end;
use crate::local_callers;
use crate::local_door::{Given, LocalDoor, Runner};
use crate::local_secrets;
use crate::output::{Exit, Failure, Format, say};
use crate::project::{Project, workspace_root};
use stage::Stage;
use upstreams::Upstreams;

/// Runs the shop demo: starts the local door, makes real calls, and explains every answer.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cargo demo               the tour
  cargo demo --all         every scene
  cargo demo --keep        leave the door running, so that the printed `curl` lines work

Exit codes: 0 every call ended as expected, 1 could not run, 2 a call ended otherwise, 3 faults found")]
pub(crate) struct Arguments {
    /// Play every scene, not only the tour.
    #[arg(long)]
    all: bool,
    /// Leave the door running until Ctrl-C.
    #[arg(long)]
    keep: bool,
}

/// Where the demo's `doorward.toml` has what the mailer is shown.
const MAILER_TOKEN: &str = "MAILER_TOKEN";

/// Who signs with AWS credentials.
const ROLES: [&str; 2] =
    ["arn:aws:iam::123456789012:role/warehouse", "arn:aws:iam::123456789012:role/reports"];

pub(crate) async fn run(arguments: Arguments, format: Format) -> Result<Exit, Failure> {
    let root = workspace_root()?;
    let project = Project::open(&root)?;
    let binaries = build_functions(&root)?;
    let secrets = local_secrets::made(project.rules.config())?;
    let token = secrets.get(MAILER_TOKEN).map(String::as_str).unwrap_or_default();
    let upstreams = Upstreams::start(token).await?;
    let beginning = Instant::now();
    let door = {
        let _progress = Progress::start("starting the door");
        let callers = ROLES.map(local_callers::made).into_iter().collect::<Result<_, _>>()?;
        let given = Given { secrets, callers, places: upstreams.places(), tables: BTreeMap::new() };
        LocalDoor::start(&project, Runner::Binaries(binaries), usual_ports_or_free_ones(), given).await?
    };
    let ready = beginning.elapsed();
    let stage = Stage::set(door, upstreams, &project, &root)?;
    if format == Format::Human {
        introduce(&stage, ready);
    }
    let played = play::play(&stage, arguments.all, format).await?;
    let rows = ledger_table::read(&stage).await?;
    match format {
        Format::Human => {
            say!("What the ledger in DynamoDB keeps of these calls:\n\n{}\n", ledger_table::draw(&rows));
            say!("{}", played.summary(beginning.elapsed()));
        }
        Format::Json => {
            say!("{}", json!({ "ready_ms": ready.as_millis(), "acts": played.acts, "usage": rows }))
        }
    }
    if arguments.keep {
        eprintln!(
            "The door stays open: the `curl` lines above work from {}. Ctrl-C closes it.",
            root.display()
        );
        asked_to_end().await?;
    }
    stage.door.emulator.shutdown().await;
    Ok(if played.all_as_expected() { Exit::Ok } else { Exit::Different })
}

fn introduce(stage: &Stage, ready: Duration) {
    say!("Doorward is open, ready after {} ms:", ready.as_millis());
    say!("  HTTP API       {}   (authorizer, then dispatcher)", stage.http_api);
    say!("  Function URL   {}   (dispatcher alone)", stage.function_url);
    let emulator = &stage.door.emulator;
    for (what, url) in [
        ("REST API", emulator.rest_api_url()),
        ("WebSocket API", emulator.websocket_api_url()),
        ("Load balancer", emulator.alb_url()),
        ("Signed URL", emulator.signed_function_url()),
    ] {
        if let Some(url) = url {
            say!("  {what:<14} {url}");
        }
    }
    say!("  Invoke API     {}   (events come in here)", stage.door.emulator.lambda_url());
    say!("  DynamoDB       {}", stage.door.emulator.dynamodb_url());
    for (function, after) in &stage.door.started {
        say!("  {function:<14} asked for work {} ms after its process started", after.as_millis());
    }
    say!("");
}
