//! Events that are none, or come from where nothing may come from: they are kept, so that nothing is lost and nobody sends them
//! again without end.

use doorward_core::Door;
use doorward_events::s3::{BrokenRecord, TestEvent};
use doorward_events::{Envelope, EnvelopeError, UnknownEvent, unread};
use doorward_model::{UnreadEvent, UnreadReason};
use lambda_runtime::Diagnostic;
use serde_json::{Value, json};

use super::serve::diagnostic;

/// Keeps an event that has no reading, and says so to whoever waits for an answer. What a request may have caused is not kept, and
/// fails, as does what cannot be.
pub(crate) async fn keep(
    door: &Door,
    error: &EnvelopeError,
    envelope: &Envelope<'_>,
) -> Result<Value, Diagnostic> {
    match unread::of_invocation(envelope, error) {
        Some(event) => {
            let with_windows = matches!(error, EnvelopeError::Unknown(UnknownEvent::Window));
            keep_whole(door, &event, with_windows).await
        }
        None => Err(fail(error, envelope.request_id)),
    }
}

/// What Lambda is told of what is no event, and is not kept.
pub(crate) fn fail(error: &EnvelopeError, request_id: &str) -> Diagnostic {
    tracing::error!(request_id, cause = %error, hint = error.hint(), "unknown event");
    diagnostic("Doorward.UnknownEvent", error.to_string())
}

/// A record that says not even where it comes from, by itself, so that its neighbours are served.
pub(crate) async fn keep_record(
    door: &Door,
    broken: &BrokenRecord,
    envelope: &Envelope<'_>,
) -> Result<(), String> {
    let payload = json!({ "Records": [broken.record] }).to_string();
    let event = unread::of_payload(envelope, payload, UnreadReason::Shape, broken.to_string());
    door.keep_unread(&event).await.map_err(|why| format!("{broken}, and is not kept: {why}"))
}

/// There is nothing to do of a test of S3's, where its bucket may send: whoever else may invoke the door can make one up.
pub(crate) async fn acknowledge(
    door: &Door,
    test: &TestEvent,
    envelope: &Envelope<'_>,
) -> Result<Value, Diagnostic> {
    if door.pins(&test.bucket) {
        tell(test, envelope.request_id);
        return Ok(Value::Null);
    }
    let payload = String::from_utf8_lossy(envelope.payload).into_owned();
    let cause = format!("it is a test event of `{}`, which is not pinned in the configuration", test.bucket);
    let event = unread::of_payload(envelope, payload, UnreadReason::Source, cause);
    keep_whole(door, &event, false).await
}

/// The line that is all there is of such a test.
pub(crate) fn tell(test: &TestEvent, request_id: &str) {
    let through = test.through.as_ref().map(tracing::field::display);
    tracing::info!(request_id, bucket = %test.bucket, through, "S3 tests whether its notifications arrive");
}

async fn keep_whole(door: &Door, event: &UnreadEvent, with_windows: bool) -> Result<Value, Diagnostic> {
    match door.keep_unread(event).await {
        Ok(()) => Ok(unread::kept(event, with_windows)),
        Err(why) => {
            tracing::error!(request_id = event.invocation, id = %event.id, %why, "an unknown event is not kept");
            Err(diagnostic("Doorward.UnknownEvent", format!("{}; it is not kept: {why}", event.cause)))
        }
    }
}
