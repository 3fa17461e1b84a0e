//! Answers that are handed to Lambda while they come in, for fronts that pass them on so
//! (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming>).
//!
//! The runtime's own streams write a fault in the middle of an answer into the answer (`lambda_runtime` 1.5): a caller could not tell
//! one that was broken off from a whole one. These end with the trailers that Lambda's documentation gives, which it reports as
//! an error.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use doorward_core::{Answer, LiveDoor};
use doorward_events::reply::{STREAM_TYPE, stream_head};
use doorward_events::{Entrance, Envelope, EnvelopeError};
use doorward_model::{Body, BodyError, FrontKind, Message, Reply, ReplyForm};
use futures_util::{Stream, StreamExt as _, stream};
use http::header::{CONTENT_TYPE, TRAILER, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use http_body_util::StreamBody;
use http_body_util::combinators::UnsyncBoxBody;
use lambda_runtime::tower::Layer;
use lambda_runtime::{Context, Diagnostic, Error, LambdaInvocation};
use lambda_runtime_api_client::body::Body as RuntimeBody;
use lambda_runtime_api_client::{PooledClient, build_request};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tower_service::Service;

use crate::serve::{malformed, mismatch};
use crate::unread;

const RESPONSE_MODE: HeaderName = HeaderName::from_static("lambda-runtime-function-response-mode");
const ERROR_TYPE: HeaderName = HeaderName::from_static("lambda-runtime-function-error-type");
const ERROR_BODY: HeaderName = HeaderName::from_static("lambda-runtime-function-error-body");
/// What tells an invocation from one that timed out before, where the platform says so; it goes back with the answer.
const INVOCATION_ID: HeaderName = HeaderName::from_static("lambda-runtime-invocation-id");

/// Answers the invocations of fronts that pass answers on while they come in; all others are the inner service's.
#[derive(Clone)]
pub(crate) struct StreamedLayer {
    door: Arc<LiveDoor>,
    client: Arc<PooledClient>,
}

impl StreamedLayer {
    pub(crate) fn new(door: Arc<LiveDoor>) -> Self {
        Self { door, client: Arc::new(PooledClient::builder().build()) }
    }
}

impl<S> Layer<S> for StreamedLayer {
    type Service = Streamed<S>;

    fn layer(&self, inner: S) -> Streamed<S> {
        Streamed { inner, layer: self.clone() }
    }
}

/// See [`StreamedLayer`].
#[derive(Clone)]
pub(crate) struct Streamed<S> {
    inner: S,
    layer: StreamedLayer,
}

type Answering = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

impl<S> Service<LambdaInvocation> for Streamed<S>
where
    S: Service<LambdaInvocation, Response = (), Error = Error>,
    S::Future: Send + 'static,
{
    type Response = ();
    type Error = Error;
    type Future = Answering;

    fn poll_ready(&mut self, context: &mut TaskContext<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, invocation: LambdaInvocation) -> Answering {
        match self.layer.takes(&invocation.body) {
            true => Box::pin(self.layer.clone().answer(invocation)),
            false => Box::pin(self.inner.call(invocation)),
        }
    }
}

impl StreamedLayer {
    /// Whether an event is of a front that passes answers on. Where its answer goes is all that depends on it.
    fn takes(&self, event: &[u8]) -> bool {
        let door = self.door.current();
        let fronts = &door.rules().config().door.streamed_fronts;
        if fronts.is_empty() {
            return false;
        }
        let event: Value = serde_json::from_slice(event).unwrap_or_default();
        let kind = match event.get("version").and_then(Value::as_str) {
            Some("2.0") => FrontKind::FunctionUrl,
            _ if event.get("httpMethod").is_some() => FrontKind::RestApi,
            _ => return false,
        };
        let id = event.pointer("/requestContext/apiId").and_then(Value::as_str);
        id.is_some_and(|id| fronts.iter().any(|front| front.kind == kind && front.id == id))
    }

    async fn answer(self, invocation: LambdaInvocation) -> Result<(), Error> {
        let LambdaInvocation { parts, body, context } = invocation;
        let (door, id) = (Arc::clone(&self.door), context.request_id.clone());
        // A task, so that one that panics takes nothing with it.
        let served = tokio::spawn(async move { serve(&door, &body, &context).await });
        let served = served.await.unwrap_or_else(|_| {
            Err(Diagnostic {
                error_type: "Doorward.Panic".to_owned(),
                error_message: "it panicked".to_owned(),
            })
        });
        let (mut request, sent) = match served {
            Ok(reply) => response(&id, reply)?,
            Err(diagnostic) => (error(&id, &diagnostic)?, None),
        };
        if let Some(invocation) = parts.headers.get(&INVOCATION_ID) {
            request.headers_mut().insert(INVOCATION_ID, invocation.clone());
        }
        let answered = self.client.call(request).await?;
        if !answered.status().is_success() {
            tracing::error!(
                request_id = id,
                status = answered.status().as_u16(),
                "Lambda did not take the answer"
            );
        }
        if let Some(sent) = sent {
            // Gone as soon as the body is: the next invocation begins when this one is over.
            let _ = sent.await;
        }
        Ok(())
    }
}

/// Answers one request of a front that passes answers on while they come in.
async fn serve(live: &LiveDoor, payload: &[u8], context: &Context) -> Result<Reply, Diagnostic> {
    let xray = context.xray_trace_id.as_deref();
    let envelope = Envelope::new(payload, &context.request_id, context.deadline, xray);
    let door = live.enter(envelope.deadline).await;
    match doorward_events::read(&envelope, door.rules().openings()) {
        Ok(Entrance::Http(mut inbound)) => {
            if let Message::Http(request) = &mut inbound.message {
                request.reply = ReplyForm::Streamed;
            }
            match door.serve(inbound).await {
                Answer::Http(reply) => Ok(reply),
                Answer::Event(_) => Err(mismatch()),
            }
        }
        Err(EnvelopeError::Malformed { fault, .. }) => Ok(malformed(&door, &fault, context)),
        Ok(Entrance::Records(_) | Entrance::Test(_) | Entrance::Release(_)) => Err(mismatch()),
        Err(error) => Err(unread::fail(&error, &context.request_id)),
    }
}

type Sent = oneshot::Receiver<()>;

/// The answer as the Runtime API takes a stream, and what is over when the body is.
fn response(id: &str, reply: Reply) -> Result<(Request<RuntimeBody>, Option<Sent>), Error> {
    let (sending, sent) = oneshot::channel();
    let head = Bytes::from(stream_head(reply.status, &reply.headers));
    let frames = frames(head, reply.body).map(move |frame| {
        let _ = &sending;
        Ok::<_, Error>(frame)
    });
    let request = build_request()
        .method(http::Method::POST)
        .uri(format!("/2018-06-01/runtime/invocation/{id}/response"))
        .header(CONTENT_TYPE, STREAM_TYPE)
        .header(RESPONSE_MODE, "streaming")
        .header(TRANSFER_ENCODING, "chunked")
        .header(TRAILER, HeaderValue::from(ERROR_TYPE))
        .header(TRAILER, HeaderValue::from(ERROR_BODY))
        .body(RuntimeBody::new(UnsyncBoxBody::new(StreamBody::new(frames))))?;
    Ok((request, Some(sent)))
}

type Frame = hyper::body::Frame<Bytes>;

fn frames(head: Bytes, body: Body) -> impl Stream<Item = Frame> + Send {
    let rest = match body {
        Body::Empty => stream::empty().boxed(),
        Body::Full(bytes) => stream::iter([Frame::data(bytes)]).boxed(),
        Body::Stream(chunks) => {
            chunks.map(|chunk| chunk.map_or_else(|fault| trailers(&fault), Frame::data)).boxed()
        }
    };
    stream::iter([Frame::data(head)]).chain(rest)
}

/// What Lambda is told of an answer that has no end.
fn trailers(fault: &BodyError) -> Frame {
    let kind = "Doorward.BrokenOff";
    let told = json!({ "errorType": kind, "errorMessage": fault.to_string() }).to_string();
    let mut trailers = HeaderMap::from_iter([(ERROR_TYPE, HeaderValue::from_static(kind))]);
    trailers.extend(HeaderValue::from_str(&STANDARD.encode(told)).ok().map(|body| (ERROR_BODY, body)));
    Frame::trailers(trailers)
}

fn error(id: &str, diagnostic: &Diagnostic) -> Result<Request<RuntimeBody>, Error> {
    let request = build_request()
        .method(http::Method::POST)
        .uri(format!("/2018-06-01/runtime/invocation/{id}/error"))
        .header(ERROR_TYPE, "unhandled")
        .body(RuntimeBody::from(serde_json::to_vec(diagnostic)?))?;
    Ok(request)
}
