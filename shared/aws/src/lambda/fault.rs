use aws_sdk_lambda::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use doorward_model::{TargetFault, error_name};
use serde::Deserialize;

use crate::{connection, sdk_error};

/// Header field of Lambda's own errors.
const ERROR_TYPE: &str = "x-amzn-errortype";

/// Errors with a status from 500 on that Lambda answers while it makes a place for the function to run in, before the
/// handler is called ("Invoke", AWS Lambda API reference). Another one, `ServiceException` before all, may come after it.
const NOT_BEGUN: [&str; 15] = [
    "EC2AccessDeniedException",
    "EC2ThrottledException",
    "EC2UnexpectedException",
    "ENILimitReachedException",
    "ENINotReadyException",
    "InvalidRuntimeException",
    "InvalidSecurityGroupIDException",
    "InvalidSubnetIDException",
    "InvalidZipFileException",
    "KMSAccessDeniedException",
    "KMSDisabledException",
    "KMSInvalidStateException",
    "KMSNotFoundException",
    "ResourceNotReadyException",
    "SubnetIPAddressLimitReachedException",
];

/// The one error with a status from 400 to 499 that a function may meet while it runs.
const FILE_SYSTEM: &str = "EFSIOException";

/// The larger of the two is answered with status 413.
const TOO_LARGE: [&str; 2] = ["RequestTooLargeException", "SerializedRequestEntityTooLargeException"];

/// Whatever the Invoke API gives but the function's own result.
pub(super) fn of_invoke<E: ProvideErrorMetadata>(error: SdkError<E>) -> TargetFault {
    match &error {
        SdkError::ConstructionFailure(_) => TargetFault::Unreachable(sdk_error::brief(&error)),
        SdkError::TimeoutError(_) => TargetFault::TimedOut,
        SdkError::DispatchFailure(failure) => {
            failure.as_connector_error().map_or_else(connection::reset, connection::fault)
        }
        SdkError::ServiceError(refused) => {
            let code = sdk_error::code(refused.err());
            let answer = refused.raw();
            // Lambda names its own errors in a header; `cargo lambda watch` answers a function's error with a bare 500.
            match answer.status().as_u16() {
                500 if answer.headers().get(ERROR_TYPE).is_none() => of_bare(answer),
                status => of_service(status, code),
            }
        }
        // The status came, and not the whole body.
        _ => connection::reset(),
    }
}

/// An answer that Lambda did not name an error in: the function's error, if it is one, else whoever stands before Lambda.
fn of_bare(answer: &HttpResponse) -> TargetFault {
    of_function(answer.body().bytes().unwrap_or_default())
}

/// An error that Lambda names.
fn of_service(status: u16, code: String) -> TargetFault {
    match status {
        _ if TOO_LARGE.contains(&code.as_str()) => {
            TargetFault::Unfit("its event is larger than Lambda takes")
        }
        400..500 if code != FILE_SYSTEM => TargetFault::Unreachable(code),
        500.. if NOT_BEGUN.contains(&code.as_str()) => TargetFault::Unreachable(code),
        _ => TargetFault::Reset(code),
    }
}

/// What a function that failed says of itself ("Lambda function errors", AWS Lambda guide). The message stays
/// unread but for Lambda's own words on a time-out: it may quote the data that the function worked on.
pub(super) fn of_function(payload: &[u8]) -> TargetFault {
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "camelCase", default)]
    struct FunctionError {
        error_type: Option<String>,
        error_message: Option<String>,
    }
    let error: FunctionError = serde_json::from_slice(payload).unwrap_or_default();
    match error.error_type {
        Some(kind) if kind == "Sandbox.Timedout" => TargetFault::TimedOut,
        None if error.error_message.is_some_and(|message| says_timed_out(&message)) => TargetFault::TimedOut,
        kind => TargetFault::Failed(error_name(kind.as_deref())),
    }
}

/// Whether these are Lambda's own words on a function that ran too long.
pub(super) fn says_timed_out(message: &str) -> bool {
    message.contains("Task timed out after")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(payload: &str, expected: TargetFault) {
        assert_eq!(of_function(payload.as_bytes()), expected, "{payload}");
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

    #[test]
    fn only_what_cannot_have_begun_is_untouched() {
        let check = |status, code: &str, untouched| {
            let fault = of_service(status, code.to_owned());
            assert_eq!(fault.is_untouched(), untouched, "{status} {code}: {fault}");
        };
        for code in ["AccessDeniedException", "ResourceNotFoundException", "InvalidParameterValueException"] {
            check(400, code, true);
        }
        check(429, "TooManyRequestsException", true);
        check(403, "EFSMountFailureException", true);
        check(408, "EFSMountTimeoutException", true);
        check(409, "SnapStartNotReadyException", true);
        check(413, "RequestTooLargeException", true);
        check(410, "EFSIOException", false);
        for code in NOT_BEGUN {
            check(502, code, true);
        }
        check(500, "ServiceException", false);
        check(502, "an error without a code", false);
        check(503, "an error without a code", false);
        check(504, "an error without a code", false);
    }
}
