//! The function of a mapping.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;

use crate::lambda::{Answer, Invocation, Lambda, new_trace};

/// What an invocation came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The function's answer.
    Answered(Vec<u8>),
    /// The function failed, for this reason.
    Failed(String),
    /// Lambda did not run it, for this reason.
    Refused(String),
}

/// An invocation that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Invoked {
    pub(super) request_id: String,
    pub(super) outcome: Outcome,
}

/// Whom a mapping hands its records.
pub(super) trait Target: Send + Sync + 'static {
    fn invoke(&self, event: Bytes) -> impl Future<Output = Invoked> + Send;
}

/// A function of the emulator.
#[derive(Clone)]
pub(super) struct Function {
    pub(super) lambda: Arc<Lambda>,
    pub(super) name: String,
}

impl Function {
    pub(super) fn arn(&self) -> String {
        self.lambda.function_arn(&self.name)
    }
}

impl Target for Function {
    async fn invoke(&self, event: Bytes) -> Invoked {
        let invocation = Invocation::new(event, new_trace(Timestamp::now()));
        let request_id = invocation.id.clone();
        let outcome = match self.lambda.invoke_from_source(&self.name, invocation).await {
            Ok(Answer { payload, is_error: false }) => Outcome::Answered(payload.to_vec()),
            Ok(answer) => {
                Outcome::Failed(answer.error_message().unwrap_or_else(|| "the function failed".to_owned()))
            }
            Err(fault) => Outcome::Refused(fault.to_string()),
        };
        Invoked { request_id, outcome }
    }
}
