use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_lambda::error::SdkError;
use aws_sdk_lambda::operation::invoke::{InvokeError, InvokeOutput};
use aws_sdk_lambda::types::InvocationType;
use aws_smithy_types::Blob;
use bytes::Bytes;
use doorward_config::{Endpoint, Target};
use doorward_core::ports::{Forward, ForwardMessage, Targets};
use doorward_events::target::{TargetRequest, decode, encode};
use doorward_events::{Attested, MAX_EVENT_BYTES, s3};
use doorward_model::{Body, EventKind, Reply, TargetFault};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use crate::{AwsClients, sdk_error};

/// Of the name of a target's error no more is kept, in characters.
const LONGEST_ERROR_TYPE: usize = 64;

/// Header field of Lambda's own errors.
const ERROR_TYPE: &str = "x-amzn-errortype";

/// Targets that are Lambda functions, called through the Invoke API and never twice.
#[derive(Debug, Clone)]
pub struct LambdaTargets {
    client: aws_sdk_lambda::Client,
}

impl LambdaTargets {
    /// Targets in the clients' region; an ARN may name another account's.
    #[must_use]
    pub fn new(clients: &AwsClients) -> Self {
        Self { client: clients.lambda.clone() }
    }

    async fn invoke(&self, function: &str, forward: &Forward<'_>) -> Result<Bytes, TargetFault> {
        let payload = serde_json::to_vec(&payload(forward))
            .map_err(|_| TargetFault::Unreachable("the event cannot be written".to_owned()))?;
        let trace = forward.trace.xray.clone();
        let sent = self
            .client
            .invoke()
            // A qualifier may stand behind the name or the ARN ("Invoke", AWS Lambda API reference).
            .function_name(function)
            .invocation_type(InvocationType::RequestResponse)
            .payload(Blob::new(payload))
            .customize()
            .mutate_request(move |request| {
                if let Some(trace) = &trace {
                    // What is no header value is not carried on.
                    let _ = request.headers_mut().try_insert("x-amzn-trace-id", trace.clone());
                }
            })
            .send()
            .await;
        answer(sent.map_err(fault)?)
    }
}

#[async_trait]
impl Targets for LambdaTargets {
    async fn send(
        &self,
        _: &Target,
        endpoint: &Endpoint,
        forward: Forward<'_>,
        within: Duration,
    ) -> Result<Reply, TargetFault> {
        let invoked = tokio::time::timeout(within, self.invoke(&endpoint.address, &forward)).await;
        let payload = invoked.unwrap_or(Err(TargetFault::TimedOut))?;
        match forward.message {
            ForwardMessage::Http { .. } => decode(&payload),
            // Sources read nothing in the answer of one record: that the function returned is all it says.
            ForwardMessage::Event { .. } => {
                Ok(Reply { status: StatusCode::OK, headers: HeaderMap::new(), body: Body::Full(payload) })
            }
        }
    }
}

/// What the function is sent: payload format 2.0, or the source's own envelope around its own record.
fn payload(forward: &Forward<'_>) -> serde_json::Value {
    match forward.message {
        ForwardMessage::Http { request, route_key, path, parameters, withheld, .. } => {
            let path_parameters: BTreeMap<String, String> = parameters.iter().cloned().collect();
            encode(&TargetRequest {
                request,
                front: &forward.call.front,
                route_key,
                path,
                path_parameters: &path_parameters,
                withheld,
                attested: Attested {
                    caller: &forward.principal.name,
                    plan: forward.call.plan.as_deref(),
                    purpose: forward.call.purpose.as_deref(),
                    call: &forward.call.id,
                },
                trace: forward.trace,
                at: forward.call.at,
            })
        }
        ForwardMessage::Event { record } => match record.source {
            EventKind::S3 => s3::envelope(&[&record.record]),
        },
    }
}

fn answer(output: InvokeOutput) -> Result<Bytes, TargetFault> {
    let payload = output.payload.map(Blob::into_inner).unwrap_or_default();
    if output.function_error.is_some() {
        return Err(function_error(&payload));
    }
    if payload.len() > MAX_EVENT_BYTES {
        return Err(TargetFault::Unreadable(format!("more than {MAX_EVENT_BYTES} bytes")));
    }
    Ok(payload.into())
}

/// What a function that failed says of itself ("Lambda function errors", AWS Lambda guide). The message stays
/// unread but for Lambda's own words on a time-out: it may quote the data that the function worked on.
fn function_error(payload: &[u8]) -> TargetFault {
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "camelCase", default)]
    struct FunctionError {
        error_type: Option<String>,
        error_message: Option<String>,
    }
    let error: FunctionError = serde_json::from_slice(payload).unwrap_or_default();
    let timed_out = |message: String| message.contains("Task timed out after");
    let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | ':' | '-');
    match error.error_type {
        Some(kind) if kind == "Sandbox.Timedout" => TargetFault::TimedOut,
        None if error.error_message.is_some_and(timed_out) => TargetFault::TimedOut,
        Some(kind) if kind.chars().any(|c| plain(&c)) => {
            TargetFault::Failed(kind.chars().filter(plain).take(LONGEST_ERROR_TYPE).collect())
        }
        _ => TargetFault::Failed("an error without a type".to_owned()),
    }
}

/// Whatever Lambda itself answers but the function's own result: throttled, not found, not allowed, out of order.
fn fault(error: SdkError<InvokeError>) -> TargetFault {
    match &error {
        SdkError::TimeoutError(_) => TargetFault::TimedOut,
        SdkError::ResponseError(_) => TargetFault::Unreadable(sdk_error::brief(&error)),
        // Lambda names its own errors in a header; `cargo lambda watch` answers a function's error with a bare 500.
        SdkError::ServiceError(refused)
            if refused.raw().status().as_u16() == 500
                && refused.raw().headers().get(ERROR_TYPE).is_none() =>
        {
            function_error(refused.raw().body().bytes().unwrap_or_default())
        }
        _ => TargetFault::Unreachable(sdk_error::brief(&error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(payload: &str, expected: TargetFault) {
        assert_eq!(function_error(payload.as_bytes()), expected, "{payload}");
    }

    #[test]
    fn a_failed_function_tells_its_error_type_only() {
        let failed = |kind: &str| TargetFault::Failed(kind.to_owned());
        check(r#"{"errorType":"Runtime.ExitError","errorMessage":"card 4111"}"#, failed("Runtime.ExitError"));
        check(r#"{"errorType":"a\nb 4111 <x>"}"#, failed("ab4111x"));
        check(&format!(r#"{{"errorType":"{}"}}"#, "x".repeat(10_000)), failed(&"x".repeat(64)));
        check(r#"{"errorMessage":"card 4111"}"#, failed("an error without a type"));
        check(r#"{"errorType":""}"#, failed("an error without a type"));
        check("not JSON", failed("an error without a type"));
        check(r#"{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: 1"}"#, TargetFault::TimedOut);
        check(r#"{"errorMessage":"2026-11-24 1 Task timed out after 3.00 seconds"}"#, TargetFault::TimedOut);
    }
}
