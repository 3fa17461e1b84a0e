use aws_sdk_lambda::operation::RequestId as _;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;

use crate::{AwsClients, sdk_error};

/// Why an event could not be handed over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the event could not be handed to `{function}`: {cause}")]
pub struct InvokeEventError {
    /// The function.
    pub function: String,
    /// Why.
    pub cause: String,
}

/// What a function answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invoked {
    /// Its answer, or what it says of its error.
    pub payload: Vec<u8>,
    /// Whether it failed.
    pub failed: bool,
}

impl AwsClients {
    /// Hands `payload` to `function` as event source mappings do (invocation type `RequestResponse`), and waits for what it
    /// answers.
    ///
    /// # Errors
    /// [`InvokeEventError`] when Lambda does not take it.
    pub async fn invoke_and_wait(
        &self,
        function: &str,
        payload: Vec<u8>,
    ) -> Result<Invoked, InvokeEventError> {
        let answer = self
            .lambda
            .invoke()
            .function_name(function)
            .invocation_type(InvocationType::RequestResponse)
            .payload(Blob::new(payload))
            .send()
            .await
            .map_err(|error| InvokeEventError {
                function: function.to_owned(),
                cause: sdk_error::brief(&error),
            })?;
        let payload = answer.payload.map(Blob::into_inner).unwrap_or_default();
        Ok(Invoked { payload, failed: answer.function_error.is_some() })
    }

    /// Hands `payload` to `function` as event sources do (invocation type `Event`): taken now, run later. Returns
    /// Lambda's request id, which every attempt of it has.
    ///
    /// # Errors
    /// [`InvokeEventError`] when Lambda does not take it.
    pub async fn invoke_event(&self, function: &str, payload: Vec<u8>) -> Result<String, InvokeEventError> {
        let failed = |cause: String| InvokeEventError { function: function.to_owned(), cause };
        let taken = self
            .lambda
            .invoke()
            .function_name(function)
            .invocation_type(InvocationType::Event)
            .payload(Blob::new(payload))
            .send()
            .await
            .map_err(|error| failed(sdk_error::brief(&error)))?;
        taken.request_id().map(str::to_owned).ok_or_else(|| failed("the answer has no request id".to_owned()))
    }
}
