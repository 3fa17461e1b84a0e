//! Listeners on this machine and the servers behind them.

use std::future::IntoFuture as _;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::error::EmulatorError;

/// Time that open requests have to end at shutdown.
pub(crate) const SHUTDOWN_LIMIT: Duration = Duration::from_secs(2);

/// A bound port of this machine.
pub(crate) struct Listener {
    listener: TcpListener,
    pub(crate) address: SocketAddr,
}

impl Listener {
    pub(crate) async fn bind(port: u16) -> Result<Self, EmulatorError> {
        let failed = |cause| EmulatorError::Listen { port, cause };
        let listener = TcpListener::bind(("127.0.0.1", port)).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { listener, address })
    }

    /// A port for something that is not there needs none.
    pub(crate) async fn bind_if(is_needed: bool, port: u16) -> Result<Option<Self>, EmulatorError> {
        if is_needed { Self::bind(port).await.map(Some) } else { Ok(None) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// Servers that end together: by [`stop`](Self::stop) with their open requests, by being dropped without.
pub(crate) struct Servers {
    stopping: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Servers {
    pub(crate) fn new() -> Self {
        Self { stopping: watch::Sender::new(false), tasks: JoinSet::new() }
    }

    fn stopped(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut stopping = self.stopping.subscribe();
        async move {
            let _ = stopping.wait_for(|stopping| *stopping).await;
        }
    }

    pub(crate) fn serve(&mut self, listener: Listener, router: axum::Router) {
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let server = axum::serve(listener.listener, service).with_graceful_shutdown(self.stopped());
        self.tasks.spawn(async move {
            // `axum::serve` never fails: it retries what its listener reports.
            let _ = server.into_future().await;
        });
    }

    pub(crate) fn serve_dynamodb(&mut self, listener: Listener, database: dynoxide::Database) {
        let stopped = self.stopped();
        self.tasks.spawn(async move {
            let _ = dynoxide::server::serve_with_shutdown(listener.listener, database, stopped).await;
        });
    }

    pub(crate) async fn stop(mut self) {
        self.stopping.send_replace(true);
        let all = async { while self.tasks.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(SHUTDOWN_LIMIT, all).await;
    }
}
