//! The Runtime API and the part of the Extensions API that a process sees. Every sandbox has a listener of its
//! own, because a runtime knows only a host and a port: the port tells the sandboxes apart.
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html>

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot, watch};
use uuid::Uuid;

use super::environment::VERSION;
use super::invocation::{Answer, Invocation};

/// Most bytes that Lambda takes as an answer: 6 MB and a little for its own wrapping.
const ANSWER_LIMIT: usize = super::SYNCHRONOUS_LIMIT + 100;
/// Most bytes of an answer that is streamed: 200 MB.
const STREAM_LIMIT: usize = 200 * 1024 * 1024;
/// Most extensions of one function, as Lambda allows.
const EXTENSION_LIMIT: usize = 10;
const EXTENSION_ID: &str = "lambda-extension-identifier";
const RESPONSE_MODE: &str = "lambda-runtime-function-response-mode";

/// An invocation on its way to the process.
pub(super) struct Delivery {
    pub(super) invocation: Invocation,
    /// Fires when the process has taken it, which starts its clock.
    pub(super) taken: oneshot::Sender<()>,
    pub(super) answer: oneshot::Sender<Answer>,
}

/// How far the process has come before its first invocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Startup {
    Initializing,
    /// It has asked for work.
    Ready,
    /// It has reported this error.
    Failed(Bytes),
}

/// What the listener of one sandbox knows.
pub(super) struct RuntimeApi {
    function: String,
    function_arn: String,
    timeout: Duration,
    startup: watch::Sender<Startup>,
    deliveries: tokio::sync::Mutex<mpsc::Receiver<Delivery>>,
    current: Mutex<Option<Current>>,
    /// Registered extensions, and whether they want to hear of invocations.
    extensions: Mutex<HashMap<String, bool>>,
    /// The latest invocation's event for extensions; null before the first.
    invoked: watch::Sender<Value>,
}

struct Current {
    id: String,
    answer: Option<oneshot::Sender<Answer>>,
    /// Where the answer goes while it comes in.
    stream: Option<mpsc::Sender<Bytes>>,
}

impl RuntimeApi {
    pub(super) fn new(
        function: String,
        function_arn: String,
        timeout: Duration,
        deliveries: mpsc::Receiver<Delivery>,
        cause: Option<&str>,
    ) -> Self {
        Self {
            function,
            function_arn,
            timeout,
            startup: watch::Sender::new(Startup::Initializing),
            deliveries: tokio::sync::Mutex::new(deliveries),
            current: Mutex::new(cause.map(|id| Current { id: id.to_owned(), answer: None, stream: None })),
            extensions: Mutex::new(HashMap::new()),
            invoked: watch::Sender::new(Value::Null),
        }
    }

    pub(super) fn startup(&self) -> watch::Receiver<Startup> {
        self.startup.subscribe()
    }

    /// The invocation that the process has taken last, or for which it has been started.
    pub(super) fn latest_id(&self) -> Option<String> {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        current.as_ref().map(|current| current.id.clone())
    }

    /// Whether Lambda would send SIGTERM: it does so only where an extension is registered.
    /// <https://github.com/aws-samples/graceful-shutdown-with-aws-lambda>
    pub(super) fn wants_notice_of_shutdown(&self) -> bool {
        !self.extensions.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    fn take(&self, delivery: Delivery) -> Response {
        let Delivery { invocation, taken, answer } = delivery;
        let timeout = i64::try_from(self.timeout.as_millis()).unwrap_or(i64::MAX);
        let deadline = Timestamp::now().as_millisecond().saturating_add(timeout);
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(Current { id: invocation.id.clone(), answer: Some(answer), stream: invocation.stream });
        // Nobody listens any more when the sandbox is being killed.
        let _ = taken.send(());
        self.invoked.send_replace(json!({
            "eventType": "INVOKE",
            "deadlineMs": deadline,
            "requestId": invocation.id,
            "invokedFunctionArn": self.function_arn,
            "tracing": { "type": "X-Amzn-Trace-Id", "value": invocation.trace },
        }));
        let context = invocation.client_context.map(|context| ("lambda-runtime-client-context", context));
        let response = context
            .into_iter()
            .fold(Response::builder(), |response, (name, context)| response.header(name, context));
        let response = response
            .header("content-type", "application/json")
            .header("lambda-runtime-aws-request-id", invocation.id)
            .header("lambda-runtime-deadline-ms", deadline)
            .header("lambda-runtime-invoked-function-arn", &self.function_arn)
            .header("lambda-runtime-trace-id", invocation.trace);
        response.body(Body::from(invocation.payload)).unwrap_or_else(|error| {
            refusal(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", &error.to_string())
        })
    }

    /// Where the answer to this invocation goes while it comes in; once.
    fn take_stream(&self, id: &str) -> Option<mpsc::Sender<Bytes>> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        current.as_mut().filter(|current| current.id == id).and_then(|current| current.stream.take())
    }

    /// Passes the answer on and answers `response`, unless the process does not serve this invocation.
    fn finish(&self, id: &str, answer: Answer, response: Response) -> Response {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        match current.as_mut().filter(|current| current.id == id).and_then(|current| current.answer.take()) {
            Some(waiting) => {
                // Nobody listens any more when the invocation has timed out.
                let _ = waiting.send(answer);
                response
            }
            None => refusal(StatusCode::BAD_REQUEST, "InvalidRequestID", "Invalid request ID"),
        }
    }
}

pub(super) fn router(api: Arc<RuntimeApi>) -> axum::Router {
    axum::Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next_invocation))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
        .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
        .route("/2018-06-01/runtime/init/error", post(init_error))
        .route("/2020-01-01/extension/register", post(register_extension))
        .route("/2020-01-01/extension/event/next", get(next_extension_event))
        .layer(DefaultBodyLimit::max(ANSWER_LIMIT))
        .with_state(api)
}

async fn next_invocation(State(api): State<Arc<RuntimeApi>>) -> Response {
    let mut deliveries = api.deliveries.lock().await;
    api.startup.send_replace(Startup::Ready);
    match deliveries.recv().await {
        Some(delivery) => api.take(delivery),
        None => refusal(StatusCode::INTERNAL_SERVER_ERROR, "Shutdown", "the sandbox is being shut down"),
    }
}

async fn response(
    State(api): State<Arc<RuntimeApi>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let too_large = |limit| {
        let message = format!("Response payload size exceeded maximum allowed payload size ({limit} bytes).");
        let answer = Answer::lambda_error("Function.ResponseSizeTooLarge", &message);
        let refused = refusal(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", &message);
        (answer, refused)
    };
    if headers.get(RESPONSE_MODE).is_some_and(|mode| mode == "streaming")
        && let Some(stream) = api.take_stream(&id)
    {
        let (answer, response) = match pass_on(body, &stream).await {
            Ok(answer) => (answer, accepted()),
            Err(limit) => too_large(limit),
        };
        // The end of the chunks comes before the end of the invocation.
        drop(stream);
        return api.finish(&id, answer, response);
    }
    let (answer, response) = match Limited::new(body, ANSWER_LIMIT).collect().await {
        Err(cause) if cause.is::<LengthLimitError>() => too_large(ANSWER_LIMIT),
        Err(_) => {
            let message = format!("RequestId: {id} Error: the response ended early");
            (Answer::lambda_error("Runtime.TruncatedResponse", &message), accepted())
        }
        Ok(collected) => (streamed(collected), accepted()),
    };
    api.finish(&id, answer, response)
}

/// Hands an answer on while it comes in; what it came to has no payload of its own.
///
/// # Errors
/// The bound that it exceeds.
async fn pass_on(mut body: Body, stream: &mpsc::Sender<Bytes>) -> Result<Answer, usize> {
    let mut left = STREAM_LIMIT;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            let message = "the response ended early";
            return Ok(Answer::lambda_error("Runtime.TruncatedResponse", message));
        };
        match frame.into_data() {
            Ok(bytes) => {
                left = left.checked_sub(bytes.len()).ok_or(STREAM_LIMIT)?;
                // The function goes on when its caller has gone.
                let _ = stream.send(bytes).await;
            }
            Err(frame) => {
                let kind = frame.into_trailers().ok().and_then(|trailers| failed_as(Some(&trailers)));
                if let Some(kind) = kind {
                    return Ok(broken_off(&kind));
                }
            }
        }
    }
    Ok(Answer::success(Bytes::new()))
}

/// A function that streams its answer reports an error in its middle by a trailer.
/// <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming>
fn streamed(body: http_body_util::Collected<Bytes>) -> Answer {
    match failed_as(body.trailers()) {
        Some(kind) => broken_off(&kind),
        None => Answer::success(body.to_bytes()),
    }
}

fn failed_as(trailers: Option<&HeaderMap>) -> Option<String> {
    trailers?.get("lambda-runtime-function-error-type")?.to_str().ok().map(str::to_owned)
}

fn broken_off(kind: &str) -> Answer {
    Answer::lambda_error(kind, "the function failed in the middle of its response")
}

async fn error(State(api): State<Arc<RuntimeApi>>, Path(id): Path<String>, body: Bytes) -> Response {
    api.finish(&id, Answer::reported_error(body), accepted())
}

async fn init_error(State(api): State<Arc<RuntimeApi>>, body: Bytes) -> Response {
    api.startup.send_replace(Startup::Failed(body));
    accepted()
}

#[derive(Deserialize)]
struct Registration {
    events: Vec<String>,
}

async fn register_extension(
    State(api): State<Arc<RuntimeApi>>,
    headers: HeaderMap,
    Json(registration): Json<Registration>,
) -> Response {
    if !headers.contains_key("lambda-extension-name") {
        return refusal(StatusCode::FORBIDDEN, "Extension.InvalidExtensionName", "Empty extension name");
    }
    // An extension inside the function's own process hears of invocations only, never of the shutdown.
    if let Some(event) = registration.events.iter().find(|event| *event != "INVOKE") {
        let message = format!("{event}: event not supported for internal extensions");
        return refusal(StatusCode::FORBIDDEN, "Extension.InvalidEventType", &message);
    }
    let mut extensions = api.extensions.lock().unwrap_or_else(PoisonError::into_inner);
    if extensions.len() >= EXTENSION_LIMIT {
        return refusal(StatusCode::FORBIDDEN, "Extension.TooManyExtensions", "Extension limit reached");
    }
    let id = Uuid::new_v4().to_string();
    extensions.insert(id.clone(), !registration.events.is_empty());
    let function = json!({
        "functionName": api.function,
        "functionVersion": VERSION,
        "handler": "bootstrap",
    });
    ([(EXTENSION_ID, id)], Json(function)).into_response()
}

async fn next_extension_event(State(api): State<Arc<RuntimeApi>>, headers: HeaderMap) -> Response {
    let id = headers.get(EXTENSION_ID).and_then(|id| id.to_str().ok()).unwrap_or_default();
    let registered = api.extensions.lock().unwrap_or_else(PoisonError::into_inner).get(id).copied();
    match registered {
        None => refusal(StatusCode::FORBIDDEN, "Extension.UnknownExtensionIdentifier", "Unknown extension"),
        Some(false) => std::future::pending().await,
        Some(true) => {
            let mut invoked = api.invoked.subscribe();
            // The sender lives in `api`, which this function holds.
            let _ = invoked.changed().await;
            Json(invoked.borrow().clone()).into_response()
        }
    }
}

fn accepted() -> Response {
    (StatusCode::ACCEPTED, Json(json!({ "status": "OK" }))).into_response()
}

fn refusal(status: StatusCode, kind: &str, message: &str) -> Response {
    (status, Json(json!({ "errorType": kind, "errorMessage": message }))).into_response()
}

#[cfg(test)]
mod tests {
    use http::{Method, Request};
    use http_body_util::Full;
    use hyper_util::client::legacy::Client;
    use hyper_util::rt::TokioExecutor;

    use super::*;

    struct Runtime {
        origin: String,
        deliveries: mpsc::Sender<Delivery>,
    }

    impl Runtime {
        async fn start() -> Self {
            let (deliveries, waiting) = mpsc::channel(1);
            let api = RuntimeApi::new("f".into(), "arn:f".into(), Duration::from_secs(3), waiting, None);
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let origin = format!("http://{}", listener.local_addr().unwrap());
            tokio::spawn(axum::serve(listener, router(Arc::new(api))).into_future());
            Self { origin, deliveries }
        }

        async fn send(
            &self,
            method: Method,
            path: &str,
            headers: &[(&str, &str)],
            body: impl Into<Bytes>,
        ) -> http::Response<Bytes> {
            let mut request = Request::builder().method(method).uri(format!("{}{path}", self.origin));
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
            let response = client.request(request.body(Full::new(body.into())).unwrap()).await.unwrap();
            let (head, body) = response.into_parts();
            http::Response::from_parts(head, body.collect().await.unwrap().to_bytes())
        }

        async fn register(&self, events: &str) -> http::Response<Bytes> {
            let headers = [("content-type", "application/json"), ("lambda-extension-name", "x")];
            let body = format!(r#"{{"events":{events}}}"#);
            self.send(Method::POST, "/2020-01-01/extension/register", &headers, body).await
        }

        /// Lets the process take an invocation; what it answers comes back by the receiver.
        async fn take(&self, payload: &'static str) -> (String, oneshot::Receiver<Answer>) {
            let invocation = Invocation::new(Bytes::from_static(payload.as_bytes()), "Root=1-a-b".into());
            let id = invocation.id.clone();
            let ((taken, _), (answer, answered)) = (oneshot::channel(), oneshot::channel());
            self.deliveries.send(Delivery { invocation, taken, answer }).await.unwrap();
            let next = self.send(Method::GET, "/2018-06-01/runtime/invocation/next", &[], "").await;
            assert_eq!(next.headers()["lambda-runtime-aws-request-id"], id.as_str());
            assert_eq!(next.headers()["lambda-runtime-invoked-function-arn"], "arn:f");
            assert_eq!(next.headers()["lambda-runtime-trace-id"], "Root=1-a-b");
            assert_eq!(next.body(), payload);
            (id, answered)
        }
    }

    #[tokio::test]
    async fn an_invocation_is_answered_once_and_under_its_own_id() {
        let runtime = Runtime::start().await;
        let (id, answered) = runtime.take("{}").await;
        let path = |id: &str| format!("/2018-06-01/runtime/invocation/{id}/response");
        assert_eq!(runtime.send(Method::POST, &path("other"), &[], "1").await.status(), 400);
        assert_eq!(runtime.send(Method::POST, &path(&id), &[], "1").await.status(), 202);
        assert_eq!(runtime.send(Method::POST, &path(&id), &[], "2").await.status(), 400);
        assert_eq!(answered.await.unwrap(), Answer::success(Bytes::from_static(b"1")));
    }

    #[tokio::test]
    async fn an_answer_that_is_too_large_is_an_error() {
        let runtime = Runtime::start().await;
        let (id, answered) = runtime.take("{}").await;
        let path = format!("/2018-06-01/runtime/invocation/{id}/response");
        let refused = runtime.send(Method::POST, &path, &[], vec![b'1'; ANSWER_LIMIT + 1]).await;
        assert_eq!(refused.status(), 413);
        let message = answered.await.unwrap().error_message().unwrap();
        assert!(message.starts_with("Response payload size exceeded"), "{message}");
    }

    #[tokio::test]
    async fn an_extension_hears_of_invocations_but_not_of_the_shutdown() {
        let runtime = Runtime::start().await;
        assert_eq!(runtime.register(r#"["INVOKE","SHUTDOWN"]"#).await.status(), 403);
        let registered = runtime.register(r#"["INVOKE"]"#).await;
        let extension = registered.headers()[EXTENSION_ID].to_str().unwrap();
        let next = |id: &str| {
            let headers = [(EXTENSION_ID, id.to_owned())];
            let runtime = &runtime;
            async move {
                let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
                runtime.send(Method::GET, "/2020-01-01/extension/event/next", &headers, "").await
            }
        };
        assert_eq!(next("unknown").await.status(), 403);
        let (event, (id, _answered)) = tokio::join!(next(extension), runtime.take("{}"));
        let event: Value = serde_json::from_slice(event.body()).unwrap();
        assert_eq!((&event["eventType"], &event["requestId"]), (&json!("INVOKE"), &json!(id)));
    }
}
