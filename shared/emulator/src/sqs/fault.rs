//! Why SQS refuses a request, as AWS answers it in JSON.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html>

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SqsFault {
    #[error("The specified queue does not exist.")]
    QueueDoesNotExist,
    #[error("A queue already exists with the same name and a different value for attribute {0}")]
    QueueNameExists(String),
    #[error("Unknown Attribute {0}.")]
    AttributeName(String),
    #[error("Invalid value for the parameter {0}.")]
    AttributeValue(String),
    #[error("{0}")]
    Parameter(String),
    #[error("The request must contain the parameter {0}.")]
    Missing(&'static str),
    #[error(
        "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF"
    )]
    Contents,
    #[error("The input receipt handle is invalid.")]
    ReceiptHandle,
    #[error("The specified message is not in flight.")]
    NotInflight,
    #[error("Only one PurgeQueue operation on {0} is allowed every 60 seconds.")]
    PurgeInProgress(String),
    #[error("The batch request doesn't contain any entries.")]
    EmptyBatch,
    #[error("Maximum number of entries per request are 10. You have sent {0}.")]
    TooManyEntries(usize),
    #[error("Id {0} repeated.")]
    IdsNotDistinct(String),
    #[error(
        "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long."
    )]
    EntryId,
    #[error("Batch requests cannot be longer than {limit} bytes. You have sent {sent} bytes.")]
    BatchTooLong { limit: usize, sent: usize },
    #[error("{0}")]
    Unsupported(&'static str),
    #[error("The action {0} is not valid for this endpoint.")]
    Action(String),
    #[error("{0}")]
    Serialization(String),
    #[error("{0}")]
    Signature(String),
}

/// Errors of the service itself, and those of the layer below that all services of that kind share.
const OWN: &str = "com.amazonaws.sqs";
const COMMON: &str = "com.amazon.coral.service";

/// `__type` with its namespace, the code of the older Query protocol, and the status.
struct Form(&'static str, &'static str, &'static str, StatusCode);

impl SqsFault {
    pub(crate) fn parameter(text: impl Into<String>) -> Self {
        Self::Parameter(text.into())
    }

    fn form(&self) -> Form {
        use StatusCode as S;
        let bad = S::BAD_REQUEST;
        match self {
            Self::QueueDoesNotExist => {
                Form(OWN, "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", bad)
            }
            Self::QueueNameExists(_) => Form(OWN, "QueueNameExists", "QueueAlreadyExists", bad),
            Self::AttributeName(_) => Form(OWN, "InvalidAttributeName", "InvalidAttributeName", bad),
            Self::AttributeValue(_) => Form(OWN, "InvalidAttributeValue", "InvalidAttributeValue", bad),
            Self::Parameter(_) => {
                Form(COMMON, "InvalidParameterValueException", "InvalidParameterValue", bad)
            }
            Self::Missing(_) => Form(COMMON, "MissingRequiredParameterException", "MissingParameter", bad),
            Self::Contents => Form(OWN, "InvalidMessageContents", "InvalidMessageContents", bad),
            Self::ReceiptHandle => {
                Form(OWN, "ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid", S::NOT_FOUND)
            }
            Self::NotInflight => {
                Form(OWN, "MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight", bad)
            }
            Self::PurgeInProgress(_) => {
                let code = "AWS.SimpleQueueService.PurgeQueueInProgress";
                Form(OWN, "PurgeQueueInProgress", code, S::FORBIDDEN)
            }
            Self::EmptyBatch => {
                Form(OWN, "EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest", bad)
            }
            Self::TooManyEntries(_) => {
                let code = "AWS.SimpleQueueService.TooManyEntriesInBatchRequest";
                Form(OWN, "TooManyEntriesInBatchRequest", code, bad)
            }
            Self::IdsNotDistinct(_) => {
                let code = "AWS.SimpleQueueService.BatchEntryIdsNotDistinct";
                Form(OWN, "BatchEntryIdsNotDistinct", code, bad)
            }
            Self::EntryId => {
                Form(OWN, "InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId", bad)
            }
            Self::BatchTooLong { .. } => {
                Form(OWN, "BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong", bad)
            }
            Self::Unsupported(_) => {
                Form(OWN, "UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation", bad)
            }
            Self::Action(_) => Form(COMMON, "UnknownOperationException", "InvalidAction", bad),
            Self::Serialization(_) => Form(COMMON, "SerializationException", "MalformedInput", bad),
            Self::Signature(_) => {
                Form(COMMON, "InvalidSignatureException", "SignatureDoesNotMatch", S::FORBIDDEN)
            }
        }
    }

    /// What a failed entry of a batch has as its code.
    pub(super) fn code(&self) -> &'static str {
        self.form().2
    }
}

impl IntoResponse for SqsFault {
    fn into_response(self) -> Response {
        let Form(namespace, name, code, status) = self.form();
        let body = json!({ "__type": format!("{namespace}#{name}"), "message": self.to_string() });
        let headers = [
            ("content-type", "application/x-amz-json-1.0".to_owned()),
            ("x-amzn-query-error", format!("{code};Sender")),
        ];
        (status, headers, Json(body).into_response().into_body()).into_response()
    }
}
