/// Why a record has no reading. No message holds a value of the record's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ShapeFault {
    /// Its `eventSource` is another than that of its neighbours.
    #[error("its source is another than that of other records in the event")]
    Source,
    /// A member of the wrong type.
    #[error("`{0}` is not what a record has there")]
    Member(&'static str),
    /// A member without which it cannot be decided on.
    #[error("`{0}` is missing or empty")]
    Missing(&'static str),
    /// Its data are not base64.
    #[error("`{0}` is not base64")]
    Base64(&'static str),
    /// Its messages are opened, and this one holds no event that is read.
    #[error("the message carries no event that is read")]
    Carries,
    /// The event within the message cannot be read.
    #[error("the event that the message carries cannot be read")]
    Carried,
    /// It has the name of S3's test event, and is none as S3 sends them.
    #[error("the message calls itself `s3:TestEvent`, and S3 sends none of that form")]
    Test,
}
