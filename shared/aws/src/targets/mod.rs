//! What calls are forwarded to: each kind by its own transport, which makes one attempt.

pub(crate) mod bounded;
mod http;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use doorward_config::{Endpoint, Target, TargetKind};
use doorward_core::ports::{Clock, Forward, Secrets, Targets};
use doorward_model::{Reply, TargetFault};

use crate::{AwsClients, ServiceTargets};

pub use http::{HttpTargets, Resolve, SystemResolver};

/// Targets of every kind.
pub struct AwsTargets {
    services: ServiceTargets,
    http: HttpTargets,
}

impl AwsTargets {
    /// Targets over these clients. `secrets` keeps what servers are shown, which may be as old as `refresh`.
    #[must_use]
    pub fn new(
        clients: &AwsClients,
        secrets: Arc<dyn Secrets>,
        clock: Arc<dyn Clock>,
        refresh: Duration,
    ) -> Self {
        Self::with(clients, HttpTargets::new(clients, secrets, clock, refresh))
    }

    /// The same with servers that are found or trusted otherwise.
    #[must_use]
    pub fn with(clients: &AwsClients, http: HttpTargets) -> Self {
        Self { services: ServiceTargets::new(clients), http }
    }
}

#[async_trait]
impl Targets for AwsTargets {
    async fn send(
        &self,
        target: &Target,
        endpoint: &Endpoint,
        forward: Forward<'_>,
        within: Duration,
    ) -> Result<Reply, TargetFault> {
        match &target.kind {
            TargetKind::Http(server) => self.http.send(target, server, endpoint, &forward, within).await,
            TargetKind::Lambda(_)
            | TargetKind::Sqs(_)
            | TargetKind::Sns(_)
            | TargetKind::EventBridge(_)
            | TargetKind::StepFunctions(_) => self.services.send(target, endpoint, forward, within).await,
        }
    }
}
