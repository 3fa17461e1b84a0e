//! Servers that speak HTTP: one exchange each, to an address that was checked, with what the door vouches for and the
//! credentials that the configuration names.

mod address;
mod answer;
mod client;
mod connect;
mod credentials;
mod exchange;
mod fault;
mod identity;
mod message_signature;
mod outgoing;
mod resolve;
mod server;
mod trust;
mod vault;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use doorward_config::{Credentials, Endpoint, HttpTarget, Target};
use doorward_core::ports::{Clock, Forward, ForwardMessage, Secrets};
use doorward_model::{Body, Reply, TargetFault};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Response};
use hyper::body::Incoming;
use rustls::pki_types::CertificateDer;
use tokio::time::{Instant, timeout_at};

use crate::AwsClients;
use crate::signer::Signer;
use crate::targets::bounded::Bounds;
use client::Wiring;
use credentials::Proof;
use exchange::{Exchange, Outgoing};
use server::Server;
use vault::Vault;

pub use resolve::{Resolve, SystemResolver};

/// Targets that are servers.
pub struct HttpTargets {
    wiring: Arc<Wiring>,
    vault: Arc<Vault>,
    signer: Signer,
    region: String,
    /// By the name of the target, for as long as the configuration says the same of it.
    servers: Mutex<HashMap<String, Arc<Server>>>,
}

impl HttpTargets {
    /// Servers that the system's resolver finds and whose certificates the system trusts. Secrets may be as old as
    /// `refresh`.
    #[must_use]
    pub fn new(
        clients: &AwsClients,
        secrets: Arc<dyn Secrets>,
        clock: Arc<dyn Clock>,
        refresh: Duration,
    ) -> Self {
        Self::with(clients, secrets, clock, refresh, Arc::new(SystemResolver), Vec::new())
    }

    /// The same with another resolver, and with further roots of trust.
    #[must_use]
    pub fn with(
        clients: &AwsClients,
        secrets: Arc<dyn Secrets>,
        clock: Arc<dyn Clock>,
        refresh: Duration,
        names: Arc<dyn Resolve>,
        further_roots: Vec<CertificateDer<'static>>,
    ) -> Self {
        let (signer, region) = clients.services.signer();
        Self {
            wiring: Arc::new(Wiring::new(names, further_roots)),
            vault: Arc::new(Vault::new(secrets, clock, refresh)),
            signer: signer.clone(),
            region: region.to_owned(),
            servers: Mutex::default(),
        }
    }

    /// One call: one exchange, and a second one where the server refuses credentials that have changed meanwhile.
    pub(super) async fn send(
        &self,
        declared: &Target,
        target: &HttpTarget,
        endpoint: &Endpoint,
        forward: &Forward<'_>,
        within: Duration,
    ) -> Result<Reply, TargetFault> {
        let deadline = Instant::now() + within;
        let bounds = Bounds::new(within, forward.stream, target.max_answer);
        let server = self.server(&declared.name, target);
        let composed = outgoing::compose(target, endpoint, forward)?;
        let signed = async {
            match &target.identity {
                None => Ok(composed),
                Some(key) => {
                    let secret = self.vault.read(&key.secret, |_| true).await?;
                    outgoing::identified(composed, forward, key, &secret, self.vault.clock().now())
                }
            }
        };
        let outgoing = timeout_at(deadline, signed).await.unwrap_or_else(|_| Err(no_secret_in_time()))?;
        // Who can send a call once only waits for as long as there is time, but finds nobody as soon as others do.
        let attempt = declared.retry.as_ref().and_then(|retry| retry.attempt_timeout);
        let connect = attempt.unwrap_or(within);
        let exchange =
            Exchange { connections: server.connections(), clock: self.vault.clock(), deadline, connect };

        let proof = self.prove(&server, None, &exchange).await?;
        let answer = self.attempt(&server, &outgoing, &proof, &exchange).await?;
        if !proof.is_refused(&answer) {
            return finished(target, answer, forward, bounds);
        }
        drop(answer);
        // The server did nothing, so that it may be asked again whatever was asked for.
        let other = self.prove(&server, Some(&proof), &exchange).await?;
        if other == proof {
            return Err(refused());
        }
        let answer = self.attempt(&server, &outgoing, &other, &exchange).await?;
        if other.is_refused(&answer) {
            return Err(refused());
        }
        finished(target, answer, forward, bounds)
    }

    fn server(&self, name: &str, target: &HttpTarget) -> Arc<Server> {
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        match servers.get(name) {
            Some(server) if server.target() == target => Arc::clone(server),
            _ => {
                let server = Arc::new(Server::new(&self.wiring, &self.vault, target.clone()));
                servers.insert(name.to_owned(), Arc::clone(&server));
                server
            }
        }
    }

    async fn prove(
        &self,
        server: &Server,
        refused: Option<&Proof>,
        exchange: &Exchange<'_>,
    ) -> Result<Proof, TargetFault> {
        let credentials = server.target().credentials.as_ref();
        let proof = Proof::obtain(credentials, refused, &self.vault, server.tokens(), exchange.before());
        timeout_at(exchange.deadline, proof).await.unwrap_or_else(|_| Err(no_secret_in_time()))
    }

    async fn attempt(
        &self,
        server: &Server,
        outgoing: &Outgoing,
        proof: &Proof,
        exchange: &Exchange<'_>,
    ) -> Result<Response<Incoming>, TargetFault> {
        let mut outgoing = outgoing.clone();
        proof.show(&mut outgoing.headers);
        if let (Proof::Signature, Some(Credentials::SigV4 { service, region })) =
            (proof, &server.target().credentials)
        {
            let region = region.as_deref().unwrap_or(&self.region);
            outgoing::sign(&mut outgoing, &self.signer, service, region)?;
        }
        exchange.send(outgoing).await
    }
}

fn no_secret_in_time() -> TargetFault {
    TargetFault::Credentials("they cannot be had in time".to_owned())
}

fn refused() -> TargetFault {
    TargetFault::Credentials("the server refused them".to_owned())
}

/// `application/json`, or a type of its own that is JSON (RFC 6839 section 3.1).
fn is_json(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || essence.ends_with("+json")
}

/// The answer of a request goes on; of that to an event the status says whether the server took it, and JSON which records it
/// did not take.
fn finished(
    target: &HttpTarget,
    answer: Response<Incoming>,
    forward: &Forward<'_>,
    bounds: Bounds,
) -> Result<Reply, TargetFault> {
    match forward.message {
        ForwardMessage::Http { .. } => answer::reply(target, answer, bounds),
        ForwardMessage::Event { .. } => {
            let media_type = answer.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
            let body = match media_type.is_some_and(is_json) {
                true => answer::reply(target, answer, bounds)?,
                false => Reply { status: answer.status(), headers: HeaderMap::new(), body: Body::Empty },
            };
            Ok(Reply { headers: HeaderMap::new(), ..body })
        }
        // Servers are sent it as a request.
        ForwardMessage::Invoke { .. } | ForwardMessage::CloudEvent { .. } => {
            Err(TargetFault::Unfit("it is for functions and services"))
        }
    }
}
