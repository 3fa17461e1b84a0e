//! Functions that answer by a stream, of which a server on loopback says what it is told to say.

use std::time::Duration;

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use axum::Router;
use axum::body::Bytes;
use axum::extract::OriginalUri;
use axum::response::IntoResponse;
use doorward_aws::LambdaTargets;
use doorward_config::{LambdaTarget, Target, TargetKind};
use doorward_core::ports::{Forward, ForwardMessage, StreamTime, Targets};
use doorward_model::{Body, BodyError, CanonicalPath, PathForm, Principal, Reply, TargetFault, Trace};
use futures_util::StreamExt as _;

use crate::{loopback, sample};

const LONG: Duration = Duration::from_secs(5);
const STREAM: StreamTime = StreamTime { whole: LONG, pause: LONG };

fn frame(kind: &'static str, content_type: &'static str, payload: &[u8]) -> Vec<u8> {
    let text = |value: &'static str| HeaderValue::String(value.into());
    let message = Message::new(Bytes::copy_from_slice(payload))
        .add_header(Header::new(":message-type", text("event")))
        .add_header(Header::new(":event-type", text(kind)))
        .add_header(Header::new(":content-type", text(content_type)));
    let mut frame = Vec::new();
    write_message_to(&message, &mut frame).unwrap();
    frame
}

fn chunk(payload: &[u8]) -> Vec<u8> {
    frame("PayloadChunk", "application/octet-stream", payload)
}

fn complete(end: &str) -> Vec<u8> {
    frame("InvokeComplete", "application/json", end.as_bytes())
}

/// What the Invoke API answers.
async fn lambda(answer: Vec<u8>) -> LambdaTargets {
    let answer = Bytes::from(answer);
    let app = Router::new().fallback(move |OriginalUri(uri): OriginalUri| async move {
        assert_eq!(uri.path(), "/2021-11-15/functions/news/response-streaming-invocations");
        ([("content-type", "application/vnd.amazon.eventstream")], answer).into_response()
    });
    LambdaTargets::new(&loopback::clients(loopback::serve(app).await))
}

async fn ask(frames: &[Vec<u8>], stream: Option<StreamTime>) -> Result<Reply, TargetFault> {
    let targets = lambda(frames.concat()).await;
    let kind = LambdaTarget { stream: true, ..LambdaTarget::default() };
    let target = Target::new("news", TargetKind::Lambda(kind), "news");
    let (call, request) = (sample::call("c-1"), sample::request());
    let path = CanonicalPath::parse("/orders", PathForm::Decoded).unwrap();
    let message = ForwardMessage::Http {
        request: &request,
        route_key: "POST /orders",
        path: &path,
        parameters: &[],
        withheld: &[],
        rewrite: None,
    };
    let (principal, trace) = (Principal::anonymous(), Trace::default());
    let forward = Forward { call: &call, principal: &principal, trace: &trace, message, stream };
    targets.send(&target, &target.endpoints[0], forward, LONG).await
}

/// The body of an answer, and the fault that ended it.
async fn body(reply: Reply) -> (Vec<u8>, Option<BodyError>) {
    let Body::Stream(mut chunks) = reply.body else { panic!("a stream") };
    let mut bytes = Vec::new();
    while let Some(chunk) = chunks.next().await {
        match chunk {
            Ok(chunk) => bytes.extend_from_slice(&chunk),
            Err(fault) => return (bytes, Some(fault)),
        }
    }
    (bytes, None)
}

const HEAD: &[u8] =
    b"{\"statusCode\":201,\"headers\":{\"content-type\":\"text/event-stream\"},\"cookies\":[\"a=1\"]}\0\0\0\0\0\0\0\0";

#[tokio::test]
async fn a_stream_begins_with_its_head_wherever_its_chunks_end() {
    for cut in [0, 1, HEAD.len() - 3, HEAD.len()] {
        let frames =
            [chunk(&HEAD[..cut]), chunk(&[&HEAD[cut..], b"one"].concat()), chunk(b"two"), complete("{}")];
        let reply = ask(&frames, Some(STREAM)).await.unwrap();
        assert_eq!(
            (reply.status.as_u16(), reply.headers["content-type"].to_str().unwrap()),
            (201, "text/event-stream")
        );
        assert_eq!(reply.headers["set-cookie"], "a=1");
        let (bytes, fault) = body(reply).await;
        assert!(fault.is_none() && bytes == b"onetwo", "{cut}");
    }
    let reply = ask(&[chunk(b"{}\0\0\0\0\0\0\0\0"), complete("{\"ErrorCode\":\"\"}")], None).await.unwrap();
    assert_eq!((reply.status.as_u16(), body(reply).await.0.len()), (200, 0));
}

#[tokio::test]
async fn a_function_that_fails_before_its_head_has_failed() {
    let failed = |end: &'static str| async move { ask(&[complete(end)], Some(STREAM)).await.unwrap_err() };
    let end = r#"{"ErrorCode":"Runtime.ExitError","ErrorDetails":"card 4111"}"#;
    assert_eq!(failed(end).await, TargetFault::Failed("Runtime.ExitError".to_owned()));
    assert_eq!(failed(r#"{"ErrorCode":"Sandbox.Timedout"}"#).await, TargetFault::TimedOut);
    let end = r#"{"ErrorCode":"Unhandled","ErrorDetails":"Task timed out after 3.00 seconds"}"#;
    assert_eq!(failed(end).await, TargetFault::TimedOut);
    let unreadable = |frames: Vec<Vec<u8>>| async move {
        let fault = ask(&frames, Some(STREAM)).await.unwrap_err();
        assert!(matches!(fault, TargetFault::Unreadable(_)), "{fault:?}");
    };
    // A function that streams without a head, whole and for ever.
    unreadable(vec![chunk(b"data: 1\n\n"), complete("{}")]).await;
    unreadable(vec![chunk(&vec![b'x'; 20_000])]).await;
    unreadable(vec![chunk(b"[]\0\0\0\0\0\0\0\0"), complete("{}")]).await;
    let cut = ask(&[chunk(b"{")], Some(STREAM)).await.unwrap_err();
    assert!(matches!(cut, TargetFault::Reset(_)), "{cut:?}");
    let garbled = ask(&[b"no frame at all, whatever it says".to_vec()], Some(STREAM)).await.unwrap_err();
    assert!(matches!(garbled, TargetFault::Reset(_)), "{garbled:?}");
}

#[tokio::test]
async fn only_its_completion_is_an_end_of_a_stream() {
    let broken = |frames: Vec<Vec<u8>>| async move {
        let (bytes, fault) = body(ask(&frames, Some(STREAM)).await.unwrap()).await;
        assert_eq!(bytes, b"one");
        fault.unwrap()
    };
    let begun = || vec![chunk(HEAD), chunk(b"one")];
    assert!(matches!(broken(begun()).await, BodyError::Cut(_)));
    let with = |end: &str| [begun(), vec![complete(end)]].concat();
    let failed = broken(with(r#"{"ErrorCode":"Unhandled","ErrorDetails":"card 4111"}"#)).await;
    assert!(matches!(&failed, BodyError::Failed(kind) if kind == "Unhandled"), "{failed}");
    assert!(matches!(broken(with(r#"{"ErrorCode":"Sandbox.Timedout"}"#)).await, BodyError::TimedOut));
    let mut torn = begun();
    torn.push(chunk(b"two")[..20].to_vec());
    assert!(matches!(broken(torn).await, BodyError::Cut(_)));
}

#[tokio::test]
async fn an_answer_that_must_be_gathered_is_as_long_as_one_may_be() {
    let large = vec![b'x'; 1024 * 1024];
    let mut frames = vec![chunk(HEAD)];
    frames.extend(std::iter::repeat_n(chunk(&large), 7));
    frames.push(complete("{}"));
    let (bytes, fault) = body(ask(&frames, None).await.unwrap()).await;
    assert!(bytes.len() <= 6 * large.len() && matches!(fault, Some(BodyError::TooLarge { .. })));
    let (bytes, fault) = body(ask(&frames, Some(STREAM)).await.unwrap()).await;
    assert!(bytes.len() == 7 * large.len() && fault.is_none());
}
