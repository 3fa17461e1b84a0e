//! Events in, answers out: the crate's public face against AWS's documented forms.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy knows test functions, but not the functions that they share"
)]

mod authorizer;
mod hostile;
mod http;
mod s3;
mod samples;
mod target;
