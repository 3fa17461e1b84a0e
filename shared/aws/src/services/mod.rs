//! Targets that are services of AWS: functions, queues, topics, buses and state machines. One request each, and no retry.

mod attributes;
mod eventbridge;
mod fault;
pub(crate) mod names;
mod payload;
mod sns;
pub(crate) mod sqs;
mod stepfunctions;

use std::time::Duration;

use async_trait::async_trait;
use doorward_config::{Endpoint, Target, TargetKind};
use doorward_core::ports::{Forward, Targets};
use doorward_model::{Reply, TargetFault};

use crate::api::ServiceApi;
use crate::{AwsClients, LambdaTargets};

/// The largest answer that is read of a service that took a message on.
const LARGEST_RECEIPT: usize = 64 * 1024;

/// Targets that are services of AWS, each called with the credentials of the clients.
#[derive(Clone)]
pub struct ServiceTargets {
    lambda: LambdaTargets,
    api: ServiceApi,
}

impl ServiceTargets {
    /// Targets in the clients' region, but for those whose endpoint is in another one.
    #[must_use]
    pub fn new(clients: &AwsClients) -> Self {
        Self { lambda: LambdaTargets::new(clients), api: clients.services.clone() }
    }
}

#[async_trait]
impl Targets for ServiceTargets {
    async fn send(
        &self,
        target: &Target,
        endpoint: &Endpoint,
        forward: Forward<'_>,
        within: Duration,
    ) -> Result<Reply, TargetFault> {
        let api = &self.api;
        match &target.kind {
            TargetKind::Lambda(_) => self.lambda.send(target, endpoint, forward, within).await,
            TargetKind::Sqs(kind) => sqs::send(api, kind, endpoint, &forward, within).await,
            TargetKind::Sns(kind) => sns::send(api, kind, endpoint, &forward, within).await,
            TargetKind::EventBridge(kind) => eventbridge::send(api, kind, endpoint, &forward, within).await,
            TargetKind::StepFunctions(kind) => {
                stepfunctions::send(api, *kind, endpoint, &forward, within).await
            }
            TargetKind::Http(_) => Err(TargetFault::Unreachable("it is no service of AWS".to_owned())),
        }
    }
}
