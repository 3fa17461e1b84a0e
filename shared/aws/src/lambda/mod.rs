//! Targets that are Lambda functions.

mod fault;
mod payload;

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_lambda::config::{Config, Region};
use aws_sdk_lambda::operation::invoke::InvokeOutput;
use aws_sdk_lambda::types::InvocationType;
use aws_smithy_types::Blob;
use bytes::Bytes;
use doorward_config::{Endpoint, Invocation, LambdaTarget, PayloadForm, Target, TargetKind};
use doorward_core::ports::{Forward, ForwardMessage, Targets};
use doorward_events::MAX_EVENT_BYTES;
use doorward_events::target::{decode, decode_v1};
use doorward_model::{Body, Reply, TargetFault};
use http::{HeaderMap, StatusCode};
use serde_json::json;

use crate::AwsClients;
use crate::accepted::accepted;

pub(crate) use fault::error_name;
pub(crate) use payload::event;

/// The largest event of an asynchronous invocation, in bytes ("Lambda quotas", AWS Lambda guide: 1 MB).
const MAX_ASYNC_BYTES: usize = 1024 * 1024;

/// Targets that are Lambda functions, called through the Invoke API and never twice.
#[derive(Debug, Clone)]
pub struct LambdaTargets {
    client: aws_sdk_lambda::Client,
}

impl LambdaTargets {
    /// Targets in the clients' region, but for those whose endpoint is in another one: there the same credentials sign. With
    /// `AWS_ENDPOINT_URL_LAMBDA` all of them are called at that address, and only the signature names the region.
    #[must_use]
    pub fn new(clients: &AwsClients) -> Self {
        Self { client: clients.lambda.clone() }
    }

    async fn invoke(
        &self,
        endpoint: &Endpoint,
        kind: InvocationType,
        payload: Vec<u8>,
        forward: &Forward<'_>,
    ) -> Result<InvokeOutput, TargetFault> {
        let trace = forward.trace.xray.clone();
        let mut operation = self
            .client
            .invoke()
            // A qualifier may stand behind the name or the ARN ("Invoke", AWS Lambda API reference).
            .function_name(&endpoint.address)
            .invocation_type(kind)
            .payload(Blob::new(payload))
            .customize();
        if let Some(region) = &endpoint.region {
            operation = operation.config_override(Config::builder().region(Region::new(region.clone())));
        }
        operation
            .mutate_request(move |request| {
                if let Some(trace) = &trace {
                    // What is no header value is not carried on.
                    let _ = request.headers_mut().try_insert("x-amzn-trace-id", trace.clone());
                }
            })
            .send()
            .await
            .map_err(fault::of_invoke)
    }

    async fn call(
        &self,
        target: LambdaTarget,
        endpoint: &Endpoint,
        forward: &Forward<'_>,
    ) -> Result<Reply, TargetFault> {
        let payload = payload::of(forward, target.payload)?;
        match target.invocation {
            Invocation::Sync if payload.len() > MAX_EVENT_BYTES => {
                Err(TargetFault::Unfit("its event is larger than the 6 MB that a function takes"))
            }
            Invocation::Async if payload.len() > MAX_ASYNC_BYTES => Err(TargetFault::Unfit(
                "its event is larger than the 1 MB that a function takes asynchronously",
            )),
            Invocation::Sync => {
                let output = self.invoke(endpoint, InvocationType::RequestResponse, payload, forward).await?;
                reply(&answer(output)?, target.payload, forward)
            }
            Invocation::Async => {
                self.invoke(endpoint, InvocationType::Event, payload, forward).await?;
                Ok(accepted(&json!({ "call": forward.call.id.as_str() })))
            }
        }
    }
}

#[async_trait]
impl Targets for LambdaTargets {
    async fn send(
        &self,
        target: &Target,
        endpoint: &Endpoint,
        forward: Forward<'_>,
        within: Duration,
    ) -> Result<Reply, TargetFault> {
        let TargetKind::Lambda(kind) = target.kind else {
            return Err(TargetFault::Unreachable("it is no function".to_owned()));
        };
        let called = tokio::time::timeout(within, self.call(kind, endpoint, &forward)).await;
        called.unwrap_or(Err(TargetFault::TimedOut))
    }
}

fn answer(output: InvokeOutput) -> Result<Bytes, TargetFault> {
    let payload = output.payload.map(Blob::into_inner).unwrap_or_default();
    if output.function_error.is_some() {
        return Err(fault::of_function(&payload));
    }
    if payload.len() > MAX_EVENT_BYTES {
        return Err(TargetFault::Unreadable(format!("more than {MAX_EVENT_BYTES} bytes")));
    }
    Ok(payload.into())
}

fn reply(payload: &Bytes, form: PayloadForm, forward: &Forward<'_>) -> Result<Reply, TargetFault> {
    match (forward.message, form) {
        (ForwardMessage::Http { .. }, PayloadForm::V2) => decode(payload),
        (ForwardMessage::Http { .. }, PayloadForm::V1) => decode_v1(payload),
        // Sources read nothing in the answer of one record: that the function returned is all it says.
        (ForwardMessage::Event { .. }, _) => {
            Ok(Reply { status: StatusCode::OK, headers: HeaderMap::new(), body: Body::Full(payload.clone()) })
        }
    }
}
