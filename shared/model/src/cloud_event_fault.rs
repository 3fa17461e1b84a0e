/// Why a request brings no CloudEvents, or why one of them is none (CloudEvents 1.0.2: the specification, its JSON event format
/// and its HTTP protocol binding). No message holds what the sender chose.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CloudEventFault {
    /// Neither its media type nor its header fields say that there is one.
    #[error("the request brings no CloudEvent: neither its media type nor a field `ce-specversion` says so")]
    Nothing,
    /// Another version than 1.0.
    #[error("`specversion` is not `1.0`")]
    Version,
    /// An attribute that every event has.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// An attribute that may be absent, but not empty.
    #[error("`{0}` is empty")]
    Empty(&'static str),
    /// An attribute of the specification that is not what the specification has there.
    #[error("`{0}` is not what an event has there")]
    Attribute(&'static str),
    /// The value of an extension attribute is no text, no integer of 32 bits and no truth value, or it holds control
    /// characters.
    #[error("an extension attribute has a value of no type that attributes have")]
    Extension,
    /// The name of an attribute.
    #[error("an attribute has a name of other than lower-case letters and digits")]
    Name,
    /// A field that stands twice, so that it cannot be said which one is meant.
    #[error("an attribute stands twice")]
    Twice,
    /// A field that is not text as the binding encodes it.
    #[error("an attribute's field is not ASCII text, percent-encoded where it must be")]
    Encoding,
    /// Data in two forms.
    #[error("`data` and `data_base64` are both there")]
    TwoData,
    /// Data that say they are base64.
    #[error("`data_base64` is not base64")]
    Base64,
    /// What stands where an event should.
    #[error("an event is no JSON object")]
    NoObject,
    /// What stands where a batch should.
    #[error("a batch is no JSON array")]
    NoArray,
    /// More events than the route takes in one request.
    #[error("a request brings more than {0} events")]
    TooMany(usize),
}
