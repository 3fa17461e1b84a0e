//! The call of the function behind a route.

use std::time::Duration;

use bytes::Bytes;

use super::access_log::Trail;
use crate::lambda::{Invocation, InvokeFault, Lambda};

/// Why there is no answer of the function's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum IntegrationFault {
    /// It did not answer in the front's time.
    TimedOut,
    /// Lambda did not run it.
    Refused(InvokeFault),
    /// It failed.
    Failed,
}

/// Invokes `function` with `event` and waits for its answer, `limit` at most where the front has one. What became of
/// it is written to `trail`.
pub(super) async fn integrate(
    lambda: &Lambda,
    function: &str,
    event: Bytes,
    trace: String,
    limit: Option<Duration>,
    trail: &mut Trail,
) -> Result<Bytes, IntegrationFault> {
    let invocation = Invocation::new(event, trace);
    trail.integration_request_id = Some(invocation.id.clone());
    let invoked = lambda.invoke(function, invocation);
    let answered = match limit {
        None => invoked.await,
        Some(limit) => match tokio::time::timeout(limit, invoked).await {
            Ok(answered) => answered,
            Err(_) => {
                trail.integration_error = Some(format!("no answer within {} s", limit.as_secs()));
                return Err(IntegrationFault::TimedOut);
            }
        },
    };
    match answered {
        Err(fault) => {
            trail.integration_error = Some(fault.to_string());
            Err(IntegrationFault::Refused(fault))
        }
        Ok(answer) if answer.is_error => {
            trail.integration_error = Some(answer.error_message().unwrap_or_default());
            Err(IntegrationFault::Failed)
        }
        Ok(answer) => Ok(answer.payload),
    }
}
