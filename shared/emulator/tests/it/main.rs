//! The emulator with a real function, over its listeners.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod alb;
mod client;
mod dynamodb;
mod event_source;
mod fronts;
mod iam;
mod invoke;
mod issuer;
mod kinesis;
mod life_cycle;
mod mutual_tls;
mod probe;
mod queue_mapping;
mod rest_api;
mod sqs;
mod websocket_api;
