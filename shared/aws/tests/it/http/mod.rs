//! Targets that speak HTTP, over servers on loopback that do what real ones should not.

mod answers;
mod credentials;
mod events;
mod guard;
mod http2;
mod identity;
mod pool;
mod protocols;
mod requests;
mod tokens;

use std::sync::Arc;
use std::time::Duration;

use doorward_aws::{AwsTargets, HttpTargets, Resolve, SystemResolver};
use doorward_config::{HttpTarget, Retry, Rewrite, Target, TargetKind};
use doorward_core::ports::{Forward, ForwardMessage, Targets};
use doorward_model::{
    CanonicalPath, EntityName, HttpRequest, PathForm, Principal, Reply, TargetFault, Trace,
};
use doorward_testkit::http1::HttpMessage;
use doorward_testkit::unruly_server::{Conduct, UnrulyServer};
use doorward_testkit::{ManualClock, MemorySecrets};
use rustls::pki_types::CertificateDer;

use crate::loopback::{self, Nobody};
use crate::sample;

/// Longer than anything takes here that is not meant to hang.
const LONG: Duration = Duration::from_secs(20);
/// For what hangs.
const SHORT: Duration = Duration::from_millis(300);

/// A door's transport, its clock and the secrets that it reads.
struct Sender {
    targets: AwsTargets,
    clock: Arc<ManualClock>,
    secrets: Arc<MemorySecrets>,
}

/// One request to send.
struct Sent<'a> {
    target: &'a HttpTarget,
    base: String,
    request: HttpRequest,
    rewrite: Option<&'a Rewrite>,
    within: Duration,
    /// `attempt_timeout` of its target.
    attempt: Option<Duration>,
}

impl<'a> Sent<'a> {
    /// `GET /orders/42`, below `base`.
    fn get(target: &'a HttpTarget, base: impl Into<String>) -> Self {
        let request = HttpRequest {
            method: http::Method::GET,
            path: "/orders/42".into(),
            headers: http::HeaderMap::new(),
            body: bytes::Bytes::new(),
            ..sample::request()
        };
        Self { target, base: base.into(), request, rewrite: None, within: LONG, attempt: None }
    }

    /// `GET /orders/42` of the server at `address`.
    fn to(target: &'a HttpTarget, server: &UnrulyServer) -> Self {
        Self::get(target, format!("http://{}", server.address()))
    }

    fn within(mut self, within: Duration) -> Self {
        self.within = within;
        self
    }
}

impl Sender {
    fn new() -> Self {
        Self::with(Arc::new(SystemResolver), Vec::new())
    }

    fn with(names: Arc<dyn Resolve>, roots: Vec<CertificateDer<'static>>) -> Self {
        let clients = loopback::clients(Nobody::new().address());
        let clock = Arc::new(ManualClock::at(sample::now()));
        let secrets = Arc::new(MemorySecrets::default());
        let http = HttpTargets::with(
            &clients,
            Arc::clone(&secrets) as _,
            Arc::clone(&clock) as _,
            std::time::Duration::from_secs(30),
            names,
            roots,
        );
        Self { targets: AwsTargets::with(&clients, http), clock, secrets }
    }

    async fn send(&self, sent: Sent<'_>) -> Result<Reply, TargetFault> {
        let mut call = sample::call("c-1");
        call.plan = Some("gold".into());
        call.action = Some("readOrder".into());
        let principal = Principal { name: EntityName::new("User", "zoë \"z\""), ..Principal::anonymous() };
        let path = CanonicalPath::parse(&sent.request.path, PathForm::Encoded).unwrap();
        let id = path.as_str().rsplit('/').next().unwrap_or_default().to_owned();
        let message = ForwardMessage::Http {
            request: &sent.request,
            route_key: "GET /orders/{id}",
            path: &path,
            parameters: &[("id".to_owned(), id)],
            withheld: &[],
            rewrite: sent.rewrite,
        };
        let forward =
            Forward { call: &call, principal: &principal, trace: &Trace::default(), message, stream: None };
        let retry = Some(Retry { attempt_timeout: sent.attempt, ..Retry::default() });
        let kind = TargetKind::Http(sent.target.clone());
        let target = Target { retry, ..Target::new("orders", kind, sent.base) };
        self.targets.send(&target, &target.endpoints[0], forward, sent.within).await
    }
}

/// A target that may be on loopback.
fn local() -> HttpTarget {
    HttpTarget {
        networks: vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()],
        ..HttpTarget::default()
    }
}

fn ok(body: &str) -> Conduct {
    Conduct::Answer(HttpMessage::answer(200, body))
}

/// The body of an answer that is whole.
async fn text(reply: Reply) -> String {
    String::from_utf8(reply.body.collect(1 << 20).await.unwrap().to_vec()).unwrap()
}
