//! An invocation, its answer, and why Lambda may refuse it.

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::json;
use tokio::sync::mpsc;
use uuid::Uuid;

/// One invocation of a function. Its retries keep its id.
#[derive(Debug, Clone)]
pub(crate) struct Invocation {
    /// `x-amzn-RequestId`, and what the function finds as its AWS request id.
    pub(crate) id: String,
    /// JSON text.
    pub(crate) payload: Bytes,
    /// X-Ray trace header, such as `Root=1-…`.
    pub(crate) trace: String,
    /// What the caller tells the function beside the payload: JSON text.
    pub(crate) client_context: Option<String>,
    /// Where its answer goes while it comes in, if its caller asked for that.
    pub(crate) stream: Option<mpsc::Sender<Bytes>>,
}

impl Invocation {
    pub(crate) fn new(payload: Bytes, trace: String) -> Self {
        Self { id: Uuid::new_v4().to_string(), payload, trace, client_context: None, stream: None }
    }
}

/// A new X-Ray trace header. <https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html>
pub(crate) fn new_trace(now: Timestamp) -> String {
    let random = Uuid::new_v4().simple().to_string();
    let unique = random.get(..24).unwrap_or_default();
    format!("Root=1-{:08x}-{unique}", now.as_second())
}

/// What an invocation came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// JSON text: the function's own answer, or `{errorType, errorMessage}`.
    pub(crate) payload: Bytes,
    /// Whether it is what Lambda marks with `X-Amz-Function-Error: Unhandled`.
    pub(crate) is_error: bool,
}

impl Answer {
    pub(crate) fn success(payload: Bytes) -> Self {
        Self { payload, is_error: false }
    }

    /// What the function itself reported.
    pub(crate) fn reported_error(payload: Bytes) -> Self {
        Self { payload, is_error: true }
    }

    /// What Lambda reports where the function could not.
    pub(crate) fn lambda_error(kind: &str, message: &str) -> Self {
        let payload = json!({ "errorType": kind, "errorMessage": message }).to_string();
        Self::reported_error(payload.into())
    }

    /// The error's message, where the answer is an error that has one.
    pub(crate) fn error_message(&self) -> Option<String> {
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Reported {
            error_message: String,
        }
        let parse = || serde_json::from_slice::<Reported>(&self.payload).ok();
        self.is_error.then(parse).flatten().map(|reported| reported.error_message)
    }
}

/// Why Lambda refuses an invocation without running the function.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvokeFault {
    #[error("Function not found: {0}")]
    NotFound(String),
    #[error("Request must be smaller than {limit} bytes for the InvokeFunction operation")]
    TooLarge { limit: usize },
    #[error("Could not parse request body into json: {0}")]
    NotJson(String),
    #[error("invocation type `{0}` is none of RequestResponse, Event and DryRun")]
    InvocationType(String),
    #[error("Client context must be a valid Base64-encoded JSON object.")]
    ClientContext,
    #[error("Rate Exceeded.")]
    Throttled,
    #[error("{0}")]
    Unavailable(String),
    #[error("the service of the region {0} is away")]
    RegionAway(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_header_has_the_form_of_x_ray() {
        let trace = new_trace(Timestamp::from_second(0x6745_a000).unwrap());
        let unique = trace.strip_prefix("Root=1-6745a000-").unwrap();
        assert!(unique.len() == 24 && unique.bytes().all(|byte| byte.is_ascii_hexdigit()), "{trace}");
    }

    #[test]
    fn only_errors_have_a_message() {
        let payload = Bytes::from_static(br#"{"errorMessage":"no"}"#);
        assert_eq!(Answer::reported_error(payload.clone()).error_message().as_deref(), Some("no"));
        assert_eq!(Answer::success(payload).error_message(), None);
        assert_eq!(Answer::reported_error(Bytes::new()).error_message(), None);
    }
}
