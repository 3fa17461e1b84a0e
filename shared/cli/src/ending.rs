use tokio::signal::unix::{SignalKind, signal};

use crate::output::Failure;

/// Returns when somebody asks this process to end: Ctrl-C, or SIGTERM from whatever started it.
pub(crate) async fn asked_to_end() -> Result<(), Failure> {
    let mut terminated = signal(SignalKind::terminate()).map_err(Failure::new)?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed.map_err(Failure::new),
        _ = terminated.recv() => Ok(()),
    }
}
