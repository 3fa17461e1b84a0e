//! Lambda's JSON to and from the model: which form an event has, what it says, and how an answer is written.
//!
//! HTTP requests are read by structures of our own, not by `aws_lambda_events`: that crate lets the second
//! of two field names that differ in case win silently, reads an empty method as `GET`, quotes header values in its
//! errors, and cannot tell a caller's malformed header (answered 400) from a foreign event. S3 notifications use its
//! types; the integration tests hold what is written here against its HTTP types.
//!
//! What each front still tells apart, as AWS documents it and live captures show it:
//!
//! | front | path | before the path | query | repeated fields and parameters |
//! |---|---|---|---|---|
//! | REST API | as sent | the base path of a custom domain; never the stage | decoded: encoded again, order of names lost | told apart |
//! | HTTP API, 1.0 | decoded once | a named stage, or the base path of a custom domain | decoded: encoded again, order of names lost | fields joined by commas |
//! | HTTP API, 2.0 | decoded once | a named stage, or the base path of a custom domain | as sent | fields joined by commas |
//! | function URL | as sent | nothing | as sent | fields joined by commas |
//! | load balancer, multi-value | as sent | nothing | as sent, order of names lost | told apart |
//! | load balancer | as sent | nothing | as sent, order of names lost | the last of each alone is there |
//! | WebSocket API, `$connect` | none | nothing | decoded: encoded again, order of names lost | told apart |
//! | WebSocket API, messages and `$disconnect` | none | nothing | none | none |
//!
//! Where a path is decoded, an encoded slash looks like a real one and an encoded `%` like the beginning of an encoding:
//! [`doorward_model::PathForm::Decoded`] says what is refused for it. An HTTP API cuts its path off at an encoded `?`
//! before any function sees it. Where documentation does not say whether a query was decoded (payload format 1.0 of an
//! HTTP API), it is taken to be: encoding it again keeps any two apart that the event tells apart.

mod alb;
mod attested;
pub mod authorizer;
mod body;
mod dispatcher;
pub mod dynamodb;
mod envelope;
mod fault;
mod fields;
mod form;
mod http1;
mod http2;
mod identity;
mod members;
mod moment;
mod parameters;
mod proven;
pub mod records;
pub mod reply;
mod request;
pub mod s3;
mod sample;
pub mod target;
pub mod unread;
mod verified;
mod websocket;

pub use attested::Attested;
pub use dispatcher::{Entrance, read};
pub use envelope::{Envelope, MAX_EVENT_BYTES};
pub use fault::{EnvelopeError, MalformedRequest, UnknownEvent};
pub use sample::{Sample, sample, sample_batch, sample_message};
