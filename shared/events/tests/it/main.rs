//! Events in, answers out: the crate's public face against AWS's documented forms.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy knows test functions, but not the functions that they share"
)]

mod alb;
mod authorizer;
mod dynamodb;
mod forms;
mod hostile;
mod http;
mod http1;
mod records;
mod s3;
mod samples;
mod target;
mod target_v1;
mod unread;
mod verified;
mod websocket;
