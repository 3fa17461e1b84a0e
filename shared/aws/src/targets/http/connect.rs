use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use doorward_config::HttpTarget;
use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

use super::resolve::{Checked, NameFault, Resolve};

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Connecting<T> = Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send>>;

/// How long a connection may take from its name to the end of its handshake.
const WITHIN: Duration = Duration::from_secs(3);

/// Connects to addresses that a target admits, whether its host is a name or an address. No proxy stands between, whatever
/// the environment says.
#[derive(Clone)]
pub(super) struct Guarded {
    http: HttpConnector<Checked>,
    target: Arc<HttpTarget>,
}

impl Guarded {
    pub(super) fn new(names: Arc<dyn Resolve>, target: Arc<HttpTarget>) -> Self {
        let mut http = HttpConnector::new_with_resolver(Checked { names, target: Arc::clone(&target) });
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_connect_timeout(Some(WITHIN));
        Self { http, target }
    }
}

impl Service<Uri> for Guarded {
    type Response = TokioIo<TcpStream>;
    type Error = BoxError;
    type Future = Connecting<Self::Response>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.http.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        // An address in the place of a name is resolved by nobody.
        let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = host.parse::<IpAddr>()
            && !self.target.admits(address)
        {
            return Box::pin(async move { Err(NameFault::NotAdmitted(address).into()) });
        }
        let connecting = self.http.call(uri);
        Box::pin(async move { connecting.await.map_err(Into::into) })
    }
}

/// There is no connection in time.
#[derive(Debug, thiserror::Error)]
#[error("no connection within {} s", WITHIN.as_secs())]
pub(super) struct NoConnectionInTime;

/// Bounds how long connecting takes.
#[derive(Clone)]
pub(super) struct Timed<C>(pub(super) C);

impl<C> Service<Uri> for Timed<C>
where
    C: Service<Uri, Error = BoxError>,
    C::Future: Send + 'static,
{
    type Response = C::Response;
    type Error = BoxError;
    type Future = Connecting<C::Response>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = self.0.call(uri);
        Box::pin(async move {
            tokio::time::timeout(WITHIN, connecting).await.unwrap_or_else(|_| Err(NoConnectionInTime.into()))
        })
    }
}
