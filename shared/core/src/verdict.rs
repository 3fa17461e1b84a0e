//! What a try says of the endpoint that it was made at.

use doorward_model::{BodyError, Reply, TargetFault};
use http::StatusCode;

use crate::invoke;
use crate::ports::ForwardMessage;

/// What a try says of its endpoint.
pub(crate) enum Verdict {
    There,
    Away,
    Unknown,
}

/// Errors under the runtimes' own names that a function's code brings about while it runs: a promise that is rejected with
/// nobody to catch it, an event that is none to it, and a result that cannot be written.
const OF_THE_CODE: [&str; 3] =
    ["Runtime.UnhandledPromiseRejection", "Runtime.UnmarshalError", "Runtime.MarshalError"];

/// What a try says of the endpoint. A function that is invoked for its caller hands its error on as its answer.
pub(crate) fn verdict(message: &ForwardMessage<'_>, answer: &Result<Reply, TargetFault>) -> Verdict {
    let error = match (message, answer) {
        (ForwardMessage::Invoke { .. }, Ok(reply)) => invoke::function_error(reply),
        _ => None,
    };
    error.map_or_else(|| of_answer(answer), |kind| of_answer(&Err(TargetFault::Failed(kind))))
}

/// What a caller can bring about by a payload of their own is no fault of the endpoint's: an error status of the target, or
/// a function that throws. One that cannot so much as run is.
fn of_answer(answer: &Result<Reply, TargetFault>) -> Verdict {
    match answer {
        Ok(reply) if is_gateway_fault(reply.status) => Verdict::Away,
        Ok(_) => Verdict::There,
        Err(TargetFault::Failed(kind)) if !cannot_run(kind) => Verdict::There,
        Err(TargetFault::TooLarge(_)) => Verdict::There,
        Err(
            TargetFault::Failed(_)
            | TargetFault::TimedOut
            | TargetFault::Unreachable(_)
            | TargetFault::Reset(_)
            | TargetFault::Unreadable(_)
            | TargetFault::Address(_),
        ) => Verdict::Away,
        Err(TargetFault::Credentials(_) | TargetFault::LeftAlone { .. } | TargetFault::Unfit(_)) => {
            Verdict::Unknown
        }
    }
}

/// What the end of an answer says that passed on while it came in. A function that throws in the midst of it is there as one is
/// that throws before; one that pauses for too long may be waiting for what it was asked for.
pub(crate) fn of_end(end: Result<(), &BodyError>) -> Verdict {
    match end {
        Ok(()) => Verdict::There,
        Err(BodyError::Failed(kind)) if !cannot_run(kind) => Verdict::There,
        Err(BodyError::Failed(_) | BodyError::Cut(_) | BodyError::Unreadable(_)) => Verdict::Away,
        Err(BodyError::TimedOut | BodyError::TooLarge { .. } | BodyError::Inflates(_)) => Verdict::Unknown,
    }
}

fn cannot_run(kind: &str) -> bool {
    let of_lambda = ["Runtime.", "Sandbox.", "Extension."].iter().any(|own| kind.starts_with(own));
    of_lambda && !OF_THE_CODE.contains(&kind)
}

/// RFC 9110 sections 15.6.3 to 15.6.5: whoever says so got no answer.
fn is_gateway_fault(status: StatusCode) -> bool {
    matches!(status, StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT)
}
