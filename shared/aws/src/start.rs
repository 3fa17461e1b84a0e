use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use doorward_core::{Bundle, BundleError, Door, Rules};
use doorward_model::Faults;
use tracing_subscriber::filter::LevelFilter;

use crate::{AwsClients, EnvironmentError, ports};

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

/// How long a sandbox waits for the issuers' keys before its first call.
const PREPARE: Duration = Duration::from_secs(3);

/// Makes the door that a function serves, once, at cold start: reads and compiles the bundle, builds the clients, and
/// has the connection to the store and the issuers' keys ready before the first call.
///
/// The bundle is at `DOORWARD_CONFIG`, else in the function's own package (`LAMBDA_TASK_ROOT`), else here.
///
/// # Errors
/// [`StartError`], which ends the sandbox before it serves anything.
pub async fn open_door() -> Result<Door, StartError> {
    let lookup = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let config = match lookup("DOORWARD_CONFIG") {
        Some(path) => PathBuf::from(path),
        None => Bundle::locate(&PathBuf::from(lookup("LAMBDA_TASK_ROOT").unwrap_or_else(|| ".".to_owned())))?,
    };
    let rules = Arc::new(Rules::compile(&Bundle::read(&config)?, lookup)?);
    let table = rules.config().door.table.clone();
    let clients = AwsClients::from_environment()?;
    let door = Door::new(Arc::clone(&rules), ports(&clients, &table));
    // Keys that are not here by then are fetched by the first call that needs them.
    let (_, ()) = tokio::join!(tokio::time::timeout(PREPARE, door.prepare()), clients.warm(&table));
    tracing::info!(door = rules.config().door.name, bundle = rules.digest(), "the door is open");
    Ok(door)
}

/// Sends the program's own messages to standard output as JSON lines, as Lambda's JSON log format has them;
/// `DOORWARD_LOG` is the lowest level that is said: `error`, `warn`, `info`, `debug`, `trace` or `off`.
pub fn init_log() {
    let level = std::env::var("DOORWARD_LOG").ok().and_then(|level| level.parse().ok());
    let level = level.unwrap_or(LevelFilter::INFO);
    tracing_subscriber::fmt().json().flatten_event(true).with_target(false).with_max_level(level).init();
}
