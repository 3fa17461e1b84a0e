use std::collections::HashMap;
use std::ffi::OsString;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use doorward_config::{Config, Updates};
use doorward_core::{BundleError, Door, LiveDoor, Ports, Rules, Source};
use doorward_model::Faults;
use tracing_subscriber::filter::LevelFilter;

use crate::{AwsClients, DynamoPublications, EnvironmentError, ports};

/// Why a function cannot start. A door that cannot be checked is not opened.
#[derive(thiserror::Error)]
pub enum StartError {
    /// The files cannot be read.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// The files are wrong.
    #[error("{0}")]
    Rules(#[from] Faults),
    /// The environment lacks what a function has.
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
}

impl fmt::Debug for StartError {
    /// As it is displayed: Rust prints what `main` returns in this form.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// How long a sandbox waits for publications and the issuers' keys before its first call.
const PREPARE: Duration = Duration::from_secs(3);

/// Makes the door that a function serves, once, at cold start: reads and compiles the bundle, builds the clients, and
/// has the connection to the store and the issuers' keys ready before the first call. Where `[door] updates` says so, it
/// takes up what was published since.
///
/// The bundle is at `DOORWARD_CONFIG`, else in the function's own package (`LAMBDA_TASK_ROOT`), else here.
///
/// # Errors
/// [`StartError`], which ends the sandbox before it serves anything.
pub async fn open_door() -> Result<LiveDoor, StartError> {
    open(ports).await
}

/// As [`open_door`], for an authorizer: it is given no body, so it holds no webhook against a secret and reads none; and
/// what plans were is kept by the dispatcher.
///
/// # Errors
/// As [`open_door`].
pub async fn open_authorizer() -> Result<LiveDoor, StartError> {
    open(|clients, door| Ports { secrets: None, plans: None, ..ports(clients, door) }).await
}

async fn open(
    ports: impl FnOnce(&AwsClients, &doorward_config::Door) -> Ports,
) -> Result<LiveDoor, StartError> {
    // Read once: a bundle that is taken up later meets the same overrides.
    let overrides = overrides();
    let lookup = move |name: &str| overrides.get(name).cloned();
    let rules = Rules::open(&source(&lookup)?, &lookup)?;
    let own = rules.config().door.clone();
    let clients = AwsClients::from_environment()?;
    let door = Door::new(Arc::new(rules), ports(&clients, &own));
    let live = match own.updates {
        Updates::None => LiveDoor::fixed(door),
        Updates::Table => {
            LiveDoor::following(door, Arc::new(DynamoPublications::new(&clients, &own.table)), lookup)
        }
    };
    // It reads the store, which opens the connection: on a small function the first TLS handshake costs more than all else
    // that is done at start, and during init it costs no caller any time. Keys that are not here by then are fetched by
    // the first call that needs them.
    let _ = tokio::time::timeout(PREPARE, live.prepare()).await;
    let current = live.current();
    tracing::info!(
        door = current.rules().config().door.name,
        bundle = current.rules().digest(),
        "the door is open"
    );
    Ok(live)
}

/// The configuration alone, of a function that decides nothing.
pub(crate) fn configuration() -> Result<Config, StartError> {
    let overrides = overrides();
    let lookup = |name: &str| overrides.get(name).cloned();
    let bundle = source(&lookup)?.into_bundle();
    let (name, text) = &bundle.config;
    Ok(doorward_config::parse(name, text).and_then(|config| config.with_environment(lookup))?)
}

/// What governs, where the environment says that it is.
fn source(lookup: &impl Fn(&str) -> Option<String>) -> Result<Source, BundleError> {
    let package = std::env::var("LAMBDA_TASK_ROOT").ok().filter(|folder| !folder.is_empty());
    let place = lookup("DOORWARD_CONFIG").or(package).unwrap_or_else(|| ".".to_owned());
    Source::open(Path::new(&place))
}

/// What the environment sets of the door's own.
fn overrides() -> HashMap<String, String> {
    let text =
        |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
    let set = std::env::vars_os().filter_map(text);
    set.filter(|(name, value)| name.starts_with("DOORWARD_") && !value.is_empty()).collect()
}

/// Sends the program's own messages to standard output as JSON lines, as Lambda's JSON log format has them;
/// `DOORWARD_LOG` is the lowest level that is said: `error`, `warn`, `info`, `debug`, `trace` or `off`.
pub fn init_log() {
    let level = std::env::var("DOORWARD_LOG").ok().and_then(|level| level.parse().ok());
    let level = level.unwrap_or(LevelFilter::INFO);
    tracing_subscriber::fmt().json().flatten_event(true).with_target(false).with_max_level(level).init();
}
