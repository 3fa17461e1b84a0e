use doorward_model::Inbound;
use serde_json::Value;

use crate::envelope::Envelope;
use crate::fault::{EnvelopeError, UnknownEvent};
use crate::s3::BrokenRecord;
use crate::{authorizer, http2, s3};

/// What came in, by the way it is handled.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one value per invocation, taken apart at once")]
pub enum Entrance {
    /// A request whose caller waits for an answer.
    Http(Inbound),
    /// The records of one event, in order; those that have no reading beside those that have.
    Records(Vec<Result<Inbound, BrokenRecord>>),
    /// S3's `s3:TestEvent`, sent when notifications are configured: there is nothing to do.
    Test,
}

/// Reads an event that was sent to the dispatcher.
///
/// # Errors
/// [`EnvelopeError`]; of its variants only `Malformed` has an HTTP caller, who is to be answered.
pub fn read(envelope: &Envelope<'_>) -> Result<Entrance, EnvelopeError> {
    let mut document = envelope.document()?;
    if authorizer::recognises(&document) {
        return Err(UnknownEvent::ForAuthorizer.into());
    }
    if http2::recognises(&document) {
        return Ok(Entrance::Http(http2::read(envelope, document)?));
    }
    if s3::is_test(&document) {
        return Ok(Entrance::Test);
    }
    if document.get("version").is_some_and(|version| version == "1.0") {
        return Err(UnknownEvent::PayloadFormatOne.into());
    }
    match document.remove("Records") {
        Some(Value::Array(records)) => Ok(Entrance::Records(s3::read(envelope, records)?)),
        _ => Err(UnknownEvent::Form.into()),
    }
}
