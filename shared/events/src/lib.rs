//! Lambda's JSON to and from the model: which form an event has, what it says, and how an answer is written.
//!
//! HTTP payload format 2.0 is read by structures of our own, not by `aws_lambda_events`: that crate lets the second
//! of two field names that differ in case win silently, reads an empty method as `GET`, quotes header values in its
//! errors, and cannot tell a caller's malformed header (answered 400) from a foreign event. S3 notifications use its
//! types; the integration tests hold what is written here against its HTTP types.

mod attested;
pub mod authorizer;
mod body;
mod dispatcher;
mod envelope;
mod fault;
mod fields;
mod http2;
mod members;
pub mod reply;
pub mod s3;
pub mod target;

pub use attested::Attested;
pub use dispatcher::{Entrance, read};
pub use envelope::{Envelope, MAX_EVENT_BYTES};
pub use fault::{EnvelopeError, MalformedRequest, UnknownEvent};
