//! What the SDK would take for final although the same request may go through a moment later.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::TransactWriteItem;
use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use doorward_core::ports::StoreError;
use serde::Deserialize;

use crate::sdk_error;

/// Of these reasons each alone means that the same transaction may go through a moment later ("TransactWriteItems",
/// Amazon DynamoDB API Reference).
const PASSING: [&str; 3] = ["TransactionConflict", "ProvisionedThroughputExceeded", "ThrottlingError"];
/// The reason of items that are not to blame.
const NONE: &str = "None";
/// The reason of an item whose condition did not hold.
const CONDITION: &str = "ConditionalCheckFailed";

/// Has the SDK send again, within its attempts, what met another's transaction, of which nothing was written, and what
/// was answered in words that cannot be read: a body that was cut off. That may have been carried out, which every write
/// here withstands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RetryPassing;

impl ClassifyRetry for RetryPassing {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let Some(response) = context.response() else { return RetryAction::NoActionIndicated };
        let unread = || context.output_or_error().is_some_and(|read| read.is_err());
        match response.status().as_u16() {
            200 if unread() => RetryAction::transient_error(),
            400 => match serde_json::from_slice(response.body().bytes().unwrap_or_default()) {
                Ok(refused) if passes(&refused) => RetryAction::throttling_error(),
                Ok(_) => RetryAction::NoActionIndicated,
                Err(_) => RetryAction::transient_error(),
            },
            _ => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "conflicts and unreadable answers"
    }
}

#[derive(Deserialize)]
struct Refused {
    #[serde(rename = "__type", default)]
    kind: String,
    #[serde(rename = "CancellationReasons", default)]
    reasons: Vec<Reason>,
}

#[derive(Deserialize)]
struct Reason {
    #[serde(rename = "Code")]
    code: Option<String>,
}

/// Whether the same write may go through a moment later.
fn passes(Refused { kind, reasons }: &Refused) -> bool {
    match kind.rsplit('#').next() {
        Some("TransactionConflictException") => true,
        Some("TransactionCanceledException") => {
            let codes = || reasons.iter().filter_map(|reason| reason.code.as_deref());
            codes().any(|code| PASSING.contains(&code))
                && codes().all(|code| code == NONE || PASSING.contains(&code))
        }
        _ => false,
    }
}

/// Writes all of it or nothing; `false` where a condition does not hold.
///
/// # Errors
/// [`StoreError`] for everything else, also where the transaction met others until the attempts were over.
pub(crate) async fn transact(
    client: &aws_sdk_dynamodb::Client,
    writes: Vec<TransactWriteItem>,
) -> Result<bool, StoreError> {
    match client.transact_write_items().set_transact_items(Some(writes)).send().await {
        Ok(_) => Ok(true),
        Err(SdkError::ServiceError(error)) => match error.into_err() {
            TransactWriteItemsError::TransactionCanceledException(cancelled) => {
                let reasons = cancelled.cancellation_reasons.unwrap_or_default();
                let codes = || reasons.iter().filter_map(|reason| reason.code.as_deref());
                match codes().find(|code| ![NONE, CONDITION].contains(code)) {
                    _ if codes().any(|code| code == CONDITION) => Ok(false),
                    Some(other) => Err(StoreError(other.to_owned())),
                    None => Err(StoreError("TransactionCanceledException".to_owned())),
                }
            }
            error => Err(StoreError(sdk_error::code(&error))),
        },
        Err(error) => Err(StoreError(sdk_error::brief(&error))),
    }
}

/// Whether a conditional write was carried out; `false` where its condition did not hold.
///
/// # Errors
/// [`StoreError`] for everything else.
pub(crate) fn held<E, R>(
    written: Result<(), SdkError<E, R>>,
    is_condition: impl FnOnce(&E) -> bool,
) -> Result<bool, StoreError>
where
    E: ProvideErrorMetadata,
{
    match written {
        Ok(()) => Ok(true),
        Err(SdkError::ServiceError(error)) if is_condition(error.err()) => Ok(false),
        Err(error) => Err(StoreError(sdk_error::brief(&error))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &str, expected: bool) {
        assert_eq!(passes(&serde_json::from_str(body).unwrap()), expected, "{body}");
    }

    #[test]
    fn only_what_was_not_written_and_may_be_is_sent_again() {
        check(r#"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionConflictException"}"#, true);
        check(r#"{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"}"#, false);
        check(r#"{"__type":"TransactionConflictExceptionToo"}"#, false);
        check("{}", false);
        let cancelled = |codes: &[&str]| {
            let reasons: Vec<_> = codes.iter().map(|code| serde_json::json!({ "Code": code })).collect();
            let kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
            serde_json::json!({ "__type": kind, "CancellationReasons": reasons }).to_string()
        };
        check(&cancelled(&["None", "TransactionConflict"]), true);
        check(&cancelled(&["ThrottlingError", "ProvisionedThroughputExceeded"]), true);
        check(&cancelled(&["TransactionConflict", "ConditionalCheckFailed"]), false);
        check(&cancelled(&["ConditionalCheckFailed"]), false);
        check(&cancelled(&["TransactionConflict", "ValidationError"]), false);
        check(&cancelled(&["None"]), false);
        check(&cancelled(&[]), false);
    }
}
