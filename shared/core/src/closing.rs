//! The end of a sandbox, while calls are under way.

use tokio::sync::watch;

/// Whether the platform has told this sandbox to end; all doors of a sandbox share one.
#[derive(Debug, Default)]
pub(crate) struct Closing(watch::Sender<bool>);

/// What a stream holds for as long as it is open.
#[derive(Debug)]
pub(crate) struct OpenStream(watch::Receiver<bool>);

impl Closing {
    /// Whether the end was announced: from now on nothing may wait for later calls.
    pub(crate) fn is_announced(&self) -> bool {
        *self.0.borrow()
    }

    /// A stream begins.
    pub(crate) fn open_stream(&self) -> OpenStream {
        OpenStream(self.0.subscribe())
    }

    /// Announces the end to all open streams and waits until none is left.
    pub(crate) async fn end_streams(&self) {
        self.0.send_replace(true);
        self.0.closed().await;
    }
}

impl OpenStream {
    /// Waits for the end of the sandbox.
    pub(crate) async fn closing(&mut self) {
        if self.0.wait_for(|announced| *announced).await.is_err() {
            // Whoever could announce it is gone.
            std::future::pending::<()>().await;
        }
    }
}
