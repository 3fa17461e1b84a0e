use aws_sdk_lambda::operation::RequestId as _;
use aws_sdk_lambda::operation::invoke::InvokeError;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{InvocationType as Kind, LogType};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use bytes::Bytes;
use doorward_model::InvocationType;

use crate::{AwsClients, EnvironmentError, sdk_error};

/// AWS's own client of Lambda with its endpoint set to a door, as any program has one that calls functions through it. It tries
/// once.
#[derive(Clone)]
pub struct InvokeClient {
    client: aws_sdk_lambda::Client,
}

/// Who signs, and for which region.
#[derive(Clone, Copy)]
pub struct InvokeCredentials<'a> {
    /// Access key id.
    pub access_key: &'a str,
    /// Secret access key.
    pub secret_key: &'a str,
    /// Of temporary credentials.
    pub session_token: Option<&'a str>,
    /// The region that signatures name.
    pub region: &'a str,
}

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct InvokeInput<'a> {
    /// `FunctionName`: a name, a partial or a whole ARN.
    pub function: &'a str,
    /// `Qualifier`.
    pub qualifier: Option<&'a str>,
    /// `X-Amz-Invocation-Type`; `None` sends none.
    pub kind: Option<InvocationType>,
    /// `X-Amz-Log-Type: Tail`.
    pub log_tail: bool,
    /// `X-Amz-Client-Context`, in base64.
    pub client_context: Option<&'a str>,
    /// The payload.
    pub payload: &'a [u8],
}

impl<'a> InvokeInput<'a> {
    /// `function` with this payload, and nothing else said.
    #[must_use]
    pub fn new(function: &'a str, payload: &'a [u8]) -> Self {
        Self { function, qualifier: None, kind: None, log_tail: false, client_context: None, payload }
    }
}

/// What the client read of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvokeAnswer {
    /// The status: 200, 202 or 204.
    pub status: i32,
    /// What the function answered.
    pub payload: Bytes,
    /// `X-Amz-Function-Error`.
    pub function_error: Option<String>,
    /// `X-Amz-Executed-Version`.
    pub executed_version: Option<String>,
    /// `X-Amz-Log-Result`, in base64.
    pub log: Option<String>,
    /// `X-Amzn-RequestId`.
    pub request_id: Option<String>,
}

/// What the client read of a refusal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InvokeRefusal {
    /// The status; zero where there was no answer.
    pub status: u16,
    /// The exception's name, or why there was no answer.
    pub exception: String,
    /// Whether the client has a type for it.
    pub typed: bool,
    /// What it says.
    pub message: String,
    /// `X-Doorward-Code`.
    pub code: Option<String>,
    /// `X-Amzn-RequestId`.
    pub request_id: Option<String>,
}

impl InvokeClient {
    /// A client that asks at `endpoint`.
    ///
    /// # Errors
    /// [`EnvironmentError`], never.
    pub fn new(endpoint: &str, credentials: InvokeCredentials<'_>) -> Result<Self, EnvironmentError> {
        let lookup = |name: &str| match name {
            "AWS_ACCESS_KEY_ID" => Some(credentials.access_key.to_owned()),
            "AWS_SECRET_ACCESS_KEY" => Some(credentials.secret_key.to_owned()),
            "AWS_SESSION_TOKEN" => credentials.session_token.map(str::to_owned),
            "AWS_REGION" => Some(credentials.region.to_owned()),
            "AWS_ENDPOINT_URL_LAMBDA" => Some(endpoint.to_owned()),
            _ => None,
        };
        Ok(Self { client: AwsClients::from_variables(lookup)?.lambda })
    }

    /// `Invoke`.
    ///
    /// # Errors
    /// [`InvokeRefusal`]
    pub async fn invoke(&self, input: InvokeInput<'_>) -> Result<InvokeAnswer, InvokeRefusal> {
        let kind = input.kind.map(|kind| match kind {
            InvocationType::RequestResponse => Kind::RequestResponse,
            InvocationType::Event => Kind::Event,
            InvocationType::DryRun => Kind::DryRun,
        });
        let asked = self
            .client
            .invoke()
            .function_name(input.function)
            .set_qualifier(input.qualifier.map(str::to_owned))
            .set_invocation_type(kind)
            .set_log_type(input.log_tail.then_some(LogType::Tail))
            .set_client_context(input.client_context.map(str::to_owned))
            .payload(Blob::new(input.payload));
        let output = asked.send().await.map_err(|error| refusal(&error))?;
        let request_id = output.request_id().map(str::to_owned);
        Ok(InvokeAnswer {
            request_id,
            status: output.status_code,
            payload: output.payload.map(Blob::into_inner).unwrap_or_default().into(),
            function_error: output.function_error,
            executed_version: output.executed_version,
            log: output.log_result,
        })
    }
}

fn refusal(error: &SdkError<InvokeError, HttpResponse>) -> InvokeRefusal {
    let exception = sdk_error::brief(error);
    let Some(answer) = error.raw_response() else { return InvokeRefusal { exception, ..Default::default() } };
    InvokeRefusal {
        status: answer.status().as_u16(),
        exception,
        typed: error.as_service_error().is_some_and(is_typed),
        message: error.message().unwrap_or_default().to_owned(),
        request_id: error.request_id().map(str::to_owned),
        code: answer.headers().get("x-doorward-code").map(str::to_owned),
    }
}

fn is_typed(error: &InvokeError) -> bool {
    error.is_resource_not_found_exception()
        || error.is_too_many_requests_exception()
        || error.is_invalid_parameter_value_exception()
        || error.is_invalid_request_content_exception()
        || error.is_request_too_large_exception()
        || error.is_unsupported_media_type_exception()
        || error.is_resource_conflict_exception()
        || error.is_service_exception()
}
