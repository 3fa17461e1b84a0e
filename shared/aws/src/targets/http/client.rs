use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use doorward_config::{HttpTarget, Protocol};
use doorward_model::TargetFault;
use http::Request;
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Builder, Client, ResponseFuture};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use jiff::{SignedDuration, Timestamp};
use rustls::pki_types::CertificateDer;

use super::answer::LARGEST_HEAD;
use super::connect::{Guarded, Timed};
use super::resolve::Resolve;
use super::trust::Trust;

/// For how long a connection is kept that carries nothing. A sandbox that is frozen between two calls does not see its
/// connections end, so they are kept for less than servers and what stands between usually do.
const IDLE: Duration = Duration::from_secs(20);
/// Idle connections that are kept to one server.
const IDLE_CONNECTIONS: usize = 16;
/// The most fields in the head of an answer.
const MOST_FIELDS: usize = 256;

/// What clients of all targets have in common.
pub(super) struct Wiring {
    names: Arc<dyn Resolve>,
    trust: Trust,
}

impl Wiring {
    pub(super) fn new(names: Arc<dyn Resolve>, further_roots: Vec<CertificateDer<'static>>) -> Self {
        Self { names, trust: Trust::new(further_roots) }
    }
}

/// The connections of one target, shared with no other: each has networks of its own.
pub(super) struct Connections {
    wiring: Arc<Wiring>,
    target: Arc<HttpTarget>,
    protocol: Protocol,
    plain: Mutex<Option<Held>>,
    secure: Mutex<Option<Held>>,
}

/// Clients of one scheme, and when they were used at last.
struct Held {
    client: AnyClient,
    used: Timestamp,
}

/// A client is cheap to clone: its clones share their connections.
#[derive(Clone)]
pub(super) enum AnyClient {
    Plain(Client<Timed<Guarded>, Full<Bytes>>),
    Secure(Client<Timed<HttpsConnector<Guarded>>, Full<Bytes>>),
}

impl AnyClient {
    /// One exchange. What a server closed while it was idle is tried again on another connection, as long as nothing of
    /// the request was sent. No redirect is followed.
    pub(super) fn request(&self, request: Request<Full<Bytes>>) -> ResponseFuture {
        match self {
            Self::Plain(client) => client.request(request),
            Self::Secure(client) => client.request(request),
        }
    }
}

impl Connections {
    pub(super) fn new(wiring: Arc<Wiring>, target: Arc<HttpTarget>, protocol: Protocol) -> Self {
        Self { wiring, target, protocol, plain: Mutex::default(), secure: Mutex::default() }
    }

    /// The client to use at `now`. After a pause it is a new one, whatever became of the connections of the old one: in
    /// a sandbox that was frozen, the time that connections were idle is not counted otherwise.
    ///
    /// # Errors
    /// [`TargetFault::Unreachable`] where no server can be believed.
    pub(super) fn client(&self, secure: bool, now: Timestamp) -> Result<AnyClient, TargetFault> {
        let slot = if secure { &self.secure } else { &self.plain };
        let mut held = slot.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = SignedDuration::try_from(IDLE).unwrap_or(SignedDuration::MAX);
        let client = match held.take() {
            Some(held) if now.duration_since(held.used).abs() <= idle => held.client,
            _ => self.build(secure)?,
        };
        *held = Some(Held { client: client.clone(), used: now });
        Ok(client)
    }

    fn build(&self, secure: bool) -> Result<AnyClient, TargetFault> {
        let guarded = Guarded::new(Arc::clone(&self.wiring.names), Arc::clone(&self.target));
        let mut builder = settings();
        builder.http2_only(self.protocol == Protocol::Http2);
        if !secure {
            return Ok(AnyClient::Plain(builder.build(Timed(guarded))));
        }
        let config = self.wiring.trust.config();
        let config =
            config.ok_or_else(|| TargetFault::Unreachable("no certificate is trusted".to_owned()))?;
        // ALPN offers what may be spoken and nothing else.
        let https = HttpsConnectorBuilder::new().with_tls_config(config.clone()).https_only();
        let https = match self.protocol {
            Protocol::Auto => https.enable_http1().enable_http2().wrap_connector(guarded),
            Protocol::Http1 => https.enable_http1().wrap_connector(guarded),
            Protocol::Http2 => https.enable_http2().wrap_connector(guarded),
        };
        Ok(AnyClient::Secure(builder.build(Timed(https))))
    }
}

fn settings() -> Builder {
    let mut builder = Client::builder(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(IDLE_CONNECTIONS)
        .http1_max_headers(MOST_FIELDS)
        .http1_max_buf_size(LARGEST_HEAD)
        .http2_max_header_list_size(u32::try_from(LARGEST_HEAD).unwrap_or(u32::MAX));
    builder
}
