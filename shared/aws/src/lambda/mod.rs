//! Targets that are Lambda functions.

mod fault;
mod passing;
mod payload;
mod stream;

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_lambda::config::{self, Config, Region};
use aws_sdk_lambda::operation::invoke::InvokeOutput;
use aws_sdk_lambda::operation::invoke_with_response_stream::InvokeWithResponseStreamOutput;
use aws_sdk_lambda::types::{InvocationType, LogType};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::Blob;
use bytes::Bytes;
use doorward_config::{Endpoint, Invocation, LambdaTarget, PayloadForm, Target, TargetKind};
use doorward_core::ports::{Forward, ForwardMessage, Targets};
use doorward_events::MAX_EVENT_BYTES;
use doorward_events::target::{decode, decode_socket, decode_v1};
use doorward_model::{Body, InvocationType as Kind, Reply, TargetFault};
use http::{HeaderMap, StatusCode};
use serde_json::json;

use crate::AwsClients;
use crate::accepted::accepted;
use crate::targets::bounded::Bounds;

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
        payload: impl Into<Vec<u8>>,
        forward: &Forward<'_>,
    ) -> Result<InvokeOutput, TargetFault> {
        let trace = forward.trace.xray.clone();
        let mut asked = self
            .client
            .invoke()
            // A qualifier may stand behind the name or the ARN ("Invoke", AWS Lambda API reference).
            .function_name(&endpoint.address)
            .invocation_type(kind)
            .payload(Blob::new(payload));
        if let ForwardMessage::Invoke { qualifier, client_context, log_tail, .. } = forward.message {
            asked = asked.client_context(passing::client_context(forward, client_context)?);
            if let Some(qualifier) = qualifier {
                asked = asked.function_name(passing::unqualified(&endpoint.address)).qualifier(qualifier);
            }
            if log_tail {
                asked = asked.log_type(LogType::Tail);
            }
        }
        let mut operation = asked.customize();
        if let Some(region) = self.elsewhere(endpoint) {
            operation = operation.config_override(region);
        }
        operation.mutate_request(traced(trace)).send().await.map_err(fault::of_invoke)
    }

    /// As [`Self::invoke`], for an answer that comes as a stream.
    async fn invoke_streaming(
        &self,
        endpoint: &Endpoint,
        payload: impl Into<Vec<u8>>,
        forward: &Forward<'_>,
    ) -> Result<InvokeWithResponseStreamOutput, TargetFault> {
        let asked = self
            .client
            .invoke_with_response_stream()
            .function_name(&endpoint.address)
            .payload(Blob::new(payload));
        let mut operation = asked.customize();
        if let Some(region) = self.elsewhere(endpoint) {
            operation = operation.config_override(region);
        }
        let trace = forward.trace.xray.clone();
        operation.mutate_request(traced(trace)).send().await.map_err(fault::of_invoke)
    }

    /// What tells the client of an endpoint in another region than its own.
    fn elsewhere(&self, endpoint: &Endpoint) -> Option<config::Builder> {
        let own = self.client.config().region().map(AsRef::as_ref);
        let region = endpoint.region.as_deref().filter(|region| own != Some(region))?;
        Some(Config::builder().region(Region::new(region.to_owned())))
    }

    async fn call(
        &self,
        target: LambdaTarget,
        endpoint: &Endpoint,
        forward: &Forward<'_>,
        bounds: Bounds,
    ) -> Result<Reply, TargetFault> {
        let payload = payload::of(forward, target.payload)?;
        let invocation = match forward.message {
            ForwardMessage::Invoke { kind: Kind::Event, .. } => Invocation::Async,
            _ => target.invocation,
        };
        match invocation {
            Invocation::Sync if payload.len() > MAX_EVENT_BYTES => {
                Err(TargetFault::Unfit("its event is larger than the 6 MB that a function takes"))
            }
            Invocation::Async if payload.len() > MAX_ASYNC_BYTES => Err(TargetFault::Unfit(
                "its event is larger than the 1 MB that a function takes asynchronously",
            )),
            Invocation::Sync if target.stream && matches!(forward.message, ForwardMessage::Http { .. }) => {
                let output = self.invoke_streaming(endpoint, payload, forward).await?;
                stream::reply(output, bounds).await
            }
            Invocation::Sync => {
                let output = self.invoke(endpoint, InvocationType::RequestResponse, payload, forward).await?;
                match forward.message {
                    ForwardMessage::Invoke { .. } => passing::reply(output),
                    _ => reply(&answer(output)?, target.payload, forward),
                }
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
        let bounds = Bounds::new(within, forward.stream, None);
        let called = tokio::time::timeout(within, self.call(kind, endpoint, &forward, bounds)).await;
        called.unwrap_or(Err(TargetFault::TimedOut))
    }
}

/// Carries the trace on. What is no header value is not.
fn traced(trace: Option<String>) -> impl Fn(&mut HttpRequest) + Send + Sync + 'static {
    move |request| {
        if let Some(trace) = &trace {
            let _ = request.headers_mut().try_insert("x-amzn-trace-id", trace.clone());
        }
    }
}

fn answer(output: InvokeOutput) -> Result<Bytes, TargetFault> {
    let payload = output.payload.map(Blob::into_inner).unwrap_or_default();
    if output.function_error.is_some() {
        return Err(fault::of_function(&payload));
    }
    if payload.len() > MAX_EVENT_BYTES {
        return Err(TargetFault::TooLarge(format!("more than {MAX_EVENT_BYTES} bytes")));
    }
    Ok(payload.into())
}

fn reply(payload: &Bytes, form: PayloadForm, forward: &Forward<'_>) -> Result<Reply, TargetFault> {
    if let ForwardMessage::Http { request, .. } = forward.message
        && let Some(socket) = &request.socket
    {
        return decode_socket(payload, socket);
    }
    match (forward.message, form) {
        (ForwardMessage::Http { .. }, PayloadForm::V2) => decode(payload),
        (ForwardMessage::Http { .. }, PayloadForm::V1) => decode_v1(payload),
        // Sources read nothing in the answer of one record: that the function returned is all it says.
        (
            ForwardMessage::Event { .. } | ForwardMessage::Invoke { .. } | ForwardMessage::CloudEvent { .. },
            _,
        ) => {
            Ok(Reply { status: StatusCode::OK, headers: HeaderMap::new(), body: Body::Full(payload.clone()) })
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use aws_sdk_lambda::config::{BehaviorVersion, Credentials};
    use aws_smithy_runtime_api::client::http::{
        HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
    };
    use aws_smithy_runtime_api::client::result::ConnectorError;
    use aws_smithy_types::retry::RetryConfig;
    use doorward_core::ports::Forward;
    use doorward_model::{Principal, Trace};

    use super::*;
    use crate::sample;

    /// Notes what is asked, and sends nothing.
    #[derive(Debug, Clone, Default)]
    struct Notes(Arc<Mutex<Vec<(String, String)>>>);

    impl HttpConnector for Notes {
        fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
            let signature = request.headers().get("authorization").unwrap_or_default().to_owned();
            self.0.lock().unwrap().push((request.uri().to_owned(), signature));
            HttpConnectorFuture::ready(Err(ConnectorError::io("nobody".into())))
        }
    }

    #[tokio::test]
    async fn a_function_in_another_region_is_called_at_its_own_host() {
        let notes = Notes::default();
        let connector = SharedHttpConnector::new(notes.clone());
        let config = Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .credentials_provider(Credentials::from_keys("k", "s", None))
            .region(Region::new("eu-central-1"))
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .retry_config(RetryConfig::disabled())
            .build();
        let targets = LambdaTargets { client: aws_sdk_lambda::Client::from_conf(config) };
        let (call, principal, trace) = (sample::call("c-1"), Principal::anonymous(), Trace::default());
        let request = sample::request();
        let path = doorward_model::CanonicalPath::parse("/orders", request.path_form).unwrap();
        let message = ForwardMessage::Http {
            request: &request,
            route_key: "POST /orders",
            path: &path,
            parameters: &[],
            withheld: &[],
            rewrite: None,
        };
        let forward = Forward { call: &call, principal: &principal, trace: &trace, message, stream: None };
        let target = Target::new("orders", TargetKind::Lambda(LambdaTarget::default()), "orders");
        for region in [None, Some("us-west-2"), Some("cn-north-1")] {
            let endpoint = Endpoint { region: region.map(str::to_owned), ..Endpoint::new("orders") };
            targets.send(&target, &endpoint, forward, Duration::from_secs(5)).await.unwrap_err();
        }
        let noted = notes.0.lock().unwrap();
        let expected = [
            ("lambda.eu-central-1.amazonaws.com", "eu-central-1"),
            ("lambda.us-west-2.amazonaws.com", "us-west-2"),
            ("lambda.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ];
        assert_eq!(noted.len(), expected.len(), "each is asked once");
        for ((uri, signature), (host, region)) in noted.iter().zip(expected) {
            assert_eq!(*uri, format!("https://{host}/2015-03-31/functions/orders/invocations"));
            assert!(signature.contains(&format!("/{region}/lambda/aws4_request")), "{signature}");
        }
    }
}
