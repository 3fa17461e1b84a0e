//! Functions that answer requests by a stream ("InvokeWithResponseStream", AWS Lambda API reference).

use aws_sdk_lambda::operation::invoke_with_response_stream::InvokeWithResponseStreamOutput;
use aws_sdk_lambda::types::InvokeWithResponseStreamResponseEvent as Event;
use aws_smithy_types::Blob;
use bytes::{Bytes, BytesMut};
use doorward_events::target::{decode_stream_head, split_stream};
use doorward_model::{Body, BodyError, Reply, TargetFault, error_name};
use futures_core::Stream;
use futures_util::{StreamExt, stream};

use super::fault;
use crate::targets::bounded::{BoundedBody, Bounds};

/// What the function answers, as soon as the head is there, which it must write: as API Gateway demands it, for the Invoke API does
/// not say whether there is one.
///
/// # Errors
/// [`TargetFault`] where the function fails before its head is whole.
pub(super) async fn reply(
    output: InvokeWithResponseStreamOutput,
    bounds: Bounds,
) -> Result<Reply, TargetFault> {
    let mut chunks = Box::pin(chunks(output));
    let mut begun = BytesMut::new();
    let (status, headers, rest) = loop {
        if let Some((head, rest)) = split_stream(&begun)? {
            let (status, headers) = decode_stream_head(head)?;
            break (status, headers, Bytes::copy_from_slice(rest));
        }
        match chunks.next().await {
            Some(Ok(chunk)) => begun.extend_from_slice(&chunk),
            Some(Err(Broken::Function(kind, details))) => return Err(failed(kind, details)),
            Some(Err(Broken::Connection)) => {
                return Err(TargetFault::Reset("its stream was broken off".to_owned()));
            }
            None => return Err(TargetFault::Unreadable("its stream ends within the head".to_owned())),
        }
    };
    let rest = stream::iter([Ok(rest)]).chain(chunks.map(|chunk| chunk.map_err(BodyError::from)));
    Ok(Reply { status, headers, body: Body::Stream(Box::pin(BoundedBody::new(Box::pin(rest), bounds))) })
}

/// Why a stream has no end that can be used.
enum Broken {
    /// The function failed: its error's type, and what it says of it.
    Function(String, Option<String>),
    /// What Lambda sent broke off.
    Connection,
}

impl From<Broken> for BodyError {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Function(kind, details) => match failed(kind, details) {
                TargetFault::TimedOut => Self::TimedOut,
                TargetFault::Failed(kind) => Self::Failed(kind),
                fault => Self::Cut(fault.to_string()),
            },
            Broken::Connection => Self::Cut("its stream was broken off".to_owned()),
        }
    }
}

/// The details stay unread but for Lambda's own words on a time-out: they may quote the data that the function worked on.
fn failed(kind: String, details: Option<String>) -> TargetFault {
    match kind.as_str() {
        "Sandbox.Timedout" => TargetFault::TimedOut,
        _ if details.is_some_and(|details| fault::says_timed_out(&details)) => TargetFault::TimedOut,
        kind => TargetFault::Failed(error_name(Some(kind))),
    }
}

/// The payload, chunk by chunk. Only `InvokeComplete` without an error is an end.
fn chunks(output: InvokeWithResponseStreamOutput) -> impl Stream<Item = Result<Bytes, Broken>> {
    stream::unfold(Some(output.event_stream), async |events| {
        let mut events = events?;
        loop {
            return match events.recv().await {
                Ok(Some(Event::PayloadChunk(chunk))) => {
                    let bytes = chunk.payload.map(Blob::into_inner).unwrap_or_default();
                    Some((Ok(bytes.into()), Some(events)))
                }
                Ok(Some(Event::InvokeComplete(end))) => {
                    let kind = end.error_code.filter(|code| !code.is_empty())?;
                    Some((Err(Broken::Function(kind, end.error_details)), None))
                }
                // What this client does not know is no payload.
                Ok(Some(_)) => continue,
                Ok(None) | Err(_) => Some((Err(Broken::Connection), None)),
            };
        }
    })
}
