use doorward_model::{FrontKind, Inbound, RecordEnvelope};
use serde_json::{Map, Value};

use crate::envelope::Envelope;
use crate::fault::{EnvelopeError, UnknownEvent};
use crate::form::HttpForm;
use crate::records::{self, Context, Openings, RecordBatch};
use crate::s3::TestEvent;
use crate::{alb, authorizer, http1, http2, s3, websocket};

/// What came in, by the way it is handled.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one value per invocation, taken apart at once")]
pub enum Entrance {
    /// A request whose caller waits for an answer.
    Http(Inbound),
    /// The records of one event.
    Records(RecordBatch),
    /// S3's `s3:TestEvent`, sent when notifications are configured: there is nothing to do, where its bucket is pinned.
    Test(TestEvent),
    /// `{"doorward": {"release": "CALL"}}`, which `doorward quarantine release` sends: the event that quarantine keeps of the call
    /// goes through the door again.
    Release(String),
}

/// Reads an event that was sent to the dispatcher; messages of the sources in `openings` are opened.
///
/// # Errors
/// [`EnvelopeError`]; of its variants only `Malformed` has an HTTP caller, who is to be answered.
pub fn read(envelope: &Envelope<'_>, openings: &Openings) -> Result<Entrance, EnvelopeError> {
    let context = |around| Context { envelope, openings, around };
    let mut document = match envelope.value()? {
        Value::Object(document) => document,
        // EventBridge Pipes hand records over without anything around them.
        Value::Array(records) => {
            let batch = records::read_all(&context(RecordEnvelope::List), records)?;
            return Ok(Entrance::Records(batch));
        }
        _ => return Err(UnknownEvent::Form.into()),
    };
    if authorizer::recognises(&document) {
        return Err(UnknownEvent::ForAuthorizer.into());
    }
    if let Some(form) = HttpForm::of(&document) {
        return read_http(envelope, document, form).map(Entrance::Http);
    }
    if let Some(call) = released(&document) {
        return Ok(Entrance::Release(call.to_owned()));
    }
    if let Some(test) = s3::read_test(&document, None) {
        return Ok(Entrance::Test(test));
    }
    if records::is_bus_event(&document) {
        let batch = records::read_one(&context(RecordEnvelope::Nothing), document.into())?;
        return Ok(Entrance::Records(batch));
    }
    // It wants a state for an answer ("Tumbling windows", AWS Lambda guide).
    if document.contains_key("window") {
        return Err(UnknownEvent::Window.into());
    }
    match document.remove("Records") {
        Some(Value::Array(records)) => {
            Ok(Entrance::Records(records::read_all(&context(RecordEnvelope::Records), records)?))
        }
        _ => Err(UnknownEvent::Form.into()),
    }
}

fn released(document: &Map<String, Value>) -> Option<&str> {
    let (Some(asked), 1) = (document.get("doorward"), document.len()) else { return None };
    let asked = asked.as_object().filter(|asked| asked.len() == 1)?;
    asked.get("release")?.as_str()
}

/// Reads a request in `form`.
pub(crate) fn read_http(
    envelope: &Envelope<'_>,
    document: Map<String, Value>,
    form: HttpForm,
) -> Result<Inbound, EnvelopeError> {
    let read = match form {
        HttpForm::RestApi => http1::read(envelope, document, FrontKind::RestApi),
        HttpForm::HttpApi1 => http1::read(envelope, document, FrontKind::HttpApi),
        HttpForm::V2 => http2::read(envelope, document),
        HttpForm::WebSocket => {
            let event = websocket::event(&document)?;
            websocket::read(envelope, document, event)
        }
        HttpForm::AlbSingle | HttpForm::AlbMulti => alb::read(envelope, document, form.reply()),
    };
    read.map_err(|fault| EnvelopeError::Malformed { form: form.reply(), fault })
}
