//! Why Kinesis refuses a request.
//! <https://docs.aws.amazon.com/kinesis/latest/APIReference/CommonErrors.html>

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum KinesisFault {
    #[error("{0}")]
    NotFound(String),
    #[error("{0}")]
    Argument(String),
    #[error("{0}")]
    Validation(String),
    #[error("{0}")]
    Serialization(String),
    #[error("the operation {0} is not known")]
    Operation(String),
}

impl IntoResponse for KinesisFault {
    fn into_response(self) -> Response {
        let kind = match self {
            Self::NotFound(_) => "ResourceNotFoundException",
            Self::Argument(_) => "InvalidArgumentException",
            Self::Validation(_) => "ValidationException",
            Self::Serialization(_) => "SerializationException",
            Self::Operation(_) => "UnknownOperationException",
        };
        let body = json!({ "__type": kind, "message": self.to_string() });
        let headers = [("content-type", "application/x-amz-json-1.1")];
        (StatusCode::BAD_REQUEST, headers, body.to_string()).into_response()
    }
}
