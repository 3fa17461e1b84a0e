use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};

use doorward_config::Config;
use doorward_emulator::Ports;
use doorward_model::FrontKind;
use serde_json::{Value, json};

use crate::building::{Progress, build_functions};
use crate::ending::asked_to_end;
use crate::endpoint::export_line;
use crate::local_callers;
use crate::local_door::{Given, LocalDoor, Runner, environment, given_places};
use crate::local_secrets;
use crate::local_services::{self, Absent};
use crate::local_sources::pinned;
use crate::local_table_key::{self, TableKey};
use crate::output::{Exit, Failure, Format, say};
use crate::project::{Project, workspace_root};
use crate::token_line::{sample_claims, token_line};

/// Runs the local door: API Gateway, Lambda, DynamoDB and an issuer of tokens, until Ctrl-C.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  doorward dev
  doorward dev --invoke-url http://127.0.0.1:9000    functions run under `cargo lambda watch`
  doorward dev --sign-as arn:aws:iam::123456789012:role/warehouse
  doorward dev --table orders=customer,number:N      the pinned table `orders`, by customer and number

With --invoke-url, start the functions in another terminal with the file that is named then:
  cargo lambda watch --env-file target/doorward/dev.env

Exit codes: 0 closed, 1 could not run, 3 faults found")]
pub(crate) struct Arguments {
    /// The project's folder, or its doorward.toml.
    #[arg(default_value = ".")]
    path: PathBuf,
    /// The first of ten ports: HTTP API, Function URL, Invoke API, DynamoDB, issuer, REST API, WebSocket API, load
    /// balancer, SQS, Kinesis. 0 takes free ones.
    #[arg(long, default_value_t = FIRST_PORT)]
    port: u16,
    /// An Invoke API that runs the functions, in place of processes of this door.
    #[arg(long)]
    invoke_url: Option<String>,
    /// Credentials are made for the user or role with this ARN, to sign requests to routes with `auth = ["iam"]`; may be
    /// given several times.
    #[arg(long, value_name = "ARN")]
    sign_as: Vec<String>,
    /// The key of a table that `fronts` pins and no route loads from: partition key and sort key, texts unless `:N` or
    /// `:B` stands behind them; `id` where nothing is said. May be given for several tables.
    #[arg(long, value_name = "TABLE=KEY[,SORT]", value_parser = local_table_key::read)]
    table: Vec<(String, TableKey)>,
}

const FIRST_PORT: u16 = 3000;

/// The usual ports, so that printed lines can be kept; any others where one of them is taken.
pub(crate) fn usual_ports_or_free_ones() -> Ports {
    let usual = ports_from(FIRST_PORT);
    let Ports {
        http_api,
        function_url,
        lambda,
        dynamodb,
        issuers,
        rest_api,
        websocket_api,
        alb,
        sqs,
        kinesis,
        signed_function_url,
    } = usual;
    let all = [
        http_api,
        function_url,
        lambda,
        dynamodb,
        issuers,
        rest_api,
        websocket_api,
        alb,
        sqs,
        kinesis,
        signed_function_url,
    ];
    let free = all.iter().all(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok());
    if free { usual } else { Ports::default() }
}

fn ports_from(first: u16) -> Ports {
    if first == 0 {
        return Ports::default();
    }
    let port = |nth| first.saturating_add(nth);
    Ports {
        http_api: port(0),
        function_url: port(1),
        lambda: port(2),
        dynamodb: port(3),
        issuers: port(4),
        rest_api: port(5),
        websocket_api: port(6),
        alb: port(7),
        sqs: port(8),
        kinesis: port(9),
        signed_function_url: port(10),
    }
}

pub(crate) async fn run(arguments: Arguments, format: Format) -> Result<Exit, Failure> {
    let project = Project::open(&arguments.path)?;
    let root = workspace_root()?;
    let runner = match &arguments.invoke_url {
        Some(url) => Runner::InvokeUrl(url.trim_end_matches('/').to_owned()),
        None => Runner::Binaries(build_functions(&root)?),
    };
    let callers = arguments.sign_as.iter().map(|arn| local_callers::made(arn)).collect::<Result<_, _>>()?;
    let config = project.rules.config();
    let given = Given {
        secrets: local_secrets::given(config),
        callers,
        places: given_places(config),
        tables: local_table_key::all(arguments.table)?,
    };
    let door = {
        let _progress = Progress::start("starting the door");
        LocalDoor::start(&project, runner, ports_from(arguments.port), given).await?
    };
    let watch = match &arguments.invoke_url {
        Some(url) => Some(write_environment(&door, &project, &root, url)?),
        None => None,
    };
    announce(&door, &project, watch.as_deref(), format)?;
    asked_to_end().await?;
    door.emulator.shutdown().await;
    Ok(Exit::Ok)
}

/// Writes what functions need in their environment when `cargo lambda watch` runs them.
fn write_environment(
    door: &LocalDoor,
    project: &Project,
    root: &Path,
    url: &str,
) -> Result<PathBuf, Failure> {
    let mut variables: BTreeMap<String, String> = environment(&door.emulator, project)?;
    variables.insert("AWS_ENDPOINT_URL_LAMBDA".to_owned(), url.to_owned());
    let local =
        [("AWS_ACCESS_KEY_ID", "local"), ("AWS_SECRET_ACCESS_KEY", "local"), ("AWS_REGION", "us-east-1")];
    variables.extend(local.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let text = variables.iter().fold(String::new(), |mut text, (name, value)| {
        let _ = writeln!(text, "{name}={value}");
        text
    });
    let folder = root.join("target").join("doorward");
    let file = folder.join("dev.env");
    std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&file, text)).map_err(Failure::new)?;
    Ok(file)
}

fn announce(
    door: &LocalDoor,
    project: &Project,
    watch: Option<&Path>,
    format: Format,
) -> Result<(), Failure> {
    match format {
        Format::Json => {
            say!("{}", announcement(door, project.rules.config(), watch)?);
            Ok(())
        }
        Format::Human => announce_to_people(door, project.rules.config(), watch),
    }
}

/// What programs are told.
fn announcement(door: &LocalDoor, config: &Config, watch: Option<&Path>) -> Result<Value, Failure> {
    let emulator = &door.emulator;
    let issuer = config.issuers.first();
    let token_url =
        issuer.map(|issuer| emulator.token_url(&issuer.name)).transpose().map_err(Failure::new)?;
    Ok(json!({
        "rest_api": emulator.rest_api_url(),
        "http_api": emulator.http_api_url(),
        "websocket_api": emulator.websocket_api_url(),
        "function_url": emulator.function_url(),
        "signed_function_url": emulator.signed_function_url(),
        "alb": emulator.alb_url(),
        "lambda": emulator.lambda_url(),
        "dynamodb": emulator.dynamodb_url(),
        "sqs": emulator.sqs_url(),
        "kinesis": emulator.kinesis_url(),
        "token": token_url,
        "token_claims": issuer.map(sample_claims),
        "env_file": watch,
        "callers": door.callers.iter().map(local_callers::described).collect::<Vec<_>>(),
        "absent": local_services::absent(config).iter().map(Absent::described).collect::<Vec<_>>(),
    }))
}

fn announce_to_people(door: &LocalDoor, config: &Config, watch: Option<&Path>) -> Result<(), Failure> {
    let emulator = &door.emulator;
    say!("The door `{}` is open:", config.door.name);
    for (what, url) in [
        ("REST API", emulator.rest_api_url()),
        ("HTTP API", emulator.http_api_url()),
        ("WebSocket API", emulator.websocket_api_url()),
        ("Function URL", emulator.function_url()),
        ("Signed URL", emulator.signed_function_url()),
        ("Load balancer", emulator.alb_url()),
    ] {
        if let Some(url) = url {
            say!("  {what:<14} {url}");
        }
    }
    say!("  Invoke API     {}", emulator.lambda_url());
    say!("  DynamoDB       {}", emulator.dynamodb_url());
    announce_sources(door, config);
    for issuer in &config.issuers {
        let url = emulator.token_url(&issuer.name).map_err(Failure::new)?;
        say!("  a token        {}", token_line(&url, issuer));
    }
    for caller in &door.callers {
        say!("  as {}\n                 curl {}", caller.arn, local_callers::curl_options(caller));
    }
    if let Some(file) = watch {
        say!("  its functions  cargo lambda watch --env-file {}", file.display());
    }
    if let Some(line) = export_line(emulator.dynamodb_url(), emulator.lambda_url()) {
        say!("  other verbs    {line}");
    }
    for (name, _) in local_secrets::named(config) {
        if !door.secrets.contains_key(name) {
            say!("  a secret       {name} is not set, so webhooks that it signs are answered 503");
        }
    }
    for absent in local_services::absent(config) {
        say!("  not here       {}", absent.line());
    }
    say!("Ctrl-C closes it.");
    Ok(())
}

/// What events come from, and what targets put them into.
fn announce_sources(door: &LocalDoor, config: &Config) {
    let emulator = &door.emulator;
    for name in &door.queues {
        say!("  a queue        {}", emulator.queue_url(name).unwrap_or_default());
    }
    for name in pinned(config, FrontKind::Stream) {
        say!("  a stream       {name} at {}", emulator.kinesis_url().unwrap_or_default());
    }
    for name in pinned(config, FrontKind::Table) {
        let key = door.tables.get(name).map(|key| format!(", key {key}")).unwrap_or_default();
        say!("  a table        {name}{key}");
    }
}
