use doorward_model::{JsonFault, ReplyForm};

use crate::envelope::MAX_EVENT_BYTES;
use crate::records::ShapeFault;

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
    #[error("the request is malformed: {fault}")]
    Malformed {
        /// The form in which its front takes the answer.
        form: ReplyForm,
        /// What is wrong with it.
        fault: MalformedRequest,
    },
}

impl EnvelopeError {
    /// What an operator does next, where there is a next step.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Unknown(UnknownEvent::ForAuthorizer) => {
                Some("attach the authorizer function, not the dispatcher, as the API's authorizer")
            }
            Self::Unknown(UnknownEvent::NotForAuthorizer) => {
                Some("attach this function to an API of API Gateway as a Lambda authorizer")
            }
            Self::Unknown(UnknownEvent::RouteKey) => Some(
                "send events of a WebSocket API to this function as the API hands them over, by a Lambda proxy integration",
            ),
            Self::Unknown(UnknownEvent::Window) => Some("map the stream without `TumblingWindowInSeconds`"),
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
    /// Of a WebSocket API, with a type and a route key that the gateway never gives together.
    #[error("it is of a WebSocket API, and its type is none that goes with its route key")]
    RouteKey,
    /// A question to an authorizer, sent to the dispatcher.
    #[error("it is a question to an authorizer")]
    ForAuthorizer,
    /// Anything but such a question, sent to the authorizer.
    #[error("it is not a question to an authorizer")]
    NotForAuthorizer,
    /// `Records` without a record.
    #[error("it holds no record")]
    NoRecords,
    /// `Records` of which none comes from a source that is read.
    #[error("its records come from no source that is read")]
    Source,
    /// Sums over windows of a stream, which a function answers with a state.
    #[error("it is of a stream with a tumbling window")]
    Window,
    /// An event of a bus that cannot be read.
    #[error("it is an event of a bus, and {0}")]
    BusEvent(ShapeFault),
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
    /// `headers` and `multiValueHeaders` are both there, and the first says more.
    #[error("`{single}` names what `{multi}` lacks")]
    Lacking {
        /// The member with one value a name.
        single: &'static str,
        /// The member with all of them.
        multi: &'static str,
    },
    /// A query with a control character, or a parameter with a delimiter in it, which none can have as it was sent.
    #[error("the query holds a delimiter or a control character")]
    Query,
    /// An ARN that names no target group, API or method.
    #[error("`{0}` is not the ARN of what it names")]
    Arn(&'static str),
    /// A client certificate that stands twice, or is no percent-encoded text.
    #[error("the header with the client certificate is repeated or not percent-encoded text")]
    ClientCertificate,
    /// `isBase64Encoded` is true and the body is not canonical base64 (RFC 4648 section 4).
    #[error("the body is not base64, although the event says so")]
    Base64,
}
