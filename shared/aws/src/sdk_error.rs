//! What an SDK error is called in a cause that operators read: never its message, which may quote what was sent.

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use doorward_core::ports::StoreError;

/// One line: the service's error code, or the way in which the call failed before there was one.
pub(crate) fn brief<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> String {
    match error {
        SdkError::ServiceError(error) => code(error.err()),
        SdkError::TimeoutError(_) => "timed out".to_owned(),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => "timed out".to_owned(),
        SdkError::DispatchFailure(_) => "cannot be reached".to_owned(),
        SdkError::ResponseError(_) => "the answer cannot be read".to_owned(),
        _ => "the request cannot be built".to_owned(),
    }
}

/// Whether a store that DynamoDB answers for has no table.
#[must_use]
pub fn is_table_missing(error: &StoreError) -> bool {
    error.0 == "ResourceNotFoundException"
}

/// The code of an error that the service answered.
pub(crate) fn code(error: &impl ProvideErrorMetadata) -> String {
    error.code().unwrap_or("an error without a code").to_owned()
}
