use doorward_model::JsonFault;

use crate::envelope::MAX_EVENT_BYTES;

/// Why an event could not be read. No message holds a value of the event's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// Larger than Lambda itself passes on.
    #[error("the event is {bytes} bytes long, more than the {MAX_EVENT_BYTES} that are read")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// Not one unambiguous JSON text.
    #[error("the event cannot be read: {0}")]
    NotJson(#[from] JsonFault),
    /// Not an event that this function reads; nothing is guessed.
    #[error("the event is unknown: {0}")]
    Unknown(#[from] UnknownEvent),
    /// An HTTP request whose caller waits for an answer: a problem with status 400, not a function error.
    #[error("the request is malformed: {0}")]
    Malformed(#[from] MalformedRequest),
}

impl EnvelopeError {
    /// What an operator does next, where there is a next step.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Unknown(UnknownEvent::PayloadFormatOne) => {
                Some("set the payload format version of the integration or authorizer to 2.0")
            }
            Self::Unknown(UnknownEvent::ForAuthorizer) => {
                Some("attach the authorizer function, not the dispatcher, as the API's authorizer")
            }
            Self::Unknown(UnknownEvent::NotForAuthorizer) => {
                Some("attach this function to an HTTP API as a Lambda authorizer")
            }
            _ => None,
        }
    }
}

/// Why an event is none that this function reads.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnknownEvent {
    /// None of the forms.
    #[error("it has none of the forms that this function reads")]
    Form,
    /// Payload format 1.0, where 2.0 is read.
    #[error("it has payload format 1.0")]
    PayloadFormatOne,
    /// A question to an authorizer, sent to the dispatcher.
    #[error("it is a question to an authorizer")]
    ForAuthorizer,
    /// Anything but such a question, sent to the authorizer.
    #[error("it is not an authorizer's question in payload format 2.0")]
    NotForAuthorizer,
    /// `Records` without a record.
    #[error("it holds no record")]
    NoRecords,
    /// `Records` of which none comes from a source that is read.
    #[error("its records come from no source that is read")]
    Source,
}

/// Why an HTTP request inside an event has no reading.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MalformedRequest {
    /// A member is missing or has the wrong type.
    #[error("`{member}` is missing or not {expected}")]
    Member {
        /// Its place: `requestContext.http.method`.
        member: String,
        /// The type that the documentation gives it.
        expected: &'static str,
    },
    /// Not a method token (RFC 9110 section 9.1).
    #[error("the method is not a token")]
    Method,
    /// A field name that is not a token (RFC 9110 section 5.1).
    #[error("a header's name is not a token")]
    HeaderName,
    /// A field value with control characters (RFC 9110 section 5.5).
    #[error("the value of a header holds control characters")]
    HeaderValue,
    /// More header fields than are read.
    #[error("there are more than {0} header fields")]
    TooManyHeaders(usize),
    /// `isBase64Encoded` is true and the body is not canonical base64 (RFC 4648 section 4).
    #[error("the body is not base64, although the event says so")]
    Base64,
}
