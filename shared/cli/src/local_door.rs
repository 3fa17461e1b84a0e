use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use doorward_aws::{AwsClients, LedgerReader};
use doorward_config::{Config, Target, TargetKind, jwks_url_variable, target_variable};
use doorward_emulator::{
    Emulator, EmulatorError, FunctionSpec, Functions, IamIdentity, Options, Ports, StreamMapping,
};
use doorward_model::FrontKind;

use crate::local_fronts::{self, LocalFronts};
use crate::local_issuers;
use crate::local_secrets::Secrets;
use crate::local_services::{self, NOWHERE};
use crate::local_sources::{self, LocalSources};
use crate::local_table_key::TableKeys;
use crate::local_tables;
use crate::output::Failure;
use crate::project::Project;

/// Functions that are the door itself; all others are targets.
pub(crate) const AUTHORIZER: &str = "authorizer";
pub(crate) const DISPATCHER: &str = "dispatcher";
const ROLLUP: &str = "rollup";

/// API Gateway's own bound for an integration.
const FUNCTION_TIMEOUT: Duration = Duration::from_secs(30);
const MAX_SANDBOXES: usize = 8;

/// Where functions run.
pub(crate) enum Runner {
    /// As processes of these binaries.
    Binaries(BTreeMap<String, PathBuf>),
    /// Behind another Invoke API: that of `cargo lambda watch`.
    InvokeUrl(String),
}

/// A project's door on this machine.
pub(crate) struct LocalDoor {
    pub(crate) emulator: Emulator,
    pub(crate) ledger: LedgerReader,
    pub(crate) clients: AwsClients,
    pub(crate) table: String,
    /// What the dispatcher has in its environment of webhooks' secrets.
    pub(crate) secrets: Secrets,
    /// Who may sign requests with AWS credentials.
    pub(crate) callers: Vec<IamIdentity>,
    /// The queues that are pinned, or that the door sends to.
    pub(crate) queues: BTreeSet<String>,
    /// The user's own tables.
    pub(crate) tables: TableKeys,
    /// From the start of a process to its first request for work, by function.
    pub(crate) started: Vec<(String, Duration)>,
}

/// What a local door is given beside the project.
pub(crate) struct Given {
    /// For the dispatcher's environment.
    pub(crate) secrets: Secrets,
    /// Who may sign requests with AWS credentials.
    pub(crate) callers: Vec<IamIdentity>,
    /// Where targets are instead of where the configuration says: addresses by the names of variables.
    pub(crate) places: BTreeMap<String, String>,
    /// The keys of pinned tables, where the project does not say them.
    pub(crate) tables: TableKeys,
}

/// The places of targets that this very program has in its environment.
pub(crate) fn given_places(config: &Config) -> BTreeMap<String, String> {
    let variables = config.targets.iter().map(|target| target_variable(&target.name));
    variables.filter_map(|name| Some((name.clone(), std::env::var(name).ok()?))).collect()
}

impl LocalDoor {
    pub(crate) async fn start(
        project: &Project,
        runner: Runner,
        ports: Ports,
        Given { secrets, callers, places, tables }: Given,
    ) -> Result<Self, Failure> {
        let config = project.rules.config();
        let tables = local_tables::keys(config, tables)?;
        let LocalFronts { rest_api, http_api, websocket_api, function_url, signed_function_url, alb } =
            local_fronts::of(config);
        let sent_to = local_services::queues(config, &places);
        let known = local_sources::pinned(config, FrontKind::Queue).map(str::to_owned);
        let known = known.chain(sent_to.iter().cloned()).collect();
        let LocalSources { queues, queue_mappings, kinesis_streams, stream_mappings } =
            local_sources::of(config, sent_to);
        let options = Options {
            region: REGION.to_owned(),
            account: ACCOUNT.to_owned(),
            tables: local_tables::definitions(config, &tables).map_err(Failure::new)?,
            table_prefix: config.door.table.clone(),
            functions: functions(
                config,
                &project.config,
                runner,
                !queues.is_empty(),
                secrets.iter().chain(&places),
            )?,
            event_sources: [ledger_stream(config)].into_iter().chain(stream_mappings).collect(),
            queues,
            queue_mappings,
            kinesis_streams,
            rest_api,
            http_api,
            websocket_api,
            function_url,
            signed_function_url,
            alb,
            identities: callers.clone(),
            issuers: local_issuers::of(config),
            ports,
        };
        let emulator = Emulator::start(options).await.map_err(not_started)?;
        let started = emulator.prewarm(&[DISPATCHER, AUTHORIZER]).await.map_err(Failure::new)?;
        let clients = local_clients(&emulator)?;
        let ledger = LedgerReader::new(&clients, &config.door.table);
        let table = config.door.table.clone();
        Ok(Self { emulator, ledger, clients, table, secrets, callers, queues: known, tables, started })
    }
}

/// Other ports help where one is taken, and nowhere else.
fn not_started(error: EmulatorError) -> Failure {
    let failure = Failure::new(&error);
    match error {
        EmulatorError::Listen { .. } => {
            failure.hint("`doorward dev --port 0` takes free ports, `--port N` ten from N on")
        }
        _ => failure,
    }
}

/// The region that a local door is in.
pub(crate) const REGION: &str = "us-east-1";
/// The account that a local door is in.
pub(crate) const ACCOUNT: &str = "123456789012";

/// What functions of a local door need in their environment when somebody else runs them.
pub(crate) fn environment(
    emulator: &Emulator,
    project: &Project,
) -> Result<BTreeMap<String, String>, Failure> {
    let mut variables = BTreeMap::from([
        ("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), emulator.dynamodb_url().to_owned()),
        ("DOORWARD_CONFIG".to_owned(), project.config.display().to_string()),
    ]);
    variables.extend(local_services::variables(Some(emulator.sqs_url().unwrap_or(NOWHERE))));
    variables.extend(local_sources::stand_ins(project.rules.config()));
    for issuer in &project.rules.config().issuers {
        let name = jwks_url_variable(&issuer.name);
        variables.insert(name, emulator.jwks_url(&issuer.name).map_err(Failure::new)?);
    }
    Ok(variables)
}

fn functions<'g>(
    config: &Config,
    config_path: &Path,
    runner: Runner,
    has_queues: bool,
    given: impl Iterator<Item = (&'g String, &'g String)> + Clone,
) -> Result<Functions, Failure> {
    let binaries = match runner {
        Runner::InvokeUrl(url) => return Ok(Functions::Remote(url)),
        Runner::Binaries(binaries) => binaries,
    };
    let targets = config.targets.iter().flat_map(function_names);
    let mut env = BTreeMap::from([("DOORWARD_CONFIG".to_owned(), config_path.display().to_string())]);
    env.extend(std::env::var("DOORWARD_LOG").ok().map(|level| ("DOORWARD_LOG".to_owned(), level)));
    let names: BTreeSet<&str> = targets.chain([AUTHORIZER, DISPATCHER, ROLLUP]).collect();
    let specs = names.into_iter().map(|name| {
        let binary = binaries.get(name).cloned().ok_or_else(|| {
            Failure::new(format!("there is no binary for the function `{name}`"))
                .hint("a local door runs functions that this workspace builds under the same name")
        })?;
        let mut env = env.clone();
        if name == DISPATCHER {
            env.extend(local_sources::stand_ins(config));
            // The emulator itself says where its queues are.
            env.extend(local_services::variables((!has_queues).then_some(NOWHERE)));
            env.extend(given.clone().map(|(name, value)| (name.clone(), value.clone())));
        }
        Ok(FunctionSpec {
            name: name.to_owned(),
            binary,
            env,
            timeout: FUNCTION_TIMEOUT,
            max_sandboxes: MAX_SANDBOXES,
            working_dir: None,
        })
    });
    specs.collect::<Result<_, _>>().map(Functions::Host)
}

/// What is written to the ledger is summed up. Records come again for as long as they fail: the roll-up itself puts aside
/// what will never be counted.
fn ledger_stream(config: &Config) -> StreamMapping {
    StreamMapping {
        bisect_batch_on_function_error: true,
        report_batch_item_failures: true,
        ..StreamMapping::new(&format!("{}-ledger", config.door.table), ROLLUP)
    }
}

/// The names of a target's functions, which an ARN has in its seventh part, with or without a qualifier behind it.
fn function_names(target: &Target) -> impl Iterator<Item = &str> {
    let endpoints = match target.kind {
        TargetKind::Lambda(_) => target.endpoints.as_slice(),
        _ => &[],
    };
    endpoints.iter().map(|endpoint| {
        let parts: Vec<&str> = endpoint.address.split(':').collect();
        match parts.as_slice() {
            ["arn", _, "lambda", _, _, "function", name, ..] | [name, ..] => *name,
            [] => &endpoint.address,
        }
    })
}

/// Clients of the local stores; their credentials are words that no account knows.
fn local_clients(emulator: &Emulator) -> Result<AwsClients, Failure> {
    AwsClients::from_variables(|name| {
        let value = match name {
            "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => "local",
            "AWS_REGION" => REGION,
            "AWS_ENDPOINT_URL_DYNAMODB" => emulator.dynamodb_url(),
            "AWS_ENDPOINT_URL_LAMBDA" => emulator.lambda_url(),
            _ => return None,
        };
        Some(value.to_owned())
    })
    .map_err(Failure::new)
}
