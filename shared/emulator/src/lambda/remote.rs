//! Functions that run behind another Invoke API, such as that of `cargo lambda watch`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Deserialize;

use super::{Answer, Invocation, InvokeFault, SYNCHRONOUS_LIMIT};
use crate::EmulatorError;

/// The client of one Invoke API.
pub(crate) struct Remote {
    origin: String,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Remote {
    /// `address` is `http://host:port`, with or without a trailing slash.
    pub(crate) fn new(address: &str) -> Result<Self, EmulatorError> {
        let refused = || EmulatorError::RemoteAddress(address.to_owned());
        let uri: Uri = address.parse().map_err(|_| refused())?;
        if uri.scheme_str() != Some("http") || uri.path() != "/" || uri.query().is_some() {
            return Err(refused());
        }
        let origin = address.trim_end_matches('/').to_owned();
        Ok(Self { origin, client: Client::builder(TokioExecutor::new()).build_http() })
    }

    pub(super) async fn invoke(&self, function: &str, invocation: Invocation) -> Result<Answer, InvokeFault> {
        if !is_function_name(function) {
            return Err(InvokeFault::NotFound(function.to_owned()));
        }
        let unavailable = |cause: String| {
            InvokeFault::Unavailable(format!("no answer from the Invoke API at {}: {cause}", self.origin))
        };
        let request = Request::post(format!("{}/2015-03-31/functions/{function}/invocations", self.origin))
            .header("content-type", "application/json")
            .header("x-amz-invocation-type", "RequestResponse")
            .header("x-amzn-trace-id", invocation.trace);
        let context = invocation.client_context.map(|context| STANDARD.encode(context));
        let request = context
            .into_iter()
            .fold(request, |request, context| request.header("x-amz-client-context", context))
            .body(Full::new(invocation.payload))
            .map_err(|error| unavailable(error.to_string()))?;
        let response = self.client.request(request).await.map_err(|error| unavailable(error.to_string()))?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, SYNCHRONOUS_LIMIT).collect().await;
        let body = body.map_err(|error| unavailable(error.to_string()))?.to_bytes();
        match head.status {
            StatusCode::OK => Ok(answer(&head.headers, body)),
            StatusCode::INTERNAL_SERVER_ERROR if is_error(&head.headers, &body) => {
                Ok(Answer::reported_error(body))
            }
            StatusCode::NOT_FOUND => Err(InvokeFault::NotFound(function.to_owned())),
            StatusCode::TOO_MANY_REQUESTS => Err(InvokeFault::Throttled),
            status => Err(unavailable(status.to_string())),
        }
    }
}

/// What may stand in a URL as a function's name, as Lambda allows it; a caller's text must not become a path.
fn is_function_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}

fn answer(headers: &HeaderMap, body: Bytes) -> Answer {
    if is_error(headers, &body) { Answer::reported_error(body) } else { Answer::success(body) }
}

/// `cargo lambda watch` passes a function's error on with status 500 or 200 and without `X-Amz-Function-Error`:
/// there, an error is known by its two members.
fn is_error(headers: &HeaderMap, body: &[u8]) -> bool {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Error {
        #[expect(dead_code, reason = "its presence is what tells an error")]
        error_type: String,
        #[expect(dead_code, reason = "its presence is what tells an error")]
        error_message: String,
    }
    headers.contains_key("x-amz-function-error") || serde_json::from_slice::<Error>(body).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(header: Option<&str>, body: &'static str, is_error: bool) {
        let mut headers = HeaderMap::new();
        if let Some(value) = header {
            headers.insert("x-amz-function-error", value.parse().unwrap());
        }
        assert_eq!(answer(&headers, Bytes::from_static(body.as_bytes())).is_error, is_error);
    }

    #[test]
    fn tells_errors_by_header_or_by_form() {
        check(Some("Unhandled"), r#"{"errorMessage":"no"}"#, true);
        check(None, r#"{"errorType":"E","errorMessage":"no"}"#, true);
        check(None, r#"{"errorType":"E","errorMessage":"no","statusCode":200}"#, false);
        check(None, "null", false);
    }

    #[test]
    fn a_name_is_no_path() {
        assert!(is_function_name("orders-2_b"));
        for name in ["", "a/b", "..", "a?b", "a%2Fb", "ä"] {
            assert!(!is_function_name(name), "{name}");
        }
    }

    #[test]
    fn takes_plain_http_origins_only() {
        assert!(Remote::new("http://127.0.0.1:9000").is_ok());
        assert!(Remote::new("http://127.0.0.1:9000/").is_ok());
        for address in ["", "127.0.0.1:9000", "https://127.0.0.1", "http://127.0.0.1/x", "http://127.0.0.1?x"]
        {
            assert!(Remote::new(address).is_err(), "{address}");
        }
    }
}
